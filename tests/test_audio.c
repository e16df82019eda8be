#include "hw_rig.h"

/* The sound card's registers behind a window of the ioremap area; its buffer straight in RAM. */
#define BAR      IOREMAP_BASE
#define CONTROL  0x04
#define STATUS   0x08
#define IRQ      0x10
#define ACK      0x14
#define POSITION 0x18
#define PERIODS  0x1c
#define BASE     0x80
#define BYTES    0x88
#define PERIOD   0x90
#define PACE     0x98

#define OFFSET (2 * GIB)      /* of the bus, on the default board */
#define BUFFER ((paddr_t)0x8000)
#define RUN     1u
#define CAPTURE 2u

static uint64_t reg(struct rig *r, uint64_t at)
{
	return rig_load(r, BAR + at, 4);
}

static void set_reg(struct rig *r, uint64_t at, uint64_t value)
{
	rig_store(r, BAR + at, at < BASE ? 4 : 8, value);
	cpu_barrier(&r->hw, BARRIER_MB);
}

/* A card that knows of a buffer of two periods of 16 bytes. */
static struct rig *audio_on(struct board b)
{
	struct rig *r = rig_on(b);

	mmu_map(&r->hw.mmu, BAR, hw_device_bar(rig_unit("audio")), ATTR_DEVICE);
	set_reg(r, BASE, BUFFER + OFFSET);
	set_reg(r, BYTES, 32);
	set_reg(r, PERIOD, 16);
	set_reg(r, PACE, 1000);
	rig_mark(r);
	return r;
}

/* So many periods and a half of the pause that follows. */
static void let_pass(struct rig *r, uint64_t periods)
{
	for (uint64_t i = 0; i < 10000 && reg(r, PERIODS) < periods; i++)
		hw_pass(&r->hw, 10);
	hw_pass(&r->hw, 200);
	assert_int_equal(reg(r, PERIODS), periods);
}

static void it_plays_period_after_period_and_begins_again(void **state)
{
	struct rig *r = audio_on(tiny_board());
	static const uint64_t at[] = { 0, 16, 0, 16, 0 };

	(void)state;
	set_reg(r, CONTROL, RUN);
	let_pass(r, 5);
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(rig_event(r, EV_DEV_START, i)->addr, BUFFER + OFFSET + at[i]);
	assert_int_equal(rig_count(r, EV_DEV_READ), 10);
	assert_int_equal(rig_count(r, EV_DEV_WRITE), 0);
	assert_int_equal(reg(r, POSITION), 16);
	rig_off(r);
}

static void what_was_played_last_is_known_outside(void **state)
{
	struct rig *r = audio_on(tiny_board());
	uint32_t unit = rig_unit("audio");
	const uint8_t *sent;
	size_t n;

	(void)state;
	rig_set_ram(r, BUFFER + 16, 8, 0x6867666564636261);
	set_reg(r, CONTROL, RUN);
	let_pass(r, 2);
	sent = r->hw.device[unit].ops->sent(hw_device_state(&r->hw, unit), &n);
	assert_int_equal(n, 16);
	assert_memory_equal(sent, "abcdefgh", 8);
	rig_off(r);
}

static void each_period_raises_the_interrupt(void **state)
{
	struct rig *r = audio_on(tiny_board());

	(void)state;
	set_reg(r, CONTROL, RUN);
	assert_int_equal(reg(r, STATUS), 3);
	for (uint64_t i = 1; i <= 3; i++) {
		let_pass(r, i);
		assert_int_equal(rig_count(r, EV_IRQ_RAISE), i);
		assert_int_equal(reg(r, STATUS), 1);
		assert_int_equal(reg(r, IRQ), 1);
		set_reg(r, ACK, 1);
	}
	rig_off(r);
}

