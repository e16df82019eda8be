#include "hw/device.h"

#include <string.h>

#define DEVICE(name) extern const struct device_ops dev_##name;
#include "hw/devices.def"
#undef DEVICE

const struct device_ops *const device_ops[] = {
#define DEVICE(name) &dev_##name,
#include "hw/devices.def"
#undef DEVICE
};

const size_t device_count = sizeof device_ops / sizeof device_ops[0];

static paddr_t registers(const struct device_io *io)
{
	return DEVICE_BASE + io->dev->unit * DEVICE_WINDOW;
}

#define IRQ_STEP 16    /* cycles of one notch of interrupt delay */
#define PACE_STEP 8    /* cycles of one notch of pause between beats */

void device_raise_irq(struct device_io *io, uint32_t bits)
{
	struct bus *bus = io->port->bus;

	io->dev->irq_bits |= bits;
	if (!io->dev->irq)
		io->dev->irq_due = bus->cycle + IRQ_STEP * nature_notches(&bus->nature,
			bus_ask(bus, CHOICE_IRQ, registers(io), 4, 4));
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

void device_tell_ring(struct device_io *io, dma_addr_t dma, uint64_t n, bool on)
{
	bus_tell(io->port->bus, &(struct event){ .kind = EV_DEV_RING, .addr = dma,
		.size = (uint32_t)n, .a = on, .unit = io->dev->unit });
}

bool device_is_faulty(struct device_io *io, enum device_fault fault)
{
	struct bus *bus = io->port->bus;
	uint64_t wanted = bus->board->device_fault;

	if (wanted != fault && (wanted != DEVICE_FAULT_COUNT ||
				!bus_ask(bus, CHOICE_FAULT, registers(io), 2, 8)))
		return false;
	bus_tell(bus, &(struct event){ .kind = EV_DEV_FAULT, .a = fault, .unit = io->dev->unit });
	return true;
}

/* A bus address as far as the device can say it. */
static dma_addr_t clamp(struct device_io *io, dma_addr_t dma)
{
	uint64_t bits = io->port->bus->board->dma_mask_bits;
	uint64_t mask = bits < 64 ? ((uint64_t)1 << bits) - 1 : UINT64_MAX;

	if ((dma & mask) != dma)
		bus_tell(io->port->bus, &(struct event){ .kind = EV_DEV_CLAMP, .addr = dma,
			.addr2 = dma & mask, .unit = io->dev->unit });
	return dma & mask;
}

void engine_begin(struct engine *e, struct device_io *io, const struct transfer *t)
{
	struct bus *bus = io->port->bus;
	dma_addr_t dma = clamp(io, t->dma);

	*e = (struct engine){ .dma = dma, .offset = t->offset, .left = t->size, .size = t->size,
		.dir = t->dir, .width = t->width ? t->width : BUS_WIDTH, .half = t->sound };
	e->cause = bus_tell(bus, &(struct event){ .kind = EV_DEV_START, .addr = dma,
		.size = (uint32_t)t->size, .a = t->dir, .unit = io->dev->unit, .cause = t->asked });
	io->dev->due = bus->cycle + bus->board->cycles_device;
}

void engine_start(struct engine *e, struct device_io *io, enum direction dir, dma_addr_t dma,
		  uint64_t offset, uint64_t size)
{
	engine_begin(e, io, &(struct transfer){ .dir = dir, .dma = dma, .offset = offset,
		.size = size });
}

/*
 * May the next beat be late? Who searches is asked once in a stretch of time at whose end the CPU
 * goes on: a pause delays all that is left. While the CPU only waits for this device nobody can
 * tell.
 */
static bool pause_matters(const struct bus *bus, const struct device *dev)
{
	if (bus->nature.policy != NATURE_REPLAY)
		return true;
	return dev->asked_pass != bus->pass && !(bus->cpu_waits && nature_spares(&bus->nature));
}

/*
 * A stretch that is torn in the middle shows where the CPU looks while the device is at work: in
 * memory it reaches past its caches. There who searches is asked at each beat.
 */
static bool tear_matters(const struct bus *bus)
{
	if (!nature_spares(&bus->nature))
		return nature_thorough(&bus->nature);
	return bus->beat_is_beside && !bus->cpu_waits;
}

/* How long the device pauses before its next beat. */
static uint64_t pause(struct device_io *io)
{
	struct bus *bus = io->port->bus;

	if (!pause_matters(bus, io->dev) && !tear_matters(bus))
		return 0;
	io->dev->asked_pass = bus->pass;
	return PACE_STEP * nature_notches(&bus->nature,
		bus_ask(bus, CHOICE_PACE, registers(io), 4, 8));
}

static bool wires_taken(struct bus *bus, struct device_io *io)
{
	struct device *dev = io->dev;

	if (bus->cycle >= bus->free_at)
		return false;
	dev->due = bus->free_at;
	if (pause_matters(bus, dev) && bus_ask(bus, CHOICE_GRANT, registers(io), 2, 4))
		dev->due += bus->board->cycles_beat;
	return true;
}

static uint64_t moved(const struct engine *e)
{
	return e->size - e->left;
}

/* The device says that so much was moved. */
static void tell_done(const struct engine *e, struct device_io *io, uint64_t size)
{
	bus_tell(io->port->bus, &(struct event){ .kind = EV_DEV_DONE, .addr = e->dma - moved(e),
		.size = (uint32_t)size, .a = e->dir, .unit = io->dev->unit, .cause = e->cause });
}

/* Has the transfer come so far that it breaks down, if it is to? Half of one beat is none. */
static bool is_half_way(struct engine *e)
{
	if (e->half || moved(e) < round_down(e->size / 2, BUS_WIDTH))
		return false;
	e->half = true;
	return true;
}

/* The rest will come later, when nobody expects it. */
static bool is_late(struct engine *e, struct device_io *io)
{
	if (!e->left || !device_is_faulty(io, DEVICE_LATE))
		return false;
	e->late = true;
	tell_done(e, io, e->size);
	io->dev->due = io->port->bus->cycle + FAULT_PAUSE;
	return true;
}

static bool is_stalled(struct engine *e, struct device_io *io)
{
	e->stalled = device_is_faulty(io, DEVICE_STALL);
	if (e->stalled)
		io->dev->due = UINT64_MAX;
	return e->stalled;
}

static bool is_short(struct engine *e, struct device_io *io)
{
	if (!e->left || !device_is_faulty(io, DEVICE_SHORT))
		return false;
	e->size -= e->left;
	e->left = 0;
	return true;
}

static void move(struct engine *e, struct device_io *io, uint8_t *buffer, size_t n)
{
	enum status s = e->dir == DMA_TO_DEVICE
		? port_read(io->port, io->dev->unit, e->cause, e->dma, buffer + e->offset, n)
		: port_write(io->port, io->dev->unit, e->cause, e->dma, buffer + e->offset, n);

	e->lost |= s != OK;
	e->dma += n, e->offset += n, e->left -= n;
}

static bool finish(const struct engine *e, struct device_io *io)
{
	io->dev->due = UINT64_MAX;
	if (!e->late)
		tell_done(e, io, e->size);
	return !e->late;
}

bool engine_beat(struct engine *e, struct device_io *io, uint8_t *buffer)
{
	struct bus *bus = io->port->bus;
	size_t n = min_u64(e->left, e->width - e->dma % e->width);

	if (wires_taken(bus, io))
		return false;
	if (is_half_way(e)) {
		if (is_stalled(e, io))
			return false;
		if (is_short(e, io))
			return finish(e, io);
		if (is_late(e, io))
			return true;
	}
	if (n)
		move(e, io, buffer, n);
	bus->free_at = bus->cycle + bus->board->cycles_beat;
	io->dev->due = bus->free_at + pause(io);
	return !e->left && finish(e, io);
}

void engine_stop(struct engine *e, struct device_io *io)
{
	if ((e->left || e->stalled) && !e->late)
		tell_done(e, io, moved(e));
	e->left = 0;
	e->stalled = false;
	io->dev->due = UINT64_MAX;
}

void device_tell_buffer(struct device_io *io, const uint8_t *buffer, uint64_t at, size_t n)
{
	for (size_t i = 0; i < n; i += BUS_WIDTH) {
		struct event e = { .kind = EV_DEV_BUFFER, .addr = at + i, .unit = io->dev->unit,
			.size = (uint32_t)min_u64(n - i, BUS_WIDTH) };

		memcpy(&e.value, buffer + at + i, e.size);
		bus_tell(io->port->bus, &e);
	}
}
