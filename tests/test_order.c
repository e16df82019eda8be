/*
 * Order between CPU and device: hardware that makes a forgotten barrier go wrong, and the rules that
 * name it from the order of events alone. The traces are made by hand: a ring of descriptors in
 * coherent memory (u64 address, u32 length, u32 flags) that a device takes and gives.
 */
#include "hw_rig.h"

#include "bench.h"
#include "kernel/dma.h"
#include "kernel/vmalloc.h"

#define SEEDS 200

/* The rules ------------------------------------------------------------------------------------ */

#define RAM_BYTES  (256 * KIB)
#define BUS_OFFSET ((uint64_t)0x80000000)
#define RING_PA    ((uint64_t)0x8000)
#define RING_VA    VMALLOC_BASE
#define RING_DMA   (RING_PA + BUS_OFFSET)
#define RING_SIZE  (4 * PAGE_SIZE)
#define DOORBELL   ((uint64_t)0x40000098)

enum { ADDRESS = 0, LENGTH = 8, FLAGS = 12, DESCRIPTOR = 16 };

static struct trace trace;
static struct checker checker;
static uint8_t ram[RAM_BYTES];      /* what the device sees: every store leaves at once */

static uint64_t tell(struct event e)
{
	return trace_append(&trace, trace.next, &e);
}

static void switch_on(bool coherent, bool strict)
{
	memset(ram, 0, sizeof ram);
	trace_init(&trace);
	checker_init(&checker);
	tell((struct event){ .kind = EV_MACHINE, .addr = RAM_BYTES, .addr2 = BUS_OFFSET,
		.value = ~(uint64_t)0, .size = 64, .a = 1, .b = coherent });
	tell((struct event){ .kind = EV_MACHINE_CHECKER, .a = strict });
	tell((struct event){ .kind = EV_DMA_ALLOC, .addr = RING_DMA, .addr2 = RING_PA,
		.value = RING_VA, .size = RING_SIZE, .b = FORM_COHERENT });
}

static void write_register(void)
{
	uint64_t by = tell((struct event){ .kind = EV_CPU_STORE, .addr = IOREMAP_BASE,
		.addr2 = DOORBELL, .value = 1, .size = 4, .a = AT_STORE_BUFFER });

	tell((struct event){ .kind = EV_MMIO_WRITE, .addr = DOORBELL, .size = 4, .cause = by });
}

static int set_up(void **state)
{
	(void)state;
	switch_on(false, false);
	return 0;
}

static int set_up_snooping(void **state)
{
	(void)state;
	switch_on(true, false);
	return 0;
}

static int set_up_strict(void **state)
{
	(void)state;
	switch_on(true, true);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	checker_release(&checker);
	trace_release(&trace);
	return 0;
}

static void barrier(enum barrier kind)
{
	tell((struct event){ .kind = EV_CPU_BARRIER, .a = kind });
}

/* Where devices snoop, coherent memory is cached; here a cache without lines stands for that. */
static void store(uint64_t at, uint64_t value, uint32_t size)
{
	bool cached = checker.facts.shadow.coherent;
	uint64_t by = tell((struct event){ .kind = EV_CPU_STORE, .addr = RING_VA + at,
		.addr2 = RING_PA + at, .value = value, .size = size,
		.a = cached ? AT_RAM : AT_STORE_BUFFER });

	if (!cached)
		tell((struct event){ .kind = EV_SB_DRAIN, .addr = RING_PA + at, .value = value,
			.size = size, .cause = by });
	memcpy(ram + RING_PA + at, &value, size);
}

static uint64_t ram_at(uint64_t at, uint32_t size)
{
	uint64_t value = 0;

	memcpy(&value, ram + RING_PA + at, size);
	return value;
}

static void load_from(uint64_t at, uint32_t size, enum where where, uint64_t value)
{
	tell((struct event){ .kind = EV_CPU_LOAD, .addr = RING_VA + at, .addr2 = RING_PA + at,
		.value = value, .size = size, .a = where });
}

static void load(uint64_t at, uint32_t size)
{
	load_from(at, size, AT_RAM, ram_at(at, size));
}

static void device_writes(uint64_t at, uint64_t value, uint32_t size, uint64_t transfer)
{
	memcpy(ram + RING_PA + at, &value, size);
	tell((struct event){ .kind = EV_DEV_WRITE, .addr = RING_DMA + at, .addr2 = RING_PA + at,
		.value = value, .size = size, .cause = transfer });
}

