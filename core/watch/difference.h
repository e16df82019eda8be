#pragma once
/*
 * Two copies of the same bytes, held against each other: what most rules come down to.
 */
#include "watch/violation.h"

/*
 * Bytes of one access where the copy at hand is older than another. The first and the last such
 * byte bound what is reported; the values hold up to 8 bytes of both copies.
 */
struct difference {
	uint64_t first, last;     /* offsets in the access */
	stamp_t old_stamp, new_stamp;
	uint64_t old_value, new_value;
	uint32_t width;
	bool found;
};

static inline void difference_note(struct difference *d, uint64_t at, uint8_t old, stamp_t old_by,
				   uint8_t new, stamp_t new_by)
{
	if (!d->found) {
		d->first = at;
		d->old_stamp = old_by;
		d->new_stamp = new_by;
	}
	d->found = true;
	d->last = at;
	if (at - d->first < 8) {
		uint32_t shift = (uint32_t)(8 * (at - d->first));

		d->old_value |= (uint64_t)old << shift;
		d->new_value |= (uint64_t)new << shift;
		d->width = (uint32_t)(at - d->first + 1);
	}
}

static inline void difference_describe(struct violation *v, const struct difference *d,
				       uint64_t pa)
{
	v->pa = pa + d->first;
	v->size = d->last - d->first + 1;
	v->width = d->width;
	v->old_value = d->old_value;
	v->new_value = d->new_value;
	v->old_stamp = d->old_stamp;
	v->new_stamp = d->new_stamp;
}
