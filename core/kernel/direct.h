#pragma once
/*
 * The direct back end (kernel/dma/direct.c): a DMA address is the physical address plus the bus
 * offset. Nothing is remembered and nothing is validated, so any number given to unmap or sync
 * means some RAM, and what is done there is done. A buffer the device cannot reach gets a bounce
 * buffer when there is a pool, else an error.
 */
#include "kernel/backend.h"

extern const struct backend direct_backend;

static inline dma_addr_t direct_to_dma(const struct kernel *k, paddr_t pa)
{
	return pa + k->hw->board.bus_offset;
}

/* What a device's address means to the CPU; nonsense in, nonsense out. */
static inline paddr_t direct_to_phys(const struct kernel *k, dma_addr_t dma)
{
	return dma - k->hw->board.bus_offset;
}

/* Do all of these bytes lie within the mask (dma_capable)? size > 0. */
static inline bool direct_reaches(uint64_t mask, dma_addr_t dma, uint64_t size)
{
	return dma <= mask && size - 1 <= mask - dma;
}

/* The last page the kernel manages, where it begins: (max_pfn - 1) << PAGE_SHIFT. */
paddr_t direct_last_page(const struct kernel *k);