/* The doorbell store, the transfer it starts and its beats. */
static void ring_and_read(uint64_t at, uint32_t size)
{
	uint64_t by = tell((struct event){ .kind = EV_CPU_STORE, .addr = IOREMAP_BASE,
		.addr2 = DOORBELL, .value = 1, .size = 4, .a = AT_STORE_BUFFER });
	uint64_t start;

	tell((struct event){ .kind = EV_MMIO_WRITE, .addr = DOORBELL, .size = 4, .cause = by });
	start = tell((struct event){ .kind = EV_DEV_START, .addr = RING_DMA + at, .size = size,
		.a = DMA_TO_DEVICE, .cause = by });
	for (uint32_t i = 0; i < size; i += 8)
		tell((struct event){ .kind = EV_DEV_READ, .addr = RING_DMA + at + i,
			.addr2 = RING_PA + at + i, .value = ram_at(at + i, 8), .size = 8,
			.cause = start });
}

/* The device is switched on by a register write. */
static void switch_ring_on(void)
{
	uint64_t by = tell((struct event){ .kind = EV_CPU_STORE, .addr = IOREMAP_BASE,
		.addr2 = DOORBELL, .value = 1, .size = 4, .a = AT_STORE_BUFFER });

	tell((struct event){ .kind = EV_DEV_RING, .addr = RING_DMA, .size = 64, .a = true,
		.cause = by });
}

/* The device, at work on its own, finds a descriptor that is its. */
static void take(uint64_t at)
{
	tell((struct event){ .kind = EV_DEV_TAKE, .addr = RING_DMA + at,
		.addr2 = RING_DMA + at + FLAGS, .size = DESCRIPTOR });
}

static void tell_give(uint64_t at)
{
	tell((struct event){ .kind = EV_DEV_GIVE, .addr = RING_DMA + at,
		.addr2 = RING_DMA + at + FLAGS, .size = DESCRIPTOR });
}

static void give(uint64_t at, uint32_t length)
{
	device_writes(at + LENGTH, length, 4, 0);
	device_writes(at + FLAGS, 1, 4, 0);
	tell_give(at);
}

#define OWN 0x80000000u

static void hand_over(uint64_t at)
{
	store(at + ADDRESS, RING_DMA + 0x2000, 8);
	store(at + LENGTH, 64, 4);
	barrier(BARRIER_DMA_WMB);
	store(at + FLAGS, OWN, 4);
}

static uint32_t count(void)
{
	checker_read(&checker, &trace);
	return checker.facts.violations.count;
}

static void assert_clean(void)
{
	uint32_t n = count();

	for (uint32_t i = 0; i < n; i++) {
		const struct violation *v = violations_at(&checker.facts.violations, i);

		print_error("  %s at event %llu\n", rule_info[v->rule].name,
			    (unsigned long long)v->seq);
	}
	assert_int_equal(n, 0);
}

static const struct violation *assert_broken(enum rule rule, enum advice advice)
{
	const struct violation *v;

	assert_int_equal(count(), 1);
	v = violations_at(&checker.facts.violations, 0);
	assert_int_equal(v->rule, rule);
	assert_int_equal(v->advice, advice);
	return v;
}

static void a_doorbell_without_a_barrier_is_named_though_the_data_was_there(void **state)
{
	const struct violation *v;

	(void)state;
	store(0, 7, 8);
	ring_and_read(0, 16);
	v = assert_broken(RULE_ORDER_DEVICE_EARLY, ADVICE_BARRIER);
	assert_int_equal(v->pa, RING_PA);
	assert_int_equal(v->size, 8);
	assert_int_equal(v->new_value, 7);
	assert_int_equal(v->count, 1);
}

static void a_transfer_is_accused_once_whatever_the_number_of_its_beats(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 8; i++)
		store(8 * i, i, 8);
	ring_and_read(0, 64);
	assert_int_equal(assert_broken(RULE_ORDER_DEVICE_EARLY, ADVICE_BARRIER)->count, 8);
	store(0, 1, 8);
	ring_and_read(0, 8);
	assert_int_equal(count(), 2);
}

static void each_write_barrier_before_the_doorbell_is_enough(void **state)
{
	static const enum barrier enough[] = { BARRIER_MB, BARRIER_WMB, BARRIER_DMA_WMB };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		store(0, i, 8);
		barrier(enough[i]);
		ring_and_read(0, 8);
	}
	assert_clean();
}

static void a_read_barrier_does_not_order_stores(void **state)
{
	(void)state;
	store(0, 7, 8);
	barrier(BARRIER_RMB);
	ring_and_read(0, 8);
	assert_broken(RULE_ORDER_DEVICE_EARLY, ADVICE_BARRIER);
}

static void what_is_stored_elsewhere_or_after_the_doorbell_is_not_meant(void **state)
{
	uint64_t by, start;

	(void)state;
	store(256, 7, 8);
	ring_and_read(0, 64);
	barrier(BARRIER_WMB);
	by = tell((struct event){ .kind = EV_CPU_STORE, .addr = IOREMAP_BASE, .addr2 = DOORBELL,
		.size = 4, .a = AT_STORE_BUFFER });
	store(0, 8, 8);
	start = tell((struct event){ .kind = EV_DEV_START, .addr = RING_DMA, .size = 8,
		.cause = by });
	tell((struct event){ .kind = EV_DEV_READ, .addr = RING_DMA, .addr2 = RING_PA, .size = 8,
		.cause = start });
	assert_clean();
}

