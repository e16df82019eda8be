/*
 * The part of the table `core` that looks at the little kernel: page frames, zones, slabs, areas,
 * resources, and what an integer means to it.
 */
#include "core_table.h"

#include "api.h"

#include "kernel/contiguous.h"
#include "kernel/driver.h"
#include "kernel/mapping.h"
#include "kernel/pages.h"
#include "kernel/pool.h"
#include "kernel/slab.h"
#include "kernel/stack.h"
#include "kernel/swiotlb.h"
#include "kernel/vmalloc.h"

#include <stdlib.h>

static struct kernel *kernel(lua_State *L)
{
	return &session_bench(session_of(L))->machine.kernel;
}

static const char *const frame_words[] = { "absent", "reserved", "free", "tail", "pages", "slab",
					   "kmalloc", "vmalloc", "coherent", "dma" };
static const char *const zone_words[] = { "DMA", "DMA32", "Normal" };
static const char *const area_words[] = { "none", "vmalloc", "ioremap", "coherent" };

static bool is_block(const struct frame *f)
{
	return f->kind == FRAME_FREE || f->kind >= FRAME_PAGES;
}

static void push_frame(lua_State *L, uint64_t pfn, const struct frame *f)
{
	lua_createtable(L, 0, 5);
	set_integer(L, "pfn", pfn);
	set_string(L, "kind", frame_words[f->kind]);
	set_integer(L, "order", is_block(f) ? f->order : 0);
	set_string(L, "zone", zone_words[f->zone < ZONE_COUNT ? f->zone : ZONE_NORMAL]);
	if (f->kind == FRAME_SLAB)
		set_string(L, "cache", kmalloc_caches[f->cache].name);
}

static int l_frames(lua_State *L)
{
	struct kernel *k = kernel(L);
	uint64_t all = board_ram_end(&k->hw->board) >> PAGE_SHIFT;
	uint64_t pfn = (uint64_t)luaL_optinteger(L, 1, 0);
	uint64_t n = (uint64_t)luaL_optinteger(L, 2, (lua_Integer)all);
	uint64_t end = n < all && pfn < all - n ? pfn + n : all;

	lua_newtable(L);
	while (pfn < end) {
		const struct frame *f = frame_read(k, pfn);

		push_frame(L, pfn, f);
		append(L);
		pfn += is_block(f) ? (uint64_t)1 << f->order : 1;
	}
	return 1;
}

static int l_zones(lua_State *L)
{
	const struct kernel *k = kernel(L);

	lua_newtable(L);
	for (enum zone z = 0; z < ZONE_COUNT; z++) {
		if (!k->managed[z])
			continue;
		lua_createtable(L, 0, 3);
		set_string(L, "name", zone_words[z]);
		set_integer(L, "managed", k->managed[z]);
		lua_createtable(L, ORDER_MAX + 1, 0);
		for (uint32_t order = 0; order <= pages_max_order(k); order++) {
			lua_pushinteger(L, (lua_Integer)k->free_blocks[z][order]);
			append(L);
		}
		lua_setfield(L, -2, "free");
		append(L);
	}
	return 1;
}

static int l_slabs(lua_State *L)
{
	const struct kernel *k = kernel(L);

	lua_newtable(L);
	for (uint32_t cache = 0; cache < KMALLOC_CACHES; cache++) {
		struct slab_stats stats = slab_stats(k, cache);

		lua_createtable(L, 0, 7);
		set_string(L, "name", kmalloc_caches[cache].name);
		set_integer(L, "size", stats.size);
		set_integer(L, "used", stats.used);
		set_integer(L, "objects", stats.objects);
		set_integer(L, "slabs", stats.slabs);
		set_integer(L, "per_slab", stats.per_slab);
		set_integer(L, "pages_per_slab", stats.pages_per_slab);
		append(L);
	}
	return 1;
}

static uint64_t live_mappings(lua_State *L)
{
	const struct ownership *o = &session_bench(session_of(L))->checker.facts.ownership;
	uint64_t count = 0;

	for (uint32_t i = 0; i < o->end; i++)
		count += ownership_mapping(o, i)->seq && ownership_mapping(o, i)->live;
	return count;
}

