/*
 * RAM: the pages of a buffer, a map of all pages, and one page from near. Of a large RAM the map is
 * a strip, and below it the region with the open page.
 */
#include "viz/buffer_strip.h"
#include "viz/dress.h"
#include "viz/grid.h"
#include "viz/open_page.h"
#include "viz/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define GAP          6.0f
#define PAGES_MAX    262144  /* more than a board can have */
#define WORD         8       /* characters: any use */
#define TOGETHER     16      /* pages of a row of the map */
#define REGION       1024    /* pages of a large RAM that are shown from nearer */
#define CROWDED      2       /* pages a cell, more than which make a RAM large */
#define STRIP_ROWS   0.8f    /* height of the strip of all pages, in rows of text */
#define STRIP_NEEDS  14      /* height of the panel in rows of text, to show the strip as well */

/* How a page of each use looks; its letter stands for it where there is room for no more. */
static const struct {
	enum role fill, edge;
	char letter;
} uses[PAGE_USE_COUNT] = {
	[PAGE_FREE] = { ROLE_PAPER, ROLE_EDGE, ' ' },
	[PAGE_KERNEL] = { ROLE_PANEL, ROLE_EDGE, 'K' },
	[PAGE_HIDDEN] = { ROLE_NONE, ROLE_NONE, ' ' },
	[PAGE_SLAB] = { ROLE_FRESH, ROLE_DIM, 's' },
	[PAGE_KMALLOC] = { ROLE_FRESH, ROLE_DIM, 'k' },
	[PAGE_PAGES] = { ROLE_FRESH, ROLE_DIM, 'p' },
	[PAGE_VMALLOC] = { ROLE_FRESH, ROLE_DIM, 'v' },
	[PAGE_COHERENT] = { ROLE_FRESH, ROLE_DIM, 'c' },
	[PAGE_BOUNCE] = { ROLE_FRESH, ROLE_DIM, 'b' },
};

struct map {
	const struct picture *picture;
	struct buffer_strip strip;
	uint64_t focus;          /* number of the open page */
	uint64_t from;           /* number of the first page that is drawn now */
	uint64_t behind[PAGES_MAX / 64];
};

/* What is to be seen of several pages at once: the most remarkable of each. */
struct pages {
	enum page_use use;
	bool owned, behind, shown, beyond, open;
};

static void set_behind(struct map *map, uint64_t pa)
{
	uint64_t pfn = pa >> PAGE_SHIFT;

	if (pfn < PAGES_MAX)
		map->behind[pfn / 64] |= (uint64_t)1 << pfn % 64;
}

/* Which pages have bytes of which a newer copy waits in a cache or in the store buffer. */
static void find_behind(struct map *map)
{
	const struct shadow *s = model_shadow(map->picture->model);

	for (uint32_t i = 0; i < s->stores; i++)
		set_behind(map, s->store[i].pa);
	for (uint32_t level = 1; level <= s->levels; level++) {
		const struct shadow_cache *c = &s->cache[level];

		for (uint32_t i = 0; i < c->sets * c->ways; i++) {
			const struct shadow_line *l = cow_read(&c->lines, i);

			if (l->valid && l->dirty && shadow_sees(s, l->pa) &&
			    !shadow_ram_is_newest(s, l->pa, s->line))
				set_behind(map, l->pa);
		}
	}
}

static bool is_behind(const struct map *map, uint64_t pfn)
{
	return pfn < PAGES_MAX && map->behind[pfn / 64] >> pfn % 64 & 1;
}

static bool is_owned(const struct model *m, uint64_t pfn)
{
	const struct ownership *o = model_ownership(m);

	return pfn < o->ram_bytes >> PAGE_SHIFT && ownership_is_notable(o, pfn << PAGE_SHIFT) &&
	       ownership_any_device(o, pfn << PAGE_SHIFT, PAGE_SIZE);
}

static struct pages look_at(const struct map *map, const struct cell *c)
{
	const struct model *m = map->picture->model;
	struct pages s = { .use = PAGE_FREE };

	for (uint64_t pfn = c->first; pfn < c->first + c->n; pfn++) {
		enum page_use use = model_use(m, pfn);

		if (use > s.use || s.use == PAGE_KERNEL)
			s.use = use != PAGE_FREE ? use : s.use;
		s.owned |= is_owned(m, pfn);
		s.behind |= is_behind(map, pfn);
		s.shown |= buffer_strip_has(&map->strip, pfn);
		s.beyond |= pfn == map->strip.beyond;
		s.open |= pfn == map->focus;
	}
	return s;
}

static void label(struct cell *c, const struct pages *s)
{
	if (!c->columns || s->use == PAGE_HIDDEN)
		return;
	if (c->n == 1 && c->lines > 1)
		snprintf(c->label, sizeof c->label, "%" PRIx64 "\n%.*s", c->first, (int)c->columns,
			 page_use_name[s->use]);
	else if (c->n == 1 && s->use != PAGE_FREE && c->columns >= WORD)
		snprintf(c->label, sizeof c->label, "%s", page_use_name[s->use]);
	else if (c->n == 1)
		c->label[0] = uses[s->use].letter;
}

/* Free pages of a dense map are paper without a frame, so that the others are to be seen. */
static enum role edge_of(const struct cell *c, const struct pages *s)
{
	if (s->owned)
		return ROLE_DEVICE;
	if (s->open || s->shown)
		return ROLE_INK;
	return s->use == PAGE_FREE && !c->columns ? ROLE_NONE : uses[s->use].edge;
}

