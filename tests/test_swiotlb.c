#include "kernel_rig.h"

#include "hw/port.h"
#include "kernel/pages.h"
#include "kernel/swiotlb.h"

static struct rig rig;
static struct kernel *const k = &rig.kernel;

#define SLOT ((uint64_t)2048)
#define DEV  0

static struct board pool_board(uint64_t bytes, uint64_t areas, bool coherent)
{
	struct board b = board_default();

	test_set(&b, "swiotlb", bytes);
	test_set(&b, "swiotlb_areas", areas);
	test_set(&b, "coherent", coherent);
	return b;
}

/* A pool of so many bytes on a board whose devices snoop. */
static void on(uint64_t bytes, uint64_t areas)
{
	struct board b = pool_board(bytes, areas, true);

	rig_on(&rig, &b);
}

static uint64_t logged(enum klog what)
{
	uint64_t n = 0;

	for (uint64_t seq = 1; seq < rig.trace.next; seq++)
		n += trace_at(&rig.trace, seq)->kind == EV_KERNEL_LOG &&
		     trace_at(&rig.trace, seq)->a == what;
	return n;
}

/* The newest line of the log is this one, with these numbers. */
static void expect_log(enum klog what, uint64_t x, uint64_t y, uint64_t z)
{
	const struct event *e = rig_last(&rig, EV_KERNEL_LOG);

	assert_int_equal(e->a, what);
	assert_int_equal(e->addr, x);
	assert_int_equal(e->addr2, y);
	assert_int_equal(e->value, z);
}

static paddr_t buffer(uint32_t order)
{
	vaddr_t va = pages_alloc(k, GFP_KERNEL, order);

	assert_int_not_equal(va, 0);
	return va - LINEAR_BASE;
}

static void cpu_puts(paddr_t pa, const void *bytes, size_t n)
{
	assert_int_equal(cpu_write(&rig.hw, phys_to_virt(pa), bytes, n), OK);
}

/* What the CPU reads there. */
static void expect(paddr_t pa, const void *bytes, size_t n)
{
	uint8_t got[256];

	assert_true(n <= sizeof got);
	assert_int_equal(cpu_read(&rig.hw, phys_to_virt(pa), got, n), OK);
	assert_memory_equal(got, bytes, n);
}

static void device_puts(paddr_t pa, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(port_write(&rig.hw.port, DEV, 0, pa + i + rig.hw.board.bus_offset,
					    bytes + i, 1), OK);
}

static paddr_t map(paddr_t orig, uint64_t size, enum direction dir)
{
	paddr_t bounce = swiotlb_map(k, DEV, orig, size, dir, 0);

	assert_true(bounce != SWIOTLB_NONE);
	return bounce;
}

static void unmap(paddr_t bounce, uint64_t size, enum direction dir)
{
	swiotlb_unmap(k, DEV, bounce, size, dir, 0);
}

/* The whole pool is free and in one piece a set. */
static void expect_empty(void)
{
	uint32_t sets = k->swiotlb.slot_count / SWIOTLB_SET;
	paddr_t orig = 0, bounce[64];

	assert_int_equal(k->swiotlb.used, 0);
	for (uint32_t a = 0; a < k->swiotlb.area_count; a++)
		assert_int_equal(k->swiotlb.area[a].used, 0);
	assert_true(sets <= 64);
	for (uint32_t dev = 0; dev < DEVICE_MAX; dev++)
		k->device_dma[dev].min_align_mask = 0, k->device_dma[dev].seg_boundary = UINT64_MAX;
	for (uint32_t i = 0; i < sets; i++)
		bounce[i] = map(orig, 256 * KIB, DMA_TO_DEVICE);
	assert_true(swiotlb_map(k, DEV, orig, 1, DMA_TO_DEVICE, 0) == SWIOTLB_NONE);
	for (uint32_t i = 0; i < sets; i++)
		unmap(bounce[i], 256 * KIB, DMA_TO_DEVICE);
	assert_int_equal(k->swiotlb.used, 0);
}

static void off(void)
{
	rig_off(&rig);
}

static void without_the_setting_there_is_no_pool_and_nothing_is_said(void **state)
{
	struct board b = board_default();

	(void)state;
	rig_on(&rig, &b);
	assert_false(swiotlb_active(k));
	assert_false(swiotlb_forced(k));
	assert_false(swiotlb_is_bounce(k, 0));
	assert_false(swiotlb_is_bounce(k, 1 * MIB));
	assert_true(swiotlb_original(k, 1 * MIB) == SWIOTLB_NONE);
	assert_int_equal(rig_count(&rig, EV_KERNEL_LOG, 1), 0);
	assert_true(swiotlb_map(k, DEV, 2 * MIB, 100, DMA_TO_DEVICE, 0) == SWIOTLB_NONE);
	expect_log(KLOG_SWIOTLB_NONE, 0, 0, 0);
	swiotlb_unmap(k, DEV, 2 * MIB, 100, DMA_FROM_DEVICE, 0);
	swiotlb_sync_for_cpu(k, DEV, 2 * MIB, 100, DMA_FROM_DEVICE);
	assert_int_equal(rig_count(&rig, EV_BOUNCE_COPY, 1), 0);
	off();
}

static void the_pool_is_pages_behind_the_image_that_nobody_else_gets(void **state)
{
	(void)state;
	on(1 * MIB, 1);
	assert_int_equal(k->swiotlb.start, rig.hw.board.kernel_image);
	assert_int_equal(k->swiotlb.slot_count, 512);
	assert_int_equal(rig_free_pages(&rig), 30 * MIB / PAGE_SIZE);
	assert_int_equal(frame_read(k, 256)->kind, FRAME_RESERVED);
	assert_true(buffer(0) >= 2 * MIB);
	assert_true(swiotlb_is_bounce(k, 1 * MIB));
	assert_true(swiotlb_is_bounce(k, 2 * MIB - 1));
	assert_false(swiotlb_is_bounce(k, 1 * MIB - 1));
	assert_false(swiotlb_is_bounce(k, 2 * MIB));
	assert_true(swiotlb_original(k, 1 * MIB) == SWIOTLB_NONE);
	expect_log(KLOG_SWIOTLB_MAPPED, 1 * MIB, 2 * MIB, 1);
	expect_empty();
	off();
}

