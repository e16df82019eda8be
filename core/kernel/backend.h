#pragma once
/*
 * A back end of the DMA API: how an address of the CPU becomes one a device can put on the bus. The
 * calls a driver makes are the same for all (mapping.h); kernel/dma/mapping.c in Linux picks the
 * back end for each device, and so does backend_of, and nobody else.
 *
 * direct is physical address plus bus offset, with a bounce buffer (swiotlb.h) where the device
 * does not reach. A back end finds addresses and gives them up. It does nothing to the caches and
 * tells no mapping: that is the same for all of them, and done by who called.
 */
#include "kernel/scatterlist.h"

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
	 * Which RAM the device reaches there: the buffer, or its bounce buffer.
	 * Nonsense for nonsense.
	 */
	paddr_t (*phys)(const struct kernel *k, uint32_t dev, dma_addr_t dma);

	bool (*supports)(const struct kernel *k, uint32_t dev, uint64_t mask); /* dma_supported */
	uint64_t (*required_mask)(const struct kernel *k, uint32_t dev);
	uint64_t (*max_mapping_size)(const struct kernel *k, uint32_t dev);
	uint64_t (*merge_boundary)(const struct kernel *k, uint32_t dev);      /* 0: never merges */
};

/* The back end that serves this device. */
const struct backend *backend_of(const struct kernel *k, uint32_t dev);
