/*
 * nic: a network card with a transmit and a receive ring of descriptors in memory, as most cards of
 * the last thirty years have them (e1000, r8169, dwmac).
 *
 * A descriptor is 16 bytes: u64 address of a buffer, u32 length, u32 flags (OWN: it is the card's;
 * ERROR; LAST: the packet ends here). The driver fills it in and sets OWN last. The card reads the
 * length and flags in one beat; where OWN is set it reads the address, moves the packet, writes the
 * length and then the flags without OWN, each in a beat of its own, and raises its interrupt. So
 * both sides write the word that hands over last, and read it first. The transmit ring is looked at
 * when its doorbell is rung, until a descriptor without OWN. A packet from the wire looks for one
 * descriptor of the receive ring; without OWN there it is dropped and counted.
 *
 * Left out: checksums, filters, several queues, interrupt moderation; what the wire costs.
 */
#include "hw/device.h"

#include <string.h>

#define REG_ID        0x00
#define REG_CONTROL   0x04
#define REG_STATUS    0x08
#define REG_MASK      0x0c
#define REG_IRQ       0x10
#define REG_ACK       0x14
#define REG_DOORBELL  0x18
#define REG_TX_HEAD   0x20
#define REG_RX_HEAD   0x24
#define REG_DROPPED   0x28
#define REG_ERRORS    0x2c
#define REG_TX_BASE   0x80
#define REG_TX_LENGTH 0x88
#define REG_RX_BASE   0x90
#define REG_RX_LENGTH 0x98

#define NIC_ID        0x0100071cu
#define CONTROL_RX    0x01u
#define CONTROL_TX    0x02u
#define CONTROL_LOOP  0x04u
#define CONTROL_RESET 0x80u
#define STATUS_BUSY   0x01u

#define IRQ_RX        0x01u
#define IRQ_TX        0x02u
#define IRQ_DROP      0x04u
#define IRQ_ERROR     0x08u

#define OWN   0x80000000u
#define ERROR 0x40000000u
#define LAST  0x20000000u

#define DESCRIPTOR_SIZE 16
#define LENGTH_OFFSET   8
#define FLAGS_OFFSET    12
#define RING_MAX        256      /* descriptors */
#define PACKET_MAX      2048     /* bytes */
#define QUEUE_MAX       4        /* packets from the wire that wait */
#define LENGTH_LIE      64       /* bytes more than there are, with DEVICE_LENGTH */

/* The card's own memory. */
#define TX_AT         0
#define SENT_AT       PACKET_MAX
#define RX_AT         (2 * PACKET_MAX)
#define DESCRIPTOR_AT (RX_AT + QUEUE_MAX * PACKET_MAX)
#define CHANGE_AT     (DESCRIPTOR_AT + DESCRIPTOR_SIZE)
#define MEMORY_SIZE   (CHANGE_AT + 8)

enum side { TX, RX };
/* What it is about to do with the descriptor at the head of a ring. */
enum phase { IDLE, READ_FLAGS, READ_ADDRESS, MOVE, GIVE };

struct ring {
	dma_addr_t base;
	uint32_t length, head;   /* descriptors */
	uint64_t asked;          /* the CPU's store that told it to look */
};

struct descriptor {
	dma_addr_t address;
	uint32_t length, flags;
};

struct nic {
	struct ring ring[2];                  /* by side */
	uint32_t control, mask, events, dropped, errors;
	uint32_t side, phase;
	bool rung;                            /* the transmit ring has to be looked at */
	bool polled;                          /* it looks unasked: at once, at all of it */
	uint32_t filled, sent;                /* bytes of the packet being made, of the last sent */
	uint32_t first, waiting;              /* packets from the wire */
	uint32_t packet[QUEUE_MAX];           /* bytes */
	struct engine engine, rogue;          /* rogue: what a faulty card does beside its work */
	uint64_t engine_due, rogue_due;
	uint8_t memory[MEMORY_SIZE];
};

static void plan(struct nic *n, struct device_io *io)
{
	io->dev->due = min_u64(n->engine_due, n->rogue_due);
}

static bool nic_busy(const void *state)
{
	const struct nic *n = state;

	return n->phase != IDLE;
}

static uint8_t *nic_buffer(void *state, size_t *n)
{
	*n = MEMORY_SIZE;
	return ((struct nic *)state)->memory;
}