static void expect_pool(uint64_t bytes, uint64_t areas, uint32_t slots, uint32_t got_areas)
{
	on(bytes, areas);
	assert_int_equal(k->swiotlb.slot_count, slots);
	assert_int_equal(k->swiotlb.area_count, got_areas);
	if (slots)
		assert_int_equal(k->swiotlb.area_slots * got_areas, slots);
}

static void a_pool_is_whole_sets_one_for_each_area_and_a_power_of_two(void **state)
{
	(void)state;
	expect_pool(1, 1, 128, 1);
	assert_int_equal(logged(KLOG_SWIOTLB_ROUNDED), 0);
	off();
	expect_pool(256 * KIB + 1, 1, 256, 1);
	assert_int_equal(logged(KLOG_SWIOTLB_ROUNDED), 0);
	off();
	expect_pool(768 * KIB, 1, 512, 1);
	assert_int_equal(logged(KLOG_SWIOTLB_ROUNDED), 1);
	off();
	expect_pool(256 * KIB, 3, 512, 4);
	assert_int_equal(logged(KLOG_SWIOTLB_AREAS), 1);
	assert_int_equal(logged(KLOG_SWIOTLB_ROUNDED), 1);
	off();
	expect_pool(4 * MIB, 64, 8192, 64);
	expect_empty();
	off();
}

static void a_pool_that_does_not_fit_is_halved_until_it_does(void **state)
{
	(void)state;
	expect_pool(64 * MIB, 1, 8192, 1);
	assert_int_equal(logged(KLOG_SWIOTLB_NO_ROOM), 2);
	assert_int_equal(logged(KLOG_SWIOTLB_SMALLER), 1);
	off();
}

static void below_1_mib_half_a_pool_is_not_worth_having(void **state)
{
	struct board b = tiny_board();

	(void)state;
	test_set(&b, "swiotlb", 1 * MIB);
	rig_on(&rig, &b);
	assert_false(swiotlb_active(k));
	expect_log(KLOG_SWIOTLB_NO_ROOM, 1 * MIB, 0, 0);
	assert_int_equal(rig_free_pages(&rig), 60);
	off();
	b = test_with(tiny_board(), "ram", 1 * MIB);
	test_set(&b, "swiotlb", 4 * MIB);
	rig_on(&rig, &b);
	assert_false(swiotlb_active(k));
	assert_int_equal(logged(KLOG_SWIOTLB_NO_ROOM), 3);
	off();
}

static void forcing_takes_a_pool_and_the_switch(void **state)
{
	struct board b = pool_board(1 * MIB, 1, true);

	(void)state;
	test_set(&b, "swiotlb_force", true);
	rig_on(&rig, &b);
	assert_true(swiotlb_forced(k));
	off();
	on(1 * MIB, 1);
	assert_true(swiotlb_active(k));
	assert_false(swiotlb_forced(k));
	off();
	test_set(&b, "swiotlb", 0);
	assert_non_null(board_mistake(&b));
}

static void the_original_is_copied_in_for_every_direction(void **state)
{
	static const enum direction dirs[] = { DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_BIDIRECTIONAL };

	(void)state;
	on(1 * MIB, 1);
	for (size_t i = 0; i < 3; i++) {
		paddr_t orig = buffer(0), bounce;

		cpu_puts(orig + 5, "the old bytes", 13);
		bounce = map(orig + 5, 13, dirs[i]);
		expect(bounce, "the old bytes", 13);
		assert_int_equal(swiotlb_original(k, bounce), orig + 5);
		assert_int_equal(swiotlb_original(k, bounce + 12), orig + 17);
		unmap(bounce, 13, dirs[i]);
		expect(orig + 5, "the old bytes", 13);
		assert_true(swiotlb_original(k, bounce) == SWIOTLB_NONE);
	}
	expect_empty();
	off();
}

static void a_short_write_of_the_device_leaves_the_rest_as_it_was(void **state)
{
	paddr_t orig, bounce;

	(void)state;
	on(1 * MIB, 1);
	orig = buffer(0);
	cpu_puts(orig, "0123456789", 10);
	bounce = map(orig + 1, 8, DMA_FROM_DEVICE);
	device_puts(bounce + 2, (const uint8_t *)"new", 3);
	expect(orig, "0123456789", 10);
	unmap(bounce, 8, DMA_FROM_DEVICE);
	expect(orig, "012new6789", 10);
	off();
}

/* What each call carries over, by direction: d when the CPU then sees the device's byte, c when the
 * device then sees the CPU's. */
static void try_sync(enum direction dir, bool for_cpu, bool carries)
{
	paddr_t orig = buffer(0), bounce;

	cpu_puts(orig, "oooo", 4);
	bounce = map(orig, 4, dir);
	cpu_puts(orig, "cccc", 4);
	device_puts(bounce, (const uint8_t *)"dddd", 4);
	if (for_cpu)
		swiotlb_sync_for_cpu(k, DEV, bounce + 1, 2, dir);
	else
		swiotlb_sync_for_device(k, DEV, bounce + 1, 2, dir);
	expect(orig, carries && for_cpu ? "cddc" : "cccc", 4);
	expect(bounce, carries && !for_cpu ? "dccd" : "dddd", 4);
	swiotlb_unmap(k, DEV, bounce, 4, dir, DMA_ATTR_SKIP_CPU_SYNC);
	expect(orig, carries && for_cpu ? "cddc" : "cccc", 4);
}

static void a_sync_copies_its_range_where_the_direction_asks_for_it(void **state)
{
	(void)state;
	on(1 * MIB, 1);
	try_sync(DMA_TO_DEVICE, true, false);
	try_sync(DMA_FROM_DEVICE, true, true);
	try_sync(DMA_BIDIRECTIONAL, true, true);
	try_sync(DMA_TO_DEVICE, false, true);
	try_sync(DMA_FROM_DEVICE, false, false);
	try_sync(DMA_BIDIRECTIONAL, false, true);
	expect_empty();
	off();
}