static void a_device_that_looks_by_itself_may_find_a_field_on_its_way(void **state)
{
	uint64_t start;

	(void)state;
	store(0, 7, 8);
	start = tell((struct event){ .kind = EV_DEV_START, .addr = RING_DMA, .size = 16 });
	tell((struct event){ .kind = EV_DEV_READ, .addr = RING_DMA, .addr2 = RING_PA, .size = 8,
		.cause = start });
	assert_clean();
}

static void only_so_many_stores_are_remembered_the_newest_first(void **state)
{
	(void)state;
	for (uint64_t i = 0; i <= ORDER_STORES; i++)
		store(8 * i, i, 8);
	ring_and_read(0, 8);
	assert_clean();
	ring_and_read(8 * ORDER_STORES, 8);
	assert_broken(RULE_ORDER_DEVICE_EARLY, ADVICE_BARRIER);
}

static void fields_a_barrier_and_the_flag_are_a_correct_descriptor(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		hand_over(0);
		take(0);
		give(0, 60);
	}
	assert_clean();
}

static void a_flag_stored_without_a_barrier_is_named_with_the_field(void **state)
{
	const struct violation *v;

	(void)state;
	store(ADDRESS, RING_DMA + 0x2000, 8);
	barrier(BARRIER_DMA_WMB);
	store(LENGTH, 64, 4);
	store(FLAGS, OWN, 4);
	take(0);
	v = assert_broken(RULE_ORDER_DEVICE_EARLY, ADVICE_FIELDS_UNORDERED);
	assert_int_equal(v->pa, RING_PA + LENGTH);
	assert_int_equal(v->size, 4);
	assert_int_equal(v->new_value, 64);
}

static void a_field_stored_after_the_flag_is_named(void **state)
{
	(void)state;
	store(ADDRESS, RING_DMA + 0x2000, 8);
	barrier(BARRIER_DMA_WMB);
	store(FLAGS, OWN, 4);
	barrier(BARRIER_DMA_WMB);
	store(LENGTH, 64, 4);
	barrier(BARRIER_WMB);
	take(0);
	assert_broken(RULE_ORDER_DEVICE_EARLY, ADVICE_FIELD_TOO_LATE);
}

static void one_store_of_length_and_flag_needs_no_barrier_between(void **state)
{
	(void)state;
	store(ADDRESS, RING_DMA + 0x2000, 8);
	barrier(BARRIER_DMA_WMB);
	store(LENGTH, (uint64_t)OWN << 32 | 64, 8);
	take(0);
	assert_clean();
}

static void a_field_of_an_earlier_round_needs_no_new_barrier(void **state)
{
	(void)state;
	hand_over(0);
	take(0);
	give(0, 60);
	store(FLAGS, OWN, 4);      /* address and length stay */
	take(0);
	assert_clean();
}

static void a_field_stored_together_with_an_earlier_flag_needs_none_either(void **state)
{
	(void)state;
	store(LENGTH, (uint64_t)OWN << 32 | 64, 8);
	take(0);
	device_writes(FLAGS, 1, 4, 0);
	tell_give(0);
	store(FLAGS, OWN, 4);
	take(0);
	assert_clean();
}

static void each_round_is_judged_anew(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 3; i++) {
		store(LENGTH, 64 + i, 4);
		store(FLAGS, OWN, 4);
		take(0);
		give(0, 60);
		assert_int_equal(count(), i);
	}
}

static void what_is_filled_in_before_the_device_is_switched_on_may_be_in_any_order(void **state)
{
	(void)state;
	write_register();
	store(FLAGS, OWN, 4);
	store(LENGTH, 64, 4);
	barrier(BARRIER_WMB);
	switch_ring_on();
	take(0);
	assert_clean();
}

static void but_a_barrier_must_stand_before_it_is_switched_on(void **state)
{
	(void)state;
	store(LENGTH, 64, 4);
	store(FLAGS, OWN, 4);
	switch_ring_on();
	take(0);
	assert_broken(RULE_ORDER_DEVICE_EARLY, ADVICE_FIELDS_UNORDERED);
}

static void once_it_is_on_each_descriptor_needs_its_barrier(void **state)
{
	(void)state;
	switch_ring_on();
	store(LENGTH, 64, 4);
	store(FLAGS, OWN, 4);
	barrier(BARRIER_WMB);
	ring_and_read(0, DESCRIPTOR);
	take(0);
	assert_broken(RULE_ORDER_DEVICE_EARLY, ADVICE_FIELDS_UNORDERED);
}

