#pragma once
/*
 * A back end of the DMA API: how an address of the CPU becomes one a device can put on the bus. The
 * calls a driver makes are the same for all (mapping.h); kernel/dma/mapping.c in Linux picks the
 * back end for each device, and so does backend_of, and nobody else.
 *
 * direct is physical address plus bus offset, with a bounce buffer (swiotlb.h) where the device
 * does not reach. iommu is a range of I/O virtual addresses of each mapping's own. A back end finds
 * addresses and gives them up. It does nothing to the caches and tells no mapping: that is the same
 * for all of them, and done by who called.
 */
#include "kernel/scatterlist.h"

#define BACKEND_NOTHING (~(paddr_t)0)

struct backend {
	const char *name;

	/*
	 * An address for the device, or DMA_MAPPING_ERROR and why in the log.
	 * May bounce: copies in.
	 */
	dma_addr_t (*map)(struct kernel *k, uint32_t dev, paddr_t pa, uint64_t size,
			  enum direction dir, uint64_t attrs);

	/*
	 * Fill in the device's half of a list. How many segments, or -EIO or another errno: then
	 * nothing is mapped, and the entry that failed has DMA_MAPPING_ERROR for its address.
	 */
	int (*map_sg)(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
		      enum direction dir, uint64_t attrs);

	/* The address is used no more. Copies back from a bounce buffer unless SKIP_CPU_SYNC. */
	void (*unmap)(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
		      enum direction dir, uint64_t attrs);

	/*
	 * The same for a list, of which each segment has been told. NULL: each is unmapped by
	 * itself, as its event's doing.
	 */
	void (*unmap_sg)(struct kernel *k, uint32_t dev, struct scatterlist *sgl, uint32_t nents,
			 enum direction dir, uint64_t attrs);

	/*
	 * Which RAM the device reaches there: the buffer, or its bounce buffer.
	 * Nonsense for nonsense; BACKEND_NOTHING where it can be known that nothing is there.
	 */
	paddr_t (*phys)(const struct kernel *k, uint32_t dev, dma_addr_t dma);

	/*
	 * The first piece of [dma, dma+size): where it begins (*pa), and how many bytes lie
	 * together from there on.
	 */
	uint64_t (*piece)(const struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size,
			  uint64_t attrs, paddr_t *pa);

	/*
	 * Memory made for DMA (dma_alloc.h): where to look for it first (GFP_DMA, GFP_DMA32 or 0),
	 * and an address for whole pages of it, DMA_MAPPING_ERROR where the device cannot reach
	 * them. Given up with unmap.
	 */
	uint32_t (*zone)(const struct kernel *k, uint32_t dev);
	bool any_page;           /* it reaches them all: another zone would do no better */
	dma_addr_t (*map_memory)(struct kernel *k, uint32_t dev, paddr_t pa, uint64_t size,
				 enum direction dir);

	/*
	 * The same for the pages behind the CPU's addresses [va, va+size), which lie apart. NULL: a
	 * device has no one address for those.
	 */
	dma_addr_t (*map_pages)(struct kernel *k, uint32_t dev, vaddr_t va, uint64_t size,
				enum direction dir);

	bool (*supports)(const struct kernel *k, uint32_t dev, uint64_t mask); /* dma_supported */
	uint64_t (*required_mask)(const struct kernel *k, uint32_t dev);
	uint64_t (*max_mapping_size)(const struct kernel *k, uint32_t dev);
	uint64_t (*opt_mapping_size)(const struct kernel *k, uint32_t dev);
	uint64_t (*merge_boundary)(const struct kernel *k, uint32_t dev);      /* 0: never merges */
};

/* The back end that serves this device. */
const struct backend *backend_of(const struct kernel *k, uint32_t dev);
