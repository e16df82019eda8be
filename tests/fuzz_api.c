/*
 * Fuzzes the machine, its little kernel and the DMA API: bytes become a board and random calls,
 * good and bad. Nothing may crash, hang or trip an assert. On a coherent board there is one truth
 * about each byte, whatever caches and devices do: a flat array that follows the stores in the
 * trace. Every load and every beat a device reads must agree with it, undo included. At the end all
 * memory comes back.
 */
#include "fuzz.h"

#include "bench.h"
#include "kernel/context.h"
#include "kernel/contiguous.h"
#include "kernel/dma.h"
#include "kernel/pages.h"
#include "kernel/resource.h"
#include "kernel/slab.h"
#include "kernel/vmalloc.h"

#define RAM   (128 * KIB)
#define HELD  16              /* live things of one sort that are remembered */
#define SIDES (64 * KIB)      /* longest fill or copy */
#define BARS  (device_count * DEVICE_WINDOW)     /* registers of all devices, in a row */

enum sort { KMALLOC, PAGES, VMALLOC, IOREMAP, MAPPING, COHERENT, BLOCK, SORT_COUNT };

struct held {
	uint64_t va, dma, size;
	uint32_t order, dir;
};

struct play {
	struct input in;
	struct bench *bench;
	struct hw *hw;
	struct kernel *kernel;
	bool coherent;            /* the flat array knows the truth */
	struct cursor cursor;
	uint64_t bar;
	paddr_t touched;          /* by the newest transfer: what follows likes to go there */
	struct held held[SORT_COUNT][HELD];
	uint8_t flat[RAM];
	uint8_t *past[HISTORY_MAX];   /* flat, as of each step of undo */
};

static void flat_write(struct play *p, const struct event *e, uint64_t pa)
{
	for (uint64_t i = 0; i < e->size && pa + i < RAM; i++)
		p->flat[pa + i] = (uint8_t)(e->value >> 8 * (i % 8));
}

static void flat_must_agree(const struct play *p, const struct event *e)
{
	MUST(inside(e->addr2, e->size, 0, RAM));
	for (uint64_t i = 0; i < e->size; i++)
		MUST(p->flat[e->addr2 + i] == (uint8_t)(e->value >> 8 * i));
}

/* One event against the truth. A store that waits in the store buffer counts when it leaves. */
static void check_event(struct play *p, const struct event *e)
{
	bool waits = e->a == AT_STORE_BUFFER || e->a == AT_DEVICE;

	if ((e->kind == EV_CPU_STORE && !waits) || e->kind == EV_DEV_WRITE)
		flat_write(p, e, e->addr2);
	else if (e->kind == EV_SB_DRAIN)
		flat_write(p, e, e->addr);
	else if ((e->kind == EV_CPU_LOAD && !waits) || e->kind == EV_DEV_READ)
		flat_must_agree(p, e);
}

static void check_events(struct play *p)
{
	const struct event *e;
	uint64_t lost = 0;

	while ((e = trace_read(&p->bench->trace, &p->cursor, &lost)))
		if (p->coherent)
			check_event(p, e);
	MUST(!lost);
}

static struct held *pick(struct play *p, enum sort sort)
{
	return &p->held[sort][take_below(&p->in, HELD)];
}

/* Something of this sort that is alive, if there is any. */
static struct held *pick_alive(struct play *p, enum sort sort)
{
	uint64_t at = take_below(&p->in, HELD);

	for (uint64_t i = 0; i < HELD; i++)
		if (p->held[sort][(at + i) % HELD].va)
			return &p->held[sort][(at + i) % HELD];
	return &p->held[sort][at];
}

static uint64_t some_size(struct play *p)
{
	switch (take_below(&p->in, 8)) {
	case 0:  return 0;
	case 1:  return take(&p->in, 2);
	case 2:  return PAGE_SIZE * take_below(&p->in, 9);
	case 3:  return take(&p->in, 8);
	default: return take(&p->in, 1);
	}
}

/* Mostly an address of something alive, or near it. */
static vaddr_t some_va(struct play *p)
{
	enum sort sort;

	switch (take_below(&p->in, 16)) {
	case 0:  return LINEAR_BASE + take_below(&p->in, RAM + PAGE_SIZE);
	case 1:  return VMALLOC_BASE + take_below(&p->in, 64 * PAGE_SIZE);
	case 2:  return IOREMAP_BASE + take_below(&p->in, 64 * PAGE_SIZE);
	case 3:  return UNCACHED_BASE + take_below(&p->in, RAM + PAGE_SIZE);
	case 4:  return take(&p->in, 8);
	case 5:  return p->bar + take_below(&p->in, device_count) * DEVICE_WINDOW +
			take_below(&p->in, 0xa0);
	case 6: case 7: case 8:
		return LINEAR_BASE + p->touched + take_below(&p->in, 64);
	default: sort = (enum sort)take_below(&p->in, SORT_COUNT);
		return pick_alive(p, sort)->va + take_below(&p->in, 64);
	}
}

