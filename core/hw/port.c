#include "hw/port.h"

#include <string.h>

void port_snoop(struct port *p, paddr_t pa, bool write)
{
	if (!p->bus->board->coherent)
		return;
	cache_snoop(p->l1, pa, write);
	if (cache_exists(p->l2))
		cache_snoop(p->l2, pa, write);
}

static enum status fault(struct port *p, uint16_t unit, uint64_t cause, dma_addr_t dma, size_t n,
			 bool write)
{
	bus_tell(p->bus, &(struct event){ .kind = EV_BUS_FAULT, .addr = dma, .size = (uint32_t)n,
		.a = write, .unit = unit, .cause = cause });
	return FAULT_BUS;
}

static void tell(struct port *p, enum event_kind kind, uint16_t unit, uint64_t cause,
		 dma_addr_t dma, paddr_t pa, const void *bytes, size_t n)
{
	uint64_t value = 0;

	memcpy(&value, bytes, n);
	bus_tell(p->bus, &(struct event){ .kind = (uint16_t)kind, .addr = dma, .addr2 = pa,
		.value = value, .size = (uint32_t)n, .unit = unit, .cause = cause });
}

/* The RAM behind an address a device named, or what went wrong, which is told. */
static enum status reach(struct port *p, const struct iommu_access *a, paddr_t *pa)
{
	const struct board *b = p->bus->board;

	if (board_translates(b)) {
		if (!iommu_translate(p->iommu, a, pa))
			return FAULT_BUS;
		if (board_is_ram(b, *pa, a->size))
			return OK;
	} else if (port_translate(b, a->dma, a->size, pa)) {
		return OK;
	}
	return fault(p, a->unit, a->cause, a->dma, a->size, a->write);
}

enum status port_read(struct port *p, uint16_t unit, uint64_t cause, dma_addr_t dma, void *bytes,
		      size_t n)
{
	paddr_t pa;
	enum status s = reach(p, &(struct iommu_access){ .unit = unit, .dma = dma, .size = n,
		.cause = cause }, &pa);

	memset(bytes, 0xff, n);
	if (s != OK)
		return s;
	unasked_before_read(p->unasked, pa);
	port_snoop(p, pa, false);
	bus_ram_read(p->bus, pa, bytes, n);
	bus_note_beat(p->bus, pa);
	tell(p, EV_DEV_READ, unit, cause, dma, pa, bytes, n);
	return OK;
}

enum status port_write(struct port *p, uint16_t unit, uint64_t cause, dma_addr_t dma,
		       const void *bytes, size_t n)
{
	paddr_t pa;
	enum status s = reach(p, &(struct iommu_access){ .unit = unit, .dma = dma, .size = n,
		.cause = cause, .write = true }, &pa);

	if (s != OK)
		return s;
	unasked_before_write(p->unasked, pa);
	port_snoop(p, pa, true);
	bus_ram_write(p->bus, pa, bytes, n);
	bus_note_beat(p->bus, pa);
	tell(p, EV_DEV_WRITE, unit, cause, dma, pa, bytes, n);
	return OK;
}
