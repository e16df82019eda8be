/*
 * What stands between a device and a buffer: bounce buffers (a copy the device sees instead, and
 * which of the two is newer), or entries of an IOMMU (which page a bus address means, and what the
 * device may do there).
 */
#include "viz/grid.h"
#include "viz/open_page.h"
#include "viz/rows.h"

#include <inttypes.h>

#define GAP   6.0f
#define STALE_EDGE 8.0f      /* width of the hatching of an entry that was removed */
#define SLOT  2048u          /* bytes of a slot of the pool */

static const struct stand_in *nth(const struct model *m, uint32_t i)
{
	const struct stand_in *s = cow_read(&m->stand_ins, i);

	return s->seq ? s : NULL;
}

/* Does some bounce buffer use a byte of this slot? */
static bool in_use(const struct model *m, uint64_t pa)
{
	for (uint32_t i = 0; i < m->stand_in_end; i++) {
		const struct stand_in *s = nth(m, i);

		if (s && overlaps(pa, SLOT, s->to, s->size))
			return true;
	}
	return false;
}

static void style_slot(const void *context, struct cell *c)
{
	const struct model *m = context;
	bool used = false;

	for (uint64_t i = c->first; i < c->first + c->n; i++)
		used |= in_use(m, m->bounce_pool.pa + i * SLOT);
	c->fill = used ? ROLE_FRESH : ROLE_PAPER;
	c->edge = used ? ROLE_DEVICE : ROLE_EDGE;
	c->marks = used ? MARK_DOUBLE : 0;
	c->thing = (struct thing){ THING_PAGE, 0, (m->bounce_pool.pa + c->first * SLOT) >> PAGE_SHIFT };
}

static void draw_pool(const struct picture *p, struct rows *r)
{
	const struct model *m = p->model;
	uint64_t slots = m->bounce_pool.size / SLOT;
	struct box b = rows_take(r, r->left.h * 0.3f);
	struct grid g = grid_lay(b, slots, 1, p->look, PANEL_STAND_IN);
	uint32_t used = 0;

	grid_draw(p->scene, &g, style_slot, m);
	for (uint64_t i = 0; i < slots; i++)
		used += in_use(m, m->bounce_pool.pa + i * SLOT);
	rows_text(r, ROLE_DIM, 0, "%u/%" PRIu64 " slots", used, slots);
}

/* The newest copy of a byte as the CPU has it. */
static uint8_t newest(const struct model *m, uint64_t pa, stamp_t *stamp)
{
	uint8_t value = 0;

	shadow_newest(model_shadow(m), pa, &value, stamp);
	return value;
}

/* Where the buffer and the bounce buffer differ first, the one written later is newer. */
static const char *which_is_newer(const struct model *m, const struct stand_in *s)
{
	stamp_t buffer, bounce;

	for (uint64_t i = 0; i < s->size; i++)
		if (newest(m, s->pa + i, &buffer) != newest(m, s->to + i, &bounce))
			return buffer > bounce ? "buffer newer" : "slot newer";
	return "equal";
}

static const char *direction(const struct model *m, const struct stand_in *s)
{
	static const char *const names[DIRECTION_COUNT] = { "both ways", "to device", "from device", "" };
	const struct mapping *of = ownership_find(model_ownership(m), s->device, s->dma, 1);

	return of && of->dir < DIRECTION_COUNT ? names[of->dir] : "";
}

static const char *permission(uint32_t prot)
{
	static const char *const names[] = { "nothing", "read", "write", "read, write" };

	return names[prot & IOMMU_BOTH];
}

static void draw_bounce(const struct picture *p, struct rows *r, const struct stand_in *s)
{
	const char *newer = which_is_newer(p->model, s);

	rows_text(r, ROLE_INK, MARK_BOLD, "slot %" PRIx64, s->to);
	rows_text(r, ROLE_INK, 0, "for %" PRIx64, s->pa);
	rows_text(r, ROLE_DIM, 0, "%" PRIu64 " bytes", s->size);
	rows_text(r, ROLE_DIM, 0, "%s", direction(p->model, s));
	rows_text(r, ROLE_INK, *newer == 'e' ? 0 : MARK_BOLD, "%s", newer);
}

