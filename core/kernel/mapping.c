#include "kernel/mapping.h"

#include "kernel/arch.h"
#include "kernel/pages.h"
#include "kernel/swiotlb.h"
#include "kernel/vmalloc.h"

#include <assert.h>

#define EIO    5
#define ENOMEM 12

/* What the calls for one buffer have in common. */
struct buffer {
	uint32_t dev;
	enum map_form form;
	enum direction dir;
	uint64_t attrs;
	vaddr_t va;              /* map alone; 0 where the CPU has no address for it */
	paddr_t pa;              /* the driver's own bytes */
	dma_addr_t dma;
	uint64_t size;
};

/* An event of the call, and its attributes right behind it. Returns the number of the first. */
static uint64_t tell_with_attrs(struct kernel *k, const struct event *e, uint64_t attrs)
{
	uint64_t seq = kernel_tell(k, e), before;

	if (!attrs)
		return seq;
	before = kernel_cause(k, seq);
	kernel_tell(k, &(struct event){ .kind = EV_DMA_ATTRS, .value = attrs, .unit = e->unit });
	kernel_cause(k, before);
	return seq;
}

/* A segment's attributes stand behind the event of its list. */
static uint64_t attrs_to_tell(const struct buffer *b)
{
	return b->form == FORM_SG ? 0 : b->attrs;
}

static uint64_t tell(struct kernel *k, enum event_kind kind, const struct buffer *b)
{
	return tell_with_attrs(k, &(struct event){ .kind = (uint16_t)kind, .addr = b->dma,
		.addr2 = b->pa, .value = b->va, .size = event_size(b->size), .a = b->dir,
		.b = b->form, .unit = (uint16_t)b->dev }, attrs_to_tell(b));
}

/* Some maps fail today, some always will. */
static enum map_failure why_failed(const struct kernel *k, const struct buffer *b)
{
	const struct backend *be = backend_of(k, b->dev);
	bool near = be->any_page || k->device_dma[b->dev].mask >= be->required_mask(k, b->dev);

	if (!(b->attrs & DMA_ATTR_MMIO) && !board_is_ram(&k->hw->board, b->pa, b->size))
		return MAP_NO_RAM;
	if (b->size > be->max_mapping_size(k, b->dev))
		return MAP_TOO_LARGE;
	return near || swiotlb_active(k) ? MAP_REFUSED : MAP_UNREACHABLE;
}

static void tell_fail(struct kernel *k, const struct buffer *b)
{
	tell_with_attrs(k, &(struct event){ .kind = EV_DMA_MAP_FAIL, .addr = b->va,
		.value = why_failed(k, b), .size = event_size(b->size), .a = b->dir, .b = b->form,
		.unit = (uint16_t)b->dev }, attrs_to_tell(b));
}

/* The driver's bytes behind what the device reaches. */
static paddr_t original(const struct kernel *k, paddr_t pa)
{
	paddr_t orig = swiotlb_is_bounce(k, pa) ? swiotlb_original(k, pa) : pa;

	return orig == SWIOTLB_NONE ? pa : orig;
}

/* What the device reaches at a handle: bytes that lie together. size 0: there are no more. */
struct piece {
	dma_addr_t dma;
	paddr_t pa;              /* BACKEND_NOTHING: nothing is mapped there */
	uint64_t size;
};

/* The piece of b that begins at dma. */
static struct piece piece_at(const struct kernel *k, const struct buffer *b, dma_addr_t dma)
{
	struct piece p = { .dma = dma };

	p.size = backend_of(k, b->dev)->piece(k, b->dev, dma, b->size - (dma - b->dma), b->attrs,
					      &p.pa);
	return p;
}

static struct piece next_piece(const struct kernel *k, const struct buffer *b, struct piece p)
{
	if (p.dma - b->dma + p.size == b->size)
		return (struct piece){ 0 };
	return piece_at(k, b, p.dma + p.size);
}

/* Of a call whose bytes do not lie together the pieces are told, each by itself. */
static void tell_pieces(struct kernel *k, const struct buffer *b)
{
	for (struct piece p = piece_at(k, b, b->dma); p.size; p = next_piece(k, b, p))
		if (p.pa != BACKEND_NOTHING)
			kernel_tell(k, &(struct event){ .kind = EV_DMA_PIECE, .addr = p.dma,
				.addr2 = p.pa, .value = phys_to_virt(p.pa),
				.size = event_size(p.size), .unit = (uint16_t)b->dev });
}

/*
 * A call about a handle is told, its pieces behind it where they are several. What follows is its
 * doing: returns the cause until now.
 */
