#pragma once
/*
 * The software IO TLB (kernel/dma/swiotlb.c): a pool of memory every device can reach. When a
 * driver maps a buffer its device cannot reach, or the boot option swiotlb=force wants it so, the
 * device gets the address of a bounce buffer in the pool and the CPU copies: original to bounce
 * when mapping and in sync_for_device, bounce to original in sync_for_cpu and when unmapping. There
 * are two copies of every byte, even where the hardware is coherent, so a forgotten sync shows on
 * any machine.
 *
 * The pool is slots of 2 KiB in sets of 128. A bounce buffer is a run of slots inside one set, so
 * none is larger than 256 KiB. Each slot knows how many free slots begin with it in its set; a
 * search goes on where the last one in its area ended. The original is copied in for every
 * direction, FROM_DEVICE too: a device that writes less than it may leaves the rest as it was.
 *
 * Kept: slots, sets, areas, alignment and boundary masks, padding, the guards of a copy, counters,
 * log lines. Left out: growing (CONFIG_SWIOTLB_DYNAMIC), pools of single devices, encrypted memory.
 * Lines Linux logs once are logged each time, beside the call they are about.
 *
 * Caches are the caller's: after swiotlb_map and swiotlb_sync_for_device it does the board's
 * operation on the bounce bytes, before swiotlb_sync_for_cpu and swiotlb_unmap it does the other.
 * So the device sees what was copied, and the copy sees what the device wrote.
 */
#include "kernel/kernel.h"

#define SWIOTLB_SLOT_SHIFT 11                                    /* IO_TLB_SHIFT */
#define SWIOTLB_SLOT       ((uint64_t)1 << SWIOTLB_SLOT_SHIFT)   /* IO_TLB_SIZE, bytes */
#define SWIOTLB_SET        128u                                  /* IO_TLB_SEGSIZE, slots */
#define SWIOTLB_SLOTS_MAX  32768u                                /* IO_TLB_DEFAULT_SIZE, 64 MiB */
#define SWIOTLB_SLOTS_MIN  512u                                  /* 1 MiB: less is not halved */
#define SWIOTLB_NONE       (~(paddr_t)0)                         /* no bounce buffer, no original */

/* Takes the board's pool, or the half, the quarter, ... that fits, off RAM nobody has yet. */
void swiotlb_init(struct kernel *k);

bool swiotlb_active(const struct kernel *k);          /* is there a pool? */
bool swiotlb_forced(const struct kernel *k);          /* does every mapping bounce? */

/* Is pa in the pool, so that a handle that means it is of a bounced mapping? */
bool swiotlb_is_bounce(const struct kernel *k, paddr_t pa);

/* The byte of a driver's buffer that this byte of the pool stands for, or SWIOTLB_NONE. */
paddr_t swiotlb_original(const struct kernel *k, paddr_t bounce);

/* The largest buffer this device can have bounced: 256 KiB, less where it asks for alignment. */
uint64_t swiotlb_max_mapping_size(const struct kernel *k, uint32_t dev);

/*
 * A bounce buffer for size bytes (not 0) at orig, with the original's bytes in it: where it begins,
 * or SWIOTLB_NONE and a line in the log (no pool, no room, beyond what the device reaches).
 * DMA_ATTR_NO_WARN keeps "is full" out of the log.
 */
must_check paddr_t swiotlb_map(struct kernel *k, uint32_t dev, paddr_t orig, uint64_t size,
			       enum direction dir, uint64_t attrs);

/* The same for an IOMMU: the room it takes begins and ends at a multiple of align_mask + 1. */
must_check paddr_t swiotlb_map_aligned(struct kernel *k, uint32_t dev, paddr_t orig, uint64_t size,
				       uint64_t align_mask, enum direction dir, uint64_t attrs);

/* Copies back (unless TO_DEVICE or DMA_ATTR_SKIP_CPU_SYNC), then gives up the slots. */
void swiotlb_unmap(struct kernel *k, uint32_t dev, paddr_t bounce, uint64_t size,
		   enum direction dir, uint64_t attrs);

/* The copies alone, of any part of a mapping. The direction says whether there is one to make. */
void swiotlb_sync_for_cpu(struct kernel *k, uint32_t dev, paddr_t bounce, uint64_t size,
			  enum direction dir);
void swiotlb_sync_for_device(struct kernel *k, uint32_t dev, paddr_t bounce, uint64_t size,
			     enum direction dir);

/*
 * What the files of /sys/kernel/debug/swiotlb say is in struct swiotlb. One of them may be written:
 * 0, or -EINVAL (-22) for any value but 0.
 */
must_check int swiotlb_set_hiwater(struct kernel *k, uint64_t value);

/* Tell the pool and the bounce buffers that are in use again: swiotlb.pool, swiotlb.map. */
void swiotlb_keyframe(struct kernel *k);
