#include "hw_rig.h"

/* The card's registers behind a window of the ioremap area; rings and buffers straight in RAM. */
#define BAR       IOREMAP_BASE
#define CONTROL   0x04
#define MASK      0x0c
#define IRQ       0x10
#define ACK       0x14
#define DOORBELL  0x18
#define DROPPED   0x28
#define ERRORS    0x2c
#define TX_BASE   0x80
#define TX_LENGTH 0x88
#define RX_BASE   0x90
#define RX_LENGTH 0x98

#define OFFSET  (2 * GIB)      /* of the bus, on the default board */
#define TX_RING ((paddr_t)0x8000)
#define RX_RING ((paddr_t)0x9000)
#define PACKET  ((paddr_t)0xa000)
#define OWN     0x80000000u
#define ERROR   0x40000000u
#define LAST    0x20000000u

static uint64_t reg(struct rig *r, uint64_t at)
{
	return rig_load(r, BAR + at, 4);
}

static void set_reg(struct rig *r, uint64_t at, uint64_t value)
{
	rig_store(r, BAR + at, at < TX_BASE ? 4 : 8, value);
	cpu_barrier(&r->hw, BARRIER_MB);
}

/* A card that is on, with rings of two descriptors. */
static struct rig *nic_on(struct board b)
{
	struct rig *r = rig_on(b);

	mmu_map(&r->hw.mmu, BAR, hw_device_bar(rig_unit("nic")), ATTR_DEVICE);
	set_reg(r, TX_BASE, TX_RING + OFFSET);
	set_reg(r, TX_LENGTH, 2);
	set_reg(r, RX_BASE, RX_RING + OFFSET);
	set_reg(r, RX_LENGTH, 2);
	set_reg(r, CONTROL, 3);
	set_reg(r, MASK, 0xf);
	rig_mark(r);
	return r;
}

static void describe(struct rig *r, paddr_t at, paddr_t buffer, uint32_t length, uint32_t flags)
{
	rig_set_ram(r, at, 8, buffer + OFFSET);
	rig_set_ram(r, at + 8, 4, length);
	rig_set_ram(r, at + 12, 4, flags);
}

static bool busy(struct rig *r)
{
	uint32_t unit = rig_unit("nic");

	return r->hw.device[unit].ops->busy(hw_device_state(&r->hw, unit));
}

static void settle(struct rig *r)
{
	for (int i = 0; i < 1000; i++)
		hw_pass(&r->hw, 10);
}

static bool receive(struct rig *r, const char *bytes)
{
	struct device_io io = hw_device(&r->hw, rig_unit("nic"));
	bool taken = io.dev->ops->receive(&io, bytes, strlen(bytes));

	hw_plan(&r->hw);
	return taken;
}

static void a_packet_is_moved_before_its_descriptor_is_given_back(void **state)
{
	struct rig *r = nic_on(tiny_board());
	const struct event *flag;

	(void)state;
	describe(r, RX_RING, PACKET, 64, OWN);
	assert_true(receive(r, "12345678"));
	settle(r);
	assert_false(busy(r));
	assert_int_equal(rig_ram(r, RX_RING + 8, 4), 8);
	assert_int_equal(rig_ram(r, RX_RING + 12, 4), LAST);
	flag = rig_event(r, EV_DEV_WRITE, 2);
	assert_int_equal(rig_event(r, EV_DEV_WRITE, 0)->addr2, PACKET);
	assert_int_equal(rig_event(r, EV_DEV_WRITE, 1)->addr2, RX_RING + 8);
	assert_int_equal(flag->addr2, RX_RING + 12);
	assert_true(rig_event(r, EV_DEV_GIVE, 0)->seq > flag->seq);
	assert_true(rig_event(r, EV_DEV_TAKE, 0)->seq < rig_event(r, EV_DEV_WRITE, 0)->seq);
	assert_int_equal(rig_event(r, EV_DEV_TAKE, 0)->addr2, RX_RING + OFFSET + 12);
	assert_int_equal(rig_count(r, EV_IRQ_RAISE), 1);
	assert_int_equal(reg(r, IRQ), 1);
	set_reg(r, ACK, 1);
	assert_int_equal(reg(r, IRQ), 0);
	assert_int_equal(rig_count(r, EV_IRQ_LOWER), 1);
	rig_off(r);
}

static void without_a_descriptor_a_packet_is_dropped_and_counted(void **state)
{
	struct rig *r = nic_on(tiny_board());

	(void)state;
	assert_true(receive(r, "lost"));
	settle(r);
	assert_int_equal(reg(r, DROPPED), 1);
	assert_int_equal(rig_count(r, EV_DEV_TAKE), 0);
	assert_int_equal(rig_count(r, EV_DEV_WRITE), 0);
	rig_off(r);
}

static void packets_beyond_the_queue_are_dropped(void **state)
{
	struct rig *r = nic_on(tiny_board());

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_true(receive(r, "waits"));
	assert_false(receive(r, "too many"));
	assert_false(receive(r, ""));
	assert_int_equal(reg(r, DROPPED), 2);
	rig_off(r);
}

static void a_packet_longer_than_its_buffer_is_an_error_and_stays_inside(void **state)
{
	struct rig *r = nic_on(tiny_board());

	(void)state;
	describe(r, RX_RING, PACKET, 4, OWN);
	assert_true(receive(r, "12345678"));
	settle(r);
	assert_int_equal(rig_ram(r, PACKET, 8), 0x34333231);
	assert_int_equal(rig_ram(r, RX_RING + 8, 4), 4);
	assert_int_equal(rig_ram(r, RX_RING + 12, 4), LAST | ERROR);
	assert_int_equal(reg(r, ERRORS), 1);
	rig_off(r);
}

