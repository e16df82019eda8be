#pragma once
/*
 * Names every broken rule of the DMA API that shows in the trace (rules.def).
 *
 * It reads events alone: a shadow of every copy of every byte, the live mappings with their owner,
 * what the allocators handed out. It never changes a result. A violation is reported once per
 * cause (one transfer, one handover, one call), not once per byte, and counts how often.
 */
#include "watch/dma_debug.h"
#include "watch/order.h"
#include "watch/rules.h"

struct checker {
	struct cursor cursor;
	uint64_t lost;               /* events trimmed before they were read */
	struct facts facts;
	struct order order;
	struct dma_debug dma_debug;
	uint8_t deaf[EV_COUNT];      /* by kind: a bit for each reader that has no use for it */
};

void checker_init(struct checker *c);
void checker_release(struct checker *c);
void checker_copy(struct checker *to, const struct checker *from);

/* Bytes of what it keeps that are not shared with that one; of short tables nothing is said. */
size_t checker_apart(const struct checker *c, const struct checker *from);

/*
 * Follow one event of the trace. False: no machine can tell such a one, and it is left out. A call
 * with attributes or pieces tells them in the next two events: they have to be in the trace by now,
 * if they are ever.
 */
#define CHECKER_AHEAD 2
bool checker_event(struct checker *c, const struct trace *t, const struct event *e);

/* Read what is new in the trace. */
void checker_read(struct checker *c, const struct trace *t);
