#include "hw_rig.h"

/* crypto's registers, behind a window of the ioremap area. */
#define BAR      IOREMAP_BASE
#define ID       0x00
#define STATUS   0x04
#define IRQ      0x08
#define ACK      0x0c
#define SRC      0x10
#define DST      0x18
#define KEY      0x20
#define LENGTH   0x28
#define COMMAND  0x2c

#define START    1u
#define WITH_IRQ 2u
#define WORKING  1u
#define REFUSED  2u
#define LOST     4u

#define OFFSET (2 * GIB)      /* of the bus, on the default board */
#define A_KEY  0x8123456789abcdef

static struct rig *crypto_on(struct board b)
{
	struct rig *r = rig_on(b);

	mmu_map(&r->hw.mmu, BAR, hw_device_bar(rig_unit("crypto")), ATTR_DEVICE);
	return r;
}

static size_t width(uint64_t at)
{
	return at >= SRC && at <= KEY ? 8 : 4;
}

static uint64_t reg(struct rig *r, uint64_t at)
{
	return rig_load(r, BAR + at, width(at));
}

static void set_reg(struct rig *r, uint64_t at, uint64_t value)
{
	rig_store(r, BAR + at, width(at), value);
	cpu_barrier(&r->hw, BARRIER_MB);
}

static void start(struct rig *r, paddr_t from, paddr_t to, uint64_t n, uint64_t command)
{
	set_reg(r, SRC, OFFSET + from);
	set_reg(r, DST, OFFSET + to);
	set_reg(r, KEY, A_KEY);
	set_reg(r, LENGTH, n);
	rig_mark(r);
	set_reg(r, COMMAND, START | command);
}

static void finish(struct rig *r)
{
	for (int i = 0; reg(r, STATUS) & WORKING; i++) {
		assert_true(i < 100000);
		hw_pass(&r->hw, 10);
	}
}

/* By the words of its help: byte i is xored with the lowest byte of the key rotated left by i. */
static uint8_t enciphered(uint8_t plain, uint64_t i)
{
	uint64_t turned = i % 64 ? A_KEY << i % 64 | A_KEY >> (64 - i % 64) : A_KEY;

	return plain ^ (uint8_t)turned;
}

static void fill(struct rig *r, paddr_t pa, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rig_set_ram(r, pa + i, 1, (uint8_t)(i * 7 + 1));
}

static void the_registers_read_as_documented(void **state)
{
	struct rig *r = crypto_on(tiny_board());

	(void)state;
	assert_int_equal(reg(r, ID), 0x010000c5);
	for (uint64_t at = SRC; at <= KEY; at += 8) {
		set_reg(r, at, 0x1122334455667788 + at);
		assert_int_equal(reg(r, at), 0x1122334455667788 + at);
	}
	set_reg(r, LENGTH, 77);
	assert_int_equal(reg(r, LENGTH), 77);
	assert_int_equal(reg(r, STATUS), 0);
	assert_int_equal(reg(r, 0x30), UINT32_MAX);
	assert_int_equal(rig_load(r, BAR + SRC, 2), UINT16_MAX);
	assert_int_equal(rig_load(r, BAR + ID, 8), UINT64_MAX);
	rig_off(r);
}

static void it_enciphers_into_another_buffer_and_leaves_the_first_alone(void **state)
{
	static const uint64_t size[] = { 1, 8, 13, 64, 100, 4096 };

	(void)state;
	for (size_t k = 0; k < sizeof size / sizeof size[0]; k++) {
		struct rig *r = crypto_on(tiny_board());

		fill(r, 0x8003, 4096);
		start(r, 0x8003, 0x10005, size[k], 0);
		finish(r);
		for (uint64_t i = 0; i < size[k]; i++) {
			assert_int_equal(rig_ram(r, 0x8003 + i, 1), (uint8_t)(i * 7 + 1));
			assert_int_equal(rig_ram(r, 0x10005 + i, 1), enciphered((uint8_t)(i * 7 + 1), i));
		}
		assert_int_equal(rig_ram(r, 0x10005 + size[k], 1), 0);
		assert_int_equal(reg(r, LENGTH), size[k]);
		rig_off(r);
	}
}

static void twice_in_place_gives_the_plain_text(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 10; seed++) {
		struct board b = test_with(test_with(tiny_board(), "nature", seed > 0), "seed", seed);
		struct rig *r = crypto_on(b);

		fill(r, 0x8000, 1000);
		for (uint64_t round = 0; round < 2; round++) {
			start(r, 0x8000, 0x8000, 1000, 0);
			finish(r);
			for (uint64_t i = 0; i < 1000; i++) {
				uint8_t plain = (uint8_t)(i * 7 + 1);

				assert_int_equal(rig_ram(r, 0x8000 + i, 1), round ? plain : enciphered(plain, i));
			}
		}
		rig_off(r);
	}
}

static void everything_is_read_before_anything_is_written(void **state)
{
	struct rig *r = crypto_on(tiny_board());
	uint64_t ordered;

	(void)state;
	start(r, 0x8000, 0x8040, 128, 0);
	ordered = rig_event(r, EV_CPU_STORE, 0)->seq;
	finish(r);
	assert_int_equal(rig_event(r, EV_DEV_START, 0)->a, DMA_TO_DEVICE);
	assert_int_equal(rig_event(r, EV_DEV_START, 1)->a, DMA_FROM_DEVICE);
	assert_int_equal(rig_event(r, EV_DEV_START, 0)->cause, ordered);
	assert_int_equal(rig_event(r, EV_DEV_START, 1)->cause, ordered);
	assert_int_equal(rig_count(r, EV_DEV_READ), 16);
	assert_true(rig_event(r, EV_DEV_READ, 15)->seq < rig_event(r, EV_DEV_WRITE, 0)->seq);
	rig_off(r);
}

