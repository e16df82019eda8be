#pragma once
/*
 * What a device can do and what the API can do for it (kernel/dma/mapping.c): address masks, limits
 * of a scatterlist's segments, sizes. A driver that never says its mask has 32 bits. Telling it is
 * no measuring: nobody finds out that a driver claims more bits than its device has.
 */
#include "kernel/backend.h"

/*
 * 0, or -EIO when no memory would be low enough; then the old mask stays, and the device must not
 * do DMA. With the direct back end 32 bits or more never fail, so trying 64 and falling back to 32
 * is dead code.
 */
must_check int dma_set_mask(struct kernel *k, uint32_t dev, uint64_t mask);
must_check int dma_set_coherent_mask(struct kernel *k, uint32_t dev, uint64_t mask);
must_check int dma_set_mask_and_coherent(struct kernel *k, uint32_t dev, uint64_t mask);

/* The smallest mask of all ones that reaches all RAM. */
uint64_t dma_get_required_mask(const struct kernel *k, uint32_t dev);

/* Is there RAM this device does not reach? */
bool dma_addressing_limited(const struct kernel *k, uint32_t dev);

/* Largest single mapping: UINT64_MAX unless it may have to go through a bounce buffer. */
uint64_t dma_max_mapping_size(const struct kernel *k, uint32_t dev);

/* Largest mapping that is not slow: behind an IOMMU 128 KiB, what ready ranges are kept for. */
uint64_t dma_opt_mapping_size(const struct kernel *k, uint32_t dev);

/* Are the sync calls of this mapping more than empty? Bounced mappings always need them. */
bool dma_need_sync(const struct kernel *k, uint32_t dev, dma_addr_t dma);

/* Buffers for devices begin and end at multiples of this: the line, or 1 where devices snoop. */
uint32_t dma_get_cache_alignment(const struct kernel *k);

/* Entries that meet at multiples of this + 1 can become one segment; 0: none can. */
uint64_t dma_get_merge_boundary(const struct kernel *k, uint32_t dev);

/* Limits of a segment. They are read in struct device_dma. */
void dma_set_max_seg_size(struct kernel *k, uint32_t dev, uint32_t size);
void dma_set_seg_boundary(struct kernel *k, uint32_t dev, uint64_t mask);
void dma_set_min_align_mask(struct kernel *k, uint32_t dev, uint32_t mask);
