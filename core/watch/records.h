#pragma once
/*
 * What dma-debug writes down about each mapping, and how it finds it again (struct dma_debug_entry
 * and the hash of kernel/dma/debug.c).
 *
 * A record belongs to one mapping, one mapped segment of a scatterlist or one allocation. It hangs
 * in one of 16384 buckets, by bits 13 and up of its DMA address, behind those already there; the
 * dump shows them in this order. Looking up is best fit: of several records at one address only the
 * one that agrees in size, type, direction and entry count will do, a single one always does. The
 * kernel's locks are left out.
 */
#include "cow.h"

#define RECORDS_MAX    131072    /* where our kernel has no memory for more */
#define RECORD_BUCKETS 16384
#define RECORDS_GROW   32        /* records in one page: what the pool grows by */

enum record_type { RECORD_PHY, RECORD_SG, RECORD_COHERENT, RECORD_NONCOHERENT };

/* Was dma_mapping_error asked about it? For lists and allocations nobody needs to. */
enum record_asked { ASKED_NOT_NEEDED, ASKED_NOT_YET, ASKED };

struct record {
	uint64_t seq;            /* number of the event that made it */
	uint64_t dma, pa, size;  /* pa: of the driver's own bytes, whatever bounces or translates */
	uint64_t attrs;
	uint32_t device, type, dir;      /* type: enum record_type */
	uint32_t nents, mapped;  /* of a scatterlist: entries given to map, segments made of them */
	uint32_t asked;          /* enum record_asked */
	uint32_t next;           /* slot of the next one in the bucket, or of the next free one */
};

/* A slot is a number from 1; 0 is none. */
struct records {
	struct cow slots, buckets;
	uint32_t end;            /* slots above have never been used */
	uint32_t unused;         /* first slot given back */
	uint32_t total, free, min_free;  /* the pool: records there are, left, fewest ever left */
};

void records_init(struct records *rs, uint32_t total);
void records_release(struct records *rs);
void records_copy(struct records *to, const struct records *from);

/* The pool gets so many more. False: there would be more than RECORDS_MAX. */
must_check bool records_grow(struct records *rs, uint32_t more);

/* A new record; there is one free. */
uint32_t records_add(struct records *rs, const struct record *r);
void records_remove(struct records *rs, uint32_t slot);

const struct record *records_at(const struct records *rs, uint32_t slot);

/* The record an unmap or free means: same device, same address, best fit. */
uint32_t records_exact(const struct records *rs, const struct record *ref);

/* The record whose bytes include those of ref, looked for from its bucket downwards. */
uint32_t records_containing(const struct records *rs, const struct record *ref);

/* dma_mapping_error was asked: the first record at this address nobody had asked about is. */
void records_ask(struct records *rs, uint32_t device, uint64_t dma);

/* All records in the order of the dump: the first for slot 0, then the one after; 0 at the end. */
uint32_t records_next(const struct records *rs, uint32_t slot);

static inline uint32_t record_bucket(uint64_t dma)
{
	return (uint32_t)(dma >> 13) & (RECORD_BUCKETS - 1);
}
