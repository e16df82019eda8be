#pragma once
/*
 * The words every room shares: three kinds of address that are never mixed, the outcome of a
 * machine operation, and the page.
 *
 * Variables say which address they hold: va (CPU virtual), pa (CPU physical), dma (what a device
 * puts on the bus). On the default board dma = pa + 0x80000000, so a mix-up fails at once.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t vaddr_t;
typedef uint64_t paddr_t;
typedef uint64_t dma_addr_t;

#define PAGE_SHIFT 12
#define PAGE_SIZE  ((uint64_t)1 << PAGE_SHIFT)
#define PAGE_MASK  (PAGE_SIZE - 1)

/* The windows of virtual addresses, at the same place on every board; hw/mmu.h tells them apart. */
#define LINEAR_BASE    ((vaddr_t)0xffff800000000000)
#define UNCACHED_BASE  ((vaddr_t)0xffffa00000000000)
#define VMALLOC_BASE   ((vaddr_t)0xffffc00000000000)
#define WINDOW_PAGES   ((uint64_t)65536)                                     /* 256 MiB each */
#define IOREMAP_BASE   (VMALLOC_BASE + WINDOW_PAGES * PAGE_SIZE)
#define MAPPED_END     (IOREMAP_BASE + WINDOW_PAGES * PAGE_SIZE)

#define BUS_WIDTH 8      /* bytes of one bus beat */
#define LINE_MAX  256    /* longest cache line a board may ask for, bytes */

/* What became of a machine operation. Anything but OK is a guest fault, shown as a kernel oops. */
enum status {
	OK,
	FAULT_UNMAPPED,  /* no translation for this virtual address */
	FAULT_ALIGN,     /* a misaligned access where the memory type forbids it */
	FAULT_BUS,       /* nothing answers at this physical address */
	FAULT_RANGE,     /* the range wraps around the end of the address space */
};

/* enum dma_data_direction (include/linux/dma-direction.h). Names the way the data goes. */
enum direction { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_NONE, DIRECTION_COUNT };

#define DMA_MAPPING_ERROR (~(dma_addr_t)0)   /* include/linux/dma-mapping.h; 0 is a legal address */

/* How a page may be accessed (arm64: Normal, Normal Non-cacheable, Device). */
enum attr { ATTR_CACHED, ATTR_WRITE_COMBINE, ATTR_UNCACHED, ATTR_DEVICE };

#define must_check __attribute__((warn_unused_result))

static inline bool power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

static inline uint64_t round_down(uint64_t n, uint64_t to)
{
	return n & ~(to - 1);
}

static inline uint64_t round_up(uint64_t n, uint64_t to)
{
	return round_down(n + to - 1, to);
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Does [a, a+na) share a byte with [b, b+nb)? Neither range may wrap. */
static inline bool overlaps(uint64_t a, uint64_t na, uint64_t b, uint64_t nb)
{
	return na && nb && (a < b ? b - a < na : a - b < nb);
}

/* Does [a, a+na) lie wholly inside [b, b+nb)? Safe for ranges that would wrap. */
static inline bool inside(uint64_t a, uint64_t na, uint64_t b, uint64_t nb)
{
	return a >= b && na <= nb && a - b <= nb - na;
}
