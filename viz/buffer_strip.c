#include "viz/buffer_strip.h"
#include "viz/open_page.h"
#include "viz/rows.h"
#include "cow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CELL_MAX 3.5f        /* of a cell's width, in sizes of text */
#define BREAK    0.4f        /* of a cell's width: where pages between are left out */

/* What is not RAM is left out. */
static void add_pages(const struct model *m, struct buffer_strip *b, uint64_t pa, uint64_t size,
		      uint32_t number, uint32_t step)
{
	uint64_t end = min_u64(pa + size + PAGE_SIZE - 1, model_shadow(m)->ram_bytes) >> PAGE_SHIFT;

	for (uint64_t pfn = pa >> PAGE_SHIFT; pfn < end; pfn++, number += step) {
		if (b->count < STRIP_PIECES) {
			b->piece[b->count].pfn = pfn;
			b->piece[b->count++].number = number;
		}
		b->all++;
	}
}

/* Blocks of a page or less say little about how pages lie: one of those comes after all others. */
static bool is_better(const struct allocation *a, const struct allocation *than)
{
	bool large = a->asked > PAGE_SIZE, large_too = than->asked > PAGE_SIZE;

	return !than->seq || (large == large_too ? a->seq > than->seq : large);
}

static bool holds(const struct model *m, const struct allocation *a, uint64_t pa)
{
	if (pa == STRIP_NONE)
		return false;
	return inside(a->kind == MEM_VMALLOC ? model_va(m, pa) : LINEAR_BASE + pa, 1, a->va,
		      a->size);
}

/* The block of the chosen byte, else the newest. */
static struct allocation pick_block(const struct model *m, uint64_t chosen)
{
	struct allocation newest = { 0 };

	for (uint32_t i = 0; i < m->allocation_end; i++) {
		const struct allocation *a = cow_read(&m->allocations, i);

		if (!a->seq || a->kind == MEM_STACK)
			continue;
		if (holds(m, a, chosen))
			return *a;
		if (is_better(a, &newest))
			newest = *a;
	}
	return newest;
}

/* The scatterlist of the chosen byte, else the newest: number of its dma.map_sg; 0: none. */
static uint64_t pick_list(const struct model *m, uint64_t chosen)
{
	const struct ownership *o = model_ownership(m);
	uint64_t newest = 0;

	for (uint32_t i = ownership_live(o, 0); i < o->end; i = ownership_live(o, i + 1)) {
		const struct mapping *of = ownership_mapping(o, i);

		if (of->list && chosen != STRIP_NONE && ownership_covers(of, chosen))
			return of->list;
		if (of->list > newest)
			newest = of->list;
	}
	return newest;
}

/* The segments of a list as they come; NULL: only how many there are. */
static size_t find_segments(const struct ownership *o, uint64_t list, const struct mapping **to)
{
	size_t n = 0;

	for (uint32_t i = ownership_live(o, 0); i < o->end; i = ownership_live(o, i + 1)) {
		const struct mapping *of = ownership_mapping(o, i);

		if (of->list != list)
			continue;
		if (to)
			to[n] = of;
		n++;
	}
	return n;
}

static int compare_segments(const void *a, const void *b)
{
	uint64_t first = (*(const struct mapping *const *)a)->seq;
	uint64_t second = (*(const struct mapping *const *)b)->seq;

	return first < second ? -1 : first > second;
}

/* In the order they were mapped, which is not that of their slots: those are used again. */
static void take_list(const struct model *m, uint64_t list, struct buffer_strip *b)
{
	const struct ownership *o = model_ownership(m);
	size_t n = find_segments(o, list, NULL);
	const struct mapping **of = core_alloc(n * sizeof *of);

	find_segments(o, list, of);
	qsort(of, n, sizeof *of, compare_segments);
	b->kind = STRIP_LIST;
	b->seq = list;
	for (uint32_t i = 0; i < n; i++) {
		add_pages(m, b, of[i]->pa, of[i]->size, i, 0);
		b->bytes += of[i]->size;
	}
	free(of);
}

static void take_scattered(const struct model *m, const struct allocation *a,
			   struct buffer_strip *b)
{
	uint64_t pa;