static uint64_t tell_reached(struct kernel *k, enum event_kind kind, struct buffer *b)
{
	struct piece first = piece_at(k, b, b->dma);
	bool together = first.size == b->size;
	uint64_t before;

	assert(b->dir < DMA_NONE);
	if (kind == EV_DMA_MAP && b->form == FORM_SG && first.pa != BACKEND_NOTHING)
		b->va = phys_to_virt(original(k, first.pa));
	b->pa = !together ? BACKEND_NOTHING :
		b->attrs & DMA_ATTR_MMIO ? first.pa : original(k, first.pa);
	before = kernel_cause(k, tell(k, kind, b));
	if (!together)
		tell_pieces(k, b);
	return before;
}

static bool is_nothing(struct kernel *k, const struct piece *p)
{
	if (p->pa == BACKEND_NOTHING)
		kernel_log(k, KLOG_IOMMU_NOTHING, p->dma, 0, 0);
	return p->pa == BACKEND_NOTHING;
}

/* Nature may play with the ends of a buffer: these are the lines it may share with others. */
static void notice(struct kernel *k, const struct piece *p)
{
	unasked_notice(&k->hw->unasked, p->pa);
	unasked_notice(&k->hw->unasked, p->pa + p->size - 1);
}

/* A mapping that was made is told, and its lines are made ready, as its doing. */
static void give(struct kernel *k, struct buffer *b)
{
	uint64_t before = tell_reached(k, EV_DMA_MAP, b);

	for (struct piece p = piece_at(k, b, b->dma); p.size && !(b->attrs & DMA_ATTR_MMIO);
	     p = next_piece(k, b, p)) {
		struct piece own = { .pa = original(k, p.pa), .size = p.size };

		notice(k, &own);
		if (!(b->attrs & DMA_ATTR_SKIP_CPU_SYNC))
			arch_sync_for_device(k, p.pa, p.size, b->dir);
	}
	kernel_cause(k, before);
}

static dma_addr_t map(struct kernel *k, struct buffer *b)
{
	assert(b->dir < DMA_NONE);
	b->dma = backend_of(k, b->dev)->map(k, b->dev, b->pa, b->size, b->dir, b->attrs);
	if (b->dma == DMA_MAPPING_ERROR) {
		tell_fail(k, b);
		return b->dma;
	}
	give(k, b);
	return b->dma;
}

/*
 * The CPU may look at what the handle names: told, and the caches looked after. No record is kept, so
 * nothing says whether it was ever mapped. Returns the cause until now.
 */
static uint64_t take_back(struct kernel *k, enum event_kind kind, struct buffer *b)
{
	uint64_t before = tell_reached(k, kind, b);

	for (struct piece p = piece_at(k, b, b->dma);
	     p.size && !(b->attrs & (DMA_ATTR_MMIO | DMA_ATTR_SKIP_CPU_SYNC));
	     p = next_piece(k, b, p))
		if (!is_nothing(k, &p))
			arch_sync_for_cpu(k, p.pa, p.size, b->dir);
	return before;
}

static void unmap(struct kernel *k, struct buffer *b)
{
	uint64_t before = take_back(k, EV_DMA_UNMAP, b);

	backend_of(k, b->dev)->unmap(k, b->dev, b->dma, b->size, b->dir, b->attrs);
	kernel_cause(k, before);
}

/* Back to the CPU: first the caches, so that the copy sees what the device wrote. */
static void sync_for_cpu(struct kernel *k, struct buffer *b)
{
	uint64_t before = take_back(k, EV_DMA_SYNC_CPU, b);

	for (struct piece p = piece_at(k, b, b->dma); p.size; p = next_piece(k, b, p))
		if (swiotlb_is_bounce(k, p.pa))
			swiotlb_sync_for_cpu(k, b->dev, p.pa, p.size, b->dir);
	kernel_cause(k, before);
}

/* To the device: first the copy, so that the caches write out what was copied. */
static void sync_for_device(struct kernel *k, struct buffer *b)
{
	uint64_t before = tell_reached(k, EV_DMA_SYNC_DEVICE, b);

	for (struct piece p = piece_at(k, b, b->dma); p.size; p = next_piece(k, b, p)) {
		if (is_nothing(k, &p))
			continue;
		if (swiotlb_is_bounce(k, p.pa))
			swiotlb_sync_for_device(k, b->dev, p.pa, p.size, b->dir);
		arch_sync_for_device(k, p.pa, p.size, b->dir);
	}
	kernel_cause(k, before);
}

