#pragma once
/*
 * The page allocator: a binary buddy system by zone (mm/page_alloc.c). A block of order n is 1 << n
 * pages, aligned to its size; its buddy is at pfn XOR (1 << n). Kept: orders, zones with downward
 * fallback, splitting and merging, free lists, poison in freed pages (PAGE_POISON 0xaa). Left out:
 * per-CPU lists, watermarks, reclaim, compaction, migration types.
 */
#include "kernel/kernel.h"

#define PAGE_POISON 0xaa     /* include/linux/poison.h */

void pages_init(struct kernel *k);

/* Highest order of the profile: slides 11 (8 MiB), today 10 (4 MiB, MAX_PAGE_ORDER). */
uint32_t pages_max_order(const struct kernel *k);

/* Smallest order whose block holds `size` bytes (get_order). size > 0. */
uint32_t pages_order(uint64_t size);

/*
 * alloc_pages without telling anybody: for those who tell themselves (slab, vmalloc, coherent).
 * True and the first pfn, or false. The head frame gets `kind`.
 */
must_check bool pages_take(struct kernel *k, uint32_t gfp, uint32_t order, enum frame_kind kind,
			   uint64_t *pfn);
void pages_give(struct kernel *k, uint64_t pfn, uint32_t order);

/* A block taken becomes so many blocks of order 0 (split_page): each is given back by itself. */
void pages_split(struct kernel *k, uint64_t pfn);

/* May a request with these flags be served from this zone? */
bool pages_zone_allowed(const struct kernel *k, uint32_t gfp, enum zone zone);

/*
 * __get_free_pages and free_pages: a linear address, 0 on failure. An order above the profile's, or
 * no block left, fails as in Linux (kernel.log unless __GFP_NOWARN). Freed pages are poisoned. A
 * wrong address or order changes nothing and is told (mem.bad_free).
 */
vaddr_t pages_alloc(struct kernel *k, uint32_t gfp, uint32_t order);
void pages_free(struct kernel *k, vaddr_t va, uint32_t order);

/* FRAME_ABSENT when beyond */
const struct frame *frame_read(const struct kernel *k, uint64_t pfn);
struct frame *frame_write(struct kernel *k, uint64_t pfn);

/* The head of the block a frame belongs to; the frame itself when it belongs to none. */
uint64_t frame_head(const struct kernel *k, uint64_t pfn);

/* Linear addresses and pages. struct page lives at VMEMMAP_BASE + 64 * pfn, as on 64 bit Linux. */
#define VMEMMAP_BASE ((vaddr_t)0xfffffc0000000000)

static inline vaddr_t phys_to_virt(paddr_t pa)
{
	return LINEAR_BASE + pa;
}

/* Is va in the linear map of RAM the kernel manages (virt_addr_valid)? And all of [va, va+n)? */
bool virt_addr_valid(const struct kernel *k, vaddr_t va);
bool virt_range_valid(const struct kernel *k, vaddr_t va, uint64_t n);