static void it_captures_what_comes_from_outside_and_then_counts(void **state)
{
	struct rig *r = audio_on(tiny_board());
	struct device_io io = hw_device(&r->hw, rig_unit("audio"));

	(void)state;
	assert_true(io.dev->ops->receive(&io, "abcdefgh", 8));
	set_reg(r, CONTROL, RUN | CAPTURE);
	let_pass(r, 2);
	assert_int_equal(rig_ram(r, BUFFER, 8), 0x6867666564636261);
	assert_int_equal(rig_ram(r, BUFFER + 8, 8), 0x0706050403020100);
	assert_int_equal(rig_ram(r, BUFFER + 16, 8), 0x0f0e0d0c0b0a0908);
	rig_off(r);
}

static void no_beat_follows_the_stop_even_in_the_middle_of_a_period(void **state)
{
	struct rig *r = audio_on(tiny_board());

	(void)state;
	set_reg(r, CONTROL, RUN);
	while (!rig_count(r, EV_DEV_READ))
		hw_pass(&r->hw, 1);
	set_reg(r, CONTROL, 0);
	assert_int_equal(rig_event(r, EV_DEV_DONE, 0)->size, 8);
	rig_mark(r);
	hw_pass(&r->hw, 100000);
	assert_int_equal(rig_told(r), 0);
	rig_off(r);
}

static void a_buffer_that_is_no_whole_number_of_periods_is_refused(void **state)
{
	static const struct { uint64_t bytes, period; } rows[] = {
		{ 32, 0 }, { 0, 16 }, { 32, 12 }, { 16384, 8192 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rig *r = audio_on(tiny_board());

		set_reg(r, BYTES, rows[i].bytes);
		set_reg(r, PERIOD, rows[i].period);
		set_reg(r, CONTROL, RUN);
		assert_int_equal(reg(r, CONTROL), 0);
		assert_int_equal(reg(r, IRQ), 2);
		hw_pass(&r->hw, 10000);
		assert_int_equal(rig_count(r, EV_DEV_START), 0);
		rig_off(r);
	}
}

static void the_buffer_cannot_be_changed_while_it_runs(void **state)
{
	struct rig *r = audio_on(tiny_board());

	(void)state;
	set_reg(r, CONTROL, RUN);
	set_reg(r, BYTES, 0);
	set_reg(r, BASE, 0);
	assert_int_equal(reg(r, BYTES), 32);
	assert_int_equal(reg(r, BASE), BUFFER + OFFSET);
	rig_off(r);
}

static void a_stalled_period_ends_with_the_stop(void **state)
{
	struct rig *r = audio_on(test_with(tiny_board(), "device_fault", DEVICE_STALL));

	(void)state;
	set_reg(r, CONTROL, RUN);
	hw_pass(&r->hw, 100000);
	assert_int_equal(reg(r, STATUS), 3);
	assert_int_equal(rig_count(r, EV_DEV_DONE), 0);
	set_reg(r, CONTROL, 0);
	assert_int_equal(reg(r, STATUS), 0);
	assert_int_equal(rig_count(r, EV_DEV_DONE), 1);
	rig_off(r);
}

static void a_late_card_goes_on_after_the_stop(void **state)
{
	struct rig *r = audio_on(test_with(tiny_board(), "device_fault", DEVICE_LATE));

	(void)state;
	set_reg(r, CONTROL, RUN);
	while (!rig_count(r, EV_IRQ_RAISE))
		hw_pass(&r->hw, 1);
	set_reg(r, CONTROL, 0);
	rig_mark(r);
	hw_pass(&r->hw, 10000);
	assert_int_equal(rig_count(r, EV_DEV_READ), 1);
	assert_int_equal(rig_count(r, EV_DEV_START), 0);
	rig_off(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_plays_period_after_period_and_begins_again),
		cmocka_unit_test(what_was_played_last_is_known_outside),
		cmocka_unit_test(each_period_raises_the_interrupt),
		cmocka_unit_test(it_captures_what_comes_from_outside_and_then_counts),
		cmocka_unit_test(no_beat_follows_the_stop_even_in_the_middle_of_a_period),
		cmocka_unit_test(a_buffer_that_is_no_whole_number_of_periods_is_refused),
		cmocka_unit_test(the_buffer_cannot_be_changed_while_it_runs),
		cmocka_unit_test(a_stalled_period_ends_with_the_stop),
		cmocka_unit_test(a_late_card_goes_on_after_the_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