static dma_addr_t some_dma(struct play *p)
{
	switch (take_below(&p->in, 8)) {
	case 0:  return p->hw->board.bus_offset + take_below(&p->in, RAM + PAGE_SIZE);
	case 1:  return take(&p->in, 8);
	case 2:  return p->hw->board.bus_offset + p->touched + take_below(&p->in, 64);
	case 3:  return pick_alive(p, COHERENT)->dma + take(&p->in, 1);
	default: return pick_alive(p, MAPPING)->dma + take_below(&p->in, 16);
	}
}

static enum direction some_direction(struct play *p)
{
	return (enum direction)take_below(&p->in, 3);
}

static uint32_t some_gfp(struct play *p)
{
	static const uint32_t gfp[] = { GFP_KERNEL, GFP_KERNEL | GFP_ZERO, GFP_KERNEL | GFP_DMA,
		GFP_KERNEL | GFP_DMA32 | GFP_NOWARN, GFP_ATOMIC };

	return gfp[take_below(&p->in, 5)];
}

static void load(struct play *p)
{
	vaddr_t va = some_va(p);
	size_t size = (size_t)1 << take_below(&p->in, 4);
	uint64_t value;

	if (cpu_load(p->hw, va, size, &value) == OK && size < 8)
		MUST(value >> 8 * size == 0);
}

static void store(struct play *p)
{
	vaddr_t va = some_va(p);
	size_t size = (size_t)1 << take_below(&p->in, 4);
	enum status s = cpu_store(p->hw, va, size, take(&p->in, 8));

	(void)s;
}

static bool devices_rest(const struct hw *h)
{
	for (uint32_t i = 0; i < device_count; i++)
		if (h->device[i].due != UINT64_MAX)
			return false;
	return true;
}

/* What was just written reads back the same, where no device or older store can come between. */
static void write_read(struct play *p)
{
	vaddr_t va = some_va(p);
	uint8_t out[64], back[64];
	size_t n = take_below(&p->in, sizeof out);
	bool quiet;

	memset(out, (int)take(&p->in, 1), sizeof out);
	cpu_barrier(p->hw, BARRIER_MB);
	quiet = devices_rest(p->hw);
	if (va - p->bar < BARS || cpu_write(p->hw, va, out, n) != OK)
		return;
	MUST(cpu_read(p->hw, va, back, n) == OK);
	if (p->coherent && quiet && va < IOREMAP_BASE)
		MUST(!memcmp(out, back, n));
}

static void fill(struct play *p)
{
	vaddr_t va = some_va(p);
	uint8_t byte = (uint8_t)take(&p->in, 1);
	enum status s = cpu_fill(p->hw, va, byte, min_u64(some_size(p), SIDES), false);

	(void)s;
}

static void copy(struct play *p)
{
	vaddr_t to = some_va(p), from = some_va(p);
	enum status s = OK;
	size_t n = min_u64(some_size(p), SIDES);

	if (!overlaps(to, n, from, n) && to + n >= to && from + n >= from)
		s = cpu_copy(p->hw, to, from, n);
	(void)s;
}

static void barrier(struct play *p)
{
	cpu_barrier(p->hw, (enum barrier)take_below(&p->in, BARRIER_COUNT));
}

/* An invalidate loses data by right; where the flat array must hold it is a flush. */
static enum cache_op some_op(struct play *p)
{
	enum cache_op op = (enum cache_op)take_below(&p->in, CACHE_OP_COUNT);

	return op == CACHE_INVALIDATE && p->coherent ? CACHE_FLUSH : op;
}

static void maintain(struct play *p)
{
	enum cache_op op = some_op(p);
	vaddr_t va = some_va(p);
	enum status s = cpu_cache(p->hw, op, va, some_size(p));

	(void)s;
	if (take_below(&p->in, 32) == 0)
		cpu_cache_all(p->hw, op);
}

static void pass(struct play *p)
{
	machine_run(&p->bench->machine, take(&p->in, 2));
}

static void wait_for_device(struct play *p)
{
	uint32_t unit = (uint32_t)take_below(&p->in, device_count);
	bool idle = machine_wait(&p->bench->machine, unit, 100000);

	(void)idle;
}

