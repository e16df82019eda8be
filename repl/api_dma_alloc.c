/* Memory made for DMA. What C returns through `dma_addr_t *handle` comes as the second result. */
#include "api.h"
#include "api_sg.h"

#include "kernel/dma_alloc.h"
#include "kernel/pages.h"

/* va, dma; nil alone when there is none. */
static int push_memory(lua_State *L, uint64_t at, dma_addr_t dma)
{
	push_pointer(L, at);
	if (!at)
		return 1;
	lua_pushinteger(L, (lua_Integer)dma);
	return 2;
}

static int alloc(lua_State *L, struct bench *b, uint64_t more)
{
	uint32_t dev = arg_device(L, 1);
	uint64_t size = arg_number(L, 2);
	uint32_t gfp = arg_gfp(L, 3);
	uint64_t attrs = arg_number_or(L, 4, 0) | more;
	dma_addr_t dma;
	vaddr_t va = dma_alloc_attrs(&b->machine.kernel, dev, size, &dma, gfp, attrs);

	return push_memory(L, va, dma);
}

static int give_back(lua_State *L, struct bench *b, uint64_t more)
{
	uint32_t dev = arg_device(L, 1);
	uint64_t size = arg_number(L, 2);
	vaddr_t va = arg_pointer(L, 3);
	dma_addr_t dma = arg_pointer(L, 4);
	uint64_t attrs = arg_number_or(L, 5, 0) | more;

	dma_free_attrs(&b->machine.kernel, dev, size, va, dma, attrs);
	return 0;
}

static int l_alloc(lua_State *L, struct bench *b)
{
	return alloc(L, b, 0);
}

static int l_free(lua_State *L, struct bench *b)
{
	return give_back(L, b, 0);
}

static int l_alloc_wc(lua_State *L, struct bench *b)
{
	return alloc(L, b, DMA_ATTR_WRITE_COMBINE);
}

static int l_free_wc(lua_State *L, struct bench *b)
{
	return give_back(L, b, DMA_ATTR_WRITE_COMBINE);
}

static int l_alloc_managed(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);
	uint64_t size = arg_number(L, 2);
	uint32_t gfp = arg_gfp(L, 3);
	dma_addr_t dma;
	vaddr_t va = dmam_alloc_coherent(&b->machine.kernel, dev, size, &dma, gfp);

	return push_memory(L, va, dma);
}

static int l_free_managed(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);
	uint64_t size = arg_number(L, 2);
	vaddr_t va = arg_pointer(L, 3);

	dmam_free_coherent(&b->machine.kernel, dev, size, va, arg_pointer(L, 4));
	return 0;
}

/* dev, size, an address, its handle, dir: what the frees of cached memory share. */
struct cached {
	uint32_t dev;
	uint64_t size, at;
	dma_addr_t dma;
	enum direction dir;
};

static struct cached arg_cached(lua_State *L)
{
	struct cached c = { .dev = arg_device(L, 1) };

	c.size = arg_number(L, 2);
	c.at = arg_pointer(L, 3);
	c.dma = arg_pointer(L, 4);
	c.dir = arg_direction(L, 5);
	return c;
}

static int l_alloc_noncoherent(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);
	uint64_t size = arg_number(L, 2);
	enum direction dir = arg_direction(L, 3);
	uint32_t gfp = arg_gfp(L, 4);
	dma_addr_t dma;
	vaddr_t va = dma_alloc_noncoherent(&b->machine.kernel, dev, size, &dma, dir, gfp);

	return push_memory(L, va, dma);
}

static int l_free_noncoherent(lua_State *L, struct bench *b)
{
	struct cached c = arg_cached(L);

	dma_free_noncoherent(&b->machine.kernel, c.dev, c.size, c.at, c.dma, c.dir);
	return 0;
}

static int l_alloc_pages(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);
	uint64_t size = arg_number(L, 2);
	enum direction dir = arg_direction(L, 3);
	uint32_t gfp = arg_gfp(L, 4);
	dma_addr_t dma;
	paddr_t page = dma_alloc_pages(&b->machine.kernel, dev, size, &dma, dir, gfp);

	return push_memory(L, page ? api_page_of(page) : 0, dma);
}

static int l_free_pages(lua_State *L, struct bench *b)
{
	struct cached c = arg_cached(L);

	dma_free_pages(&b->machine.kernel, c.dev, c.size, api_page_address(c.at), c.dma, c.dir);
	return 0;
}

static int l_alloc_noncontiguous(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);
	uint64_t size = arg_number(L, 2);
	enum direction dir = arg_direction(L, 3);
	uint32_t gfp = arg_gfp(L, 4);
	uint64_t attrs = arg_number_or(L, 5, 0);
	struct sg_table *sgt = push_sg_table(L, 1);

	if (!dma_alloc_noncontiguous(&b->machine.kernel, dev, size, dir, gfp, attrs, sgt))
		lua_pushnil(L);
	return 1;
}

