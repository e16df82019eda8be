#pragma once
/*
 * A device's door to memory: it names bus addresses, and one beat of up to 8 bytes passes at a
 * time. A device does not pass the CPU's caches. Where the board is coherent the caches are asked
 * first (snooped); elsewhere the device sees RAM, whatever the caches hold.
 */
#include "hw/cache.h"
#include "hw/iommu.h"
#include "hw/unasked.h"

struct port {
	struct bus *bus;
	struct cache *l1, *l2;
	struct iommu *iommu;     /* stands between, where the board has one that translates */
	struct unasked *unasked;
};

/*
 * One beat inside an aligned 8 bytes. `unit` is the device, `cause` the number of its transfer.
 * Where no RAM answers, or the IOMMU does not let it through, a read returns all ones, a write is
 * lost, and the trace has a bus.fault or iommu.fault.
 */
enum status port_read(struct port *p, uint16_t unit, uint64_t cause, dma_addr_t dma, void *bytes,
		      size_t n);
enum status port_write(struct port *p, uint16_t unit, uint64_t cause, dma_addr_t dma,
		       const void *bytes, size_t n);

/* Caches make way for an access that goes round them, where the board is coherent. */
void port_snoop(struct port *p, paddr_t pa, bool write);

/* The physical address behind a bus address without IOMMU: false when nothing answers there. */
static inline bool port_translate(const struct board *b, dma_addr_t dma, uint64_t n, paddr_t *pa)
{
	if (dma < b->bus_offset || !board_is_ram(b, dma - b->bus_offset, n))
		return false;
	*pa = dma - b->bus_offset;
	return true;
}