/* The registers of a device are mapped by whoever looks at dev.bar first, and stay so. */
static bool is_window(const struct vm_area *a)
{
	return a->kind == VM_IOREMAP &&
	       (a->pa < hw_device_bar(0) || a->pa >= hw_device_bar(DEVICE_MAX));
}

static uint64_t windows(const struct kernel *k)
{
	uint64_t count = 0;

	for (size_t i = 0; i < VM_AREAS_MAX; i++)
		count += is_window(&k->area[i]);
	return count;
}

static uint64_t claims(const struct kernel *k)
{
	uint64_t count = 0;

	for (size_t i = 0; i < RESOURCES_MAX; i++)
		count += k->resource[i].size && k->resource[i].busy && !k->resource[i].boot;
	return count;
}

static uint64_t pools(const struct kernel *k)
{
	uint64_t count = 0;

	for (uint32_t number = 1; number <= k->pools.made; number++)
		count += pool_named(k, number) != NULL;
	return count;
}

/*
 * core.held(): what is not given back now: mappings; objects of kmalloc; pages, without slabs' and
 * without the stack's, which nobody can give back; windows of ioremap; claims of
 * request_mem_region; DMA pools; interrupt handlers.
 */
static int l_held(lua_State *L)
{
	const struct kernel *k = kernel(L);
	uint64_t objects = 0, pages = 0;

	for (uint32_t cache = 0; cache < KMALLOC_CACHES; cache++) {
		struct slab_stats stats = slab_stats(k, cache);

		objects += stats.used;
		pages -= stats.slabs * stats.pages_per_slab;
	}
	if (k->stack.va)
		pages -= THREAD_SIZE / PAGE_SIZE;
	for (enum zone z = 0; z < ZONE_COUNT; z++) {
		pages += k->managed[z];
		for (uint32_t order = 0; order <= ORDER_MAX; order++)
			pages -= k->free_blocks[z][order] << order;
	}
	lua_pushinteger(L, (lua_Integer)live_mappings(L));
	lua_pushinteger(L, (lua_Integer)objects);
	lua_pushinteger(L, (lua_Integer)pages);
	lua_pushinteger(L, (lua_Integer)windows(k));
	lua_pushinteger(L, (lua_Integer)claims(k));
	lua_pushinteger(L, (lua_Integer)pools(k));
	lua_pushinteger(L, __builtin_popcount(k->context.requested));
	return 7;
}

static int by_address(const void *a, const void *b)
{
	const struct vm_area *const *x = a, *const *y = b;

	return ((*x)->va > (*y)->va) - ((*x)->va < (*y)->va);
}

static void push_area(lua_State *L, const struct vm_area *a)
{
	lua_createtable(L, 0, 6);
	set_integer(L, "va", a->va);
	set_integer(L, "size", a->size);
	set_string(L, "kind", area_words[a->kind]);
	set_integer(L, "pa", a->pa);
	set_integer(L, "pages", a->pages);
	set_string(L, "attr", attr_words[a->attr]);
}

static int l_areas(lua_State *L)
{
	const struct kernel *k = kernel(L);
	const struct vm_area *sorted[VM_AREAS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < VM_AREAS_MAX; i++)
		if (k->area[i].kind != VM_NONE)
			sorted[count++] = &k->area[i];
	qsort(sorted, count, sizeof *sorted, by_address);
	lua_newtable(L);
	for (size_t i = 0; i < count; i++) {
		push_area(L, sorted[i]);
		append(L);
	}
	return 1;
}

static int l_resources(lua_State *L)
{
	const struct kernel *k = kernel(L);

	lua_newtable(L);
	for (size_t i = 0; i < RESOURCES_MAX; i++) {
		const struct resource *r = &k->resource[i];

		if (!r->size)
			continue;
		lua_createtable(L, 0, 4);
		set_integer(L, "start", r->start);
		set_integer(L, "size", r->size);
		set_string(L, "name", r->name);
		set_boolean(L, "busy", r->busy);
		append(L);
	}
	return 1;
}

