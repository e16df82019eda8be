#include "kernel/mask.h"

#include "kernel/swiotlb.h"

#define EIO 5

static int set(struct kernel *k, uint32_t dev, uint64_t mask, uint64_t *to, bool coherent)
{
	bool refused = !backend_of(k, dev)->supports(k, dev, mask);

	kernel_tell(k, &(struct event){ .kind = EV_DMA_MASK, .value = mask, .a = coherent,
		.b = refused, .unit = (uint16_t)dev });
	if (refused)
		return -EIO;
	*to = mask;
	return 0;
}

int dma_set_mask(struct kernel *k, uint32_t dev, uint64_t mask)
{
	return set(k, dev, mask, &k->device_dma[dev].mask, false);
}

int dma_set_coherent_mask(struct kernel *k, uint32_t dev, uint64_t mask)
{
	return set(k, dev, mask, &k->device_dma[dev].coherent_mask, true);
}

int dma_set_mask_and_coherent(struct kernel *k, uint32_t dev, uint64_t mask)
{
	int error = dma_set_mask(k, dev, mask);

	return error ? error : dma_set_coherent_mask(k, dev, mask);
}

uint64_t dma_get_required_mask(const struct kernel *k, uint32_t dev)
{
	return backend_of(k, dev)->required_mask(k, dev);
}

bool dma_addressing_limited(const struct kernel *k, uint32_t dev)
{
	return k->device_dma[dev].mask < dma_get_required_mask(k, dev);
}

uint64_t dma_max_mapping_size(const struct kernel *k, uint32_t dev)
{
	return backend_of(k, dev)->max_mapping_size(k, dev);
}

uint64_t dma_opt_mapping_size(const struct kernel *k, uint32_t dev)
{
	return min_u64(dma_max_mapping_size(k, dev), backend_of(k, dev)->opt_mapping_size(k, dev));
}

bool dma_need_sync(const struct kernel *k, uint32_t dev, dma_addr_t dma)
{
	return !k->hw->board.coherent ||
	       swiotlb_is_bounce(k, backend_of(k, dev)->phys(k, dev, dma));
}

uint32_t dma_get_cache_alignment(const struct kernel *k)
{
	return k->hw->board.coherent ? 1 : (uint32_t)k->hw->board.line;
}

uint64_t dma_get_merge_boundary(const struct kernel *k, uint32_t dev)
{
	return backend_of(k, dev)->merge_boundary(k, dev);
}

static void tell_limits(struct kernel *k, uint32_t dev)
{
	const struct device_dma *d = &k->device_dma[dev];

	kernel_tell(k, &(struct event){ .kind = EV_DMA_LIMITS, .value = d->seg_boundary,
		.size = d->max_segment, .a = (uint32_t)d->min_align_mask, .unit = (uint16_t)dev });
}

void dma_set_max_seg_size(struct kernel *k, uint32_t dev, uint32_t size)
{
	k->device_dma[dev].max_segment = size;
	tell_limits(k, dev);
}

void dma_set_seg_boundary(struct kernel *k, uint32_t dev, uint64_t mask)
{
	k->device_dma[dev].seg_boundary = mask;
	tell_limits(k, dev);
}

void dma_set_min_align_mask(struct kernel *k, uint32_t dev, uint32_t mask)
{
	k->device_dma[dev].min_align_mask = mask;
	tell_limits(k, dev);
}
