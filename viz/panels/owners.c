/*
 * The life of each mapping: a bar along time in the colour of who owns the bytes, its name above
 * it. Newest first; a moment stands at the same x as in the timeline.
 */
#include "viz/timeline.h"
#include "viz/words.h"

#include <inttypes.h>
#include <stdlib.h>

#define ROWS_MAX  64
#define LEAST     3.0f       /* points: the shortest life is to be seen */
#define TURN_LEAST 1.0f      /* points: of turns nearer to each other the last is drawn */
#define LOOK_BACK 20000      /* lives looked at for one drawing */

static bool is_selected(const struct picture *p, const struct life *l)
{
	return p->look->selected.kind == THING_MAPPING && p->look->selected.id == l->seq;
}

/* Which have to be shown where room is short: the chosen one, then those that live now. */
static int rank(const struct picture *p, const struct life *l)
{
	uint64_t now = player_at(p->player);

	return is_selected(p, l) ? 2 : l->from <= now && now < l->to;
}

/* Put a life, older than all there are, in the place of the newest that matters less. */
static void squeeze_in(const struct picture *p, const struct life **to, uint32_t n,
		       const struct life *l)
{
	for (uint32_t i = n; i-- > 0;)
		if (rank(p, to[i]) < rank(p, l)) {
			for (; i + 1 < n; i++)
				to[i] = to[i + 1];
			to[n - 1] = l;
			return;
		}
}

/* The lives to show. */
struct chosen {
	const struct picture *p;
	const struct span *span;
	const struct life **life;    /* newest first */
	uint32_t n, room;
};

static bool is_there(const struct chosen *c, const struct life *l)
{
	uint32_t i = 0;

	while (i < c->n && c->life[i] != l)
		i++;
	return i < c->n;
}

static void consider(struct chosen *c, const struct life *l)
{
	if (l->from >= c->span->to || l->to <= c->span->from)
		return;
	if (c->n < c->room)
		c->life[c->n++] = l;
	else
		squeeze_in(c->p, c->life, c->n, l);
}

static void consider_old(struct chosen *c, uint32_t before, uint64_t seq)
{
	const struct life *l = player_life_of(c->p->player, seq);

	if (l && l->from < player_life(c->p->player, before)->from && !is_there(c, l))
		consider(c, l);
}

/* Those that began long ago and live now, and the one that was chosen. */
static void choose_old(struct chosen *c, uint32_t before)
{
	const struct ownership *o = model_ownership(c->p->model);

	if (c->p->look->selected.kind == THING_MAPPING)
		consider_old(c, before, c->p->look->selected.id);
	for (uint32_t i = ownership_live(o, 0); i < o->end; i = ownership_live(o, i + 1))
		consider_old(c, before, ownership_mapping(o, i)->seq);
}

static int newest_first(const void *a, const void *b)
{
	const struct life *l = *(const struct life *const *)a, *m = *(const struct life *const *)b;

	return (l->from < m->from) - (l->from > m->from);
}

static uint32_t choose(const struct picture *p, const struct span *s, const struct life **to,
		       uint32_t room)
{
	struct chosen c = { p, s, to, 0, room };
	uint32_t end = s->to ? player_lives_until(p->player, s->to - 1) : 0;
	uint32_t last = end > LOOK_BACK ? end - LOOK_BACK : 0;

	for (uint32_t i = end; i-- > last && room;)
		consider(&c, player_life(p->player, i));
	if (last && room)
		choose_old(&c, last);
	qsort(to, c.n, sizeof *to, newest_first);
	return c.n;
}

/* Words inside a bar are a little smaller than those above it. */
static float bar_text(const struct look *look)
{
	return look->text * 0.85f > TEXT_MIN ? look->text * 0.85f : TEXT_MIN;
}

