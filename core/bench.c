#include "bench.h"

#include <stdlib.h>
#include <string.h>

struct bench *bench_new(const struct board *board)
{
	struct bench *b = core_alloc(sizeof *b);

	trace_init(&b->trace);
	checker_init(&b->checker);
	b->checker.facts.strict = board->strict;
	machine_init(&b->machine, board, &b->trace);
	bench_settle(b);
	return b;
}

static void forget(struct snapshot *s)
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
		forget(b->history[i]);
	if (b->marked)
		forget(b->marked);
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

void bench_mark(struct bench *b)
{
	bench_settle(b);
	if (b->marked)
		forget(b->marked);
	b->marked = core_alloc(sizeof *b->marked);
	b->marked->seq = b->trace.next;
	machine_copy(&b->marked->machine, &b->machine);
	checker_copy(&b->marked->checker, &b->checker);
}

bool bench_keep(struct bench *b)
{
	struct snapshot *s = b->marked;

	b->marked = NULL;
	if (!s || s->seq == b->trace.next) {
		if (s)
			forget(s);
		return false;
	}
	if (b->steps == HISTORY_MAX) {
		forget(b->history[0]);
		memmove(b->history, b->history + 1, --b->steps * sizeof b->history[0]);
	}
	b->history[b->steps++] = s;
	return true;
}

uint32_t bench_undo(struct bench *b, uint32_t n)
{
	struct snapshot *s = NULL;
	uint32_t undone = 0;

	for (; undone < n && b->steps; undone++) {
		if (s)
			forget(s);
		s = b->history[--b->steps];
	}
	if (!s)
		return 0;
	machine_release(&b->machine);
	checker_release(&b->checker);
	machine_copy(&b->machine, &s->machine);
	checker_copy(&b->checker, &s->checker);
	trace_append(&b->trace, b->machine.hw.bus.cycle, &(struct event){ .kind = EV_UNDO, .addr = s->seq });
	bench_keyframe(b);
	b->checker.cursor.next = b->trace.next;     /* it knows all that better */
	forget(s);
	return undone;
}

void bench_keyframe(struct bench *b)
{
	machine_keyframe(&b->machine);
	for (uint32_t i = 0; i < b->checker.facts.ownership.end; i++) {
		const struct mapping *m = ownership_mapping(&b->checker.facts.ownership, i);
		struct event e = { .kind = m->coherent_memory ? EV_DMA_ALLOC : EV_DMA_MAP, .addr = m->dma,
			.addr2 = m->pa, .value = m->va, .size = (uint32_t)m->size, .a = m->dir,
			.b = b->machine.hw.board.coherent != 0, .unit = (uint16_t)m->device };

		if (!m->seq || !m->live)
			continue;
		trace_append(&b->trace, b->machine.hw.bus.cycle, &e);
		e.kind = EV_DMA_SYNC_CPU;
		if (!m->coherent_memory && !m->device_owns)
			trace_append(&b->trace, b->machine.hw.bus.cycle, &e);
	}
}