/* nil without a pool. */
static int l_swiotlb(lua_State *L)
{
	const struct swiotlb *s = &kernel(L)->swiotlb;

	if (!s->slot_count)
		return 0;
	lua_createtable(L, 0, 6);
	set_integer(L, "start", s->start);
	set_integer(L, "size", s->slot_count * SWIOTLB_SLOT);
	set_integer(L, "slots", s->slot_count);
	set_integer(L, "areas", s->area_count);
	set_integer(L, "used", s->used);
	set_integer(L, "hiwater", s->hiwater);
	return 1;
}

static void push_runs(lua_State *L, const struct iommu *i, uint16_t unit)
{
	static const char *const prots[] = { "none", "read", "write", "both" };
	uint64_t size;

	for (dma_addr_t dma = iommu_next(i, unit, 0); dma < IOVA_END;
	     dma = iommu_next(i, unit, dma + size)) {
		size = iommu_run(i, unit, dma);
		lua_createtable(L, 0, 5);
		set_integer(L, "device", unit);
		set_integer(L, "dma", dma);
		set_integer(L, "pa", iommu_phys(i, unit, dma));
		set_integer(L, "size", size);
		set_string(L, "prot", prots[iommu_prot(i, unit, dma)]);
		append(L);
	}
}

/* nil without an IOMMU that translates. */
static int l_iommu(lua_State *L)
{
	const struct kernel *k = kernel(L);
	const struct iommu *i = &k->hw->iommu;

	if (!board_translates(&k->hw->board))
		return 0;
	lua_createtable(L, 0, 4);
	set_integer(L, "used", i->used);
	set_integer(L, "queued", k->iova.queued);
	lua_newtable(L);
	for (uint16_t unit = 0; unit < device_count; unit++)
		push_runs(L, i, unit);
	lua_setfield(L, -2, "table");
	lua_newtable(L);
	for (uint32_t slot = 0; slot < IOTLB_ENTRIES; slot++) {
		const struct iotlb_entry *e = &i->iotlb[slot];
		paddr_t pa = round_down(e->entry, PAGE_SIZE);

		if (!e->entry)
			continue;
		lua_createtable(L, 0, 4);
		set_integer(L, "device", e->unit);
		set_integer(L, "dma", e->page << PAGE_SHIFT);
		set_integer(L, "pa", pa);
		set_boolean(L, "stale", iommu_phys(i, e->unit, e->page << PAGE_SHIFT) != pa);
		append(L);
	}
	lua_setfield(L, -2, "iotlb");
	return 1;
}

static int l_swiotlb_hiwater(lua_State *L)
{
	lua_pushboolean(L, !swiotlb_set_hiwater(kernel(L), (uint64_t)luaL_checkinteger(L, 1)));
	return 1;
}

/* Lines with a handler. */
static int l_interrupts(lua_State *L)
{
	const struct cpu_context *c = &kernel(L)->context;

	lua_newtable(L);
	for (uint32_t dev = 0; dev < DEVICE_MAX; dev++) {
		if (!(c->requested >> dev & 1))
			continue;
		lua_createtable(L, 0, 4);
		set_integer(L, "irq", dev);
		set_integer(L, "count", c->line[dev].count);
		set_integer(L, "depth", c->line[dev].depth);
		set_string(L, "name", c->line[dev].name);
		append(L);
	}
	return 1;
}

/* What is kept for DMA, in bytes. */
static int l_kept(lua_State *L)
{
	const struct kernel *k = kernel(L);

	lua_createtable(L, 0, 3);
	set_integer(L, "cma", k->cma.pages << PAGE_SHIFT);
	set_integer(L, "cma_free", cma_free_pages(k) << PAGE_SHIFT);
	set_integer(L, "pool", (uint64_t)k->atomic_pool.pages << PAGE_SHIFT);
	return 1;
}

/* What an integer is. Each of these pushes a table, or says no. */

static void push_what(lua_State *L, const char *kind, uint64_t n)
{
	lua_createtable(L, 0, 10);
	set_string(L, "kind", kind);
	set_integer(L, "n", n);
}

static void set_block(lua_State *L, uint64_t n, uint64_t start, uint64_t size)
{
	set_integer(L, "start", start);
	set_integer(L, "size", size);
	set_integer(L, "offset", n - start);
}

static void set_place(lua_State *L, paddr_t pa)
{
	set_integer(L, "pa", pa);
	set_integer(L, "page", pa >> PAGE_SHIFT);
}

