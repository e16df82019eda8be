#pragma once
/*
 * Streaming mappings (kernel/dma/mapping.c): lend a buffer to a device for one transfer, or for
 * several with a sync in between. Map and sync_for_device give it to the device, unmap and
 * sync_for_cpu give it back, and each does to the caches what the board's row of arch.def says.
 * Nothing is remembered and nothing is validated: a wrong call does its damage, and it is the
 * checker, reading the trace, who speaks.
 *
 * Every call tells one event; what it does to caches and bounce buffers is told as its doing, and
 * attributes, where there are any, as a dma.attrs right behind it. In the events pa is always the
 * driver's own buffer, also where a bounce buffer stands in for it. Where the bytes do not lie
 * together in RAM (a segment an IOMMU made of several entries) pa is ~0, and a dma.piece for each
 * run that does follows, with the call as its cause.
 *
 * dma_map_resource maps another device's registers: the address as it is, nothing done to caches.
 */
#include "kernel/backend.h"

/*
 * Address for the device, or DMA_MAPPING_ERROR (vmalloc memory, not RAM, beyond the device's mask).
 */
dma_addr_t dma_map_single_attrs(struct kernel *k, uint32_t dev, vaddr_t va, uint64_t size,
				enum direction dir, uint64_t attrs);
void dma_unmap_single_attrs(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
			    enum direction dir, uint64_t attrs);

/*
 * A subsystem has looked and refuses to map the buffer itself, as usbcore does: told as it would be.
 */
void dma_map_refuse(struct kernel *k, uint32_t dev, vaddr_t va, uint64_t size, enum direction dir);

/* By page: `page` is where it begins; the offset may reach into the pages behind it. */
dma_addr_t dma_map_page_attrs(struct kernel *k, uint32_t dev, paddr_t page, uint64_t offset,
			      uint64_t size, enum direction dir, uint64_t attrs);
void dma_unmap_page_attrs(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
			  enum direction dir, uint64_t attrs);

/*
 * By physical address (Linux 6.18), RAM or with DMA_ATTR_MMIO registers. Told as page or resource.
 */
dma_addr_t dma_map_phys(struct kernel *k, uint32_t dev, paddr_t pa, uint64_t size,
			enum direction dir, uint64_t attrs);
void dma_unmap_phys(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
		    enum direction dir, uint64_t attrs);

/* As Linux since 6.18: RAM is mapped too, and it is the checker who objects. */
dma_addr_t dma_map_resource(struct kernel *k, uint32_t dev, paddr_t pa, uint64_t size,
			    enum direction dir, uint64_t attrs);
void dma_unmap_resource(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
			enum direction dir, uint64_t attrs);

int dma_mapping_error(struct kernel *k, uint32_t dev, dma_addr_t dma);     /* 0, or -ENOMEM (-12) */

/* All of a mapping or a part of it: [dma, dma+size). */
void dma_sync_single_for_cpu(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
			     enum direction dir);
void dma_sync_single_for_device(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
				enum direction dir);

/*
 * The entries of a list. dma_map_sg answers the number of segments, 0 on any error; unmap and sync
 * want the number of entries that was mapped, not what it answered. A list has at least nents
 * entries.
 */
uint32_t dma_map_sg_attrs(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
			  enum direction dir, uint64_t attrs);
void dma_unmap_sg_attrs(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
			enum direction dir, uint64_t attrs);
void dma_sync_sg_for_cpu(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
			 enum direction dir);
void dma_sync_sg_for_device(struct kernel *k, uint32_t dev, struct scatterlist *sgl,
			    uint32_t nents, enum direction dir);

/* The same for a table: 0 and sgt->nents, or -EINVAL, -ENOMEM, -EIO. */
must_check int dma_map_sgtable(struct kernel *k, uint32_t dev, struct sg_table *sgt,
			       enum direction dir, uint64_t attrs);

/* The short forms. */

static inline dma_addr_t dma_map_single(struct kernel *k, uint32_t dev, vaddr_t va, uint64_t size,
					enum direction dir)
{
	return dma_map_single_attrs(k, dev, va, size, dir, 0);
}

static inline void dma_unmap_single(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
				    enum direction dir)
{
	dma_unmap_single_attrs(k, dev, dma, size, dir, 0);
}

static inline uint32_t dma_map_sg(struct kernel *k, uint32_t dev, struct scatterlist *sgl,
				  uint32_t nents, enum direction dir)
{
	return dma_map_sg_attrs(k, dev, sgl, nents, dir, 0);
}

static inline void dma_unmap_sg(struct kernel *k, uint32_t dev, struct scatterlist *sgl,
				uint32_t nents, enum direction dir)
{
	dma_unmap_sg_attrs(k, dev, sgl, nents, dir, 0);
}

static inline void dma_unmap_sgtable(struct kernel *k, uint32_t dev, struct sg_table *sgt,
				     enum direction dir, uint64_t attrs)
{
	dma_unmap_sg_attrs(k, dev, sgt->sgl, sgt->orig_nents, dir, attrs);
}
