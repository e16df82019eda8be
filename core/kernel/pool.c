#include "kernel/pool.h"

#include "kernel/context.h"

#include <limits.h>
#include <string.h>

void pools_init(struct kernel *k)
{
	k->pools.chunk_end = 1;
	cow_init(&k->pools.chunks, CHUNKS_PER_LEAF * sizeof(struct pool_chunk),
		 POOL_CHUNKS_MAX / CHUNKS_PER_LEAF);
}

static struct pool *find(struct kernel *k, uint32_t number)
{
	for (uint32_t i = 0; number && i < POOLS_MAX; i++)
		if (k->pools.pool[i].number == number)
			return &k->pools.pool[i];
	return NULL;
}

const struct pool *pool_named(const struct kernel *k, uint32_t number)
{
	for (uint32_t i = 0; number && i < POOLS_MAX; i++)
		if (k->pools.pool[i].number == number)
			return &k->pools.pool[i];
	return NULL;
}

static void tell_gone(struct kernel *k, uint32_t number, enum pool_call call, vaddr_t va,
		      dma_addr_t dma)
{
	kernel_tell(k, &(struct event){ .kind = EV_POOL_GONE, .addr = dma, .value = va,
		.a = number, .b = call });
}

/* Chunks. */

static struct pool_chunk *chunk_write(struct kernel *k, uint32_t i)
{
	struct pool_chunk *leaf = cow_write(&k->pools.chunks, i / CHUNKS_PER_LEAF);

	return &leaf[i % CHUNKS_PER_LEAF];
}

static struct pool_chunk chunk_read(const struct kernel *k, uint32_t i)
{
	const struct pool_chunk *leaf = cow_read(&k->pools.chunks, i / CHUNKS_PER_LEAF);

	return leaf[i % CHUNKS_PER_LEAF];
}

/* The number of a chunk nobody uses, 0 when there are too many. */
static uint32_t chunk_take(struct kernel *k)
{
	uint32_t i = k->pools.chunk_unused;

	if (i)
		k->pools.chunk_unused = chunk_read(k, i).next;
	else if (k->pools.chunk_end < POOL_CHUNKS_MAX)
		i = k->pools.chunk_end++;
	return i;
}

static void chunk_give(struct kernel *k, uint32_t i)
{
	*chunk_write(k, i) = (struct pool_chunk){ .next = k->pools.chunk_unused };
	k->pools.chunk_unused = i;
}

/* How many blocks lie between two boundaries, and in a chunk; where block i of a chunk begins. */

static uint32_t blocks_between(const struct pool *p)
{
	return p->boundary / p->size;
}

static uint32_t blocks_of_chunk(const struct pool *p)
{
	return p->chunk_size / p->boundary * blocks_between(p);
}

static uint32_t block_at(const struct pool *p, uint32_t i)
{
	uint32_t n = blocks_between(p);

	return i / n * p->boundary + i % n * p->size;
}

/* The words inside a block are the kernel's own affair. */

static enum status link_read(struct kernel *k, vaddr_t va, struct pool_link *link)
{
	bool before = kernel_at_work(k, true);
	enum status s = cpu_read(k->hw, va, link, sizeof *link);

	kernel_at_work(k, before);
	return s;
}

static enum status link_write(struct kernel *k, vaddr_t va, vaddr_t next, dma_addr_t dma)
{
	struct pool_link link = { next, dma };
	bool before = kernel_at_work(k, true);
	enum status s = cpu_write(k->hw, va, &link, sizeof link);

	kernel_at_work(k, before);
	return s;
}

static paddr_t pa_of(const struct kernel *k, vaddr_t va)
{
	enum attr attr;
	paddr_t pa;

	return mmu_translate(&k->hw->mmu, va, &pa, &attr) == OK ? pa : ~(paddr_t)0;
}

/* Every block of the chunk is free and hangs on the next, the last on what was free before. */
static enum status link_blocks(struct kernel *k, struct pool *p, const struct pool_chunk *c)
{
	uint32_t n = blocks_of_chunk(p);
	enum status s = OK;

