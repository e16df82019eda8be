#include "viz/panels/bus.h"
#include "viz/rows.h"
#include "viz/words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define STILL 0.5f           /* where a pill stands that does not move */
#define LOW   3.0f           /* below the panels: half of the gap there */
#define HEAD  12.0f          /* of the arrow that ends a way below the panels */
#define BESIDE 4.0f          /* between a pill and its way */
#define AWAY_STEP 6.0f       /* places of a pill that are tried, points */
#define AWAY_MOST 240.0f
#define WORDS_COST 20.0f     /* of a square point of words, in points farther off */
#define HAS_WIDE 13           /* characters of "crypto has it" and "crypto writes" */
#define PAD   12.0f          /* inside a pill, left and right */

/* From where to where the bytes of an event go, and which. */
struct transfer {
	enum panel from, to;
	enum role role;          /* who moves them */
	struct thing source, target;     /* the line or page itself, where it is drawn */
	uint64_t pa, size;       /* of the bytes that move */
	char what[40], value[40];        /* address; value, or how many bytes */
};

static struct thing page_of(uint64_t pa)
{
	return thing_of(THING_PAGE, 0, pa >> PAGE_SHIFT);
}

static struct thing line_of(const struct model *m, uint32_t level, uint64_t pa)
{
	return thing_of(THING_LINE, AT_RAM + level, round_down(pa, model_shadow(m)->line));
}

static enum panel panel_of(uint32_t level)
{
	return level == 2 ? PANEL_L2 : PANEL_L1;
}

/* What the pill says: where the bytes are, and what they are when an event has them all. */
static void set_words(struct transfer *t, const char *what, uint64_t addr, const struct event *e)
{
	t->pa = addr;
	t->size = e->size ? e->size : 1;
	snprintf(t->what, sizeof t->what, "%s0x%" PRIx64, what, addr);
	if (e->size <= 8 && *event_info[e->kind].field[FIELD_VALUE])
		snprintf(t->value, sizeof t->value, "= %" PRIx64, e->value);
	else
		snprintf(t->value, sizeof t->value, "%" PRIu32 " bytes", e->size);
}

/* Between a cache and what lies below it, which is RAM when the second level lacks the line. */
static void line_moves(struct transfer *t, const struct model *m, const struct event *e, bool up)
{
	bool second = e->unit == 1 && shadow_line(model_shadow(m), 2, e->addr);
	enum panel below = second ? PANEL_L2 : PANEL_RAM;
	struct thing there = second ? line_of(m, 2, e->addr) : page_of(e->addr);
	struct thing here = line_of(m, e->unit, e->addr);

	*t = up ? (struct transfer){ .from = below, .to = panel_of(e->unit), .source = there,
				     .target = here, .role = ROLE_CPU }
		: (struct transfer){ .from = panel_of(e->unit), .to = below, .source = here,
				     .target = there, .role = ROLE_CPU };
	set_words(t, e->kind == EV_CACHE_THROUGH ? "" : "line ", e->addr, e);
}

static void device_moves(struct transfer *t, const struct event *e, bool write)
{
	struct thing page = page_of(e->addr2);

	*t = write ? (struct transfer){ .from = PANEL_DEVICE, .to = PANEL_RAM, .target = page,
					.role = ROLE_DEVICE }
		: (struct transfer){ .from = PANEL_RAM, .to = PANEL_DEVICE, .source = page,
				     .role = ROLE_DEVICE };
	set_words(t, "", e->addr2, e);
}

/* A load or store: with the line, where there is one, else with RAM or with a device itself. */
static bool access_moves(struct transfer *t, const struct model *m, const struct event *e, bool out)
{
	uint32_t level = e->a == AT_L2 || e->a == AT_RAM ? 1 : e->a;
	bool line = e->a <= AT_L2 && shadow_line(model_shadow(m), level, e->addr2);
	struct thing there = line ? line_of(m, level, e->addr2) : page_of(e->addr2);
	enum panel panel = line ? panel_of(level) : e->a == AT_L2 ? PANEL_L2 : PANEL_RAM;

	if (e->a == AT_STORE_BUFFER || e->a == AT_DEVICE || e->a == AT_EARLY)
		return false;
	*t = out ? (struct transfer){ .from = PANEL_CPU, .to = panel, .target = there,
				      .role = ROLE_CPU }
		: (struct transfer){ .from = panel, .to = PANEL_CPU, .source = there,
				     .role = ROLE_CPU };
	set_words(t, "", e->addr2, e);
	return true;
}

static void register_moves(struct transfer *t, const struct event *e, bool out)
{
	*t = (struct transfer){ .from = out ? PANEL_CPU : PANEL_DEVICE,
				.to = out ? PANEL_DEVICE : PANEL_CPU, .role = ROLE_CPU };
	set_words(t, "", e->addr, e);
}

