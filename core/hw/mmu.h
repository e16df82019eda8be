#pragma once
/*
 * The memory management unit: which physical page a virtual address means, and how it may be
 * accessed. Four windows, at the same place on every board (types.h):
 *
 *   linear     LINEAR_BASE + pa      cached; all RAM the kernel manages
 *   uncached   UNCACHED_BASE + pa    the same RAM without the cache (MIPS KSEG1); only where asked
 *   vmalloc    VMALLOC_BASE          page by page, by the table
 *   ioremap    IOREMAP_BASE          page by page, by the table
 *
 * The table is one flat level, sparse; we leave out walking it in RAM, TLBs and user space.
 */
#include "board.h"
#include "cow.h"

struct mmu {
	/* a uint64_t for each page of vmalloc and ioremap, 0 for none */
	struct cow table;
	bool uncached_window;
	const struct board *board;   /* wired */
};

void mmu_init(struct mmu *m, const struct board *board, bool uncached_window);
void mmu_release(struct mmu *m);
void mmu_copy(struct mmu *to, const struct mmu *from);

void mmu_map(struct mmu *m, vaddr_t va, paddr_t pa, enum attr attr);    /* one page, in a window */
void mmu_unmap(struct mmu *m, vaddr_t va);

/* OK, or FAULT_UNMAPPED and nothing set. */
must_check enum status mmu_translate(const struct mmu *m, vaddr_t va, paddr_t *pa, enum attr *attr);
