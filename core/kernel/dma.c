#include "kernel/dma.h"

#include "kernel/pages.h"
#include "kernel/vmalloc.h"

#include <assert.h>

#define ENOMEM 12

static const struct arch_ops *arch(const struct kernel *k)
{
	return &arch_ops[k->hw->board.arch];
}

static dma_addr_t to_dma(const struct kernel *k, paddr_t pa)
{
	return pa + k->hw->board.bus_offset;
}

/* What a device's address means to the CPU; nonsense in, nonsense out. */
static paddr_t to_phys(const struct kernel *k, dma_addr_t dma)
{
	return dma - k->hw->board.bus_offset;
}

static bool reaches(const struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size)
{
	return dma + size - 1 <= k->dma_mask[dev];
}

/* One cell of the table, on one level of cache or (0) on all. */
static void line_op(struct kernel *k, enum line_op op, paddr_t pa, uint64_t n, uint32_t level)
{
	static const enum cache_op ops[] = {
		[LINE_OP_CLEAN] = CACHE_CLEAN, [LINE_OP_INVAL] = CACHE_INVALIDATE,
		[LINE_OP_EDGE] = CACHE_INVALIDATE, [LINE_OP_FLUSH] = CACHE_FLUSH };

	if (level < 2 || hw_cache(k->hw, level))
		cpu_maintain(k->hw, ops[op], pa, n, level, op == LINE_OP_EDGE);
}

/*
 * arch_sync_dma_for_device and _for_cpu. An outer cache lies between the inner one and RAM: on the
 * way out the inner one comes first, on the way in it comes last.
 */
static void sync_lines(struct kernel *k, enum line_op op, paddr_t pa, uint64_t n, bool for_cpu)
{
	if (op == LINE_OP_NONE || k->hw->board.coherent || !n)
		return;
	if (!virt_range_valid(k, phys_to_virt(pa), n) && !board_is_ram(&k->hw->board, pa, n)) {
		kernel_log(k, KLOG_SYNC_NOT_RAM, pa, 0, 0);
		return;
	}
	if (!arch(k)->outer) {
		line_op(k, op, pa, n, 0);
		return;
	}
	line_op(k, op, pa, n, for_cpu ? 2 : 1);
	line_op(k, op, pa, n, for_cpu ? 1 : 2);
}

/* Tell a call, then do to the caches what it does, as its doing. */
static void hand_over(struct kernel *k, const struct event *call, bool for_cpu)
{
	enum direction dir = (enum direction)call->a;
	enum line_op op = for_cpu ? arch(k)->for_cpu[dir] : arch(k)->for_device[dir];
	uint64_t before = kernel_cause(k, kernel_tell(k, call));

	sync_lines(k, op, call->addr2, call->size, for_cpu);
	kernel_cause(k, before);
}

/* A call that names a handle. No record is kept, so nothing says whether it was ever mapped. */
static void sync(struct kernel *k, const struct event *call, uint64_t size, bool for_cpu)
{
	struct event e = *call;

	assert(e.a < DMA_NONE);
	e.addr2 = to_phys(k, e.addr);
	e.size = event_size(size);
	hand_over(k, &e, for_cpu);
}

static dma_addr_t refuse(struct kernel *k, uint32_t dev, vaddr_t va, uint64_t size,
			 enum direction dir)
{
	kernel_tell(k, &(struct event){ .kind = EV_DMA_MAP_FAIL, .addr = va,
		.size = event_size(size), .a = dir, .unit = (uint16_t)dev });
	return DMA_MAPPING_ERROR;
}

dma_addr_t dma_map_single(struct kernel *k, uint32_t dev, vaddr_t va, uint64_t size,
			  enum direction dir)
{
	paddr_t pa = va - LINEAR_BASE;
	dma_addr_t dma = to_dma(k, pa);