static void unmapping_copies_back_unless_the_device_only_read(void **state)
{
	static const struct { enum direction dir; const char *left; } cells[] = {
		{ DMA_TO_DEVICE, "cccc" }, { DMA_FROM_DEVICE, "dddd" },
		{ DMA_BIDIRECTIONAL, "dddd" } };

	(void)state;
	on(1 * MIB, 1);
	for (size_t i = 0; i < 3; i++) {
		paddr_t orig = buffer(0), bounce = map(orig, 4, cells[i].dir);

		cpu_puts(orig, "cccc", 4);
		device_puts(bounce, (const uint8_t *)"dddd", 4);
		unmap(bounce, 4, cells[i].dir);
		expect(orig, cells[i].left, 4);
	}
	off();
}

static void what_is_copied_is_told_as_the_kernels_own_doing(void **state)
{
	const struct event *map_event, *copy;
	uint64_t from, accesses = 0;
	paddr_t orig, bounce;

	(void)state;
	on(1 * MIB, 1);
	orig = buffer(0);
	from = rig.trace.next;
	bounce = map(orig + 8, 100, DMA_FROM_DEVICE);
	map_event = rig_last(&rig, EV_BOUNCE_MAP);
	copy = rig_last(&rig, EV_BOUNCE_COPY);
	assert_int_equal(map_event->addr, orig + 8);
	assert_int_equal(map_event->addr2, bounce);
	assert_int_equal(map_event->value, bounce + rig.hw.board.bus_offset);
	assert_int_equal(map_event->size, 100);
	assert_int_equal(map_event->a, 1);
	assert_int_equal(map_event->b, 1);
	assert_int_equal(copy->cause, map_event->seq);
	assert_int_equal(copy->addr, orig + 8);
	assert_int_equal(copy->addr2, bounce);
	assert_int_equal(copy->size, 100);
	assert_int_equal(copy->b, true);
	for (uint64_t seq = from; seq < rig.trace.next; seq++) {
		const struct event *e = trace_at(&rig.trace, seq);

		if (e->kind != EV_CPU_LOAD && e->kind != EV_CPU_STORE)
			continue;
		accesses++;
		assert_true(e->b);
		assert_int_equal(e->cause, copy->seq);
	}
	assert_int_equal(accesses, 2 * 13);
	assert_int_equal(rig.trace.cause, 0);
	assert_false(rig.hw.kernel_at_work);
	unmap(bounce, 100, DMA_FROM_DEVICE);
	assert_int_equal(rig_last(&rig, EV_BOUNCE_COPY)->b, false);
	assert_int_equal(rig_last(&rig, EV_BOUNCE_COPY)->addr2, orig + 8);
	assert_int_equal(rig_last(&rig, EV_BOUNCE_UNMAP)->addr, orig + 8);
	assert_int_equal(rig_last(&rig, EV_BOUNCE_UNMAP)->b, 0);
	assert_int_equal(rig_last(&rig, EV_BOUNCE_UNMAP)->cause, 0);
	assert_int_equal(rig.trace.cause, 0);
	rig_load(&rig, phys_to_virt(orig), 8);
	assert_false(rig_last(&rig, EV_CPU_LOAD)->b);
	off();
}

static void a_bounce_buffer_is_at_most_a_set(void **state)
{
	paddr_t orig, bounce;

	(void)state;
	on(4 * MIB, 1);
	orig = buffer(8);
	bounce = map(orig, 256 * KIB, DMA_TO_DEVICE);
	assert_int_equal(rig_last(&rig, EV_BOUNCE_MAP)->a, 128);
	assert_true(swiotlb_map(k, DEV, orig, 256 * KIB + 1, DMA_TO_DEVICE, 0) == SWIOTLB_NONE);
	expect_log(KLOG_SWIOTLB_FULL, 256 * KIB + 1, 2048, 128);
	unmap(bounce, 256 * KIB, DMA_TO_DEVICE);
	assert_true(swiotlb_map(k, DEV, orig, 3 * MIB, DMA_TO_DEVICE, 0) == SWIOTLB_NONE);
	expect_log(KLOG_SWIOTLB_FULL, 3 * MIB, 2048, 0);
	assert_true(swiotlb_map(k, DEV, orig, UINT64_MAX, DMA_TO_DEVICE, 0) == SWIOTLB_NONE);
	expect_empty();
	off();
}

static void asking_for_alignment_makes_the_largest_mapping_smaller(void **state)
{
	static const struct { uint64_t mask, largest; } rows[] = { { 0, 256 * KIB },
		{ 511, 254 * KIB }, { 4095, 252 * KIB }, { 65535, 192 * KIB }, { UINT64_MAX, 0 } };
	paddr_t orig, bounce;

	(void)state;
	on(1 * MIB, 1);
	for (size_t i = 0; i < 5; i++) {
		k->device_dma[DEV].min_align_mask = rows[i].mask;
		assert_int_equal(swiotlb_max_mapping_size(k, DEV), rows[i].largest);
	}
	k->device_dma[DEV].min_align_mask = 4095;
	orig = buffer(7) + 4000;
	bounce = map(orig, 252 * KIB, DMA_TO_DEVICE);
	unmap(bounce, 252 * KIB, DMA_TO_DEVICE);
	assert_true(swiotlb_map(k, DEV, orig, 256 * KIB, DMA_TO_DEVICE, 0) == SWIOTLB_NONE);
	expect_empty();
	off();
}

static void a_page_or_more_begins_a_page_unless_a_mask_says_otherwise(void **state)
{
	paddr_t orig, one, page;

	(void)state;
	on(1 * MIB, 1);
	orig = buffer(2);
	one = map(orig + 100, 1, DMA_TO_DEVICE);
	assert_int_equal(one, 1 * MIB);
	page = map(orig + 100, 4096, DMA_TO_DEVICE);
	assert_int_equal(page, 1 * MIB + 4096);
	assert_int_equal(map(orig + 100, 4095, DMA_TO_DEVICE), page + 4096);
	k->device_dma[DEV].min_align_mask = 511;
	assert_int_equal(map(orig + 100, 1, DMA_TO_DEVICE), page + 8192 + 100);
	assert_int_equal(map(orig + 100, 4096, DMA_TO_DEVICE), page + 10240 + 100);
	assert_int_equal(rig_last(&rig, EV_BOUNCE_MAP)->a, 3);
	off();
}