static void what_lies_behind_one_handed_over_later_may_be_in_any_order(void **state)
{
	(void)state;
	switch_ring_on();
	store(DESCRIPTOR + FLAGS, OWN, 4);
	store(DESCRIPTOR + LENGTH, 64, 4);
	hand_over(0);
	take(0);
	take(DESCRIPTOR);
	assert_clean();
}

static void a_flag_read_again_behind_the_barrier_asks_for_no_other(void **state)
{
	(void)state;
	hand_over(0);
	take(0);
	give(0, 60);
	load(FLAGS, 4);
	barrier(BARRIER_DMA_RMB);
	load(FLAGS, 4);
	load(LENGTH, 4);
	assert_clean();
}

static void a_barrier_too_long_ago_to_be_known_accuses_nobody(void **state)
{
	(void)state;
	store(LENGTH, 64, 4);
	store(FLAGS, OWN, 4);
	for (int i = 0; i <= ORDER_FENCES; i++)
		barrier(BARRIER_WMB);
	take(0);
	assert_clean();
}

static void given_by_the_device(void)
{
	hand_over(0);
	take(0);
	give(0, 60);
}

static void flag_barrier_field_is_the_correct_way_to_read(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		hand_over(0);
		load(FLAGS, 4);
		take(0);
		load(FLAGS, 4);
		give(0, 60);
		load(FLAGS, 4);
		barrier(BARRIER_DMA_RMB);
		load(LENGTH, 4);
		load(ADDRESS, 8);
	}
	assert_clean();
}

static void a_field_read_with_no_barrier_after_the_flag_is_named(void **state)
{
	const struct violation *v;

	(void)state;
	given_by_the_device();
	barrier(BARRIER_RMB);
	load(FLAGS, 4);
	load(LENGTH, 4);
	v = assert_broken(RULE_ORDER_CPU_EARLY, ADVICE_READ_UNORDERED);
	assert_int_equal(v->pa, RING_PA + LENGTH);
	assert_int_equal(v->va, RING_VA + LENGTH);
	assert_int_equal(v->old_value, 60);
}

static void a_write_barrier_does_not_order_loads(void **state)
{
	(void)state;
	given_by_the_device();
	load(FLAGS, 4);
	barrier(BARRIER_DMA_WMB);
	load(LENGTH, 4);
	assert_broken(RULE_ORDER_CPU_EARLY, ADVICE_READ_UNORDERED);
}

static void a_barrier_before_the_device_was_done_is_none(void **state)
{
	(void)state;
	hand_over(0);
	take(0);
	barrier(BARRIER_RMB);
	give(0, 60);
	load(LENGTH, 4);
	assert_broken(RULE_ORDER_CPU_EARLY, ADVICE_READ_UNORDERED);
}

static void who_asked_a_register_need_not_look_at_the_flag(void **state)
{
	(void)state;
	given_by_the_device();
	barrier(BARRIER_RMB);      /* readl's own */
	load(LENGTH, 4);
	assert_clean();
}

static void one_load_of_length_and_flag_together_is_fine(void **state)
{
	(void)state;
	given_by_the_device();
	load(LENGTH, 8);
	assert_clean();
}

static void what_the_cpu_itself_wrote_may_be_read_at_any_time(void **state)
{
	(void)state;
	given_by_the_device();
	load(FLAGS, 4);
	load(ADDRESS, 8);
	store(LENGTH, 5, 4);
	load(LENGTH, 4);
	assert_clean();
}

static void once_handed_over_again_a_descriptor_is_no_more_judged(void **state)
{
	(void)state;
	given_by_the_device();
	barrier(BARRIER_RMB);
	hand_over(0);
	load(FLAGS, 4);
	load(LENGTH, 4);
	assert_clean();
}

static void memory_given_back_holds_no_descriptors(void **state)
{
	(void)state;
	given_by_the_device();
	tell((struct event){ .kind = EV_DMA_FREE, .addr = RING_DMA, .addr2 = RING_PA,
		.value = RING_VA, .size = RING_SIZE, .b = FORM_COHERENT });
	tell((struct event){ .kind = EV_MEM_ALLOC, .addr2 = RING_PA, .size = PAGE_SIZE });
	load(LENGTH, 4);
	assert_clean();
}

static void only_so_many_descriptors_are_known_the_oldest_is_forgotten(void **state)
{
	(void)state;
	for (uint64_t i = 0; i <= ORDER_DESCRIPTORS; i++) {
		hand_over(DESCRIPTOR * i);
		take(DESCRIPTOR * i);
		give(DESCRIPTOR * i, 60);
	}
	load(LENGTH, 4);
	assert_clean();
	load(DESCRIPTOR * ORDER_DESCRIPTORS + LENGTH, 4);
	assert_broken(RULE_ORDER_CPU_EARLY, ADVICE_READ_UNORDERED);
}

