#pragma once
/*
 * Memory made for DMA (kernel/dma/mapping.c, direct.c, coherent.c). Coherent memory is seen alike
 * by both sides at any time: uncached for the CPU where devices do not snoop. The other sorts are
 * ordinary cached pages the device can reach, mapped from the start; who owns them is said with
 * dma_sync_single_for_*, and at first it is the CPU.
 *
 * All of it comes in whole pages, zeroed, and both addresses are aligned to the smallest order of
 * pages that holds it, so a block of at most 64 KiB never crosses a multiple of 64 KiB. The mask
 * decides which zone it comes from, so flags that name one are masked off, or refused.
 *
 * A device may have memory of its own (dma_declare_coherent_memory), and then gets no other.
 * Blocks of more than a page come from CMA (contiguous.h) where the board has it. Who may not sleep
 * (GFP_ATOMIC) gets what need not be remapped, or memory of a pool (atomic_pool.h). Behind an IOMMU
 * pages that lie apart will do where no block is left (scattered.h). Left out: mmap.
 */
#include "kernel/scatterlist.h"

/*
 * The CPU's address, 0 on failure. attrs: WRITE_COMBINE, NO_WARN, NO_KERNEL_MAPPING (what comes
 * back is a cookie for the free, never an address to load from, and the memory is not zeroed).
 */
vaddr_t dma_alloc_attrs(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma,
			uint32_t gfp, uint64_t attrs);

/* Same size, address, handle and attrs; anything else is told (mem.bad_free) and frees nothing. */
void dma_free_attrs(struct kernel *k, uint32_t dev, uint64_t size, vaddr_t va, dma_addr_t dma,
		    uint64_t attrs);

static inline vaddr_t dma_alloc_coherent(struct kernel *k, uint32_t dev, uint64_t size,
					 dma_addr_t *dma, uint32_t gfp)
{
	return dma_alloc_attrs(k, dev, size, dma, gfp, 0);
}

static inline void dma_free_coherent(struct kernel *k, uint32_t dev, uint64_t size, vaddr_t va,
				     dma_addr_t dma)
{
	dma_free_attrs(k, dev, size, va, dma, 0);
}

/* The same, given back when the driver leaves its device, or before. At most DEVRES_MAX. */
vaddr_t dmam_alloc_coherent(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma,
			    uint32_t gfp);
void dmam_free_coherent(struct kernel *k, uint32_t dev, uint64_t size, vaddr_t va, dma_addr_t dma);

/* The driver leaves its device: all that dmam_alloc_coherent gave it goes, newest first. */
void dmam_release(struct kernel *k, uint32_t dev);

/* Cached pages, by their address in the linear map or by their first page. 0 on failure. */
vaddr_t dma_alloc_noncoherent(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma,
			      enum direction dir, uint32_t gfp);
void dma_free_noncoherent(struct kernel *k, uint32_t dev, uint64_t size, vaddr_t va,
			  dma_addr_t dma, enum direction dir);
paddr_t dma_alloc_pages(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma,
			enum direction dir, uint32_t gfp);
void dma_free_pages(struct kernel *k, uint32_t dev, uint64_t size, paddr_t page, dma_addr_t dma,
		    enum direction dir);

/*
 * Pages that are one segment for the device, scattered or not for the CPU (here not). The table
 * brings the one entry it needs. attrs: ALLOC_SINGLE_PAGES alone.
 */
must_check bool dma_alloc_noncontiguous(struct kernel *k, uint32_t dev, uint64_t size,
					enum direction dir, uint32_t gfp, uint64_t attrs,
					struct sg_table *sgt);
void dma_free_noncontiguous(struct kernel *k, uint32_t dev, uint64_t size,
			    const struct sg_table *sgt, enum direction dir);

/*
 * Give the device [pa, pa+size) for its coherent memory; it sees the first byte at dma. The kernel
 * must not manage it: RAM hidden by mem=. 0, -EINVAL (no whole page), -EBUSY (it has some already),
 * -ENOMEM (cannot be mapped, or more than COHERENT_REGION_PAGES).
 */
must_check int dma_declare_coherent_memory(struct kernel *k, uint32_t dev, paddr_t pa,
					   dma_addr_t dma, uint64_t size);
void dma_release_coherent_memory(struct kernel *k, uint32_t dev);
