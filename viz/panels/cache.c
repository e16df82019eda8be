#include "viz/panels/cache.h"
#include "viz/dress.h"
#include "viz/grid.h"
#include "viz/rows.h"
#include "viz/version.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define WORD      8u         /* bytes that stand together, with one version mark */
#define WORD_WIDE 19u        /* characters: 16 digits, a blank, the mark, a blank */
#define HEAD_WIDE 34u        /* characters of way, address, state, outcome, age */
#define ADDRESS_WIDE 10u     /* characters of the longest */
#define HEAD_MAX  96         /* bytes of their text */
#define STATE_END 25u        /* where the longest state ends: "dirty behind" */
#define HEAD_LEAST 20u       /* characters of way, address and state */
#define SET_WIDE  3u         /* characters of a set's number */
#define STRIP     4.0f       /* points: the mark at the left of a stale line */
#define LINE_GAP  2.0f         /* between lines side by side */
#define SET_GAP   4.0f
#define ROW_GAP   5.0f         /* between the text of two lines, their frames included */
#define MAP_SHARE 0.28f      /* of the height, at least, when a set is open below the map */

/* One level of the cache and what matters in it now. */
struct level {
	const struct picture *p;
	const struct shadow_cache *cache;
	const struct shadow *shadow;
	enum where at;
	uint32_t number;         /* 1, 2 */
	uint32_t line;           /* bytes */
	uint64_t pa;             /* the byte that matters */
	uint32_t set;            /* and its set */
};

/* How the lines of a table are set: their heads, and their bytes beside or below them. */
struct table {
	float step;              /* height of a line of text */
	float width;             /* of a character */
	float each;              /* height of a cache line with its frame */
	uint32_t lines;          /* of text in it; 0: there is no room */
	uint32_t words;          /* of the bytes in one line of text */
	uint32_t byte_lines;     /* of text with bytes, below the head */
	bool beside, all;        /* bytes stand beside the head; all of them are there */
};

enum outcome cache_outcome(const struct model *m, uint32_t level)
{
	if (m->access.kind == EV_COUNT || m->access.a > AT_L2)
		return OUTCOME_NONE;
	if (m->missed >> level & 1)
		return OUTCOME_MISS;
	return m->access.a == AT_RAM + level || (level == 2 && m->missed & 1u << 1) ?
		OUTCOME_HIT : OUTCOME_NONE;
}

const char *outcome_mark(enum outcome outcome)
{
	static const char *const marks[] = { "", "\xe2\x9c\x93", "\xe2\x9c\x97" };

	return marks[outcome];
}

const char *outcome_word(enum outcome outcome)
{
	static const char *const words[] = { "", "hit", "miss" };

	return words[outcome];
}

/* The byte a person looks at: the chosen one, else of the line that moves, else touched last. */
static uint64_t matters(const struct level *v)
{
	const struct model *m = v->p->model;
	const struct event *e = &m->event;

	if (v->p->look->byte < v->shadow->ram_bytes)
		return v->p->look->byte;
	if (e->kind != EV_COUNT && event_info[e->kind].lane == LANE_CACHE && e->kind != EV_CACHE_OP)
		return e->addr;
	return m->touched;
}

static struct level level_of(const struct picture *p, uint32_t number)
{
	const struct shadow *s = model_shadow(p->model);
	struct level v = { .p = p, .shadow = s, .cache = &s->cache[number], .number = number,
			   .at = number == 2 ? AT_L2 : AT_L1, .line = s->line };

	if (!v.cache->sets)
		return v;
	v.pa = matters(&v);
	v.set = (uint32_t)(v.pa >> s->line_shift) & (v.cache->sets - 1);
	return v;
}

static const struct shadow_line *line_at(const struct level *v, uint64_t slot)
{
	return cow_read(&v->cache->lines, slot);
}

/* How many lines of its set were used after this one. */
static uint32_t age_of(const struct level *v, uint64_t slot)
{
	uint64_t set = slot / v->cache->ways, way = slot % v->cache->ways, first = slot - way;
	const struct used *used = cow_read(&v->p->model->used[v->number], set);
	uint32_t age = 0;

	for (uint32_t i = 0; i < v->cache->ways; i++)
		age += line_at(v, first + i)->valid && used->way[i] > used->way[way];
	return age;
}

static enum age line_age(const struct level *v, const struct shadow_line *l)
{
	return l->valid ? model_age_of(v->p->model, v->at, l->pa, v->line) : AGE_ABSENT;
}

