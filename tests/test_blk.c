#include "hw_rig.h"

/* blk's registers, behind a window of the ioremap area. */
#define BAR       IOREMAP_BASE
#define ID        0x00
#define SECTORS   0x04
#define CONTROL   0x08
#define STATUS    0x0c
#define IRQ       0x10
#define ACK       0x14
#define RESET     0x18
#define SUBMIT    0x20
#define COMPLETE  0x30
#define SIZE      0x08     /* of a ring, behind its address */
#define DOORBELL  0x40
#define CONSUMED  0x44

#define ENABLE    1u
#define SHORTEST  2u
#define WITH_IRQ  4u
#define WORKING   1u
#define FULL      2u
#define IGNORED   4u
#define HALTED    8u

#define OWN       0x80000000u
#define READ      1u
#define WRITE     2u
#define SECTOR    512u
#define DISK      8192u

/* Where the tests keep their rings, tables and data: physical addresses on the tiny board. */
#define OFFSET    (2 * GIB)
#define REQUESTS  0x8000u
#define RESULTS   0x9000u
#define TABLES    0xa000u
#define DATA      0x10000u
#define ENTRIES   8u

static uint64_t reg(struct rig *r, uint64_t at)
{
	return rig_load(r, BAR + at, 4);
}

static void set_reg(struct rig *r, uint64_t at, uint64_t value)
{
	rig_store(r, BAR + at, at == SUBMIT || at == COMPLETE ? 8 : 4, value);
	cpu_barrier(&r->hw, BARRIER_MB);
}

static void set_rings(struct rig *r, uint32_t control)
{
	set_reg(r, SUBMIT, OFFSET + REQUESTS);
	set_reg(r, SUBMIT + SIZE, ENTRIES);
	set_reg(r, COMPLETE, OFFSET + RESULTS);
	set_reg(r, COMPLETE + SIZE, ENTRIES);
	set_reg(r, CONTROL, ENABLE | control);
}

/* A disk that is set up. What the CPU would keep in caches is put into RAM directly. */
static struct rig *disk_on(struct board b, uint32_t control)
{
	struct rig *r = rig_on(b);

	mmu_map(&r->hw.mmu, BAR, hw_device_bar(rig_unit("blk")), ATTR_DEVICE);
	set_rings(r, control);
	rig_mark(r);
	return r;
}

static uint8_t *disk(struct rig *r)
{
	struct device_io io = hw_device(&r->hw, rig_unit("blk"));
	size_t n;

	return io.dev->ops->buffer(io.state, &n);
}

static bool busy(struct rig *r)
{
	uint32_t unit = rig_unit("blk");

	return r->hw.device[unit].ops->busy(hw_device_state(&r->hw, unit));
}

static void finish(struct rig *r)
{
	for (int i = 0; busy(r); i++) {
		assert_true(i < 100000);
		hw_pass(&r->hw, 10);
	}
}

struct piece {
	uint64_t dma;
	uint32_t size;
};

struct order {
	uint32_t operation, tag, sector, segments;
	struct piece piece[16];
};

/* Put a request into this slot of the ring; its table lies in the slot of the same number. */
static void put(struct rig *r, uint32_t slot, const struct order *o)
{
	paddr_t at = REQUESTS + slot * 32, table = TABLES + slot * 256;

	for (uint32_t i = 0; i < o->segments && i < 16; i++) {
		rig_set_ram(r, table + 16 * i, 8, o->piece[i].dma);
		rig_set_ram(r, table + 16 * i + 8, 4, o->piece[i].size);
	}
	rig_set_ram(r, at + 4, 2, o->operation);
	rig_set_ram(r, at + 6, 2, o->tag);
	rig_set_ram(r, at + 8, 8, OFFSET + table);
	rig_set_ram(r, at + 16, 4, o->segments);
	rig_set_ram(r, at + 20, 4, o->sector);
	rig_set_ram(r, at, 4, OWN);
}

