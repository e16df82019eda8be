#pragma once
/*
 * A scatterlist (include/linux/scatterlist.h): a buffer in pieces. Each entry says where a piece is
 * for the CPU (page, offset, length), and after dma_map_sg where one is for the device
 * (dma_address, dma_length). The two halves of an entry need not be about the same piece: an IOMMU
 * may make one segment of several entries, so after mapping there can be fewer segments than
 * entries. Walk the first half with the number of entries, the second with the number dma_map_sg
 * returned.
 *
 * Kept: the entry, its end mark, the table that counts entries (orig_nents) and segments (nents).
 * Left out: chains of lists; a list is one array. An entry is what the driver's own memory holds,
 * so nothing here tells an event.
 */
#include "kernel/kernel.h"

#define SG_NO_PAGE (~(paddr_t)0)     /* page of an entry that was never set: a NULL struct page */

struct scatterlist {
	paddr_t page;              /* its struct page, as the physical address of the page */
	uint32_t offset, length;   /* bytes; the offset may lie beyond the first page */
	dma_addr_t dma_address;    /* valid after mapping, for as many entries as mapping said */
	uint32_t dma_length;
	bool last;                 /* the list ends here */
};

/* struct sg_table: the list with its two lengths. */
struct sg_table {
	struct scatterlist *sgl;
	uint32_t nents;            /* segments for the device, once mapped */
	uint32_t orig_nents;       /* entries: what unmap and sync want */
};

/* n entries without a page, the last one marked as the end. */
void sg_init_table(struct scatterlist *sg, uint32_t n);

void sg_set_page(struct scatterlist *sg, paddr_t page, uint32_t length, uint32_t offset);

/* By CPU address, of the linear map alone: of any other, the page is nonsense, as in Linux. */
void sg_set_buf(struct scatterlist *sg, vaddr_t va, uint32_t length);
void sg_init_one(struct scatterlist *sg, vaddr_t va, uint32_t length);

/* The next entry, or NULL after the last. */
static inline struct scatterlist *sg_next(struct scatterlist *sg)
{
	return sg->last ? NULL : sg + 1;
}

/* How many entries from here to the end mark. */
uint32_t sg_nents(struct scatterlist *sg);

static inline paddr_t sg_phys(const struct scatterlist *sg)
{
	return sg->page + sg->offset;
}

/* The CPU's address, in the linear map; 0 when no page was set. */
vaddr_t sg_virt(const struct scatterlist *sg);
