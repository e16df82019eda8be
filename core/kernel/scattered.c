#include "kernel/scattered.h"

#include "kernel/arch.h"
#include "kernel/pages.h"
#include "kernel/vmalloc.h"

static paddr_t behind(const struct kernel *k, vaddr_t va)
{
	enum attr attr;
	paddr_t pa;

	return mmu_translate(&k->hw->mmu, va, &pa, &attr) == OK ? pa : BACKEND_NOTHING;
}

/* The call as a whole, then each page as a piece of it. Returns the number of the first. */
static uint64_t tell(struct kernel *k, enum event_kind kind, uint32_t dev, uint64_t size, vaddr_t va,
		     dma_addr_t dma)
{
	uint64_t seq = kernel_tell(k, &(struct event){ .kind = (uint16_t)kind, .addr = dma,
		.addr2 = BACKEND_NOTHING, .value = va, .size = event_size(size),
		.b = FORM_COHERENT, .unit = (uint16_t)dev });
	uint64_t before = kernel_cause(k, seq);

	for (uint64_t at = 0; at < size; at += PAGE_SIZE)
		kernel_tell(k, &(struct event){ .kind = EV_DMA_PIECE, .addr = dma + at,
			.addr2 = behind(k, va + at), .value = va + at,
			.size = (uint32_t)min_u64(PAGE_SIZE, size - at), .unit = (uint16_t)dev });
	kernel_cause(k, before);
	return seq;
}

vaddr_t scattered_alloc(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma,
			uint32_t gfp, enum attr attr)
{
	uint64_t bytes = round_up(size, PAGE_SIZE);
	vaddr_t va = bytes ? vm_scatter(k, bytes, gfp, attr) : 0;     /* 0: a size that wrapped */

	*dma = DMA_MAPPING_ERROR;
	if (!va)
		return 0;
	for (uint64_t at = 0; at < bytes; at += PAGE_SIZE)
		arch_prepare_coherent(k, behind(k, va + at), PAGE_SIZE);
	*dma = backend_of(k, dev)->map_pages(k, dev, va, bytes, DMA_BIDIRECTIONAL);
	if (*dma == DMA_MAPPING_ERROR) {
		vm_unscatter(k, va);
		return 0;
	}
	kernel_fill(k, va, 0, bytes);
	cpu_barrier(k->hw, BARRIER_WMB);
	tell(k, EV_DMA_ALLOC, dev, size, va, *dma);
	return va;
}

bool scattered_holds(const struct kernel *k, vaddr_t va)
{
	const struct vm_area *a = vm_area_at(k, va);

	return a && a->kind == VM_COHERENT && a->pages;
}

bool scattered_free(struct kernel *k, uint32_t dev, uint64_t size, vaddr_t va, dma_addr_t dma)
{
	const struct vm_area *a = vm_area_at(k, va);
	uint64_t bytes = round_up(size, PAGE_SIZE), before;
	const struct backend *be = backend_of(k, dev);

	if (a->va != va || a->size != bytes || be->phys(k, dev, dma) != behind(k, va))
		return false;
	cpu_barrier(k->hw, BARRIER_MB);
	before = kernel_cause(k, tell(k, EV_DMA_FREE, dev, size, va, dma));
	be->unmap(k, dev, dma, bytes, DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
	for (uint64_t at = 0; at < bytes && a->attr != ATTR_CACHED; at += PAGE_SIZE)
		cpu_maintain(k->hw, CACHE_INVALIDATE, behind(k, va + at), PAGE_SIZE, 0, false);
	vm_unscatter(k, va);
	kernel_cause(k, before);
	return true;
}
