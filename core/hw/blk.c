/*
 * blk: a small disk that is told by descriptors in memory, as NVMe and virtio disks are. Its 8 KiB
 * (16 sectors of 512 bytes) are its own memory.
 *
 * The driver keeps two rings in coherent memory. Into the submission ring it puts requests, 32
 * bytes each, and rings the doorbell; into the completion ring the device puts one entry of 16
 * bytes for each request, in the order it got them done, which need not be the order they came.
 *
 *   request  +0  u32 flags: 0x80000000 OWN, the request is the device's; stored last
 *            +4  u16 operation: 1 read the disk into memory, 2 write memory to the disk
 *            +6  u16 tag: comes back in the completion
 *            +8  u64 address of the segment table
 *            +16 u32 segments in it, 1 to 16    +20 u32 first sector
 *            +24 u64 the driver's own, not looked at
 *   segment  +0  u64 address    +8 u32 bytes    +12 u32 not looked at
 *   entry    +0  u32 tag    +4 u32 bytes moved    +8 u32 status
 *            +12 u32 flags: bit 0 is the phase, 1 in the first round of the ring, 0 in the second
 *                and so on: an entry is new when its phase is that of the round. Written last.
 *
 * The device looks at the flags of the next request, takes it when OWN is set, reads the rest and
 * the segment table, clears OWN (both may be used again from then on), and looks at the next one;
 * four it holds at most. Then it gets them done one by one. The driver says how many entries of the
 * completion ring it has read, for the device overwrites none that is not.
 *
 * Left out: flushes, several queues, errors of the medium.
 */
#include "hw/device.h"

#include <string.h>

#define SECTOR       512u
#define DISK_SIZE    8192u
#define IN_FLIGHT    4
#define SEGMENTS_MAX 16
#define ENTRIES_MAX  1024u

#define REG_ID           0x00
#define REG_SECTORS      0x04
#define REG_CONTROL      0x08
#define REG_STATUS       0x0c
#define REG_IRQ          0x10
#define REG_ACK          0x14
#define REG_RESET        0x18
#define REG_SUBMIT       0x20
#define REG_SUBMIT_SIZE  0x28
#define REG_COMPLETE     0x30
#define REG_COMPLETE_SIZE 0x38
#define REG_DOORBELL     0x40
#define REG_CONSUMED     0x44

#define BLK_ID            0x010000b1u
#define CONTROL_ENABLE    0x1u
#define CONTROL_SHORTEST  0x2u
#define CONTROL_IRQ       0x4u
#define STATUS_WORKING    0x1u
#define STATUS_FULL       0x2u
#define STATUS_IGNORED    0x4u
#define STATUS_HALTED     0x8u
#define IRQ_DONE          0x1u

#define OWN              0x80000000u
#define REQUEST_SIZE     32
#define FIELDS_AT        8
#define SEGMENT_SIZE     16
#define ENTRY_SIZE       16
#define ENTRY_LENGTH_AT  4
#define ENTRY_FLAGS_AT   12

enum operation { OP_READ = 1, OP_WRITE = 2 };

/* What a completion says. */
enum outcome { DONE, BAD_OPERATION, BAD_RANGE, BAD_SEGMENTS, BUS_ERROR };

/* What the device is at. */
enum stage {
	STAGE_REST,
	STAGE_LOOK,       /* reads the flags of the next request */
	STAGE_FIELDS,     /* reads the rest of it */
	STAGE_TABLE,      /* reads its segment table */
	STAGE_RELEASE,    /* clears OWN */
	STAGE_DATA,
	STAGE_REPORT,     /* writes an entry of the completion ring */
	STAGE_REWRITE,    /* a faulty device changes the entry it wrote */
};

/* As they lie in memory. */
struct descriptor {
	uint32_t flags;
	uint16_t operation, tag;
	uint64_t table;
	uint32_t segments, sector;
	uint64_t own;
};

