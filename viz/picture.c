#include "viz/picture.h"
#include "viz/beside.h"
#include "viz/panels/bus.h"

#include <math.h>
#include <string.h>

#define GAP            6.0f
#define LINE           1.5f  /* height of a line with air, in sizes of text */
#define SENTENCE_WIDE  160   /* characters of the longest sentence, and a rule's name */
#define DIFFERENCE_WIDE 190  /* of what differs between two boards */
#define CACHES_LEAST   13    /* lines of a machine that shows two levels of cache */
#define SMALL_CACHE    128     /* bytes of a cache that is shown whole */
#define SMALL_LEAST    14.0f   /* lines in which that has room with two ways side by side, */
#define SMALL_WIDE     44.0f   /* characters it then takes, */
#define SMALL_MOST     19.0f   /* and lines in which it has room with all below each other */
#define BOARDS_LEAST   16    /* lines of two boards below each other */
#define LOWER_LEAST    8     /* lines of a lower part with more than the timeline */
#define TIMELINE_ALONE 4.5f  /* lines of one without */
#define SIDE_BY_SIDE   1800  /* points of width for two boards beside each other */

const struct panel_info panel_info[PANEL_COUNT] = {
#define PANEL(NAME, name, title, sentence) [PANEL_##NAME] = { \
	#name, title, sentence, panel_##name },
#include "viz/panel.def"
#undef PANEL
};

struct look look_default(void)
{
	struct look look = { .theme = THEME_LIGHT, .text = TEXT_ORDINARY, .phase = 0.5f,
			     .speed = 5, .byte = UINT64_MAX, .panel = PANEL_RAM };

	for (enum panel i = 0; i < PANEL_COUNT; i++)
		look.zoom[i].scale = 1;
	return look;
}

static struct box take_top(struct box *b, float h)
{
	struct box taken = { b->x, b->y, b->w, h };

	b->y += h + GAP;
	b->h -= h + GAP;
	return taken;
}

static struct box take_bottom(struct box *b, float h)
{
	b->h -= h + GAP;
	return (struct box){ b->x, b->y + b->h + GAP, b->w, h };
}

/* How wide a panel wants to be, in characters: the least it is worth showing with, and the most. */
struct column {
	enum panel panel;
	float least, most, weight;       /* weight: its share of what is left over */
	int order;               /* the highest is left out first when there is no room for all */
};

#define COLUMNS_MAX 6

/* Of a machine, left to right. L1 stands for both caches. */
static const struct column machine_columns[] = {
	{ PANEL_CPU,      14, 21,  1.0f, 3 },
	{ PANEL_L1,       26, 150, 4.0f, 0 },
	{ PANEL_BUS,      12, 22,  0.6f, 6 },
	{ PANEL_RAM,      22, 150, 4.6f, 1 },
	{ PANEL_STAND_IN, 16, 40,  1.0f, 5 },
	{ PANEL_DEVICE,   18, 60,  1.4f, 4 },
};

static const struct column lower_columns[] = {
	{ PANEL_TIMELINE, 40, 400, 4.4f, 0 },
	{ PANEL_BYTE,     30, 80,  2.6f, 1 },
	{ PANEL_BROKEN,   30, 400, 3.0f, 2 },
};

/* The columns there is room for, the others left out. Returns how many characters are free. */
static float choose(const struct column *all, uint32_t n, float room, bool *in)
{
	for (;;) {
		float free = room;
		uint32_t last = n;

		for (uint32_t i = 0; i < n; i++) {
			free -= in[i] ? all[i].least : 0;
			if (in[i] && (last == n || all[i].order > all[last].order))
				last = i;
		}
		if (free >= 0 || last == n || !all[last].order)
			return fmaxf(free, 0);
		in[last] = false;
	}
}

/* Hand out what is free by weight, until nobody wants more. */
static void share(const struct column *all, uint32_t n, float free, const bool *in, float *wide)
{
	for (uint32_t turn = 0; turn < n && free > 0.5f; turn++) {
		float weights = 0, given = 0;

		for (uint32_t i = 0; i < n; i++)
			weights += in[i] && wide[i] < all[i].most ? all[i].weight : 0;
		for (uint32_t i = 0; i < n && weights > 0; i++) {
			float part = free * all[i].weight / weights;
			float more = in[i] ? fminf(part, all[i].most - wide[i]) : 0;

			wide[i] += more;
			given += more;
		}
		free -= given;
	}
}

