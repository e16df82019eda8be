#pragma once
/*
 * kmalloc: size classes over slabs of pages (mm/slub.c, mm/slab_common.c). Kept: the classes 8, 16,
 * 32, 64, 96, 128, 192, 256, 512, 1k .. 8k and their alignment, ARCH_KMALLOC_MINALIGN, larger
 * blocks straight from the page allocator, ZERO_SIZE_PTR, poison in freed objects (POISON_FREE
 * 0x6b, its last byte POISON_END 0xa5), the limits of the profile. The free list is a bitmap beside
 * the slab, not words inside the objects. Left out: per-CPU slabs, other cache families, red zones.
 */
#include "kernel/kernel.h"

#define ZERO_SIZE_PTR ((vaddr_t)16)     /* include/linux/slab.h */
#define POISON_FREE   0x6b
#define POISON_END    0xa5
#define KMALLOC_CACHES 13

struct kmalloc_cache {
	const char *name;        /* "kmalloc-256" */
	uint32_t size;           /* bytes of an object */
};

extern const struct kmalloc_cache kmalloc_caches[KMALLOC_CACHES];

/*
 * Smallest alignment of an object: 8, or the cache line where devices do not snoop (Linux 6.5 on).
 */
uint32_t kmalloc_minalign(const struct kernel *k);

/* Largest kmalloc of the profile: slides 128 KiB, today 4 MiB (KMALLOC_MAX_SIZE). */
uint64_t kmalloc_max(const struct kernel *k);

/* Cache a request falls into, after minalign; -1 for page blocks. */
int kmalloc_cache_of(const struct kernel *k, uint64_t size);

/*
 * va, ZERO_SIZE_PTR for 0 bytes, 0 when it cannot be had.
 * gfp: GFP_ZERO zeroes, GFP_DMA .. choose the zone.
 */
vaddr_t kmalloc(struct kernel *k, uint64_t size, uint32_t gfp);

/*
 * 0 (NULL) and ZERO_SIZE_PTR are fine and do nothing. What was not handed out, or was freed
 * already, is left alone and told (mem.bad_free: twice, inside, foreign).
 */
void kfree(struct kernel *k, vaddr_t va);

/* As kfree names it: bytes usable at va, 0 when va is no live kmalloc block. */
uint64_t ksize(const struct kernel *k, vaddr_t va);

/* krealloc: new block, or 0 with the old one kept. n == 0 frees and answers ZERO_SIZE_PTR. */
vaddr_t krealloc(struct kernel *k, vaddr_t va, uint64_t n, uint32_t gfp);

/* What /proc/slabinfo shows of a cache. */
struct slab_stats {
	uint64_t used, objects, slabs;
	uint32_t size, per_slab, pages_per_slab;
};

struct slab_stats slab_stats(const struct kernel *k, uint32_t cache);

/*
 * The kmalloc object that covers pa, live or free: its start and size;
 * false when it is no slab page.
 */
must_check bool slab_object(const struct kernel *k, paddr_t pa, paddr_t *start, uint32_t *size,
			    bool *live);