static void bounce_moves(struct transfer *t, const struct event *e)
{
	*t = (struct transfer){ .from = PANEL_RAM, .to = PANEL_RAM, .source = page_of(e->addr),
				.target = page_of(e->addr2), .role = ROLE_CPU };
	set_words(t, "to ", e->addr2, e);
}

/* What the last event moved. False: nothing went anywhere. */
static bool find_transfer(const struct model *m, struct transfer *t)
{
	const struct event *e = &m->event;
	bool ram = e->addr < model_shadow(m)->ram_bytes;

	switch (e->kind) {
	case EV_CPU_LOAD:        return access_moves(t, m, e, false);
	case EV_CPU_STORE:       return access_moves(t, m, e, true);
	case EV_CACHE_FILL:      line_moves(t, m, e, true); return true;
	case EV_CACHE_WRITEBACK:
	case EV_CACHE_THROUGH:   line_moves(t, m, e, false); return true;
	case EV_SB_DRAIN:
	case EV_MMIO_WRITE:      register_moves(t, e, true); break;
	case EV_MMIO_READ:       register_moves(t, e, false); break;
	case EV_DEV_READ:        device_moves(t, e, false); return true;
	case EV_DEV_WRITE:       device_moves(t, e, true); return true;
	case EV_BOUNCE_COPY:     bounce_moves(t, e); return true;
	default:                 return false;
	}
	if (e->kind == EV_SB_DRAIN && ram) {
		t->to = PANEL_RAM;
		t->target = page_of(e->addr);
	}
	return true;
}

static bool holds(struct box outer, struct box b)
{
	return b.x >= outer.x && b.y >= outer.y && b.x + b.w <= outer.x + outer.w + 1 &&
		b.y + b.h <= outer.y + outer.h + 1;
}

/* Does this stand for it? Of pages a cell stands for several: any from its first page on. */
static bool stands_for(struct thing drawn, struct thing t)
{
	if (t.kind == THING_PAGE)
		return drawn.kind == THING_PAGE && drawn.board == t.board && drawn.id <= t.id;
	return same_thing(drawn, t);
}

/*
 * Where the thing itself is drawn in its panel; w 0: nowhere. Of several places it is the one drawn
 * last, which is the one from near.
 */
static struct box find_drawn(const struct picture *p, enum panel panel, struct thing t)
{
	const struct prim *best = NULL;

	t.board = p->scene->board;
	for (uint32_t i = 0; i < p->scene->count && t.kind != THING_NONE; i++) {
		const struct prim *drawn = &p->scene->prim[i];

		if (drawn->shape == SHAPE_RECT && stands_for(drawn->thing, t) &&
		    holds(p->box[panel], drawn->box) &&
		    (!best || drawn->thing.id >= best->thing.id))
			best = drawn;
	}
	return best ? best->box : (struct box){ 0 };
}

static struct box around(struct box a, struct box b)
{
	float x = fminf(a.x, b.x), y = fminf(a.y, b.y);
	float right = fmaxf(a.x + a.w, b.x + b.w), bottom = fmaxf(a.y + a.h, b.y + b.h);

	return (struct box){ x, y, right - x, bottom - y };
}

/* The bytes themselves where they are shown, else what they are part of. */
static struct box find_end(const struct picture *p, enum panel panel, struct thing t,
			   const struct transfer *moved)
{
	uint8_t copy = t.kind == THING_LINE ? t.unit : AT_RAM;
	struct box first = { 0 }, last;

	if (t.kind == THING_LINE || (t.kind == THING_PAGE && t.id == moved->pa >> PAGE_SHIFT))
		first = find_drawn(p, panel, thing_of(THING_BYTE, copy, moved->pa));
	if (first.w <= 0)
		return find_drawn(p, panel, t);
	last = find_drawn(p, panel,
			  thing_of(THING_BYTE, copy, moved->pa + moved->size - 1));
	return last.w > 0 ? around(first, last) : first;
}

/* A panel that is left out stands at the edge of the row it would be in. */
static struct box panel_box(const struct picture *p, enum panel panel)
{
	struct box b = p->box[panel], row = p->box[PANEL_L1];

	if (b.w > 0 || panel == PANEL_L2)
		return b.w > 0 ? b : row;
	return (struct box){ panel == PANEL_CPU ? row.x : p->box[PANEL_RAM].x + p->box[PANEL_RAM].w,
			     p->box[PANEL_RAM].y, 1, p->box[PANEL_RAM].h };
}

static float clamp(float x, float low, float high)
{
	return fmaxf(low, fminf(x, high));
}