static void the_bits_a_device_wants_kept_are_the_originals(void **state)
{
	paddr_t orig, bounce;

	(void)state;
	on(1 * MIB, 1);
	orig = buffer(2) + 4096 + 3000;
	k->device_dma[DEV].min_align_mask = 4095;
	cpu_puts(orig, "xyz", 3);
	bounce = map(orig, 2000, DMA_BIDIRECTIONAL);
	assert_int_equal(bounce & 4095, 3000);
	assert_int_equal(bounce, 1 * MIB + 3000);
	expect(bounce, "xyz", 3);
	assert_int_equal(swiotlb_original(k, bounce + 1999), orig + 1999);
	assert_int_equal(rig_last(&rig, EV_BOUNCE_MAP)->a, 2);
	unmap(bounce, 2000, DMA_BIDIRECTIONAL);
	expect_empty();
	off();
}

static void an_aligned_run_is_padded_on_both_sides(void **state)
{
	paddr_t orig, bounce;

	(void)state;
	on(1 * MIB, 1);
	orig = buffer(2) + 4096 + 3000;
	k->device_dma[DEV].min_align_mask = 4095;
	cpu_puts(orig, "xyz", 3);
	bounce = swiotlb_map_aligned(k, DEV, orig, 10, 65535, DMA_FROM_DEVICE, 0);
	assert_int_equal(bounce, 1 * MIB + 3000);
	assert_int_equal(rig_last(&rig, EV_BOUNCE_MAP)->a, 32);
	assert_true(swiotlb_original(k, 1 * MIB) == SWIOTLB_NONE);
	assert_int_equal(swiotlb_original(k, bounce), orig);
	expect(bounce, "xyz", 3);
	device_puts(bounce + 1, (const uint8_t *)"Y", 1);
	unmap(bounce, 10, DMA_FROM_DEVICE);
	expect(orig, "xYz", 3);
	expect_empty();
	off();
}

static void a_search_goes_on_where_the_last_one_ended(void **state)
{
	paddr_t orig, first, second;

	(void)state;
	on(256 * KIB, 1);
	orig = buffer(0);
	first = map(orig, 2048, DMA_TO_DEVICE);
	second = map(orig, 2048, DMA_TO_DEVICE);
	unmap(first, 2048, DMA_TO_DEVICE);
	assert_int_equal(map(orig, 2048, DMA_TO_DEVICE), second + SLOT);
	for (uint32_t i = 3; i < 128; i++)
		assert_int_equal(map(orig, 1, DMA_TO_DEVICE), 1 * MIB + i * SLOT);
	assert_int_equal(map(orig, 1, DMA_TO_DEVICE), first);
	assert_int_equal(k->swiotlb.used, 128);
	off();
}

static void a_full_area_sends_the_search_to_the_next(void **state)
{
	paddr_t orig;

	(void)state;
	on(512 * KIB, 2);
	orig = buffer(6);
	assert_int_equal(map(orig, 200 * KIB, DMA_TO_DEVICE), 1 * MIB);
	assert_int_equal(map(orig, 200 * KIB, DMA_TO_DEVICE), 1 * MIB + 256 * KIB);
	assert_true(swiotlb_map(k, DEV, orig, 200 * KIB, DMA_TO_DEVICE, 0) == SWIOTLB_NONE);
	expect_log(KLOG_SWIOTLB_FULL, 200 * KIB, 256, 200);
	assert_int_equal(map(orig, 56 * KIB, DMA_TO_DEVICE), 1 * MIB + 200 * KIB);
	assert_int_equal(k->swiotlb.area[0].used, 128);
	assert_int_equal(k->swiotlb.area[1].used, 100);
	off();
}

static void a_full_pool_is_logged_unless_the_driver_asked_for_silence(void **state)
{
	uint64_t from;

	(void)state;
	on(256 * KIB, 1);
	map(2 * MIB, 256 * KIB, DMA_TO_DEVICE);
	from = rig.trace.next;
	assert_true(swiotlb_map(k, DEV, 2 * MIB, 81, DMA_TO_DEVICE, DMA_ATTR_NO_WARN) ==
		    SWIOTLB_NONE);
	assert_int_equal(rig.trace.next, from);
	assert_true(swiotlb_map(k, DEV, 2 * MIB, 81, DMA_TO_DEVICE, 0) == SWIOTLB_NONE);
	expect_log(KLOG_SWIOTLB_FULL, 81, 128, 128);
	off();
}

static void no_run_crosses_the_devices_segment_boundary(void **state)
{
	(void)state;
	on(1 * MIB, 1);
	k->device_dma[DEV].seg_boundary = 64 * KIB - 1;
	assert_int_equal(map(4 * MIB, 40 * KIB, DMA_TO_DEVICE), 1 * MIB);
	assert_int_equal(map(4 * MIB, 40 * KIB, DMA_TO_DEVICE), 1 * MIB + 64 * KIB);
	assert_int_equal(map(4 * MIB, 64 * KIB, DMA_TO_DEVICE), 1 * MIB + 128 * KIB);
	assert_true(swiotlb_map(k, DEV, 4 * MIB, 64 * KIB + 1, DMA_TO_DEVICE, 0) == SWIOTLB_NONE);
	off();
}