static bool slab_what(lua_State *L, struct kernel *k, vaddr_t va, const struct frame *head)
{
	paddr_t start;
	uint32_t size;
	bool live;
	bool object = slab_object(k, va - LINEAR_BASE, &start, &size, &live);

	push_what(L, object ? "kmalloc" : "slab", va);
	set_string(L, "cache", kmalloc_caches[head->cache].name);
	if (object) {
		set_block(L, va, phys_to_virt(start), size);
		set_boolean(L, "freed", !live);
	}
	return true;
}

static bool linear_what(lua_State *L, struct kernel *k, vaddr_t va)
{
	paddr_t pa = va - LINEAR_BASE;
	uint64_t head;
	const struct frame *f;

	if (!board_is_ram(&k->hw->board, pa, 1))
		return false;
	head = frame_head(k, pa >> PAGE_SHIFT);
	f = frame_read(k, head);
	if (f->kind == FRAME_SLAB) {
		slab_what(L, k, va, f);
	} else if (f->kind == FRAME_KMALLOC || f->kind == FRAME_PAGES) {
		push_what(L, phys_to_virt(head << PAGE_SHIFT) == k->stack.va ? "stack" :
			  f->kind == FRAME_PAGES ? "pages" : "kmalloc", va);
		set_block(L, va, phys_to_virt(head << PAGE_SHIFT), PAGE_SIZE << f->order);
		set_boolean(L, "freed", false);
	} else {
		push_what(L, f->kind == FRAME_FREE ? "pages" : "linear", va);
		set_boolean(L, "freed", f->kind == FRAME_FREE);
	}
	set_place(L, pa);
	return true;
}

/* An ioremap of a device's window is its registers. */
static const char *area_kind(const struct vm_area *a)
{
	if (a->kind == VM_IOREMAP && inside(a->pa, 1, DEVICE_BASE, device_count * DEVICE_WINDOW))
		return "register";
	return area_words[a->kind];
}

static bool area_what(lua_State *L, struct kernel *k, vaddr_t va)
{
	const struct vm_area *a = is_vmalloc_addr(va) ? vm_area_at(k, va) : NULL;
	const char *kind = a ? area_kind(a) : NULL;
	enum attr attr;
	paddr_t pa;

	if (!a)
		return false;
	push_what(L, a->va == k->stack.va ? "stack" : kind, va);
	set_block(L, va, a->va, a->size);
	if (mmu_translate(&k->hw->mmu, va, &pa, &attr) == OK) {
		set_place(L, pa);
		set_string(L, "attr", attr_words[attr]);
	}
	if (a->kind == VM_IOREMAP && *kind == 'r') {
		uint64_t unit = (pa - DEVICE_BASE) / DEVICE_WINDOW;

		set_string(L, "device", device_ops[unit]->name);
		set_integer(L, "offset", pa - hw_device_bar((uint32_t)unit));
	}
	return true;
}

static bool uncached_what(lua_State *L, struct kernel *k, vaddr_t va)
{
	paddr_t pa;
	enum attr attr;
	uint64_t head;
	const struct frame *f;

	if (va < UNCACHED_BASE || va >= VMALLOC_BASE ||
	    mmu_translate(&k->hw->mmu, va, &pa, &attr) != OK)
		return false;
	head = frame_head(k, pa >> PAGE_SHIFT);
	f = frame_read(k, head);
	push_what(L, f->kind == FRAME_COHERENT ? "coherent" : "uncached", va);
	if (f->kind == FRAME_COHERENT)
		set_block(L, va, UNCACHED_BASE + (head << PAGE_SHIFT), PAGE_SIZE << f->order);
	set_place(L, pa);
	return true;
}

static bool page_what(lua_State *L, struct kernel *k, uint64_t n)
{
	paddr_t pa = api_page_address(n);

	if (n < VMEMMAP_BASE || api_page_of(pa) != n || !board_is_ram(&k->hw->board, pa, 1))
		return false;
	push_what(L, "page", n);
	set_place(L, pa);
	return true;
}