static void a_length_it_does_not_take_is_refused(void **state)
{
	static const uint64_t size[] = { 0, 4097, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct rig *r = crypto_on(tiny_board());

		start(r, 0x8000, 0x8000, size[i], WITH_IRQ);
		assert_int_equal(reg(r, STATUS), REFUSED);
		hw_pass(&r->hw, 1000);
		assert_int_equal(rig_count(r, EV_DEV_START) + rig_count(r, EV_IRQ_RAISE), 0);
		start(r, 0x8000, 0x8000, 8, 0);
		assert_int_equal(reg(r, STATUS), WORKING);
		rig_off(r);
	}
}

static void where_no_memory_answers_is_said(void **state)
{
	(void)state;
	for (uint64_t wrong = SRC; wrong <= DST; wrong += 8) {
		struct rig *r = crypto_on(tiny_board());

		set_reg(r, SRC, OFFSET + 0x8000);
		set_reg(r, DST, OFFSET + 0x8000);
		set_reg(r, wrong, 0x8000);
		set_reg(r, LENGTH, 16);
		set_reg(r, COMMAND, START);
		finish(r);
		assert_int_equal(reg(r, STATUS), LOST);
		start(r, 0x8000, 0x8000, 16, 0);
		finish(r);
		assert_int_equal(reg(r, STATUS), 0);
		rig_off(r);
	}
}

static void it_interrupts_when_it_was_asked_to(void **state)
{
	(void)state;
	for (uint64_t with = 0; with < 2; with++) {
		struct rig *r = crypto_on(tiny_board());

		start(r, 0x8000, 0x8000, 16, with ? WITH_IRQ : 0);
		finish(r);
		hw_pass(&r->hw, 1);
		assert_int_equal(rig_count(r, EV_IRQ_RAISE), with);
		assert_int_equal(reg(r, IRQ), with);
		set_reg(r, ACK, 1);
		assert_int_equal(rig_count(r, EV_IRQ_LOWER), with);
		rig_off(r);
	}
}

static void while_it_works_only_a_stop_is_heard(void **state)
{
	struct rig *r = crypto_on(tiny_board());

	(void)state;
	fill(r, 0x8000, 64);
	start(r, 0x8000, 0x8000, 64, 0);
	set_reg(r, DST, OFFSET + 0x9000);
	set_reg(r, LENGTH, 8);
	set_reg(r, COMMAND, START);
	assert_int_equal(reg(r, DST), OFFSET + 0x8000);
	assert_int_equal(reg(r, LENGTH), 64);
	set_reg(r, COMMAND, 0);
	assert_int_equal(reg(r, STATUS), 0);
	assert_int_equal(rig_count(r, EV_DEV_START), rig_count(r, EV_DEV_DONE));
	hw_pass(&r->hw, 1000);
	assert_int_equal(rig_count(r, EV_DEV_WRITE), 0);
	assert_int_equal(rig_ram(r, 0x8000, 1), 1);
	rig_off(r);
}

static void a_faulty_one_shows_its_fault(void **state)
{
	static const struct { enum device_fault fault; uint64_t said, written; } rows[] = {
		{ DEVICE_SHORT, 32, 32 }, { DEVICE_LENGTH, 72, 64 }, { DEVICE_LATE, 64, 64 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = crypto_on(test_with(tiny_board(), "device_fault", rows[i].fault));

		start(r, 0x8000, 0x9000, 64, 0);
		finish(r);
		assert_int_equal(reg(r, LENGTH), rows[i].said);
		if (rows[i].fault == DEVICE_LATE)
			assert_int_equal(rig_ram(r, 0x9000 + 63, 1), 0);
		hw_pass(&r->hw, 5000);
		assert_int_equal(rig_event(r, EV_DEV_FAULT, 0)->a, rows[i].fault);
		for (uint64_t at = 0; at < 72; at++)
			assert_int_equal(rig_ram(r, 0x9000 + at, 1), at < rows[i].written ? enciphered(0, at) : 0);
		rig_off(r);
	}
}

static void one_that_stalls_works_for_ever_until_it_is_stopped(void **state)
{
	struct rig *r = crypto_on(test_with(tiny_board(), "device_fault", DEVICE_STALL));

	(void)state;
	start(r, 0x8000, 0x9000, 64, 0);
	hw_pass(&r->hw, 100000);
	assert_int_equal(reg(r, STATUS), WORKING);
	set_reg(r, COMMAND, 0);
	assert_int_equal(reg(r, STATUS), 0);
	assert_int_equal(rig_count(r, EV_DEV_START), rig_count(r, EV_DEV_DONE));
	rig_off(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_registers_read_as_documented),
		cmocka_unit_test(it_enciphers_into_another_buffer_and_leaves_the_first_alone),
		cmocka_unit_test(twice_in_place_gives_the_plain_text),
		cmocka_unit_test(everything_is_read_before_anything_is_written),
		cmocka_unit_test(a_length_it_does_not_take_is_refused),
		cmocka_unit_test(where_no_memory_answers_is_said),
		cmocka_unit_test(it_interrupts_when_it_was_asked_to),
		cmocka_unit_test(while_it_works_only_a_stop_is_heard),
		cmocka_unit_test(a_faulty_one_shows_its_fault),
		cmocka_unit_test(one_that_stalls_works_for_ever_until_it_is_stopped),
	};

	return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