struct segment {
	uint64_t dma;
	uint32_t size, unused;
};

struct entry {
	uint32_t tag, length, status, flags;
};

struct request {
	struct descriptor d;
	struct segment segment[SEGMENTS_MAX];
	uint64_t total;           /* bytes of all segments */
	uint64_t asked;           /* the CPU's store to the doorbell */
	uint32_t outcome;         /* enum outcome */
};

/* A ring in memory; `count` entries have been used since it was set up. */
struct ring {
	dma_addr_t base;
	uint32_t entries;
	uint64_t count;
};

struct blk {
	uint32_t control, stage;
	bool ignored;             /* a doorbell was, for the rings were not set up */
	bool halted;              /* no memory answered where a ring should be: until reset */
	bool rung;                /* there may be a request not looked at yet */
	uint64_t asked;           /* the CPU's store to the doorbell */
	struct ring submit, complete;
	uint64_t consumed;        /* entries of the completion ring the driver has read */

	/* what was taken and is not reported, oldest first; a row is being fetched at the end */
	struct request request[IN_FLIGHT + 1];
	uint32_t requests;
	uint32_t current;         /* the one served or reported */
	uint32_t part;            /* the segment of it whose bytes are moving */
	uint64_t moved;           /* bytes of it */

	/* descriptors and data; data that is late goes on while the device does other things */
	struct engine words, data;
	uint64_t words_due, data_due;
	struct entry entry;
	uint32_t clear;           /* the flags of a request that is the driver's again */
	uint8_t disk[DISK_SIZE];
};

static void blk_reset(struct device_io *io)
{
	struct blk *b = io->state;

	memset(b, 0, sizeof *b);
	b->words_due = b->data_due = UINT64_MAX;
}

/* As when it was switched on, but a disk keeps what is on it. */
static void forget(struct blk *b, struct device_io *io)
{
	engine_stop(&b->words, io);
	engine_stop(&b->data, io);
	device_lower_irq(io, UINT32_MAX);
	memset(b, 0, offsetof(struct blk, disk));
	b->words_due = b->data_due = UINT64_MAX;
}

static void plan(struct blk *b, struct device_io *io)
{
	io->dev->due = min_u64(b->words_due, b->data_due);
}

/* What it writes to an entry it has given back is nobody's work. */
static bool blk_busy(const void *state)
{
	const struct blk *b = state;

	return b->stage != STAGE_REST && b->stage != STAGE_REWRITE;
}

static uint8_t *blk_buffer(void *state, size_t *n)
{
	*n = DISK_SIZE;
	return ((struct blk *)state)->disk;
}

/* An image is put on the disk, from its beginning. */
static bool blk_receive(struct device_io *io, const void *bytes, size_t n)
{
	struct blk *b = io->state;

	if (n > DISK_SIZE)
		return false;
	memcpy(b->disk, bytes, n);
	device_tell_buffer(io, b->disk, 0, n);
	return true;
}

/* The request that is being fetched: the row behind those that were. */
static struct request *fetched(struct blk *b)
{
	return &b->request[b->requests];
}

static dma_addr_t request_at(const struct blk *b)
{
	return b->submit.base + b->submit.count % b->submit.entries * REQUEST_SIZE;
}

static dma_addr_t entry_at(const struct blk *b)
{
	return b->complete.base + b->complete.count % b->complete.entries * ENTRY_SIZE;
}

static bool is_full(const struct blk *b)
{
	return b->complete.count - b->consumed == b->complete.entries;
}

/* Begin to move words of a descriptor. They tell what happened, so they never break down. */
static void begin(struct blk *b, struct device_io *io, enum stage stage, struct transfer t)
{
	t.sound = true;
	engine_begin(&b->words, io, &t);
	b->words_due = io->dev->due;
	b->stage = stage;
}