/* Panels side by side in a row; what finds no room has a box of no width. */
static void lay_columns(const struct look *look, struct box *box, const struct column *all,
			uint32_t n, struct box row, bool *in)
{
	float character = look->text * TEXT_ADVANCE, x = row.x, wide[COLUMNS_MAX] = { 0 }, sum = 0;
	uint32_t wanted = 0, there = 0;
	float free;

	for (uint32_t i = 0; i < n; i++)
		wanted += in[i];
	free = choose(all, n, (row.w - GAP * (float)(wanted - 1)) / character, in);
	for (uint32_t i = 0; i < n; i++)
		wide[i] = in[i] ? all[i].least : 0;
	share(all, n, free, in, wide);
	for (uint32_t i = 0; i < n; i++) {
		there += in[i];
		sum += wide[i];
	}
	character = (row.w - GAP * (float)(there - 1)) / sum;
	for (uint32_t i = 0; i < n; i++) {
		float w = in[i] ? wide[i] * character : 0;

		box[all[i].panel] = (struct box){ x, row.y, w, row.h };
		x += in[i] ? w + GAP : 0;
	}
}

static bool has_stand_ins(const struct model *m)
{
	return m->iommu || m->bounce_pool.size || m->stand_in_end;
}

/* So few bytes in L1 that all of them fit, at this height with its two ways side by side. */
static bool wants_ways_beside(const struct look *look, const struct model *m, float height)
{
	const struct shadow *s = model_shadow(m);
	float lines = height / (look->text * LINE);

	return s->levels == 1 && s->cache[1].ways == 2 && lines >= SMALL_LEAST &&
		lines < SMALL_MOST && s->cache[1].sets * 2 * s->line <= SMALL_CACHE;
}

/* CPU, caches, bus, RAM, what stands in, device. */
static void lay_machine(const struct look *look, struct box *box, const struct model *m,
			struct box row)
{
	bool in[COLUMNS_MAX] = { true, true, true, true, has_stand_ins(m), true };
	struct column columns[COLUMNS_MAX];
	float line = look->text * LINE;

	memcpy(columns, machine_columns, sizeof columns);
	if (wants_ways_beside(look, m, row.h))
		columns[PANEL_L1 - PANEL_CPU].least = SMALL_WIDE;
	lay_columns(look, box, columns, COLUMNS_MAX, row, in);
	box[PANEL_L2] = (struct box){ 0 };
	if (model_shadow(m)->levels > 1 && row.h >= CACHES_LEAST * line)
		box[PANEL_L2] = take_bottom(&box[PANEL_L1], (row.h - GAP) * 0.53f);
}

/* Owners above the timeline, beside them the byte and the rules; low: the timeline alone. */
static void lay_lower(struct picture *p, struct box row)
{
	bool all = row.h >= LOWER_LEAST * p->look->text * LINE;
	bool in[] = { true, all, all };
	struct box time;

	lay_columns(p->look, p->box, lower_columns, 3, row, in);
	time = p->box[PANEL_TIMELINE];
	p->box[PANEL_OWNERS] = all ? take_top(&time, (row.h - GAP) * 0.48f) : (struct box){ 0 };
	p->box[PANEL_TIMELINE] = time;
}

/* Of a sentence of at most so many characters: one line where it fits, else two. */
static float sentence_height(const struct look *look, float width, uint32_t characters)
{
	bool fits = width >= (float)characters * look->text * TEXT_ADVANCE;

	return look->text * (fits ? LINE : 2.7f);
}

static void lay_board(struct picture *p, uint32_t i, struct box *box, const struct model *m,
		      struct box all)
{
	p->name[i] = take_top(&all, p->look->text * LINE);
	lay_machine(p->look, box, m, all);
}

/*
 * Two boards: side by side where it is wide, else one below the other, each with its name;
 * where it is low the first alone, and what differs.
 */
static void lay_boards(struct picture *p, struct box all)
{
	float line = p->look->text * LINE;
	struct box half = all, rest = all;

	p->name[0] = p->name[1] = p->difference = (struct box){ 0 };
	if (!p->beside) {
		lay_machine(p->look, p->box, p->model, all);
		return;
	}
	p->difference = take_bottom(&all, sentence_height(p->look, all.w, DIFFERENCE_WIDE));
	half = rest = all;
	if (all.w >= SIDE_BY_SIDE) {
		half.w = rest.w = (all.w - 2 * GAP) / 2;
		rest.x += half.w + 2 * GAP;
	} else if (all.h >= BOARDS_LEAST * line) {
		half.h = rest.h = (all.h - GAP) / 2;
		rest.y += half.h + GAP;
	} else {
		rest.h = 0;
	}
	lay_board(p, 0, p->box, p->model, half);
	memset(p->also, 0, sizeof p->also);
	if (rest.h > 0)
		lay_board(p, 1, p->also, p->other, rest);
}

static float lower_height(const struct picture *p, float height)
{
	float line = p->look->text * LINE, h = height * (p->beside ? 0.24f : 0.31f);

	return h >= LOWER_LEAST * line ? h : fminf(h, TIMELINE_ALONE * line);
}