static const uint8_t *nic_sent(const void *state, size_t *n)
{
	const struct nic *nic = state;

	*n = nic->sent;
	return nic->memory + SENT_AT;
}

static void nic_reset(struct device_io *io)
{
	struct nic *n = io->state;

	memset(n, 0, sizeof *n);
	n->engine_due = n->rogue_due = UINT64_MAX;
	plan(n, io);
}

/* The line is up while something is pending that the mask lets through. */
static void tell_driver(struct nic *n, struct device_io *io, uint32_t events)
{
	uint32_t shown;

	n->events |= events;
	shown = n->events & n->mask;
	if (shown & ~io->dev->irq_bits)
		device_raise_irq(io, shown);
	device_lower_irq(io, ~shown);
}

static dma_addr_t descriptor_dma(const struct nic *n)
{
	const struct ring *r = &n->ring[n->side];

	return r->base + (dma_addr_t)r->head * DESCRIPTOR_SIZE;
}

static struct descriptor descriptor(const struct nic *n)
{
	struct descriptor d;

	memcpy(&d, n->memory + DESCRIPTOR_AT, sizeof d);
	return d;
}

static void set_descriptor(struct nic *n, struct descriptor d)
{
	memcpy(n->memory + DESCRIPTOR_AT, &d, sizeof d);
}

static void begin(struct nic *n, struct device_io *io, enum phase phase, struct transfer t)
{
	t.asked = n->ring[n->side].asked;
	n->phase = phase;
	engine_begin(&n->engine, io, &t);
	if (n->polled && phase <= READ_ADDRESS)
		io->dev->due = io->port->bus->cycle;
	n->engine_due = io->dev->due;
}

/* A transfer of a part of the descriptor at the head. */
static struct transfer part(const struct nic *n, enum direction dir, uint64_t at)
{
	return (struct transfer){ .dir = dir, .dma = descriptor_dma(n) + at,
		.offset = DESCRIPTOR_AT + at, .size = 8, .sound = true };
}

static void look_at(struct nic *n, struct device_io *io, enum side side)
{
	n->side = side;
	begin(n, io, READ_FLAGS, part(n, DMA_TO_DEVICE, LENGTH_OFFSET));
}

/* Packets first: they cannot wait. */
static void go_on(struct nic *n, struct device_io *io)
{
	n->phase = IDLE;
	n->polled = false;
	n->engine_due = UINT64_MAX;
	if (n->waiting && n->ring[RX].length)
		look_at(n, io, RX);
	else if (n->rung && n->ring[TX].length)
		look_at(n, io, TX);
}

static void next_packet(struct nic *n)
{
	n->first = (n->first + 1) % QUEUE_MAX;
	n->waiting--;
}

static void drop(struct nic *n, struct device_io *io)
{
	n->dropped++;
	tell_driver(n, io, IRQ_DROP);
}

/* Nothing to be had here: a packet is lost, a transmit ring is done. */
static void find_none(struct nic *n, struct device_io *io)
{
	if (n->side == RX) {
		next_packet(n);
		drop(n, io);
	} else {
		n->rung = false;
	}
	go_on(n, io);
}

static void read_flags(struct nic *n, struct device_io *io)
{
	if (n->engine.lost || !(descriptor(n).flags & OWN))
		find_none(n, io);
	else
		begin(n, io, READ_ADDRESS, part(n, DMA_TO_DEVICE, 0));
}

/* How much of a packet goes through this descriptor. An error when it does not fit. */
static uint32_t portion(const struct nic *n, bool *error)
{
	uint32_t room = descriptor(n).length;
	uint32_t size = n->side == RX ? n->packet[n->first] : room;

	if (n->side == RX)
		*error = size > room;
	else
		*error = size > PACKET_MAX - n->filled;
	return !*error ? size : n->side == RX ? room : 0;
}

static void take(struct nic *n, struct device_io *io)
{
	struct descriptor d = descriptor(n);
	dma_addr_t dma = descriptor_dma(n);
	bool error;
	uint32_t size = portion(n, &error);

	bus_tell(io->port->bus, &(struct event){ .kind = EV_DEV_TAKE, .addr = dma,
		.addr2 = dma + FLAGS_OFFSET, .size = DESCRIPTOR_SIZE, .unit = io->dev->unit,
		.cause = n->engine.cause });
	d.flags &= ~(OWN | ERROR);
	d.flags |= error ? ERROR : 0;
	set_descriptor(n, d);
	begin(n, io, MOVE, (struct transfer){ .dma = d.address, .size = size,
		.dir = n->side == RX ? DMA_FROM_DEVICE : DMA_TO_DEVICE,
		.offset = n->side == RX ? RX_AT + n->first * PACKET_MAX : TX_AT + n->filled });
}