static void a_device_that_cannot_reach_the_pool_gets_nothing_and_leaves_nothing(void **state)
{
	(void)state;
	on(256 * KIB, 1);
	k->device_dma[DEV].mask = 0x80100000 + 99;
	assert_int_equal(map(4 * MIB, 100, DMA_TO_DEVICE), 1 * MIB);
	unmap(1 * MIB, 100, DMA_TO_DEVICE);
	assert_true(swiotlb_map(k, DEV, 4 * MIB, 100, DMA_TO_DEVICE, 0) == SWIOTLB_NONE);
	expect_log(KLOG_SWIOTLB_OVERFLOW, 0x80100800, 100, k->device_dma[DEV].mask);
	assert_int_equal(rig_last(&rig, EV_BOUNCE_UNMAP)->addr2, 1 * MIB + SLOT);
	k->device_dma[DEV].mask = UINT64_MAX;
	expect_empty();
	off();
}

static void a_copy_stays_inside_its_mapping(void **state)
{
	paddr_t orig, bounce;
	uint64_t from;

	(void)state;
	on(256 * KIB, 1);
	orig = buffer(0);
	cpu_puts(orig, "0123456789abcdef", 16);
	bounce = map(orig, 10, DMA_FROM_DEVICE);
	device_puts(bounce, (const uint8_t *)"DDDDDDDDDDDDDDDD", 16);
	from = rig.trace.next;
	swiotlb_sync_for_cpu(k, DEV, bounce + 11, 4, DMA_FROM_DEVICE);
	expect_log(KLOG_SWIOTLB_BEYOND, 10, 4, 11);
	assert_int_equal(rig_count(&rig, EV_BOUNCE_COPY, from), 0);
	swiotlb_sync_for_cpu(k, DEV, bounce + 8, 4, DMA_FROM_DEVICE);
	expect_log(KLOG_SWIOTLB_CUT, 2, 4, 0);
	expect(orig, "01234567DDabcdef", 16);
	swiotlb_sync_for_cpu(k, DEV, bounce + SLOT, 4, DMA_FROM_DEVICE);
	swiotlb_sync_for_cpu(k, DEV, bounce, 0, DMA_FROM_DEVICE);
	assert_int_equal(rig_count(&rig, EV_BOUNCE_COPY, from), 1);
	assert_int_equal(rig_count(&rig, EV_KERNEL_LOG, from), 2);
	unmap(bounce, UINT64_MAX, DMA_FROM_DEVICE);
	expect(orig, "DDDDDDDDDDabcdef", 16);
	off();
}

static void a_warning_names_its_device_and_one_that_comes_once_comes_again_after_a_boot(void **state)
{
	(void)state;
	for (int boot = 0; boot < 2; boot++) {
		paddr_t bounce;

		on(256 * KIB, 1);
		bounce = map(buffer(0), 10, DMA_FROM_DEVICE);
		for (int i = 0; i < 2; i++)
			swiotlb_sync_for_cpu(k, DEV, bounce + 8, 4, DMA_FROM_DEVICE);
		assert_int_equal(logged(KLOG_SWIOTLB_CUT), 1);
		assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->b, DEV + 1);
		off();
	}
}

static void a_copy_from_before_the_mapping_is_refused_but_a_later_slot_has_no_before(void **state)
{
	paddr_t orig, bounce;
	uint64_t from;

	(void)state;
	on(256 * KIB, 1);
	k->device_dma[DEV].min_align_mask = 2047;
	orig = buffer(2) + 1000;
	bounce = map(orig, 3000, DMA_TO_DEVICE);
	from = rig.trace.next;
	swiotlb_sync_for_device(k, DEV, bounce - 1, 4, DMA_TO_DEVICE);
	expect_log(KLOG_SWIOTLB_BEFORE, 1000, 999, 0);
	assert_int_equal(rig_count(&rig, EV_BOUNCE_COPY, from), 0);
	cpu_puts(orig + 1048, "later", 5);
	swiotlb_sync_for_device(k, DEV, bounce + 1048, 5, DMA_TO_DEVICE);
	expect(bounce + 1048, "later", 5);
	swiotlb_sync_for_device(k, DEV, bounce + 2998, 4, DMA_TO_DEVICE);
	expect_log(KLOG_SWIOTLB_CUT, 2, 4, 0);
	swiotlb_sync_for_device(k, DEV, bounce + 3001, 4, DMA_TO_DEVICE);
	expect_log(KLOG_SWIOTLB_BEYOND, 952, 4, 953);
	off();
}

static void unmapping_what_is_not_mapped_does_nothing(void **state)
{
	paddr_t orig, bounce;
	uint64_t from;

	(void)state;
	on(256 * KIB, 1);
	orig = buffer(0);
	bounce = map(orig, 100, DMA_FROM_DEVICE);
	unmap(bounce, 100, DMA_FROM_DEVICE);
	from = rig.trace.next;
	unmap(bounce, 100, DMA_FROM_DEVICE);
	unmap(orig, 100, DMA_FROM_DEVICE);
	unmap(1 * MIB + 256 * KIB - 1, 100, DMA_FROM_DEVICE);
	assert_int_equal(rig.trace.next, from);
	expect_empty();
	off();
}

static void an_unmap_in_the_middle_frees_the_rest_and_the_proper_one_frees_it_again(void **state)
{
	paddr_t orig, bounce, other;

	(void)state;
	on(256 * KIB, 1);
	orig = buffer(2);
	bounce = map(orig, 8192, DMA_TO_DEVICE);
	unmap(bounce + 4096, 8192, DMA_TO_DEVICE);
	assert_int_equal(k->swiotlb.used, 2);
	k->swiotlb.area[0].next = 2;
	other = map(orig, 1, DMA_TO_DEVICE);
	assert_int_equal(other, bounce + 4096);
	unmap(bounce, 8192, DMA_TO_DEVICE);
	assert_int_equal(k->swiotlb.used, 0);
	unmap(other, 1, DMA_TO_DEVICE);
	expect_empty();
	off();
}

static void a_mask_that_changes_while_mapped_changes_nothing_for_the_mapping(void **state)
{
	paddr_t orig, bounce;

	(void)state;
	on(256 * KIB, 1);
	k->device_dma[DEV].min_align_mask = 511;
	orig = buffer(2) + 300;
	bounce = map(orig, 5000, DMA_FROM_DEVICE);
	k->device_dma[DEV].min_align_mask = 0;
	device_puts(bounce + 4998, (const uint8_t *)"ok", 2);
	unmap(bounce, 5000, DMA_FROM_DEVICE);
	expect(orig + 4998, "ok", 2);
	expect_empty();
	off();
}

