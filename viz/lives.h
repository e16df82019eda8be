#pragma once
/*
 * The lives of the mappings along a recording: when each was made, who owned it from when on, when
 * it ended. A fold over the calls of the DMA API that forgets nothing.
 *
 * A keyframe in the middle (bench.undo) ends them all and begins those it tells anew.
 */
#include "event.h"
#include "ranges.h"

/* From this position on, somebody owns the bytes. */
struct turn {
	uint64_t at;
	bool device;
};

/* A mapping's life: one row of the ownership lanes. */
struct life {
	uint64_t machine, seq;   /* the machine's number, and that of the event that made it */
	uint64_t from, to;       /* positions; to is UINT64_MAX while it lives */
	/* pa: of the first byte, also where the bytes do not lie together; UINT64_MAX: not known */
	uint64_t dma, pa, va, size;
	uint32_t device, dir, form;
	struct turn *turn;       /* its changes of owner; none of coherent memory, both's */
	uint64_t turns, room;    /* how many; places for them */
};

struct lives {
	struct life *life;       /* in order of `from`, and so of `machine` and `seq` */
	uint64_t count, room;
	uint64_t ended_all;      /* those before it ended with their machine, or earlier */
	struct ranges living;    /* those that have not ended, by place, device and bus address */
	uint32_t *at;            /* by place: index of the life; of a free one, 1 + the next free */
	uint32_t places, free;   /* none in use at or above; 1 + a free one below, 0 for none */
};

void lives_init(struct lives *ls);
void lives_release(struct lives *ls);

/* Follow an event of this machine (they are numbered upwards); `at` is the position after it. */
void lives_event(struct lives *ls, const struct event *e, uint64_t at, uint64_t machine);

/* The life that this event of this machine began, or NULL. */
const struct life *lives_find(const struct lives *ls, uint64_t machine, uint64_t seq);
