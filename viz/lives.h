#pragma once
/*
 * The lives of the mappings along a recording: when each was made, who owned it from when on, when
 * it ended. A fold over the calls of the DMA API that forgets nothing.
 *
 * A keyframe in the middle (bench.undo) ends them all and begins those it tells anew.
 */
#include "event.h"

/* From this position on, somebody owns the bytes. */
struct turn {
	uint64_t at;
	bool device;
};

/* A mapping's life: one row of the ownership lanes. */
struct life {
	uint64_t seq;            /* of the event that made it */
	uint64_t from, to;       /* positions; to is UINT64_MAX while it lives */
	/* pa: of the first byte, also where the bytes do not lie together; UINT64_MAX: not known */
	uint64_t dma, pa, va, size;
	uint32_t device, dir, form;
	struct turn *turn;       /* its changes of owner; none of coherent memory, both's */
	uint64_t turns, room;    /* how many; places for them */
};

struct lives {
	struct life *life;       /* in order of `from` */
	uint64_t count, room;
	uint32_t *living;        /* indices of those that have not ended, in no order */
	uint32_t alive;
};

void lives_init(struct lives *ls);
void lives_release(struct lives *ls);

/* Follow an event; `at` is the position after it. */
void lives_event(struct lives *ls, const struct event *e, uint64_t at);

/* A list with room for one more: as it was or longer. Never NULL: the process ends instead. */
void *list_grown(void *list, uint64_t count, uint64_t *room, size_t size);