static void hold_kmalloc(struct play *p)
{
	struct held *h = pick(p, KMALLOC);
	uint64_t size = some_size(p);

	if (h->va && take_below(&p->in, 4) == 0) {
		vaddr_t moved = krealloc(p->kernel, h->va, size, some_gfp(p));

		h->va = moved ? moved : h->va;
	} else if (!h->va) {
		h->va = kmalloc(p->kernel, size, some_gfp(p));
		MUST(h->va <= ZERO_SIZE_PTR || ksize(p->kernel, h->va) >= size);
	}
}

static void drop_kmalloc(struct play *p)
{
	struct held *h = pick(p, KMALLOC);

	kfree(p->kernel, h->va);
	if (take_below(&p->in, 8))
		h->va = 0;
}

static void hold_pages(struct play *p)
{
	struct held *h = pick(p, PAGES);

	if (h->va)
		return;
	h->order = (uint32_t)take_below(&p->in, 16) / 3;
	h->va = pages_alloc(p->kernel, some_gfp(p), h->order);
}

static void drop_pages(struct play *p)
{
	struct held *h = pick(p, PAGES);

	if (h->va)
		pages_free(p->kernel, h->va, h->order);
	h->va = 0;
}

static void hold_vmalloc(struct play *p)
{
	struct held *h = pick(p, VMALLOC);

	if (!h->va)
		h->va = vmalloc(p->kernel, some_size(p), some_gfp(p));
}

static void drop_vmalloc(struct play *p)
{
	struct held *h = pick(p, VMALLOC);

	vfree(p->kernel, h->va);
	h->va = 0;
}

static void hold_ioremap(struct play *p)
{
	struct held *h = pick(p, IOREMAP);
	paddr_t pa = take_below(&p->in, 2) ? take_below(&p->in, 2 * RAM) : take(&p->in, 8);
	enum attr attr = take_below(&p->in, 2) ? ATTR_DEVICE : ATTR_WRITE_COMBINE;

	if (!h->va)
		h->va = ioremap(p->kernel, pa, some_size(p), attr);
}

static void drop_ioremap(struct play *p)
{
	struct held *h = pick(p, IOREMAP);

	if (h->va)
		MUST(iounmap(p->kernel, h->va));
	h->va = 0;
}

/* Free something that may not be ours to free. A lucky hit may free what is held: forget it all. */
static void free_wrongly(struct play *p)
{
	vaddr_t va = some_va(p);
	bool gone;

	switch (take_below(&p->in, 5)) {
	case 0: kfree(p->kernel, va); break;
	case 1: pages_free(p->kernel, va, (uint32_t)take_below(&p->in, 40)); break;
	case 2: vfree(p->kernel, va); break;
	case 3: gone = va - p->bar >= BARS && iounmap(p->kernel, va); (void)gone; break;
	case 4: dma_free_coherent(p->kernel, 0, some_size(p), va, some_dma(p)); break;
	}
	for (int i = 0; i < HELD; i++)
		if (p->held[IOREMAP][i].va && !vm_area_at(p->kernel, p->held[IOREMAP][i].va))
			p->held[IOREMAP][i].va = 0;
}

static void map(struct play *p)
{
	struct held *h = pick(p, MAPPING);

	h->va = some_va(p);
	h->size = some_size(p);
	h->dir = some_direction(p);
	h->dma = dma_map_single(p->kernel, 0, h->va, h->size, (enum direction)h->dir);
	MUST(!dma_mapping_error(p->kernel, 0, h->dma) == (h->dma != DMA_MAPPING_ERROR));
}

static void unmap(struct play *p)
{
	struct held *h = pick(p, MAPPING);

	dma_unmap_single(p->kernel, 0, h->dma, h->size, (enum direction)h->dir);
}

static void unmap_wrongly(struct play *p)
{
	dma_addr_t dma = some_dma(p);
	uint64_t size = some_size(p);

	dma_unmap_single(p->kernel, 0, dma, size, some_direction(p));
}

static void sync(struct play *p)
{
	const struct held *h = pick(p, MAPPING);
	dma_addr_t dma = take_below(&p->in, 4) ? h->dma : some_dma(p);
	uint64_t size = take_below(&p->in, 4) ? h->size : some_size(p);
	enum direction dir = some_direction(p);

	if (take_below(&p->in, 2))
		dma_sync_single_for_cpu(p->kernel, 0, dma, size, dir);
	else
		dma_sync_single_for_device(p->kernel, 0, dma, size, dir);
}

/* Attributes that mean something, now and then. */
static uint64_t some_attrs(struct play *p)
{
	return take_below(&p->in, 4) ? 0 : take(&p->in, 2);
}

