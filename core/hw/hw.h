#pragma once
/*
 * The hardware as one value: CPU with store buffer and MMU, two levels of cache, the bus with RAM,
 * devices. It knows nothing of Linux.
 *
 * Time: an operation of the CPU happens at one cycle and costs some; while those pass, stores leave
 * the store buffer and devices move beats, each at its own due time, in order of time. hw_wire is
 * the schematic.
 */
#include "hw/cache.h"
#include "hw/device.h"
#include "hw/early.h"
#include "hw/iommu.h"
#include "hw/mmu.h"
#include "hw/port.h"
#include "hw/store_buffer.h"

struct hw {
	struct board board;
	struct bus bus;
	struct cache l1, l2;           /* l2 may not exist */
	struct mmu mmu;
	struct store_buffer stores;
	struct early early;            /* what a load has read before its turn */
	struct iommu iommu;            /* empty tables where the board has none */
	struct port port;
	struct device device[DEVICE_MAX];
	struct cow device_state;       /* a leaf is one device's state */
	struct unasked unasked;        /* what caches may do by themselves */
	uint64_t due;                  /* nothing asks for attention before this cycle */
	/* what the CPU touches now is the kernel's doing, not the driver's */
	bool kernel_at_work;
	/* hits remembered for the fast path; a copy has none, so they come last */
	struct spot spots[SPOTS];
};

void hw_init(struct hw *h, const struct board *board, struct trace *trace);
void hw_release(struct hw *h);
/* `from` forgets its remembered hits, nothing else */
void hw_copy(struct hw *to, struct hw *from);
void hw_wire(struct hw *h, struct trace *trace);

/* Let what the present operation owes, and n cycles more, pass. */
void hw_pass(struct hw *h, uint64_t n);

/* Work out anew when something wants attention; after a register access or a store. */
void hw_plan(struct hw *h);

/* Push out the oldest pending store now. There is one. */
void hw_drain_one(struct hw *h);

/* Is a device at work, but for this one? `unit` may be none of them. */
bool hw_at_work(const struct hw *h, uint32_t unit);

/* A run is over: what is under way gets some time to arrive, and caches may still do something. */
void hw_end(struct hw *h);

/* Device registers: false when no device has this address. */
must_check bool hw_mmio_read(struct hw *h, paddr_t pa, size_t size, uint64_t *value);
must_check bool hw_mmio_write(struct hw *h, paddr_t pa, uint64_t value, size_t size);

struct device_io hw_device(struct hw *h, uint32_t unit);
const void *hw_device_state(const struct hw *h, uint32_t unit);

/* Data from outside arrives in the device's own memory. False: it does not fit there. */
must_check bool hw_device_fill(struct hw *h, uint32_t unit, uint64_t at, const void *bytes,
			       size_t n);

static inline paddr_t hw_device_bar(uint32_t unit)
{
	return DEVICE_BASE + unit * DEVICE_WINDOW;
}

/* The cache of this level (1, 2), or NULL when the board has none. */
static inline struct cache *hw_cache(struct hw *h, uint32_t level)
{
	struct cache *c = level == 1 ? &h->l1 : level == 2 ? &h->l2 : NULL;

	return c && cache_exists(c) ? c : NULL;
}
