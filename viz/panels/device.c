/*
 * The devices. The one that acted last (or the selected one) is open: its transfer, its last
 * register access, its ring, its interrupt line and its own bytes. The others have a line each.
 */
#include "viz/panel.h"
#include "viz/rows.h"
#include "viz/words.h"

#include <inttypes.h>
#include <math.h>

#define REGISTERS 0xfffffu   /* of a device's addresses: which register (hw/bus.h, DEVICE_WINDOW) */
#define BYTES_MAX 16         /* of its own memory, in a row */
#define RING_WIDE 19         /* characters of "ring 0x80100000+200" */
#define CELL_MIN  4.0f       /* width of a descriptor, points */

static uint64_t last_act(const struct device_model *d)
{
	uint64_t last = d->start;

	if (d->registers.seq > last)
		last = d->registers.seq;
	return d->descriptor.seq > last ? d->descriptor.seq : last;
}

/* The selected device, else the one of the last event, else the one that acted last. */
static uint32_t open_device(const struct picture *p)
{
	const struct model *m = p->model;
	const struct thing *selected = &p->look->selected;
	uint32_t open = 0;

	if (selected->kind == THING_DEVICE && selected->unit < m->devices)
		return selected->unit;
	if (m->event.kind < EV_COUNT && event_info[m->event.kind].lane == LANE_DEVICE &&
	    m->event.unit < m->devices)
		return m->event.unit;
	for (uint32_t i = 1; i < m->devices; i++)
		if (last_act(&m->device[i]) > last_act(&m->device[open]))
			open = i;
	return open;
}

/* How far it has come: a bar that fills. */
static void draw_progress(const struct picture *p, struct rows *r, const struct device_model *d)
{
	struct box b = rows_take(r, rows_step(p->look));
	float part = d->size ? (float)d->moved / (float)d->size : 0;

	if (b.h <= 0)
		return;
	b.h -= 3;
	scene_rect(p->scene, b, ROLE_PAPER, ROLE_DEVICE, 0);
	scene_rect(p->scene, (struct box){ b.x, b.y, b.w * fminf(part, 1), b.h }, ROLE_DEVICE,
		   ROLE_NONE, faded(p->look, LEGEND_DEVICE));
}

static void draw_transfer(const struct picture *p, struct rows *r, const struct device_model *d)
{
	bool reads = d->dir == DMA_TO_DEVICE;

	if (!d->start) {
		rows_text(r, ROLE_DIM, 0, "no transfer yet");
		return;
	}
	rows_text(r, ROLE_INK, 0, "%s %" PRIu64 " of %" PRIu64, reads ? "reads" : "writes",
		  d->moved, d->size);
	rows_text(r, ROLE_INK, 0, "%s 0x%" PRIx64, reads ? "from" : "to", d->dma);
	draw_progress(p, r, d);
}

static void draw_registers(struct rows *r, const struct event *e)
{
	if (!e->seq)
		return;
	rows_text(r, ROLE_DIM, 0, "register %" PRIx64, e->addr & REGISTERS);
	rows_text(r, ROLE_INK, 0, "CPU %s 0x%" PRIx64, e->kind == EV_MMIO_WRITE ? "wrote" : "read",
		  e->value);
}

/* A cell for each descriptor of a ring; the one that was last taken or given back is marked. */
static void draw_descriptors(const struct picture *p, struct rows *r, const struct event *e,
			     uint64_t dma, uint64_t size)
{
	uint64_t n = e->size ? size / e->size : 0;
	struct box b = { r->left.x, r->left.y, r->left.w / (float)(n ? n : 1), rows_step(p->look) };
	bool taken = e->kind == EV_DEV_TAKE;

	if (!n || b.w < CELL_MIN || !inside(e->addr, 1, dma, size) || rows_take(r, b.h).h <= 0)
		return;
	b.w = fminf(b.w, 2 * p->look->text);
	for (uint64_t i = 0; i < n; i++) {
		bool last = i == (e->addr - dma) / e->size;

		scene_rect(p->scene, (struct box){ b.x + b.w * (float)i, b.y, b.w - 1, b.h - 3 },
			   last ? ROLE_FRESH : ROLE_PAPER, !last ? ROLE_EDGE : taken ? ROLE_DEVICE :
			   ROLE_CPU, !last ? 0 : taken ? MARK_DOUBLE : MARK_BOLD);
	}
}

static void draw_rings(const struct picture *p, struct rows *r, const struct device_model *d)
{
	const struct event *e = &d->descriptor;
	bool taken = e->kind == EV_DEV_TAKE;

	for (uint32_t i = 0; i < MODEL_RINGS; i++) {
		if (!d->ring[i].size)
			continue;
		rows_text(r, ROLE_INK, 0, rows_wide(r, RING_WIDE) ? "ring 0x%" PRIx64 "+%" PRIx64 :
			  "ring 0x%" PRIx64, d->ring[i].dma, d->ring[i].size);
		draw_descriptors(p, r, e, d->ring[i].dma, d->ring[i].size);
	}
	if (!e->seq)
		return;
	rows_text(r, ROLE_INK, 0, "%s 0x%" PRIx64, taken ? "took" : "gave", e->addr);
	rows_text(r, ROLE_DIM, 0, "OWN: the %s", taken ? "device's" : "CPU's");
}

