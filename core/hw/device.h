#pragma once
/*
 * What every device is to the machine: registers, an interrupt line, a due time, and a port to
 * memory. Its own state is one leaf of at most DEVICE_STATE_MAX bytes, so that a machine with its
 * devices is a value. A device is one file and one row in devices.def.
 */
#include "hw/port.h"

#define DEVICE_STATE_MAX 16384

struct device {
	const struct device_ops *ops;
	uint16_t unit;           /* its number: events carry it */
	bool irq;                /* its interrupt line is raised */
	uint32_t irq_bits;       /* what it wants to say with it, device specific */
	uint64_t due;            /* cycle at which step wants to run; UINT64_MAX: idle */
	uint64_t asked_pass;     /* the stretch of time it was asked to pause in (bus.h) */
	uint64_t irq_due;        /* cycle at which the line goes up; UINT64_MAX: not on its way */
};

/* A device at work: what its ops are handed. */
struct device_io {
	struct device *dev;
	void *state;
	struct port *port;
};

/* One step of a driver: a write of 4 or 8 bytes to a register. */
struct register_write {
	uint64_t offset, value;
	size_t size;
};

#define PROGRAM_MAX 8    /* register writes that start a transfer, at most */

struct device_ops {
	const char *name, *sentence;
	const char *registers;                       /* for help: one line each */
	size_t state_size;
	void (*reset)(struct device_io *io);
	uint64_t (*read)(struct device_io *io, uint64_t offset, size_t size);
	void (*write)(struct device_io *io, uint64_t offset, uint64_t value, size_t size);
	void (*step)(struct device_io *io);          /* dev->due has come */
	/* its own memory, for whoever stands outside */
	uint8_t *(*buffer)(void *state, size_t *n);
	bool (*busy)(const void *state);

	/*
	 * A store has reached RAM at pa: is it something the device may look at unasked? NULL: it
	 * looks at nothing unasked. Asked only where the board has ring_polling.
	 */
	void (*stored)(struct device_io *io, paddr_t pa);

	/*
	 * Something arrives from outside (a packet on the wire): false when it is lost. And what
	 * the device sent outside last, in its own memory. NULL: it has no such side.
	 */
	bool (*receive)(struct device_io *io, const void *bytes, size_t n);
	const uint8_t *(*sent)(const void *state, size_t *n);

	/*
	 * NULL: it is told by descriptors, and a driver has to be written for it. Else:
	 * how a driver starts a transfer of n bytes between memory at dma and the beginning of the
	 * device's own memory: fills in the register writes, in order, and returns how many. Under
	 * way is a transfer while the register at busy_offset has one of busy_bits.
	 */
	size_t (*program)(enum direction dir, dma_addr_t dma, uint64_t n,
			  struct register_write *writes);
	uint64_t busy_offset, busy_bits;
};

extern const struct device_ops *const device_ops[];
extern const size_t device_count;

/* The interrupt line goes up, now or as late as nature likes; and down. */
void device_raise_irq(struct device_io *io, uint32_t bits);
void device_lower_irq(struct device_io *io, uint32_t bits);

/*
 * Does this fault strike now? As the board's device_fault says; with `any`, when nature likes. Told
 * (dev.fault) when it does. DEVICE_STALL: a transfer stops half way and never ends. DEVICE_SHORT: it
 * ends half way, and the true length is reported. DEVICE_LENGTH: more is reported than was moved.
 * DEVICE_LATE: the device says it is done while it still moves data. DEVICE_CHANGE: it writes to a
 * descriptor it has given back already.
 */
bool device_is_faulty(struct device_io *io, enum device_fault fault);

/* Cycles a faulty device lets pass before it does what it should not (DEVICE_LATE, _CHANGE). */
#define FAULT_PAUSE 400

/*
 * The device was switched on, or off: from now on it may touch the n bytes at dma whenever it likes
 * (a ring of descriptors, a cyclic buffer), or it does so no more. What is stored to a ring before
 * that, no device sees in the wrong order; what is unmapped before it is off, is unmapped too early.
 */
void device_tell_ring(struct device_io *io, dma_addr_t dma, uint64_t n, bool on);

/*
 * A DMA engine: moves bytes between a device's buffer and bus addresses, one beat at a time. The
 * device calls engine_beat whenever it is due. Here a device breaks down half way: a transfer that
 * stalls is never due again, a short one has the size that was moved.
 */
struct engine {
	dma_addr_t dma;          /* of the next byte in memory */
	uint64_t offset;         /* of the next byte in the device's buffer */
	uint64_t left, size;     /* bytes */
	uint64_t cause;          /* number of the dev.start event */
	uint32_t dir;            /* enum direction: DMA_TO_DEVICE reads memory */
	uint32_t width;          /* bytes of a beat, at most */
	bool half;               /* half way is behind it: it will not break down any more */
	bool stalled;            /* it has stopped for ever */
	bool late;               /* it said that it was done, half way */
	bool lost;               /* a beat found no memory */
};

struct transfer {
	enum direction dir;
	dma_addr_t dma;
	uint64_t offset, size;
	uint64_t asked;          /* the CPU's store that asked for it; 0: the present call */
	uint32_t width;          /* 0: as wide as the bus */
	bool sound;              /* never breaks down: descriptors, which say what happened */
};

void engine_begin(struct engine *e, struct device_io *io, const struct transfer *t);

/* The same for data that the present call asks for. */
void engine_start(struct engine *e, struct device_io *io, enum direction dir, dma_addr_t dma,
		  uint64_t offset, uint64_t size);

/*
 * Move one beat, or wait for the wires. Sets dev->due. True when the transfer just finished; then
 * `size` is what was moved. One that is late says so half way, with bytes left: whoever goes on
 * calling moves those as well, and is not told again.
 */
bool engine_beat(struct engine *e, struct device_io *io, uint8_t *buffer);

/* Give up what is under way: no beat follows. Nothing when there is none. */
void engine_stop(struct engine *e, struct device_io *io);

/* Bytes from outside have arrived at `at` of the device's own memory. */
void device_tell_buffer(struct device_io *io, const uint8_t *buffer, uint64_t at, size_t n);
