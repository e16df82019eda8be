#include "viz/open_page.h"

#include "viz/copies.h"
#include "viz/dress.h"
#include "viz/rows.h"
#include "viz/version.h"

#include <inttypes.h>
#include <stdio.h>

#define OFFSET_WIDTH 3.5f   /* characters: "040" and a little air */
#define AIR          0.5f   /* characters between bytes and letters */
#define BORDER       1.5f   /* points that a border stands out left and right */
#define BLOCK_WIDE   30     /* characters of "block +100: asked 3000 of 4096" */
#define BLOCKS_MAX   512    /* of a page: the smallest have 8 bytes */

static uint64_t of_mapping(const struct picture *p, uint64_t seq)
{
	const struct life *l = player_life_of(p->player, seq);

	return l ? l->pa : UINT64_MAX;
}

static uint64_t of_stand_in(const struct model *m, uint64_t seq)
{
	for (uint32_t i = 0; i < m->stand_in_end; i++) {
		const struct stand_in *s = cow_read(&m->stand_ins, i);

		if (s->seq == seq)
			return s->pa;
	}
	return UINT64_MAX;
}

uint64_t open_page_chosen(const struct picture *p)
{
	struct thing t = p->look->selected;

	switch (t.kind) {
	case THING_BYTE:
	case THING_LINE:     return t.id;
	case THING_PAGE:     return t.id << PAGE_SHIFT;
	case THING_MAPPING:  return of_mapping(p, t.id);
	case THING_STAND_IN: return of_stand_in(p->model, t.id);
	default:             return p->look->byte;
	}
}

uint64_t open_page_focus(const struct picture *p)
{
	uint64_t ram = model_shadow(p->model)->ram_bytes, pa = open_page_chosen(p);

	if (pa >= ram)
		pa = p->model->touched;
	return pa < ram ? pa : 0;
}

/* Of the page, or of the byte that matters where nobody counts who owns each. */
static const char *owner_of(const struct model *m, uint64_t page, uint64_t focus)
{
	uint32_t owned = 0;

	if (model_use(m, page >> PAGE_SHIFT) == PAGE_COHERENT)
		return "CPU, device";
	for (uint64_t i = 0; i < PAGE_SIZE; i++)
		owned += ownership_is_device(model_ownership(m), page + i);
	if (!owned)
		return device_owns(m, focus) ? "device" : "CPU";
	return owned == PAGE_SIZE ? "device" : "CPU, device";
}

/* Half a virtual address would be another one: it is there where all of it has room. */
static void draw_heading(const struct picture *p, struct rows *r, uint64_t page, uint64_t focus)
{
	char owner[32], va[32];
	bool both;

	snprintf(owner, sizeof owner, "owner %s", owner_of(p->model, page, focus));
	snprintf(va, sizeof va, "  va 0x%" PRIx64, model_va(p->model, page));
	both = text_width(owner, p->look->text) + text_width(va, p->look->text) <= r->left.w;
	scene_thing(p->scene, THING_PAGE, 0, page >> PAGE_SHIFT);
	rows_text(r, ROLE_INK, MARK_BOLD, "page 0x%" PRIx64 ": %s", page >> PAGE_SHIFT,
		  page_use_name[model_use(p->model, page >> PAGE_SHIFT)]);
	rows_text(r, ROLE_DIM, 0, "%s%s", owner, both ? va : "");
}

/* A block, or the part of it that lies in this page, on a bar as wide as the page. */
static void draw_block(const struct picture *p, struct box bar, uint64_t page,
		       const struct allocation *a)
{
	uint64_t from = a->pa > page ? a->pa - page : 0;
	uint64_t end = min_u64(a->pa + a->size - page, PAGE_SIZE);
	uint64_t asked = min_u64(a->pa + a->asked - page, end);
	float one = bar.w / (float)PAGE_SIZE;
	struct box b = { bar.x + one * (float)from, bar.y, one * (float)(end - from), bar.h };

	scene_thing(p->scene, THING_BYTE, AT_RAM, page + from);
	scene_rect(p->scene, b, ROLE_NONE, ROLE_DIM, MARK_DASH);
	if (a->pa + a->asked > page + from) {
		b.w = one * (float)(asked - from);
		scene_rect(p->scene, b, ROLE_FRESH, ROLE_INK, 0);
	}
}

static void draw_owned(const struct picture *p, struct box bar, uint64_t page)
{
	const struct ownership *o = model_ownership(p->model);
	float one = bar.w / (float)PAGE_SIZE;
	uint64_t i = 0, from;

	while (i < PAGE_SIZE) {
		for (; i < PAGE_SIZE && !ownership_is_device(o, page + i); i++)
			;
		for (from = i; i < PAGE_SIZE && ownership_is_device(o, page + i); i++)
			;
		scene_thing(p->scene, THING_BYTE, AT_RAM, page + from);
		if (from < i)
			scene_rect(p->scene, (struct box){ bar.x + one * (float)from, bar.y,
				one * (float)(i - from), bar.h }, ROLE_NONE, ROLE_DEVICE,
				MARK_DOUBLE | faded(p->look, LEGEND_OWNED));
	}
}