static void draw_turn(const struct picture *p, struct box b, bool device)
{
	enum role role = device ? ROLE_DEVICE : ROLE_CPU;
	const char *who = device ? "device" : "CPU";
	float size = bar_text(p->look);
	bool hidden = look_hides(p->look, device ? LEGEND_DEVICE : LEGEND_CPU);

	if (b.w <= 0)
		return;
	p->scene->marks = hidden ? MARK_FADED : 0;
	scene_rect(p->scene, b, role, device ? ROLE_PANEL : ROLE_NONE,
		   device && b.w > 8 ? MARK_DOUBLE : 0);
	if (b.h >= size * 1.2f && b.w > text_width(who, size) + 8)
		scene_label(p->scene, b, size, role_ink(p->look->theme, role), 0, "%s", who);
	p->scene->marks = 0;
}

/* Coherent memory is both sides' at any time. */
static void draw_both(const struct picture *p, struct box b)
{
	draw_turn(p, (struct box){ b.x, b.y, b.w, b.h / 2 }, false);
	draw_turn(p, (struct box){ b.x, b.y + b.h / 2, b.w, b.h / 2 }, true);
}

static void draw_bar(const struct picture *p, const struct span *s, const struct life *l, float y,
		     float h)
{
	float x = span_x(s, l->from), end = span_x(s, min_u64(l->to, s->to));
	bool device = true;

	end = end - x < LEAST ? x + LEAST : end;
	if (l->form == FORM_COHERENT) {
		draw_both(p, (struct box){ x, y, end - x, h });
		return;
	}
	for (uint32_t i = 0; i < l->turns; i++) {
		const struct turn *turn = &l->turn[i];
		float next = span_x(s, turn->at);

		if (next - x >= TURN_LEAST) {
			draw_turn(p, (struct box){ x, y, next - x, h }, device);
			x = next;
		}
		device = turn->device;
	}
	draw_turn(p, (struct box){ x, y, end - x, h }, device);
}

/* Above its bar, or as near to that as the box has room. */
static void draw_name(const struct picture *p, struct box b, const struct span *s,
		      const struct life *l, float y)
{
	static const char *const way[DIRECTION_COUNT] = {
		"both ways", "to device", "from device", "no way"
	};
	char words[128];
	struct text text = { words, 0, sizeof words };
	float x = span_x(s, l->from), end = b.x + b.w, w;
	bool selected = is_selected(p, l);

	text_add(&text, "%s, %s: ", words_device(l->device), l->form == FORM_COHERENT ? "coherent" :
		 l->dir < DIRECTION_COUNT ? way[l->dir] : "mapping");
	words_bytes(&text, l->size);
	text_add(&text, " at 0x%" PRIx64, l->dma);
	w = text_width(words, p->look->text);
	if (x + w > end)
		x = end - w > b.x ? end - w : b.x;
	scene_text(p->scene, x, y, end - x, p->look->text, ROLE_INK, selected ? MARK_BOLD : 0,
		   "%s", words);
}

void panel_owners(const struct picture *p, struct box b)
{
	const struct life *life[ROWS_MAX];
	struct span s = timeline_span(p, PANEL_OWNERS);
	float size = p->look->text, name = size * 1.3f, bar = bar_text(p->look) * 1.3f;
	float head = span_x(&s, player_at(p->player)), row = name + bar + 4;
	uint32_t room = b.h < row ? 0 : (uint32_t)(b.h / row);
	uint32_t n = choose(p, &s, life, room < ROWS_MAX ? room : ROWS_MAX);

	if (!n && b.h >= size)
		scene_text(p->scene, b.x, b.y + size, b.w, size, ROLE_DIM, 0,
			   "no mapping lives in this time");
	for (uint32_t i = 0; i < n; i++) {
		float y = b.y + (float)i * row;

		scene_thing(p->scene, THING_MAPPING, 0, life[i]->seq);
		scene_rect(p->scene, (struct box){ b.x, y, b.w, row - 2 }, ROLE_NONE, ROLE_NONE, 0);
		draw_name(p, b, &s, life[i], y + name / 2);
		draw_bar(p, &s, life[i], y + name, bar);
		scene_line(p->scene, head, y + name - 2, head, y + name + bar + 2, ROLE_INK,
			   MARK_BOLD);
	}
}