dma_addr_t dma_map_single_attrs(struct kernel *k, uint32_t dev, vaddr_t va, uint64_t size,
				enum direction dir, uint64_t attrs)
{
	struct buffer b = { .dev = dev, .form = FORM_SINGLE, .dir = dir, .attrs = attrs, .va = va,
		.pa = va - LINEAR_BASE, .size = size };

	if (is_vmalloc_addr(va))
		kernel_dev_log(k, dev, KLOG_VMALLOC_MAP, 0, 0, 0);
	if (virt_range_valid(k, va, size))
		return map(k, &b);
	tell_fail(k, &b);
	return DMA_MAPPING_ERROR;
}

void dma_map_refuse(struct kernel *k, uint32_t dev, vaddr_t va, uint64_t size, enum direction dir)
{
	kernel_tell(k, &(struct event){ .kind = EV_DMA_MAP_FAIL, .addr = va, .value = MAP_REFUSED,
		.size = event_size(size), .a = dir, .b = FORM_SINGLE, .unit = (uint16_t)dev });
}

/* By physical address: in which form, registers or RAM. */
static dma_addr_t map_phys(struct kernel *k, struct buffer b)
{
	if (!(b.attrs & DMA_ATTR_MMIO))
		b.va = phys_to_virt(b.pa);
	return map(k, &b);
}

dma_addr_t dma_map_page_attrs(struct kernel *k, uint32_t dev, paddr_t page, uint64_t offset,
			      uint64_t size, enum direction dir, uint64_t attrs)
{
	return map_phys(k, (struct buffer){ .dev = dev, .form = FORM_PAGE, .dir = dir,
		.attrs = attrs, .pa = page + offset, .size = size });
}

static enum map_form form_of(uint64_t attrs)
{
	return attrs & DMA_ATTR_MMIO ? FORM_RESOURCE : FORM_PAGE;
}

dma_addr_t dma_map_phys(struct kernel *k, uint32_t dev, paddr_t pa, uint64_t size,
			enum direction dir, uint64_t attrs)
{
	return map_phys(k, (struct buffer){ .dev = dev, .form = form_of(attrs), .dir = dir,
		.attrs = attrs, .pa = pa, .size = size });
}

dma_addr_t dma_map_resource(struct kernel *k, uint32_t dev, paddr_t pa, uint64_t size,
			    enum direction dir, uint64_t attrs)
{
	return dma_map_phys(k, dev, pa, size, dir, attrs | DMA_ATTR_MMIO);
}

void dma_unmap_single_attrs(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
			    enum direction dir, uint64_t attrs)
{
	unmap(k, &(struct buffer){ .dev = dev, .form = FORM_SINGLE, .dir = dir, .attrs = attrs,
		.dma = dma, .size = size });
}

void dma_unmap_page_attrs(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
			  enum direction dir, uint64_t attrs)
{
	unmap(k, &(struct buffer){ .dev = dev, .form = FORM_PAGE, .dir = dir, .attrs = attrs,
		.dma = dma, .size = size });
}

void dma_unmap_phys(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
		    enum direction dir, uint64_t attrs)
{
	unmap(k, &(struct buffer){ .dev = dev, .form = form_of(attrs), .dir = dir, .attrs = attrs,
		.dma = dma, .size = size });
}

void dma_unmap_resource(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
			enum direction dir, uint64_t attrs)
{
	dma_unmap_phys(k, dev, dma, size, dir, attrs | DMA_ATTR_MMIO);
}

void dma_sync_single_for_cpu(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
			     enum direction dir)
{
	sync_for_cpu(k, &(struct buffer){ .dev = dev, .form = FORM_SINGLE, .dir = dir, .dma = dma,
		.size = size });
}

void dma_sync_single_for_device(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
				enum direction dir)
{
	sync_for_device(k, &(struct buffer){ .dev = dev, .form = FORM_SINGLE, .dir = dir,
		.dma = dma, .size = size });
}

int dma_mapping_error(struct kernel *k, uint32_t dev, dma_addr_t dma)
{
	bool failed = dma == DMA_MAPPING_ERROR;

	kernel_tell(k, &(struct event){ .kind = EV_DMA_CHECK, .addr = dma, .a = failed,
		.unit = (uint16_t)dev });
	return failed ? -ENOMEM : 0;
}

/* One segment of a list, as a buffer of its own. A segment may reach into the next entries. */
static struct buffer segment(const struct scatterlist *s, uint32_t dev, enum direction dir)
{
	return (struct buffer){ .dev = dev, .form = FORM_SG, .dir = dir,
		.va = phys_to_virt(sg_phys(s)), .dma = s->dma_address, .size = s->dma_length };
}