	for (uint32_t i = 0; s == OK && i < n; i++) {
		uint32_t at = block_at(p, i);
		vaddr_t next = i + 1 < n ? c->va + block_at(p, i + 1) : p->next;

		s = link_write(k, c->va + at, next, c->dma + at);
	}
	cpu_barrier(k->hw, BARRIER_WMB);     /* no link arrives after what a device writes */
	p->next = c->va;
	p->blocks += n;
	return s;
}

/* One more chunk. The pool has no free block left after it: there is no memory. */
static enum status grow(struct kernel *k, struct pool *p, uint32_t gfp, struct pool_block *block)
{
	uint32_t i = chunk_take(k);
	struct pool_chunk c = { .next = p->chunk };
	uint64_t before;
	enum status s;

	if (!i)
		return OK;
	c.va = dma_alloc_coherent(k, p->dev, p->chunk_size, &c.dma, gfp & ~(uint32_t)GFP_ZERO);
	if (!c.va) {
		chunk_give(k, i);
		return OK;
	}
	*chunk_write(k, i) = c;
	p->chunk = i;
	p->chunks++;
	before = kernel_cause(k, kernel_tell(k, &(struct event){ .kind = EV_POOL_CHUNK,
		.addr = c.dma, .addr2 = pa_of(k, c.va), .value = c.va, .size = p->chunk_size,
		.a = p->number, .unit = (uint16_t)p->dev }));
	s = link_blocks(k, p, &c);
	kernel_cause(k, before);
	*block = (struct pool_block){ .va = c.va, .write = true };
	return s;
}

/* Create and destroy. */

static struct pool *free_slot(struct kernel *k)
{
	for (uint32_t i = 0; i < POOLS_MAX; i++)
		if (!k->pools.pool[i].number)
			return &k->pools.pool[i];
	return NULL;
}

static void keep_name(struct pool *p, const char *name)
{
	for (uint32_t i = 0; i < POOL_NAME && name[i]; i++)
		p->name[i / 8] |= (uint64_t)(uint8_t)name[i] << 8 * (i % 8);
}

/* Size and boundary as the pool has them; false: Linux refuses them. */
static bool shape(struct pool *p, uint64_t size, uint64_t align, uint64_t boundary)
{
	if ((align && !power_of_two(align)) || !size || size > INT_MAX || align > INT_MAX)
		return false;
	if (size < sizeof(struct pool_link))
		size = sizeof(struct pool_link);
	size = align ? round_up(size, align) : size;
	if (size > INT_MAX || (boundary && (boundary < size || !power_of_two(boundary))))
		return false;
	p->size = (uint32_t)size;
	p->chunk_size = (uint32_t)(size > PAGE_SIZE ? size : PAGE_SIZE);
	p->boundary = boundary ? (uint32_t)min_u64(boundary, p->chunk_size) : p->chunk_size;
	return true;
}

uint32_t dma_pool_create(struct kernel *k, const char *name, uint32_t dev, uint64_t size,
			 uint64_t align, uint64_t boundary, bool managed)
{
	struct pool *slot = free_slot(k), p = { .dev = dev, .managed = managed };

	context_might_sleep(k, SLEEPER_POOL_CREATE);
	if (!slot || !shape(&p, size, align, boundary))
		return 0;
	p.number = ++k->pools.made;
	keep_name(&p, name);
	*slot = p;
	kernel_tell(k, &(struct event){ .kind = EV_POOL_CREATE, .addr = p.name[0],
		.addr2 = p.name[1], .value = p.boundary, .size = p.size, .a = p.number,
		.b = p.chunk_size, .unit = (uint16_t)dev });
	return p.number;
}

/* With a block out the chunks are left to whoever has it, and nobody knows them any more. */
static void drop_chunks(struct kernel *k, const struct pool *p)
{
	for (uint32_t i = p->chunk, next; i; i = next) {
		struct pool_chunk c = chunk_read(k, i);

		next = c.next;
		if (!p->active)
			dma_free_coherent(k, p->dev, p->chunk_size, c.va, c.dma);
		chunk_give(k, i);
	}
}

