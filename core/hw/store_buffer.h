#pragma once
/*
 * Stores on their way out of the CPU. Uncached and write-combining stores and register writes wait
 * here until they have been long enough (cycles_store), a barrier or a load that must see them
 * pushes them out, or the buffer is full. They leave in order, unless nature lets one pass older
 * ones it does not overlap (hw.c); a barrier empties the buffer, so nothing passes it. Cached
 * stores do not pass here: they are done when they are in the line. We leave out merging of
 * neighbours.
 */
#include "types.h"

#define STORE_BUFFER_MAX 32   /* most entries a board may ask for */

struct pending_store {
	paddr_t pa;
	uint64_t value;
	uint64_t due;        /* cycle at which it leaves unasked */
	uint64_t told;       /* number of its cpu.store event, 0 when nobody watched */
	uint32_t size;       /* bytes, at most 8, inside one aligned 8 */
};

struct store_buffer {
	uint32_t first, count;
	struct pending_store entry[STORE_BUFFER_MAX];
};

static inline struct pending_store *store_buffer_at(struct store_buffer *s, uint32_t i)
{
	return &s->entry[(s->first + i) % STORE_BUFFER_MAX];
}

static inline const struct pending_store *store_buffer_peek(const struct store_buffer *s,
							    uint32_t i)
{
	return &s->entry[(s->first + i) % STORE_BUFFER_MAX];
}

/* Cycle at which the oldest entry leaves, UINT64_MAX when there is none. */
static inline uint64_t store_buffer_due(const struct store_buffer *s)
{
	return s->count ? s->entry[s->first].due : UINT64_MAX;
}

static inline void store_buffer_push(struct store_buffer *s, struct pending_store p)
{
	*store_buffer_at(s, s->count++) = p;
}

static inline struct pending_store store_buffer_pop(struct store_buffer *s)
{
	struct pending_store p = s->entry[s->first];

	s->first = (s->first + 1) % STORE_BUFFER_MAX;
	s->count--;
	return p;
}

/* Entry i goes, those behind it move up. */
static inline struct pending_store store_buffer_take(struct store_buffer *s, uint32_t i)
{
	struct pending_store p = *store_buffer_at(s, i);

	for (; i + 1 < s->count; i++)
		*store_buffer_at(s, i) = *store_buffer_at(s, i + 1);
	s->count--;
	return p;
}