static bool is_owned(const struct level *v, const struct shadow_line *l)
{
	return l->valid && ownership_any_device(model_ownership(v->p->model), l->pa, v->line);
}

/* MARK_FADED where the legend filters away what says most of a line. */
static uint32_t hidden(const struct level *v, enum age age, bool dirty, bool owned)
{
	enum legend row = dress_of(v->p->look, age).row;

	if (row == LEGEND_FRESH)
		row = dirty ? LEGEND_DIRTY : owned ? LEGEND_OWNED : LEGEND_FRESH;
	return faded(v->p->look, row);
}

static const char *state_word(enum age age, bool dirty)
{
	switch (age) {
	case AGE_ABSENT: return "empty";
	case AGE_STALE:  return dirty ? "dirty stale" : "stale";
	case AGE_BEHIND: return dirty ? "dirty behind" : "behind";
	default:         return dirty ? "dirty" : "clean";
	}
}

/* A cell of the map shows the worst of its lines: stale before behind before fresh before none. */
static void add_to_cell(const struct level *v, uint64_t slot, struct cell *c, enum age *worst,
			bool *dirty)
{
	static const uint8_t badness[] = { [AGE_FRESH] = 1, [AGE_BEHIND] = 2, [AGE_STALE] = 3,
					   [AGE_ABSENT] = 0 };
	const struct shadow_line *l = line_at(v, slot);
	enum age age = line_age(v, l);

	*dirty |= l->valid && l->dirty;
	if (c->h >= 10 && is_owned(v, l))
		c->marks |= MARK_DOUBLE;
	if (badness[age] <= badness[*worst])
		return;
	*worst = age;
	c->thing = thing_of(THING_LINE, v->at, l->pa);
}

static void style_cell(const void *context, struct cell *c)
{
	const struct level *v = context;
	enum age worst = AGE_ABSENT;
	bool dirty = false, owned;
	struct dress dress;

	for (uint64_t slot = c->first; slot < c->first + c->n; slot++)
		add_to_cell(v, slot, c, &worst, &dirty);
	dress = dress_of(v->p->look, worst);
	owned = c->marks & MARK_DOUBLE;
	c->fill = worst == AGE_ABSENT ? ROLE_PAPER : dress.fill;
	c->edge = owned ? ROLE_DEVICE : worst != AGE_ABSENT || c->h >= 10 ? ROLE_EDGE : ROLE_NONE;
	c->marks |= dress.marks | (dirty ? MARK_CORNER : 0) | hidden(v, worst, dirty, owned);
	if (c->n == 1 && worst != AGE_ABSENT && c->columns >= ADDRESS_WIDE)
		snprintf(c->label, sizeof c->label, "0x%" PRIx64 "\n%s", line_at(v, c->first)->pa,
			 state_word(worst, dirty));
}

/* Characters that so many words take. */
static uint32_t words_wide(uint32_t words)
{
	return words * WORD_WIDE - 1;
}

/* n lines below each other in `groups` sets, `across` of them side by side, in a box. */
static struct table lay_table(const struct level *v, struct box b, uint32_t n, uint32_t groups,
			      uint32_t across)
{
	float text = v->p->look->text;
	float room = (b.h - SET_GAP * (float)groups - ROW_GAP * (float)n) / (text * 1.35f);
	uint32_t words = v->line / WORD, need;
	struct table r = { .width = text * TEXT_ADVANCE };
	float wide = (b.w - (float)SET_WIDE * r.width) / (float)across -
		(across > 1 ? LINE_GAP : 0);
	uint32_t columns = (uint32_t)fmaxf((wide - 2 * STRIP - 4) / r.width, 0);

	r.beside = columns >= HEAD_WIDE + 1 + words_wide(words);
	for (r.words = words; r.words && words_wide(r.words) > columns; r.words /= 2)
		;
	need = r.beside || !r.words ? 0 : words / r.words;
	r.lines = (uint32_t)min_u64((uint64_t)fmaxf(room, 0) / n, 1 + need);
	r.byte_lines = r.lines ? r.lines - 1 : 0;
	r.all = r.words && r.byte_lines == need && r.lines;
	r.step = text * 1.35f;
	if (r.lines)
		r.step = fminf(text * 1.7f, r.step * room / (float)(n * r.lines));
	r.each = (float)r.lines * r.step + ROW_GAP;
	return r;
}