static void style_page(const void *context, struct cell *c)
{
	const struct map *map = context;
	const struct look *look = map->picture->look;
	struct pages s;

	c->first += map->from;
	s = look_at(map, c);
	c->thing = thing_of(THING_PAGE, 0, c->first);
	c->fill = uses[s.use].fill;
	c->edge = edge_of(c, &s);
	c->marks = s.open ? MARK_BOLD : 0;
	if (s.owned)
		c->marks |= MARK_DOUBLE | faded(look, LEGEND_OWNED);
	if (s.behind) {
		c->fill = dress_of(look, AGE_BEHIND).fill;
		c->marks |= dress_of(look, AGE_BEHIND).marks;
	}
	if (s.beyond)
		c->fill = ROLE_WARN;
	label(c, &s);
}

/* Which pages, and how many a cell stands for, if that has room too. */
static void describe_dense(const struct grid *g, uint64_t from, uint64_t pages, char *text,
			   size_t n)
{
	char each[32];

	if (g->items < pages)
		snprintf(text, n, "pages %" PRIx64 "..%" PRIx64, from, from + g->items - 1);
	else
		snprintf(text, n, "%" PRIu64 " pages", pages);
	snprintf(each, sizeof each, ", %" PRIu32 " a cell", g->each);
	if (g->each > 1 && text_width(text, g->text) + text_width(each, g->text) <= g->box.w)
		strncat(text, each, n - strlen(text) - 1);
}

static void describe_letters(const struct model *m, char *text, size_t n)
{
	uint32_t there = 0;
	size_t used = 0;

	for (uint64_t pfn = 0; pfn < model_pages(m); pfn++)
		there |= 1u << model_use(m, pfn);
	for (enum page_use use = PAGE_KERNEL; use < PAGE_USE_COUNT; use++)
		if (there >> use & 1 && use != PAGE_HIDDEN)
			used += (size_t)snprintf(text + used, n - used, "%c%s ",
						 uses[use].letter, page_use_name[use] + 1);
}

static struct box cut_top(struct box *b, float h)
{
	struct box top = { b->x, b->y, b->w, h };

	b->y += h + GAP;
	b->h -= h + GAP;
	return top;
}

/* What the letters mean, of the uses there are; or how much a cell stands for. */
static void draw_caption(const struct map *map, struct box b, const struct grid *g)
{
	const struct picture *p = map->picture;
	char text[PAGE_USE_COUNT * 16] = "";

	if (g->h < g->text * 1.2f)
		describe_dense(g, map->from, model_pages(p->model), text, sizeof text);
	else
		describe_letters(p->model, text, sizeof text);
	scene_thing(p->scene, THING_PANEL, 0, PANEL_RAM);
	scene_text(p->scene, b.x, b.y + b.h / 2, b.w, p->look->text, ROLE_DIM, 0, "%s", text);
}

/* All pages from far, and around which of them the region is. */
static void draw_overview(struct map *map, struct box b, uint64_t region)
{
	const struct picture *p = map->picture;
	struct look far = *p->look;
	struct grid g;
	struct box from, to;

	far.zoom[PANEL_RAM].scale = 1;
	g = grid_lay(b, model_pages(p->model), REGION, &far, PANEL_RAM);
	grid_draw(p->scene, &g, style_page, map);
	from = grid_box(&g, region);
	to = grid_box(&g, min_u64(region + REGION, model_pages(p->model)) - 1);
	if (from.y == to.y)
		scene_rect(p->scene, (struct box){ from.x - 1, from.y - 1,
						   to.x + to.w - from.x + 2, from.h + 2 },
			   ROLE_NONE, ROLE_INK, 0);
}

static bool is_crowded(const struct picture *p, struct box b)
{
	struct look far = *p->look;
	uint64_t pages = model_pages(p->model);

	far.zoom[PANEL_RAM].scale = 1;
	return pages > REGION && grid_lay(b, pages, TOGETHER, &far, PANEL_RAM).each > CROWDED;
}

static void draw_map(const struct picture *p, struct box b, const struct buffer_strip *strip)
{
	struct map map = { .picture = p, .strip = *strip,
			   .focus = open_page_focus(p) >> PAGE_SHIFT };
	uint64_t pages = model_pages(p->model), region = round_down(map.focus, REGION);
	float row = rows_step(p->look);
	struct box caption = { b.x, b.y + b.h - row, b.w, row };
	struct grid g;

	find_behind(&map);
	b.h -= row;
	if (is_crowded(p, b)) {
		draw_overview(&map, cut_top(&b, row * STRIP_ROWS), region);
		map.from = region;
		pages = min_u64(REGION, pages - region);
	}
	g = grid_lay(b, pages, TOGETHER, p->look, PANEL_RAM);
	grid_draw(p->scene, &g, style_page, &map);
	draw_caption(&map, caption, &g);
}

void panel_ram(const struct picture *p, struct box b)
{
	struct buffer_strip strip = buffer_strip_pick(p);
	float row = rows_step(p->look);

	if (b.h < 4 * row)
		return;
	if (b.h >= STRIP_NEEDS * row)
		buffer_strip_draw(p, cut_top(&b, buffer_strip_height(p->look)), &strip);
	scene_thing(p->scene, THING_PANEL, 0, PANEL_RAM);
	draw_map(p, cut_top(&b, b.h * 0.42f), &strip);
	open_page_draw(p, b);
}
