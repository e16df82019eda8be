#include "hw_rig.h"

/* edu's registers, behind a window of the ioremap area; its buffer, as edu itself calls it. */
#define BAR     IOREMAP_BASE
#define BUFFER  0x40000u
#define ID      0x00
#define LIVE    0x04
#define FACT    0x08
#define STATUS  0x20
#define IRQ     0x24
#define RAISE   0x60
#define ACK     0x64
#define SRC     0x80
#define DST     0x88
#define COUNT   0x90
#define COMMAND 0x98

#define START    1u
#define FROM_EDU 2u
#define WITH_IRQ 4u

#define OFFSET (2 * GIB)      /* of the bus, on the default board */

static struct rig *device_on(struct board b)
{
	struct rig *r = rig_on(b);

	mmu_map(&r->hw.mmu, BAR, hw_device_bar(0), ATTR_DEVICE);
	return r;
}

static uint64_t reg(struct rig *r, uint64_t at)
{
	return rig_load(r, BAR + at, at < SRC ? 4 : 8);
}

static void set_reg(struct rig *r, uint64_t at, uint64_t value)
{
	rig_store(r, BAR + at, at < SRC ? 4 : 8, value);
	cpu_barrier(&r->hw, BARRIER_MB);
}

static bool busy(struct rig *r)
{
	return r->hw.device[0].ops->busy(hw_device_state(&r->hw, 0));
}

static uint8_t *buffer(struct rig *r)
{
	struct device_io io = hw_device(&r->hw, 0);
	size_t n;

	return io.dev->ops->buffer(io.state, &n);
}

/* Give the command without waiting. The bus address is on the side the command says. */
static void start(struct rig *r, dma_addr_t dma, uint64_t inner, uint64_t n, uint64_t command)
{
	set_reg(r, SRC, command & FROM_EDU ? inner : dma);
	set_reg(r, DST, command & FROM_EDU ? dma : inner);
	set_reg(r, COUNT, n);
	rig_mark(r);
	set_reg(r, COMMAND, START | command);
}

static void finish(struct rig *r)
{
	for (int i = 0; busy(r); i++) {
		assert_true(i < 100000);
		hw_pass(&r->hw, 10);
	}
}

static void transfer(struct rig *r, dma_addr_t dma, uint64_t inner, uint64_t n, uint64_t command)
{
	start(r, dma, inner, n, command);
	finish(r);
}

static void the_plain_registers_read_as_documented(void **state)
{
	struct rig *r = device_on(tiny_board());

	(void)state;
	assert_int_equal(reg(r, ID), 0x010000ed);
	set_reg(r, ID, 1);
	assert_int_equal(reg(r, ID), 0x010000ed);
	set_reg(r, LIVE, 0x12345678);
	assert_int_equal(reg(r, LIVE), 0xedcba987);
	for (uint64_t at = SRC; at < COMMAND; at += 8) {
		set_reg(r, at, 0x1122334455667788 + at);
		assert_int_equal(reg(r, at), 0x1122334455667788 + at);
	}
	assert_int_equal(rig_load(r, BAR + SRC, 4), 0x55667788 + SRC);
	assert_int_equal(reg(r, 0x30), UINT32_MAX);
	assert_int_equal(rig_load(r, BAR + 0xa0, 8), UINT64_MAX);
	rig_off(r);
}

