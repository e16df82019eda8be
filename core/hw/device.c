#include "hw/device.h"

#define DEVICE(name) extern const struct device_ops dev_##name;
#include "hw/devices.def"
#undef DEVICE

const struct device_ops *const device_ops[] = {
#define DEVICE(name) &dev_##name,
#include "hw/devices.def"
#undef DEVICE
};

const size_t device_count = sizeof device_ops / sizeof device_ops[0];

#define IRQ_STEP 16    /* cycles of one notch of interrupt delay */
#define PACE_STEP 8    /* cycles of one notch of pause between beats */

void device_raise_irq(struct device_io *io, uint32_t bits)
{
	struct bus *bus = io->port->bus;

	io->dev->irq_bits |= bits;
	if (!io->dev->irq)
		io->dev->irq_due = bus->cycle + IRQ_STEP * bus_ask(bus, CHOICE_IRQ, 4, 4);
}

void device_lower_irq(struct device_io *io, uint32_t bits)
{
	io->dev->irq_bits &= ~bits;
	if (io->dev->irq_bits || !io->dev->irq)
		return;
	io->dev->irq = false;
	bus_tell(io->port->bus, &(struct event){ .kind = EV_IRQ_LOWER, .a = io->dev->unit,
		.unit = io->dev->unit });
}

bool device_is_faulty(struct device_io *io, enum device_fault fault)
{
	struct bus *bus = io->port->bus;
	uint64_t wanted = bus->board->device_fault;

	if (wanted != fault && (wanted != DEVICE_FAULT_COUNT || !bus_ask(bus, CHOICE_FAULT, 2, 8)))
		return false;
	bus_tell(bus, &(struct event){ .kind = EV_DEV_FAULT, .a = fault, .unit = io->dev->unit });
	return true;
}

void engine_start(struct engine *e, struct device_io *io, enum direction dir, dma_addr_t dma,
		  uint64_t offset, uint64_t size)
{
	struct bus *bus = io->port->bus;

	*e = (struct engine){ .dma = dma, .offset = offset, .left = size, .size = size,
		.dir = dir };
	e->cause = bus_tell(bus, &(struct event){ .kind = EV_DEV_START, .addr = dma,
		.size = (uint32_t)size, .a = dir, .unit = io->dev->unit });
	io->dev->due = bus->cycle + bus->board->cycles_device;
}

static bool wires_taken(struct bus *bus, struct device *dev)
{
	if (bus->cycle >= bus->free_at)
		return false;
	dev->due = bus->free_at;
	if (bus_ask(bus, CHOICE_GRANT, 2, 4))
		dev->due += bus->board->cycles_beat;
	return true;
}

bool engine_beat(struct engine *e, struct device_io *io, uint8_t *buffer)
{
	struct bus *bus = io->port->bus;
	size_t n = min_u64(e->left, BUS_WIDTH - e->dma % BUS_WIDTH);

	if (wires_taken(bus, io->dev))
		return false;
	if (n && e->dir == DMA_TO_DEVICE)
		(void)port_read(io->port, io->dev->unit, e->cause, e->dma, buffer + e->offset, n);
	else if (n)
		(void)port_write(io->port, io->dev->unit, e->cause, e->dma, buffer + e->offset, n);
	e->dma += n, e->offset += n, e->left -= n;
	bus->free_at = bus->cycle + bus->board->cycles_beat;
	io->dev->due = bus->free_at + PACE_STEP * bus_ask(bus, CHOICE_PACE, 4, 8);
	if (e->left)
		return false;
	io->dev->due = UINT64_MAX;
	bus_tell(bus, &(struct event){ .kind = EV_DEV_DONE, .addr = e->dma - e->size,
		.size = (uint32_t)e->size, .a = e->dir, .unit = io->dev->unit, .cause = e->cause });
	return true;
}