/* Where those words are in the device. */
static uint8_t *words(struct blk *b)
{
	switch (b->stage) {
	case STAGE_TABLE:   return (uint8_t *)fetched(b)->segment;
	case STAGE_RELEASE: return (uint8_t *)&b->clear;
	case STAGE_REPORT:
	case STAGE_REWRITE: return (uint8_t *)&b->entry;
	default:            return (uint8_t *)&fetched(b)->d;
	}
}

static void tell_handed(struct device_io *io, enum event_kind kind, dma_addr_t dma,
			uint32_t flag_at, uint32_t size, uint64_t cause)
{
	bus_tell(io->port->bus, &(struct event){ .kind = (uint16_t)kind, .addr = dma,
		.addr2 = dma + flag_at, .size = size, .unit = io->dev->unit, .cause = cause });
}

/*
 * The flags alone at first: the other words may be on their way from the CPU while OWN is not set.
 */
static void look(struct blk *b, struct device_io *io)
{
	b->rung = false;
	*fetched(b) = (struct request){ .asked = b->asked };
	begin(b, io, STAGE_LOOK, (struct transfer){ .dir = DMA_TO_DEVICE, .dma = request_at(b),
		.size = FIELDS_AT, .asked = b->asked });
}

static void move_part(struct blk *b, struct device_io *io)
{
	const struct request *r = &b->request[b->current];
	const struct segment *s = &r->segment[b->part];

	engine_begin(&b->data, io, &(struct transfer){
		.dir = r->d.operation == OP_READ ? DMA_FROM_DEVICE : DMA_TO_DEVICE,
		.dma = s->dma, .offset = r->d.sector * SECTOR + b->moved,
		.size = s->size, .asked = r->asked, .sound = b->part + 1 < r->d.segments });
	b->data_due = io->dev->due;
	b->stage = STAGE_DATA;
}

static void report(struct blk *b, struct device_io *io)
{
	const struct request *r = &b->request[b->current];
	bool odd_round = b->complete.count / b->complete.entries & 1;

	b->entry = (struct entry){ .tag = r->d.tag, .length = (uint32_t)b->moved,
		.status = r->outcome, .flags = !odd_round };
	if (device_is_faulty(io, DEVICE_LENGTH))
		b->entry.length += SECTOR;
	begin(b, io, STAGE_REPORT, (struct transfer){ .dir = DMA_FROM_DEVICE, .dma = entry_at(b),
		.size = ENTRY_SIZE, .asked = r->asked });
}

/* Which request is next: as they came, or as nature likes, or the shortest. */
static uint32_t pick(const struct blk *b, struct device_io *io)
{
	uint32_t best = 0;

	if (b->requests < 2)
		return 0;
	if (!(b->control & CONTROL_SHORTEST))
		return bus_ask(io->port->bus, CHOICE_COMPLETE,
			       DEVICE_BASE + io->dev->unit * DEVICE_WINDOW, b->requests, 4);
	for (uint32_t i = 1; i < b->requests; i++)
		if (b->request[i].total < b->request[best].total)
			best = i;
	return best;
}

static void serve(struct blk *b, struct device_io *io)
{
	b->current = pick(b, io);
	b->part = 0;
	b->moved = 0;
	if (b->request[b->current].outcome == DONE)
		move_part(b, io);
	else
		report(b, io);
}

/* Nothing is under way: what comes next? Fetching goes first, so that there is a choice. */
static void next(struct blk *b, struct device_io *io)
{
	b->stage = STAGE_REST;
	if (b->halted)
		return;
	if (b->rung && b->control & CONTROL_ENABLE && b->requests < IN_FLIGHT)
		look(b, io);
	else if (b->requests && b->data_due == UINT64_MAX && !is_full(b))
		serve(b, io);
}

static void release(struct blk *b, struct device_io *io)
{
	b->clear = 0;
	begin(b, io, STAGE_RELEASE, (struct transfer){ .dir = DMA_FROM_DEVICE, .dma = request_at(b),
		.size = sizeof b->clear, .asked = fetched(b)->asked });
}