static void map_otherwise(struct play *p)
{
	struct held *h = pick(p, MAPPING);
	paddr_t pa = some_va(p) - LINEAR_BASE;
	uint64_t attrs = some_attrs(p);

	h->size = some_size(p);
	h->dir = some_direction(p);
	switch (take_below(&p->in, 3)) {
	case 0: h->dma = dma_map_page_attrs(p->kernel, 0, round_down(pa, PAGE_SIZE), take(&p->in, 2),
					    h->size, (enum direction)h->dir, attrs); break;
	case 1: h->dma = dma_map_phys(p->kernel, 0, pa, h->size, (enum direction)h->dir, attrs); break;
	case 2: h->dma = dma_map_resource(p->kernel, 0, pa, h->size, (enum direction)h->dir, attrs); break;
	}
}

static void unmap_otherwise(struct play *p)
{
	dma_addr_t dma = some_dma(p);
	uint64_t size = some_size(p), attrs = some_attrs(p);
	enum direction dir = some_direction(p);

	switch (take_below(&p->in, 3)) {
	case 0: dma_unmap_page_attrs(p->kernel, 0, dma, size, dir, attrs); break;
	case 1: dma_unmap_phys(p->kernel, 0, dma, size, dir, attrs); break;
	case 2: dma_unmap_resource(p->kernel, 0, dma, size, dir, attrs); break;
	}
}

/* A list of a few entries, good and bad, all the way; each count may be wrong. */
static void list(struct play *p)
{
	struct scatterlist sg[4];
	uint32_t n = 1 + (uint32_t)take_below(&p->in, 4);
	enum direction dir = some_direction(p);

	sg_init_table(sg, n);
	for (uint32_t i = 0; i < n; i++)
		sg_set_buf(&sg[i], some_va(p), (uint32_t)some_size(p));
	MUST(dma_map_sg_attrs(p->kernel, 0, sg, n, dir, some_attrs(p)) % n == 0);
	dma_sync_sg_for_cpu(p->kernel, 0, sg, (uint32_t)take_below(&p->in, 6), dir);
	dma_sync_sg_for_device(p->kernel, 0, sg, n, some_direction(p));
	dma_unmap_sg_attrs(p->kernel, 0, sg, (uint32_t)take_below(&p->in, 6), dir, some_attrs(p));
}

static void masks(struct play *p)
{
	uint64_t mask = UINT64_MAX >> take_below(&p->in, 64);

	if (!dma_set_mask_and_coherent(p->kernel, 0, mask))
		MUST(p->kernel->device_dma[0].mask == mask);
	MUST(dma_addressing_limited(p->kernel, 0) ==
	     (p->kernel->device_dma[0].mask < dma_get_required_mask(p->kernel, 0)));
}

/* Cached memory for DMA lives for one call here, for who frees everything at the end knows it not. */
static void cached_memory(struct play *p)
{
	uint64_t size = some_size(p);
	enum direction dir = some_direction(p);
	dma_addr_t dma;
	vaddr_t va = dma_alloc_noncoherent(p->kernel, 0, size, &dma, dir, some_gfp(p));

	if (!va)
		return;
	dma_free_noncoherent(p->kernel, 0, some_size(p), some_va(p), dma, dir);
	dma_free_pages(p->kernel, 0, size, va - LINEAR_BASE, dma, dir);
}

static void hold_coherent(struct play *p)
{
	struct held *h = pick(p, COHERENT);

	if (h->va)
		return;
	h->size = some_size(p);
	h->va = dma_alloc_coherent(p->kernel, 0, h->size, &h->dma, some_gfp(p));
}

static void drop_coherent(struct play *p)
{
	struct held *h = pick(p, COHERENT);

	if (h->va)
		dma_free_coherent(p->kernel, 0, h->size, h->va, h->dma);
	h->va = 0;
}

/* A pool there is, there was, or there never will be. */
static uint32_t some_pool(struct play *p)
{
	return (uint32_t)take_below(&p->in, p->kernel->pools.made + 2);
}

static void make_pool(struct play *p)
{
	uint64_t size = some_size(p), align = (uint64_t)1 << take_below(&p->in, 16) >> 1;
	uint64_t boundary = take_below(&p->in, 4) ? 0 : some_size(p);
	uint32_t made = p->kernel->pools.made;
	uint32_t pool = dma_pool_create(p->kernel, "a name that is too long", 0, size, align,
					boundary, take_below(&p->in, 2));

	MUST(!pool || pool == made + 1);
}

static void end_pool(struct play *p)
{
	switch (take_below(&p->in, 4)) {
	case 0:  dmam_pool_release(p->kernel, (uint32_t)take_below(&p->in, 2)); break;
	case 1:  dmam_pool_destroy(p->kernel, some_pool(p)); break;
	default: dma_pool_destroy(p->kernel, some_pool(p));
	}
}