/* One request of one segment. */
static struct order single(uint32_t operation, uint32_t tag, uint32_t sector, uint32_t n)
{
	return (struct order){ .operation = operation, .tag = tag, .sector = sector, .segments = 1,
		.piece = { { OFFSET + DATA, n } } };
}

static void submit(struct rig *r, uint32_t slot, struct order o)
{
	put(r, slot, &o);
	set_reg(r, DOORBELL, 1);
}

static uint64_t result(struct rig *r, uint32_t slot, uint32_t at)
{
	return rig_ram(r, RESULTS + slot * 16 + at, 4);
}

static void result_is(struct rig *r, uint32_t slot, uint32_t tag, uint32_t n, uint32_t status,
		      uint32_t phase)
{
	assert_int_equal(result(r, slot, 12), phase);
	assert_int_equal(result(r, slot, 0), tag);
	assert_int_equal(result(r, slot, 4), n);
	assert_int_equal(result(r, slot, 8), status);
}

static void the_registers_read_as_documented(void **state)
{
	struct rig *r = disk_on(tiny_board(), WITH_IRQ);

	(void)state;
	assert_int_equal(reg(r, ID), 0x010000b1);
	assert_int_equal(reg(r, SECTORS), 16);
	assert_int_equal(reg(r, CONTROL), ENABLE | WITH_IRQ);
	assert_int_equal(reg(r, STATUS), 0);
	assert_int_equal(rig_load(r, BAR + SUBMIT, 8), OFFSET + REQUESTS);
	assert_int_equal(reg(r, SUBMIT + SIZE), ENTRIES);
	assert_int_equal(rig_load(r, BAR + COMPLETE, 8), OFFSET + RESULTS);
	assert_int_equal(reg(r, COMPLETE + SIZE), ENTRIES);
	assert_int_equal(reg(r, 0x48), UINT32_MAX);
	assert_int_equal(rig_load(r, BAR + ID, 8), UINT64_MAX);
	assert_int_equal(rig_load(r, BAR + CONTROL, 2), UINT16_MAX);
	rig_off(r);
}

static void rings_stay_as_they_are_while_the_disk_may_use_them(void **state)
{
	struct rig *r = disk_on(tiny_board(), 0);

	(void)state;
	set_reg(r, SUBMIT, 0x1000);
	set_reg(r, COMPLETE + SIZE, 3);
	assert_int_equal(rig_load(r, BAR + SUBMIT, 8), OFFSET + REQUESTS);
	assert_int_equal(reg(r, COMPLETE + SIZE), ENTRIES);
	set_reg(r, CONTROL, 0);
	set_reg(r, SUBMIT, 0x1007);
	set_reg(r, COMPLETE + SIZE, UINT32_MAX);
	assert_int_equal(rig_load(r, BAR + SUBMIT, 8), 0x1000);
	assert_int_equal(reg(r, COMPLETE + SIZE), 1024);
	set_rings(r, 0);
	set_reg(r, DOORBELL, 1);
	set_reg(r, CONTROL, 0);
	set_reg(r, SUBMIT, 0x1000);
	assert_int_equal(rig_load(r, BAR + SUBMIT, 8), OFFSET + REQUESTS);
	finish(r);
	set_reg(r, SUBMIT, 0x1000);
	assert_int_equal(rig_load(r, BAR + SUBMIT, 8), 0x1000);
	rig_off(r);
}

static void a_request_moves_its_sectors_and_says_so(void **state)
{
	(void)state;
	for (uint32_t operation = READ; operation <= WRITE; operation++) {
		struct rig *r = disk_on(tiny_board(), 0);

		memset(disk(r) + 3 * SECTOR, 0xd1, 2 * SECTOR);
		for (uint64_t at = 0; at < 2 * SECTOR; at += 8)
			rig_set_ram(r, DATA + at, 8, 0x3e3e3e3e3e3e3e3e);
		submit(r, 0, single(operation, 77, 3, 2 * SECTOR));
		finish(r);
		result_is(r, 0, 77, 2 * SECTOR, 0, 1);
		for (uint64_t at = 0; at < 2 * SECTOR; at++) {
			uint8_t want = operation == READ ? 0xd1 : 0x3e;

			assert_int_equal(rig_ram(r, DATA + at, 1), want);
			assert_int_equal(disk(r)[3 * SECTOR + at], want);
		}
		assert_int_equal(disk(r)[3 * SECTOR - 1] | disk(r)[5 * SECTOR], 0);
		assert_int_equal(rig_ram(r, DATA + 2 * SECTOR, 8), 0);
		rig_off(r);
	}
}

