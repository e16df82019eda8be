#pragma once
/*
 * DMA pools (mm/dmapool.c): blocks of one size cut from chunks of coherent memory, for what is
 * smaller than a page: descriptors, commands, status words.
 *
 * The list of free blocks lives inside the free blocks, as in Linux: the first 16 bytes of each are
 * the CPU's address of the next free block and the block's own handle, last freed first. The little
 * kernel reads and writes them with loads and stores of its own. So whoever writes into a block
 * after giving it back spoils the list, and a later dma_pool_alloc hands out what stands there. A
 * block given back twice makes a circle, and is handed out twice. Where a spoilt link leads to no
 * memory the kernel's own access faults (an oops), in that call and in each one after it.
 *
 * Nothing is checked, for CONFIG_SLUB_DEBUG_ON is off: the checker speaks. Only a pool that is gone
 * is refused, and told (pool.gone), where Linux would use freed memory. There are at most POOLS_MAX
 * pools at a time; a size that its alignment raises above INT_MAX is refused. Left out: locks, NUMA
 * nodes, init_on_alloc.
 */
#include "kernel/dma_alloc.h"

/* Two words inside a free block (struct dma_block). */
struct pool_link {
	uint64_t next;           /* CPU's address of the next free block, 0 at the end */
	uint64_t dma;            /* this block's own handle */
};

_Static_assert(sizeof(struct pool_link) == 16, "two words of a free block");

/* What dma_pool_alloc hands out. After a fault: where, and whether the kernel meant to write. */
struct pool_block {
	vaddr_t va;              /* 0: there is no memory */
	dma_addr_t dma;
	bool write;
};

/*
 * A pool's number, 0 on failure: size 0 or above INT_MAX, align or boundary no power of two (0 is
 * none), boundary below size. Sizes are raised to 16 and rounded up to align; no block crosses a
 * multiple of boundary. The first POOL_NAME bytes of the name are kept. managed: dmam_pool_create.
 */
uint32_t dma_pool_create(struct kernel *k, const char *name, uint32_t dev, uint64_t size,
			 uint64_t align, uint64_t boundary, bool managed);

/* GFP_ZERO: dma_pool_zalloc. Anything but OK is an oops. */
must_check enum status dma_pool_alloc(struct kernel *k, uint32_t number, uint32_t gfp,
				      struct pool_block *block);

/* Anything but OK is an oops: nothing can be written at va. */
must_check enum status dma_pool_free(struct kernel *k, uint32_t number, vaddr_t va, dma_addr_t dma);

/* With blocks out: a line in the log, and the memory is never given back. 0 is fine. */
void dma_pool_destroy(struct kernel *k, uint32_t number);

/* Destroy a managed pool early; of another one the log says that it is none, and it stays. */
void dmam_pool_destroy(struct kernel *k, uint32_t number);

/* The driver leaves its device: its managed pools are destroyed, newest first. */
void dmam_pool_release(struct kernel *k, uint32_t dev);

/* The live pool of this number, or NULL. */
const struct pool *pool_named(const struct kernel *k, uint32_t number);

void pools_init(struct kernel *k);