/* A list that was spoilt may lead anywhere, and then the kernel faults or spoils something else. */
static void hold_block(struct play *p)
{
	struct held *h = pick(p, BLOCK);
	struct pool_block block;
	uint32_t pool = some_pool(p);

	if (dma_pool_alloc(p->kernel, pool, some_gfp(p), &block) == OK)
		*h = (struct held){ .va = block.va, .dma = block.dma, .size = pool };
}

static void drop_block(struct play *p)
{
	struct held *h = pick(p, BLOCK);
	bool as_it_was = take_below(&p->in, 4);
	uint32_t pool = as_it_was ? (uint32_t)h->size : some_pool(p);
	enum status s = dma_pool_free(p->kernel, pool, as_it_was ? h->va : some_va(p), h->dma);

	if (s == OK)
		h->va = 0;
}

/* A driver programs a transfer, sensible or not. */
static void transfer(struct play *p)
{
	bool from_edu = take_below(&p->in, 2);
	uint64_t inner = 0x40000 + (take_below(&p->in, 8) ? take(&p->in, 1) : take(&p->in, 4));
	uint64_t count = take_below(&p->in, 8) ? take(&p->in, 1) : take(&p->in, 2);
	dma_addr_t dma = some_dma(p);
	uint64_t from = from_edu ? inner : dma, to = from_edu ? dma : inner;
	const uint64_t value[] = { from, to, count, from_edu ? 7 : 5 };

	for (uint64_t i = 0; i < 4; i++)
		MUST(cpu_store(p->hw, p->bar + 0x80 + 8 * i, 8, value[i]) == OK);
	p->touched = (dma - p->hw->board.bus_offset) % RAM;
	if (take_below(&p->in, 2))
		wait_for_device(p);
}

/* Where the registers of the device of this name are. */
static vaddr_t registers(const struct play *p, const char *name)
{
	uint32_t unit = 0;

	while (strcmp(device_ops[unit]->name, name))
		unit++;
	return p->bar + unit * DEVICE_WINDOW;
}

static void put(struct play *p, vaddr_t va, size_t size, uint64_t value)
{
	enum status s = cpu_store(p->hw, va, size, value);

	(void)s;
}

/* A request for the disk, sensible or not, in memory that is coherent if there is any. */
static void put_request(struct play *p, vaddr_t va, dma_addr_t dma)
{
	uint64_t segments = take_below(&p->in, 8) ? 1 + take_below(&p->in, 3) : take(&p->in, 1);

	for (uint64_t i = 0; i < min_u64(segments, 16); i++) {
		put(p, va + 512 + 16 * i, 8, some_dma(p));
		put(p, va + 520 + 16 * i, 4, take_below(&p->in, 4) ? 512 : take(&p->in, 2));
	}
	put(p, va + 4, 4, take_below(&p->in, 4) + (take(&p->in, 2) << 16));
	put(p, va + 8, 8, take_below(&p->in, 8) ? dma + 512 : some_dma(p));
	put(p, va + 16, 4, segments);
	put(p, va + 20, 4, take_below(&p->in, 17));
	cpu_barrier(p->hw, BARRIER_WMB);
	put(p, va, 4, take_below(&p->in, 8) ? 0x80000000 : take(&p->in, 4));
}

static void disk(struct play *p)
{
	const struct held *h = pick_alive(p, COHERENT);
	vaddr_t bar = registers(p, "blk");

	if (take_below(&p->in, 4) == 0) {
		put(p, bar + 0x18, 4, 1);
		put(p, bar + 0x20, 8, take_below(&p->in, 8) ? h->dma : some_dma(p));
		put(p, bar + 0x28, 4, take_below(&p->in, 8));
		put(p, bar + 0x30, 8, take_below(&p->in, 8) ? h->dma + 256 : some_dma(p));
		put(p, bar + 0x38, 4, take_below(&p->in, 8));
		put(p, bar + 0x08, 4, take(&p->in, 1));
	}
	put_request(p, h->va + 32 * take_below(&p->in, 8), h->dma);
	put(p, bar + 0x40, 4, 1);
	put(p, bar + 0x44, 4, take_below(&p->in, 4));
	if (take_below(&p->in, 2))
		machine_run(&p->bench->machine, 5000);
}