	b->kind = STRIP_VMALLOC;
	for (uint64_t at = 0; at < a->size; at += PAGE_SIZE)
		if (model_pa(m, a->va + at, &pa))
			add_pages(m, b, pa, 1, (uint32_t)(at >> PAGE_SHIFT), 0);
	if (b->count > 1 && b->piece[1].pfn != b->piece[0].pfn + 1 &&
	    b->piece[0].pfn + 1 < model_pages(m))
		b->beyond = b->piece[0].pfn + 1;
}

static void take_block(const struct model *m, const struct allocation *a, struct buffer_strip *b)
{
	b->seq = a->seq;
	b->va = a->va;
	b->bytes = a->asked;
	if (a->kind == MEM_VMALLOC) {
		take_scattered(m, a, b);
	} else {
		b->kind = STRIP_TOGETHER;
		add_pages(m, b, a->pa, a->asked, 0, 1);
	}
}

struct buffer_strip buffer_strip_pick(const struct picture *p)
{
	struct buffer_strip b = { .beyond = STRIP_NONE };
	uint64_t chosen = open_page_chosen(p), list;
	struct allocation a;

	if (chosen >= model_shadow(p->model)->ram_bytes)
		chosen = STRIP_NONE;
	list = pick_list(p->model, chosen);
	a = pick_block(p->model, chosen);
	if (list && (list > a.seq || a.asked <= PAGE_SIZE) && !holds(p->model, &a, chosen))
		take_list(p->model, list, &b);
	else if (a.seq)
		take_block(p->model, &a, &b);
	return b;
}

bool buffer_strip_has(const struct buffer_strip *b, uint64_t pfn)
{
	for (uint32_t i = 0; i < b->count; i++)
		if (b->piece[i].pfn == pfn)
			return true;
	return false;
}

/* The pages below, in the order of RAM, each once. */
struct lie {
	uint32_t count;
	uint64_t pfn[STRIP_PIECES + 1];
	float x[STRIP_PIECES + 1];       /* left edge, in widths of a cell */
	float width;                     /* of all, in widths of a cell */
};

static void insert(struct lie *l, uint64_t pfn)
{
	uint32_t i = l->count;

	for (uint32_t k = 0; k < l->count; k++)
		if (l->pfn[k] == pfn)
			return;
	for (; i && l->pfn[i - 1] > pfn; i--)
		l->pfn[i] = l->pfn[i - 1];
	l->pfn[i] = pfn;
	l->count++;
}

static struct lie lie_of(const struct buffer_strip *b)
{
	struct lie l = { 0 };

	for (uint32_t i = 0; i < b->count; i++)
		insert(&l, b->piece[i].pfn);
	if (b->beyond != STRIP_NONE)
		insert(&l, b->beyond);
	for (uint32_t i = 0; i < l.count; i++) {
		if (i && l.pfn[i] != l.pfn[i - 1] + 1)
			l.width += BREAK;
		l.x[i] = l.width++;
	}
	return l;
}

static float row_height(const struct look *look)
{
	return rows_step(look) + 2;
}

float buffer_strip_height(const struct look *look)
{
	return 2 * rows_step(look) + 4 * row_height(look);
}

static const char *kind_name(const struct buffer_strip *b)
{
	static const char *const names[] = {
		[STRIP_TOGETHER] = "one block", [STRIP_VMALLOC] = "vmalloc",
		[STRIP_LIST] = "scatterlist"
	};

	return names[b->kind];
}

static void draw_heading(struct rows *r, const struct buffer_strip *b)
{
	char pages[48], bytes[48];

	if (b->kind == STRIP_EMPTY) {
		rows_text(r, ROLE_DIM, 0, "no kmalloc or vmalloc yet");
		return;
	}
	snprintf(pages, sizeof pages, "%s: %u page%s", kind_name(b), b->all,
		 b->all == 1 ? "" : "s");
	snprintf(bytes, sizeof bytes, ", %" PRIu64 " bytes%s", b->bytes,
		 b->all > b->count ? "; the first:" : "");
	if (text_width(pages, r->look->text) + text_width(bytes, r->look->text) > r->left.w)
		*bytes = '\0';
	rows_text(r, ROLE_INK, MARK_BOLD, "%s%s", pages, bytes);
}

/* A label where it fits whole: half a number is another number. */
static void draw_number(const struct picture *p, struct box b, enum role role, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIx64, number);
	if (text_width(text, p->look->text) <= b.w - 2)
		scene_label(p->scene, b, p->look->text, role, 0, "%s", text);
}