static void the_high_water_mark_stays_and_may_only_be_set_to_zero(void **state)
{
	paddr_t bounce;

	(void)state;
	on(256 * KIB, 1);
	bounce = map(4 * MIB, 20 * KIB, DMA_TO_DEVICE);
	unmap(bounce, 20 * KIB, DMA_TO_DEVICE);
	unmap(map(4 * MIB, 4 * KIB, DMA_TO_DEVICE), 4 * KIB, DMA_TO_DEVICE);
	assert_int_equal(k->swiotlb.used, 0);
	assert_int_equal(k->swiotlb.hiwater, 10);
	assert_int_equal(swiotlb_set_hiwater(k, 1), -22);
	assert_int_equal(k->swiotlb.hiwater, 10);
	assert_int_equal(swiotlb_set_hiwater(k, 0), 0);
	assert_int_equal(k->swiotlb.hiwater, 0);
	off();
}

static void an_original_that_is_no_ram_is_a_fault_of_the_kernels(void **state)
{
	paddr_t bounce;

	(void)state;
	on(256 * KIB, 1);
	bounce = map(DEVICE_BASE + 5 * MIB, 100, DMA_TO_DEVICE);
	assert_int_equal(rig_count(&rig, EV_CPU_FAULT, 1), 1);
	assert_int_equal(rig_last(&rig, EV_CPU_FAULT)->cause, rig_last(&rig, EV_BOUNCE_COPY)->seq);
	unmap(bounce, 100, DMA_TO_DEVICE);
	expect_empty();
	off();
}

static void a_copy_of_the_kernel_has_a_pool_of_its_own(void **state)
{
	static struct hw hw;
	static struct kernel other;
	paddr_t bounce;

	(void)state;
	on(256 * KIB, 1);
	bounce = map(4 * MIB, 100, DMA_TO_DEVICE);
	hw_copy(&hw, &rig.hw);
	kernel_copy(&other, k, &hw);
	unmap(bounce, 100, DMA_TO_DEVICE);
	assert_int_equal(other.swiotlb.used, 1);
	assert_int_equal(swiotlb_original(&other, bounce), 4 * MIB);
	assert_true(swiotlb_original(k, bounce) == SWIOTLB_NONE);
	kernel_release(&other);
	hw_release(&hw);
	expect_empty();
	off();
}

static void a_keyframe_tells_every_bounce_buffer_again(void **state)
{
	struct event first, again;
	uint64_t from;

	(void)state;
	on(256 * KIB, 1);
	map(4 * MIB, 100, DMA_TO_DEVICE);
	k->device_dma[DEV].min_align_mask = 4095;
	assert_true(swiotlb_map_aligned(k, DEV, 4 * MIB + 3000, 5000, 16383, DMA_TO_DEVICE, 0)
		    != SWIOTLB_NONE);
	first = *rig_last(&rig, EV_BOUNCE_MAP);
	from = rig.trace.next;
	swiotlb_keyframe(k);
	assert_int_equal(rig_count(&rig, EV_BOUNCE_MAP, from), 2);
	assert_int_equal(rig_count(&rig, EV_BOUNCE_POOL, from), 1);
	assert_int_equal(rig.trace.next, from + 3);
	again = *rig_last(&rig, EV_BOUNCE_MAP);
	first.seq = again.seq;
	first.cycle = again.cycle;
	assert_memory_equal(&first, &again, sizeof first);
	off();
}

/* RAM's own bytes, whatever caches hold. */
static void expect_ram(paddr_t pa, const char *bytes)
{
	uint8_t got[16];

	bus_ram_read(&rig.hw.bus, pa, got, strlen(bytes));
	assert_memory_equal(got, bytes, strlen(bytes));
}

static void without_snooping_the_callers_cache_operations_carry_the_copy_across(void **state)
{
	struct board b = pool_board(256 * KIB, 1, false);
	paddr_t orig, bounce;

	(void)state;
	rig_on(&rig, &b);
	orig = buffer(0);
	cpu_puts(orig, "cpu", 3);
	bounce = map(orig, 3, DMA_BIDIRECTIONAL);
	expect_ram(bounce, "\0\0\0");
	cpu_maintain(&rig.hw, CACHE_CLEAN, bounce, 3, 0, false);
	expect_ram(bounce, "cpu");
	bus_ram_write(&rig.hw.bus, bounce, "dev", 3);
	swiotlb_sync_for_cpu(k, DEV, bounce, 3, DMA_BIDIRECTIONAL);
	expect(orig, "cpu", 3);
	cpu_maintain(&rig.hw, CACHE_INVALIDATE, bounce, 3, 0, false);
	swiotlb_sync_for_cpu(k, DEV, bounce, 3, DMA_BIDIRECTIONAL);
	expect(orig, "dev", 3);
	off();
}

/*
 * A second swiotlb, made of other things: a bit for each slot, a list of what is mapped, and the
 * bytes both sides must hold. It knows where a search may end by arithmetic on addresses.
 */
#define MODEL_SLOTS 512u
#define MODEL_LIVE  600
#define MODEL_BYTES (1 * MIB)

struct live {
	uint32_t dev, first, slots;
	paddr_t orig, bounce;
	uint64_t size;
	enum direction dir;
};

static struct model {
	uint64_t seed, state, step;
	bool busy[MODEL_SLOTS];
	uint32_t areas, next[MODEL_SLOTS / 128];
	uint32_t used, most;
	struct live live[MODEL_LIVE];
	uint32_t count;
	paddr_t ram;                    /* the drivers' memory */
	uint8_t orig[MODEL_BYTES];      /* what it must hold */
	uint8_t pool[MODEL_BYTES];      /* and the pool, where it is mapped */
} m;

#define sure(claim) assert_seeded(claim, m.seed, m.step)

static uint64_t below(uint64_t n)
{
	return test_below(&m.state, n);
}