/* Another field of a head, if all of it has room. */
static void add_field(char *head, size_t *used, uint32_t columns, uint32_t at, const char *field)
{
	if (*field && at + strlen(field) <= columns)
		*used += (size_t)snprintf(head + *used, HEAD_MAX - *used, "%*s%s",
					  (int)(at > *used ? at - *used : 1), "", field);
}

/* Way, address, state, how the last access went here, and how many were used since. */
static void draw_head(const struct level *v, const struct table *r, struct box b, uint64_t slot,
		      enum age age)
{
	const struct shadow_line *l = line_at(v, slot);
	bool here = l->valid && inside(v->p->model->access.addr2, 1, l->pa, v->line);
	enum outcome o = here ? cache_outcome(v->p->model, v->number) : OUTCOME_NONE;
	uint32_t columns = (uint32_t)(b.w / r->width + 0.01f);
	uint32_t state = columns < HEAD_LEAST ? 9 : 13;
	char head[HEAD_MAX], field[32];
	size_t used = (size_t)snprintf(head, sizeof head, "%u", (unsigned)(slot % v->cache->ways));

	snprintf(field, sizeof field, "0x%" PRIx64, l->pa);
	add_field(head, &used, columns, columns < HEAD_LEAST ? 2 : 3, l->valid ? field : "");
	add_field(head, &used, columns, state,
		  state_word(age, l->dirty && (age == AGE_FRESH || columns >= STATE_END)));
	snprintf(field, sizeof field, "%s %s", outcome_mark(o), outcome_word(o));
	add_field(head, &used, columns, 20, here ? field : "");
	snprintf(field, sizeof field, "age %" PRIu32, age_of(v, slot));
	add_field(head, &used, columns, 28, l->valid ? field : "");
	scene_text(v->p->scene, b.x, b.y + r->step / 2, b.w, v->p->look->text,
		   l->valid ? ROLE_INK : ROLE_DIM, 0, "%s", head);
}

/* Under a byte, in the colour of who wrote it; what the kernel filled in has none. */
static void draw_writer(const struct level *v, struct box b, stamp_t stamp)
{
	enum role role = stamp_by_device(stamp) ? ROLE_DEVICE : stamp_by_cpu(stamp) ? ROLE_CPU :
		ROLE_NONE;

	if (role == ROLE_NONE || stamp_by_zeroing(stamp))
		return;
	scene_rect(v->p->scene, (struct box){ b.x, b.y + b.h - 2, b.w, 2 }, role, ROLE_NONE,
		   faded(v->p->look, role == ROLE_CPU ? LEGEND_CPU : LEGEND_DEVICE));
}

static void draw_byte(const struct level *v, struct box b, const struct shadow_line *l, uint32_t i)
{
	struct scene *s = v->p->scene;
	uint64_t pa = l->pa + i;
	enum age age = model_age(v->p->model, v->at, pa);
	struct dress dress = dress_of(v->p->look, age);
	const struct event *access = &v->p->model->access;
	bool hit = access->kind != EV_COUNT && inside(pa, 1, access->addr2, access->size);

	scene_thing(s, THING_BYTE, v->at, pa);
	scene_rect(s, b, age == AGE_FRESH ? ROLE_NONE : dress.fill,
		   pa == v->p->look->byte ? ROLE_INK : ROLE_NONE, dress.marks);
	draw_writer(v, b, l->stamp[i]);
	scene_text(s, b.x + 1, b.y + b.h / 2 - 1, 0, v->p->look->text, ROLE_INK,
		   hit ? MARK_BOLD : 0, "%02x", l->bytes[i]);
}

/* The newest write among the bytes of a word. */
static char word_version(const struct level *v, const struct shadow_line *l, uint32_t at)
{
	uint32_t newest = at;

	for (uint32_t i = at; i < at + WORD; i++)
		if (l->stamp[i] > l->stamp[newest])
			newest = i;
	return versions_of(v->p->model, l->pa + newest).letter[v->at];
}

/* One line of text with bytes of a cache line, from byte `at` on. */
static void draw_words(const struct level *v, const struct table *r, float x, float y,
		       const struct shadow_line *l, uint32_t at)
{
	float size = v->p->look->text;

	for (uint32_t word = 0; word < r->words; word++, at += WORD, x += WORD_WIDE * r->width) {
		for (uint32_t i = 0; i < WORD; i++)
			draw_byte(v, (struct box){ x + (float)(2 * i) * r->width, y + 1,
						   2 * r->width, r->step - 2 }, l, at + i);
		scene_thing(v->p->scene, THING_LINE, v->at, l->pa);
		scene_text(v->p->scene, x + 17 * r->width, y + r->step / 2, 0, size, ROLE_INK,
			   MARK_BOLD, "%c", word_version(v, l, at));
	}
}

