#pragma once
/*
 * The rules a driver can break (rules.def), each judged at the event that can break it, from what
 * the trace has told so far.
 */
#include "trace.h"
#include "watch/ownership.h"
#include "watch/violation.h"

#define FACTS_DEVICES 16         /* units followed; a board has fewer */

struct facts {
	bool strict;                 /* ownership counts on coherent boards too */
	struct shadow shadow;        /* every copy of every byte */
	struct ownership ownership;  /* who may touch what */
	struct violations violations;
	struct {
		/* the call of the DMA API in progress, whose cache operations follow it */
		uint64_t seq;
		/* it may drop lines of what a device owns: its old contents are given up */
		bool drops;
		uint64_t pa, size;   /* goes back to the CPU when it is over */
		bool pieces;         /* of it: all that it returned, mapping by mapping */
		uint64_t mapping;    /* seq of the mapping whose piece it returned first */
	} call;
	/* the last call whose bytes do not lie together; its pieces follow (dma.piece) */
	struct event head;
	bool translates;             /* an IOMMU looks bus addresses up */
	struct {
		uint64_t from, to;   /* the last address a device's mask cut */
		uint64_t transfer;   /* the dev.start it belongs to; 0: it is about to begin */
	} clamped;
	struct {
		uint64_t seq;        /* the dev.start event of a device's last transfer */
		/* the CPU's store that started it, or seq: later stores come too late for it */
		uint64_t ordered;
	} transfer[FACTS_DEVICES];   /* by unit */
	struct { uint64_t dma, size; } pool;           /* bus addresses of bounce buffers */
	uint64_t last_op;            /* number of the last cache.op event */
	uint64_t last_free;          /* number of the last mem.free or dma.free event */
};

/* Does owning matter on this machine? Where devices snoop, both sides see the same bytes. */
static inline bool ownership_counts(const struct facts *f)
{
	return !f->shadow.coherent || f->strict;
}

/*
 * A write-back or a drop is judged before the shadow follows it, for it destroys what is compared.
 */
void rules_load(struct facts *f, const struct event *e);
void rules_store(struct facts *f, const struct event *e);
void rules_device_read(struct facts *f, const struct trace *t, const struct event *e);
void rules_device_write(struct facts *f, const struct trace *t, const struct event *e);
void rules_bus_fault(struct facts *f, const struct trace *t, const struct event *e);
void rules_iommu_fault(struct facts *f, const struct trace *t, const struct event *e);
void rules_write_back(struct facts *f, const struct event *e);
void rules_drop(struct facts *f, const struct event *e);
void rules_refuse(struct facts *f, const struct event *e);
void rules_bad_free(struct facts *f, const struct event *e);
