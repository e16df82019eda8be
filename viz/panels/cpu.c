/* The CPU: its last access, what it is doing, and the stores that have not left yet. */
#include "viz/beside.h"
#include "viz/panels/cache.h"
#include "viz/rows.h"
#include "viz/words.h"

#include <inttypes.h>

#define VALUE_WIDE   18      /* characters of the longest value in one piece */
#define ADDRESS_WIDE 13      /* of "at " and the longest address but few */
#define BUFFER_WIDE  15      /* of "to store buffer" */
#define HANDLER_WIDE 17      /* of "handler of crypto" */
#define CONTEXT_WIDE 15      /* of "process context" */
#define IRQS_WIDE    14      /* of "interrupts off" */

static bool in_one_piece(const struct rows *r, uint64_t value)
{
	return value <= UINT32_MAX || rows_wide(r, VALUE_WIDE);
}

/* A number of up to 16 digits, in two halves where the panel is narrow. */
static void value_rows(struct rows *r, enum role role, uint32_t marks, uint64_t value)
{
	if (in_one_piece(r, value)) {
		rows_text(r, role, marks, "0x%" PRIx64, value);
		return;
	}
	rows_text(r, role, marks, "0x%" PRIx32, (uint32_t)(value >> 32));
	rows_text(r, role, marks, "  %08" PRIx32, (uint32_t)value);
}

static bool differs(const struct picture *p)
{
	return p->other && beside_reads_differ(p->model, p->other);
}

static const char *answerer(const struct event *e, bool narrow)
{
	static const char *const from[WHERE_COUNT] = {
		"from RAM", "from L1", "from L2", "from store buffer", "from device",
		"read early" };
	static const char *const to[WHERE_COUNT] = {
		"to RAM", "to L1", "to L2", "to store buffer", "to device", "" };

	return e->a >= WHERE_COUNT ? "" : e->kind == EV_CPU_LOAD ? from[e->a] :
		e->a == AT_STORE_BUFFER && narrow ? "to the buffer" : to[e->a];
}

static void outcome_rows(struct rows *r, const struct model *m)
{
	for (uint32_t level = 1; level <= model_shadow(m)->levels; level++) {
		enum outcome o = cache_outcome(m, level);

		if (o != OUTCOME_NONE)
			rows_text(r, ROLE_INK, 0, "%s L%" PRIu32 " %s", outcome_mark(o), level,
				  outcome_word(o));
	}
}

/* Behind so many of the next rows, as far as they have room. */
static void draw_warning(const struct rows *r, uint32_t rows)
{
	struct box b = { r->left.x - 3, r->left.y, r->left.w + 6,
			 (float)rows * rows_step(r->look) };

	if (b.h <= r->left.h)
		scene_rect(r->scene, b, ROLE_WARN, ROLE_NONE, 0);
}

static void access_rows(struct rows *r, const struct picture *p)
{
	const struct event *e = &p->model->access;
	bool now = p->model->event.seq == e->seq;

	if (e->kind == EV_COUNT) {
		rows_text(r, ROLE_DIM, 0, "no access yet");
		return;
	}
	if (e->addr2 < model_shadow(p->model)->ram_bytes)
		scene_thing(p->scene, THING_BYTE, AT_RAM, e->addr2);
	rows_text(r, ROLE_CPU, now ? MARK_BOLD : 0, "%s %" PRIu32 " %s",
		  e->kind == EV_CPU_LOAD ? "load" : "store", e->size,
		  e->size == 1 ? "byte" : "bytes");
	rows_text(r, ROLE_INK, 0, "%s0x%" PRIx64, rows_wide(r, ADDRESS_WIDE) ? "at " : "",
		  e->addr2);
	if (differs(p))
		draw_warning(r, in_one_piece(r, e->value) ? 1 : 2);
	value_rows(r, differs(p) ? role_ink(p->look->theme, ROLE_WARN) : ROLE_INK, MARK_BOLD,
		   e->value);
	rows_text(r, ROLE_INK, 0, "%s", answerer(e, !rows_wide(r, BUFFER_WIDE)));
	outcome_rows(r, p->model);
	scene_thing(p->scene, THING_PANEL, 0, PANEL_CPU);
}

static void context_rows(struct rows *r, const struct model *m)
{
	rows_take(r, r->look->text * 0.5f);
	if (m->context == CONTEXT_IRQ)
		rows_text(r, ROLE_INK, 0,
			  rows_wide(r, HANDLER_WIDE) ? "handler of %s" : "handler, %s",
			  words_device(m->handler));
	else
		rows_text(r, m->context == CONTEXT_ATOMIC ? ROLE_INK : ROLE_DIM, 0, "%s%s",
			  m->context == CONTEXT_ATOMIC ? "atomic" : "process",
			  rows_wide(r, CONTEXT_WIDE) ? " context" : "");
	rows_text(r, m->irqs_off ? ROLE_INK : ROLE_DIM, 0, "%s %s",
		  rows_wide(r, IRQS_WIDE) ? "interrupts" : "irqs", m->irqs_off ? "off" : "on");
	if (m->event.kind == EV_CPU_BARRIER)
		rows_text(r, ROLE_CPU, MARK_BOLD, "barrier %s", event_word(&m->event, FIELD_A));
	else
		rows_take(r, rows_step(r->look));
}

static void store_row(struct rows *r, const struct picture *p, uint32_t i)
{
	const struct shadow_store *store = &model_shadow(p->model)->store[i];
	float step = rows_step(r->look);
	struct box b = rows_take(r, 2 * step + 5);
	struct rows in = { r->scene, r->look, { b.x + 5, b.y + 1, b.w - 8, b.h } };

	if (b.h <= 0)
		return;
	scene_thing(p->scene, THING_STORE, 0, i);
	scene_rect(p->scene, (struct box){ b.x, b.y, b.w, b.h - 3 }, ROLE_FRESH, ROLE_CPU,
		   faded(p->look, LEGEND_CPU));
	rows_text(&in, ROLE_INK, 0, "0x%" PRIx64, store->pa);
	rows_text(&in, ROLE_INK, 0, "= %" PRIx64, store->value);
}

/* The queue: the store that leaves next stands first. */
static void store_buffer_rows(struct rows *r, const struct picture *p)
{
	uint32_t stores = model_shadow(p->model)->stores;

	rows_take(r, r->look->text * 0.5f);
	rows_text(r, ROLE_INK, MARK_BOLD, "store buffer");
	if (!stores)
		rows_text(r, ROLE_DIM, 0, "empty");
	for (uint32_t i = 0; i < stores; i++)
		store_row(r, p, i);
}

void panel_cpu(const struct picture *p, struct box b)
{
	struct rows r = { p->scene, p->look, b };
	float access = 8 * rows_step(p->look);
	struct rows top = r;

	top.left.h = access < b.h ? access : b.h;
	r.left.y += top.left.h;
	r.left.h -= top.left.h;
	access_rows(&top, p);
	context_rows(&r, p->model);
	store_buffer_rows(&r, p);
}