static paddr_t model_pa(uint32_t slot)
{
	return 1 * MIB + slot * SLOT;
}

/* What has to be found room for: the run's alignment, and where the mapping lies in it. */
struct need {
	const struct live *want;
	uint64_t offset, align, stride;
};

/* Is the alignment right where the run begins at this slot? */
static bool model_aligned(const struct need *n, uint32_t slot)
{
	uint64_t mask = k->device_dma[n->want->dev].min_align_mask;

	return model_pa(slot) % n->align == 0 &&
	       !(((model_pa(slot) + n->offset) ^ n->want->orig) & mask);
}

static bool model_fits(const struct need *n, uint32_t first)
{
	const struct live *want = n->want;
	uint64_t boundary = k->device_dma[want->dev].seg_boundary;
	paddr_t start = model_pa(first), last = start + want->slots * SLOT - 1;

	if (!model_aligned(n, first) || (start | boundary) != (last | boundary))
		return false;
	if (first / 128 != (first + want->slots - 1) / 128)
		return false;
	for (uint32_t i = 0; i < want->slots; i++)
		if (m.busy[first + i])
			return false;
	return true;
}

/*
 * The first fit from where the area's last run ended, once round. The way over the end counts as a
 * whole stride, so the round may be a little short.
 */
static uint32_t model_search_area(const struct need *n, uint32_t a)
{
	uint32_t size = MODEL_SLOTS / m.areas, base = a * size, next = m.next[a];
	uint64_t over = size;

	for (uint32_t i = next; i < size; i++) {
		if (model_fits(n, base + i))
			return base + i;
		if (model_aligned(n, base + i))
			over = i + n->stride > size ? i + n->stride : size;
	}
	for (uint32_t i = 0; i < next; i++)
		if (over - next + i < size && model_fits(n, base + i))
			return base + i;
	return MODEL_SLOTS;
}

static uint32_t model_search(const struct need *n)
{
	uint32_t found = MODEL_SLOTS;

	for (uint32_t a = 0; a < m.areas && found == MODEL_SLOTS && n->want->slots <= 128; a++)
		found = model_search_area(n, a);
	return found;
}

/* A mapping as it will be, but for where; and how many bytes its run must have. */
static uint64_t model_want(struct live *want, struct need *need, uint64_t align)
{
	uint64_t mask = k->device_dma[want->dev].min_align_mask, room;

	*need = (struct need){ .want = want, .align = align > SLOT ? align : SLOT,
		.offset = want->orig & mask & ((align - 1) | (SLOT - 1)) };
	room = (want->size + need->offset + align - 1) / align * align;
	if (align == 1 && !mask && room >= PAGE_SIZE)
		need->align = PAGE_SIZE;
	mask &= ~(need->align - 1);
	need->stride = (mask >= need->align ? mask : need->align - 1) / SLOT + 1;
	want->slots = (uint32_t)((room + SLOT - 1) / SLOT);
	return room;
}

static uint8_t *model_pool(const struct live *l, uint64_t at)
{
	return m.pool + (l->bounce - 1 * MIB) + at;
}

static uint8_t *model_orig(const struct live *l, uint64_t at)
{
	return m.orig + (l->orig - m.ram) + at;
}

static void model_take(struct live *want, uint64_t offset)
{
	uint32_t size = MODEL_SLOTS / m.areas;

	want->bounce = model_pa(want->first) + offset;
	memset(m.busy + want->first, true, want->slots);
	m.next[want->first / size] = (want->first + want->slots) % size;
	m.used += want->slots;
	m.most = m.used > m.most ? m.used : m.most;
	memcpy(model_pool(want, 0), model_orig(want, 0), want->size);
	sure(m.count < MODEL_LIVE);
	m.live[m.count++] = *want;
}

static void model_map(void)
{
	static const uint64_t sizes[] = { 64, 4096, 16384, 65536, 256 * KIB + 2000 };
	static const uint64_t aligns[] = { 1, 1, 1, 4096, 65536 };
	struct live want = { .dev = (uint32_t)below(DEVICE_MAX), .dir = (enum direction)below(3),
		.size = 1 + below(sizes[below(5)]) };
	uint64_t align = aligns[below(5)], room;
	struct need need;
	paddr_t got;

	want.orig = m.ram + below(MODEL_BYTES - want.size);
	room = model_want(&want, &need, align);
	want.first = model_search(&need);
	got = swiotlb_map_aligned(k, want.dev, want.orig, want.size, align - 1, want.dir, 0);
	if (want.first == MODEL_SLOTS) {
		sure(got == SWIOTLB_NONE);
		expect_log(KLOG_SWIOTLB_FULL, room, MODEL_SLOTS, m.used);
		return;
	}
	model_take(&want, need.offset);
	sure(got == want.bounce);
}

static void model_copy(const struct live *l, uint64_t at, uint64_t n, bool to_bounce)
{
	uint8_t *pool = model_pool(l, at), *orig = model_orig(l, at);

	memcpy(to_bounce ? pool : orig, to_bounce ? orig : pool, n);
}

static void expect_bytes(paddr_t pa, const uint8_t *bytes, uint64_t n)
{
	static uint8_t got[MODEL_BYTES];

	sure(cpu_read(&rig.hw, phys_to_virt(pa), got, n) == OK);
	sure(!memcmp(got, bytes, n));
}

static void model_check(const struct live *l)
{
	uint64_t at = below(l->size);

	expect_bytes(l->bounce, model_pool(l, 0), l->size);
	expect_bytes(l->orig, model_orig(l, 0), l->size);
	sure(swiotlb_original(k, l->bounce + at) == l->orig + at);
}

static void model_unmap(uint32_t i)
{
	struct live l = m.live[i];
	bool skip = below(4) == 0;

	model_check(&l);
	swiotlb_unmap(k, l.dev, l.bounce, l.size, l.dir, skip ? DMA_ATTR_SKIP_CPU_SYNC : 0);
	if (!skip && l.dir != DMA_TO_DEVICE)
		model_copy(&l, 0, l.size, false);
	expect_bytes(l.orig, model_orig(&l, 0), l.size);
	memset(m.busy + l.first, false, l.slots);
	m.used -= l.slots;
	m.live[i] = m.live[--m.count];
}

