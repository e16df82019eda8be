#include "kernel/atomic_pool.h"

#include "kernel/arch.h"
#include "kernel/backend.h"
#include "kernel/direct.h"
#include "kernel/pages.h"
#include "kernel/region.h"
#include "kernel/vmalloc.h"

bool atomic_pool_serves(const struct kernel *k, uint32_t gfp, uint64_t attrs)
{
	return arch_coherent_by(k) == COHERENT_REMAP && !(gfp & GFP_DIRECT_RECLAIM) &&
	       !(attrs & DMA_ATTR_NO_KERNEL_MAPPING);
}

/* As large as the board says, or as there is RAM in one piece (atomic_pool_expand). */
static void make(struct kernel *k)
{
	struct coherent_region *p = &k->atomic_pool;
	uint64_t size = k->hw->board.coherent_pool, pfn;

	while (size >= PAGE_SIZE && !pages_take(k, GFP_KERNEL | GFP_NOWARN, pages_order(size),
						FRAME_RESERVED, &pfn))
		size /= 2;
	if (size < PAGE_SIZE) {
		kernel_log(k, KLOG_POOL_NONE, k->hw->board.coherent_pool / KIB, 0, 0);
		return;
	}
	p->pa = pfn << PAGE_SHIFT;
	arch_prepare_coherent(k, p->pa, size);
	p->va = vm_remap(k, p->pa, size, ATTR_UNCACHED);
	if (!p->va) {
		pages_give(k, pfn, pages_order(size));
		return;
	}
	p->dma = direct_to_dma(k, p->pa);
	p->pages = (uint32_t)(size >> PAGE_SHIFT);
	kernel_log(k, KLOG_POOL_READY, size / KIB, 0, 0);
}

vaddr_t atomic_pool_alloc(struct kernel *k, uint32_t dev, uint64_t size, paddr_t *pa,
			  dma_addr_t *dma)
{
	struct coherent_region *p = &k->atomic_pool;
	uint64_t n = size >> PAGE_SHIFT, first;

	*dma = DMA_MAPPING_ERROR;
	n += (size & PAGE_MASK) != 0;
	if (!p->pages)
		make(k);
	first = region_find(p, n, 1);
	*pa = p->pa + (first << PAGE_SHIFT);
	if (first != p->pages)
		*dma = backend_of(k, dev)->map_memory(k, dev, *pa, n << PAGE_SHIFT,
						      DMA_BIDIRECTIONAL);
	if (*dma == DMA_MAPPING_ERROR) {
		kernel_log(k, KLOG_POOL_EMPTY, dev, 0, 0);
		return 0;
	}
	region_use(p, first, n, true);
	kernel_fill(k, p->va + (first << PAGE_SHIFT), 0, n << PAGE_SHIFT);
	cpu_barrier(k->hw, BARRIER_WMB);
	return p->va + (first << PAGE_SHIFT);
}

bool atomic_pool_holds(const struct kernel *k, vaddr_t va)
{
	return inside(va, 1, k->atomic_pool.va, k->atomic_pool.pages * PAGE_SIZE);
}

bool atomic_pool_free(struct kernel *k, vaddr_t va, uint64_t size, paddr_t *pa)
{
	struct coherent_region *p = &k->atomic_pool;
	uint64_t first = (va - p->va) >> PAGE_SHIFT;
	uint64_t n = (size >> PAGE_SHIFT) + ((size & PAGE_MASK) != 0);

	if (va & PAGE_MASK || !n || !inside(first, n, 0, p->pages) ||
	    !region_pages_are(p, first, n, true))
		return false;
	region_use(p, first, n, false);
	*pa = p->pa + (first << PAGE_SHIFT);
	return true;
}
