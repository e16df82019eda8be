#include "viz/grid.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CELL_MIN 6.0f        /* points: what a person can still point at */
#define GAP      1.0f
#define BAR      5.0f        /* the scroll bar's width, its gap included */

/* Cells grow as squares until a word fits in their height, then more in width than in height. */
static void cell_size(struct grid *g, float area)
{
	float side = sqrtf(area), word = g->text * 1.5f;

	g->h = side <= word ? side : fminf(sqrtf(side * word), 4 * word);
	g->w = fminf(fminf(area / g->h, 24 * g->text), g->box.w);
	g->h = fminf(g->h, g->box.h);
}

/* Whole groups in a row, as far as one fits. */
static uint32_t whole(uint32_t columns, uint32_t together)
{
	return together && columns > together ? columns - columns % together : columns;
}

/* Columns and rows for this size of a cell; cells are then as wide as the box lets them. */
static void arrange(struct grid *g, uint32_t together)
{
	uint64_t cells = (g->items + g->each - 1) / g->each;
	float columns = fminf(fmaxf(g->box.w / g->w, 1), (float)cells);

	g->columns = whole((uint32_t)columns, together / g->each);
	g->rows = (cells + g->columns - 1) / g->columns;
	g->shown = (uint64_t)fmaxf(g->box.h / g->h + 0.01f, 1);
}

/* Rounding to whole columns costs rows: lower cells until all of them are there again. */
static void fit(struct grid *g)
{
	if (g->rows > g->shown && g->box.h / (float)g->rows >= CELL_MIN * 0.75f)
		g->h = g->box.h / (float)g->rows;
	g->shown = (uint64_t)fmaxf(g->box.h / g->h + 0.01f, 1);
}

struct grid grid_lay(struct box box, uint64_t items, uint32_t together, const struct look *look,
		     enum panel panel)
{
	const struct zoom *zoom = &look->zoom[panel];
	struct grid g = { .box = box, .items = items, .each = 1, .text = look->text,
			  .theme = look->theme };
	float scale = fmaxf(zoom->scale, 1), area;

	if (!items || box.w < CELL_MIN || box.h < CELL_MIN)
		return (struct grid){ .box = box };
	g.box.w -= BAR;
	area = g.box.w * g.box.h * scale * scale / (float)items;
	for (; area * (float)g.each < CELL_MIN * CELL_MIN; g.each *= 2)
		;
	cell_size(&g, area * (float)g.each);
	arrange(&g, together);
	if (scale <= 1)
		fit(&g);
	for (; scale <= 1 && g.rows > g.shown; fit(&g)) {
		g.each *= 2;
		arrange(&g, together);
	}
	g.w = fminf(g.w * 1.5f, g.box.w / (float)g.columns);
	g.shown = min_u64(g.shown, g.rows);
	g.top = (uint64_t)((float)(g.rows - g.shown) * fminf(fmaxf(zoom->scroll, 0), 1) + 0.5f);
	return g;
}

struct box grid_box(const struct grid *g, uint64_t item)
{
	uint64_t cell, row;

	if (!g->columns || item >= g->items)
		return (struct box){ 0 };
	cell = item / g->each;
	row = cell / g->columns;
	if (row < g->top || row >= g->top + g->shown)
		return (struct box){ 0 };
	return (struct box){ g->box.x + (float)(cell % g->columns) * g->w,
			     g->box.y + (float)(row - g->top) * g->h, g->w - GAP, g->h - GAP };
}

static void draw_label(struct scene *s, const struct grid *g, struct box b, const struct cell *c,
		       enum role role)
{
	const char *line = c->label;
	uint32_t lines = 1;
	float step = g->text * 1.25f;

	for (const char *at = line; *at; at++)
		lines += *at == '\n';
	if (lines > c->lines)
		lines = c->lines;
	b.y += (b.h - step * (float)lines) / 2;
	for (; lines; lines--, b.y += step) {
		size_t n = strcspn(line, "\n");

		scene_label(s, (struct box){ b.x + 2, b.y, b.w - 4, step }, g->text, role,
			    c->marks & MARK_FADED, "%.*s", (int)n, line);
		line += n + (line[n] == '\n');
	}
}

static void draw_cell(struct scene *s, const struct grid *g, struct box b, const struct cell *c,
		      struct thing around)
{
	enum role ink = c->fill == ROLE_NONE ? ROLE_INK : role_ink(g->theme, c->fill);

	s->thing = c->thing.kind == THING_NONE ? around : c->thing;
	scene_rect(s, b, c->fill, c->edge, c->marks);
	if (*c->label && c->columns && c->lines)
		draw_label(s, g, b, c, ink);
}

static void draw_bar(struct scene *s, const struct grid *g)
{
	float row = g->box.h / (float)g->rows;
	struct box bar = { g->box.x + g->box.w + 1, g->box.y + row * (float)g->top, BAR - 1,
			   fmaxf(row * (float)g->shown, BAR) };

	if (g->shown < g->rows)
		scene_rect(s, bar, ROLE_EDGE, ROLE_NONE, 0);
}

void grid_draw(struct scene *s, const struct grid *g,
	       void (*style)(const void *context, struct cell *c), const void *context)
{
	struct thing around = s->thing;
	uint64_t step = (uint64_t)g->each * g->columns, first = g->top * step;
	uint64_t end = min_u64(first + g->shown * step, g->items);

	for (; g->columns && first < end; first += g->each) {
		struct box b = grid_box(g, first);
		struct cell c = { .first = first, .n = min_u64(g->each, g->items - first),
				  .w = b.w, .h = b.h };

		if (b.h >= g->text * 1.2f) {
			c.columns = (uint32_t)fmaxf((b.w - 4) / (g->text * TEXT_ADVANCE), 0);
			c.lines = (uint32_t)(b.h / (g->text * 1.25f));
			c.lines += !c.lines;
		}
		style(context, &c);
		draw_cell(s, g, b, &c, around);
	}
	s->thing = around;
	if (g->columns)
		draw_bar(s, g);
}