static void looked(struct blk *b, struct device_io *io)
{
	dma_addr_t dma = request_at(b);

	if (!(fetched(b)->d.flags & OWN)) {
		next(b, io);
		return;
	}
	b->rung = true;     /* there may be more behind it */
	tell_handed(io, EV_DEV_TAKE, dma, 0, REQUEST_SIZE, b->words.cause);
	begin(b, io, STAGE_FIELDS, (struct transfer){ .dir = DMA_TO_DEVICE, .dma = dma + FIELDS_AT,
		.offset = FIELDS_AT, .size = REQUEST_SIZE - FIELDS_AT,
		.asked = fetched(b)->asked });
}

static void fetched_fields(struct blk *b, struct device_io *io)
{
	struct request *r = fetched(b);

	if (r->d.operation != OP_READ && r->d.operation != OP_WRITE)
		r->outcome = BAD_OPERATION;
	else if (!r->d.segments || r->d.segments > SEGMENTS_MAX)
		r->outcome = BAD_SEGMENTS;
	if (r->outcome != DONE)
		release(b, io);
	else
		begin(b, io, STAGE_TABLE, (struct transfer){ .dir = DMA_TO_DEVICE,
			.dma = r->d.table, .size = r->d.segments * SEGMENT_SIZE,
			.asked = r->asked });
}

static void fetched_table(struct blk *b, struct device_io *io)
{
	struct request *r = fetched(b);

	for (uint32_t i = 0; i < r->d.segments; i++)
		r->total += r->segment[i].size;
	if (b->words.lost)
		r->outcome = BUS_ERROR;
	else if (!r->total || r->total % SECTOR ||
	    !inside((uint64_t)r->d.sector * SECTOR, r->total, 0, DISK_SIZE))
		r->outcome = BAD_RANGE;
	release(b, io);
}

static void released(struct blk *b, struct device_io *io)
{
	tell_handed(io, EV_DEV_GIVE, request_at(b), 0, REQUEST_SIZE, b->words.cause);
	b->submit.count++;
	b->requests++;
	next(b, io);
}

static void moved_part(struct blk *b, struct device_io *io)
{
	struct request *r = &b->request[b->current];

	if (b->data.lost)
		r->outcome = BUS_ERROR;
	else
		b->moved += b->data.size;
	if (r->outcome == DONE && ++b->part < r->d.segments)
		move_part(b, io);
	else
		report(b, io);
}

static void rewrite(struct blk *b, struct device_io *io, dma_addr_t dma)
{
	b->entry.length += SECTOR;
	begin(b, io, STAGE_REWRITE, (struct transfer){ .dir = DMA_FROM_DEVICE,
		.dma = dma + ENTRY_LENGTH_AT, .offset = ENTRY_LENGTH_AT,
		.size = sizeof b->entry.length });
	b->words_due += FAULT_PAUSE;
}

static void reported(struct blk *b, struct device_io *io)
{
	dma_addr_t dma = entry_at(b);
	struct request *r = &b->request[b->current];

	tell_handed(io, EV_DEV_GIVE, dma, ENTRY_FLAGS_AT, ENTRY_SIZE, b->words.cause);
	b->complete.count++;
	b->requests--;
	memmove(r, r + 1, (b->requests - b->current) * sizeof *r);
	if (b->control & CONTROL_IRQ)
		device_raise_irq(io, IRQ_DONE);
	if (device_is_faulty(io, DEVICE_CHANGE))
		rewrite(b, io, dma);
	else
		next(b, io);
}

static void words_step(struct blk *b, struct device_io *io)
{
	bool done = engine_beat(&b->words, io, words(b));

	b->words_due = io->dev->due;
	if (!done)
		return;
	b->halted = b->words.lost && b->stage != STAGE_TABLE;
	if (b->halted) {
		b->stage = STAGE_REST;
		return;
	}
	switch (b->stage) {
	case STAGE_LOOK:    looked(b, io); break;
	case STAGE_FIELDS:  fetched_fields(b, io); break;
	case STAGE_TABLE:   fetched_table(b, io); break;
	case STAGE_RELEASE: released(b, io); break;
	case STAGE_REPORT:  reported(b, io); break;
	default:            next(b, io); break;
	}
}

