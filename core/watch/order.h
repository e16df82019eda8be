#pragma once
/*
 * Did what CPU and device say to each other arrive in the order it was meant? Three rules, judged
 * from the order of events alone, so that a missing barrier is named even where nothing went wrong:
 *
 * order-device-early: the device looked at what the CPU stored with no write barrier before the
 * doorbell, or before the word that hands a descriptor over (Documentation/memory-barriers.txt,
 * dma_wmb). order-cpu-early: the CPU read what the device wrote with no read barrier after the word
 * that gave the descriptor back (dma_rmb). double-fetch: the CPU read a field twice, and the device,
 * which had no right to, changed it in between.
 *
 * Descriptors are known by dev.take and dev.give. Everything is kept in tables that forget the
 * oldest; of what is forgotten nothing is said. Cached memory is handed over by the DMA API and is
 * not judged here, but for double-fetch. Where devices snoop, stores and loads keep their order, and
 * the first two rules are silent unless the board is strict.
 */
#include "watch/rules.h"

#define ORDER_STORES      256
#define ORDER_FENCES      512
#define ORDER_DESCRIPTORS 256
#define ORDER_SEEN        8
#define DESCRIPTOR_MAX    64     /* bytes of a descriptor that are followed */

/* A store of the CPU that a device may see late. */
struct order_store {
	uint64_t seq, pa, value;
	uint32_t size;
};

/* A transfer of which the CPU has seen newer bytes since its last read barrier. */
struct order_seen {
	uint64_t transfer;       /* number of its dev.start */
	uint64_t load;           /* number of the load that saw them */
};

/* A descriptor in coherent memory. */
struct descriptor {
	uint64_t pa, flag;       /* of it and of the word that says whose it is */
	uint32_t size;
	uint64_t since;          /* number of its last dev.take or dev.give */
	uint64_t taken;          /* number of the last dev.take; 0: not seen */
	uint64_t given;          /* number of the dev.give since, 0 while it is not the CPU's */
	uint64_t flag_read;      /* number of the last load of the flag since, 0 for none */
	/* by byte, since it was given: the CPU read it; the device changed it after that */
	uint64_t read, changed;
	uint64_t first_read;
	uint8_t value[DESCRIPTOR_MAX];     /* what the CPU read */
	stamp_t stamp[DESCRIPTOR_MAX];     /* who had written that */
};

struct order {
	/* free-running counters of rings: entry n is at n % size */
	uint64_t stores, fences, seen_count;
	struct order_store store[ORDER_STORES];
	uint64_t fence[ORDER_FENCES];      /* numbers of write barriers */
	uint64_t read_fence;               /* number of the last read barrier */
	struct order_seen seen[ORDER_SEEN];
	struct cow descriptors;            /* one struct descriptor a leaf */
	uint64_t described;                /* so many were made: the next is at % size */
	uint64_t low, high;                /* all descriptors lie in [low, high) */
	/* by unit: the doorbell store of its present transfer, 0 when it had none */
	uint64_t doorbell[FACTS_DEVICES];
};

void order_init(struct order *o);
void order_release(struct order *o);
void order_copy(struct order *to, const struct order *from);

/*
 * Judge one event and note it, before ownership and shadow follow it. False: of no use, as all of
 * its kind.
 */
bool order_event(struct order *o, struct facts *f, const struct trace *t, const struct event *e);
