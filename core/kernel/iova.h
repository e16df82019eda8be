#pragma once
/*
 * I/O virtual addresses (drivers/iommu/iova.c): which pages of a device's 4 GiB behind an IOMMU are
 * taken. They are given from the top down, below the device's mask, aligned to the power of two
 * that holds them; page 0 is never given, so 0 is no address. What was given back is given again
 * first. The caches of ready ranges that each CPU has in Linux are left out.
 */
#include "kernel/kernel.h"

void iova_init(struct kernel *k);

/* So many pages that end at or below `limit`: the first address, 0 when there is no room. */
must_check dma_addr_t iova_alloc(struct kernel *k, uint32_t dev, uint64_t pages, dma_addr_t limit);
void iova_free(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t pages);

/* Is this page taken? And was it ever: then it was given back. */
bool iova_taken(const struct kernel *k, uint32_t dev, dma_addr_t dma);
bool iova_was_taken(const struct kernel *k, uint32_t dev, dma_addr_t dma);
