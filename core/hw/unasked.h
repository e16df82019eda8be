#pragma once
/*
 * What caches do unasked, for nature that is asked sparingly (nature_spares): a line may be read
 * ahead, leave while it is clean, or be written back while it is dirty, at any moment. Between two
 * events that touch the line all these moments are alike, and most of them change nothing. So each
 * is asked about at the last moment before an event that would come out otherwise:
 *
 *   prefetch    before RAM below an absent line changes: the line keeps what was there before. Not
 *               again before the CPU touches the line: the first beat leaves the most behind.
 *   evict       before the CPU uses a clean line that is not what RAM holds any more.
 *   writeback   before RAM below a dirty line changes or is read by a device, before the line is
 *               dropped, and, where a device wrote below it, when all is over.
 *
 * Where devices snoop there is nothing to ask. Thorough nature is asked about every line that
 * mattered lately, at each of these moments and at each step: what can be done at all, whether it
 * matters or not. It is there to prove that nothing is missed (tests/explore). In both, what is
 * done takes nobody's time. (Random nature plays in hw.c, with the wires.)
 */
#include "hw/cache.h"

#define UNASKED_LINES 32     /* of each list; of more the oldest is forgotten, and asked about again */
#define RECENT        16     /* lines nature may play with: those a mapping or the CPU touched last */

struct unasked_lines {
	paddr_t line[UNASKED_LINES];         /* kept one too high: 0 is none */
	uint32_t next;                       /* the place of the next one */
	uint32_t used;                       /* places below this one; behind it none is kept */
};

struct unasked {
	struct unasked_lines offered;        /* asked about since the CPU touched it last */
	struct unasked_lines buried;         /* dirty, and a device wrote to RAM below */
	paddr_t recent[RECENT];              /* line addresses, oldest overwritten first */
	uint32_t recent_next;
	struct bus *bus;                     /* wired */
	struct cache *l1, *l2;
};

/* A device, or a store from the store buffer, writes to RAM at pa; a device reads there. */
void unasked_before_write_slow(struct unasked *u, paddr_t pa);
void unasked_before_read_slow(struct unasked *u, paddr_t pa);

/* The CPU loads from, or stores to, a cached line. */
void unasked_before_use_slow(struct unasked *u, paddr_t pa);

/* A line is invalidated; lost: without a write-back before. */
void unasked_before_drop_slow(struct unasked *u, paddr_t pa, bool lost);

/* Time passed: only thorough nature is asked. */
void unasked_step(struct unasked *u);

/* All is over. */
void unasked_at_end(struct unasked *u);

/* Nature may play with this line from now on. */
void unasked_notice(struct unasked *u, paddr_t pa);

static inline bool unasked_matters(const struct unasked *u)
{
	return u->bus->nature.policy == NATURE_REPLAY && !u->bus->board->coherent;
}

static inline void unasked_before_write(struct unasked *u, paddr_t pa)
{
	if (unasked_matters(u))
		unasked_before_write_slow(u, pa);
}

static inline void unasked_before_read(struct unasked *u, paddr_t pa)
{
	if (unasked_matters(u))
		unasked_before_read_slow(u, pa);
}

static inline void unasked_before_use(struct unasked *u, paddr_t pa)
{
	if (unasked_matters(u))
		unasked_before_use_slow(u, pa);
}

static inline void unasked_before_drop(struct unasked *u, paddr_t pa, bool lost)
{
	if (unasked_matters(u))
		unasked_before_drop_slow(u, pa, lost);
}