/* The edges that face each other: sideways, or above and below where they overlap. */
static struct box path(struct box a, struct box b)
{
	float ax = a.x + a.w / 2, bx = b.x + b.w / 2, ay = a.y + a.h / 2, by = b.y + b.h / 2;

	if (b.x >= a.x + a.w || b.x + b.w <= a.x) {
		ax = b.x >= a.x + a.w ? a.x + a.w : a.x;
		bx = b.x >= a.x + a.w ? b.x : b.x + b.w;
	} else {
		ay = by >= ay ? a.y + a.h : a.y;
		by = b.y + b.h / 2 >= ay ? b.y : b.y + b.h;
	}
	return (struct box){ ax, ay, bx - ax, by - ay };
}

/*
 * From where to where it goes, in points. What is not drawn itself is a place at its panel's edge
 * as high as the other end.
 */
static struct box way(const struct picture *p, const struct transfer *t)
{
	struct box from = find_end(p, t->from, t->source, t);
	struct box to = find_end(p, t->to, t->target, t);
	struct box a = panel_box(p, t->from), b = panel_box(p, t->to);
	float low = p->look->text, y = from.w > 0 ? from.y + from.h / 2 :
		to.w > 0 ? to.y + to.h / 2 : a.y + a.h / 2;

	if (from.w <= 0)
		from = (struct box){ a.x, clamp(y, a.y + low, a.y + a.h - low), a.w, 0 };
	if (to.w <= 0)
		to = (struct box){ b.x, clamp(y, b.y + low, b.y + b.h - low), b.w, 0 };
	return path(from, to);
}

/* A register's way, between CPU and device: below the panels, so that it covers none of them. */
static struct box draw_low_way(const struct picture *p, const struct transfer *t)
{
	struct box a = panel_box(p, t->from), b = panel_box(p, t->to);
	float y = a.y + a.h + LOW, from = a.x + a.w / 2, to = b.x + b.w / 2;

	scene_line(p->scene, from, y - 2 * LOW, from, y, t->role, MARK_BOLD);
	scene_line(p->scene, from, y, to, y, t->role, MARK_BOLD);
	scene_arrow(p->scene, to, y, to, y - HEAD, t->role);
	return (struct box){ from, y, to - from, 0 };
}

static struct box draw_way(const struct picture *p, const struct transfer *t)
{
	struct box b;

	if ((t->from == PANEL_CPU && t->to == PANEL_DEVICE) ||
	    (t->from == PANEL_DEVICE && t->to == PANEL_CPU))
		return draw_low_way(p, t);
	b = way(p, t);
	scene_arrow(p->scene, b.x, b.y, b.x + b.w, b.y + b.h, t->role);
	return b;
}

/* How much of the words on the picture a box would cover: square points. */
static float covered(const struct scene *s, struct box b)
{
	float all = 0;

	for (uint32_t i = 0; i < s->count; i++) {
		const struct prim *q = &s->prim[i];
		float w = fminf(b.x + b.w, q->box.x + q->box.w) - fmaxf(b.x, q->box.x);
		float h = fminf(b.y + b.h, q->box.y + q->box.h) - fmaxf(b.y, q->box.y);

		if (q->shape == SHAPE_TEXT && w > 0 && h > 0)
			all += w * h;
	}
	return all;
}

/* A pill w wide and h high, this far from where it is on its way, inside the picture. */
static struct box pill_at(const struct picture *p, struct box on, float phase, struct box off)
{
	struct box row = p->box[PANEL_L1];
	float x = on.x + on.w * phase + off.x, y = on.y + on.h * phase + off.y;

	return (struct box){ clamp(x, 0, p->scene->width - off.w), fmaxf(y, row.y), off.w, off.h };
}

/* The better of two places beside the way, by words covered and then by nearness. */
static void try_place(const struct picture *p, struct box on, struct box off, struct box *best,
		      float *least)
{
	float bottom = p->box[PANEL_RAM].y + p->box[PANEL_RAM].h, away = fabsf(off.y + off.h / 2);
	struct box b = pill_at(p, on, STILL, off);
	float cost = WORDS_COST * covered(p->scene, b) + away + fabsf(off.x + off.w / 2) / 4;

	if (b.y + b.h > bottom || cost >= *least)
		return;
	*least = cost;
	*best = off;
}

/*
 * Where a pill rides, beside its way: near it, and where it covers no words when it is half way. Of
 * a way that is shorter than the pill it may stand left or right as well.
 */
static struct box find_place(const struct picture *p, struct box on, float w, float h)
{
	bool level = fabsf(on.w) >= fabsf(on.h), shorter = level && fabsf(on.w) < w;
	float side = shorter ? (w + fabsf(on.w)) / 2 + BESIDE : 0, least = INFINITY;
	struct box best = { 0 };

