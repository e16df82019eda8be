#pragma once
/*
 * Which of many ranges of addresses hold a byte, or meet a range: an index that is cheap to copy.
 *
 * A range is a number (the caller's slot), a group it belongs to (a device, say) and the addresses
 * [from, from + size). Ranges of about the same size are kept by the cell they begin in; a cell is
 * no smaller than they are, so who asks looks at two cells for each size there is, however many
 * ranges there are. A size of 0 counts as one byte.
 */
#include "cow.h"

#define RANGES_SIZES 14          /* sizes told apart: 256 bytes, 4 KiB, 64 KiB and so on */

struct ranges {
	struct cow heads;            /* 1 + number of a chain's first range, 0 for none */
	struct cow nodes;            /* by number */
	uint32_t count[RANGES_SIZES];
};

void ranges_init(struct ranges *r, uint32_t most);       /* numbers below `most` */
void ranges_release(struct ranges *r);
void ranges_copy(struct ranges *to, const struct ranges *from);  /* `to` holds nothing yet */
size_t ranges_apart(const struct ranges *r, const struct ranges *from);  /* see cow_apart */

/* A number that is not in it; one that is. */
void ranges_add(struct ranges *r, uint32_t number, uint32_t group, uint64_t from, uint64_t size);
void ranges_remove(struct ranges *r, uint32_t number);

/*
 * Over the ranges of a group that have a byte of [from, from + size), in no order:
 *
 *	struct ranges_walk w = ranges_walk(r, group, from, size);
 *
 *	while (ranges_next(&w))
 *		... w.number ...
 *
 * The range just met may be removed meanwhile, and no other; none may be added.
 */
struct ranges_walk {
	const struct ranges *ranges;
	uint64_t from, last;         /* the bytes asked for */
	uint64_t cell, last_cell;    /* of this size: looked into now, and the last to be */
	uint32_t group, size;        /* size: which of RANGES_SIZES */
	uint32_t next;               /* 1 + number of the one to be looked at next */
	uint32_t number;
	bool all;                    /* so many cells that the chains are fewer */
};

struct ranges_walk ranges_walk(const struct ranges *r, uint32_t group, uint64_t from,
			       uint64_t size);
bool ranges_next(struct ranges_walk *w);
