#pragma once
/*
 * Two boards that play the same lines: which moment of the second belongs to a moment of the first,
 * and what differs then.
 *
 * Counted are the driver's calls and stores since the machine was switched on, and from the last of
 * them the loads, so a loop that polls one device longer than the other leads only so far astray.
 * Caches, buses and cycles differ; what the driver asked for does not.
 */
#include "viz/player.h"

struct beside;

/* The players stay the caller's, and may go on reading. */
struct beside *beside_new(const struct player *first, struct player *second);
void beside_free(struct beside *b);                       /* NULL is fine */

/*
 * The position of the second for this one of the first; where the second has not come so far (yet),
 * the last it has of that machine. Costs the way from the last call, not that from the start.
 */
uint64_t beside_position(struct beside *b, uint64_t at);

/* Bring the second to where the first is. */
void beside_seek(struct beside *b);

/* What differs between the two moments, the weightiest first. */
enum difference_kind { DIFFERENCE_RULE, DIFFERENCE_READ, DIFFERENCE_OWNER, DIFFERENCE_COUNT };

struct difference {
	enum difference_kind kind;
	char text[120];          /* a sentence; "here" is the first board, "there" the second */
};

#define DIFFERENCES_MAX 8

/* How many there are in d, at most DIFFERENCES_MAX. */
uint32_t beside_differences(const struct player *first, const struct player *second,
			    struct difference d[DIFFERENCES_MAX]);
