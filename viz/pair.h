#pragma once
/*
 * Two boards that play the same lines: which moment of the second belongs to a moment of the first.
 *
 * Counted are the driver's calls and stores since the machine was switched on, and from the last of
 * them the loads, so a loop that polls one device longer than the other leads only so far astray.
 * Caches, buses and cycles differ; what the driver asked for does not.
 */
#include "viz/player.h"

struct pair;

/* The players stay the caller's, and may go on reading. */
struct pair *pair_new(const struct player *first, struct player *second);
void pair_free(struct pair *pair);                   /* NULL is fine */

/*
 * The position of the second for this one of the first; where the second has not come so far (yet),
 * the last it has of that machine. Costs the way from the last call, not that from the start.
 */
uint64_t pair_position(struct pair *pair, uint64_t at);

/* Bring the second to where the first is. */
void pair_seek(struct pair *pair);