/* A line holds several descriptors: an old flag of the next only means to look again. */
static void an_old_flag_of_another_descriptor_is_no_mistake(void **state)
{
	(void)state;
	given_by_the_device();
	load(FLAGS, 4);
	give(DESCRIPTOR, 61);
	load_from(DESCRIPTOR + FLAGS, 4, AT_EARLY, OWN);
	assert_clean();
}

static void old_bytes_of_a_transfer_whose_new_ones_were_seen_are_named(void **state)
{
	uint64_t start = tell((struct event){ .kind = EV_DEV_START, .size = 16, .a = DMA_FROM_DEVICE });
	const struct violation *v;

	(void)state;
	device_writes(0, 11, 8, start);
	device_writes(8, 22, 8, start);
	load_from(0, 8, AT_EARLY, 0);
	assert_clean();
	load(8, 8);
	load_from(0, 8, AT_EARLY, 0);
	v = assert_broken(RULE_ORDER_CPU_EARLY, ADVICE_READ_UNORDERED);
	assert_int_equal(v->old_value, 0);
	assert_int_equal(v->new_value, 11);
}

/* Between two transfers, and once a barrier has passed, nothing is out of order. */
static void old_bytes_of_another_transfer_are_no_mistake(void **state)
{
	uint64_t first = tell((struct event){ .kind = EV_DEV_START, .size = 8, .a = DMA_FROM_DEVICE });
	uint64_t second = tell((struct event){ .kind = EV_DEV_START, .size = 8, .a = DMA_FROM_DEVICE });

	(void)state;
	device_writes(0, 11, 8, first);
	device_writes(8, 22, 8, second);
	load(8, 8);
	load_from(0, 8, AT_EARLY, 0);
	load(0, 8);
	barrier(BARRIER_RMB);
	load_from(0, 8, AT_EARLY, 0);
	assert_clean();
}

static void a_field_read_twice_and_changed_between_is_named_with_both_values(void **state)
{
	const struct violation *v;

	(void)state;
	given_by_the_device();
	barrier(BARRIER_RMB);
	load(LENGTH, 4);
	device_writes(LENGTH, 6000, 4, 0);
	load(LENGTH, 4);
	v = assert_broken(RULE_DOUBLE_FETCH, ADVICE_FETCH_ONCE);
	assert_int_equal(v->old_value & 0xffff, 60);
	assert_int_equal(v->new_value & 0xffff, 6000);
	assert_int_equal(v->va, RING_VA + LENGTH);
}

static void a_change_nobody_looks_at_twice_is_harmless(void **state)
{
	(void)state;
	given_by_the_device();
	barrier(BARRIER_RMB);
	load(LENGTH, 4);
	device_writes(LENGTH, 6000, 4, 0);
	load(ADDRESS, 8);
	assert_clean();
}

static void a_change_before_the_first_look_is_harmless(void **state)
{
	(void)state;
	given_by_the_device();
	barrier(BARRIER_RMB);
	device_writes(LENGTH, 6000, 4, 0);
	load(LENGTH, 4);
	load(LENGTH, 4);
	assert_clean();
}

static void polling_across_a_give_is_no_double_fetch(void **state)
{
	(void)state;
	hand_over(0);
	take(0);
	load(LENGTH, 4);
	load(FLAGS, 4);
	give(0, 60);
	load(FLAGS, 4);
	barrier(BARRIER_RMB);
	load(LENGTH, 4);
	assert_clean();
}

static void where_devices_snoop_only_the_double_fetch_is_named(void **state)
{
	(void)state;
	store(LENGTH, 64, 4);
	store(FLAGS, OWN, 4);
	ring_and_read(0, 16);
	take(0);
	give(0, 60);
	load(FLAGS, 4);
	load(LENGTH, 4);
	assert_clean();
	device_writes(LENGTH, 6000, 4, 0);
	load(LENGTH, 4);
	assert_broken(RULE_DOUBLE_FETCH, ADVICE_FETCH_ONCE);
}

static void a_strict_board_minds_everywhere(void **state)
{
	(void)state;
	store(LENGTH, 64, 4);
	store(FLAGS, OWN, 4);
	ring_and_read(0, 16);
	assert_int_equal(count(), 1);
	take(0);
	assert_int_equal(count(), 2);
	give(0, 60);
	load(FLAGS, 4);
	load(LENGTH, 4);
	assert_int_equal(count(), 3);
}

static void a_copy_of_the_checker_goes_on_by_itself(void **state)
{
	static struct checker copy;

	(void)state;
	given_by_the_device();
	load(FLAGS, 4);
	assert_clean();
	checker_copy(&copy, &checker);
	load(LENGTH, 4);
	assert_broken(RULE_ORDER_CPU_EARLY, ADVICE_READ_UNORDERED);
	assert_int_equal(copy.facts.violations.count, 0);
	checker_read(&copy, &trace);
	assert_int_equal(copy.facts.violations.count, 1);
	checker_release(&copy);
}