static void an_access_of_a_size_the_register_does_not_take_is_lost(void **state)
{
	static const struct { uint64_t at; size_t size; } rows[] = {
		{ LIVE, 1 }, { LIVE, 2 }, { ID, 8 }, { FACT, 8 }, { STATUS, 8 }, { SRC, 1 }, { COUNT, 2 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = device_on(tiny_board());
		uint64_t before = reg(r, rows[i].at);

		rig_store(r, BAR + rows[i].at, rows[i].size, 0x5a);
		assert_int_equal(rig_load(r, BAR + rows[i].at, rows[i].size), UINT64_MAX >> (64 - 8 * rows[i].size));
		assert_int_equal(reg(r, rows[i].at), before);
		rig_off(r);
	}
}

static void the_factorial_takes_time_and_says_so(void **state)
{
	static const struct { uint32_t n, product; } rows[] = {
		{ 0, 1 }, { 1, 1 }, { 5, 120 }, { 12, 479001600 }, { 13, 1932053504 }, { 34, 0 }, { UINT32_MAX, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = device_on(test_with(tiny_board(), "cycles_device", 1000));

		set_reg(r, FACT, rows[i].n);
		assert_int_equal(reg(r, STATUS), 1);
		set_reg(r, FACT, 3);
		hw_pass(&r->hw, 1000);
		assert_int_equal(reg(r, STATUS), 0);
		if (rows[i].n != UINT32_MAX)
			assert_int_equal(reg(r, FACT), rows[i].product);
		assert_int_equal(rig_count(r, EV_IRQ_RAISE), 0);
		rig_off(r);
	}
}

static void the_factorial_interrupts_when_it_was_asked_to(void **state)
{
	struct rig *r = device_on(tiny_board());

	(void)state;
	set_reg(r, STATUS, 0xff);
	assert_int_equal(reg(r, STATUS), 0x80);
	set_reg(r, FACT, 4);
	finish(r);
	assert_int_equal(reg(r, IRQ), 1);
	assert_true(r->hw.device[0].irq);
	set_reg(r, STATUS, 0);
	assert_int_equal(reg(r, STATUS), 0);
	rig_off(r);
}

static void a_line_is_raised_once_and_lowered_with_its_last_bit(void **state)
{
	struct rig *r = device_on(tiny_board());

	(void)state;
	set_reg(r, RAISE, 0x3);
	set_reg(r, RAISE, 0x10);
	assert_int_equal(reg(r, IRQ), 0x13);
	assert_int_equal(rig_count(r, EV_IRQ_RAISE), 1);
	set_reg(r, ACK, 0x11);
	assert_int_equal(reg(r, IRQ), 0x02);
	assert_int_equal(rig_count(r, EV_IRQ_LOWER), 0);
	assert_true(r->hw.device[0].irq);
	set_reg(r, ACK, 0xff);
	assert_int_equal(rig_count(r, EV_IRQ_LOWER), 1);
	assert_false(r->hw.device[0].irq);
	set_reg(r, ACK, 0xff);
	assert_int_equal(rig_count(r, EV_IRQ_LOWER), 1);
	rig_off(r);
}

static void a_transfer_moves_exactly_its_bytes_each_way(void **state)
{
	static const struct { uint64_t at, inner, n; } rows[] = {
		{ 0x8000, 0, 64 }, { 0x8003, 5, 1 }, { 0x8003, 5, 40 }, { 0x8007, 0, 9 }, { 0x8ffe, 1, 4 },
		{ 0x8000, 0, 4096 }, { 0x8001, 4095, 1 }, { 0x8000, 17, 0 } };
	uint8_t old[4096], want[4096], got[4096];

	(void)state;
	for (size_t i = 0; i < 4 * sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = device_on(test_with(tiny_board(), "nature", i >> 1 & 1));
		uint64_t at = rows[i / 4].at, inner = rows[i / 4].inner, n = rows[i / 4].n;
		bool from_edu = i & 1;

		for (size_t k = 0; k < 4096; k++)
			old[k] = (uint8_t)(k * 7 + 1), want[k] = (uint8_t)(k * 11 + k / 256);
		bus_ram_write(&r->hw.bus, at, from_edu ? old : want, 4096);
		memcpy(buffer(r), from_edu ? want : old, 4096);
		transfer(r, OFFSET + at, BUFFER + inner, n, from_edu ? FROM_EDU : 0);
		bus_ram_read(&r->hw.bus, at, got, 4096);
		if (from_edu)
			memcpy(old, want + inner, n);
		else
			memcpy(old + inner, want, n), memcpy(got, buffer(r), 4096);
		assert_memory_equal(got, old, 4096);
		rig_off(r);
	}
}

static void a_transfer_is_told_beat_by_beat_with_its_cause(void **state)
{
	static const struct { uint64_t at; uint32_t size; } beats[] = {
		{ 0x8005, 3 }, { 0x8008, 8 }, { 0x8010, 8 }, { 0x8018, 1 } };
	struct rig *r = device_on(tiny_board());
	const struct event *begin, *end;

	(void)state;
	memset(buffer(r), 0xe1, 64);
	transfer(r, OFFSET + 0x8005, BUFFER, 20, FROM_EDU);
	begin = rig_event(r, EV_DEV_START, 0), end = rig_event(r, EV_DEV_DONE, 0);
	assert_int_equal(rig_count(r, EV_DEV_WRITE), 4);
	for (uint64_t i = 0; i < 4; i++) {
		const struct event *e = rig_event(r, EV_DEV_WRITE, i);

		assert_int_equal(e->addr, OFFSET + beats[i].at);
		assert_int_equal(e->addr2, beats[i].at);
		assert_int_equal(e->size, beats[i].size);
		assert_int_equal(e->value, 0xe1e1e1e1e1e1e1e1 >> (64 - 8 * beats[i].size));
		assert_int_equal(e->cause, begin->seq);
	}
	assert_int_equal(begin->a, DMA_FROM_DEVICE);
	assert_int_equal(end->addr, OFFSET + 0x8005);
	assert_int_equal(end->size, 20);
	assert_int_equal(end->cause, begin->seq);
	rig_off(r);
}

static void the_first_beat_comes_when_the_board_says_and_the_others_follow(void **state)
{
	struct board b = test_with(test_with(tiny_board(), "cycles_device", 500), "cycles_beat", 7);
	struct rig *r = device_on(b);
	uint64_t begun;

	(void)state;
	start(r, OFFSET + 0x8000, BUFFER, 32, 0);
	begun = rig_event(r, EV_DEV_START, 0)->cycle;
	hw_pass(&r->hw, 1000);
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(rig_event(r, EV_DEV_READ, i)->cycle, begun + 500 + 7 * i);
	rig_off(r);
}

static void the_cpu_works_while_the_device_does(void **state)
{
	struct rig *r = device_on(test_with(tiny_board(), "cycles_device", 0));
	uint64_t beats_seen = 0, loads = 0;

	(void)state;
	start(r, OFFSET + 0x8000, BUFFER, 1024, FROM_EDU);
	for (uint64_t last = 0; busy(r); loads++) {
		uint64_t beats;

		rig_load(r, LINEAR_BASE + 0x1000, 8);
		beats = rig_count(r, EV_DEV_WRITE);
		beats_seen += beats != last;
		last = beats;
	}
	assert_int_equal(rig_count(r, EV_DEV_WRITE), 128);
	assert_true(loads > 300 && beats_seen > 100);
	rig_off(r);
}

/* Beats that had the wires at some time from `from` to `to`. */
static uint64_t beats_between(const struct rig *r, uint64_t from, uint64_t to)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < rig_count(r, EV_DEV_READ); i++) {
		uint64_t at = rig_event(r, EV_DEV_READ, i)->cycle;

		n += at + 4 > from && at < to;
	}
	return n;
}

