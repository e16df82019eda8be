/* RAM: the pages of a buffer, a map of all pages, and one page from near. */
#include "viz/buffer_strip.h"
#include "viz/grid.h"
#include "viz/open_page.h"
#include "viz/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define GAP          6.0f
#define TOGETHER     16      /* pages of a row of the map */
#define STRIP_NEEDS  28      /* height of the panel in rows of text, to show the strip as well */

/* How a page of each use looks; the letter is the use where there is room for no more. */
static const struct {
	enum role fill, edge;
	char letter;
} uses[PAGE_USE_COUNT] = {
	[PAGE_FREE] = { ROLE_PAPER, ROLE_EDGE, ' ' },
	[PAGE_KERNEL] = { ROLE_EDGE, ROLE_EDGE, 'K' },
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
};

/* What is to be seen of several pages at once: the most remarkable of each. */
struct pages {
	enum page_use use;
	bool owned, behind, shown, beyond, open;
};

/* Is a copy of any byte of the page newer than RAM's? Only lines in caches can be. */
static bool is_behind(const struct model *m, uint64_t page)
{
	const struct shadow *s = model_shadow(m);

	for (uint32_t i = 0; i < s->stores; i++)
		if (round_down(s->store[i].pa, PAGE_SIZE) == page)
			return true;
	for (uint64_t pa = page; pa < page + PAGE_SIZE; pa += s->line)
		if (!shadow_ram_is_newest(s, pa, s->line))
			return true;
	return false;
}

static struct pages look_at(const struct map *map, const struct cell *c)
{
	const struct model *m = map->picture->model;
	struct pages s = { .use = PAGE_FREE };

	for (uint64_t pfn = c->first; pfn < c->first + c->n; pfn++) {
		enum page_use use = model_use(m, pfn);

		if (use > s.use || s.use == PAGE_KERNEL)
			s.use = use != PAGE_FREE ? use : s.use;
		s.owned |= ownership_any_device(model_ownership(m), pfn << PAGE_SHIFT, PAGE_SIZE);
		s.behind |= is_behind(m, pfn << PAGE_SHIFT);
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
	else if (c->n == 1)
		c->label[0] = uses[s->use].letter;
}

static void style_page(const void *context, struct cell *c)
{
	const struct map *map = context;
	const struct look *look = map->picture->look;
	struct pages s = look_at(map, c);

	c->thing = (struct thing){ THING_PAGE, 0, c->first };
	c->fill = s.beyond ? ROLE_WARN : uses[s.use].fill;
	c->edge = s.owned ? ROLE_DEVICE : s.open || s.shown ? ROLE_INK : uses[s.use].edge;
	c->marks = (s.owned ? MARK_DOUBLE : 0) | (s.behind ? MARK_HATCH : 0) |
		   (s.open ? MARK_BOLD : 0);
	if (s.owned)
		c->marks |= faded(look, LEGEND_OWNED);
	label(c, &s);
}

static void draw_map(const struct picture *p, struct box b, const struct buffer_strip *strip)
{
	struct map map = { p, *strip, open_page_focus(p) >> PAGE_SHIFT };
	struct grid g = grid_lay(b, model_pages(p->model), TOGETHER, &p->look->zoom[PANEL_RAM],
				 p->look->text);

	grid_draw(p->scene, &g, style_page, &map);
}

static struct box cut_top(struct box *b, float h)
{
	struct box top = { b->x, b->y, b->w, h };

	b->y += h + GAP;
	b->h -= h + GAP;
	return top;
}

void panel_ram(const struct picture *p, struct box b)
{
	struct buffer_strip strip = buffer_strip_pick(p);
	float row = rows_step(p->look);

	if (b.h < 4 * row)
		return;
	if (b.h >= STRIP_NEEDS * row * 0.7f)
		buffer_strip_draw(p, cut_top(&b, buffer_strip_height(p->look)), &strip);
	scene_thing(p->scene, THING_PANEL, 0, PANEL_RAM);
	draw_map(p, cut_top(&b, b.h * 0.45f), &strip);
	open_page_draw(p, b);
}
