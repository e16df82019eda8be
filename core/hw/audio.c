/*
 * audio: a sound card that goes round and round a buffer in memory, as ALSA drives one.
 *
 * The buffer has so many bytes and is cut into periods. The card plays (reads) or captures (writes)
 * one period, raises its interrupt, lets `pace` cycles pass, and goes on with the next; after the
 * last comes the first. The driver fills or empties one period while the card is busy with another,
 * and the mapping stays up the whole time: with a streaming mapping each period is synced to and
 * fro. Nobody waits for a driver that is late. Once the store that clears `run` has arrived no beat
 * follows, so a driver that has read the control register back may unmap.
 *
 * Captured is what came from outside; where nothing came, bytes that count up. Left out: sample
 * formats, channels, mixers.
 */
#include "hw/device.h"

#include <string.h>

#define REG_ID       0x00
#define REG_CONTROL  0x04
#define REG_STATUS   0x08
#define REG_IRQ      0x10
#define REG_ACK      0x14
#define REG_POSITION 0x18
#define REG_PERIODS  0x1c
#define REG_BASE     0x80
#define REG_BUFFER   0x88
#define REG_PERIOD   0x90
#define REG_PACE     0x98

#define AUDIO_ID        0x0100a0d1u
#define CONTROL_RUN     0x01u
#define CONTROL_CAPTURE 0x02u
#define CONTROL_RESET   0x80u
#define STATUS_RUNNING  0x01u
#define STATUS_WAITING  0x02u
#define IRQ_PERIOD      0x01u
#define IRQ_ERROR       0x02u

#define PERIOD_MAX  4096     /* bytes */
#define BUFFER_MAX  ((uint64_t)1 << 20)
#define PACE_NORMAL 10000    /* cycles between two periods */

/* The card's own memory: the period under way, and what came from outside and waits. */
#define PERIOD_AT   0
#define OUTSIDE_AT  PERIOD_MAX
#define OUTSIDE_MAX 8192
#define MEMORY_SIZE (OUTSIDE_AT + OUTSIDE_MAX)

struct audio {
	uint32_t control, periods;
	dma_addr_t base;
	uint64_t buffer, period, pace;
	uint64_t position;             /* of the period under way, in the buffer */
	uint32_t played;               /* bytes of the period played last */
	uint32_t waiting;              /* bytes from outside */
	uint8_t count;                 /* the next byte of the pattern */
	bool over;                     /* a period is done, and not acknowledged */
	bool moving;                   /* the engine has a period in hand, else it pauses */
	struct engine engine;
	uint8_t memory[MEMORY_SIZE];
};

static void audio_reset(struct device_io *io)
{
	struct audio *a = io->state;

	memset(a, 0, sizeof *a);
	a->pace = PACE_NORMAL;
	io->dev->due = UINT64_MAX;
}

static bool is_running(const struct audio *a)
{
	return a->control & CONTROL_RUN;
}

/* A late period still moves after it was announced. */
static bool is_late(const struct audio *a)
{
	return a->engine.late && a->engine.left;
}

static uint32_t status(const struct audio *a)
{
	if (!is_running(a))
		return 0;
	return STATUS_RUNNING | (a->over ? 0 : STATUS_WAITING);
}

/* Busy is the card, for who waits, until the next period is over. */
static bool audio_busy(const void *state)
{
	return status(state) & STATUS_WAITING;
}

static uint8_t *audio_buffer(void *state, size_t *n)
{
	*n = MEMORY_SIZE;
	return ((struct audio *)state)->memory;
}

static const uint8_t *audio_sent(const void *state, size_t *n)
{
	const struct audio *a = state;

	*n = a->played;
	return a->memory + PERIOD_AT;
}

static bool audio_receive(struct device_io *io, const void *bytes, size_t n)
{
	struct audio *a = io->state;

	if (n > OUTSIDE_MAX - a->waiting)
		return false;
	memcpy(a->memory + OUTSIDE_AT + a->waiting, bytes, n);
	device_tell_buffer(io, a->memory, OUTSIDE_AT + a->waiting, n);
	a->waiting += (uint32_t)n;
	return true;
}

/* A period of what came from outside, then of the pattern. */
static void capture(struct audio *a)
{
	uint8_t *outside = a->memory + OUTSIDE_AT;
	size_t given = min_u64(a->waiting, a->period);

	memcpy(a->memory + PERIOD_AT, outside, given);
	a->waiting -= (uint32_t)given;
	memmove(outside, outside + given, a->waiting);
	for (size_t i = given; i < a->period; i++)
		a->memory[PERIOD_AT + i] = a->count++;
}

static void begin_period(struct audio *a, struct device_io *io)
{
	bool captures = a->control & CONTROL_CAPTURE;

	if (captures)
		capture(a);
	a->moving = true;
	engine_start(&a->engine, io, captures ? DMA_FROM_DEVICE : DMA_TO_DEVICE,
		     a->base + a->position, PERIOD_AT, a->period);
}

static void end_period(struct audio *a, struct device_io *io)
{
	if (!(a->control & CONTROL_CAPTURE))
		a->played = (uint32_t)a->engine.size;
	a->position = (a->position + a->period) % a->buffer;
	a->periods++;
	a->over = true;
	device_raise_irq(io, IRQ_PERIOD | (a->engine.lost ? IRQ_ERROR : 0));
}