#define FILL (60 + 2 * 4)    /* cycles a line of the tiny board needs the wires */

static void one_at_a_time_has_the_bus(void **state)
{
	(void)state;
	for (uint64_t nature = NATURE_CALM; nature <= NATURE_RANDOM; nature++) {
		struct board b = test_with(test_with(tiny_board(), "cycles_device", 0), "speculates", 0);
		struct rig *r = device_on(test_with(b, "nature", nature));
		uint64_t waited = 0;

		start(r, OFFSET + 0x8000, BUFFER, 512, 0);
		for (paddr_t pa = 0; pa < 0x200; pa += 16) {
			uint64_t before = r->hw.bus.cycle, filled;

			rig_load(r, LINEAR_BASE + pa, 8);
			filled = r->hw.bus.cycle - 1;
			assert_int_equal(beats_between(r, filled - FILL, filled), 0);
			waited += filled - FILL - before;
		}
		assert_true(waited > 0);
		finish(r);
		assert_int_equal(rig_count(r, EV_DEV_READ), 64);
		rig_off(r);
	}
}

static void a_fill_keeps_the_device_waiting_until_it_is_over(void **state)
{
	struct rig *r = device_on(test_with(tiny_board(), "cycles_device", 20));

	(void)state;
	start(r, OFFSET + 0x8000, BUFFER, 8, 0);
	rig_load(r, LINEAR_BASE, 8);
	finish(r);
	assert_int_equal(rig_event(r, EV_DEV_READ, 0)->cycle, rig_event(r, EV_CACHE_FILL, 0)->cycle + FILL);
	rig_off(r);
}