static void pieces_of_any_size_follow_one_another_on_the_disk(void **state)
{
	static const uint32_t size[] = { 1, 7, 0, 100, 404, 505, 7 };
	struct rig *r = disk_on(tiny_board(), 0);
	struct order o = { .operation = READ, .tag = 1, .sector = 14, .segments = 7 };
	uint32_t at = 14 * SECTOR;

	(void)state;
	for (uint32_t i = 0; i < DISK; i++)
		disk(r)[i] = (uint8_t)(i * 7 + i / 256);
	for (uint32_t i = 0; i < 7; i++)
		o.piece[i] = (struct piece){ OFFSET + DATA + 0x400 * i + i, size[i] };
	submit(r, 0, o);
	finish(r);
	result_is(r, 0, 1, 2 * SECTOR, 0, 1);
	for (uint32_t i = 0; i < 7; at += size[i++]) {
		for (uint32_t k = 0; k < size[i]; k++)
			assert_int_equal(rig_ram(r, DATA + 0x401 * i + k, 1), disk(r)[at + k]);
		assert_int_equal(rig_ram(r, DATA + 0x401 * i + size[i], 1), 0);
	}
	rig_off(r);
}

static void what_is_wrong_with_a_request_is_its_status_and_nothing_moves(void **state)
{
	struct order none = single(READ, 4, 0, SECTOR), many = none;
	struct { struct order o; uint32_t status; } rows[] = {
		{ single(0, 4, 0, SECTOR), 1 }, { single(3, 4, 0, SECTOR), 1 },
		{ single(READ, 4, 0, 0), 2 }, { single(READ, 4, 0, 511), 2 },
		{ single(READ, 4, 16, SECTOR), 2 }, { single(WRITE, 4, 15, 2 * SECTOR), 2 },
		{ single(READ, 4, UINT32_MAX, SECTOR), 2 }, { single(READ, 4, 0, UINT32_MAX - 511), 2 },
		{ none, 3 }, { many, 3 } };

	(void)state;
	rows[8].o.segments = 0;
	rows[9].o.segments = 17;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = disk_on(tiny_board(), 0);

		memset(disk(r), 0xd1, DISK);
		submit(r, 0, rows[i].o);
		submit(r, 1, single(READ, 5, 0, SECTOR));
		finish(r);
		result_is(r, 0, 4, 0, rows[i].status, 1);
		result_is(r, 1, 5, SECTOR, 0, 1);
		assert_int_equal(rig_ram(r, DATA + SECTOR, 8), 0);
		rig_off(r);
	}
}

static void where_no_memory_answers_is_said_too(void **state)
{
	struct order lost = single(READ, 1, 0, SECTOR / 2), no_table = single(READ, 2, 0, SECTOR);
	struct rig *r = disk_on(tiny_board(), 0);

	(void)state;
	lost.segments = 3;
	lost.piece[1] = (struct piece){ 0x8000, SECTOR / 4 };
	lost.piece[2] = (struct piece){ OFFSET + DATA + SECTOR, SECTOR / 4 };
	submit(r, 0, lost);
	put(r, 1, &no_table);
	rig_set_ram(r, REQUESTS + 32 + 8, 8, 0);
	set_reg(r, DOORBELL, 1);
	finish(r);
	result_is(r, 0, 1, SECTOR / 2, 4, 1);
	result_is(r, 1, 2, 0, 4, 1);
	assert_int_equal(reg(r, STATUS), 0);
	rig_off(r);
}

