#pragma once
/*
 * Coherent memory for who may not sleep (kernel/dma/pool.c). Where coherent memory has to be
 * remapped, making it may sleep; so a pool is remapped beforehand, and dma_alloc_coherent with
 * GFP_ATOMIC is served from it, page by page, until it is used up.
 *
 * Changed: it is made when it is first asked for and not at boot, so that a machine that never asks
 * has its RAM for other things. Left out: the pools for ZONE_DMA and ZONE_DMA32, and growing in the
 * background.
 */
#include "kernel/kernel.h"

/* Is it the pool that serves a request with these flags (dma_direct_use_pool)? */
bool atomic_pool_serves(const struct kernel *k, uint32_t gfp, uint64_t attrs);

/*
 * Zeroed memory, where in RAM it is and where the device has it. 0, and a line in the log, when the
 * pool has none left that the device reaches.
 */
vaddr_t atomic_pool_alloc(struct kernel *k, uint32_t dev, uint64_t size, paddr_t *pa,
			  dma_addr_t *dma);

/* Is va in the pool? Then it is given back here; false: nobody has it. */
bool atomic_pool_holds(const struct kernel *k, vaddr_t va);
must_check bool atomic_pool_free(struct kernel *k, vaddr_t va, uint64_t size, paddr_t *pa);