static void a_running_device_takes_no_new_orders(void **state)
{
	static const uint64_t regs[] = { SRC, DST, COUNT, COMMAND };
	struct rig *r = device_on(test_with(tiny_board(), "cycles_device", 50000));

	(void)state;
	start(r, OFFSET + 0x8000, BUFFER, 64, 0);
	for (size_t i = 0; i < 4; i++) {
		uint64_t before = reg(r, regs[i]);

		set_reg(r, regs[i], 7);
		assert_int_equal(reg(r, regs[i]), before);
	}
	assert_true(busy(r));
	finish(r);
	assert_int_equal(rig_count(r, EV_DEV_START), 1);
	assert_int_equal(rig_event(r, EV_DEV_DONE, 0)->size, 64);
	assert_int_equal(reg(r, COMMAND) & START, 0);
	set_reg(r, COUNT, 7);
	assert_int_equal(reg(r, COUNT), 7);
	rig_off(r);
}

static void a_finished_transfer_interrupts_when_it_was_asked_to(void **state)
{
	(void)state;
	for (uint64_t with = 0; with < 2; with++) {
		struct rig *r = device_on(tiny_board());

		transfer(r, OFFSET + 0x8000, BUFFER, 16, with ? WITH_IRQ : 0);
		hw_pass(&r->hw, 1);
		assert_int_equal(rig_count(r, EV_IRQ_RAISE), with);
		assert_int_equal(reg(r, IRQ), with ? 0x100 : 0);
		set_reg(r, ACK, 0x100);
		assert_int_equal(rig_count(r, EV_IRQ_LOWER), with);
		rig_off(r);
	}
}

/* Under random nature an interrupt may come late, but it comes, once. */
static void an_interrupt_may_be_late_but_comes(void **state)
{
	uint64_t late = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct rig *r = device_on(test_with(test_with(tiny_board(), "nature", NATURE_RANDOM), "seed", seed));

		transfer(r, OFFSET + 0x8000, BUFFER, 16, WITH_IRQ);
		hw_pass(&r->hw, 100);
		assert_int_equal(rig_count(r, EV_IRQ_RAISE), 1);
		late += rig_event(r, EV_IRQ_RAISE, 0)->cycle > rig_event(r, EV_DEV_DONE, 0)->cycle;
		rig_off(r);
	}
	assert_true(late > 0 && late < 40);
}

static void an_interrupt_acknowledged_on_its_way_does_not_come(void **state)
{
	struct rig *r = device_on(tiny_board());
	struct device_io io = hw_device(&r->hw, 0);

	(void)state;
	device_raise_irq(&io, 1);
	device_lower_irq(&io, 1);
	hw_pass(&r->hw, 100);
	hw_plan(&r->hw);
	hw_pass(&r->hw, 100);
	assert_int_equal(rig_told(r), 0);
	assert_int_equal(r->hw.device[0].irq_due, UINT64_MAX);
	rig_off(r);
}