static void a_ring_where_no_memory_is_halts_the_disk_until_it_is_reset(void **state)
{
	(void)state;
	for (uint64_t which = SUBMIT; which <= COMPLETE; which += COMPLETE - SUBMIT) {
		struct rig *r = disk_on(tiny_board(), 0);

		memset(disk(r), 0xd1, SECTOR);
		set_reg(r, CONTROL, 0);
		set_reg(r, which, 0x8000);
		set_reg(r, CONTROL, ENABLE);
		submit(r, 0, single(READ, 1, 0, SECTOR));
		finish(r);
		assert_int_equal(reg(r, STATUS), HALTED);
		rig_mark(r);
		set_reg(r, DOORBELL, 1);
		set_reg(r, CONSUMED, 1);
		hw_pass(&r->hw, 10000);
		assert_int_equal(rig_count(r, EV_DEV_START), 0);
		set_reg(r, RESET, 1);
		assert_int_equal(reg(r, STATUS), 0);
		set_rings(r, 0);
		submit(r, 0, single(READ, 2, 0, SECTOR));
		finish(r);
		result_is(r, 0, 2, SECTOR, 0, 1);
		rig_off(r);
	}
}

static void a_doorbell_without_rings_is_ignored_and_that_is_said(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 3; i++) {
		struct rig *r = disk_on(tiny_board(), 0);

		set_reg(r, CONTROL, 0);
		if (i)
			set_reg(r, (i == 1 ? SUBMIT : COMPLETE) + SIZE, 0);
		set_reg(r, CONTROL, i ? ENABLE : 0);
		submit(r, 0, single(READ, 1, 0, SECTOR));
		assert_int_equal(reg(r, STATUS), IGNORED);
		assert_int_equal(rig_count(r, EV_DEV_START), 0);
		rig_off(r);
	}
}

/* The flags alone are read first, then the rest: the words may come late, never the reverse. */
static void a_request_is_taken_when_own_is_seen_and_given_back_when_it_is_read(void **state)
{
	struct rig *r = disk_on(tiny_board(), 0);
	const struct event *take, *give, *rest;

	(void)state;
	submit(r, 0, single(READ, 1, 0, SECTOR));
	finish(r);
	take = rig_event(r, EV_DEV_TAKE, 0), give = rig_event(r, EV_DEV_GIVE, 0);
	rest = rig_event(r, EV_DEV_START, 1);
	assert_int_equal(take->addr, OFFSET + REQUESTS);
	assert_int_equal(take->addr2, OFFSET + REQUESTS);
	assert_int_equal(take->size, 32);
	assert_int_equal(rig_event(r, EV_DEV_START, 0)->addr, OFFSET + REQUESTS);
	assert_int_equal(rig_event(r, EV_DEV_START, 0)->size, 8);
	assert_true(take->seq < rest->seq);
	assert_int_equal(rest->addr, OFFSET + REQUESTS + 8);
	assert_int_equal(rest->size, 24);
	assert_int_equal(rig_event(r, EV_DEV_START, 2)->addr, OFFSET + TABLES);
	assert_int_equal(give->addr, OFFSET + REQUESTS);
	assert_true(give->seq > rig_event(r, EV_DEV_DONE, 2)->seq);
	assert_int_equal(rig_ram(r, REQUESTS, 4), 0);
	assert_int_equal(rig_count(r, EV_DEV_TAKE), 1);
	rig_off(r);
}

static void an_entry_is_given_right_after_its_phase_was_written(void **state)
{
	struct rig *r = disk_on(tiny_board(), 0);
	const struct event *give, *last = NULL;

	(void)state;
	submit(r, 0, single(READ, 1, 0, SECTOR));
	finish(r);
	give = rig_event(r, EV_DEV_GIVE, 1);
	assert_int_equal(give->addr, OFFSET + RESULTS);
	assert_int_equal(give->addr2, OFFSET + RESULTS + 12);
	assert_int_equal(give->size, 16);
	for (uint64_t i = 0; i < rig_count(r, EV_DEV_WRITE); i++)
		last = rig_event(r, EV_DEV_WRITE, i);
	assert_int_equal(last->addr2, RESULTS + 8);
	assert_true(last->seq < give->seq && give->seq - last->seq <= 2);
	rig_off(r);
}

