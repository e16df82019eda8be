#pragma once
/*
 * The contiguous memory allocator (mm/cma.c, kernel/dma/contiguous.c): a part of RAM kept together
 * from boot, so that a large block for DMA is still to be had when the rest is in pieces. Memory
 * for DMA of more than a page comes from it where the caller may sleep; when it is full, from the
 * page allocator as without it.
 *
 * Kept: the block taken is as many pages as asked, not a power of two; it is aligned to the smallest
 * order that holds it; log lines. Left out: lending the free part to movable pages, and moving them
 * away. It is the end of the first bank, so that everything else lies where it lies without it.
 */
#include "kernel/kernel.h"

void cma_init(struct kernel *k);     /* before the page allocator is given its RAM */

/*
 * dma_alloc_contiguous: so many bytes in whole pages; the head frame gets `kind`. False: no region,
 * not its business (one page, or the caller may not sleep), or no room.
 */
must_check bool cma_take(struct kernel *k, uint32_t gfp, uint64_t size, enum frame_kind kind,
			 uint64_t *pfn);
void cma_give(struct kernel *k, uint64_t pfn);

/* Is this page of the region? Of which block then: bytes of the one that begins at pfn. */
bool cma_holds(const struct kernel *k, uint64_t pfn);
uint64_t cma_size(const struct kernel *k, uint64_t pfn);

uint64_t cma_free_pages(const struct kernel *k);