/* The hardware --------------------------------------------------------------------------------- */

#define PAGE_PA  ((paddr_t)0x200000)
#define PAGE_VA  VMALLOC_BASE
#define BAR      IOREMAP_BASE

static struct rig *rig_of(uint64_t nature, uint64_t seed, bool coherent)
{
	struct board b = test_with(test_with(board_default(), "nature", nature), "seed", seed);
	struct rig *r = rig_on(test_with(b, "coherent", coherent));

	mmu_map(&r->hw.mmu, PAGE_VA, PAGE_PA, ATTR_UNCACHED);
	mmu_map(&r->hw.mmu, BAR, hw_device_bar(0), ATTR_DEVICE);
	return r;
}

/* How many of the seeds one of these goes wrong with. */
static uint32_t wrong(bool (*goes_wrong)(struct rig *r, bool fenced), bool fenced, uint64_t nature,
		      bool coherent)
{
	uint32_t n = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct rig *r = rig_of(nature, seed, coherent);

		n += goes_wrong(r, fenced);
		rig_off(r);
	}
	return n;
}

static void assert_only_a_missing_barrier_goes_wrong(bool (*goes_wrong)(struct rig *r, bool fenced))
{
	uint32_t without = wrong(goes_wrong, false, NATURE_RANDOM, false);

	print_message("without the barrier %u of %u seeds go wrong\n", without, SEEDS);
	assert_true(without > 0);
	assert_int_equal(wrong(goes_wrong, true, NATURE_RANDOM, false), 0);
	assert_int_equal(wrong(goes_wrong, false, NATURE_CALM, false), 0);
	assert_int_equal(wrong(goes_wrong, false, NATURE_RANDOM, true), 0);
}

/* A device that looks all the time finds OWN before the fields. */
static bool half_written(struct rig *r, bool fenced)
{
	bool half = false;

	rig_store(r, PAGE_VA + ADDRESS, 8, 0x1234);
	rig_store(r, PAGE_VA + LENGTH, 4, 64);
	if (fenced)
		cpu_barrier(&r->hw, BARRIER_DMA_WMB);
	rig_store(r, PAGE_VA + FLAGS, 4, OWN);
	for (int i = 0; i < 400; i++) {
		hw_pass(&r->hw, 1);
		half |= rig_ram(r, PAGE_PA + FLAGS, 4) == OWN &&
			(rig_ram(r, PAGE_PA, 8) != 0x1234 || rig_ram(r, PAGE_PA + LENGTH, 4) != 64);
	}
	return half;
}

static void a_forgotten_dma_wmb_shows_a_device_half_a_descriptor(void **state)
{
	(void)state;
	assert_only_a_missing_barrier_goes_wrong(half_written);
}

/* edu reads eight bytes; the doorbell does not wait for them. */
static bool fetched_too_early(struct rig *r, bool fenced)
{
	struct device_io io = hw_device(&r->hw, 0);
	dma_addr_t dma = PAGE_PA + r->hw.board.bus_offset;
	uint64_t got;
	size_t n;

	rig_store(r, BAR + 0x80, 8, dma);
	rig_store(r, BAR + 0x88, 8, 0x40000);
	rig_store(r, BAR + 0x90, 4, 8);
	cpu_barrier(&r->hw, BARRIER_WMB);
	rig_store(r, PAGE_VA, 8, 0x1234);
	if (fenced)
		cpu_barrier(&r->hw, BARRIER_WMB);
	rig_store(r, BAR + 0x98, 4, 1);
	hw_pass(&r->hw, 2000);
	memcpy(&got, io.dev->ops->buffer(io.state, &n), 8);
	return got != 0x1234;
}

static void a_relaxed_doorbell_overtakes_the_data(void **state)
{
	(void)state;
	assert_only_a_missing_barrier_goes_wrong(fetched_too_early);
}

/* The device writes length and flag while the CPU polls the flag. */
static bool read_too_early(struct rig *r, bool fenced)
{
	for (int i = 0; rig_load(r, PAGE_VA + FLAGS, 4) != 1; i++) {
		assert_true(i < 10);
		if (i != 2)
			continue;
		rig_set_ram(r, PAGE_PA + LENGTH, 4, 60);
		rig_set_ram(r, PAGE_PA + FLAGS, 4, 1);
	}
	if (fenced)
		cpu_barrier(&r->hw, BARRIER_DMA_RMB);
	return rig_load(r, PAGE_VA + LENGTH, 4) != 60;
}

static void a_forgotten_dma_rmb_reads_an_old_length(void **state)
{
	(void)state;
	assert_only_a_missing_barrier_goes_wrong(read_too_early);
}