static void draw_piece(const struct picture *p, struct box cell, uint64_t pfn, uint32_t number)
{
	scene_thing(p->scene, THING_PAGE, 0, pfn);
	scene_rect(p->scene, cell, ROLE_FRESH, ROLE_INK, 0);
	draw_number(p, cell, ROLE_INK, number);
}

/* The device's page: owned wholly or in part. */
static bool owned(const struct picture *p, uint64_t pfn)
{
	return ownership_any_device(model_ownership(p->model), pfn << PAGE_SHIFT, PAGE_SIZE);
}

static void draw_place(const struct picture *p, struct box cell, const struct buffer_strip *b,
		       uint64_t pfn)
{
	bool beyond = pfn == b->beyond;
	uint32_t marks = beyond ? MARK_BOLD | faded(p->look, LEGEND_WARN) : 0;

	scene_thing(p->scene, THING_PAGE, 0, pfn);
	scene_rect(p->scene, cell, beyond ? ROLE_WARN : ROLE_FRESH, ROLE_INK, marks);
	if (!beyond && owned(p, pfn))
		scene_rect(p->scene, cell, ROLE_NONE, ROLE_DEVICE,
			   MARK_DOUBLE | faded(p->look, LEGEND_OWNED));
	draw_number(p, cell, role_ink(p->look->theme, beyond ? ROLE_WARN : ROLE_FRESH), pfn);
}

static void draw_line(const struct picture *p, const struct buffer_strip *b, const struct lie *l,
		      uint32_t i, struct box from, struct box to)
{
	uint32_t at = 0;

	while (l->pfn[at] != b->piece[i].pfn)
		at++;
	scene_thing(p->scene, THING_PAGE, 0, b->piece[i].pfn);
	scene_line(p->scene, from.x + from.w * ((float)i + 0.5f), from.y + from.h,
		   to.x + to.w * (l->x[at] + 0.5f), to.y, ROLE_INK, 0);
}

/* The first cell of two rows, of the driver's addresses and of RAM, with room for lines between. */
static void draw_rows(const struct picture *p, struct rows *r, const struct buffer_strip *b)
{
	struct lie l = lie_of(b);
	struct box from = rows_take(r, row_height(p->look)), to;
	float cells = l.width > (float)b->count ? l.width : (float)b->count;

	rows_take(r, row_height(p->look) * 1.6f);
	to = rows_take(r, row_height(p->look));
	from.w = to.w = from.w / cells < CELL_MAX * p->look->text ? from.w / cells :
		CELL_MAX * p->look->text;
	for (uint32_t i = 0; i < b->count; i++) {
		draw_piece(p, (struct box){ from.x + from.w * (float)i, from.y, from.w - 1,
					    from.h }, b->piece[i].pfn, b->piece[i].number);
		draw_line(p, b, &l, i, from, to);
	}
	for (uint32_t i = 0; i < l.count; i++)
		draw_place(p, (struct box){ to.x + to.w * l.x[i], to.y, to.w - 1, to.h }, b,
			   l.pfn[i]);
}

/* What lies in the page a device would run into; in few words where room is short. */
static void draw_beyond(const struct picture *p, struct rows *r, uint64_t pfn)
{
	const char *use = page_use_name[model_use(p->model, pfn)];
	char text[64];

	snprintf(text, sizeof text, "a device past page 0 hits %" PRIx64 ": %s", pfn, use);
	if (text_width(text, p->look->text) > r->left.w)
		snprintf(text, sizeof text, "past page 0: %" PRIx64 ", %s", pfn, use);
	scene_thing(p->scene, THING_PAGE, 0, pfn);
	rows_text(r, ROLE_INK, 0, "%s", text);
}

static void draw_together(const struct picture *p, struct rows *r)
{
	const char *words = "together: a device may run through";

	rows_text(r, ROLE_DIM, 0, "%s",
		  text_width(words, p->look->text) <= r->left.w ? words : "they lie together");
}

void buffer_strip_draw(const struct picture *p, struct box b, const struct buffer_strip *strip)
{
	struct rows r = { p->scene, p->look, b };

	draw_heading(&r, strip);
	if (!strip->count)
		return;
	draw_rows(p, &r, strip);
	if (strip->beyond != STRIP_NONE)
		draw_beyond(p, &r, strip->beyond);
	else if (strip->kind == STRIP_TOGETHER && strip->all > 1)
		draw_together(p, &r);
}