static void encipher(struct play *p)
{
	vaddr_t bar = registers(p, "crypto");
	dma_addr_t from = some_dma(p);

	put(p, bar + 0x10, 8, from);
	put(p, bar + 0x18, 8, take_below(&p->in, 2) ? from : some_dma(p));
	put(p, bar + 0x20, 8, take(&p->in, 8));
	put(p, bar + 0x28, 4, take_below(&p->in, 8) ? take(&p->in, 1) : take(&p->in, 4));
	put(p, bar + 0x2c, 4, take_below(&p->in, 4));
}

static void device_data(struct play *p)
{
	uint8_t bytes[256];
	uint64_t at = take(&p->in, 2), n = take(&p->in, 1);

	memset(bytes, (int)take(&p->in, 1), sizeof bytes);
	MUST(hw_device_fill(p->hw, 0, at, bytes, n) == inside(at, n, 0, 4096));
}

/* A register of any device: sensible values come up, too. */
static void any_register(struct play *p)
{
	uint64_t unit = take_below(&p->in, (uint32_t)device_count);
	uint64_t at = 4 * take_below(&p->in, 0x2c);
	uint64_t value = take_below(&p->in, 2) ? take(&p->in, 1) : some_dma(p);

	MUST(hw_mmio_write(p->hw, hw_device_bar((uint32_t)unit) + at, value, at < 0x80 ? 4 : 8));
}

static void from_outside(struct play *p)
{
	uint32_t unit = (uint32_t)take_below(&p->in, (uint32_t)device_count);
	struct device_io io = hw_device(p->hw, unit);
	uint8_t bytes[256];
	size_t n = take(&p->in, 1);

	memset(bytes, (int)take(&p->in, 1), sizeof bytes);
	if (io.dev->ops->receive)
		(void)io.dev->ops->receive(&io, bytes, n);
	hw_plan(p->hw);
}

static void resources(struct play *p)
{
	paddr_t start = take_below(&p->in, 4) ? take_below(&p->in, 4 * RAM) : take(&p->in, 8);
	uint64_t size = some_size(p);
	bool released;

	if (resource_request(p->kernel, start, size, "a name that is too long to be kept whole") == 0) {
		MUST(size);
		if (take_below(&p->in, 2))
			MUST(resource_release(p->kernel, start, size));
	} else {
		released = resource_release(p->kernel, start, size);
		(void)released;
	}
}

/* Stop or go on tracing some pages. The flat array needs them all. */
static void watch(struct play *p)
{
	paddr_t pa = take_below(&p->in, 2 * RAM);
	bool on = take_below(&p->in, 2);

	if (p->coherent)
		return;
	if (take_below(&p->in, 4))
		machine_watch(&p->bench->machine, pa, take(&p->in, 2), on);
	else
		machine_watch_all(&p->bench->machine, on);
}

/* What is held belongs to a time that never was: addresses may be wrong now, which is fine. */
static void undo(struct play *p)
{
	uint32_t before = p->bench->steps, n = (uint32_t)take_below(&p->in, 3);
	uint32_t undone = bench_undo(p->bench, n);

	MUST(undone == min_u64(n, before) && p->bench->steps == before - undone);
	for (uint32_t i = 0; i < undone; i++) {
		memcpy(p->flat, p->past[before - 1 - i], RAM);
		free(p->past[before - 1 - i]);
	}
	p->cursor.next = p->bench->trace.next;
	if (undone)
		memset(p->held, 0, sizeof p->held);
}

static void keyframe(struct play *p)
{
	bench_keyframe(p->bench);
	p->cursor.next = p->bench->trace.next;
	bench_settle(p->bench);
}

/* The context changes, sensibly or not; what is not allowed changes nothing. */
static void context(struct play *p)
{
	static const char *const locks[] = { "a", "b", "c" };
	const char *lock = locks[take_below(&p->in, 3)];
	bool held = context_holds(p->kernel, lock), on = take_below(&p->in, 2);

	switch (take_below(&p->in, 6)) {
	case 0: MUST(!(context_lock(p->kernel, lock) && held)); break;
	case 1: MUST(context_unlock(p->kernel, lock) == held); break;
	case 2: context_set_irqs(p->kernel, on); break;
	case 3: MUST(context_preempt(p->kernel, on) || !on); break;
	case 4: context_might_sleep(p->kernel, (enum sleeper)take_below(&p->in, SLEEPER_COUNT)); break;
	case 5: context_set_irqs(p->kernel, false); break;
	}
}