/* Beats of a transfer that was late follow when its request is reported, or longer. */
static void data_step(struct blk *b, struct device_io *io)
{
	bool done = engine_beat(&b->data, io, b->disk);

	b->data_due = io->dev->due;
	if (done)
		moved_part(b, io);
	else if (b->stage == STAGE_REST)
		next(b, io);
}

static void blk_step(struct device_io *io)
{
	struct blk *b = io->state;

	if (b->words_due <= b->data_due)
		words_step(b, io);
	else
		data_step(b, io);
	plan(b, io);
}

static uint32_t status(const struct blk *b)
{
	return (blk_busy(b) ? STATUS_WORKING : 0) | (b->ignored ? STATUS_IGNORED : 0) |
	       (b->halted ? STATUS_HALTED : 0) |
	       (b->complete.entries && is_full(b) ? STATUS_FULL : 0);
}

static bool is_address(uint64_t offset)
{
	return offset == REG_SUBMIT || offset == REG_COMPLETE;
}

static uint64_t blk_read(struct device_io *io, uint64_t offset, size_t size)
{
	const struct blk *b = io->state;

	if (size != 4 && !(size == 8 && is_address(offset)))
		return UINT64_MAX;
	switch (offset) {
	case REG_ID:            return BLK_ID;
	case REG_SECTORS:       return DISK_SIZE / SECTOR;
	case REG_CONTROL:       return b->control;
	case REG_STATUS:        return status(b);
	case REG_IRQ:           return io->dev->irq_bits;
	case REG_SUBMIT:        return b->submit.base;
	case REG_SUBMIT_SIZE:   return b->submit.entries;
	case REG_COMPLETE:      return b->complete.base;
	case REG_COMPLETE_SIZE: return b->complete.entries;
	default:                return UINT64_MAX;
	}
}

static void doorbell(struct blk *b, struct device_io *io)
{
	b->ignored = !(b->control & CONTROL_ENABLE) || !b->submit.entries || !b->complete.entries;
	if (b->ignored)
		return;
	b->rung = true;
	b->asked = io->port->bus->trace->cause;
	if (b->stage == STAGE_REST)
		next(b, io);
}

static void consume(struct blk *b, struct device_io *io, uint64_t n)
{
	b->consumed += min_u64(n, b->complete.count - b->consumed);
	if (b->stage == STAGE_REST && b->complete.entries)
		next(b, io);
}

static void control(struct blk *b, struct device_io *io, uint32_t value)
{
	if ((value ^ b->control) & CONTROL_ENABLE)
		device_tell_ring(io, b->submit.base, b->submit.entries * REQUEST_SIZE,
				 value & CONTROL_ENABLE);
	b->control = value;
}

/* It begins anew: at its first entry, in its first round. */
static void set_up(struct ring *r, dma_addr_t base, uint64_t entries)
{
	*r = (struct ring){ .base = round_down(base, BUS_WIDTH),
		.entries = (uint32_t)min_u64(entries, ENTRIES_MAX) };
}

/* Where the rings are can be said while nothing is taken and nothing will be. */
static void set_rings(struct blk *b, uint64_t offset, uint64_t value)
{
	if (b->control & CONTROL_ENABLE || b->requests || b->stage != STAGE_REST)
		return;
	switch (offset) {
	case REG_SUBMIT:        set_up(&b->submit, value, b->submit.entries); break;
	case REG_SUBMIT_SIZE:   set_up(&b->submit, b->submit.base, value); break;
	case REG_COMPLETE:      set_up(&b->complete, value, b->complete.entries); break;
	case REG_COMPLETE_SIZE: set_up(&b->complete, b->complete.base, value); break;
	}
	b->consumed = min_u64(b->consumed, b->complete.count);
}

