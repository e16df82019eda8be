/*
 * edu: an educational DMA engine, after the device of that name in QEMU (hw/misc/edu.c, docs/specs/
 * edu.rst). 4 KiB of its own memory at device address 0x40000; tell it source, destination, count
 * and command, and it copies between that memory and the bus.
 *
 * Kept: registers, access sizes, one transfer at a time (writes while it runs are ignored), the
 * interrupt, the factorial, and the mask that silently drops address bits the device does not have.
 * Changed: the mask is the board's dma_mask_bits, and a range outside the 4 KiB is refused (QEMU
 * copies it anyway). A faulty device: after a short transfer the count register reads what was moved,
 * and command 0 ends a transfer that has stalled.
 */
#include "hw/device.h"

#include <string.h>

#define BUFFER_AT   0x40000
#define BUFFER_SIZE 4096

#define REG_ID      0x00
#define REG_LIVE    0x04
#define REG_FACT    0x08
#define REG_STATUS  0x20
#define REG_IRQ     0x24
#define REG_RAISE   0x60
#define REG_ACK     0x64
#define REG_SRC     0x80
#define REG_DST     0x88
#define REG_COUNT   0x90
#define REG_COMMAND 0x98

#define EDU_ID             0x010000edu
#define STATUS_COMPUTING   0x01u
#define STATUS_IRQ_FACT    0x80u
#define COMMAND_START      0x01u
#define COMMAND_FROM_EDU   0x02u     /* direction: the buffer goes to memory */
#define COMMAND_IRQ        0x04u
#define IRQ_FACT           0x001u
#define IRQ_DMA            0x100u

struct edu {
	uint32_t live, fact, status;
	uint64_t src, dst, count, command;
	/* cycles at which the factorial and the next beat are due */
	uint64_t fact_due, dma_due;
	struct engine engine;
	uint8_t buffer[BUFFER_SIZE];
};

static void edu_reset(struct device_io *io)
{
	struct edu *e = io->state;

	memset(e, 0, sizeof *e);
	e->fact_due = e->dma_due = UINT64_MAX;
}

/* The engine says when its next beat is due; the factorial runs beside it. */
static void plan(struct edu *e, struct device_io *io)
{
	io->dev->due = min_u64(e->fact_due, e->dma_due);
}

static bool edu_busy(const void *state)
{
	const struct edu *e = state;

	return e->command & COMMAND_START || e->status & STATUS_COMPUTING;
}

static uint8_t *edu_buffer(void *state, size_t *n)
{
	*n = BUFFER_SIZE;
	return ((struct edu *)state)->buffer;
}

static bool size_allowed(uint64_t offset, size_t size)
{
	return size == 4 || (size == 8 && offset >= REG_SRC);
}

static uint64_t edu_read(struct device_io *io, uint64_t offset, size_t size)
{
	const struct edu *e = io->state;

	if (!size_allowed(offset, size))
		return UINT64_MAX;
	switch (offset) {
	case REG_ID:      return EDU_ID;
	case REG_LIVE:    return e->live;
	case REG_FACT:    return e->fact;
	case REG_STATUS:  return e->status;
	case REG_IRQ:     return io->dev->irq_bits;
	case REG_SRC:     return e->src;
	case REG_DST:     return e->dst;
	case REG_COUNT:   return e->count;
	case REG_COMMAND: return e->command;
	default:          return UINT64_MAX;
	}
}

static void start(struct edu *e, struct device_io *io)
{
	bool from_edu = e->command & COMMAND_FROM_EDU;
	uint64_t inner = from_edu ? e->src : e->dst;
	dma_addr_t dma = from_edu ? e->dst : e->src;

	if (!inside(inner, e->count, BUFFER_AT, BUFFER_SIZE)) {
		e->command &= ~(uint64_t)COMMAND_START;
		bus_tell(io->port->bus, &(struct event){ .kind = EV_DEV_REFUSE, .addr = inner,
			.size = (uint32_t)min_u64(e->count, UINT32_MAX),
			.a = from_edu ? DMA_FROM_DEVICE : DMA_TO_DEVICE, .unit = io->dev->unit });
		return;
	}
	engine_start(&e->engine, io, from_edu ? DMA_FROM_DEVICE : DMA_TO_DEVICE, dma,
		     inner - BUFFER_AT, e->count);
	e->dma_due = io->dev->due;
	plan(e, io);
}

static void compute(struct edu *e, struct device_io *io, uint64_t n)
{
	e->fact = (uint32_t)n;
	e->status |= STATUS_COMPUTING;
	e->fact_due = io->port->bus->cycle + io->port->bus->board->cycles_device;
	plan(e, io);
}