/* What is left of a late transfer goes on beside the work. Of a packet sent, into what was sent. */
static void keep_late(struct nic *n, const struct device_io *io)
{
	if (!n->engine.left)
		return;
	n->rogue = n->engine;
	n->rogue_due = io->dev->due;
	if (n->side == TX)
		n->rogue.offset += SENT_AT - TX_AT;
}

/* The buffer is done: say how much, then whose the descriptor is, one beat each. */
static void moved(struct nic *n, struct device_io *io)
{
	struct descriptor d = descriptor(n);
	struct transfer t;

	keep_late(n, io);
	if (n->side == TX)
		n->filled += (uint32_t)n->engine.size;
	else
		d.flags |= LAST;
	if (n->engine.lost)
		d.flags |= ERROR;
	if (device_is_faulty(io, DEVICE_LENGTH))
		d.length += LENGTH_LIE;
	else
		d.length = (uint32_t)n->engine.size;
	set_descriptor(n, d);
	t = part(n, DMA_FROM_DEVICE, LENGTH_OFFSET);
	t.width = 4;
	begin(n, io, GIVE, t);
}

/* A faulty card writes another length into what is the driver's again. */
static void perhaps_change(struct nic *n, struct device_io *io, dma_addr_t dma)
{
	uint32_t length = descriptor(n).length + LENGTH_LIE;

	if (n->rogue_due != UINT64_MAX || !device_is_faulty(io, DEVICE_CHANGE))
		return;
	memcpy(n->memory + CHANGE_AT, &length, sizeof length);
	engine_begin(&n->rogue, io, &(struct transfer){ .dir = DMA_FROM_DEVICE,
		.dma = dma + LENGTH_OFFSET, .offset = CHANGE_AT, .size = 4,
		.asked = n->engine.cause, .sound = true });
	n->rogue_due = io->port->bus->cycle + FAULT_PAUSE;
}

static bool enqueue(struct nic *n, struct device_io *io, const void *bytes, size_t size)
{
	uint32_t slot = (n->first + n->waiting) % QUEUE_MAX;

	if (!(n->control & CONTROL_RX) || !size || size > PACKET_MAX || n->waiting == QUEUE_MAX) {
		drop(n, io);
		return false;
	}
	memcpy(n->memory + RX_AT + slot * PACKET_MAX, bytes, size);
	device_tell_buffer(io, n->memory, RX_AT + slot * PACKET_MAX, size);
	n->packet[slot] = (uint32_t)size;
	n->waiting++;
	return true;
}

static void send(struct nic *n, struct device_io *io)
{
	memcpy(n->memory + SENT_AT, n->memory + TX_AT, n->filled);
	n->sent = n->filled;
	n->filled = 0;
	if (n->control & CONTROL_LOOP)
		(void)enqueue(n, io, n->memory + SENT_AT, n->sent);
}

static void given(struct nic *n, struct device_io *io)
{
	struct ring *r = &n->ring[n->side];
	struct descriptor d = descriptor(n);
	dma_addr_t dma = descriptor_dma(n);
	bool whole = d.flags & LAST;

	bus_tell(io->port->bus, &(struct event){ .kind = EV_DEV_GIVE, .addr = dma,
		.addr2 = dma + FLAGS_OFFSET, .size = DESCRIPTOR_SIZE, .unit = io->dev->unit,
		.cause = n->engine.cause });
	perhaps_change(n, io, dma);
	r->head = (r->head + 1) % r->length;
	if (d.flags & ERROR)
		n->errors++;
	if (n->side == RX)
		next_packet(n);
	else if (whole)
		send(n, io);
	tell_driver(n, io, (d.flags & ERROR ? IRQ_ERROR : 0) |
			   (n->side == RX ? IRQ_RX : whole ? IRQ_TX : 0));
	go_on(n, io);
}

/* The engine has done its part of this phase. */
static void advance(struct nic *n, struct device_io *io)
{
	switch (n->phase) {
	case READ_FLAGS:   read_flags(n, io); break;
	case READ_ADDRESS: take(n, io); break;
	case MOVE:         moved(n, io); break;
	case GIVE:         given(n, io); break;
	}
}