static void draw_blocks(const struct picture *p, struct rows *r, uint64_t page)
{
	const struct model *m = p->model;
	struct box bar = rows_take(r, rows_step(p->look));
	uint32_t drawn = 0;

	if (bar.h <= 0)
		return;
	bar.h -= 3;
	scene_thing(p->scene, THING_BYTE, AT_RAM, page);
	scene_rect(p->scene, bar, ROLE_PAPER, ROLE_EDGE, 0);
	for (uint32_t i = 0; i < m->allocation_end && drawn < BLOCKS_MAX; i++) {
		const struct allocation *a = cow_read(&m->allocations, i);

		if (!a->seq || a->kind == MEM_VMALLOC || !overlaps(a->pa, a->size, page, PAGE_SIZE))
			continue;
		draw_block(p, bar, page, a);
		drawn++;
	}
	draw_owned(p, bar, page);
}

/* What the byte of interest belongs to: a block of an allocator, a bounce buffer, a mapping. */
static void draw_whose(const struct picture *p, struct rows *r, uint64_t focus)
{
	struct allocation a = model_allocation(p->model, focus);
	const struct mapping *of = ownership_of(model_ownership(p->model), focus);
	const struct stand_in *bounce = bounce_of(p->model, focus);

	scene_thing(p->scene, THING_BYTE, AT_RAM, focus);
	if (a.seq)
		rows_text(r, ROLE_DIM, 0, "%s+%" PRIx64 ": asked %" PRIu64 " of %" PRIu64,
			  rows_wide(r, BLOCK_WIDE) ? "block " : "", a.pa & PAGE_MASK, a.asked, a.size);
	else if (bounce)
		rows_text(r, ROLE_DIM, 0, "stands in for 0x%" PRIx64,
			  bounce->pa + (focus - bounce->to));
	else if (of && of->live)
		rows_text(r, ROLE_DIM, 0, "mapped +%" PRIx64 ": %" PRIu64 " bytes",
			  of->pa & PAGE_MASK, of->size);
	else
		rows_text(r, ROLE_DIM, 0, "nobody asked for this byte");
}

static struct byte_cell byte_cell(const struct picture *p, uint64_t pa)
{
	struct dress dress = dress_of(p->look, model_age(p->model, AT_RAM, pa));

	return (struct byte_cell){ .fill = dress.fill, .marks = dress.marks,
		.value = shadow_page(model_shadow(p->model), pa)->bytes[pa & PAGE_MASK],
		.thing = thing_of(THING_BYTE, AT_RAM, pa) };
}

/* The bytes the last event wrote to RAM. False: it wrote none. */
static bool just_written(const struct model *m, uint64_t *pa, uint64_t *n, enum role *writer)
{
	const struct event *e = &m->event;

	*writer = e->kind == EV_DEV_WRITE ? ROLE_DEVICE : ROLE_CPU;
	*pa = e->kind == EV_DEV_WRITE || e->kind == EV_CPU_STORE ? e->addr2 : e->addr;
	*n = e->size;
	switch (e->kind) {
	case EV_DEV_WRITE:
	case EV_SB_DRAIN:  return true;
	case EV_CPU_STORE: return e->a == AT_RAM;
	case EV_CACHE_THROUGH:
	case EV_CACHE_WRITEBACK:
		return e->unit == model_shadow(m)->levels ||
		       !shadow_line(model_shadow(m), 2, e->addr);
	default:           return false;
	}
}

/* A row of bytes of RAM, with so many letters behind it, and where it stands. */
struct line {
	struct byte_row row;
	uint32_t letters;
	struct box b;
	uint64_t pa;
};

/* A border around those of the row that are in [from, from+size). */
static void draw_border(const struct picture *p, const struct line *l, uint64_t from,
			uint64_t size, enum role role, uint32_t marks)
{
	uint64_t start = from > l->pa ? from : l->pa, end = min_u64(from + size, l->pa + l->row.n);

	if (start < end)
		scene_rect(p->scene, (struct box){
			l->b.x + l->row.w * (float)(start - l->pa) - BORDER, l->b.y,
			l->row.w * (float)(end - start) + 2 * BORDER, l->b.h }, ROLE_NONE, role,
			marks);
}

/* Runs of bytes that the device owns have its double border. */
static void draw_owned_bytes(const struct picture *p, const struct line *l)
{
	const struct ownership *o = model_ownership(p->model);
	uint64_t run;

	for (uint64_t i = 0; i < l->row.n; i += run ? run : 1) {
		for (run = 0; i + run < l->row.n && ownership_is_device(o, l->pa + i + run); run++)
			;
		draw_border(p, l, l->pa + i, run, ROLE_DEVICE,
			    MARK_DOUBLE | faded(p->look, LEGEND_OWNED));
	}
}

