#pragma once
/*
 * DMA pools as the trace tells them: which memory is cut into blocks, and which blocks are out.
 * Judges what happens to a block nobody has: it is given back twice, or used after it was given
 * back, or never was given out (somebody ran over the end of the block before it).
 *
 * An access to a page without blocks costs one look at the page's entry, and none at all while
 * there is no pool. The kernel's own loads and stores, by which it follows its list inside the free
 * blocks, are not judged.
 */
#include "trace.h"
#include "watch/violation.h"

#define POOL_NOTES   64        /* pools followed at a time; the kernel has no more */
#define BLOCKS_NOTED 256       /* of a chunk: a page of the smallest blocks */

struct pool_note {
	uint64_t seq;            /* number of the pool.create event; 0: the slot is free */
	uint64_t name[2];
	uint32_t number, device;
	uint32_t size, boundary, chunk;      /* bytes */
	uint32_t out;            /* blocks */
};

/* A block that is out was handed out by that event, a free one was given back, or made. */
struct block_note {
	uint64_t seq;
	bool out;
};

struct chunk_note {
	uint64_t seq;            /* number of the pool.chunk event; 0: there is none */
	uint64_t dma, pa, va;
	uint32_t bytes, size, boundary;
	uint32_t pool, device;
	struct block_note block[BLOCKS_NOTED];
};

struct pool_notes {
	uint64_t ram_bytes;
	uint32_t chunks;         /* how many there are */
	struct pool_note pool[POOL_NOTES];
	struct cow heads;        /* by page: 1 + the page its chunk begins in, 0: no chunk */
	struct cow chunk;        /* struct chunk_note, by that page */
};

void pools_watch(struct pool_notes *p, uint64_t ram_bytes);      /* from nothing */
void pools_forget(struct pool_notes *p);
void pools_copy(struct pool_notes *to, const struct pool_notes *from);

/* Follow one event, and judge it. False: of no use, as all of its kind. */
bool pools_event(struct pool_notes *p, struct violations *vs, const struct event *e);

/*
 * The events that would make these notes, for a keyframe: *at counts from 0. False: no more.
 */
bool pools_retell(const struct pool_notes *p, uint64_t *at, struct event *e);
