#include "kernel/iommu.h"

#include "kernel/iova.h"

#define ENOMEM 12
#define EINVAL 22

#define MASK_32  ((uint64_t)UINT32_MAX)
/* the largest range a CPU's cache of ready ranges holds in Linux (iova_rcache_range) */
#define OPTIMUM  (32 * PAGE_SIZE)

static struct iommu *unit_of(struct kernel *k)
{
	return &k->hw->iommu;
}

void iommu_dma_init(struct kernel *k)
{
	iova_init(k);
	if (k->hw->board.iommu == IOMMU_PASSTHROUGH)
		kernel_log(k, KLOG_IOMMU_PASSTHROUGH, 0, 0, 0);
	if (!board_translates(&k->hw->board))
		return;
	kernel_log(k, KLOG_IOMMU_TRANSLATED, 0, 0, 0);
	kernel_log(k, k->hw->board.iommu == IOMMU_LAZY ? KLOG_IOMMU_LAZY : KLOG_IOMMU_STRICT,
		   0, 0, 0);
}

/* The queue of ranges whose translations may still be remembered. */

static void flush_queue(struct kernel *k)
{
	struct iova *v = &k->iova;

	iommu_flush_all(unit_of(k));
	for (uint32_t i = 0; i < v->queued; i++)
		iova_free(k, v->queue[i].dev, v->queue[i].dma, v->queue[i].pages);
	v->queued = 0;
}

static void flush_when_due(struct kernel *k)
{
	if (k->iova.queued && k->hw->bus.cycle >= k->iova.flush_at)
		flush_queue(k);
}

static void put_in_queue(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t pages)
{
	struct iova *v = &k->iova;

	if (v->queued == FLUSH_QUEUE)
		flush_queue(k);
	if (!v->queued)
		v->flush_at = k->hw->bus.cycle + k->hw->board.iommu_flush;
	v->queue[v->queued++] = (struct iova_range){ .dev = dev, .dma = dma, .pages = pages };
}

/* The device may use this range no more. */
static void give_up(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size)
{
	if (k->hw->board.iommu == IOMMU_LAZY) {
		put_in_queue(k, dev, dma, size >> PAGE_SHIFT);
		return;
	}
	iommu_flush(unit_of(k), (uint16_t)dev, dma, size);
	iova_free(k, dev, dma, size >> PAGE_SHIFT);
}

static enum iommu_prot allowed(enum direction dir)
{
	if (dir == DMA_TO_DEVICE)
		return IOMMU_READ;
	return dir == DMA_FROM_DEVICE ? IOMMU_WRITE : IOMMU_BOTH;
}

static dma_addr_t out_of_space(struct kernel *k, uint64_t size, uint64_t attrs)
{
	if (!(attrs & DMA_ATTR_NO_WARN))
		kernel_log(k, KLOG_IOMMU_FULL, size, 0, 0);
	return DMA_MAPPING_ERROR;
}

/* A range of its own for the pages [pa, pa+size) lies in. */
static dma_addr_t map_pages(struct kernel *k, uint32_t dev, paddr_t pa, uint64_t size,
			    enum direction dir, uint64_t mask, uint64_t attrs)
{
	uint64_t offset = pa & PAGE_MASK, bytes = round_up(offset + size, PAGE_SIZE);
	dma_addr_t dma;

	flush_when_due(k);
	dma = iova_alloc(k, dev, bytes >> PAGE_SHIFT, mask);
	if (!dma)
		return out_of_space(k, size, attrs);
	if (!iommu_map(unit_of(k), (uint16_t)dev, dma, pa - offset, bytes, allowed(dir))) {
		iova_free(k, dev, dma, bytes >> PAGE_SHIFT);
		return out_of_space(k, size, attrs);
	}
	return dma + offset;
}

static bool is_mappable(const struct kernel *k, paddr_t pa, uint64_t size, uint64_t attrs)
{
	if (!size || size > IOVA_END)
		return false;
	if (attrs & DMA_ATTR_MMIO)
		return inside(pa, size, 0, (uint64_t)1 << 48);
	return board_is_ram(&k->hw->board, pa, size) &&
	       (!(attrs & DMA_ATTR_REQUIRE_COHERENT) || k->hw->board.coherent);
}

static dma_addr_t map(struct kernel *k, uint32_t dev, paddr_t pa, uint64_t size,
		      enum direction dir, uint64_t attrs)
{
	if (!is_mappable(k, pa, size, attrs))
		return DMA_MAPPING_ERROR;
	return map_pages(k, dev, pa, size, dir, k->device_dma[dev].mask, attrs);
}

