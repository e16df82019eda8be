#pragma once
/*
 * Coherent memory of pages that lie apart: the page tables put them together for the CPU, the IOMMU
 * for the device (drivers/iommu/dma-iommu.c, __iommu_dma_alloc_noncontiguous). dma_alloc_coherent
 * comes here when RAM has no block in one piece any more, and the driver did not ask for one with
 * DMA_ATTR_FORCE_CONTIGUOUS. Linux takes the largest blocks there are, here it is pages alone.
 */
#include "kernel/backend.h"

/* Zeroed; size in bytes; the back end has map_pages. 0: there are no pages or addresses left. */
vaddr_t scattered_alloc(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma,
			uint32_t gfp, enum attr attr);

/* Is va in such memory? */
bool scattered_holds(const struct kernel *k, vaddr_t va);

/* Give it back. False, and nothing happens, when size, address and handle do not name all of it. */
must_check bool scattered_free(struct kernel *k, uint32_t dev, uint64_t size, vaddr_t va,
			       dma_addr_t dma);