static int l_free_noncontiguous(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);
	uint64_t size = arg_number(L, 2);
	struct sg_table *sgt = arg_sg_table(L, 3);

	if (sgt->sgl->page == SG_NO_PAGE)
		arg_wrong(L, 3, "an empty table: dma_alloc_noncontiguous did not make it");
	dma_free_noncontiguous(&b->machine.kernel, dev, size, sgt, arg_direction(L, 4));
	return 0;
}

/* With the direct back end the pages are contiguous, and the linear map shows them already. */
static int l_vmap_noncontiguous(lua_State *L, struct bench *b)
{
	(void)b;
	(void)arg_device(L, 1);
	(void)arg_number(L, 2);
	push_pointer(L, sg_virt(arg_sg_table(L, 3)->sgl));
	return 1;
}

static int l_vunmap_noncontiguous(lua_State *L, struct bench *b)
{
	(void)b;
	(void)arg_device(L, 1);
	(void)arg_pointer(L, 2);
	return 0;
}

static int l_declare(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);
	paddr_t pa = arg_number(L, 2);
	dma_addr_t dma = arg_number(L, 3);
	uint64_t size = arg_number(L, 4);

	lua_pushinteger(L, dma_declare_coherent_memory(&b->machine.kernel, dev, pa, dma, size));
	return 1;
}

static int l_release(lua_State *L, struct bench *b)
{
	dma_release_coherent_memory(&b->machine.kernel, arg_device(L, 1));
	return 0;
}

const struct api api_dma_alloc[] = {
	{ "dma_alloc_coherent", l_alloc, "dev, size [, gfp=GFP_KERNEL]", "va, dma or nil",
	  "zeroed memory both sides may touch at any time without sync; uncached where devices "
	  "do not snoop" },
	{ "dma_free_coherent", l_free, "dev, size, va, dma", "",
	  "give back memory of dma_alloc_coherent; all four as they were" },
	{ "dma_alloc_attrs", l_alloc, "dev, size [, gfp=GFP_KERNEL [, attrs=0]]", "va, dma or nil",
	  "dma_alloc_coherent with DMA_ATTR_ bits" },
	{ "dma_free_attrs", l_free, "dev, size, va, dma [, attrs=0]", "",
	  "give back memory of dma_alloc_attrs; the attrs as they were" },
	{ "dma_alloc_wc", l_alloc_wc, "dev, size [, gfp=GFP_KERNEL]", "va, dma or nil",
	  "dma_alloc_coherent with write-combining: the CPU's stores may wait and merge" },
	{ "dma_free_wc", l_free_wc, "dev, size, va, dma", "", "give back memory of dma_alloc_wc" },
	{ "dmam_alloc_coherent", l_alloc_managed, "dev, size [, gfp=GFP_KERNEL]", "va, dma or nil",
	  "dma_alloc_coherent, given back by itself when the driver leaves the device" },
	{ "dmam_free_coherent", l_free_managed, "dev, size, va, dma", "",
	  "give back memory of dmam_alloc_coherent early" },
	{ "dma_alloc_noncoherent", l_alloc_noncoherent, "dev, size, dir [, gfp=GFP_KERNEL]",
	  "va, dma or nil",
	  "zeroed cached memory that is mapped from the start; the CPU owns it until "
	  "dma_sync_single_for_device" },
	{ "dma_free_noncoherent", l_free_noncoherent, "dev, size, va, dma, dir", "",
	  "give back memory of dma_alloc_noncoherent; all as they were" },
	{ "dma_alloc_pages", l_alloc_pages, "dev, size, dir [, gfp=GFP_KERNEL]", "page, dma or nil",
	  "dma_alloc_noncoherent, by the struct page of its first page" },
	{ "dma_free_pages", l_free_pages, "dev, size, page, dma, dir", "",
	  "give back memory of dma_alloc_pages; all as they were" },
	{ "dma_alloc_noncontiguous", l_alloc_noncontiguous,
	  "dev, size, dir [, gfp=GFP_KERNEL [, attrs=0]]", "sgt or nil",
	  "cached memory that is one segment for the device, perhaps in pieces for the CPU; a "
	  "table of its pages" },
	{ "dma_free_noncontiguous", l_free_noncontiguous, "dev, size, sgt, dir", "",
	  "give back memory of dma_alloc_noncontiguous" },
	{ "dma_vmap_noncontiguous", l_vmap_noncontiguous, "dev, size, sgt", "va",
	  "one range of addresses for the CPU, over memory of dma_alloc_noncontiguous" },
	{ "dma_vunmap_noncontiguous", l_vunmap_noncontiguous, "dev, va", "",
	  "undo dma_vmap_noncontiguous" },
	{ "dma_declare_coherent_memory", l_declare, "dev, pa, dma, size",
	  "0, or -EINVAL (-22), -EBUSY (-16), -ENOMEM (-12)",
	  "give the device memory of its own, which it sees at dma: its dma_alloc_coherent is "
	  "served from it and from nothing else" },
	{ "dma_release_coherent_memory", l_release, "dev", "",
	  "take back what dma_declare_coherent_memory gave" },
	{ NULL, NULL, NULL, NULL, NULL },
};