static void draw_entry(struct rows *r, const struct stand_in *s)
{
	rows_text(r, ROLE_INK, MARK_BOLD, "bus %" PRIx64, s->dma);
	rows_text(r, ROLE_INK, 0, "is %" PRIx64, s->pa);
	rows_text(r, ROLE_DIM, 0, "%" PRIu64 " page%s", s->size >> PAGE_SHIFT,
		  s->size > PAGE_SIZE ? "s" : "");
	rows_text(r, ROLE_DIM, 0, "%s", s->removed ? "removed" : permission(s->prot));
}

static bool is_chosen(const struct picture *p, const struct stand_in *s)
{
	uint64_t focus = open_page_focus(p);

	return inside(focus, 1, s->pa, s->size) || (s->to && inside(focus, 1, s->to, s->size));
}

/* Where RAM shows the page: the cell that stands for it; w 0: nowhere. */
static struct box page_box(const struct picture *p, uint64_t pfn)
{
	const struct prim *best = NULL;

	for (uint32_t i = 0; i < p->scene->count; i++) {
		const struct prim *q = &p->scene->prim[i];

		if (q->shape == SHAPE_RECT && q->thing.kind == THING_PAGE && q->thing.id <= pfn &&
		    (!best || q->thing.id >= best->thing.id))
			best = q;
	}
	return best ? best->box : (struct box){ 0 };
}

static void draw_line_to_page(const struct picture *p, struct box card, uint64_t pfn)
{
	struct box page = page_box(p, pfn);

	if (page.w > 0 && page.x + page.w < card.x)
		scene_line(p->scene, card.x, card.y + rows_step(p->look) / 2, page.x + page.w,
			   page.y + page.h / 2, ROLE_DIM, MARK_DASH);
}

/* A card; false: there is no room for it. */
static bool draw_card(const struct picture *p, struct rows *r, const struct stand_in *s)
{
	uint32_t lines = s->to ? 5 : 4;
	struct box b = rows_take(r, (float)lines * rows_step(p->look) + GAP);
	struct rows inner = { p->scene, p->look, { b.x + GAP, b.y + 2, b.w - 2 * GAP, b.h - 3 } };

	if (b.h <= 0)
		return false;
	b.h -= 3;
	scene_thing(p->scene, THING_STAND_IN, 0, s->seq);
	scene_rect(p->scene, b, ROLE_FRESH, is_chosen(p, s) ? ROLE_INK : ROLE_EDGE, 0);
	if (s->removed)
		scene_rect(p->scene, (struct box){ b.x + b.w - STALE_EDGE, b.y, STALE_EDGE, b.h },
			   ROLE_STALE, ROLE_NONE, MARK_HATCH | faded(p->look, LEGEND_STALE));
	if (is_chosen(p, s))
		draw_line_to_page(p, b, s->pa >> PAGE_SHIFT);
	if (s->to)
		draw_bounce(p, &inner, s);
	else
		draw_entry(&inner, s);
	return true;
}

void panel_stand_in(const struct picture *p, struct box b)
{
	const struct model *m = p->model;
	struct rows r = { p->scene, p->look, b };
	uint32_t all = 0, drawn = 0;
	bool room = true;

	if (m->bounce_pool.size)
		draw_pool(p, &r);
	r.left.h -= rows_step(p->look);
	for (uint32_t i = 0; i < m->stand_in_end; i++) {
		const struct stand_in *s = nth(m, i);

		all += s != NULL;
		room = room && s ? draw_card(p, &r, s) : room;
		drawn += room && s;
	}
	r.left.h += rows_step(p->look);
	scene_thing(p->scene, THING_PANEL, 0, PANEL_STAND_IN);
	if (!all)
		rows_text(&r, ROLE_DIM, 0, m->iommu ? "no entries" : "none in use");
	else if (drawn < all)
		rows_text(&r, ROLE_DIM, 0, "and %u more", all - drawn);
}