static void address_bits_the_mask_does_not_have_are_dropped(void **state)
{
	static const struct { uint64_t bits, offset, dma, becomes; } rows[] = {
		{ 28, 0, 0x10008000, 0x8000 }, { 28, 0, 0x8000, 0x8000 },
		{ 32, OFFSET, 0x180008000, 0x80008000 }, { 64, OFFSET, 0x80008000, 0x80008000 },
		{ 12, 0, 0x8010, 0x10 }, { 63, 0, 0x8000000000008000, 0x8000 },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		struct board b = test_with(tiny_board(), "bus_offset", rows[i / 2].offset);
		struct rig *r = device_on(test_with(b, "dma_mask_bits", rows[i / 2].bits));
		bool cut = rows[i / 2].dma != rows[i / 2].becomes;

		transfer(r, rows[i / 2].dma, BUFFER, 8, i & 1 ? FROM_EDU : 0);
		assert_int_equal(rig_event(r, EV_DEV_START, 0)->addr, rows[i / 2].becomes);
		assert_int_equal(rig_count(r, EV_DEV_CLAMP), cut);
		assert_true(!cut || rig_event(r, EV_DEV_CLAMP, 0)->addr == rows[i / 2].dma);
		assert_true(!cut || rig_event(r, EV_DEV_CLAMP, 0)->addr2 == rows[i / 2].becomes);
		assert_int_equal(rig_count(r, EV_BUS_FAULT), 0);
		rig_off(r);
	}
}

static void a_range_outside_the_devices_memory_is_refused(void **state)
{
	static const struct { uint64_t inner, n; } rows[] = {
		{ BUFFER - 1, 2 }, { BUFFER + 4095, 2 }, { BUFFER, 4097 }, { 0, 8 }, { BUFFER + 8, UINT64_MAX },
		{ UINT64_MAX, 1 }, { BUFFER + 4096, 1 }, { BUFFER, (uint64_t)1 << 32 } };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = device_on(tiny_board());

		start(r, OFFSET + 0x8000, rows[i / 2].inner, rows[i / 2].n, i & 1 ? FROM_EDU : 0);
		assert_false(busy(r));
		assert_int_equal(rig_event(r, EV_DEV_REFUSE, 0)->addr, rows[i / 2].inner);
		assert_int_equal(rig_count(r, EV_DEV_START), 0);
		hw_pass(&r->hw, 10000);
		assert_int_equal(rig_count(r, EV_DEV_READ) + rig_count(r, EV_DEV_WRITE), 0);
		rig_off(r);
	}
}

static void where_no_ram_answers_a_read_gives_ones_and_a_write_is_lost(void **state)
{
	static const uint64_t dma[] = { 0x8000, OFFSET - 8, OFFSET + 256 * KIB, 0 };

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		struct rig *r = device_on(tiny_board());
		bool from_edu = i & 1;

		memset(buffer(r), 0x55, 16);
		transfer(r, dma[i / 2], BUFFER, 8, from_edu ? FROM_EDU : 0);
		assert_int_equal(rig_count(r, EV_BUS_FAULT), 1);
		assert_int_equal(rig_event(r, EV_BUS_FAULT, 0)->addr, dma[i / 2]);
		assert_int_equal(rig_event(r, EV_BUS_FAULT, 0)->a, from_edu);
		assert_int_equal(rig_event(r, EV_BUS_FAULT, 0)->cause, rig_event(r, EV_DEV_START, 0)->seq);
		assert_int_equal(rig_count(r, EV_DEV_READ) + rig_count(r, EV_DEV_WRITE), 0);
		assert_int_equal(bytes_get(buffer(r), 8), from_edu ? 0x5555555555555555 : UINT64_MAX);
		assert_int_equal(rig_count(r, EV_DEV_DONE), 1);
		rig_off(r);
	}
}