/* Over the digits of a row: whose they are, what was just written, what is chosen. */
static void draw_borders(const struct picture *p, const struct line *l)
{
	uint64_t from, size;
	enum role writer;

	draw_owned_bytes(p, l);
	if (just_written(p->model, &from, &size, &writer))
		draw_border(p, l, from, size, writer, MARK_BOLD);
	if (p->look->byte != UINT64_MAX)
		draw_border(p, l, p->look->byte, 1, ROLE_INK, MARK_BOLD);
}

/* How many letters a row of n bytes has: one for each write of the bus. */
static uint32_t letters_of(uint32_t n)
{
	return n > BUS_WIDTH ? n / BUS_WIDTH : 1;
}

/* The letter of the write that the first of each 8 bytes comes from. */
static void draw_versions(const struct picture *p, const struct line *l)
{
	const struct shadow_page *page = shadow_page(model_shadow(p->model), l->pa);
	float one = p->look->text * TEXT_ADVANCE;
	char text[LINE_MAX / BUS_WIDTH + 1] = "";

	for (uint32_t i = 0; i < l->letters; i++)
		text[i] = version_letter(page->stamp[(l->pa & PAGE_MASK) + i * BUS_WIDTH]);
	scene_text(p->scene, l->b.x + l->row.w * (float)l->row.n + one * AIR,
		   l->b.y + l->b.h / 2, 0, p->look->text, ROLE_INK, 0, "%s", text);
}

/* Offset in the page, bytes, versions. */
static void draw_line(const struct picture *p, struct line l)
{
	struct byte_cell cell[LINE_MAX];
	uint32_t line = model_shadow(p->model)->line;
	float size = p->look->text;

	scene_thing(p->scene, THING_LINE, AT_RAM, l.pa);
	if (l.row.n < line && !(l.pa & (line - 1)))
		scene_line(p->scene, l.b.x, l.b.y - 0.5f, l.b.x + l.b.w, l.b.y - 0.5f, ROLE_EDGE,
			   0);
	scene_text(p->scene, l.b.x, l.b.y + l.b.h / 2, 0, size, ROLE_DIM, 0, "%03" PRIx64,
		   l.pa & PAGE_MASK);
	l.b.x += OFFSET_WIDTH * size * TEXT_ADVANCE;
	l.b.h -= 1;
	for (uint32_t i = 0; i < l.row.n; i++)
		cell[i] = byte_cell(p, l.pa + i);
	byte_row_draw(p->scene, p->look, &l.row, l.b, cell);
	scene_thing(p->scene, THING_NONE, 0, 0);
	draw_borders(p, &l);
	scene_thing(p->scene, THING_LINE, AT_RAM, l.pa);
	draw_versions(p, &l);
}

/* The longest row of bytes that has room beside its offset and with its letters. */
static struct line line_fitting(const struct picture *p, float width)
{
	float one = p->look->text * TEXT_ADVANCE, room = width - one * OFFSET_WIDTH;
	uint32_t n = (uint32_t)min_u64(model_shadow(p->model)->line, LINE_MAX);
	struct line l = { .letters = letters_of(n) };

	for (; n; n /= 2, l.letters = letters_of(n)) {
		l.row = byte_row_fit(p->look, room - one * (AIR + (float)l.letters), n);
		if (l.row.n == n)
			break;
	}
	return l;
}

/*
 * So many bytes of the page as there are rows for, in steps of that many, so that lines stay where
 * they are while a transfer runs through them.
 */
static void draw_lines(const struct picture *p, struct rows *r, uint64_t focus)
{
	struct line l = line_fitting(p, r->left.w);
	uint64_t rows = (uint64_t)(r->left.h / rows_step(p->look) + 0.01f), first;

	if (!l.row.n || !rows)
		return;
	rows = min_u64(rows, PAGE_SIZE / l.row.n);
	first = min_u64((focus & PAGE_MASK) / l.row.n / rows * rows, PAGE_SIZE / l.row.n - rows);
	l.pa = round_down(focus, PAGE_SIZE) + first * l.row.n;
	for (; rows; rows--, l.pa += l.row.n) {
		l.b = rows_take(r, rows_step(p->look));
		draw_line(p, l);
	}
}

void open_page_draw(const struct picture *p, struct box b)
{
	struct rows r = { p->scene, p->look, b };
	uint64_t focus = open_page_focus(p), page = round_down(focus, PAGE_SIZE);

	if (!inside(page, PAGE_SIZE, 0, model_shadow(p->model)->ram_bytes))
		return;
	draw_heading(p, &r, page, focus);
	if (r.left.h > 6 * rows_step(p->look)) {
		draw_blocks(p, &r, page);
		draw_whose(p, &r, focus);
	}
	if (shadow_sees(model_shadow(p->model), focus))
		draw_lines(p, &r, focus);
	else
		rows_text(&r, ROLE_DIM, 0, "accesses to this page are not watched");
}