static void every_transfer_has_the_store_to_the_doorbell_as_its_cause(void **state)
{
	struct rig *r = disk_on(tiny_board(), 0);
	uint64_t doorbell[2];

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		doorbell[i] = r->trace.next;
		submit(r, i, single(READ, 1, 0, SECTOR));
		finish(r);
	}
	for (uint64_t i = 0; i < rig_count(r, EV_DEV_START); i++) {
		const struct event *e = rig_event(r, EV_DEV_START, i);

		assert_int_equal(e->cause, doorbell[e->seq > doorbell[1]]);
		assert_int_equal(trace_at(&r->trace, e->cause)->kind, EV_CPU_STORE);
	}
	rig_off(r);
}

static void four_requests_are_held_and_the_fifth_waits(void **state)
{
	struct rig *r = disk_on(tiny_board(), 0);

	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		struct order o = single(WRITE, i, i, SECTOR);

		put(r, i, &o);
	}
	set_reg(r, DOORBELL, 1);
	while (!rig_count(r, EV_DEV_GIVE) || rig_event(r, EV_DEV_GIVE, rig_count(r, EV_DEV_GIVE) - 1)->size != 16)
		hw_pass(&r->hw, 10);
	assert_int_equal(rig_count(r, EV_DEV_TAKE), 4);
	finish(r);
	for (uint32_t i = 0; i < 6; i++)
		result_is(r, i, i, SECTOR, 0, 1);
	rig_off(r);
}

static void the_phase_flips_with_each_round_of_the_ring(void **state)
{
	struct rig *r = disk_on(tiny_board(), 0);

	(void)state;
	for (uint32_t i = 0; i < 3 * ENTRIES; i++) {
		submit(r, i % ENTRIES, single(READ, i, 0, SECTOR));
		finish(r);
		result_is(r, i % ENTRIES, i, SECTOR, 0, !(i / ENTRIES & 1));
		set_reg(r, CONSUMED, 1);
	}
	rig_off(r);
}

static void a_ring_that_is_set_anew_begins_at_its_first_entry_and_round(void **state)
{
	struct rig *r = disk_on(tiny_board(), 0);

	(void)state;
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 3; i++) {
			submit(r, i, single(READ, 10 * round + i, 0, SECTOR));
			finish(r);
			result_is(r, i, 10 * round + i, SECTOR, 0, 1);
		}
		set_reg(r, CONTROL, 0);
		set_rings(r, 0);
		assert_int_equal(reg(r, STATUS), 0);
	}
	rig_off(r);
}

static void no_entry_is_overwritten_before_the_driver_has_read_it(void **state)
{
	struct rig *r = disk_on(tiny_board(), 0);

	(void)state;
	for (uint32_t i = 0; i < ENTRIES; i++) {
		submit(r, i, single(READ, i, 0, SECTOR));
		finish(r);
	}
	assert_int_equal(reg(r, STATUS), FULL);
	submit(r, 0, single(READ, 100, 0, SECTOR));
	finish(r);
	assert_int_equal(reg(r, STATUS), FULL);
	result_is(r, 0, 0, SECTOR, 0, 1);
	set_reg(r, CONSUMED, 1);
	finish(r);
	result_is(r, 0, 100, SECTOR, 0, 0);
	assert_int_equal(reg(r, STATUS), FULL);
	set_reg(r, CONSUMED, UINT32_MAX);
	assert_int_equal(reg(r, STATUS), 0);
	rig_off(r);
}

