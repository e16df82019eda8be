/*
 * What stands between a device and a buffer: bounce buffers (a copy the device sees instead, and
 * which of the two is newer), or entries of an IOMMU (which page a bus address means, and what the
 * device may do there).
 */
#include "viz/grid.h"
#include "viz/open_page.h"
#include "viz/rows.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define GAP   6.0f
#define STALE_EDGE 8.0f      /* width of the hatching of an entry that was removed */
#define SLOT  2048u          /* bytes of a slot of the pool */
#define SLOTS_MAX 131072     /* of a pool, shown */

static const struct stand_in *nth(const struct model *m, uint32_t i)
{
	const struct stand_in *s = cow_read(&m->stand_ins, i);

	return s->seq ? s : NULL;
}

/* The slots of the pool by bit, and how many are in use. */
struct pool {
	const struct model *model;
	uint64_t slots, used;
	uint64_t busy[SLOTS_MAX / 64];
};

static bool is_busy(const struct pool *pool, uint64_t slot)
{
	return pool->busy[slot / 64] >> slot % 64 & 1;
}

static void use_slots(struct pool *pool, const struct stand_in *s)
{
	uint64_t start = pool->model->bounce_pool.pa;
	uint64_t slot = s->to >= start ? (s->to - start) / SLOT : pool->slots;
	uint64_t end = min_u64((s->to + s->size - start + SLOT - 1) / SLOT, pool->slots);

	for (; slot < end; slot++) {
		pool->used += !is_busy(pool, slot);
		pool->busy[slot / 64] |= (uint64_t)1 << slot % 64;
	}
}

static void style_slot(const void *context, struct cell *c)
{
	const struct pool *pool = context;
	uint64_t pa = pool->model->bounce_pool.pa + c->first * SLOT;
	bool busy = false;

	for (uint64_t i = c->first; i < c->first + c->n; i++)
		busy |= is_busy(pool, i);
	c->fill = busy ? ROLE_FRESH : ROLE_PAPER;
	c->edge = busy ? ROLE_DEVICE : ROLE_EDGE;
	c->marks = busy ? MARK_DOUBLE : 0;
	c->thing = thing_of(THING_PAGE, 0, pa >> PAGE_SHIFT);
}

static void draw_pool(const struct picture *p, struct rows *r)
{
	const struct model *m = p->model;
	struct pool pool = { .model = m, .slots = min_u64(m->bounce_pool.size / SLOT, SLOTS_MAX) };
	struct box b = rows_take(r, r->left.h * 0.3f);
	struct grid g = grid_lay(b, pool.slots, 1, p->look, PANEL_STAND_IN);

	for (uint32_t i = 0; i < m->stand_in_end; i++)
		if (nth(m, i))
			use_slots(&pool, nth(m, i));
	grid_draw(p->scene, &g, style_slot, &pool);
	rows_text(r, ROLE_DIM, 0, "%" PRIu64 "/%" PRIu64 " slots", pool.used, pool.slots);
}

/* The newest copy of a byte as the CPU has it. */
static uint8_t newest(const struct model *m, uint64_t pa, stamp_t *stamp)
{
	uint8_t value = 0;

	shadow_newest(model_shadow(m), pa, &value, stamp);
	return value;
}

/* Of n bytes of one line each: the first that differs, n for none. */
static uint64_t differs_at(const struct model *m, uint64_t pa, uint64_t to, uint64_t n)
{
	const struct shadow *s = model_shadow(m);
	stamp_t stamp;
	uint64_t i = 0;

	if (shadow_ram_is_newest(s, pa, n) && shadow_ram_is_newest(s, to, n) &&
	    !memcmp(shadow_page(s, pa)->bytes + (pa & PAGE_MASK),
		    shadow_page(s, to)->bytes + (to & PAGE_MASK), n))
		return n;
	while (i < n && newest(m, pa + i, &stamp) == newest(m, to + i, &stamp))
		i++;
	return i;
}

/* Bytes from pa to the end of its line. */
static uint64_t to_line_end(const struct model *m, uint64_t pa)
{
	uint64_t line = model_shadow(m)->line;

	return line - (pa & (line - 1));
}

/* Where the buffer and the bounce buffer differ first, the one written later is newer. */
static const char *which_is_newer(const struct model *m, const struct stand_in *s)
{
	uint64_t ram = model_shadow(m)->ram_bytes, n, at;
	stamp_t buffer, bounce;

	if (!inside(s->pa, s->size, 0, ram) || !inside(s->to, s->size, 0, ram))
		return "";
	for (uint64_t i = 0; i < s->size; i += n) {
		n = min_u64(to_line_end(m, s->pa + i), to_line_end(m, s->to + i));
		n = min_u64(n, s->size - i);
		at = differs_at(m, s->pa + i, s->to + i, n);
		if (at == n)
			continue;
		newest(m, s->pa + i + at, &buffer);
		newest(m, s->to + i + at, &bounce);
		return buffer > bounce ? "buffer newer" : "slot newer";
	}
	return "equal";
}

