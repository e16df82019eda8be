/*
 * Streaming mappings. A call and its _attrs form are one function here: the row says whether there
 * may be one more argument.
 */
#include "api.h"

#include "kernel/mapping.h"

/* The arguments most of these calls share: dev, an address, size, dir, and perhaps attrs. */
struct range {
	uint32_t dev;
	uint64_t addr, size;
	enum direction dir;
	uint64_t attrs;
};

static struct range arg_range(lua_State *L)
{
	struct range r = { .dev = arg_device(L, 1) };

	r.addr = arg_pointer(L, 2);
	r.size = arg_number(L, 3);
	r.dir = arg_direction(L, 4);
	r.attrs = arg_number_or(L, 5, 0);
	return r;
}

static int push_dma(lua_State *L, dma_addr_t dma)
{
	lua_pushinteger(L, (lua_Integer)dma);
	return 1;
}

/* Calls that differ in what they do with a range, not in what they are given. */
typedef dma_addr_t map_call(struct kernel *k, uint32_t dev, uint64_t addr, uint64_t size,
			    enum direction dir, uint64_t attrs);
typedef void unmap_call(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
			enum direction dir, uint64_t attrs);

static int map_range(lua_State *L, struct bench *b, map_call *map)
{
	struct range r = arg_range(L);

	return push_dma(L, map(&b->machine.kernel, r.dev, r.addr, r.size, r.dir, r.attrs));
}

static int unmap_range(lua_State *L, struct bench *b, unmap_call *unmap)
{
	struct range r = arg_range(L);

	unmap(&b->machine.kernel, r.dev, r.addr, r.size, r.dir, r.attrs);
	return 0;
}

static int l_map_single(lua_State *L, struct bench *b)
{
	return map_range(L, b, dma_map_single_attrs);
}

static int l_unmap_single(lua_State *L, struct bench *b)
{
	return unmap_range(L, b, dma_unmap_single_attrs);
}

static int l_map_page(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);
	paddr_t page = api_page_address(arg_pointer(L, 2));
	uint64_t offset = arg_number(L, 3), size = arg_number(L, 4);
	enum direction dir = arg_direction(L, 5);
	uint64_t attrs = arg_number_or(L, 6, 0);

	return push_dma(L, dma_map_page_attrs(&b->machine.kernel, dev, page, offset,
					      size, dir, attrs));
}

static int l_unmap_page(lua_State *L, struct bench *b)
{
	return unmap_range(L, b, dma_unmap_page_attrs);
}

static int l_map_phys(lua_State *L, struct bench *b)
{
	return map_range(L, b, dma_map_phys);
}

static int l_unmap_phys(lua_State *L, struct bench *b)
{
	return unmap_range(L, b, dma_unmap_phys);
}

static int l_map_resource(lua_State *L, struct bench *b)
{
	return map_range(L, b, dma_map_resource);
}

static int l_unmap_resource(lua_State *L, struct bench *b)
{
	return unmap_range(L, b, dma_unmap_resource);
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

/* dev, dma, offset, size, dir: a part of a mapping, by how far into it. */
static struct range arg_part(lua_State *L)
{
	struct range r = { .dev = arg_device(L, 1) };

	r.addr = arg_pointer(L, 2);
	r.addr += arg_number(L, 3);
	r.size = arg_number(L, 4);
	r.dir = arg_direction(L, 5);
	return r;
}

static int l_sync_range_for_cpu(lua_State *L, struct bench *b)
{
	struct range r = arg_part(L);

	dma_sync_single_for_cpu(&b->machine.kernel, r.dev, r.addr, r.size, r.dir);
	return 0;
}

static int l_sync_range_for_device(lua_State *L, struct bench *b)
{
	struct range r = arg_part(L);

	dma_sync_single_for_device(&b->machine.kernel, r.dev, r.addr, r.size, r.dir);
	return 0;
}

const struct api api_dma[] = {
	{ "dma_map_single", l_map_single, "dev, va, size, dir", "dma or DMA_MAPPING_ERROR",
	  "give a buffer to the device: its lines are made ready as the architecture does; "
	  "from now on the device owns it" },
	{ "dma_unmap_single", l_unmap_single, "dev, dma, size, dir", "",
	  "take a buffer back for good: the CPU owns it again and sees what the device wrote" },
	{ "dma_map_single_attrs", l_map_single, "dev, va, size, dir [, attrs=0]",
	  "dma or DMA_MAPPING_ERROR", "dma_map_single with DMA_ATTR_ bits" },
	{ "dma_unmap_single_attrs", l_unmap_single, "dev, dma, size, dir [, attrs=0]", "",
	  "dma_unmap_single with DMA_ATTR_ bits" },
	{ "dma_map_page", l_map_page, "dev, page, offset, size, dir", "dma or DMA_MAPPING_ERROR",
	  "dma_map_single by struct page: size bytes from offset on, which may reach into the "
	  "pages behind it" },
	{ "dma_unmap_page", l_unmap_page, "dev, dma, size, dir", "", "undo dma_map_page" },
	{ "dma_map_page_attrs", l_map_page, "dev, page, offset, size, dir [, attrs=0]",
	  "dma or DMA_MAPPING_ERROR", "dma_map_page with DMA_ATTR_ bits" },
	{ "dma_unmap_page_attrs", l_unmap_page, "dev, dma, size, dir [, attrs=0]", "",
	  "dma_unmap_page with DMA_ATTR_ bits" },
	{ "dma_map_phys", l_map_phys, "dev, pa, size, dir [, attrs=0]", "dma or DMA_MAPPING_ERROR",
	  "map by physical address (Linux 6.18): RAM, or with DMA_ATTR_MMIO registers" },
	{ "dma_unmap_phys", l_unmap_phys, "dev, dma, size, dir [, attrs=0]", "",
	  "undo dma_map_phys" },
	{ "dma_map_resource", l_map_resource, "dev, pa, size, dir [, attrs=0]",
	  "dma or DMA_MAPPING_ERROR",
	  "let the device reach another device's registers (peer to peer); not for RAM" },
	{ "dma_unmap_resource", l_unmap_resource, "dev, dma, size, dir [, attrs=0]", "",
	  "undo dma_map_resource" },
	{ "dma_mapping_error", l_mapping_error, "dev, dma", "0, or -ENOMEM (-12)",
	  "did dma_map_single fail? Ask after every map" },
	{ "dma_sync_single_for_cpu", l_sync_for_cpu, "dev, dma, size, dir", "",
	  "take a mapped buffer back for a while, to look at it or fill it" },
	{ "dma_sync_single_for_device", l_sync_for_device, "dev, dma, size, dir", "",
	  "give the buffer to the device again after dma_sync_single_for_cpu" },
	{ "dma_sync_single_range_for_cpu", l_sync_range_for_cpu, "dev, dma, offset, size, dir", "",
	  "dma_sync_single_for_cpu of a part: size bytes from dma + offset on" },
	{ "dma_sync_single_range_for_device", l_sync_range_for_device,
	  "dev, dma, offset, size, dir", "",
	  "dma_sync_single_for_device of a part: size bytes from dma + offset on" },
	{ NULL, NULL, NULL, NULL, NULL },
};