static void a_transfer_over_the_end_of_ram_fails_where_it_leaves(void **state)
{
	struct rig *r = device_on(tiny_board());

	(void)state;
	memset(buffer(r), 0x55, 16);
	transfer(r, OFFSET + 256 * KIB - 8, BUFFER, 16, FROM_EDU);
	assert_int_equal(rig_count(r, EV_DEV_WRITE), 1);
	assert_int_equal(rig_event(r, EV_BUS_FAULT, 0)->addr, OFFSET + 256 * KIB);
	assert_int_equal(rig_ram(r, 256 * KIB - 8, 8), 0x5555555555555555);
	rig_off(r);
}

/* The four lines a student types: what the device reads, and what the CPU reads afterwards. */
static void devices_pass_the_caches_by_unless_the_board_is_coherent(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		bool coherent = i & 1;
		struct board b = test_with(test_with(tiny_board(), "coherent", coherent), "l2_sets", i & 2 ? 8 : 0);
		struct rig *r = device_on(b);

		rig_store(r, LINEAR_BASE + 0x8000, 8, 0x1111);
		transfer(r, OFFSET + 0x8000, BUFFER, 8, 0);
		assert_int_equal(bytes_get(buffer(r), 8), coherent ? 0x1111 : 0);
		memset(buffer(r), 0x22, 8);
		transfer(r, OFFSET + 0x8000, BUFFER, 8, FROM_EDU);
		assert_int_equal(rig_load(r, LINEAR_BASE + 0x8000, 8), coherent ? 0x2222222222222222 : 0x1111);
		assert_int_equal(rig_ram(r, 0x8000, 8), 0x2222222222222222);
		rig_off(r);
	}
}

static void a_write_back_for_a_devices_sake_costs_the_cpu_nothing(void **state)
{
	struct rig *r = device_on(test_with(tiny_board(), "coherent", 1));
	uint64_t before, value;

	(void)state;
	rig_load(r, LINEAR_BASE + 0x1000, 8);
	rig_store(r, LINEAR_BASE + 0x8000, 8, 0x1111);
	transfer(r, OFFSET + 0x8000, BUFFER, 8, 0);
	before = r->hw.bus.cycle;
	assert_int_equal(cpu_load_slow(&r->hw, LINEAR_BASE + 0x1000, 8, &value), OK);
	assert_int_equal(r->hw.bus.cycle, before + 1);
	rig_off(r);
}

static void a_coherent_write_of_part_of_a_dirty_line_keeps_the_rest(void **state)
{
	struct rig *r = device_on(test_with(tiny_board(), "coherent", 1));

	(void)state;
	rig_store(r, LINEAR_BASE + 0x8000, 8, 0x1111);
	rig_store(r, LINEAR_BASE + 0x8008, 8, 0x2222);
	memset(buffer(r), 0x33, 8);
	transfer(r, OFFSET + 0x8008, BUFFER, 2, FROM_EDU);
	assert_int_equal(rig_event(r, EV_CACHE_DROP, 0)->a, DROP_SNOOP);
	assert_int_equal(rig_load(r, LINEAR_BASE + 0x8000, 8), 0x1111);
	assert_int_equal(rig_load(r, LINEAR_BASE + 0x8008, 8), 0x3333);
	rig_off(r);
}

static void data_from_outside_is_told_and_must_fit(void **state)
{
	struct rig *r = device_on(tiny_board());

	(void)state;
	assert_true(hw_device_fill(&r->hw, 0, 4083, "0123456789abc", 13));
	assert_memory_equal(buffer(r) + 4083, "0123456789abc", 13);
	assert_int_equal(rig_count(r, EV_DEV_BUFFER), 2);
	assert_int_equal(rig_event(r, EV_DEV_BUFFER, 1)->addr, 4091);
	assert_int_equal(rig_event(r, EV_DEV_BUFFER, 1)->size, 5);
	assert_int_equal(rig_event(r, EV_DEV_BUFFER, 1)->value, 0x6362613938);
	rig_mark(r);
	assert_false(hw_device_fill(&r->hw, 0, 4083, "0123456789abcd", 14));
	assert_false(hw_device_fill(&r->hw, 0, UINT64_MAX, "0", 1));
	assert_false(hw_device_fill(&r->hw, 0, 0, "0", SIZE_MAX));
	assert_int_equal(rig_told(r), 0);
	rig_off(r);
}