/* The live mapping this bus address lies in, whichever device it is for. */
static const struct mapping *mapping_at(const struct ownership *o, dma_addr_t dma)
{
	const struct mapping *m = NULL;

	for (uint32_t unit = 0; unit < device_count && !m; unit++)
		m = ownership_find(o, unit, dma, 1);
	return m;
}

/* The RAM behind a bus address: behind an IOMMU, of the first device that has it mapped. */
static bool bus_address(const struct kernel *k, uint64_t n, paddr_t *pa)
{
	if (!board_translates(&k->hw->board))
		return port_translate(&k->hw->board, n, 1, pa);
	*pa = IOMMU_NOTHING;
	for (uint16_t unit = 0; unit < device_count && *pa == IOMMU_NOTHING; unit++)
		*pa = iommu_phys(&k->hw->iommu, unit, n);
	return *pa != IOMMU_NOTHING;
}

/* Where bus addresses look like small numbers, only a live mapping makes one of them an address. */
static bool dma_what(lua_State *L, struct kernel *k, uint64_t n)
{
	const struct bench *b = session_of(L)->bench;
	const struct mapping *m = mapping_at(&b->checker.facts.ownership, n);
	paddr_t pa;

	if (!bus_address(k, n, &pa) || (!m && !k->hw->board.bus_offset))
		return false;
	push_what(L, "dma", n);
	set_place(L, pa);
	if (m) {
		set_block(L, n, m->dma, m->size);
		core_push_mapping(L, m);
		lua_setfield(L, -2, "mapping");
	}
	return true;
}

static int l_what(lua_State *L)
{
	struct kernel *k = kernel(L);
	uint64_t n = (uint64_t)luaL_checkinteger(L, 1);

	if (n == DMA_MAPPING_ERROR) {
		push_what(L, "error", n);
		return 1;
	}
	return linear_what(L, k, n) || uncached_what(L, k, n) || area_what(L, k, n) ||
	       page_what(L, k, n) || dma_what(L, k, n);
}

static int l_driver(lua_State *L)
{
	lua_Integer unit = luaL_checkinteger(L, 1);
	const char *name;

	luaL_argcheck(L, unit >= 0 && unit < DEVICE_MAX, 1, "no such device");
	name = driver_name(kernel(L), (uint32_t)unit);
	if (*name)
		lua_pushstring(L, name);
	else
		lua_pushnil(L);
	return 1;
}

static int l_unit(lua_State *L)
{
	lua_pushinteger(L, *(uint32_t *)luaL_checkudata(L, 1, DEVICE_TYPE));
	return 1;
}

/* A line of the log by its number in core.klog, counted from 1, for what Lua does of the kernel. */
static int l_log(lua_State *L)
{
	lua_Integer what = luaL_checkinteger(L, 1) - 1;

	luaL_argcheck(L, what >= 0 && what < KLOG_COUNT, 1, "no such line");
	kernel_log(kernel(L), (enum klog)what, (uint64_t)luaL_optinteger(L, 2, 0), 0, 0);
	session_after(L, session_of(L));
	return 0;
}

/* A subsystem refuses to map: device, va, size, dir. */
static int l_refuse(lua_State *L)
{
	uint32_t dev = *(uint32_t *)luaL_checkudata(L, 1, DEVICE_TYPE);
	lua_Integer dir = luaL_checkinteger(L, 4);

	luaL_argcheck(L, dir >= 0 && dir < DMA_NONE, 4, "no direction");
	dma_map_refuse(kernel(L), dev, (vaddr_t)luaL_checkinteger(L, 2),
		       (uint64_t)luaL_checkinteger(L, 3), (enum direction)dir);
	session_after(L, session_of(L));
	return 0;
}

void core_kernel_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "frames", l_frames }, { "zones", l_zones }, { "slabs", l_slabs },
		{ "held", l_held },
		{ "areas", l_areas }, { "resources", l_resources }, { "swiotlb", l_swiotlb },
		{ "swiotlb_hiwater", l_swiotlb_hiwater }, { "what", l_what },
		{ "iommu", l_iommu }, { "pools", core_pools }, { "driver", l_driver },
		{ "unit", l_unit }, { "log", l_log },
		{ "refuse", l_refuse },
		{ "interrupts", l_interrupts }, { "kept", l_kept }, { NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