static paddr_t phys(const struct kernel *k, uint32_t dev, dma_addr_t dma)
{
	return iommu_phys(&k->hw->iommu, (uint16_t)dev, dma);
}

/*
 * Whole pages are unmapped, whoever's they are: a size too large takes the neighbour's as well. The
 * size of the range is not remembered either, so of one too small the rest is lost.
 */
static void unmap(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
		  enum direction dir, uint64_t attrs)
{
	dma_addr_t start = round_down(dma, PAGE_SIZE), end;

	(void)dir;
	(void)attrs;
	flush_when_due(k);
	if (!size || phys(k, dev, dma) == IOMMU_NOTHING)
		return;
	end = round_up(dma + min_u64(size, IOVA_END - dma), PAGE_SIZE);
	if (iommu_unmap(unit_of(k), (uint16_t)dev, start, end - start) != end - start)
		kernel_log(k, KLOG_IOMMU_PARTLY, dma, size, 0);
	give_up(k, dev, start, end - start);
}

/* Scatterlists. */

static uint64_t pages_of(const struct scatterlist *s)
{
	return round_up((sg_phys(s) & PAGE_MASK) + s->length, PAGE_SIZE);
}

/*
 * Where an entry goes in the range: behind the one before, or at the next boundary when it would
 * cross one. The range is aligned to its size, so offsets in it are all that counts.
 */
static uint64_t place(const struct kernel *k, uint32_t dev, uint64_t at, uint64_t bytes)
{
	uint64_t step = k->device_dma[dev].seg_boundary + 1;

	if (step < PAGE_SIZE || !power_of_two(step) || at % step + bytes <= step)
		return at;
	return round_up(at, step);
}

static uint64_t range_size(const struct kernel *k, uint32_t dev, struct scatterlist *sgl,
			   uint32_t nents, uint64_t attrs)
{
	uint64_t size = 0;

	for (struct scatterlist *s = sgl; s && nents--; s = sg_next(s)) {
		if (!is_mappable(k, sg_phys(s), s->length, attrs))
			return 0;
		size = place(k, dev, size, pages_of(s)) + pages_of(s);
	}
	return size;
}

/* Table entries for all of it: false when there are too few, and then there are none. */
static bool fill_range(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
		       dma_addr_t dma, enum direction dir)
{
	uint64_t at = 0;

	for (struct scatterlist *s = sgl; s && nents--; s = sg_next(s)) {
		at = place(k, dev, at, pages_of(s));
		if (!iommu_map(unit_of(k), (uint16_t)dev, dma + at,
			       round_down(sg_phys(s), PAGE_SIZE), pages_of(s), allowed(dir))) {
			if (at)
				iommu_unmap(unit_of(k), (uint16_t)dev, dma, at);
			return false;
		}
		at += pages_of(s);
	}
	return true;
}

/* May this entry, which begins at dma, go on where the segment ends? (__finalise_sg) */
static bool may_join(const struct kernel *k, uint32_t dev, const struct scatterlist *segment,
		     const struct scatterlist *s, dma_addr_t dma)
{
	const struct device_dma *d = &k->device_dma[dev];

	return segment->dma_address + segment->dma_length == dma && !(dma & PAGE_MASK) &&
	       (dma & d->seg_boundary) && segment->dma_length <= d->max_segment &&
	       s->length <= d->max_segment - segment->dma_length;
}

static void clear_segments(struct scatterlist *s, uint32_t nents)
{
	for (; s && nents--; s = sg_next(s)) {
		s->dma_address = DMA_MAPPING_ERROR;
		s->dma_length = 0;
	}
}

/* The device's half of the list. How many segments. */
static int make_segments(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
			 dma_addr_t range)
{
	struct scatterlist *segment = NULL;
	uint64_t at = 0;
	int count = 0;

	clear_segments(sgl, nents);
	for (struct scatterlist *s = sgl; s && nents--; s = sg_next(s)) {
		uint64_t bytes = pages_of(s);
		dma_addr_t dma;

		at = place(k, dev, at, bytes);
		dma = range + at + (sg_phys(s) & PAGE_MASK);
		at += bytes;
		if (segment && may_join(k, dev, segment, s, dma)) {
			segment->dma_length += s->length;
			continue;
		}
		segment = segment ? sg_next(segment) : sgl;
		segment->dma_address = dma;
		segment->dma_length = s->length;
		count++;
	}
	return count;
}

