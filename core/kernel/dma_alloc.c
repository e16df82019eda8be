#include "kernel/dma_alloc.h"

#include "kernel/arch.h"
#include "kernel/atomic_pool.h"
#include "kernel/backend.h"
#include "kernel/context.h"
#include "kernel/contiguous.h"
#include "kernel/iova.h"
#include "kernel/pages.h"
#include "kernel/region.h"
#include "kernel/scattered.h"
#include "kernel/vmalloc.h"

#define ENOMEM 12
#define EBUSY  16
#define EINVAL 22

/* Where a page comes from is the mask's business, and the API hands out no compound pages. */
#define GFP_ZONES (GFP_DMA | GFP_DMA32 | GFP_HIGHMEM)

static uint64_t tell(struct kernel *k, enum event_kind kind, const struct event *e)
{
	struct event told = *e;

	told.kind = (uint16_t)kind;
	return kernel_tell(k, &told);
}

static void tell_attrs(struct kernel *k, uint64_t call, uint32_t dev, uint64_t attrs)
{
	uint64_t before = kernel_cause(k, call);

	if (attrs)
		kernel_tell(k, &(struct event){ .kind = EV_DMA_ATTRS, .value = attrs,
			.unit = (uint16_t)dev });
	kernel_cause(k, before);
}

/* A block goes back where it came from. */
static void give(struct kernel *k, uint64_t pfn, uint64_t size)
{
	if (cma_holds(k, pfn))
		cma_give(k, pfn);
	else
		pages_give(k, pfn, pages_order(size));
}

/* Bytes of the block that was taken for so many. */
static uint64_t block_size(const struct kernel *k, uint64_t pfn, uint64_t size)
{
	return cma_holds(k, pfn) ? cma_size(k, pfn) : PAGE_SIZE << pages_order(size);
}

/* dma_alloc_contiguous, where the device reaches what it gives. */
static bool take_contiguous(struct kernel *k, uint32_t dev, uint64_t size, uint32_t gfp,
			    enum frame_kind kind, uint64_t *pfn, dma_addr_t *dma,
			    enum direction dir)
{
	if (!cma_take(k, gfp, size, kind, pfn))
		return false;
	*dma = backend_of(k, dev)->map_memory(k, dev, *pfn << PAGE_SHIFT,
					      round_up(size, PAGE_SIZE), dir);
	if (*dma != DMA_MAPPING_ERROR)
		return true;
	cma_give(k, *pfn);
	return false;
}

/*
 * A block the device can reach, and its address for so many bytes of it: where the mask is narrow,
 * from lower and lower zones.
 */
static bool take_reachable(struct kernel *k, uint32_t dev, uint64_t size, uint32_t gfp,
			   enum frame_kind kind, uint64_t *pfn, dma_addr_t *dma, enum direction dir)
{
	const struct backend *be = backend_of(k, dev);
	uint32_t zone = be->zone(k, dev), order = pages_order(size);

	if (take_contiguous(k, dev, size, gfp, kind, pfn, dma, dir))
		return true;
	for (;;) {
		if (!pages_take(k, gfp | zone, order, kind, pfn))
			return false;
		*dma = be->map_memory(k, dev, *pfn << PAGE_SHIFT, round_up(size, PAGE_SIZE), dir);
		if (*dma != DMA_MAPPING_ERROR)
			return true;
		pages_give(k, *pfn, order);
		if (zone == GFP_DMA || be->any_page)
			return false;
		zone = zone ? GFP_DMA : GFP_DMA32;
	}
}