/* A long request, two short ones behind it; says in which order their tags came back. */
static uint32_t order_of_three(struct board b, uint32_t control)
{
	struct rig *r = disk_on(b, control);
	uint32_t order = 0;

	for (uint32_t i = 0; i < 3; i++) {
		struct order o = single(READ, i + 1, i, i ? SECTOR : 4 * SECTOR);

		put(r, i, &o);
	}
	set_reg(r, DOORBELL, 1);
	finish(r);
	for (uint32_t i = 0; i < 3; i++)
		order = order * 10 + (uint32_t)result(r, i, 0);
	rig_off(r);
	return order;
}

static void a_calm_disk_goes_in_order_or_shortest_first_when_asked_to(void **state)
{
	(void)state;
	assert_int_equal(order_of_three(tiny_board(), 0), 123);
	assert_int_equal(order_of_three(tiny_board(), SHORTEST), 231);
}

static void nature_may_get_any_request_done_first(void **state)
{
	uint32_t other = 0, first[4] = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct board b = test_with(test_with(tiny_board(), "nature", NATURE_RANDOM), "seed", seed);
		uint32_t order = order_of_three(b, 0);

		assert_true(order == 123 || order == 132 || order == 213 || order == 231 || order == 312 || order == 321);
		first[order / 100]++;
		other += order != 123;
	}
	assert_true(first[1] && first[2] && first[3] && other < 60);
}

static void an_interrupt_follows_each_entry_when_it_was_asked_for(void **state)
{
	(void)state;
	for (uint32_t with = 0; with < 2; with++) {
		struct rig *r = disk_on(tiny_board(), with ? WITH_IRQ : 0);

		submit(r, 0, single(READ, 1, 0, SECTOR));
		finish(r);
		hw_pass(&r->hw, 1);
		assert_int_equal(rig_count(r, EV_IRQ_RAISE), with);
		assert_int_equal(reg(r, IRQ), with);
		set_reg(r, ACK, 1);
		assert_int_equal(rig_count(r, EV_IRQ_LOWER), with);
		rig_off(r);
	}
}

static void a_reset_stops_everything_and_keeps_the_disk(void **state)
{
	(void)state;
	for (uint64_t after = 0; after < 2500; after += 50) {
		struct rig *r = disk_on(tiny_board(), WITH_IRQ);

		memset(disk(r), 0xd1, DISK);
		submit(r, 0, single(READ, 1, 0, 2 * SECTOR));
		hw_pass(&r->hw, after);
		set_reg(r, RESET, 0);
		assert_int_equal(reg(r, STATUS) | reg(r, CONTROL) | reg(r, IRQ), 0);
		assert_int_equal(rig_count(r, EV_DEV_START), rig_count(r, EV_DEV_DONE));
		assert_false(r->hw.device[rig_unit("blk")].irq);
		rig_mark(r);
		hw_pass(&r->hw, 10000);
		assert_int_equal(rig_count(r, EV_DEV_WRITE) + rig_count(r, EV_DEV_READ), 0);
		assert_int_equal(disk(r)[DISK - 1], 0xd1);
		set_rings(r, 0);
		submit(r, 0, single(READ, 2, 0, SECTOR));
		finish(r);
		result_is(r, 0, 2, SECTOR, 0, 1);
		rig_off(r);
	}
}