/* A line gets and loses a handler; time passes, and what is pending is run, acknowledged or not. */
static void interrupts(struct play *p)
{
	uint32_t dev, runs = 0;
	bool acknowledges = take_below(&p->in, 4);

	switch (take_below(&p->in, 6)) {
	case 0: MUST(context_request_irq(p->kernel, 0, "fuzz") <= 0); break;
	case 1: context_free_irq(p->kernel, 0); break;
	case 2: context_disable_irq(p->kernel, 0); break;
	case 3: context_enable_irq(p->kernel, 0); break;
	default: MUST(hw_mmio_write(p->hw, hw_device_bar(0) + 0x60, 1, 4)); break;
	}
	context_pass(p->kernel, p->hw->bus.cycle + take(&p->in, 1));
	for (; context_pending(p->kernel, &dev); runs++) {
		MUST(runs < IRQ_RUNS_MAX);
		context_enter_irq(p->kernel, dev);
		if (acknowledges)
			MUST(hw_mmio_write(p->hw, hw_device_bar(0) + 0x64, UINT32_MAX, 4));
		context_exit_irq(p->kernel, dev);
	}
}

static void (*const calls[])(struct play *) = {
	load, load, load, load, store, store, store, write_read, fill, copy, barrier, maintain, pass,
	wait_for_device, hold_kmalloc, hold_kmalloc, drop_kmalloc, hold_pages, drop_pages, hold_vmalloc,
	drop_vmalloc, hold_ioremap, drop_ioremap, free_wrongly, map, map, unmap, unmap_wrongly, sync, sync,
	map_otherwise, unmap_otherwise, list, masks, cached_memory, hold_coherent, drop_coherent, transfer, transfer,
	make_pool, end_pool, hold_block, hold_block, drop_block, disk, disk, encipher, device_data, any_register,
	any_register, from_outside, resources, watch, keyframe,
	context, interrupts,
};

#define CALLS (sizeof calls / sizeof calls[0])

static void call(struct play *p)
{
	calls[take_below(&p->in, CALLS)](p);
	check_events(p);
	bench_settle(p->bench);
}

/* A few calls as one command that can be undone. */
static void command(struct play *p)
{
	uint8_t *before;

	if (p->bench->steps == HISTORY_MAX)
		return;
	before = core_alloc(RAM);
	memcpy(before, p->flat, RAM);
	bench_mark(p->bench);
	for (uint64_t n = take_below(&p->in, 8); n; n--)
		call(p);
	if (bench_keep(p->bench, false))
		p->past[p->bench->steps - 1] = before;
	else
		free(before);
}

/* A small board in every shape the table of settings allows. */
static bool make_board(struct input *in, struct board *b)
{
	static const char *const free_choice[] = { "arch", "coherent", "strict", "l1_policy", "l1_write",
		"l1_allocate", "l2_policy", "l2_write", "l2_allocate", "speculates", "nature", "profile",
		"iommu" };
	bool fits = true;

	*b = board_default();
	fits &= board_set(b, setting_named("ram"), RAM);
	fits &= board_set(b, setting_named("kernel_image"), 4 * PAGE_SIZE);
	fits &= board_set(b, setting_named("line"), 8u << take_below(in, 5));
	fits &= board_set(b, setting_named("l1_sets"), 1u << take_below(in, 4));
	fits &= board_set(b, setting_named("l1_ways"), 1 + take_below(in, 4));
	fits &= board_set(b, setting_named("l2_sets"), take_below(in, 2) ? 16 : 0);
	fits &= board_set(b, setting_named("store_buffer"), 1 + take_below(in, 8));
	fits &= board_set(b, setting_named("zone_dma"), take_below(in, 2) ? RAM / 2 : 0);
	fits &= board_set(b, setting_named("cma"), take_below(in, 4) ? 0 : RAM / 4);
	fits &= board_set(b, setting_named("coherent_pool"), PAGE_SIZE << take_below(in, 3));
	fits &= board_set(b, setting_named("mem"), take_below(in, 4) ? 0 : 3 * RAM / 4);
	for (size_t i = 0; i < sizeof free_choice / sizeof free_choice[0]; i++) {
		const struct setting *s = setting_named(free_choice[i]);

		fits &= board_set(b, s, take_below(in, s->max + 1));
	}
	MUST(fits);
	return !board_mistake(b);
}

/* Pages nobody holds, slabs without a live object counted as such. */
static uint64_t free_pages_now(const struct kernel *k)
{
	uint64_t pages = cma_free_pages(k) + k->atomic_pool.pages;     /* the pool is never given back */

	for (int zone = 0; zone < ZONE_COUNT; zone++)
		for (uint32_t order = 0; order <= ORDER_MAX; order++)
			pages += k->free_blocks[zone][order] << order;
	for (uint32_t c = 0; c < KMALLOC_CACHES; c++) {
		struct slab_stats s = slab_stats(k, c);

		MUST(s.used <= s.objects);
		if (!s.used)
			pages += s.slabs * s.pages_per_slab;
	}
	return pages;
}

