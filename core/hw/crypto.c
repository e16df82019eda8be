/*
 * crypto: enciphers what it reads in memory and writes the result back, into the same buffer or
 * another one. One buffer for both is the case DMA_BIDIRECTIONAL is for.
 *
 * The cipher is a toy: byte i is xored with the lowest byte of the key rotated left by i bits. So
 * a second time with the same key gives the plain text, and key 0 changes nothing. At most 4 KiB
 * at a time pass through the device's own memory: all of it is read before anything is written.
 *
 * Kept of real ones (QAT, CAAM): source and destination may be one, the key in registers, the
 * interrupt. Left out: descriptors and chains of them.
 */
#include "hw/device.h"

#include <string.h>

#define BUFFER_SIZE 4096u

#define REG_ID      0x00
#define REG_STATUS  0x04
#define REG_IRQ     0x08
#define REG_ACK     0x0c
#define REG_SRC     0x10
#define REG_DST     0x18
#define REG_KEY     0x20
#define REG_LENGTH  0x28
#define REG_COMMAND 0x2c

#define CRYPTO_ID      0x010000c5u
#define STATUS_WORKING 0x1u
#define STATUS_REFUSED 0x2u
#define STATUS_LOST    0x4u
#define COMMAND_START  0x1u
#define COMMAND_IRQ    0x2u
#define IRQ_DONE       0x1u

struct crypto {
	uint64_t src, dst, key;
	uint32_t length, command, status;
	bool writes;             /* the result is on its way to memory */
	bool lost;               /* no memory answered, while reading or writing */
	uint64_t asked;          /* the CPU's store to the command register */
	struct engine engine;
	uint8_t buffer[BUFFER_SIZE];
};

static void crypto_reset(struct device_io *io)
{
	memset(io->state, 0, sizeof(struct crypto));
}

static bool crypto_busy(const void *state)
{
	return ((const struct crypto *)state)->status & STATUS_WORKING;
}

static uint8_t *crypto_buffer(void *state, size_t *n)
{
	*n = BUFFER_SIZE;
	return ((struct crypto *)state)->buffer;
}

static bool size_allowed(uint64_t offset, size_t size)
{
	return size == 4 || (size == 8 && offset >= REG_SRC && offset <= REG_KEY);
}

static uint64_t crypto_read(struct device_io *io, uint64_t offset, size_t size)
{
	const struct crypto *c = io->state;

	if (!size_allowed(offset, size))
		return UINT64_MAX;
	switch (offset) {
	case REG_ID:      return CRYPTO_ID;
	case REG_STATUS:  return c->status;
	case REG_IRQ:     return io->dev->irq_bits;
	case REG_SRC:     return c->src;
	case REG_DST:     return c->dst;
	case REG_KEY:     return c->key;
	case REG_LENGTH:  return c->length;
	case REG_COMMAND: return c->command;
	default:          return UINT64_MAX;
	}
}

/* Only what is written breaks down: one fault a command is enough. */
static void begin(struct crypto *c, struct device_io *io, bool writes, uint64_t n)
{
	c->writes = writes;
	engine_begin(&c->engine, io, &(struct transfer){
		.dir = writes ? DMA_FROM_DEVICE : DMA_TO_DEVICE,
		.dma = writes ? c->dst : c->src, .size = n,
		.asked = c->asked, .sound = !writes });
}

static void start(struct crypto *c, struct device_io *io)
{
	if (!c->length || c->length > BUFFER_SIZE) {
		c->status = STATUS_REFUSED;
		return;
	}
	c->status = STATUS_WORKING;
	c->lost = false;
	c->asked = io->port->bus->trace->cause;
	begin(c, io, false, c->length);
}

/* What is under way is given up; what was written stays. */
static void stop(struct crypto *c, struct device_io *io)
{
	engine_stop(&c->engine, io);
	c->status = 0;
}

static void command(struct crypto *c, struct device_io *io, uint32_t value)
{
	if (!value)
		stop(c, io);
	else if (crypto_busy(c) || io->dev->due != UINT64_MAX)
		return;
	c->command = value;
	if (value & COMMAND_START)
		start(c, io);
}

static void crypto_write(struct device_io *io, uint64_t offset, uint64_t value, size_t size)
{
	struct crypto *c = io->state;

	if (!size_allowed(offset, size))
		return;
	if (crypto_busy(c) && offset != REG_COMMAND && offset != REG_ACK)
		return;
	switch (offset) {
	case REG_ACK:     device_lower_irq(io, (uint32_t)value); break;
	case REG_SRC:     c->src = value; break;
	case REG_DST:     c->dst = value; break;
	case REG_KEY:     c->key = value; break;
	case REG_LENGTH:  c->length = (uint32_t)value; break;
	case REG_COMMAND: command(c, io, (uint32_t)value); break;
	}
}

static void encipher(uint8_t *bytes, size_t n, uint64_t key)
{
	for (size_t i = 0; i < n; i++) {
		bytes[i] ^= (uint8_t)key;
		key = key << 1 | key >> 63;
	}
}

static void finish(struct crypto *c, struct device_io *io)
{
	c->status = c->lost ? STATUS_LOST : 0;
	c->length = (uint32_t)c->engine.size;
	if (device_is_faulty(io, DEVICE_LENGTH))
		c->length += BUS_WIDTH;
	if (c->command & COMMAND_IRQ)
		device_raise_irq(io, IRQ_DONE);
}

static void crypto_step(struct device_io *io)
{
	struct crypto *c = io->state;

	if (!engine_beat(&c->engine, io, c->buffer))
		return;
	c->lost |= c->engine.lost;
	if (c->writes) {
		finish(c, io);
	} else {
		encipher(c->buffer, c->engine.size, c->key);
		begin(c, io, true, c->engine.size);
	}
}

const struct device_ops dev_crypto = {
	.name = "crypto",
	.sentence = "enciphers memory: reads a buffer and writes the result into the same one or "
		    "another",
	.registers =
		"0x00  id: reads 0x010000c5\n"
		"0x04  status: 1 working, 2 refused (length 0 or above 4096), "
		"4 no memory answered\n"
		"0x08  interrupt status: 1 done   0x0c  acknowledge these bits\n"
		"0x10  source   0x18  destination: bus addresses, the same one for both or not\n"
		"0x20  key: byte i is xored with the lowest byte of the key rotated left by i "
		"bits; twice with one key gives the plain text\n"
		"0x28  length in bytes, at most 4096; then what was written\n"
		"0x2c  command: 1 start, 2 interrupt when done; 0 stops at once\n"
		"0x10, 0x18 and 0x20 take 4 or 8 byte accesses, the others 4. Everything is\n"
		"read before anything is written.",
	.state_size = sizeof(struct crypto),
	.reset = crypto_reset, .read = crypto_read, .write = crypto_write, .step = crypto_step,
	.buffer = crypto_buffer, .busy = crypto_busy,
	.busy_offset = REG_STATUS, .busy_bits = STATUS_WORKING,
};

_Static_assert(sizeof(struct crypto) <= DEVICE_STATE_MAX, "a device's state fits its leaf");