static void a_faulty_disk_shows_its_fault(void **state)
{
	static const struct { enum device_fault fault; uint32_t moved, said, later; } rows[] = {
		{ DEVICE_SHORT, SECTOR / 2, SECTOR / 2, SECTOR / 2 },
		{ DEVICE_LENGTH, SECTOR, 2 * SECTOR, 2 * SECTOR },
		{ DEVICE_CHANGE, SECTOR, SECTOR, 2 * SECTOR },
		{ DEVICE_LATE, SECTOR, SECTOR, SECTOR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = disk_on(test_with(tiny_board(), "device_fault", rows[i].fault), 0);

		memset(disk(r), 0xd1, DISK);
		submit(r, 0, single(READ, 1, 0, SECTOR));
		finish(r);
		result_is(r, 0, 1, rows[i].said, 0, 1);
		if (rows[i].fault == DEVICE_LATE)
			assert_int_equal(rig_ram(r, DATA + SECTOR - 1, 1), 0);
		hw_pass(&r->hw, 5000);
		assert_int_equal(rig_event(r, EV_DEV_FAULT, 0)->a, rows[i].fault);
		assert_int_equal(result(r, 0, 4), rows[i].later);
		assert_int_equal(rig_ram(r, DATA + rows[i].moved - 1, 1), 0xd1);
		assert_int_equal(rig_ram(r, DATA + rows[i].moved, 1), 0);
		rig_off(r);
	}
}

static void a_disk_that_stalls_works_for_ever_until_it_is_reset(void **state)
{
	struct rig *r = disk_on(test_with(tiny_board(), "device_fault", DEVICE_STALL), 0);

	(void)state;
	submit(r, 0, single(READ, 1, 0, SECTOR));
	hw_pass(&r->hw, 100000);
	assert_int_equal(reg(r, STATUS), WORKING);
	set_reg(r, RESET, 1);
	assert_int_equal(reg(r, STATUS), 0);
	assert_int_equal(rig_count(r, EV_DEV_START), rig_count(r, EV_DEV_DONE));
	rig_off(r);
}

static void an_image_is_put_on_the_disk_when_it_fits(void **state)
{
	struct rig *r = disk_on(tiny_board(), 0);
	struct device_io io = hw_device(&r->hw, rig_unit("blk"));
	static uint8_t image[DISK + 1];

	(void)state;
	memset(image, 0x77, sizeof image);
	assert_false(io.dev->ops->receive(&io, image, sizeof image));
	assert_int_equal(rig_told(r), 0);
	assert_true(io.dev->ops->receive(&io, image, DISK));
	assert_memory_equal(disk(r), image, DISK);
	assert_int_equal(rig_count(r, EV_DEV_BUFFER), DISK / 8);
	rig_off(r);
}

/* What the disk and RAM must hold after a request, however it was cut up. */
struct model {
	uint8_t disk[DISK];
	uint8_t ram[4 * DISK];
};

/* Cut a whole number of sectors into pieces that share no byte with those of other slots. */
static struct order cut(uint64_t *random, uint32_t slot)
{
	struct order o = { .operation = 1 + (uint32_t)test_below(random, 2), .tag = slot };
	uint32_t left = SECTOR * (1 + (uint32_t)test_below(random, 3)), at = 4 * SECTOR * slot;

	o.sector = 4 * slot + (uint32_t)test_below(random, 2);    /* no two requests meet on the disk */
	while (left) {
		uint32_t n = 1 + (uint32_t)test_below(random, left);

		n = o.segments == 15 ? left : n;
		o.piece[o.segments++] = (struct piece){ OFFSET + DATA + at, n };
		left -= n, at += n;
	}
	return o;
}

static void play_on_model(struct model *m, const struct order *o)
{
	uint32_t on_disk = o->sector * SECTOR;

	for (uint32_t i = 0; i < o->segments; i++) {
		uint8_t *ram = m->ram + (o->piece[i].dma - OFFSET - DATA);

		if (o->operation == READ)
			memcpy(ram, m->disk + on_disk, o->piece[i].size);
		else
			memcpy(m->disk + on_disk, ram, o->piece[i].size);
		on_disk += o->piece[i].size;
	}
}

static void must_agree(struct rig *r, const struct model *m, uint64_t seed, uint64_t step)
{
	uint8_t ram[sizeof m->ram];

	bus_ram_read(&r->hw.bus, DATA, ram, sizeof ram);
	assert_seeded(!memcmp(ram, m->ram, sizeof ram), seed, step);
	assert_seeded(!memcmp(disk(r), m->disk, DISK), seed, step);
}

/* Rounds of one to four requests at a time, their doorbells rung at any time. */
static void random_requests_leave_what_a_model_says(void **state)
{
	uint64_t seed = test_seed(1), random = seed * 77 + 5;
	struct board b = test_with(test_with(tiny_board(), "nature", NATURE_RANDOM), "seed", seed);
	struct rig *r = disk_on(b, (uint32_t)(seed & SHORTEST));
	static struct model m;
	uint32_t submitted = 0;

	(void)state;
	for (size_t i = 0; i < sizeof m.ram; i++)
		m.ram[i] = (uint8_t)test_random(&random);
	bus_ram_write(&r->hw.bus, DATA, m.ram, sizeof m.ram);
	for (uint64_t step = 0; step < 60; step++) {
		uint32_t n = 1 + (uint32_t)test_below(&random, 4);

		for (uint32_t i = 0; i < n; i++) {
			struct order o = cut(&random, i);

			put(r, submitted++ % ENTRIES, &o);
			play_on_model(&m, &o);
			if (test_below(&random, 2))
				set_reg(r, DOORBELL, 1);
			hw_pass(&r->hw, test_below(&random, 600));
		}
		set_reg(r, DOORBELL, 1);
		finish(r);
		set_reg(r, CONSUMED, n);
		must_agree(r, &m, seed, step);
	}
	rig_off(r);
}

static void a_copied_disk_goes_on_by_itself(void **state)
{
	struct rig *r = disk_on(tiny_board(), 0);
	struct hw copy;

	(void)state;
	memset(disk(r), 0xd1, DISK);
	submit(r, 0, single(READ, 1, 0, SECTOR));
	hw_pass(&r->hw, 700);
	hw_copy(&copy, &r->hw);
	set_reg(r, RESET, 1);
	hw_pass(&copy, 10000);
	assert_false(copy.device[rig_unit("blk")].ops->busy(hw_device_state(&copy, rig_unit("blk"))));
	assert_int_equal(((const uint8_t *)cow_read(&copy.bus.ram, DATA >> PAGE_SHIFT))[SECTOR - 1], 0xd1);
	assert_int_equal(rig_ram(r, DATA + SECTOR - 1, 1), 0);
	hw_release(&copy);
	rig_off(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_registers_read_as_documented),
		cmocka_unit_test(rings_stay_as_they_are_while_the_disk_may_use_them),
		cmocka_unit_test(a_request_moves_its_sectors_and_says_so),
		cmocka_unit_test(pieces_of_any_size_follow_one_another_on_the_disk),
		cmocka_unit_test(what_is_wrong_with_a_request_is_its_status_and_nothing_moves),
		cmocka_unit_test(where_no_memory_answers_is_said_too),
		cmocka_unit_test(a_ring_where_no_memory_is_halts_the_disk_until_it_is_reset),
		cmocka_unit_test(a_doorbell_without_rings_is_ignored_and_that_is_said),
		cmocka_unit_test(a_request_is_taken_when_own_is_seen_and_given_back_when_it_is_read),
		cmocka_unit_test(an_entry_is_given_right_after_its_phase_was_written),
		cmocka_unit_test(every_transfer_has_the_store_to_the_doorbell_as_its_cause),
		cmocka_unit_test(four_requests_are_held_and_the_fifth_waits),
		cmocka_unit_test(the_phase_flips_with_each_round_of_the_ring),
		cmocka_unit_test(a_ring_that_is_set_anew_begins_at_its_first_entry_and_round),
		cmocka_unit_test(no_entry_is_overwritten_before_the_driver_has_read_it),
		cmocka_unit_test(a_calm_disk_goes_in_order_or_shortest_first_when_asked_to),
		cmocka_unit_test(nature_may_get_any_request_done_first),
		cmocka_unit_test(an_interrupt_follows_each_entry_when_it_was_asked_for),
		cmocka_unit_test(a_reset_stops_everything_and_keeps_the_disk),
		cmocka_unit_test(a_faulty_disk_shows_its_fault),
		cmocka_unit_test(a_disk_that_stalls_works_for_ever_until_it_is_reset),
		cmocka_unit_test(an_image_is_put_on_the_disk_when_it_fits),
		cmocka_unit_test(random_requests_leave_what_a_model_says),
		cmocka_unit_test(a_copied_disk_goes_on_by_itself),
	};

	return cmocka_run_group_tests_name("blk", tests, NULL, NULL);
}