static void destroy(struct kernel *k, struct pool *p)
{
	struct pool gone = *p;
	uint64_t before;

	context_might_sleep(k, SLEEPER_POOL_DESTROY);
	p->number = 0;
	before = kernel_cause(k, kernel_tell(k, &(struct event){ .kind = EV_POOL_DESTROY,
		.addr = gone.name[0], .addr2 = gone.name[1], .a = gone.number,
		.b = event_size(gone.active), .unit = (uint16_t)gone.dev }));
	if (gone.active)
		kernel_dev_log(k, gone.dev, KLOG_POOL_BUSY, gone.name[0], gone.name[1], 0);
	drop_chunks(k, &gone);
	kernel_cause(k, before);
}

void dma_pool_destroy(struct kernel *k, uint32_t number)
{
	struct pool *p = find(k, number);

	if (p)
		destroy(k, p);
	else if (number)
		tell_gone(k, number, POOL_CALL_DESTROY, 0, 0);
}

void dmam_pool_destroy(struct kernel *k, uint32_t number)
{
	const struct pool *p = pool_named(k, number);

	if (p && !p->managed)
		kernel_log(k, KLOG_POOL_MATCH, p->name[0], p->name[1], 0);
	else
		dma_pool_destroy(k, number);
}

void dmam_pool_release(struct kernel *k, uint32_t dev)
{
	struct pool *newest;

	do {
		newest = NULL;
		for (uint32_t i = 0; i < POOLS_MAX; i++) {
			struct pool *p = &k->pools.pool[i];

			if (p->number && p->managed && p->dev == dev &&
			    (!newest || p->number > newest->number))
				newest = p;
		}
		if (newest)
			destroy(k, newest);
	} while (newest);
}

/* Blocks. */

static uint64_t tell_block(struct kernel *k, enum event_kind kind, const struct pool *p,
			   vaddr_t va, dma_addr_t dma)
{
	return kernel_tell(k, &(struct event){ .kind = (uint16_t)kind, .addr = dma,
		.addr2 = pa_of(k, va), .value = va, .size = p->size, .a = p->number,
		.b = event_size(p->active), .unit = (uint16_t)p->dev });
}

/* dma_pool_zalloc: all of the block, and before anything the driver asks a device to do. */
static enum status zero(struct kernel *k, const struct pool *p, vaddr_t va, uint64_t call)
{
	uint64_t before = kernel_cause(k, call);
	enum status s = cpu_fill(k->hw, va, 0, p->size, true);

	cpu_barrier(k->hw, BARRIER_WMB);
	kernel_cause(k, before);
	return s;
}

enum status dma_pool_alloc(struct kernel *k, uint32_t number, uint32_t gfp,
			   struct pool_block *block)
{
	struct pool *p = find(k, number);
	struct pool_link link;
	enum status s = OK;
	uint64_t call;

	*block = (struct pool_block){ .dma = DMA_MAPPING_ERROR };
	if (!p)
		tell_gone(k, number, POOL_CALL_ALLOC, 0, 0);
	else if (!p->next)
		s = grow(k, p, gfp, block);
	if (!p || !p->next || s != OK)
		return s;
	*block = (struct pool_block){ .va = p->next };
	s = link_read(k, p->next, &link);
	if (s != OK)
		return s;
	block->dma = link.dma;
	p->next = link.next;
	p->active++;
	call = tell_block(k, EV_POOL_ALLOC, p, block->va, block->dma);
	block->write = true;
	return gfp & GFP_ZERO ? zero(k, p, block->va, call) : OK;
}

enum status dma_pool_free(struct kernel *k, uint32_t number, vaddr_t va, dma_addr_t dma)
{
	struct pool *p = find(k, number);
	uint64_t before;
	enum status s;

	if (!p) {
		tell_gone(k, number, POOL_CALL_FREE, va, dma);
		return OK;
	}
	before = kernel_cause(k, tell_block(k, EV_POOL_FREE, p, va, dma));
	s = link_write(k, va, p->next, dma);
	kernel_cause(k, before);
	if (s != OK)
		return s;
	p->next = va;
	p->active--;
	return OK;
}