	for (float away = 0; away <= AWAY_MOST; away += AWAY_STEP)
		for (int x = -1; x <= 1; x += shorter ? 1 : 2)
			for (int y = -1; y <= 1; y += 2) {
				float up = level ? (float)y * (away + BESIDE) - (y < 0 ? h : 0) :
					(float)y * away - h / 2;
				float left = level ? (float)x * side - w / 2 :
					(float)x * BESIDE - (x < 0 ? w : 0);

				try_place(p, on, (struct box){ left, up, w, h }, &best, &least);
			}
	return best;
}

/* From a pill that found its place farther off, to its way. */
static void draw_tether(const struct picture *p, struct box b, float x, float y, enum role role)
{
	float from_x = clamp(x, b.x + PAD, b.x + b.w - PAD), from_y = clamp(y, b.y, b.y + b.h);

	if (fabsf(from_y - y) > 2 * BESIDE)
		scene_line(p->scene, from_x, from_y, x, y, role, 0);
}

/* It rides beside its way, so that the arrow is seen however short it is. */
static void draw_pill(const struct picture *p, const struct transfer *t, struct box on, float phase)
{
	float size = p->look->text, step = size * 1.2f;
	float w = fmaxf(text_width(t->what, size), text_width(t->value, size)) + 2 * PAD;
	struct box b = pill_at(p, on, phase, find_place(p, on, w, 2 * step + 6));
	enum role ink = role_ink(p->look->theme, t->role);

	draw_tether(p, b, on.x + on.w * phase, on.y + on.h * phase, t->role);
	scene_rect(p->scene, b, t->role, ROLE_PAPER, MARK_ROUND | MARK_BOLD);
	b.h = step;
	b.y += 3;
	scene_label(p->scene, b, size, ink, MARK_BOLD, "%s", t->what);
	b.y += step;
	scene_label(p->scene, b, size, ink, MARK_BOLD, "%s", t->value);
}

void bus_draw_transfer(const struct picture *p)
{
	const struct look *look = p->look;
	float phase = look->reduced ? STILL : clamp(look->phase, 0, 1);
	struct transfer t;
	struct box b;

	if (p->model->event.kind == EV_COUNT || !find_transfer(p->model, &t))
		return;
	scene_thing(p->scene, THING_EVENT, 0, player_at(p->player));
	p->scene->marks = (uint8_t)faded(look, t.role == ROLE_CPU ? LEGEND_CPU : LEGEND_DEVICE);
	b = draw_way(p, &t);
	draw_pill(p, &t, b, phase);
	p->scene->marks = 0;
}

static void holder_row(struct rows *r, const struct picture *p)
{
	struct transfer t;

	if (p->model->event.kind == EV_COUNT || !find_transfer(p->model, &t))
		rows_text(r, ROLE_DIM, 0, "free");
	else if (t.role == ROLE_DEVICE)
		rows_text(r, ROLE_DEVICE, MARK_BOLD, rows_wide(r, HAS_WIDE) ? "%s has it" : "%s",
			  words_device(p->model->event.unit));
	else
		rows_text(r, ROLE_CPU, MARK_BOLD, "CPU has it");
}

/* A transfer that runs: which way, how many of its bytes, and the same as a bar. */
static void running_rows(struct rows *r, const struct picture *p, uint32_t unit)
{
	const struct device_model *d = &p->model->device[unit];
	float done = d->size ? clamp((float)d->moved / (float)d->size, 0, 1) : 0;
	struct box bar;

	scene_thing(p->scene, THING_DEVICE, unit, unit);
	rows_take(r, p->look->text * 0.4f);
	rows_text(r, ROLE_INK, 0, rows_wide(r, HAS_WIDE) ? "%s %s" : "%.0s%s", words_device(unit),
		  d->dir == DMA_TO_DEVICE ? "reads" : "writes");
	rows_text(r, ROLE_INK, 0, "%" PRIu64 " of %" PRIu64, d->moved, d->size);
	bar = rows_take(r, p->look->text * 0.7f);
	if (bar.h <= 0)
		return;
	bar.h -= 3;
	scene_rect(p->scene, bar, ROLE_FRESH, ROLE_EDGE, 0);
	bar.w *= done;
	if (bar.w > 0)
		scene_rect(p->scene, bar, ROLE_DEVICE, ROLE_NONE, faded(p->look, LEGEND_DEVICE));
}

void panel_bus(const struct picture *p, struct box b)
{
	struct rows r = { p->scene, p->look, b };

	holder_row(&r, p);
	for (uint32_t unit = 0; unit < p->model->devices; unit++)
		if (p->model->device[unit].busy)
			running_rows(&r, p, unit);
}