static void a_register_nobody_has_answers_nobody(void **state)
{
	struct rig *r = device_on(tiny_board());
	uint64_t value = 0x77;

	(void)state;
	assert_false(hw_mmio_read(&r->hw, DEVICE_BASE - 4, 4, &value));
	assert_false(hw_mmio_read(&r->hw, DEVICE_BASE + device_count * DEVICE_WINDOW, 4, &value));
	assert_false(hw_mmio_write(&r->hw, UINT64_MAX - 3, 1, 4));
	assert_int_equal(value, 0x77);
	assert_int_equal(rig_told(r), 0);
	rig_off(r);
}

static void a_copied_device_finishes_its_transfer_by_itself(void **state)
{
	struct rig *r = device_on(tiny_board());
	struct hw copy;

	(void)state;
	memset(buffer(r), 0x99, 64);
	start(r, OFFSET + 0x8000, BUFFER, 64, FROM_EDU);
	hw_pass(&r->hw, 110);
	assert_true(busy(r));
	hw_copy(&copy, &r->hw);
	memset(buffer(r), 0x11, 64);
	finish(r);
	assert_true(copy.device[0].ops->busy(hw_device_state(&copy, 0)));
	hw_pass(&copy, 1000);
	assert_false(copy.device[0].ops->busy(hw_device_state(&copy, 0)));
	assert_int_equal(*(const uint8_t *)cow_read(&copy.bus.ram, 8), 0x99);
	assert_int_equal(((const uint8_t *)cow_read(&copy.bus.ram, 8))[63], 0x99);
	assert_int_equal(rig_ram(r, 0x8000 + 63, 1), 0x11);
	hw_release(&copy);
	rig_off(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_plain_registers_read_as_documented),
		cmocka_unit_test(an_access_of_a_size_the_register_does_not_take_is_lost),
		cmocka_unit_test(the_factorial_takes_time_and_says_so),
		cmocka_unit_test(the_factorial_interrupts_when_it_was_asked_to),
		cmocka_unit_test(a_line_is_raised_once_and_lowered_with_its_last_bit),
		cmocka_unit_test(a_transfer_moves_exactly_its_bytes_each_way),
		cmocka_unit_test(a_transfer_is_told_beat_by_beat_with_its_cause),
		cmocka_unit_test(the_first_beat_comes_when_the_board_says_and_the_others_follow),
		cmocka_unit_test(the_cpu_works_while_the_device_does),
		cmocka_unit_test(one_at_a_time_has_the_bus),
		cmocka_unit_test(a_fill_keeps_the_device_waiting_until_it_is_over),
		cmocka_unit_test(a_running_device_takes_no_new_orders),
		cmocka_unit_test(a_finished_transfer_interrupts_when_it_was_asked_to),
		cmocka_unit_test(an_interrupt_may_be_late_but_comes),
		cmocka_unit_test(an_interrupt_acknowledged_on_its_way_does_not_come),
		cmocka_unit_test(address_bits_the_mask_does_not_have_are_dropped),
		cmocka_unit_test(a_range_outside_the_devices_memory_is_refused),
		cmocka_unit_test(where_no_ram_answers_a_read_gives_ones_and_a_write_is_lost),
		cmocka_unit_test(a_transfer_over_the_end_of_ram_fails_where_it_leaves),
		cmocka_unit_test(devices_pass_the_caches_by_unless_the_board_is_coherent),
		cmocka_unit_test(a_write_back_for_a_devices_sake_costs_the_cpu_nothing),
		cmocka_unit_test(a_coherent_write_of_part_of_a_dirty_line_keeps_the_rest),
		cmocka_unit_test(data_from_outside_is_told_and_must_fit),
		cmocka_unit_test(a_register_nobody_has_answers_nobody),
		cmocka_unit_test(a_copied_device_finishes_its_transfer_by_itself),
	};

	return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