static const char *direction(const struct model *m, const struct stand_in *s)
{
	static const char *const names[DIRECTION_COUNT] = {
		"both ways", "to device", "from device", ""
	};
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
	rows_text(r, ROLE_INK, strstr(newer, "newer") ? MARK_BOLD : 0, "%s", newer);
}

static void draw_entry(struct rows *r, const struct stand_in *s)
{
	rows_text(r, ROLE_INK, MARK_BOLD, "bus %" PRIx64, s->dma);
	rows_text(r, ROLE_INK, 0, "is %" PRIx64, s->pa);
	rows_text(r, ROLE_DIM, 0, "%" PRIu64 " page%s", s->size >> PAGE_SHIFT,
		  s->size > PAGE_SIZE ? "s" : "");
	rows_text(r, ROLE_DIM, 0, "%s", s->removed ? "removed" : permission(s->prot));
}

static bool is_chosen(const struct stand_in *s, uint64_t focus)
{
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

static float card_height(const struct picture *p)
{
	return (p->model->iommu ? 4 : 5) * rows_step(p->look) + GAP;
}

static void draw_card(const struct picture *p, struct rows *r, const struct stand_in *s,
		      bool chosen)
{
	struct box b = rows_take(r, card_height(p));
	struct rows inner = { p->scene, p->look, { b.x + GAP, b.y + 2, b.w - 2 * GAP, b.h - 3 } };

	b.h -= 3;
	scene_thing(p->scene, THING_STAND_IN, 0, s->seq);
	scene_rect(p->scene, b, ROLE_FRESH, chosen ? ROLE_INK : ROLE_EDGE, 0);
	if (s->removed)
		scene_rect(p->scene, (struct box){ b.x + b.w - STALE_EDGE, b.y, STALE_EDGE, b.h },
			   ROLE_STALE, ROLE_NONE, MARK_HATCH | faded(p->look, LEGEND_STALE));
	if (chosen)
		draw_line_to_page(p, b, s->pa >> PAGE_SHIFT);
	if (s->to)
		draw_bounce(p, &inner, s);
	else
		draw_entry(&inner, s);
}

/* What is shown of the stand-ins: which one is chosen, how many there are, where to begin. */
struct list {
	uint64_t focus;
	uint32_t all, chosen, first, room;
};

/* The page of cards with the chosen one, or what has been scrolled to. */
static struct list list_of(const struct picture *p, float height)
{
	struct list l = { .focus = open_page_focus(p), .chosen = UINT32_MAX };
	const struct zoom *zoom = &p->look->zoom[PANEL_STAND_IN];

	for (uint32_t i = 0; i < p->model->stand_in_end; i++) {
		const struct stand_in *s = nth(p->model, i);

		if (s && l.chosen == UINT32_MAX && is_chosen(s, l.focus))
			l.chosen = l.all;
		l.all += s != NULL;
	}
	l.room = height > 0 ? (uint32_t)(height / card_height(p)) : 0;
	if (zoom->scroll > 0 && l.all > l.room)
		l.first = (uint32_t)((float)(l.all - l.room) * fminf(zoom->scroll, 1));
	else if (l.chosen < l.all && l.room)
		l.first = l.chosen / l.room * l.room;
	return l;
}

static void draw_cards(const struct picture *p, struct rows *r)
{
	float below = rows_step(p->look);
	struct list l = list_of(p, r->left.h - below);
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->model->stand_in_end && n < l.first + l.room; i++) {
		const struct stand_in *s = nth(p->model, i);

		if (s && n >= l.first)
			draw_card(p, r, s, n == l.chosen);
		n += s != NULL;
	}
	scene_thing(p->scene, THING_PANEL, 0, PANEL_STAND_IN);
	if (!l.all)
		rows_text(r, ROLE_DIM, 0, p->model->iommu ? "no entries" : "none in use");
	else if (!l.room)
		rows_text(r, ROLE_DIM, 0, "%u in use", l.all);
	else if (l.room < l.all)
		rows_text(r, ROLE_DIM, 0, "%u to %u of %u", l.first + 1, n, l.all);
}

void panel_stand_in(const struct picture *p, struct box b)
{
	struct rows r = { p->scene, p->look, b };

	if (p->model->bounce_pool.size)
		draw_pool(p, &r);
	draw_cards(p, &r);
}