/* The entry at which mapping ended. */
static void tell_sg_fail(struct kernel *k, struct scatterlist *s, uint32_t nents, uint32_t dev,
			 enum direction dir)
{
	for (; s && nents--; s = sg_next(s)) {
		struct buffer b = segment(s, dev, dir);

		b.size = s->length;
		if (s->dma_address != DMA_MAPPING_ERROR)
			continue;
		tell_fail(k, &b);
		return;
	}
}

/* Segments, or a negative errno. */
static int map_sg(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
		  enum direction dir, uint64_t attrs)
{
	int mapped = backend_of(k, dev)->map_sg(k, dev, sgl, nents, dir, attrs), left = mapped;
	uint64_t before;

	assert(dir < DMA_NONE);
	before = kernel_cause(k, tell_with_attrs(k, &(struct event){ .kind = EV_DMA_MAP_SG,
		.size = nents, .a = dir, .b = mapped > 0 ? (uint32_t)mapped : 0,
		.unit = (uint16_t)dev }, attrs));
	if (mapped < 0)
		tell_sg_fail(k, sgl, nents, dev, dir);
	for (struct scatterlist *s = sgl; left > 0; s = sg_next(s), left--) {
		struct buffer b = segment(s, dev, dir);

		b.attrs = attrs;
		give(k, &b);
	}
	kernel_cause(k, before);
	return mapped;
}

uint32_t dma_map_sg_attrs(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
			  enum direction dir, uint64_t attrs)
{
	int mapped = map_sg(k, dev, sgl, nents, dir, attrs);

	return mapped < 0 ? 0 : (uint32_t)mapped;
}

int dma_map_sgtable(struct kernel *k, uint32_t dev, struct sg_table *sgt, enum direction dir,
		    uint64_t attrs)
{
	int mapped = map_sg(k, dev, sgt->sgl, sgt->orig_nents, dir, attrs);

	if (mapped < 0)
		return mapped;
	sgt->nents = (uint32_t)mapped;
	return 0;
}

/* A call for a whole list. Returns the cause until now. */
static uint64_t tell_list(struct kernel *k, enum event_kind kind, uint32_t dev,
			  const struct scatterlist *sgl, uint32_t nents, enum direction dir,
			  uint64_t attrs, bool for_device)
{
	return kernel_cause(k, tell_with_attrs(k, &(struct event){ .kind = (uint16_t)kind,
		.addr = nents ? sgl->dma_address : 0, .size = nents, .a = dir, .b = for_device,
		.unit = (uint16_t)dev }, attrs));
}

/* An IOMMU makes fewer segments than there are entries; the entries behind them have none. */
static bool has_segment(const struct scatterlist *s)
{
	return s->dma_address != DMA_MAPPING_ERROR || s->dma_length;
}

void dma_unmap_sg_attrs(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
			enum direction dir, uint64_t attrs)
{
	const struct backend *be = backend_of(k, dev);
	uint64_t before = tell_list(k, EV_DMA_UNMAP_SG, dev, sgl, nents, dir, attrs, false);
	uint32_t left = nents;

	for (struct scatterlist *s = sgl; s && left--; s = sg_next(s)) {
		struct buffer b = segment(s, dev, dir);

		b.attrs = attrs;
		b.va = 0;
		if (!be->unmap_sg)
			unmap(k, &b);
		else if (has_segment(s))
			kernel_cause(k, take_back(k, EV_DMA_UNMAP, &b));
	}
	if (be->unmap_sg && nents)
		be->unmap_sg(k, dev, sgl, nents, dir, attrs);
	kernel_cause(k, before);
}

/*
 * Behind an IOMMU Linux goes by the CPU's half of the entries; here it is the device's half, which
 * means the same memory while the list is mapped.
 */
static void sync_sg(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
		    enum direction dir, bool for_device)
{
	bool merges = backend_of(k, dev)->unmap_sg;
	uint64_t before = tell_list(k, EV_DMA_SYNC_SG, dev, sgl, nents, dir, 0, for_device);

	for (struct scatterlist *s = sgl; s && nents--; s = sg_next(s)) {
		struct buffer b = segment(s, dev, dir);

		b.va = 0;
		if (!merges)
			b.size = s->length;
		else if (!has_segment(s))
			continue;
		if (for_device)
			sync_for_device(k, &b);
		else
			sync_for_cpu(k, &b);
	}
	kernel_cause(k, before);
}

void dma_sync_sg_for_cpu(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
			 enum direction dir)
{
	sync_sg(k, dev, sgl, nents, dir, false);
}

void dma_sync_sg_for_device(struct kernel *k, uint32_t dev, struct scatterlist *sgl,
			    uint32_t nents, enum direction dir)
{
	sync_sg(k, dev, sgl, nents, dir, true);
}