static void blk_write(struct device_io *io, uint64_t offset, uint64_t value, size_t size)
{
	struct blk *b = io->state;

	if (size != 4 && !(size == 8 && is_address(offset)))
		return;
	switch (offset) {
	case REG_CONTROL:  control(b, io, (uint32_t)value); break;
	case REG_ACK:      device_lower_irq(io, (uint32_t)value); break;
	case REG_RESET:    control(b, io, 0), forget(b, io); break;
	case REG_DOORBELL: doorbell(b, io); break;
	case REG_CONSUMED: consume(b, io, value); break;
	default:           set_rings(b, offset, value); break;
	}
	plan(b, io);
}

const struct device_ops dev_blk = {
	.name = "blk",
	.sentence = "a disk of 16 sectors of 512 bytes: requests with scatterlists, several at a "
		    "time, done in an order of its own",
	.registers =
		"0x00  id: reads 0x010000b1   0x04  sectors of 512 bytes: reads 16\n"
		"0x08  control: 1 enabled, 2 shortest request first, 4 interrupt when one is done\n"
		"0x0c  status: 1 working, 2 completion ring full, 4 the last doorbell was ignored "
		"(not enabled, or a ring without entries), 8 halted (no memory where a ring should "
		"be; reset)\n"
		"0x10  interrupt status: 1 an entry was written   0x14  acknowledge these bits\n"
		"0x18  reset: whatever is written stops it and forgets everything but the disk\n"
		"0x20  submission ring: bus address, a multiple of 8   0x28  its entries\n"
		"0x30  completion ring: bus address, a multiple of 8   0x38  its entries\n"
		"0x40  doorbell: look at the submission ring\n"
		"0x44  say how many entries of the completion ring were read; "
		"the device overwrites no others\n"
		"Addresses take 4 or 8 byte accesses, the others 4. A ring has at most 1024\n"
		"entries; it is set up while the disk is not enabled.\n"
		"A request is 32 bytes:\n"
		"+0    u32 flags: 0x80000000 OWN, it is the disk's: set it last; the disk\n"
		"      clears it when it has read the request and the table\n"
		"+4    u16 operation: 1 read the disk, 2 write it   +6  u16 tag: comes back\n"
		"+8    u64 bus address of the segment table\n"
		"+16   u32 segments, 1 to 16   +20  u32 first sector   +24  not looked at\n"
		"A segment is 16 bytes; all of a request are whole sectors together:\n"
		"+0    u64 bus address   +8  u32 bytes   +12  not looked at\n"
		"An entry of the completion ring is 16 bytes:\n"
		"+0    u32 tag   +4  u32 bytes moved\n"
		"+8    u32 status: 0 done, 1 wrong operation, 2 no such sectors,\n"
		"      3 wrong number of segments, 4 no memory answered\n"
		"+12   u32 flags, written last: bit 0 is the phase, 1 in the first round of the\n"
		"      ring, then 0, then 1: the entry is new when it is that of the round\n"
		"The disk holds 4 requests at most and may be done with any of them first.\n"
		"devices.blk:receive(string) puts bytes on it, :buffer() is what is on it.",
	.state_size = sizeof(struct blk),
	.reset = blk_reset, .read = blk_read, .write = blk_write, .step = blk_step,
	.buffer = blk_buffer, .busy = blk_busy, .receive = blk_receive,
	.busy_offset = REG_STATUS, .busy_bits = STATUS_WORKING,
};

_Static_assert(sizeof(struct blk) <= DEVICE_STATE_MAX, "a device's state fits its leaf");
_Static_assert(sizeof(struct descriptor) == REQUEST_SIZE &&
	       sizeof(struct segment) == SEGMENT_SIZE && sizeof(struct entry) == ENTRY_SIZE,
	       "they are read and written as they lie in memory");