/* Of the bytes that do not all have room, those around what matters. */
static void draw_bytes(const struct level *v, const struct table *r, struct box b,
		       const struct shadow_line *l)
{
	uint32_t each = r->words * WORD, lines = r->byte_lines, at = 0;

	if (r->beside) {
		draw_words(v, r, b.x + (HEAD_WIDE + 1) * r->width, b.y, l, 0);
		return;
	}
	if (lines && lines * each < v->line) {
		at = (uint32_t)(v->pa & (v->line - 1)) / each;
		at = (uint32_t)min_u64(at > lines / 2 ? at - lines / 2 : 0, v->line / each - lines);
	}
	for (uint32_t i = 0; i < lines; i++)
		draw_words(v, r, b.x, b.y + (float)(i + 1) * r->step, l, (at + i) * each);
}

/* The frame of a line: what it is besides its bytes. */
static void draw_line_frame(const struct level *v, struct box b, const struct shadow_line *l,
			    enum age age)
{
	const struct look *look = v->p->look;
	bool owned = is_owned(v, l), chosen = look->selected.kind == THING_LINE &&
		look->selected.unit == v->at && look->selected.id == l->pa && l->valid;
	bool dirty = l->valid && l->dirty;
	struct dress dress = dress_of(look, age);
	struct box strip = { b.x + 3, b.y + 3, STRIP, b.h - 6 };
	uint32_t marks = (dirty ? MARK_CORNER : 0) | (owned ? MARK_DOUBLE : 0) |
		(chosen ? MARK_BOLD : 0) | (l->valid ? 0 : MARK_DASH);

	scene_rect(v->p->scene, b, l->valid ? ROLE_FRESH : ROLE_NONE,
		   chosen ? ROLE_INK : owned ? ROLE_DEVICE : ROLE_EDGE,
		   marks | hidden(v, age, dirty, owned));
	if (age == AGE_STALE || age == AGE_BEHIND)
		scene_rect(v->p->scene, strip, dress.fill, ROLE_NONE, dress.marks);
}

static void draw_line(const struct level *v, const struct table *r, struct box b, uint64_t slot)
{
	const struct shadow_line *l = line_at(v, slot);
	enum age age = line_age(v, l);
	struct box in = { b.x + 2 * STRIP, b.y + 1, b.w - 2 * STRIP - 4, b.h - 2 };

	if (l->valid)
		scene_thing(v->p->scene, THING_LINE, v->at, l->pa);
	draw_line_frame(v, b, l, age);
	draw_head(v, r, in, slot, age);
	if (l->valid)
		draw_bytes(v, r, in, l);
}

static void draw_number(const struct level *v, struct box b, uint32_t set)
{
	bool here = set == v->set;

	scene_thing(v->p->scene, THING_PANEL, 0, v->number == 2 ? PANEL_L2 : PANEL_L1);
	b.x -= 3;
	scene_label(v->p->scene, b, v->p->look->text, here ? ROLE_INK : ROLE_DIM,
		    here ? MARK_BOLD : 0, "%u", (unsigned)set);
}

/* The ways of a set side by side and below each other, with its number at the left. */
static void draw_set(const struct level *v, const struct table *r, struct box b, uint32_t set,
		     uint32_t columns)
{
	float side = SET_WIDE * r->width, wide = (b.w - side) / (float)columns;

	draw_number(v, (struct box){ b.x, b.y, side, r->step }, set);
	for (uint32_t way = 0; way < v->cache->ways; way++)
		draw_line(v, r, (struct box){ b.x + side + (float)(way % columns) * wide,
					      b.y + (float)(way / columns) * r->each,
					      wide - LINE_GAP, r->each - 2 }, (uint64_t)set * v->cache->ways + way);
}

/* All sets, if all bytes of all lines have room, with so many ways side by side. */
static bool draw_table(const struct level *v, struct box b, uint32_t across)
{
	uint32_t sets = v->cache->sets, rows = v->cache->ways / across;
	struct table r = lay_table(v, b, sets * rows, sets, across);

	for (uint32_t set = 0; set < sets && r.all; set++) {
		draw_set(v, &r, b, set, across);
		b.y += (float)rows * r.each + SET_GAP;
	}
	return r.all;
}

