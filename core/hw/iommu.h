#pragma once
/*
 * The IOMMU: an MMU for devices. What a device puts on the bus is an IOVA, and a table of the
 * device's own says which page of RAM is meant and whether the device may read or write it. What
 * the table does not allow is stopped: a read returns all ones, a write is lost, and a fault is
 * told.
 *
 * It remembers the translations it used last (the IOTLB), so an entry that was removed goes on
 * working until it is flushed. A beat that gets through in this way is told (iotlb.stale) and
 * touches what is in the old page now.
 *
 * Kept: one table for each device, pages of 4 KiB, read and write permission, an IOTLB of 64
 * translations of which the oldest makes room. Left out: larger pages, levels of the table and the
 * time a walk through them takes, faults that wait for the page (PRI), interrupt remapping.
 */
#include "hw/bus.h"

#define IOVA_BITS     32                                        /* of an address: 4 GiB a device */
#define IOVA_END      ((dma_addr_t)1 << IOVA_BITS)
#define IOTLB_ENTRIES 64

#define IOMMU_NOTHING (~(paddr_t)0)     /* no entry */

/* A translation in use: an entry of a table, the page's address with enum iommu_prot below it. */
struct iotlb_entry {
	uint64_t entry;          /* 0: the slot is free */
	uint64_t page;
	uint16_t unit;
};

struct iommu {
	struct cow tables;       /* entries, IOMMU_LEAF a leaf, a device behind the other */
	uint64_t used;           /* entries */
	struct iotlb_entry iotlb[IOTLB_ENTRIES];
	uint32_t next;           /* the slot filled next */
	struct bus *bus;         /* wired */
};

/* One beat of a device. */
struct iommu_access {
	uint16_t unit;
	bool write;
	dma_addr_t dma;
	size_t size;             /* inside an aligned 8 bytes */
	uint64_t cause;          /* number of its transfer */
};

void iommu_init(struct iommu *i, const struct board *board);
void iommu_release(struct iommu *i);
void iommu_copy(struct iommu *to, const struct iommu *from);

/*
 * What the kernel tells it. Addresses and sizes are whole pages below IOVA_END. iommu_map is false,
 * and nothing is mapped, when the board's iommu_entries are used up. iommu_unmap leaves the IOTLB
 * as it is, and answers how many bytes were mapped.
 */
must_check bool iommu_map(struct iommu *i, uint16_t unit, dma_addr_t dma, paddr_t pa, uint64_t size,
			  enum iommu_prot prot);
uint64_t iommu_unmap(struct iommu *i, uint16_t unit, dma_addr_t dma, uint64_t size);
void iommu_flush(struct iommu *i, uint16_t unit, dma_addr_t dma, uint64_t size);
void iommu_flush_all(struct iommu *i);

/* Where the tables lead, or IOMMU_NOTHING; and what the device may do there. */
paddr_t iommu_phys(const struct iommu *i, uint16_t unit, dma_addr_t dma);
enum iommu_prot iommu_prot(const struct iommu *i, uint16_t unit, dma_addr_t dma);

/* The first mapped page of the device at or above dma, or IOVA_END. */
dma_addr_t iommu_next(const struct iommu *i, uint16_t unit, dma_addr_t dma);

/* How many bytes from dma on lead to RAM in one piece, with the same permission. */
uint64_t iommu_run(const struct iommu *i, uint16_t unit, dma_addr_t dma);

/* Where a device's beat goes; tells when it is stopped, or gets through too late. */
must_check bool iommu_translate(struct iommu *i, const struct iommu_access *a, paddr_t *pa);

/* Tell the tables again, as iommu.map events. */
void iommu_keyframe(struct iommu *i);