	assert(dir < DMA_NONE);
	if (is_vmalloc_addr(va)) {
		kernel_log(k, KLOG_VMALLOC_MAP, 0, 0, 0);
		return refuse(k, dev, va, size, dir);
	}
	if (!size || !virt_range_valid(k, va, size))
		return refuse(k, dev, va, size, dir);
	if (!reaches(k, dev, dma, size)) {
		kernel_log(k, KLOG_DMA_OVERFLOW, dma, size, k->dma_mask[dev]);
		return refuse(k, dev, va, size, dir);
	}
	hw_notice(k->hw, pa);
	hw_notice(k->hw, pa + size - 1);
	hand_over(k, &(struct event){ .kind = EV_DMA_MAP, .addr = dma, .addr2 = pa, .value = va,
		.size = (uint32_t)size, .a = dir, .b = k->hw->board.coherent != 0,
		.unit = (uint16_t)dev }, false);
	return dma;
}

void dma_unmap_single(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
		      enum direction dir)
{
	sync(k, &(struct event){ .kind = EV_DMA_UNMAP, .addr = dma, .a = dir,
		.unit = (uint16_t)dev }, size, true);
}

void dma_sync_single_for_cpu(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
			     enum direction dir)
{
	sync(k, &(struct event){ .kind = EV_DMA_SYNC_CPU, .addr = dma, .a = dir,
		.unit = (uint16_t)dev }, size, true);
}

void dma_sync_single_for_device(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
				enum direction dir)
{
	sync(k, &(struct event){ .kind = EV_DMA_SYNC_DEVICE, .addr = dma, .a = dir,
		.unit = (uint16_t)dev }, size, false);
}

int dma_mapping_error(struct kernel *k, uint32_t dev, dma_addr_t dma)
{
	bool failed = dma == DMA_MAPPING_ERROR;

	kernel_tell(k, &(struct event){ .kind = EV_DMA_CHECK, .addr = dma, .a = failed,
		.unit = (uint16_t)dev });
	return failed ? -ENOMEM : 0;
}

static enum coherent_by coherent_by(const struct kernel *k)
{
	return k->hw->board.coherent ? COHERENT_CACHED : arch(k)->coherent;
}

/* A block the device can reach: where the mask is narrow, from lower and lower zones. */
static bool take_reachable(struct kernel *k, uint32_t dev, uint32_t order, uint32_t gfp,
			   uint64_t *pfn)
{
	static const uint32_t zones[] = { 0, GFP_DMA32, GFP_DMA };

	for (uint32_t i = 0; i < 3; i++) {
		if (!pages_take(k, gfp | zones[i], order, FRAME_COHERENT, pfn))
			return false;
		if (reaches(k, dev, to_dma(k, *pfn << PAGE_SHIFT), PAGE_SIZE << order))
			return true;
		pages_give(k, *pfn, order);
	}
	return false;
}

/*
 * The CPU's view of the block, without what the cache still holds of it (arch_dma_prep_coherent).
 * 0 when no addresses are left.
 */
static vaddr_t view(struct kernel *k, paddr_t pa, uint64_t size)
{
	enum coherent_by by = coherent_by(k);

	if (by == COHERENT_CACHED)
		return phys_to_virt(pa);
	line_op(k, arch(k)->prepare, pa, size, 0);
	return by == COHERENT_REMAP ? vm_remap(k, pa, size, ATTR_UNCACHED) : UNCACHED_BASE + pa;
}

