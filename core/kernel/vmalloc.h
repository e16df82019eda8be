#pragma once
/*
 * vmalloc and ioremap: ranges of virtual addresses made page by page (mm/vmalloc.c, mm/ioremap.c).
 *
 * Kept: one unmapped guard page after each area, is_vmalloc_addr, vmalloc_to_page. A vmalloc area
 * gets frames that are never neighbours while there are others, so that nobody takes it for
 * contiguous; Linux merely does not promise it. ioremap refuses RAM the kernel manages; RAM hidden
 * by mem= and device registers are fine. Left out: huge mappings, lazy unmapping.
 */
#include "kernel/kernel.h"

void vmalloc_init(struct kernel *k);

vaddr_t vmalloc(struct kernel *k, uint64_t size, uint32_t gfp);  /* 0 on failure; GFP_ZERO zeroes */
void vfree(struct kernel *k, vaddr_t va);           /* 0 is fine; else told when wrong */

/* attr: ATTR_DEVICE for ioremap, ATTR_WRITE_COMBINE for ioremap_wc. 0 on failure. */
vaddr_t ioremap(struct kernel *k, paddr_t pa, uint64_t size, enum attr attr);
must_check bool iounmap(struct kernel *k, vaddr_t va);               /* false: no such area */

/* An uncached view of contiguous pages, for coherent memory (dma_common_contiguous_remap). */
vaddr_t vm_remap(struct kernel *k, paddr_t pa, uint64_t size, enum attr attr);
void vm_unremap(struct kernel *k, vaddr_t va);

/*
 * Frames of their own that lie apart, for coherent memory behind an IOMMU; told as page table
 * entries alone. 0: no frames or no addresses. The pages are poisoned when they go.
 */
vaddr_t vm_scatter(struct kernel *k, uint64_t size, uint32_t gfp, enum attr attr);
void vm_unscatter(struct kernel *k, vaddr_t va);

/*
 * In the vmalloc or ioremap window, mapped or not (is_vmalloc_addr; Linux has one window for both).
 */
bool is_vmalloc_addr(vaddr_t va);

/* The area that holds va, guard page excluded, or NULL. */
const struct vm_area *vm_area_at(const struct kernel *k, vaddr_t va);
