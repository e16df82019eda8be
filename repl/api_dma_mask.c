/*
 * Masks and limits of a device. Sizes without limit are math.maxinteger: SIZE_MAX would be -1 here.
 */
#include "api.h"

#include "kernel/mask.h"

static int push_size(lua_State *L, uint64_t size)
{
	lua_pushinteger(L, (lua_Integer)min_u64(size, LUA_MAXINTEGER));
	return 1;
}

static int push_number(lua_State *L, uint64_t n)
{
	lua_pushinteger(L, (lua_Integer)n);
	return 1;
}

static const struct device_dma *limits(lua_State *L, const struct bench *b)
{
	return &b->machine.kernel.device_dma[arg_device(L, 1)];
}

static int l_bit_mask(lua_State *L, struct bench *b)
{
	uint64_t n = arg_count(L, 1, 64);

	(void)b;
	return push_number(L, n == 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1);
}

static int l_set_mask(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);

	lua_pushinteger(L, dma_set_mask(&b->machine.kernel, dev, arg_number(L, 2)));
	return 1;
}

static int l_set_coherent_mask(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);

	lua_pushinteger(L, dma_set_coherent_mask(&b->machine.kernel, dev, arg_number(L, 2)));
	return 1;
}

static int l_set_both(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);

	lua_pushinteger(L, dma_set_mask_and_coherent(&b->machine.kernel, dev, arg_number(L, 2)));
	return 1;
}

static int l_get_mask(lua_State *L, struct bench *b)
{
	return push_number(L, limits(L, b)->mask);
}

static int l_get_required_mask(lua_State *L, struct bench *b)
{
	return push_number(L, dma_get_required_mask(&b->machine.kernel, arg_device(L, 1)));
}

static int l_addressing_limited(lua_State *L, struct bench *b)
{
	lua_pushboolean(L, dma_addressing_limited(&b->machine.kernel, arg_device(L, 1)));
	return 1;
}

static int l_max_mapping_size(lua_State *L, struct bench *b)
{
	return push_size(L, dma_max_mapping_size(&b->machine.kernel, arg_device(L, 1)));
}

static int l_opt_mapping_size(lua_State *L, struct bench *b)
{
	return push_size(L, dma_opt_mapping_size(&b->machine.kernel, arg_device(L, 1)));
}

static int l_need_sync(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);

	lua_pushboolean(L, dma_need_sync(&b->machine.kernel, dev, arg_number(L, 2)));
	return 1;
}

static int l_get_cache_alignment(lua_State *L, struct bench *b)
{
	return push_number(L, dma_get_cache_alignment(&b->machine.kernel));
}

static int l_get_merge_boundary(lua_State *L, struct bench *b)
{
	return push_number(L, dma_get_merge_boundary(&b->machine.kernel, arg_device(L, 1)));
}

static int l_set_max_seg_size(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);

	dma_set_max_seg_size(&b->machine.kernel, dev, (uint32_t)arg_count(L, 2, UINT32_MAX));
	return 0;
}

static int l_get_max_seg_size(lua_State *L, struct bench *b)
{
	return push_number(L, limits(L, b)->max_segment);
}

static int l_set_seg_boundary(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);

	dma_set_seg_boundary(&b->machine.kernel, dev, arg_number(L, 2));
	return 0;
}

static int l_get_seg_boundary(lua_State *L, struct bench *b)
{
	return push_number(L, limits(L, b)->seg_boundary);
}

static int l_set_min_align_mask(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);

	dma_set_min_align_mask(&b->machine.kernel, dev, (uint32_t)arg_count(L, 2, UINT32_MAX));
	return 0;
}

static int l_get_min_align_mask(lua_State *L, struct bench *b)
{
	return push_number(L, limits(L, b)->min_align_mask);
}

const struct api api_dma_mask[] = {
	{ "DMA_BIT_MASK", l_bit_mask, "bits", "mask", "a mask of so many ones" },
	{ "dma_set_mask", l_set_mask, "dev, mask", "0, or -EIO (-5)",
	  "say which bus addresses the device can reach with streaming mappings; 32 bits until "
	  "then" },
	{ "dma_set_coherent_mask", l_set_coherent_mask, "dev, mask", "0, or -EIO (-5)",
	  "say which bus addresses the device can reach in memory of dma_alloc_coherent" },
	{ "dma_set_mask_and_coherent", l_set_both, "dev, mask", "0, or -EIO (-5)",
	  "dma_set_mask and dma_set_coherent_mask" },
	{ "dma_coerce_mask_and_coherent", l_set_both, "dev, mask", "0, or -EIO (-5)",
	  "dma_set_mask_and_coherent for a device whose bus gave it no mask to set; here all have "
	  "one, and it is the same" },
	{ "dma_get_mask", l_get_mask, "dev", "mask", "the mask of streaming mappings" },
	{ "dma_get_required_mask", l_get_required_mask, "dev", "mask",
	  "the smallest mask that reaches all RAM" },
	{ "dma_addressing_limited", l_addressing_limited, "dev", "true or false",
	  "is there RAM the device does not reach?" },
	{ "dma_max_mapping_size", l_max_mapping_size, "dev", "bytes",
	  "the largest single mapping; math.maxinteger when there is no limit" },
	{ "dma_opt_mapping_size", l_opt_mapping_size, "dev", "bytes",
	  "the largest mapping that is not slow; behind an IOMMU 128 KiB, else as dma_max_mapping_size" },
	{ "dma_need_sync", l_need_sync, "dev, dma", "true or false",
	  "do the sync calls do anything for this mapping? false where devices snoop and nothing "
	  "is bounced" },
	{ "dma_get_cache_alignment", l_get_cache_alignment, "", "bytes",
	  "where buffers for devices must begin and end: at multiples of the cache line, or 1 "
	  "where devices snoop" },
	{ "dma_get_merge_boundary", l_get_merge_boundary, "dev", "mask, or 0",
	  "entries of a scatterlist that meet at multiples of this + 1 become one segment; 0: "
	  "they never do" },
	{ "dma_set_max_seg_size", l_set_max_seg_size, "dev, size", "",
	  "say how long a segment of a scatterlist may be; 65536 until then" },
	{ "dma_get_max_seg_size", l_get_max_seg_size, "dev", "bytes",
	  "how long a segment of a scatterlist may be" },
	{ "dma_set_seg_boundary", l_set_seg_boundary, "dev, mask", "",
	  "say that no segment may cross a multiple of mask + 1" },
	{ "dma_get_seg_boundary", l_get_seg_boundary, "dev", "mask",
	  "the boundary no segment may cross; all ones when there is none" },
	{ "dma_set_min_align_mask", l_set_min_align_mask, "dev, mask", "",
	  "say which low bits of an address must stay the same in a bounce buffer" },
	{ "dma_get_min_align_mask", l_get_min_align_mask, "dev", "mask",
	  "the low bits of an address that stay the same in a bounce buffer" },
	{ NULL, NULL, NULL, NULL, NULL },
};