static void register_writes_keep_their_order(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct rig *r = rig_of(NATURE_RANDOM, seed, false);

		for (uint64_t i = 0; i < 20; i++) {
			rig_store(r, PAGE_VA + 8 * i, 8, i);
			rig_store(r, BAR + 0x80, 8, i);
		}
		cpu_barrier(&r->hw, BARRIER_MB);
		for (uint64_t i = 0; i < 20; i++)
			assert_int_equal(rig_event(r, EV_MMIO_WRITE, i)->value, i);
		rig_off(r);
	}
}

static void a_word_that_is_polled_is_never_old(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct rig *r = rig_of(NATURE_RANDOM, seed, false);

		for (uint64_t i = 1; i < 10; i++) {
			rig_set_ram(r, PAGE_PA + FLAGS, 4, i);
			assert_int_equal(rig_load(r, PAGE_VA + FLAGS, 4), i);
		}
		rig_off(r);
	}
}

/* One CPU alone never notices: it sees its own stores, whatever passes what. */
static void the_cpu_sees_its_own_stores_in_order(void **state)
{
	uint64_t seed = test_seed(1), random = seed;

	(void)state;
	for (uint64_t k = 0; k < 50; k++) {
		struct rig *r = rig_of(NATURE_RANDOM, seed + k, false);
		uint32_t flat[32] = { 0 };

		for (uint64_t step = 0; step < 400; step++) {
			uint64_t at = test_below(&random, 32);

			if (test_below(&random, 2)) {
				flat[at] = (uint32_t)test_random(&random);
				rig_store(r, PAGE_VA + 4 * at, 4, flat[at]);
			}
			at = test_below(&random, 32);
			assert_seeded(rig_load(r, PAGE_VA + 4 * at, 4) == flat[at], seed, step);
		}
		cpu_barrier(&r->hw, BARRIER_MB);
		for (uint64_t at = 0; at < 32; at++)
			assert_seeded(rig_ram(r, PAGE_PA + 4 * at, 4) == flat[at], seed, at);
		rig_off(r);
	}
}

static void a_copy_of_the_hardware_keeps_what_was_read_early(void **state)
{
	uint32_t kept = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct rig *r = rig_of(NATURE_RANDOM, seed, false);
		struct hw copy;
		uint64_t value;

		(void)rig_load(r, PAGE_VA, 8);
		rig_set_ram(r, PAGE_PA + 8, 8, 9);
		hw_copy(&copy, &r->hw);
		assert_int_equal(cpu_load(&copy, PAGE_VA + 8, 8, &value), OK);
		assert_int_equal(rig_load(r, PAGE_VA + 8, 8), value);
		kept += value == 0;
		hw_release(&copy);
		rig_off(r);
	}
	assert_true(kept > 0 && kept < SEEDS);
}

/* Hardware and rules together ------------------------------------------------------------------ */

struct play {
	struct bench *bench;
	vaddr_t va, bar;
	dma_addr_t dma;
};

static struct play play_of(uint64_t seed)
{
	struct board b = test_with(test_with(board_default(), "nature", NATURE_RANDOM), "seed", seed);
	struct play p = { .bench = bench_new(&b) };

	p.va = dma_alloc_coherent(&p.bench->machine.kernel, 0, 64, &p.dma, GFP_KERNEL);
	p.bar = ioremap(&p.bench->machine.kernel, hw_device_bar(0), DEVICE_WINDOW, ATTR_DEVICE);
	assert_int_not_equal(p.va, 0);
	return p;
}

static void put(struct play *p, vaddr_t va, uint64_t value, size_t size)
{
	assert_int_equal(cpu_store(&p->bench->machine.hw, va, size, value), OK);
}

static uint64_t get(struct play *p, vaddr_t va)
{
	uint64_t value;

	assert_int_equal(cpu_load(&p->bench->machine.hw, va, 8, &value), OK);
	return value;
}

/* edu writes 16 bytes; the CPU polls for the last of them, then reads the first. */
static bool polls_and_reads_old(struct play *p, bool fenced)
{
	struct hw *h = &p->bench->machine.hw;
	static const uint64_t sent[] = { 11, 22 };

	assert_true(hw_device_fill(h, 0, 0, sent, 16));
	put(p, p->bar + 0x80, 0x40000, 8);
	put(p, p->bar + 0x88, p->dma, 8);
	put(p, p->bar + 0x90, 16, 4);
	cpu_barrier(h, BARRIER_WMB);
	put(p, p->bar + 0x98, 3, 4);
	for (int i = 0; get(p, p->va + 8) != 22; i++)
		assert_true(i < 1000);
	if (fenced)
		cpu_barrier(h, BARRIER_DMA_RMB);
	return get(p, p->va) != 11;
}

