#include "kernel/direct.h"

#include "kernel/swiotlb.h"

#define EIO 5

#define MASK_32 ((uint64_t)UINT32_MAX)

static bool too_far(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size)
{
	uint64_t mask = k->device_dma[dev].mask;

	if (direct_reaches(mask, dma, size))
		return false;
	if (!swiotlb_active(k))
		kernel_dev_log(k, dev, KLOG_DMA_OVERFLOW, dma, size, mask);
	return true;
}

/* Registers of another device: its address as it is, without offset, bounce buffer or cache. */
static dma_addr_t map_registers(struct kernel *k, uint32_t dev, paddr_t pa, uint64_t size)
{
	uint64_t mask = k->device_dma[dev].mask;

	if (!swiotlb_forced(k) && direct_reaches(mask, pa, size))
		return pa;
	if (!swiotlb_forced(k))
		kernel_dev_log(k, dev, KLOG_DMA_OVERFLOW, pa, size, mask);
	return DMA_MAPPING_ERROR;
}

static dma_addr_t bounce(struct kernel *k, uint32_t dev, paddr_t pa, uint64_t size,
			 enum direction dir, uint64_t attrs)
{
	paddr_t at = SWIOTLB_NONE;

	if (!(attrs & DMA_ATTR_REQUIRE_COHERENT) && swiotlb_active(k))
		at = swiotlb_map(k, dev, pa, size, dir, attrs);
	return at == SWIOTLB_NONE ? DMA_MAPPING_ERROR : direct_to_dma(k, at);
}

/* dma_direct_map_phys. Where there is no RAM Linux would go on; here that is where it ends. */
static dma_addr_t direct_map(struct kernel *k, uint32_t dev, paddr_t pa, uint64_t size,
			     enum direction dir, uint64_t attrs)
{
	dma_addr_t dma = direct_to_dma(k, pa);

	if (!size)
		return DMA_MAPPING_ERROR;
	if (attrs & DMA_ATTR_MMIO)
		return map_registers(k, dev, pa, size);
	if (!board_is_ram(&k->hw->board, pa, size))
		return DMA_MAPPING_ERROR;
	if ((attrs & DMA_ATTR_REQUIRE_COHERENT) && !k->hw->board.coherent)
		return DMA_MAPPING_ERROR;
	if (swiotlb_forced(k) || too_far(k, dev, dma, size))
		return bounce(k, dev, pa, size, dir, attrs);
	return dma;
}

static void direct_unmap(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
			 enum direction dir, uint64_t attrs)
{
	paddr_t pa = direct_to_phys(k, dma);

	if (!(attrs & DMA_ATTR_MMIO) && swiotlb_is_bounce(k, pa))
		swiotlb_unmap(k, dev, pa, size, dir, attrs);
}

/*
 * dma_direct_map_sg: entry by entry, one segment each. Where one fails those before it are given up
 * again. (Linux has cleaned the lines of those by then, which nobody can miss; here nothing is done
 * to them.)
 */
static int direct_map_sg(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
			 enum direction dir, uint64_t attrs)
{
	struct scatterlist *s = sgl;
	uint32_t i = 0;

	for (; s && i < nents; s = sg_next(s), i++) {
		s->dma_address = direct_map(k, dev, sg_phys(s), s->length, dir, attrs);
		if (s->dma_address == DMA_MAPPING_ERROR)
			break;
		s->dma_length = s->length;
	}
	if (i && i == nents)
		return (int)nents;
	for (s = sgl; i--; s = sg_next(s))
		direct_unmap(k, dev, s->dma_address, s->dma_length, dir,
			     attrs | DMA_ATTR_SKIP_CPU_SYNC);
	return -EIO;
}

static paddr_t direct_phys(const struct kernel *k, uint32_t dev, dma_addr_t dma)
{
	(void)dev;
	return direct_to_phys(k, dma);
}

static uint64_t direct_piece(const struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
			     uint64_t attrs, paddr_t *pa)
{
	*pa = attrs & DMA_ATTR_MMIO ? dma : direct_phys(k, dev, dma);
	return size;
}

/* The zone that lies wholly below the mask, where there is one (dma_direct_optimal_gfp_mask). */
static uint32_t direct_zone(const struct kernel *k, uint32_t dev)
{
	const struct board *b = &k->hw->board;
	uint64_t mask = k->device_dma[dev].coherent_mask;
	paddr_t limit = direct_to_phys(k, mask);

	if (mask < b->bus_offset || limit < b->zone_dma)
		return GFP_DMA;
	return limit < b->zone_dma32 ? GFP_DMA32 : 0;
}

static dma_addr_t direct_map_memory(struct kernel *k, uint32_t dev, paddr_t pa, uint64_t size,
				    enum direction dir)
{
	dma_addr_t dma = direct_to_dma(k, pa);

	(void)dir;
	return direct_reaches(k->device_dma[dev].coherent_mask, dma, size) ? dma
									  : DMA_MAPPING_ERROR;
}

paddr_t direct_last_page(const struct kernel *k)
{
	const struct board *b = &k->hw->board;

	return min_u64(board_ram_end(b), board_kernel_end(b)) - PAGE_SIZE;
}

/*
 * dma_direct_supported: 32 bits and more are always fine, for every machine has memory that low, or
 * a pool. Fewer must reach all RAM, or at least all of ZONE_DMA.
 */
static bool direct_supports(const struct kernel *k, uint32_t dev, uint64_t mask)
{
	uint64_t zone_dma = k->hw->board.zone_dma;
	paddr_t must_reach = direct_last_page(k);

	(void)dev;
	if (zone_dma)
		must_reach = min_u64(must_reach, zone_dma - 1);
	return mask >= MASK_32 || mask >= direct_to_dma(k, must_reach);
}

/* All ones up to the highest bit the bus address of the last page needs. */
static uint64_t direct_required_mask(const struct kernel *k, uint32_t dev)
{
	dma_addr_t highest = direct_to_dma(k, direct_last_page(k));
	uint64_t mask = 1;

	(void)dev;
	while (mask < highest)
		mask = mask << 1 | 1;
	return mask;
}

static uint64_t direct_max_mapping_size(const struct kernel *k, uint32_t dev)
{
	bool limited = k->device_dma[dev].mask < direct_required_mask(k, dev);

	if (swiotlb_active(k) && (limited || swiotlb_forced(k)))
		return swiotlb_max_mapping_size(k, dev);
	return UINT64_MAX;
}

static uint64_t direct_merge_boundary(const struct kernel *k, uint32_t dev)
{
	(void)k;
	(void)dev;
	return 0;
}

const struct backend direct_backend = {
	.name = "direct",
	.map = direct_map,
	.map_sg = direct_map_sg,
	.unmap = direct_unmap,
	.phys = direct_phys,
	.piece = direct_piece,
	.zone = direct_zone,
	.map_memory = direct_map_memory,
	.supports = direct_supports,
	.required_mask = direct_required_mask,
	.max_mapping_size = direct_max_mapping_size,
	.opt_mapping_size = direct_max_mapping_size,
	.merge_boundary = direct_merge_boundary,
};