void picture_layout(struct picture *p, float width, float height)
{
	struct box all = { GAP, GAP, width - 2 * GAP, height - 2 * GAP };
	float line = p->look->text * LINE;

	p->box[PANEL_TOOLBAR] = take_top(&all, line + 4);
	p->box[PANEL_LEGEND] = take_bottom(&all, line);
	lay_lower(p, take_bottom(&all, lower_height(p, height)));
	p->box[PANEL_SENTENCE] = take_bottom(&all, sentence_height(p->look, all.w, SENTENCE_WIDE));
	lay_boards(p, all);
}

static const char *title_of(const struct picture *p, enum panel i)
{
	return i == PANEL_STAND_IN && p->model->iommu ? "IOMMU" : panel_info[i].title;
}

/* The frame and title of a panel that has them; what is left is the panel's own. */
static struct box draw_frame(const struct picture *p, enum panel i)
{
	struct box b = p->box[i];
	float size = p->look->text;

	scene_thing(p->scene, THING_PANEL, 0, i);
	if (!*panel_info[i].title)
		return b;
	scene_rect(p->scene, b, ROLE_PANEL, ROLE_EDGE, p->look->panel == i ? MARK_BOLD : 0);
	scene_text(p->scene, b.x + GAP, b.y + size * 0.9f, b.w - 2 * GAP, size, ROLE_INK, MARK_BOLD,
		   "%s", title_of(p, i));
	return (struct box){ b.x + GAP, b.y + size * 1.8f, b.w - 2 * GAP, b.h - size * 1.8f - GAP };
}

static void draw_panel(const struct picture *p, enum panel i)
{
	if (p->box[i].w > 0 && p->box[i].h > 0)
		panel_info[i].draw(p, draw_frame(p, i));
}

/* CPU to device. */
static void draw_machine(const struct picture *p)
{
	for (enum panel i = PANEL_CPU; i <= PANEL_DEVICE; i++)
		draw_panel(p, i);
}

static void draw_name(const struct picture *p, struct box b, const char *which, const char *words)
{
	scene_thing(p->scene, THING_NONE, 0, 0);
	if (b.w > 0)
		scene_text(p->scene, b.x, b.y + b.h / 2, b.w, p->look->text, ROLE_INK, MARK_BOLD,
			   "%s: %s", which, words);
}

struct picture picture_beside(const struct picture *p)
{
	struct picture second = *p;

	memcpy(second.box, p->also, sizeof p->also);
	second.player = p->beside;
	second.model = p->other;
	second.other = p->model;
	second.beside = NULL;
	return second;
}

/* What differs, in the middle of its box. */
static void draw_difference(const struct picture *p, const char *words)
{
	struct box b = p->difference;
	float free;

	b.x += GAP;
	b.w -= 2 * GAP;
	free = b.h - wrap_height(words, b.w, p->look->text);
	b.y += free > 0 ? free / 2 : 0;
	scene_wrap(p->scene, b, p->look->text, ROLE_INK, words);
}

/* What is chosen on one board is not chosen on the other; the chosen byte is the first one's. */
static struct look look_of(const struct look *both, uint8_t board)
{
	struct look look = *both;

	if (look.selected.board != board)
		look.selected = (struct thing){ 0 };
	if (board)
		look.byte = UINT64_MAX;
	return look;
}

static void draw_first(const struct picture *p)
{
	struct picture first = *p;
	struct look look = look_of(p->look, 0);

	first.look = &look;
	for (enum panel i = 0; i < PANEL_COUNT; i++)
		draw_panel(&first, i);
	bus_draw_transfer(&first);
}

static void draw_second(const struct picture *p)
{
	struct picture second = picture_beside(p);
	struct look look = look_of(p->look, 1);
	char words[256];

	second.look = &look;
	p->scene->board = 1;
	draw_machine(&second);
	if (second.box[PANEL_L1].w > 0)
		bus_draw_transfer(&second);
	p->scene->board = 0;
	beside_name(p->model, words, sizeof words);
	draw_name(p, p->name[0], "first board", words);
	beside_name(second.model, words, sizeof words);
	draw_name(p, p->name[1], "second board", words);
	if (beside_differs(p->model, second.model, words, sizeof words))
		scene_rect(p->scene, p->difference, ROLE_NONE, ROLE_WARN, MARK_BOLD);
	draw_difference(p, words);
}

void picture_draw(struct picture *p, float width, float height)
{
	scene_clear(p->scene, width, height);
	p->model = player_model(p->player);
	p->other = p->beside ? player_model(p->beside) : NULL;
	picture_layout(p, width, height);
	draw_first(p);
	if (p->beside)
		draw_second(p);
}