/* A handle for a coherent block; behind an IOMMU a new one, for the old may be anywhere, or gone. */
static dma_addr_t handle_of(struct play *p, paddr_t pa, uint64_t size)
{
	dma_addr_t dma;

	if (!board_translates(&p->hw->board))
		return pa + p->hw->board.bus_offset;
	MUST(!dma_set_mask(p->kernel, 0, UINT64_MAX));
	dma = dma_map_page_attrs(p->kernel, 0, pa, 0, size, DMA_BIDIRECTIONAL, 0);
	MUST(dma != DMA_MAPPING_ERROR);
	return dma;
}

/* Where an area begins in RAM, and how much of it lies together there. */
static dma_addr_t handle_of_area(struct play *p, const struct vm_area *a)
{
	enum attr attr;
	paddr_t pa;

	MUST(mmu_translate(&p->hw->mmu, a->va, &pa, &attr) == OK);
	return handle_of(p, pa, a->pages ? PAGE_SIZE : a->size);
}

static void give_areas_back(struct play *p)
{
	for (int i = VM_AREAS_MAX; i-- > 0;) {    /* from above: the table closes its gaps */
		struct vm_area a = p->kernel->area[i];

		if (a.kind == VM_VMALLOC)
			vfree(p->kernel, a.va);
		else if (a.kind == VM_COHERENT)
			dma_free_coherent(p->kernel, 0, a.size, a.va, handle_of_area(p, &a));
	}
}

static void give_objects_back(struct play *p, paddr_t pa, uint64_t n)
{
	uint32_t size;
	bool live;

	for (paddr_t end = pa + n; pa < end && slab_object(p->kernel, pa, &pa, &size, &live); pa += size)
		if (live)
			kfree(p->kernel, phys_to_virt(pa));
}

/* A coherent block without an area of its own: seen in the linear map, or in the uncached one. */
static void give_coherent_back(struct play *p, paddr_t pa, uint64_t size)
{
	bool alias = p->hw->mmu.uncached_window && !p->coherent;
	vaddr_t va = alias ? UNCACHED_BASE + pa : phys_to_virt(pa);

	dma_free_coherent(p->kernel, 0, size, va, handle_of(p, pa, size));
}

/* Whatever is alive by the kernel's own tables, which is all there can be. */
static void give_everything_back(struct play *p)
{
	give_areas_back(p);
	for (paddr_t pa = 0; pa < RAM; pa += PAGE_SIZE) {
		struct frame f = *frame_read(p->kernel, pa >> PAGE_SHIFT);

		switch (f.kind) {
		case FRAME_PAGES:    pages_free(p->kernel, phys_to_virt(pa), f.order); break;
		case FRAME_KMALLOC:  kfree(p->kernel, phys_to_virt(pa)); break;
		case FRAME_COHERENT:
			give_coherent_back(p, pa, cma_holds(p->kernel, pa >> PAGE_SHIFT)
					   ? cma_size(p->kernel, pa >> PAGE_SHIFT) : PAGE_SIZE << f.order);
			break;
		case FRAME_SLAB:     give_objects_back(p, pa, PAGE_SIZE << f.order); break;
		default:             break;
		}
	}
}

/* Where devices snoop, the CPU cannot read old bytes from its cache, whatever the driver does. */
static void check_violations(const struct play *p)
{
	for (uint32_t i = 0; p->coherent && i < p->bench->checker.facts.violations.count; i++)
		MUST(violations_at(&p->bench->checker.facts.violations, i)->rule != RULE_STALE_READ);
}

static void play(struct play *p)
{
	uint64_t free_at_boot = free_pages_now(p->kernel);

	p->bar = ioremap(p->kernel, hw_device_bar(0), BARS, ATTR_DEVICE);
	MUST(p->bar);
	while (p->in.left) {
		switch (take_below(&p->in, 16)) {
		case 0:  command(p); break;
		case 1:  undo(p); break;
		default: call(p); break;
		}
	}
	check_violations(p);
	give_everything_back(p);
	check_events(p);
	bench_settle(p->bench);
	MUST(free_pages_now(p->kernel) == free_at_boot);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct play p;
	struct board board;

	memset(&p, 0, sizeof p);
	p.in = (struct input){ bytes, n };
	if (!make_board(&p.in, &board))
		return 0;
	p.bench = bench_new(&board);
	p.hw = &p.bench->machine.hw;
	p.kernel = &p.bench->machine.kernel;
	p.coherent = board.coherent;
	p.cursor.next = 1;
	play(&p);
	for (uint32_t i = 0; i < p.bench->steps; i++)
		free(p.past[i]);
	bench_free(p.bench);
	return 0;
}