/* One side writes up to 64 bytes of a mapping. */
static void model_write(const struct live *l, bool device)
{
	uint64_t at = below(l->size), n = 1 + below(min_u64(64, l->size - at));
	uint8_t bytes[64];

	for (uint64_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)below(256);
	if (device)
		device_puts(l->bounce + at, bytes, n);
	else
		cpu_puts(l->orig + at, bytes, n);
	memcpy(device ? model_pool(l, at) : model_orig(l, at), bytes, n);
}

static void model_sync(const struct live *l, bool for_cpu)
{
	uint64_t at = below(l->size), n = 1 + below(l->size - at);

	if (for_cpu)
		swiotlb_sync_for_cpu(k, l->dev, l->bounce + at, n, l->dir);
	else
		swiotlb_sync_for_device(k, l->dev, l->bounce + at, n, l->dir);
	if (for_cpu && l->dir != DMA_TO_DEVICE)
		model_copy(l, at, n, false);
	if (!for_cpu && l->dir != DMA_FROM_DEVICE)
		model_copy(l, at, n, true);
}

static void model_step(void)
{
	uint64_t what = below(10);
	struct live *l = m.count ? &m.live[below(m.count)] : NULL;

	if (!l || what < 4)
		model_map();
	else if (what < 7)
		model_unmap((uint32_t)(l - m.live));
	else if (what < 8)
		model_write(l, below(2));
	else
		model_sync(l, below(2));
	sure(k->swiotlb.used == m.used);
	sure(k->swiotlb.hiwater == m.most);
}

static void model_on(uint64_t seed, uint32_t areas)
{
	memset(&m, 0, sizeof m);
	m.seed = seed;
	m.state = seed * 0x9e3779b97f4a7c15 | 1;
	m.areas = areas;
	on(1 * MIB, areas);
	rig.hw.bus.watch_all = false;
	m.ram = buffer(8);
	for (uint64_t i = 0; i < MODEL_BYTES; i++)
		m.orig[i] = (uint8_t)test_random(&m.state);
	cpu_puts(m.ram, m.orig, MODEL_BYTES);
	k->device_dma[1].min_align_mask = 4095;
	k->device_dma[2].min_align_mask = 511;
	k->device_dma[3].min_align_mask = 65535;
	k->device_dma[3].seg_boundary = 128 * KIB - 1;
}

static void random_mappings_agree_with_a_second_swiotlb(void **state)
{
	uint64_t seed = test_seed(1), runs = getenv("SEED") ? 1 : 12;

	(void)state;
	for (uint64_t run = seed; run < seed + runs; run++) {
		model_on(run, 1u << run % 3);
		for (m.step = 0; m.step < 600; m.step++)
			model_step();
		while (m.count)
			model_unmap(m.count - 1);
		expect_bytes(m.ram, m.orig, MODEL_BYTES);
		expect_empty();
		off();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_the_setting_there_is_no_pool_and_nothing_is_said),
		cmocka_unit_test(the_pool_is_pages_behind_the_image_that_nobody_else_gets),
		cmocka_unit_test(a_pool_is_whole_sets_one_for_each_area_and_a_power_of_two),
		cmocka_unit_test(a_pool_that_does_not_fit_is_halved_until_it_does),
		cmocka_unit_test(below_1_mib_half_a_pool_is_not_worth_having),
		cmocka_unit_test(forcing_takes_a_pool_and_the_switch),
		cmocka_unit_test(the_original_is_copied_in_for_every_direction),
		cmocka_unit_test(a_short_write_of_the_device_leaves_the_rest_as_it_was),
		cmocka_unit_test(a_sync_copies_its_range_where_the_direction_asks_for_it),
		cmocka_unit_test(unmapping_copies_back_unless_the_device_only_read),
		cmocka_unit_test(what_is_copied_is_told_as_the_kernels_own_doing),
		cmocka_unit_test(a_bounce_buffer_is_at_most_a_set),
		cmocka_unit_test(asking_for_alignment_makes_the_largest_mapping_smaller),
		cmocka_unit_test(a_page_or_more_begins_a_page_unless_a_mask_says_otherwise),
		cmocka_unit_test(the_bits_a_device_wants_kept_are_the_originals),
		cmocka_unit_test(an_aligned_run_is_padded_on_both_sides),
		cmocka_unit_test(a_search_goes_on_where_the_last_one_ended),
		cmocka_unit_test(a_full_area_sends_the_search_to_the_next),
		cmocka_unit_test(a_full_pool_is_logged_unless_the_driver_asked_for_silence),
		cmocka_unit_test(no_run_crosses_the_devices_segment_boundary),
		cmocka_unit_test(a_device_that_cannot_reach_the_pool_gets_nothing_and_leaves_nothing),
		cmocka_unit_test(a_copy_stays_inside_its_mapping),
		cmocka_unit_test(a_warning_names_its_device_and_one_that_comes_once_comes_again_after_a_boot),
		cmocka_unit_test(a_copy_from_before_the_mapping_is_refused_but_a_later_slot_has_no_before),
		cmocka_unit_test(unmapping_what_is_not_mapped_does_nothing),
		cmocka_unit_test(an_unmap_in_the_middle_frees_the_rest_and_the_proper_one_frees_it_again),
		cmocka_unit_test(a_mask_that_changes_while_mapped_changes_nothing_for_the_mapping),
		cmocka_unit_test(the_high_water_mark_stays_and_may_only_be_set_to_zero),
		cmocka_unit_test(an_original_that_is_no_ram_is_a_fault_of_the_kernels),
		cmocka_unit_test(a_copy_of_the_kernel_has_a_pool_of_its_own),
		cmocka_unit_test(a_keyframe_tells_every_bounce_buffer_again),
		cmocka_unit_test(without_snooping_the_callers_cache_operations_carry_the_copy_across),
		cmocka_unit_test(random_mappings_agree_with_a_second_swiotlb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