static void nic_step(struct device_io *io)
{
	struct nic *n = io->state;

	if (n->rogue_due < n->engine_due) {
		(void)engine_beat(&n->rogue, io, n->memory);
		n->rogue_due = io->dev->due;
	} else if (engine_beat(&n->engine, io, n->memory)) {
		advance(n, io);
	} else {
		n->engine_due = io->dev->due;
	}
	plan(n, io);
}

/* Where the CPU finds the descriptor that is transmitted next. */
static bool is_next_to_send(const struct nic *n, const struct device_io *io, paddr_t pa)
{
	const struct ring *r = &n->ring[TX];
	dma_addr_t dma = r->base + (dma_addr_t)r->head * DESCRIPTOR_SIZE;
	paddr_t at;

	if (board_translates(io->port->bus->board))
		at = iommu_phys(io->port->iommu, io->dev->unit, dma);
	else if (!port_translate(io->port->bus->board, dma, DESCRIPTOR_SIZE, &at))
		return false;
	return inside(pa, 1, at, DESCRIPTOR_SIZE);
}

static void nic_stored(struct device_io *io, paddr_t pa)
{
	struct nic *n = io->state;

	if (!(n->control & CONTROL_TX) || !n->ring[TX].length || n->rung || n->phase != IDLE ||
	    !is_next_to_send(n, io, pa) || !bus_ask(io->port->bus, CHOICE_FETCH, pa, 2, 4))
		return;
	n->rung = n->polled = true;
	look_at(n, io, TX);
	plan(n, io);
}

static bool nic_receive(struct device_io *io, const void *bytes, size_t size)
{
	struct nic *n = io->state;

	if (!enqueue(n, io, bytes, size))
		return false;
	if (n->phase == IDLE) {
		go_on(n, io);
		plan(n, io);
	}
	return true;
}

static bool size_allowed(uint64_t offset, size_t size)
{
	return size == 4 || (size == 8 && offset >= REG_TX_BASE);
}

static uint64_t nic_read(struct device_io *io, uint64_t offset, size_t size)
{
	const struct nic *n = io->state;

	if (!size_allowed(offset, size))
		return UINT64_MAX;
	switch (offset) {
	case REG_ID:        return NIC_ID;
	case REG_CONTROL:   return n->control;
	case REG_STATUS:    return nic_busy(n) ? STATUS_BUSY : 0;
	case REG_MASK:      return n->mask;
	case REG_IRQ:       return n->events;
	case REG_TX_HEAD:   return n->ring[TX].head;
	case REG_RX_HEAD:   return n->ring[RX].head;
	case REG_DROPPED:   return n->dropped;
	case REG_ERRORS:    return n->errors;
	case REG_TX_BASE:   return n->ring[TX].base;
	case REG_TX_LENGTH: return n->ring[TX].length;
	case REG_RX_BASE:   return n->ring[RX].base;
	case REG_RX_LENGTH: return n->ring[RX].length;
	default:            return UINT64_MAX;
	}
}

static uint64_t present_store(const struct device_io *io)
{
	return io->port->bus->trace->cause;
}

/* A side is switched on or off. */
static void tell_side(struct nic *n, struct device_io *io, enum side side, uint32_t bit,
		      uint32_t value)
{
	if ((value ^ n->control) & bit)
		device_tell_ring(io, n->ring[side].base, n->ring[side].length * DESCRIPTOR_SIZE,
				 value & bit);
}

/* No beat follows, and everything is as after power on. */
static void reset(struct nic *n, struct device_io *io)
{
	tell_side(n, io, RX, CONTROL_RX, 0);
	tell_side(n, io, TX, CONTROL_TX, 0);
	engine_stop(&n->engine, io);
	engine_stop(&n->rogue, io);
	device_lower_irq(io, UINT32_MAX);
	nic_reset(io);
}

static void control(struct nic *n, struct device_io *io, uint32_t value)
{
	if (value & CONTROL_RESET) {
		reset(n, io);
		return;
	}
	tell_side(n, io, RX, CONTROL_RX, value);
	tell_side(n, io, TX, CONTROL_TX, value);
	if (value & ~n->control & CONTROL_RX)
		n->ring[RX].asked = present_store(io);
	n->control = value & (CONTROL_RX | CONTROL_TX | CONTROL_LOOP);
	if (!(value & CONTROL_RX))
		n->waiting = n->side == RX && n->phase != IDLE;
	if (!(value & CONTROL_TX))
		n->rung = false;
}