static void draw_interrupt(const struct picture *p, struct rows *r, uint32_t unit)
{
	const struct device_model *d = &p->model->device[unit];
	bool runs = p->model->context == CONTEXT_IRQ && p->model->handler == unit;

	rows_text(r, d->irq_up ? ROLE_INK : ROLE_DIM, d->irq_up ? MARK_BOLD : 0, "interrupt %s",
		  d->irq_up ? "up" : "down");
	rows_text(r, runs ? ROLE_INK : ROLE_DIM, 0, "%s", runs ? "the handler runs" :
		  d->irq_wanted ? "has a handler" : "no handler");
}

/* Bytes as many as there are rows for, with `keep` points left free below. */
static void draw_bytes(const struct picture *p, struct rows *r, const uint8_t *bytes, uint64_t n,
		       float keep)
{
	struct byte_row row = byte_row_fit(p->look, r->left.w, BYTES_MAX);
	struct byte_cell cell[BYTES_MAX] = { { 0 } };
	float step = rows_step(p->look);

	if (!row.n)
		return;
	for (uint64_t at = 0; r->left.h >= keep + step && at < n; at += row.n) {
		row.n = (uint32_t)min_u64(row.n, n - at);
		for (uint32_t i = 0; i < row.n; i++)
			cell[i] = (struct byte_cell){ .value = bytes[at + i], .fill = ROLE_FRESH };
		byte_row_draw(p->scene, p->look, &row, rows_take(r, step), cell);
	}
}

/* Its memory, from the first row with a byte that is not zero to the last such byte. */
static void draw_memory(const struct picture *p, struct rows *r, const uint8_t *bytes, float keep)
{
	uint64_t first = 0, end = DEVICE_BUFFER;

	while (end && !bytes[end - 1])
		end--;
	while (first < end && !bytes[first])
		first++;
	first = round_down(first, BYTES_MAX);
	if (!end)
		rows_text(r, ROLE_DIM, 0, "own memory empty");
	else
		rows_text(r, ROLE_DIM, 0, "own memory +%" PRIx64, first);
	draw_bytes(p, r, bytes + first, end - first, keep);
}

/* What its transfer has read; of one that writes, where it takes that from. */
static void draw_data(const struct picture *p, struct rows *r, uint32_t unit, float keep)
{
	const struct device_model *d = &p->model->device[unit];

	if (r->left.h < keep + 2 * rows_step(p->look))
		return;
	if (d->start && d->dir == DMA_TO_DEVICE) {
		rows_text(r, ROLE_DIM, 0, "it has read");
		draw_bytes(p, r, model_received(p->model, unit), min_u64(d->moved, DEVICE_BUFFER),
			   keep);
	} else {
		draw_memory(p, r, model_buffer(p->model, unit), keep);
	}
}

static void draw_open(const struct picture *p, struct rows *r, uint32_t unit, float keep)
{
	const struct device_model *d = &p->model->device[unit];

	scene_thing(p->scene, THING_DEVICE, unit, unit);
	rows_text(r, ROLE_DEVICE, MARK_BOLD, "%s%s", words_device(unit), d->busy ? ", busy" : "");
	draw_transfer(p, r, d);
	draw_registers(r, &d->registers);
	draw_rings(p, r, d);
	draw_interrupt(p, r, unit);
	draw_data(p, r, unit, keep);
}

static void draw_closed(const struct picture *p, struct rows *r, uint32_t unit)
{
	const struct device_model *d = &p->model->device[unit];

	scene_thing(p->scene, THING_DEVICE, unit, unit);
	rows_text(r, ROLE_DIM, 0, "%s: %s%s", words_device(unit), d->busy ? "busy" : "idle",
		  d->irq_up ? ", interrupt" : "");
}

void panel_device(const struct picture *p, struct box b)
{
	const struct model *m = p->model;
	struct rows r = { p->scene, p->look, b };
	uint32_t open = open_device(p), others = 0;

	if (!m->devices || !m->device[open].told) {
		rows_text(&r, ROLE_DIM, 0, "no device has");
		rows_text(&r, ROLE_DIM, 0, "done anything yet");
		return;
	}
	for (uint32_t i = 0; i < m->devices; i++)
		others += i != open && m->device[i].told;
	draw_open(p, &r, open, (float)others * rows_step(p->look));
	for (uint32_t i = 0; i < m->devices; i++)
		if (i != open && m->device[i].told)
			draw_closed(p, &r, i);
}