vaddr_t dma_alloc_coherent(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma,
			   uint32_t gfp)
{
	uint32_t order = size ? pages_order(size) : 0;
	uint64_t pfn;
	vaddr_t va;

	*dma = DMA_MAPPING_ERROR;
	gfp &= ~(uint32_t)(GFP_DMA | GFP_DMA32 | GFP_ZERO);   /* the mask decides the zone */
	if (!size || !take_reachable(k, dev, order, gfp, &pfn))
		return 0;
	va = view(k, pfn << PAGE_SHIFT, round_up(size, PAGE_SIZE));
	if (!va) {
		pages_give(k, pfn, order);
		return 0;
	}
	kernel_fill(k, va, 0, round_up(size, PAGE_SIZE));
	cpu_barrier(k->hw, BARRIER_WMB);    /* no zero of ours arrives after the driver's stores */
	*dma = to_dma(k, pfn << PAGE_SHIFT);
	kernel_tell(k, &(struct event){ .kind = EV_DMA_ALLOC, .addr = *dma,
		.addr2 = pfn << PAGE_SHIFT, .value = va, .size = (uint32_t)size,
		.unit = (uint16_t)dev });
	return va;
}

/* Is va the view dma_alloc_coherent gave of the block at pa? */
static bool is_view(const struct kernel *k, vaddr_t va, paddr_t pa)
{
	const struct vm_area *a = vm_area_at(k, va);

	switch (coherent_by(k)) {
	case COHERENT_CACHED: return va == phys_to_virt(pa);
	case COHERENT_ALIAS:  return va == UNCACHED_BASE + pa;
	default:              return a && a->kind == VM_COHERENT && a->va == va && a->pa == pa;
	}
}

/* Did the block at va come from a request of so many pages? A remapped one knows them exactly. */
static bool same_size(const struct kernel *k, vaddr_t va, uint64_t size, const struct frame *f)
{
	if (!size || pages_order(size) != f->order)
		return false;
	return coherent_by(k) != COHERENT_REMAP ||
	       vm_area_at(k, va)->size == round_up(size, PAGE_SIZE);
}

/* Do size, address and handle name one coherent block? If not, why not. */
static bool may_free(const struct kernel *k, uint64_t size, vaddr_t va, dma_addr_t dma,
		     enum bad_free *why)
{
	paddr_t pa = to_phys(k, dma);
	uint64_t pfn = pa >> PAGE_SHIFT, head = frame_head(k, pfn);
	const struct frame *f = frame_read(k, head);
	bool start = !(pa & PAGE_MASK);

	*why = BAD_FREE_FOREIGN;
	if (f->kind == FRAME_FREE && start && frame_read(k, pfn)->was == FRAME_COHERENT)
		*why = BAD_FREE_TWICE;
	if (f->kind != FRAME_COHERENT)
		return false;
	if (!start || head != pfn)
		*why = BAD_FREE_INSIDE;
	else if (is_view(k, va, pa))
		*why = BAD_FREE_ORDER;
	return *why == BAD_FREE_ORDER && same_size(k, va, size, f);
}

void dma_free_coherent(struct kernel *k, uint32_t dev, uint64_t size, vaddr_t va, dma_addr_t dma)
{
	paddr_t pa = to_phys(k, dma);
	enum bad_free why;
	uint64_t before;

	if (!va)
		return;
	if (!may_free(k, size, va, dma, &why)) {
		kernel_tell_bad_free(k, MEM_COHERENT, va, why);
		return;
	}
	cpu_barrier(k->hw, BARRIER_MB);    /* the driver's last stores arrive before the poison */
	before = kernel_cause(k, kernel_tell(k, &(struct event){ .kind = EV_DMA_FREE, .addr = dma,
		.addr2 = pa, .value = va, .size = (uint32_t)size, .unit = (uint16_t)dev }));
	if (coherent_by(k) == COHERENT_REMAP)
		vm_unremap(k, va);
	if (coherent_by(k) != COHERENT_CACHED)     /* old lines of the cached address must not come back */
		cpu_maintain(k->hw, CACHE_INVALIDATE, pa, PAGE_SIZE << pages_order(size), 0, false);
	kernel_fill(k, phys_to_virt(pa), PAGE_POISON, PAGE_SIZE << pages_order(size));
	kernel_cause(k, before);
	pages_give(k, pa >> PAGE_SHIFT, pages_order(size));
}