/* Around the cells of the open set. */
static void mark_set(const struct level *v, const struct grid *g)
{
	struct box from = grid_box(g, (uint64_t)v->set * v->cache->ways);
	struct box to = grid_box(g, (uint64_t)(v->set + 1) * v->cache->ways - 1);

	struct box b = { from.x - 1, from.y - 1, to.x + to.w - from.x + 2, from.h + 2 };

	if (from.w > 0 && from.y == to.y)
		scene_rect(v->p->scene, b, ROLE_NONE, ROLE_INK, 0);
}

static float draw_caption(const struct level *v, struct box b)
{
	float size = v->p->look->text;

	char words[64];

	snprintf(words, sizeof words, "%" PRIu32 " sets x %" PRIu32 " ways x %" PRIu32 " bytes",
		 v->cache->sets, v->cache->ways, v->line);
	if (text_width(words, size) > b.w)
		snprintf(words, sizeof words, "%" PRIu32 " x %" PRIu32 " x %" PRIu32 " bytes",
			 v->cache->sets, v->cache->ways, v->line);
	scene_text(v->p->scene, b.x, b.y + size * 0.6f, b.w, size, ROLE_DIM, 0, "%s", words);
	return size * 1.4f;
}

static void draw_map(const struct level *v, struct box b, float set_height)
{
	enum panel panel = v->number == 2 ? PANEL_L2 : PANEL_L1;
	float caption = draw_caption(v, b);
	struct grid g = grid_lay((struct box){ b.x, b.y + caption, b.w,
					       b.h - caption - set_height - SET_GAP },
				 (uint64_t)v->cache->sets * v->cache->ways, v->cache->ways,
				 v->p->look, panel);

	grid_draw(v->p->scene, &g, style_cell, v);
	scene_thing(v->p->scene, THING_PANEL, 0, panel);
	mark_set(v, &g);
}

/* The way of the open set that matters: it holds the byte, else it was used last. */
static uint64_t slot_that_matters(const struct level *v)
{
	uint64_t first = (uint64_t)v->set * v->cache->ways, newest = first;

	for (uint64_t slot = first; slot < first + v->cache->ways; slot++) {
		if (line_at(v, slot)->valid && inside(v->pa, 1, line_at(v, slot)->pa, v->line))
			return slot;
		if (line_at(v, slot)->valid && (!line_at(v, newest)->valid || !age_of(v, slot)))
			newest = slot;
	}
	return newest;
}

/* All ways of the set that matters by their heads, and one of them with its bytes. */
struct open {
	struct table heads, one;
	uint32_t columns;
	float heads_height;      /* 0: there is room for the one alone */
	float one_height;
};

static struct open lay_open(const struct level *v, struct box b)
{
	float text = v->p->look->text, step = text * 1.35f;
	struct open o = { .heads = { step, text * TEXT_ADVANCE, step + 3, 1, 0, 0, 0, 0 } };
	float wide = b.w / o.heads.width - (float)SET_WIDE;

	for (o.columns = v->cache->ways; o.columns > 1 &&
	     (float)(o.columns * (HEAD_LEAST + 2)) > wide; o.columns = (o.columns + 1) / 2)
		;
	o.heads_height = (float)((v->cache->ways + o.columns - 1) / o.columns) * o.heads.each;
	if (o.heads_height + 2 * o.heads.each > b.h)
		o.heads_height = 0;
	b.h -= o.heads_height;
	o.one = lay_table(v, b, 1, 1, 1);
	o.one_height = o.one.lines ? o.one.each : 0;
	return o;
}

static void draw_open(const struct level *v, const struct open *o, struct box b)
{
	float side = SET_WIDE * o->heads.width;

	if (o->heads_height > 0)
		draw_set(v, &o->heads, b, v->set, o->columns);
	else if (o->one.lines)
		draw_number(v, (struct box){ b.x, b.y, side, o->heads.step }, v->set);
	b.y += o->heads_height;
	if (o->one.lines)
		draw_line(v, &o->one, (struct box){ b.x + side, b.y, b.w - side - 2,
						    o->one_height - 2 }, slot_that_matters(v));
}

void cache_draw(const struct picture *p, struct box b, uint32_t number)
{
	struct level v = level_of(p, number);
	struct box open = b;
	struct open o;

	if (!v.cache->sets)
		return;
	if (draw_table(&v, b, 1) || draw_table(&v, b, v.cache->ways))
		return;
	open.h = b.h * (1 - MAP_SHARE);
	o = lay_open(&v, open);
	open.h = o.heads_height + o.one_height;
	open.y = b.y + b.h - open.h;
	draw_map(&v, b, open.h);
	draw_open(&v, &o, open);
}