/* The device does not reach these pages any more. */
static void unreach(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size)
{
	backend_of(k, dev)->unmap(k, dev, dma, size, DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
}

static paddr_t behind(const struct kernel *k, uint32_t dev, dma_addr_t dma)
{
	return backend_of(k, dev)->phys(k, dev, dma);
}

/* Stores of ours reach memory before those of the driver: no zero arrives late. */
static void zero(struct kernel *k, vaddr_t va, uint64_t size)
{
	kernel_fill(k, va, 0, size);
	cpu_barrier(k->hw, BARRIER_WMB);
}

/* A region of the device's own: dma_declare_coherent_memory. */

static vaddr_t region_alloc(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma)
{
	struct coherent_region *r = &k->device_dma[dev].region;
	uint64_t n = size && size <= r->pages * PAGE_SIZE ? (uint64_t)1 << pages_order(size) : 0;
	uint64_t first = region_find(r, n, n), at = first << PAGE_SHIFT;

	if (first == r->pages || cpu_check(k->hw, r->va + at, size) != OK)
		return 0;      /* full, or the driver took its mapping away */
	region_use(r, first, n, true);
	zero(k, r->va + at, size);
	*dma = r->dma + at;
	tell(k, EV_DMA_ALLOC, &(struct event){ .addr = *dma, .addr2 = r->pa + at,
		.value = r->va + at, .size = (uint32_t)size, .b = FORM_COHERENT,
		.unit = (uint16_t)dev });
	return r->va + at;
}

static bool in_region(const struct kernel *k, uint32_t dev, vaddr_t va)
{
	const struct coherent_region *r = &k->device_dma[dev].region;

	return inside(va, 1, r->va, r->pages * PAGE_SIZE);
}

/* By the CPU's address and the size; the handle is not looked at, as in Linux. */
static void region_free(struct kernel *k, uint32_t dev, uint64_t size, vaddr_t va)
{
	struct coherent_region *r = &k->device_dma[dev].region;
	uint64_t at = round_down(va - r->va, PAGE_SIZE), first = at >> PAGE_SHIFT;
	uint64_t n = size && size <= r->pages * PAGE_SIZE ? (uint64_t)1 << pages_order(size) : 0;

	if (!n || !inside(first, n, 0, r->pages) || !region_pages_are(r, first, n, true)) {
		kernel_tell_bad_free(k, MEM_COHERENT, va, region_pages_are(r, first, 1, true)
				     ? BAD_FREE_ORDER : BAD_FREE_TWICE);
		return;
	}
	region_use(r, first, n, false);
	tell(k, EV_DMA_FREE, &(struct event){ .addr = r->dma + at, .addr2 = r->pa + at,
		.value = r->va + at, .size = (uint32_t)size, .b = FORM_COHERENT,
		.unit = (uint16_t)dev });
}

int dma_declare_coherent_memory(struct kernel *k, uint32_t dev, paddr_t pa, dma_addr_t dma,
				uint64_t size)
{
	struct coherent_region *r = &k->device_dma[dev].region;
	uint64_t pages = size >> PAGE_SHIFT;
	vaddr_t va;

	if (!pages || (pa | dma) & PAGE_MASK || !board_is_ram(&k->hw->board, pa, size))
		return -EINVAL;
	if (r->pages)
		return -EBUSY;
	va = pages > COHERENT_REGION_PAGES ? 0 : ioremap(k, pa, size, ATTR_WRITE_COMBINE);
	if (!va)
		return -ENOMEM;
	*r = (struct coherent_region){ .pa = pa, .dma = dma, .va = va, .pages = (uint32_t)pages };
	return 0;
}

void dma_release_coherent_memory(struct kernel *k, uint32_t dev)
{
	struct coherent_region *r = &k->device_dma[dev].region;
	bool unmapped = r->pages && iounmap(k, r->va);

	(void)unmapped;      /* the driver may have unmapped it behind our back */
	r->pages = 0;
}

/* Coherent memory. */

/* How the CPU sees coherent memory that is mapped for it. */
static enum attr view_attr(const struct kernel *k, uint64_t attrs)
{
	if (arch_coherent_by(k) == COHERENT_CACHED)
		return ATTR_CACHED;
	return attrs & DMA_ATTR_WRITE_COMBINE ? ATTR_WRITE_COMBINE : ATTR_UNCACHED;
}

/*
 * The CPU's view of the block, without what the cache still holds of it. A cookie is the struct
 * page: an address, but not one to load from. 0 when no addresses are left.
 */
static vaddr_t view(struct kernel *k, uint64_t pfn, uint64_t size, uint64_t attrs)
{
	paddr_t pa = pfn << PAGE_SHIFT;

	arch_prepare_coherent(k, pa, size);
	if (attrs & DMA_ATTR_NO_KERNEL_MAPPING)
		return VMEMMAP_BASE + 64 * pfn;
	switch (arch_coherent_by(k)) {
	case COHERENT_CACHED: return phys_to_virt(pa);
	case COHERENT_ALIAS:  return UNCACHED_BASE + pa;
	default:              return vm_remap(k, pa, size, view_attr(k, attrs));
	}
}

/* dma_direct_alloc. */
static vaddr_t pages_coherent(struct kernel *k, uint32_t dev, uint64_t size, uint32_t gfp,
			      uint64_t attrs, uint64_t *pfn, dma_addr_t *dma)
{
	uint64_t bytes = round_up(size, PAGE_SIZE);
	vaddr_t va;

	if (!size || !take_reachable(k, dev, size, gfp, FRAME_COHERENT, pfn, dma,
				     DMA_BIDIRECTIONAL))
		return 0;
	va = view(k, *pfn, bytes, attrs);
	if (!va) {
		unreach(k, dev, *dma, bytes);
		*dma = DMA_MAPPING_ERROR;
		give(k, *pfn, size);
	} else if (!(attrs & DMA_ATTR_NO_KERNEL_MAPPING))
		zero(k, va, bytes);
	return va;
}

/*
 * iommu_dma_alloc: pages that lie apart will do behind an IOMMU, for who may wait and wants to look
 * at them. That no block was left is then nothing for the log.
 */
static bool may_scatter(const struct kernel *k, uint32_t dev, uint32_t gfp, uint64_t attrs)
{
	return backend_of(k, dev)->map_pages && gfp & GFP_DIRECT_RECLAIM &&
	       !(attrs & (DMA_ATTR_FORCE_CONTIGUOUS | DMA_ATTR_NO_KERNEL_MAPPING));
}

/* The same for who may not sleep. */
static vaddr_t pool_alloc(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma)
{
	paddr_t pa;
	vaddr_t va = atomic_pool_alloc(k, dev, size, &pa, dma);

	if (!va)
		return 0;
	tell(k, EV_DMA_ALLOC, &(struct event){ .addr = *dma, .addr2 = pa, .value = va,
		.size = (uint32_t)size, .b = FORM_COHERENT, .unit = (uint16_t)dev });
	return va;
}

vaddr_t dma_alloc_attrs(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma,
			uint32_t gfp, uint64_t attrs)
{
	uint64_t pfn, seq;
	bool scatters;
	vaddr_t va;

	*dma = DMA_MAPPING_ERROR;
	if (gfp & GFP_COMP) {
		kernel_log(k, KLOG_DMA_GFP, gfp, 0, 0);
		return 0;
	}
	if (k->device_dma[dev].region.pages)
		return region_alloc(k, dev, size, dma);
	context_might_alloc(k, SLEEPER_DMA_ALLOC, gfp);
	if (atomic_pool_serves(k, gfp, attrs))
		return pool_alloc(k, dev, size, dma);
	gfp &= ~(uint32_t)(GFP_ZONES | GFP_ZERO);
	gfp |= attrs & DMA_ATTR_NO_WARN ? GFP_NOWARN : 0;
	scatters = may_scatter(k, dev, gfp, attrs);
	va = pages_coherent(k, dev, size, gfp | (scatters ? GFP_NOWARN : 0), attrs, &pfn, dma);
	if (!va)
		return scatters ? scattered_alloc(k, dev, size, dma, gfp, view_attr(k, attrs)) : 0;
	seq = tell(k, EV_DMA_ALLOC, &(struct event){ .addr = *dma, .addr2 = pfn << PAGE_SHIFT,
		.value = va, .size = (uint32_t)size, .b = FORM_COHERENT, .unit = (uint16_t)dev });
	tell_attrs(k, seq, dev, attrs);
	return va;
}

static bool remapped(const struct kernel *k, uint64_t attrs)
{
	return arch_coherent_by(k) == COHERENT_REMAP && !(attrs & DMA_ATTR_NO_KERNEL_MAPPING);
}

/* Is va the view dma_alloc_attrs gave of the block at pa? */
static bool is_view(const struct kernel *k, vaddr_t va, paddr_t pa, uint64_t attrs)
{
	const struct vm_area *a = vm_area_at(k, va);

	if (attrs & DMA_ATTR_NO_KERNEL_MAPPING)
		return va == VMEMMAP_BASE + 64 * (pa >> PAGE_SHIFT);
	switch (arch_coherent_by(k)) {
	case COHERENT_CACHED: return va == phys_to_virt(pa);
	case COHERENT_ALIAS:  return va == UNCACHED_BASE + pa;
	default:              return a && a->kind == VM_COHERENT && a->va == va && a->pa == pa;
	}
}

/* Did the block at pfn come from a request of so many pages? CMA knows them exactly. */
static bool same_pages(const struct kernel *k, uint64_t pfn, uint64_t size)
{
	if (!size || pages_order(size) != frame_read(k, pfn)->order)
		return false;
	return !cma_holds(k, pfn) || cma_size(k, pfn) == round_up(size, PAGE_SIZE);
}

/* And the view of it at va? A remapped one knows them exactly, too. */
static bool same_size(const struct kernel *k, vaddr_t va, uint64_t size, uint64_t attrs,
		      uint64_t pfn)
{
	if (!same_pages(k, pfn, size))
		return false;
	return !remapped(k, attrs) || vm_area_at(k, va)->size == round_up(size, PAGE_SIZE);
}

/* Does the handle name the first page of a block of this kind? If not, why not. */
static bool is_block(const struct kernel *k, uint32_t dev, dma_addr_t dma, enum frame_kind kind,
		     enum bad_free *why)
{
	paddr_t pa = behind(k, dev, dma);
	uint64_t pfn = pa >> PAGE_SHIFT, head = frame_head(k, pfn);
	const struct frame *f = frame_read(k, head);
	bool start = !(pa & PAGE_MASK);

	*why = BAD_FREE_FOREIGN;
	if (pa == BACKEND_NOTHING) {
		if (iova_was_taken(k, dev, dma))
			*why = BAD_FREE_TWICE;
		return false;
	}
	if ((f->kind == FRAME_FREE || f->kind == FRAME_RESERVED) && start &&
	    frame_read(k, pfn)->was == kind)
		*why = BAD_FREE_TWICE;
	if (f->kind != kind)
		return false;
	if (start && head == pfn)
		return true;
	*why = BAD_FREE_INSIDE;
	return false;
}

/* Do size, address and handle name one coherent block? If not, why not. */
static bool may_free(const struct kernel *k, uint32_t dev, uint64_t size, vaddr_t va,
		     dma_addr_t dma, uint64_t attrs, enum bad_free *why)
{
	paddr_t pa = behind(k, dev, dma);

	if (!is_block(k, dev, dma, FRAME_COHERENT, why))
		return false;
	*why = is_view(k, va, pa, attrs) ? BAD_FREE_ORDER : BAD_FREE_FOREIGN;
	return *why == BAD_FREE_ORDER &&
	       same_size(k, va, size, attrs, pa >> PAGE_SHIFT);
}

/* Old lines of the cached address must not come back over whatever the pages are used for next. */
static void forget_lines(struct kernel *k, paddr_t pa, uint64_t size)
{
	if (arch_coherent_by(k) != COHERENT_CACHED)
		cpu_maintain(k->hw, CACHE_INVALIDATE, pa, block_size(k, pa >> PAGE_SHIFT, size), 0,
			     false);
}

/* The block is the driver's no more; its last stores have arrived. Returns the event's number. */
static uint64_t tell_free(struct kernel *k, const struct event *e)
{
	cpu_barrier(k->hw, BARRIER_MB);
	return tell(k, EV_DMA_FREE, e);
}

/* Poison the pages and give them back, as the doing of the free that was told as `seq`. */
static void give_back(struct kernel *k, paddr_t pa, uint64_t size, uint64_t seq)
{
	uint64_t before = kernel_cause(k, seq);

	kernel_fill(k, phys_to_virt(pa), PAGE_POISON, block_size(k, pa >> PAGE_SHIFT, size));
	kernel_cause(k, before);
	give(k, pa >> PAGE_SHIFT, size);
}

/*
 * Nothing is freed. The whole call is told too: dma-debug holds it against what was allocated.
 * Returns the number of that event.
 */
static uint64_t refuse_free(struct kernel *k, const struct event *call, enum bad_free why)
{
	struct event e = *call;
	enum attr attr;

	kernel_tell_bad_free(k, MEM_COHERENT, e.value, why);
	if (mmu_translate(&k->hw->mmu, e.value, &e.addr2, &attr) != OK)
		e.addr2 = ~(paddr_t)0;
	return tell(k, EV_DMA_BAD_FREE, &e);
}

/* WARN_ON(irqs_disabled()); and what was remapped is unmapped, which may sleep. */
static void may_be_freed_here(struct kernel *k, vaddr_t va, uint64_t attrs)
{
	bool unmaps = va && remapped(k, attrs) && !atomic_pool_holds(k, va);

	if (unmaps || context_irqs_off(k))
		context_might_sleep(k, SLEEPER_DMA_FREE);
}

/* By the CPU's address and the size, as in Linux. */
static void pool_free(struct kernel *k, uint32_t dev, uint64_t size, vaddr_t va, dma_addr_t dma)
{
	paddr_t pa;

	if (!atomic_pool_free(k, va, size, &pa)) {
		kernel_tell_bad_free(k, MEM_COHERENT, va, BAD_FREE_TWICE);
		return;
	}
	(void)tell_free(k, &(struct event){ .addr = dma, .addr2 = pa, .value = va,
		.size = (uint32_t)size, .b = FORM_COHERENT, .unit = (uint16_t)dev });
	unreach(k, dev, dma, round_up(size, PAGE_SIZE));
}

void dma_free_attrs(struct kernel *k, uint32_t dev, uint64_t size, vaddr_t va, dma_addr_t dma,
		    uint64_t attrs)
{
	paddr_t pa = behind(k, dev, dma);
	enum bad_free why;
	uint64_t seq, before;

	if (in_region(k, dev, va)) {
		region_free(k, dev, size, va);
		return;
	}
	may_be_freed_here(k, va, attrs);
	if (!va)
		return;
	if (atomic_pool_holds(k, va)) {
		pool_free(k, dev, size, va, dma);
		return;
	}
	if (scattered_holds(k, va) && scattered_free(k, dev, size, va, dma))
		return;
	if (!may_free(k, dev, size, va, dma, attrs, &why)) {
		seq = refuse_free(k, &(struct event){ .addr = dma, .value = va,
			.size = event_size(size), .b = FORM_COHERENT, .unit = (uint16_t)dev }, why);
		tell_attrs(k, seq, dev, attrs);
		return;
	}
	seq = tell_free(k, &(struct event){ .addr = dma, .addr2 = pa, .value = va,
		.size = (uint32_t)size, .b = FORM_COHERENT, .unit = (uint16_t)dev });
	tell_attrs(k, seq, dev, attrs);
	before = kernel_cause(k, seq);
	unreach(k, dev, dma, round_up(size, PAGE_SIZE));
	if (remapped(k, attrs))
		vm_unremap(k, va);
	forget_lines(k, pa, size);
	kernel_cause(k, before);
	give_back(k, pa, size, seq);
}

/* Managed by the driver core. */

vaddr_t dmam_alloc_coherent(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma,
			    uint32_t gfp)
{
	uint32_t slot = 0;
	vaddr_t va;

	*dma = DMA_MAPPING_ERROR;
	while (slot < DEVRES_MAX && k->devres[slot].va)
		slot++;
	if (slot == DEVRES_MAX)
		return 0;
	va = dma_alloc_coherent(k, dev, size, dma, gfp);
	k->devres[slot] = (struct devres){ .dev = dev, .va = va, .dma = *dma, .size = size };
	return va;
}

static struct devres *find_devres(struct kernel *k, uint32_t dev, vaddr_t va)
{
	for (uint32_t i = 0; va && i < DEVRES_MAX; i++)
		if (k->devres[i].va == va && k->devres[i].dev == dev)
			return &k->devres[i];
	return NULL;
}

void dmam_free_coherent(struct kernel *k, uint32_t dev, uint64_t size, vaddr_t va, dma_addr_t dma)
{
	struct devres *d = find_devres(k, dev, va);

	dma_free_coherent(k, dev, size, va, dma);
	if (!d || d->size != size || d->dma != dma)
		kernel_log(k, KLOG_DMAM_MATCH, va, 0, 0);
	if (d)
		d->va = 0;
}

void dmam_release(struct kernel *k, uint32_t dev)
{
	for (uint32_t i = DEVRES_MAX; i-- > 0; ) {
		struct devres d = k->devres[i];

		if (!d.va || d.dev != dev)
			continue;
		k->devres[i].va = 0;
		dma_free_coherent(k, dev, d.size, d.va, d.dma);
	}
}

/* Cached pages. */

/*
 * dma_direct_alloc_pages: zeroed through the linear map; the zeros may well be in the cache alone.
 */
static paddr_t cached_pages(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma,
			    enum direction dir, uint32_t gfp, enum map_form form)
{
	uint64_t pfn;
	paddr_t pa;

	*dma = DMA_MAPPING_ERROR;
	if (gfp & (GFP_ZONES | GFP_COMP)) {
		kernel_log(k, KLOG_DMA_GFP, gfp, 0, 0);
		return 0;
	}
	context_might_alloc(k, SLEEPER_DMA_ALLOC, gfp);
	if (!size || !take_reachable(k, dev, size, gfp & ~(uint32_t)GFP_ZERO, FRAME_DMA, &pfn, dma,
				     dir))
		return 0;
	pa = pfn << PAGE_SHIFT;
	kernel_fill(k, phys_to_virt(pa), 0, round_up(size, PAGE_SIZE));
	tell(k, EV_DMA_ALLOC, &(struct event){ .addr = *dma, .addr2 = pa, .value = phys_to_virt(pa),
		.size = (uint32_t)size, .a = dir, .b = form, .unit = (uint16_t)dev });
	return pa;
}

/* Do size, page and handle name one block of cached pages? If not, why not. */
static bool may_free_pages(const struct kernel *k, uint32_t dev, uint64_t size, paddr_t pa,
			   dma_addr_t dma, enum bad_free *why)
{
	if (!is_block(k, dev, dma, FRAME_DMA, why))
		return false;
	*why = pa == behind(k, dev, dma) ? BAD_FREE_ORDER : BAD_FREE_FOREIGN;
	return *why == BAD_FREE_ORDER && same_pages(k, pa >> PAGE_SHIFT, size);
}

static void free_cached(struct kernel *k, uint64_t size, const struct event *e)
{
	enum bad_free why;
	uint64_t seq, before;

	if (!may_free_pages(k, e->unit, size, e->addr2, e->addr, &why)) {
		refuse_free(k, e, why);
		return;
	}
	seq = tell_free(k, e);
	before = kernel_cause(k, seq);
	unreach(k, e->unit, e->addr, round_up(size, PAGE_SIZE));
	kernel_cause(k, before);
	give_back(k, e->addr2, size, seq);
}

vaddr_t dma_alloc_noncoherent(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma,
			      enum direction dir, uint32_t gfp)
{
	paddr_t pa = cached_pages(k, dev, size, dma, dir, gfp, FORM_NONCOHERENT);

	return pa ? phys_to_virt(pa) : 0;
}

void dma_free_noncoherent(struct kernel *k, uint32_t dev, uint64_t size, vaddr_t va,
			  dma_addr_t dma, enum direction dir)
{
	free_cached(k, size, &(struct event){ .addr = dma, .addr2 = va - LINEAR_BASE, .value = va,
		.size = event_size(size), .a = dir, .b = FORM_NONCOHERENT, .unit = (uint16_t)dev });
}

paddr_t dma_alloc_pages(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma,
			enum direction dir, uint32_t gfp)
{
	return cached_pages(k, dev, size, dma, dir, gfp, FORM_PAGES);
}

void dma_free_pages(struct kernel *k, uint32_t dev, uint64_t size, paddr_t page, dma_addr_t dma,
		    enum direction dir)
{
	free_cached(k, size, &(struct event){ .addr = dma, .addr2 = page,
		.value = phys_to_virt(page), .size = event_size(size), .a = dir, .b = FORM_PAGES,
		.unit = (uint16_t)dev });
}

bool dma_alloc_noncontiguous(struct kernel *k, uint32_t dev, uint64_t size, enum direction dir,
			     uint32_t gfp, uint64_t attrs, struct sg_table *sgt)
{
	dma_addr_t dma;
	paddr_t pa;

	if (attrs & ~(uint64_t)DMA_ATTR_ALLOC_SINGLE_PAGES) {
		kernel_log(k, KLOG_DMA_ATTRS, attrs, 0, 0);
		return false;
	}
	size = size > UINT32_MAX - PAGE_SIZE ? 0 : round_up(size, PAGE_SIZE);
	pa = cached_pages(k, dev, size, &dma, dir, gfp, FORM_PAGES);
	if (!pa)
		return false;
	sg_init_table(sgt->sgl, 1);
	sg_set_page(sgt->sgl, pa, (uint32_t)size, 0);
	sgt->sgl->dma_address = dma;
	sgt->sgl->dma_length = sgt->sgl->length;
	sgt->nents = sgt->orig_nents = 1;
	return true;
}

void dma_free_noncontiguous(struct kernel *k, uint32_t dev, uint64_t size,
			    const struct sg_table *sgt, enum direction dir)
{
	dma_free_pages(k, dev, round_up(size, PAGE_SIZE), sgt->sgl->page, sgt->sgl->dma_address,
		       dir);
}