/* The period is over, or what was late of it: pause, when there is to be another. */
static void pause_after(struct audio *a, struct device_io *io)
{
	a->moving = false;
	io->dev->due = is_running(a) ? io->port->bus->cycle + a->pace : UINT64_MAX;
}

static void audio_step(struct device_io *io)
{
	struct audio *a = io->state;

	if (!a->moving) {
		begin_period(a, io);
		return;
	}
	if (engine_beat(&a->engine, io, a->memory))
		end_period(a, io);
	if (!a->engine.left && !a->engine.stalled)
		pause_after(a, io);
}

/* Periods that fill the buffer without a rest, and fit the card. */
static bool has_a_buffer(const struct audio *a)
{
	return a->period && a->period <= PERIOD_MAX && a->buffer && !(a->buffer % a->period);
}

static void start(struct audio *a, struct device_io *io)
{
	if (!has_a_buffer(a)) {
		a->control &= ~CONTROL_RUN;
		device_raise_irq(io, IRQ_ERROR);
		return;
	}
	if (is_late(a))
		engine_stop(&a->engine, io);
	a->position = a->periods = 0;
	a->over = false;
	device_tell_ring(io, a->base, a->buffer, true);
	begin_period(a, io);
}

static void stop(struct audio *a, struct device_io *io)
{
	device_tell_ring(io, a->base, a->buffer, false);
	if (is_late(a))
		return;
	engine_stop(&a->engine, io);
	a->moving = false;
}

static void reset(struct audio *a, struct device_io *io)
{
	if (is_running(a))
		device_tell_ring(io, a->base, a->buffer, false);
	engine_stop(&a->engine, io);
	device_lower_irq(io, UINT32_MAX);
	audio_reset(io);
}

static void control(struct audio *a, struct device_io *io, uint32_t value)
{
	bool ran = is_running(a);

	if (value & CONTROL_RESET) {
		reset(a, io);
		return;
	}
	if (ran && value & CONTROL_RUN)
		return;
	a->control = value & (CONTROL_RUN | CONTROL_CAPTURE);
	if (ran)
		stop(a, io);
	else if (is_running(a))
		start(a, io);
}

static bool size_allowed(uint64_t offset, size_t size)
{
	return size == 4 || (size == 8 && offset >= REG_BASE);
}

static uint64_t audio_read(struct device_io *io, uint64_t offset, size_t size)
{
	const struct audio *a = io->state;

	if (!size_allowed(offset, size))
		return UINT64_MAX;
	switch (offset) {
	case REG_ID:       return AUDIO_ID;
	case REG_CONTROL:  return a->control;
	case REG_STATUS:   return status(a);
	case REG_IRQ:      return io->dev->irq_bits;
	case REG_POSITION: return a->position;
	case REG_PERIODS:  return a->periods;
	case REG_BASE:     return a->base;
	case REG_BUFFER:   return a->buffer;
	case REG_PERIOD:   return a->period;
	case REG_PACE:     return a->pace;
	default:           return UINT64_MAX;
	}
}

/* Where the buffer is and how it is cut is settled while the card stands still. */
static void set_buffer(struct audio *a, uint64_t offset, uint64_t value)
{
	if (is_running(a))
		return;
	switch (offset) {
	case REG_BASE:   a->base = value; break;
	case REG_BUFFER: a->buffer = min_u64(value, BUFFER_MAX); break;
	case REG_PERIOD: a->period = value; break;
	case REG_PACE:   a->pace = (uint32_t)value; break;
	}
}

static void audio_write(struct device_io *io, uint64_t offset, uint64_t value, size_t size)
{
	struct audio *a = io->state;

	if (!size_allowed(offset, size))
		return;
	switch (offset) {
	case REG_CONTROL: control(a, io, (uint32_t)value); break;
	case REG_ACK:
		a->over &= !(value & IRQ_PERIOD);
		device_lower_irq(io, (uint32_t)value);
		break;
	default:          set_buffer(a, offset, value); break;
	}
}

const struct device_ops dev_audio = {
	.name = "audio",
	.sentence = "a sound card that goes round a buffer in memory, period by period; "
		    "audio:receive(bytes) is what it hears, audio:sent() the period played last",
	.registers =
		"0x00  id: reads 0x0100a0d1\n"
		"0x04  control: 1 run, 2 capture (else play), 0x80 reset\n"
		"0x08  status: 1 running, 2 no period is over and not acknowledged\n"
		"0x10  interrupt status: 1 a period is over, 2 no memory there, or no such buffer\n"
		"0x14  acknowledge these bits\n"
		"0x18  position: where in the buffer the period under way begins\n"
		"0x1c  periods done since it runs\n"
		"0x80  bus address of the buffer   0x88  its bytes\n"
		"0x90  bytes of a period, at most 4096; the buffer has a whole number of them\n"
		"0x98  pace: cycles between two periods, 10000 after reset\n"
		"Registers below 0x80 take 4 byte accesses; the others 4 or 8, and none while\n"
		"it runs. It stops at once when run is cleared: read the control register\n"
		"back, for a store takes its time, and then unmap.\n"
		"Captured is what came from outside, else bytes that count up.",
	.state_size = sizeof(struct audio),
	.reset = audio_reset, .read = audio_read, .write = audio_write, .step = audio_step,
	.buffer = audio_buffer, .busy = audio_busy, .receive = audio_receive, .sent = audio_sent,
	.busy_offset = REG_STATUS, .busy_bits = STATUS_WAITING,
};

_Static_assert(sizeof(struct audio) <= DEVICE_STATE_MAX, "a device's state fits its leaf");
