#include "api.h"

#include "kernel/dma.h"

/* The arguments most of these calls share: dev, an address, size, dir. */
struct range {
	uint32_t dev;
	uint64_t addr, size;
	enum direction dir;
};

static struct range arg_range(lua_State *L)
{
	struct range r = { .dev = arg_device(L, 1) };

	r.addr = arg_pointer(L, 2);
	r.size = arg_number(L, 3);
	r.dir = arg_direction(L, 4);
	return r;
}

static int l_map_single(lua_State *L, struct bench *b)
{
	struct range r = arg_range(L);

	dma_addr_t dma = dma_map_single(&b->machine.kernel, r.dev, r.addr, r.size, r.dir);

	lua_pushinteger(L, (lua_Integer)dma);
	return 1;
}

static int l_unmap_single(lua_State *L, struct bench *b)
{
	struct range r = arg_range(L);

	dma_unmap_single(&b->machine.kernel, r.dev, r.addr, r.size, r.dir);
	return 0;
}

static int l_mapping_error(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);

	lua_pushinteger(L, dma_mapping_error(&b->machine.kernel, dev, arg_number(L, 2)));
	return 1;
}

static int l_sync_for_cpu(lua_State *L, struct bench *b)
{
	struct range r = arg_range(L);

	dma_sync_single_for_cpu(&b->machine.kernel, r.dev, r.addr, r.size, r.dir);
	return 0;
}

static int l_sync_for_device(lua_State *L, struct bench *b)
{
	struct range r = arg_range(L);

	dma_sync_single_for_device(&b->machine.kernel, r.dev, r.addr, r.size, r.dir);
	return 0;
}

static int l_alloc_coherent(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);
	uint64_t size = arg_number(L, 2);
	uint32_t gfp = (uint32_t)arg_number_or(L, 3, GFP_KERNEL);
	dma_addr_t dma = 0;
	vaddr_t va = dma_alloc_coherent(&b->machine.kernel, dev, size, &dma, gfp);

	push_pointer(L, va);
	if (!va)
		return 1;
	lua_pushinteger(L, (lua_Integer)dma);
	return 2;
}

static int l_free_coherent(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);
	uint64_t size = arg_number(L, 2);
	vaddr_t va = arg_pointer(L, 3);

	dma_free_coherent(&b->machine.kernel, dev, size, va, arg_pointer(L, 4));
	return 0;
}

const struct api api_dma[] = {
	{ "dma_map_single", l_map_single, "dev, va, size, dir", "dma or DMA_MAPPING_ERROR",
	  "give a buffer to the device: its lines are made ready as the architecture does; "
	  "from now on the device owns it" },
	{ "dma_unmap_single", l_unmap_single, "dev, dma, size, dir", "",
	  "take a buffer back for good: the CPU owns it again and sees what the device wrote" },
	{ "dma_mapping_error", l_mapping_error, "dev, dma", "0, or -ENOMEM (-12)",
	  "did dma_map_single fail? Ask after every map" },
	{ "dma_sync_single_for_cpu", l_sync_for_cpu, "dev, dma, size, dir", "",
	  "take a mapped buffer back for a while, to look at it or fill it" },
	{ "dma_sync_single_for_device", l_sync_for_device, "dev, dma, size, dir", "",
	  "give the buffer to the device again after dma_sync_single_for_cpu" },
	{ "dma_alloc_coherent", l_alloc_coherent, "dev, size [, gfp=GFP_KERNEL]", "va, dma or nil",
	  "zeroed memory both sides may touch at any time without sync; uncached where devices "
	  "do not snoop" },
	{ "dma_free_coherent", l_free_coherent, "dev, size, va, dma", "",
	  "give back memory of dma_alloc_coherent; all four as they were" },
	{ NULL, NULL, NULL, NULL, NULL },
};