static void old_bytes_read_early_are_named_whenever_they_come_and_only_then(void **state)
{
	uint32_t old = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 2 * SEEDS; seed++) {
		bool fenced = seed > SEEDS;
		struct play p = play_of(seed);
		const struct violations *vs = &p.bench->checker.facts.violations;
		bool wrong_data = polls_and_reads_old(&p, fenced);

		bench_settle(p.bench);
		assert_seeded(vs->count == wrong_data, seed, fenced);
		assert_seeded(!wrong_data || !fenced, seed, fenced);
		if (wrong_data)
			assert_int_equal(violations_at(vs, 0)->rule, RULE_ORDER_CPU_EARLY);
		old += wrong_data;
		bench_free(p.bench);
	}
	print_message("without the barrier %u of %u seeds read old bytes\n", old, SEEDS);
	assert_true(old > 0);
}

#define PLAIN(test)  cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAIN(a_doorbell_without_a_barrier_is_named_though_the_data_was_there),
		PLAIN(a_transfer_is_accused_once_whatever_the_number_of_its_beats),
		PLAIN(each_write_barrier_before_the_doorbell_is_enough),
		PLAIN(a_read_barrier_does_not_order_stores),
		PLAIN(what_is_stored_elsewhere_or_after_the_doorbell_is_not_meant),
		PLAIN(a_device_that_looks_by_itself_may_find_a_field_on_its_way),
		PLAIN(only_so_many_stores_are_remembered_the_newest_first),
		PLAIN(fields_a_barrier_and_the_flag_are_a_correct_descriptor),
		PLAIN(a_flag_stored_without_a_barrier_is_named_with_the_field),
		PLAIN(a_field_stored_after_the_flag_is_named),
		PLAIN(one_store_of_length_and_flag_needs_no_barrier_between),
		PLAIN(a_field_of_an_earlier_round_needs_no_new_barrier),
		PLAIN(a_field_stored_together_with_an_earlier_flag_needs_none_either),
		PLAIN(each_round_is_judged_anew),
		PLAIN(what_is_filled_in_before_the_device_is_switched_on_may_be_in_any_order),
		PLAIN(but_a_barrier_must_stand_before_it_is_switched_on),
		PLAIN(once_it_is_on_each_descriptor_needs_its_barrier),
		PLAIN(what_lies_behind_one_handed_over_later_may_be_in_any_order),
		PLAIN(a_flag_read_again_behind_the_barrier_asks_for_no_other),
		PLAIN(a_barrier_too_long_ago_to_be_known_accuses_nobody),
		PLAIN(flag_barrier_field_is_the_correct_way_to_read),
		PLAIN(a_field_read_with_no_barrier_after_the_flag_is_named),
		PLAIN(a_write_barrier_does_not_order_loads),
		PLAIN(a_barrier_before_the_device_was_done_is_none),
		PLAIN(who_asked_a_register_need_not_look_at_the_flag),
		PLAIN(one_load_of_length_and_flag_together_is_fine),
		PLAIN(what_the_cpu_itself_wrote_may_be_read_at_any_time),
		PLAIN(once_handed_over_again_a_descriptor_is_no_more_judged),
		PLAIN(memory_given_back_holds_no_descriptors),
		PLAIN(only_so_many_descriptors_are_known_the_oldest_is_forgotten),
		PLAIN(an_old_flag_of_another_descriptor_is_no_mistake),
		PLAIN(old_bytes_of_a_transfer_whose_new_ones_were_seen_are_named),
		PLAIN(old_bytes_of_another_transfer_are_no_mistake),
		PLAIN(a_field_read_twice_and_changed_between_is_named_with_both_values),
		PLAIN(a_change_nobody_looks_at_twice_is_harmless),
		PLAIN(a_change_before_the_first_look_is_harmless),
		PLAIN(polling_across_a_give_is_no_double_fetch),
		cmocka_unit_test_setup_teardown(where_devices_snoop_only_the_double_fetch_is_named,
						set_up_snooping, tear_down),
		cmocka_unit_test_setup_teardown(a_strict_board_minds_everywhere, set_up_strict,
						tear_down),
		PLAIN(a_copy_of_the_checker_goes_on_by_itself),
		cmocka_unit_test(a_forgotten_dma_wmb_shows_a_device_half_a_descriptor),
		cmocka_unit_test(a_relaxed_doorbell_overtakes_the_data),
		cmocka_unit_test(a_forgotten_dma_rmb_reads_an_old_length),
		cmocka_unit_test(register_writes_keep_their_order),
		cmocka_unit_test(a_word_that_is_polled_is_never_old),
		cmocka_unit_test(the_cpu_sees_its_own_stores_in_order),
		cmocka_unit_test(a_copy_of_the_hardware_keeps_what_was_read_early),
		cmocka_unit_test(old_bytes_read_early_are_named_whenever_they_come_and_only_then),
	};

	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