static int map_sg(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
		  enum direction dir, uint64_t attrs)
{
	uint64_t size = range_size(k, dev, sgl, nents, attrs);
	dma_addr_t range;

	clear_segments(sgl, nents);
	if (!size)
		return -EINVAL;
	flush_when_due(k);
	range = iova_alloc(k, dev, size >> PAGE_SHIFT, k->device_dma[dev].mask);
	if (range && fill_range(k, dev, sgl, nents, range, dir))
		return make_segments(k, dev, sgl, nents, range);
	if (range)
		iova_free(k, dev, range, size >> PAGE_SHIFT);
	out_of_space(k, size, attrs);
	return -ENOMEM;
}

/* From the first segment to the end of the last, as the list says: padding and all. */
static void unmap_sg(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
		     enum direction dir, uint64_t attrs)
{
	const struct scatterlist *last = sgl;

	for (struct scatterlist *s = sgl; s && nents--; s = sg_next(s)) {
		if (!s->dma_length)
			break;
		last = s;
	}
	if (sgl->dma_length && last->dma_address >= sgl->dma_address)
		unmap(k, dev, sgl->dma_address,
		      last->dma_address - sgl->dma_address + last->dma_length, dir, attrs);
}

static uint64_t piece(const struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
		      uint64_t attrs, paddr_t *pa)
{
	(void)attrs;
	*pa = phys(k, dev, dma);
	if (dma >= IOVA_END)
		return size;
	if (*pa == IOMMU_NOTHING)
		return min_u64(size, iommu_next(&k->hw->iommu, (uint16_t)dev, dma) - dma);
	return min_u64(size, iommu_run(&k->hw->iommu, (uint16_t)dev, dma));
}

/* The IOMMU reaches any page, so any zone will do. */
static uint32_t zone(const struct kernel *k, uint32_t dev)
{
	(void)k;
	(void)dev;
	return 0;
}

static dma_addr_t map_memory(struct kernel *k, uint32_t dev, paddr_t pa, uint64_t size,
			     enum direction dir)
{
	return map_pages(k, dev, pa, size, dir, k->device_dma[dev].coherent_mask, 0);
}

static bool map_page_of(struct kernel *k, uint32_t dev, vaddr_t va, dma_addr_t dma,
			enum direction dir)
{
	enum attr attr;
	paddr_t pa;

	return mmu_translate(&k->hw->mmu, va, &pa, &attr) == OK &&
	       iommu_map(unit_of(k), (uint16_t)dev, dma, pa, PAGE_SIZE, allowed(dir));
}

static dma_addr_t map_view(struct kernel *k, uint32_t dev, vaddr_t va, uint64_t size,
			   enum direction dir)
{
	dma_addr_t dma;
	uint64_t at = 0;

	flush_when_due(k);
	dma = iova_alloc(k, dev, size >> PAGE_SHIFT, k->device_dma[dev].coherent_mask);
	while (dma && at < size && map_page_of(k, dev, va + at, dma + at, dir))
		at += PAGE_SIZE;
	if (at == size)
		return dma;
	if (at)
		iommu_unmap(unit_of(k), (uint16_t)dev, dma, at);
	if (dma)
		iova_free(k, dev, dma, size >> PAGE_SHIFT);
	return out_of_space(k, size, 0);
}

static bool supports(const struct kernel *k, uint32_t dev, uint64_t mask)
{
	(void)k;
	(void)dev;
	(void)mask;
	return true;
}

static uint64_t required_mask(const struct kernel *k, uint32_t dev)
{
	(void)k;
	(void)dev;
	return MASK_32;
}

static uint64_t max_mapping_size(const struct kernel *k, uint32_t dev)
{
	(void)k;
	(void)dev;
	return UINT64_MAX;
}

static uint64_t opt_mapping_size(const struct kernel *k, uint32_t dev)
{
	(void)k;
	(void)dev;
	return OPTIMUM;
}

static uint64_t merge_boundary(const struct kernel *k, uint32_t dev)
{
	(void)k;
	(void)dev;
	return PAGE_MASK;
}

const struct backend iommu_backend = {
	.name = "iommu",
	.map = map,
	.map_sg = map_sg,
	.unmap = unmap,
	.unmap_sg = unmap_sg,
	.phys = phys,
	.piece = piece,
	.zone = zone,
	.any_page = true,
	.map_memory = map_memory,
	.map_pages = map_view,
	.supports = supports,
	.required_mask = required_mask,
	.max_mapping_size = max_mapping_size,
	.opt_mapping_size = opt_mapping_size,
	.merge_boundary = merge_boundary,
};
