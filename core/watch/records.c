#include "watch/records.h"

#include <assert.h>

#define PER_LEAF    8      /* records */
#define BUCKET_LEAF 64     /* buckets */

struct record_leaf {
	struct record record[PER_LEAF];
};

struct bucket_leaf {
	uint32_t first[BUCKET_LEAF];   /* slot */
};

void records_init(struct records *rs, uint32_t total)
{
	assert(total <= RECORDS_MAX);
	*rs = (struct records){ .total = total, .free = total, .min_free = total };
	cow_init(&rs->slots, sizeof(struct record_leaf), RECORDS_MAX / PER_LEAF);
	cow_init(&rs->buckets, sizeof(struct bucket_leaf), RECORD_BUCKETS / BUCKET_LEAF);
}

void records_release(struct records *rs)
{
	cow_release(&rs->slots);
	cow_release(&rs->buckets);
}

void records_copy(struct records *to, const struct records *from)
{
	*to = *from;
	cow_copy(&to->slots, &from->slots);
	cow_copy(&to->buckets, &from->buckets);
}

const struct record *records_at(const struct records *rs, uint32_t slot)
{
	const struct record_leaf *leaf = cow_read(&rs->slots, (slot - 1) / PER_LEAF);

	return &leaf->record[(slot - 1) % PER_LEAF];
}

static struct record *write_at(struct records *rs, uint32_t slot)
{
	struct record_leaf *leaf = cow_write(&rs->slots, (slot - 1) / PER_LEAF);

	return &leaf->record[(slot - 1) % PER_LEAF];
}

static uint32_t first_of(const struct records *rs, uint32_t bucket)
{
	const struct bucket_leaf *leaf = cow_read(&rs->buckets, bucket / BUCKET_LEAF);

	return leaf->first[bucket % BUCKET_LEAF];
}

static void set_first(struct records *rs, uint32_t bucket, uint32_t slot)
{
	struct bucket_leaf *leaf = cow_write(&rs->buckets, bucket / BUCKET_LEAF);

	leaf->first[bucket % BUCKET_LEAF] = slot;
}

/* The slot before this one in its bucket; for 0 the last one there. 0: it is the first. */
static uint32_t before(const struct records *rs, uint32_t bucket, uint32_t slot)
{
	uint32_t at = 0, next = first_of(rs, bucket);

	while (next != slot) {
		at = next;
		next = records_at(rs, at)->next;
	}
	return at;
}

static void link_after(struct records *rs, uint32_t bucket, uint32_t at, uint32_t next)
{
	if (at)
		write_at(rs, at)->next = next;
	else
		set_first(rs, bucket, next);
}

bool records_grow(struct records *rs, uint32_t more)
{
	if (rs->total > RECORDS_MAX - more)
		return false;
	rs->total += more;
	rs->free += more;
	return true;
}

uint32_t records_add(struct records *rs, const struct record *r)
{
	uint32_t slot = rs->unused ? rs->unused : ++rs->end, bucket = record_bucket(r->dma);
	uint32_t last = before(rs, bucket, 0);
	struct record *to = write_at(rs, slot);

	assert(rs->free);
	if (rs->unused)
		rs->unused = to->next;
	rs->free--;
	rs->min_free = rs->free < rs->min_free ? rs->free : rs->min_free;
	*to = *r;
	to->next = 0;
	link_after(rs, bucket, last, slot);
	return slot;
}

void records_remove(struct records *rs, uint32_t slot)
{
	uint32_t bucket = record_bucket(records_at(rs, slot)->dma);

	link_after(rs, bucket, before(rs, bucket, slot), records_at(rs, slot)->next);
	write_at(rs, slot)->next = rs->unused;
	rs->unused = slot;
	rs->free++;
}

static bool same_place(const struct record *r, const struct record *ref)
{
	return r->device == ref->device && r->dma == ref->dma;
}

static bool contains(const struct record *r, const struct record *ref)
{
	return r->device == ref->device && inside(ref->dma, ref->size, r->dma, r->size);
}

static bool fits(const struct record *r, const struct record *ref)
{
	return r->size == ref->size && r->type == ref->type && r->dir == ref->dir &&
	       r->nents == ref->nents;
}

/* The one that fits; else a candidate that has no rival; else none. */
static uint32_t best(const struct records *rs, uint32_t bucket, const struct record *ref,
		     bool (*match)(const struct record *, const struct record *))
{
	uint32_t found = 0, matches = 0;

	for (uint32_t slot = first_of(rs, bucket); slot; slot = records_at(rs, slot)->next) {
		const struct record *r = records_at(rs, slot);

		if (!match(r, ref))
			continue;
		if (fits(r, ref))
			return slot;
		found = slot;
		matches++;
	}
	return matches == 1 ? found : 0;
}

uint32_t records_exact(const struct records *rs, const struct record *ref)
{
	return best(rs, record_bucket(ref->dma), ref, same_place);
}

uint32_t records_containing(const struct records *rs, const struct record *ref)
{
	uint64_t buckets = min_u64((ref->dma >> 13) + 1, RECORD_BUCKETS);

	for (uint64_t i = 0; i < buckets; i++) {
		uint32_t slot = best(rs, record_bucket(ref->dma - (i << 13)), ref, contains);

		if (slot)
			return slot;
	}
	return 0;
}

void records_ask(struct records *rs, uint32_t device, uint64_t dma)
{
	for (uint32_t slot = first_of(rs, record_bucket(dma)); slot;
	     slot = records_at(rs, slot)->next) {
		const struct record *r = records_at(rs, slot);

		if (r->device != device || r->dma != dma || r->asked != ASKED_NOT_YET)
			continue;
		write_at(rs, slot)->asked = ASKED;
		return;
	}
}

uint32_t records_next(const struct records *rs, uint32_t slot)
{
	uint32_t next = slot ? records_at(rs, slot)->next : 0;
	uint32_t bucket = slot ? record_bucket(records_at(rs, slot)->dma) + 1 : 0;

	for (; !next && bucket < RECORD_BUCKETS; bucket++)
		next = first_of(rs, bucket);
	return next;
}