static void doorbell(struct nic *n, struct device_io *io)
{
	if (!(n->control & CONTROL_TX))
		return;
	n->rung = true;
	n->ring[TX].asked = present_store(io);
	if (n->phase == IDLE)
		go_on(n, io);
}

/* Where a ring lies is settled while its side is off; then it begins at its first descriptor. */
static void set_ring(struct nic *n, enum side side, uint64_t offset, uint64_t value)
{
	struct ring *r = &n->ring[side];

	if (n->control & (side == TX ? CONTROL_TX : CONTROL_RX) ||
	    (n->phase != IDLE && n->side == side))
		return;
	r->head = 0;
	if (offset == REG_TX_BASE || offset == REG_RX_BASE)
		r->base = value;
	else
		r->length = (uint32_t)min_u64(value, RING_MAX);
}

static void nic_write(struct device_io *io, uint64_t offset, uint64_t value, size_t size)
{
	struct nic *n = io->state;

	if (!size_allowed(offset, size))
		return;
	switch (offset) {
	case REG_CONTROL:   control(n, io, (uint32_t)value); break;
	case REG_MASK:
		n->mask = (uint32_t)value;
		tell_driver(n, io, 0);
		break;
	case REG_ACK:
		n->events &= ~(uint32_t)value;
		tell_driver(n, io, 0);
		break;
	case REG_DOORBELL:  doorbell(n, io); break;
	case REG_TX_BASE:
	case REG_TX_LENGTH: set_ring(n, TX, offset, value); break;
	case REG_RX_BASE:
	case REG_RX_LENGTH: set_ring(n, RX, offset, value); break;
	}
	plan(n, io);
}

const struct device_ops dev_nic = {
	.name = "nic",
	.sentence = "a network card: rings of descriptors in memory, one to transmit and one to "
		    "receive; nic:receive(bytes) is the wire, nic:sent() what went out",
	.registers =
		"0x00  id: reads 0x0100071c\n"
		"0x04  control: 1 receive, 2 transmit, 4 what is sent comes back, 0x80 reset\n"
		"0x08  status: 1 busy with a descriptor\n"
		"0x0c  interrupt mask: what may raise the line; 0 after reset\n"
		"0x10  interrupt status: 1 received, 2 sent, 4 dropped, 8 error\n"
		"0x14  acknowledge these bits\n"
		"0x18  transmit doorbell: look at the ring, until a descriptor without OWN\n"
		"      (with ring_polling the card may look before that)\n"
		"0x20  transmit head   0x24  receive head: the next descriptor it looks at\n"
		"0x28  packets dropped   0x2c  descriptors with ERROR\n"
		"0x80  transmit ring: bus address   0x88  its descriptors, at most 256\n"
		"0x90  receive ring: bus address   0x98  its descriptors, at most 256\n"
		"Registers below 0x80 take 4 byte accesses, the others 4 or 8; a ring can be\n"
		"set while its side is off, and begins at its first descriptor.\n"
		"A descriptor is 16 bytes:\n"
		"+0    u64 bus address of the buffer\n"
		"+8    u32 length: of the buffer; then what was moved\n"
		"+12   u32 flags: 0x80000000 OWN, it is the card's: set it last, it is cleared\n"
		"      last; 0x40000000 ERROR; 0x20000000 LAST, the packet ends here\n"
		"A packet has 1 to 2048 bytes. One from the wire takes one descriptor: ERROR\n"
		"when it is longer than the buffer, dropped when the head has no OWN.\n"
		"Four can wait.",
	.state_size = sizeof(struct nic),
	.reset = nic_reset, .read = nic_read, .write = nic_write, .step = nic_step,
	.buffer = nic_buffer, .busy = nic_busy, .stored = nic_stored,
	.receive = nic_receive, .sent = nic_sent,
	.busy_offset = REG_STATUS, .busy_bits = STATUS_BUSY,
};

_Static_assert(sizeof(struct nic) <= DEVICE_STATE_MAX, "a device's state fits its leaf");
_Static_assert(sizeof(struct descriptor) == DESCRIPTOR_SIZE, "it is as it lies in memory");