/* The part of the device this register commands is at work: the write is ignored. */
static bool is_taken(const struct edu *e, uint64_t offset)
{
	return offset >= REG_SRC ? e->command & COMMAND_START
				 : offset == REG_FACT && e->status & STATUS_COMPUTING;
}

/* A transfer that stalled is given up; nothing else can be done about one that is under way. */
static void give_up(struct edu *e, struct device_io *io)
{
	if (!e->engine.stalled)
		return;
	engine_stop(&e->engine, io);
	e->command = 0;
	e->dma_due = UINT64_MAX;
	plan(e, io);
}

static void edu_write(struct device_io *io, uint64_t offset, uint64_t value, size_t size)
{
	struct edu *e = io->state;

	if (!size_allowed(offset, size))
		return;
	if (offset == REG_COMMAND && !value)
		give_up(e, io);
	if (is_taken(e, offset))
		return;
	switch (offset) {
	case REG_LIVE:   e->live = ~(uint32_t)value; break;
	case REG_FACT:   compute(e, io, value); break;
	case REG_STATUS:
		e->status = (e->status & ~STATUS_IRQ_FACT) | ((uint32_t)value & STATUS_IRQ_FACT);
		break;
	case REG_RAISE:  device_raise_irq(io, (uint32_t)value); break;
	case REG_ACK:    device_lower_irq(io, (uint32_t)value); break;
	case REG_SRC:    e->src = value; break;
	case REG_DST:    e->dst = value; break;
	case REG_COUNT:  e->count = value; break;
	case REG_COMMAND:
		e->command = value;
		if (value & COMMAND_START)
			start(e, io);
		break;
	}
}

static uint32_t factorial(uint32_t n)
{
	uint32_t product = 1;

	for (; n > 1 && product; n--)     /* 32 bits run out at 34!, which is 0 */
		product *= n;
	return product;
}

static void finish_factorial(struct edu *e, struct device_io *io)
{
	e->fact = factorial(e->fact);
	e->status &= ~STATUS_COMPUTING;
	e->fact_due = UINT64_MAX;
	if (e->status & STATUS_IRQ_FACT)
		device_raise_irq(io, IRQ_FACT);
}

static void beat(struct edu *e, struct device_io *io)
{
	bool done = engine_beat(&e->engine, io, e->buffer);

	e->dma_due = io->dev->due;
	if (!done)
		return;
	e->count = e->engine.size;
	e->command &= ~(uint64_t)COMMAND_START;
	if (e->command & COMMAND_IRQ)
		device_raise_irq(io, IRQ_DMA);
}

static void edu_step(struct device_io *io)
{
	struct edu *e = io->state;

	if (e->fact_due <= e->dma_due)
		finish_factorial(e, io);
	else
		beat(e, io);
	plan(e, io);
}

static size_t edu_program(enum direction dir, dma_addr_t dma, uint64_t n,
			  struct register_write *writes)
{
	bool from_edu = dir == DMA_FROM_DEVICE;

	writes[0] = (struct register_write){ REG_SRC, from_edu ? BUFFER_AT : dma, 8 };
	writes[1] = (struct register_write){ REG_DST, from_edu ? dma : BUFFER_AT, 8 };
	writes[2] = (struct register_write){ REG_COUNT, n, 4 };
	writes[3] = (struct register_write){ REG_COMMAND,
		COMMAND_START | (from_edu ? COMMAND_FROM_EDU : 0), 4 };
	return 4;
}

const struct device_ops dev_edu = {
	.name = "edu",
	.sentence = "an educational DMA engine with 4 KiB of its own memory, "
		    "after QEMU's device of that name",
	.registers =
		"0x00  id: reads 0x010000ed\n"
		"0x04  liveness: reads back the inverse of what was written\n"
		"0x08  factorial: write n, read n! when status bit 0 is clear\n"
		"0x20  status: 0x01 computing, 0x80 raise an interrupt after the factorial\n"
		"0x24  interrupt status: why the line is up (0x100: a transfer is done)\n"
		"0x60  raise the interrupt with these bits   0x64  acknowledge these bits\n"
		"0x80  source   0x88  destination: "
		"a bus address, or 0x40000 + offset in the device's memory\n"
		"0x90  count in bytes, at most 4096; then what was moved\n"
		"0x98  command: "
		"1 start, 2 from device to memory (else from memory to device), 4 interrupt when done; "
		"0 ends a transfer that stalled\n"
		"Registers below 0x80 take 4 byte accesses, the others 4 or 8.",
	.state_size = sizeof(struct edu),
	.reset = edu_reset, .read = edu_read, .write = edu_write, .step = edu_step,
	.buffer = edu_buffer, .busy = edu_busy,
	.program = edu_program, .busy_offset = REG_COMMAND, .busy_bits = COMMAND_START,
};

_Static_assert(sizeof(struct edu) <= DEVICE_STATE_MAX, "a device's state fits its leaf");
