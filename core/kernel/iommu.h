#pragma once
/*
 * The back end behind an IOMMU (drivers/iommu/dma-iommu.c). A mapping gets a range of I/O virtual
 * addresses (iova.h) of whole pages, and the IOMMU a table entry for each: read for DMA_TO_DEVICE,
 * write for DMA_FROM_DEVICE, both for DMA_BIDIRECTIONAL. So a device reaches the pages of its
 * buffers and no others, in the direction they were mapped; but the whole pages, for no entry is
 * finer. The entries of a scatterlist become one range, and where they meet at page ends one
 * segment.
 *
 * unmap removes the entries at once. strict then flushes the IOTLB and gives the range up; lazy
 * puts the range in a queue of 256, and flushes when that is full or its time is over (looked at in
 * the next map or unmap). Until then a device may still get through with a translation that the
 * IOTLB remembers, to a page that may long be somebody else's; the range is not given away before.
 *
 * Left out: bounce buffers for devices nobody trusts, larger pages.
 */
#include "kernel/backend.h"

extern const struct backend iommu_backend;

/* At boot: what kind of domain the devices get, in the log. */
void iommu_dma_init(struct kernel *k);
