#include "bench.h"

#include <stdlib.h>
#include <string.h>

struct bench *bench_new(const struct board *board)
{
	struct bench *b = core_alloc(sizeof *b);

	trace_init(&b->trace);
	checker_init(&b->checker);
	machine_init(&b->machine, board, &b->trace);
	bench_settle(b);
	return b;
}

void bench_forget(struct snapshot *s)
{
	machine_release(&s->machine);
	checker_release(&s->checker);
	free(s);
}

void bench_free(struct bench *b)
{
	if (!b)
		return;
	for (uint32_t i = 0; i < b->steps; i++)
		bench_forget(b->history[i]);
	if (b->marked)
		bench_forget(b->marked);
	machine_release(&b->machine);
	checker_release(&b->checker);
	trace_release(&b->trace);
	free(b);
}

void bench_settle(struct bench *b)
{
	checker_read(&b->checker, &b->trace);
	trace_trim(&b->trace, TRACE_KEEP);
}

struct snapshot *bench_snapshot(struct bench *b)
{
	struct snapshot *s = core_alloc(sizeof *s);

	bench_settle(b);
	s->seq = b->trace.next;
	machine_copy(&s->machine, &b->machine);
	checker_copy(&s->checker, &b->checker);
	return s;
}

void bench_mark(struct bench *b)
{
	if (b->marked)
		bench_forget(b->marked);
	b->marked = bench_snapshot(b);
}

static void put_back(struct bench *b, struct snapshot *s)
{
	machine_release(&b->machine);
	checker_release(&b->checker);
	machine_copy(&b->machine, &s->machine);
	checker_copy(&b->checker, &s->checker);
}

void bench_restore(struct bench *b, struct snapshot *s)
{
	put_back(b, s);
	if (s->seq >= b->trace.first)
		trace_rewind(&b->trace, s->seq);
	else
		trace_resume(&b->trace, s->seq);
	b->trace.cause = 0;
}

/* Did anything happen since? Accesses nobody watches leave no event, but they take time. */
static bool happened(const struct bench *b, const struct snapshot *s)
{
	return s->seq != b->trace.next || s->machine.hw.bus.cycle != b->machine.hw.bus.cycle;
}

bool bench_keep(struct bench *b, bool changed)
{
	struct snapshot *s = b->marked;

	b->marked = NULL;
	if (!s || !(changed || happened(b, s))) {
		if (s)
			bench_forget(s);
		return false;
	}
	if (b->steps == HISTORY_MAX) {
		bench_forget(b->history[0]);
		memmove(b->history, b->history + 1, --b->steps * sizeof b->history[0]);
	}
	b->history[b->steps++] = s;
	return true;
}

/* To whatever trace the machine tells its events. */
static void tell(struct bench *b, const struct event *e)
{
	bus_tell(&b->machine.hw.bus, e);
}

/* The runs of a mapping's bytes that are the CPU's, as syncs. */
static void tell_returned(struct bench *b, const struct mapping *m)
{
	const struct ownership *o = &b->checker.facts.ownership;
	uint64_t ram = b->checker.facts.shadow.ram_bytes, run;
	uint64_t in_ram = m->pa < ram ? min_u64(m->size, ram - m->pa) : 0;

	for (uint64_t at = 0; at < m->size; at += run ? run : 1) {
		for (run = 0;
		     at + run < in_ram && !ownership_is_device(o, m->pa + at + run);
		     run++)
			;
		if (at + run >= in_ram)
			run = m->size - at;      /* where there is no RAM no device owns any */
		if (run)
			tell(b, &(struct event){ .kind = EV_DMA_SYNC_CPU, .addr = m->dma + at,
				.addr2 = m->pa + at, .size = (uint32_t)run, .a = m->dir,
				.b = m->form, .unit = (uint16_t)m->device });
	}
}

/* Memory allocated for DMA is the CPU's at first, what is mapped is the device's. */
static void tell_mapping(struct bench *b, const struct mapping *m)
{
	bool allocated = m->form >= FORM_COHERENT;
	struct event e = { .kind = allocated ? EV_DMA_ALLOC : EV_DMA_MAP, .addr = m->dma,
		.addr2 = m->pa, .value = m->va, .size = (uint32_t)m->size, .a = m->dir,
		.b = m->form, .unit = (uint16_t)m->device };

	tell(b, &e);
	if (m->checked)
		tell(b, &(struct event){ .kind = EV_DMA_CHECK, .addr = m->dma,
			.unit = (uint16_t)m->device });
	e.kind = EV_DMA_SYNC_DEVICE;
	if (allocated && !m->coherent_memory && m->device_owns)
		tell(b, &e);
	if (!m->coherent_memory && m->form != FORM_RESOURCE &&
	    (m->bounced || ownership_counts(&b->checker.facts)) && (m->device_owns || !allocated))
		tell_returned(b, m);
}

/* For whoever arrives late. All of it has one cause: these are no new calls of the driver. */
static void tell_state(struct bench *b)
{
	const struct ownership *o = &b->checker.facts.ownership;
	struct trace *t = b->machine.hw.bus.trace;
	struct event e;
	uint64_t at = 0;

	t->cause = t->next;
	machine_keyframe(&b->machine);
	for (uint32_t i = 0; i < o->end; i++)
		if (ownership_mapping(o, i)->live)
			tell_mapping(b, ownership_mapping(o, i));
	while (pools_retell(&b->checker.facts.pools, &at, &e))
		tell(b, &e);
	t->cause = 0;
}

/* The checker is left out: it knows all that better. */
static void tell_readers(struct bench *b)
{
	tell_state(b);
	b->checker.cursor.next = b->trace.next;
}

uint32_t bench_undo(struct bench *b, uint32_t n)
{
	struct snapshot *s = NULL;
	uint32_t undone = 0;

	for (; undone < n && b->steps; undone++) {
		if (s)
			bench_forget(s);
		s = b->history[--b->steps];
	}
	if (!s)
		return 0;
	put_back(b, s);
	tell(b, &(struct event){ .kind = EV_UNDO, .addr = s->seq });
	tell_readers(b);
	bench_forget(s);
	return undone;
}

void bench_keyframe(struct bench *b)
{
	bench_settle(b);
	tell_readers(b);
}

void bench_retell(struct bench *b, struct trace *t)
{
	bench_settle(b);
	b->machine.hw.bus.trace = t;
	tell_state(b);
	b->machine.hw.bus.trace = &b->trace;
}
