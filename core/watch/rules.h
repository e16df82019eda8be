#pragma once
/*
 * The rules a driver can break (rules.def), each judged at the event that can break it, from what
 * the trace has told so far.
 */
#include "trace.h"
#include "watch/ownership.h"
#include "watch/pools.h"
#include "watch/violation.h"

#define FACTS_DEVICES 16         /* units followed; a board has fewer */
#define FACTS_RUNNING 32         /* transfers followed at a time */

struct facts {
	bool strict;                 /* ownership counts on coherent boards too */
	struct shadow shadow;        /* every copy of every byte */
	struct ownership ownership;  /* who may touch what */
	struct pool_notes pools;     /* which blocks of DMA pools are out */
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
	uint64_t keyframe;           /* the machine.on of the last one; it is the cause of it all */
	bool translates;             /* an IOMMU looks bus addresses up */
	struct {
		uint64_t from, to;   /* the last address a device's mask cut */
		uint64_t transfer;   /* the dev.start it belongs to; 0: it is about to begin */
		uint32_t unit;
		bool mapped;         /* it was the address of a mapping */
	} clamped;
	struct running {
		uint64_t seq;        /* the dev.start event; 0: free */
		uint64_t dma, size;  /* as the device was told */
		uint32_t unit;
	} running[FACTS_RUNNING];    /* transfers that have not ended */
	uint32_t reached;            /* slot of the mapping the last beat lay in */
	struct {
		uint64_t seq;        /* the dev.start event of a device's last transfer */
		/* the CPU's store that started it, or seq: later stores come too late for it */
		uint64_t ordered;
	} transfer[FACTS_DEVICES];   /* by unit */
	struct {
		/* the last copy over what a device wrote to a bounce buffer; size 0: none */
		struct violation violation;
		uint64_t bounce;             /* pa, in the bounce buffer, of its first byte */
	} overwritten;
	struct { uint64_t dma, size; } pool;           /* bus addresses of bounce buffers */
	struct {
		uint32_t now;        /* enum context */
		bool irqs_off;
		uint64_t seq;        /* the cpu.context event that said so */
	} context;
	uint64_t last_op;            /* number of the last cache.op event */
	uint64_t last_free;          /* number of the last mem.free or dma.free event */
};

/* Does owning matter on this machine? Where devices snoop, both sides see the same bytes. */
static inline bool ownership_counts(const struct facts *f)
{
	return !f->shadow.coherent || f->strict;
}

static inline bool facts_is_ram(const struct facts *f, uint64_t pa)
{
	return pa < f->shadow.ram_bytes;
}

/* When the CPU asked for a transfer: the store that rang the doorbell, else its own beginning. */
uint64_t rules_asked_for(const struct facts *f, uint64_t transfer);

/* How the bytes came to be mapped, and last changed hands. */
void rules_link_mapping(const struct facts *f, struct violation *v);

/*
 * The two copies of a bounced mapping: bounce.c. The CPU reads what was never copied back to it, in
 * a page marked so; the device reads the bounce buffer of m; the bounce buffer is copied
 * back, or filled again.
 */
void rules_bounced_load(struct facts *f, const struct event *e);
void rules_bounced_read(struct facts *f, const struct event *e, const struct mapping *m);
void rules_copied_back(struct facts *f, const struct event *e);
void rules_copied_out(struct facts *f, const struct event *e);

/* The accesses of the CPU and what caches do: rules.c. */

/*
 * A write-back or a drop is judged before the shadow follows it, for it destroys what is compared.
 */
void rules_load(struct facts *f, const struct event *e);
void rules_store(struct facts *f, const struct event *e);
void rules_device_read(struct facts *f, const struct trace *t, const struct event *e);
void rules_iommu_fault(struct facts *f, const struct trace *t, const struct event *e);
void rules_write_back(struct facts *f, const struct event *e);
void rules_drop(struct facts *f, const struct event *e);
void rules_refuse(struct facts *f, const struct event *e);
void rules_bad_free(struct facts *f, const struct event *e);

/*
 * Where devices go, and with which address: reach.c. A beat is judged by the address the device was
 * told; the answer is the mapping it lies in, or NULL.
 */
const struct mapping *rules_beat(struct facts *f, const struct trace *t, const struct event *e,
				 enum direction dir, uint64_t pa);
void rules_start(struct facts *f, const struct event *e);
void rules_done(struct facts *f, const struct event *e);
void rules_clamp(struct facts *f, const struct event *e);

/* What ends too early, or never: lifetime.c. */

/* A mapping is about to end, by this call: is a device still at work on it? */
void rules_end(struct facts *f, const struct event *e, const struct mapping *m);

/* RAM is given back, by event `cause`. */
void rules_free(struct facts *f, const struct event *e, uint64_t cause);
void rules_unbind(struct facts *f, const struct event *e);

/* Lines and memory with two owners: sharing.c. */

/* A mapping was made, or could not be made. */
void rules_map(struct facts *f, const struct event *e, const struct mapping *m);
void rules_map_fail(struct facts *f, const struct event *e);

/* The CPU stores beside what a device owns; and touches coherent memory by the linear map. */
void rules_store_beside(struct facts *f, const struct event *e);
void rules_alias(struct facts *f, const struct event *e);