static void the_doorbell_sends_until_a_descriptor_without_own(void **state)
{
	struct rig *r = nic_on(tiny_board());
	uint32_t unit = rig_unit("nic");
	size_t n;
	const uint8_t *sent;

	(void)state;
	rig_set_ram(r, PACKET, 8, 0x6867666564636261);
	describe(r, TX_RING, PACKET, 3, OWN);
	describe(r, TX_RING + 16, PACKET + 4, 2, OWN | LAST);
	set_reg(r, DOORBELL, 1);
	settle(r);
	sent = r->hw.device[unit].ops->sent(hw_device_state(&r->hw, unit), &n);
	assert_int_equal(n, 5);
	assert_memory_equal(sent, "abcef", 5);
	assert_int_equal(rig_count(r, EV_DEV_GIVE), 2);
	assert_int_equal(reg(r, IRQ), 2);
	rig_off(r);
}

static void every_transfer_of_a_packet_sent_names_the_store_that_rang(void **state)
{
	struct rig *r = nic_on(tiny_board());
	uint64_t starts;

	(void)state;
	describe(r, TX_RING, PACKET, 64, OWN | LAST);
	set_reg(r, DOORBELL, 1);
	settle(r);
	starts = rig_count(r, EV_DEV_START);
	assert_int_equal(starts, 5);
	for (uint64_t i = 0; i < starts; i++)
		assert_int_equal(trace_at(&r->trace, rig_event(r, EV_DEV_START, i)->cause)->kind,
				 EV_CPU_STORE);
	rig_off(r);
}

static void a_stalled_card_is_busy_until_it_is_reset(void **state)
{
	struct rig *r = nic_on(test_with(tiny_board(), "device_fault", DEVICE_STALL));

	(void)state;
	describe(r, RX_RING, PACKET, 64, OWN);
	assert_true(receive(r, "0123456789abcdef"));
	settle(r);
	assert_true(busy(r));
	assert_int_equal(rig_ram(r, RX_RING + 12, 4), OWN);
	set_reg(r, CONTROL, 0x80);
	assert_false(busy(r));
	rig_mark(r);
	settle(r);
	assert_int_equal(rig_told(r), 0);
	rig_off(r);
}

static void a_short_packet_is_reported_as_short(void **state)
{
	struct rig *r = nic_on(test_with(tiny_board(), "device_fault", DEVICE_SHORT));

	(void)state;
	describe(r, RX_RING, PACKET, 64, OWN);
	assert_true(receive(r, "0123456789abcdef"));
	settle(r);
	assert_int_equal(rig_ram(r, RX_RING + 8, 4), 8);
	assert_int_equal(rig_ram(r, PACKET + 8, 8), 0);
	rig_off(r);
}

static void a_late_card_writes_after_it_gave_the_descriptor_back(void **state)
{
	struct rig *r = nic_on(test_with(tiny_board(), "device_fault", DEVICE_LATE));

	(void)state;
	describe(r, RX_RING, PACKET, 64, OWN);
	assert_true(receive(r, "0123456789abcdef"));
	settle(r);
	assert_int_equal(rig_ram(r, PACKET + 8, 1), '8');
	assert_true(rig_event(r, EV_DEV_WRITE, 3)->seq > rig_event(r, EV_DEV_GIVE, 0)->seq);
	assert_int_equal(rig_event(r, EV_DEV_WRITE, 3)->addr2, PACKET + 8);
	rig_off(r);
}

static void a_card_that_lies_says_more_than_the_buffer_holds(void **state)
{
	struct rig *r = nic_on(test_with(tiny_board(), "device_fault", DEVICE_LENGTH));

	(void)state;
	describe(r, RX_RING, PACKET, 64, OWN);
	assert_true(receive(r, "01234567"));
	settle(r);
	assert_true(rig_ram(r, RX_RING + 8, 4) > 64);
	rig_off(r);
}

static void a_card_that_meddles_changes_the_length_after_the_give(void **state)
{
	struct rig *r = nic_on(test_with(tiny_board(), "device_fault", DEVICE_CHANGE));

	(void)state;
	describe(r, RX_RING, PACKET, 64, OWN);
	assert_true(receive(r, "01234567"));
	settle(r);
	assert_int_equal(rig_event(r, EV_DEV_WRITE, 3)->addr2, RX_RING + 8);
	assert_true(rig_event(r, EV_DEV_WRITE, 3)->seq > rig_event(r, EV_DEV_GIVE, 0)->seq);
	assert_int_not_equal(rig_ram(r, RX_RING + 8, 4), 8);
	rig_off(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_is_moved_before_its_descriptor_is_given_back),
		cmocka_unit_test(without_a_descriptor_a_packet_is_dropped_and_counted),
		cmocka_unit_test(packets_beyond_the_queue_are_dropped),
		cmocka_unit_test(a_packet_longer_than_its_buffer_is_an_error_and_stays_inside),
		cmocka_unit_test(the_doorbell_sends_until_a_descriptor_without_own),
		cmocka_unit_test(every_transfer_of_a_packet_sent_names_the_store_that_rang),
		cmocka_unit_test(a_stalled_card_is_busy_until_it_is_reset),
		cmocka_unit_test(a_short_packet_is_reported_as_short),
		cmocka_unit_test(a_late_card_writes_after_it_gave_the_descriptor_back),
		cmocka_unit_test(a_card_that_lies_says_more_than_the_buffer_holds),
		cmocka_unit_test(a_card_that_meddles_changes_the_length_after_the_give),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
