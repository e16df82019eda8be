/*
 * The checker, rule by rule: a driver that breaks it is named, and one that does the same correctly
 * is not, on every board and under any nature.
 */
#include "harness.h"

#include "bench.h"
#include "kernel/dma.h"
#include "kernel/pages.h"
#include "kernel/slab.h"

#define N 64u     /* bytes of a buffer: one line, four lines on the tiny board */

static struct bench *b;
static struct kernel *k;
static struct hw *h;

static void power_on(const struct board *board)
{
	b = bench_new(board);
	k = &b->machine.kernel;
	h = &b->machine.hw;
}

static int default_board(void **state)
{
	struct board board = board_default();

	(void)state;
	power_on(&board);
	return 0;
}

static int off(void **state)
{
	(void)state;
	bench_free(b);
	return 0;
}

static void store(vaddr_t va, uint64_t value)
{
	assert_int_equal(cpu_store(h, va, 8, value), OK);
}

static uint64_t load(vaddr_t va)
{
	uint64_t value;

	assert_int_equal(cpu_load(h, va, 8, &value), OK);
	return value;
}

/* Every driver must ask whether a map worked. */
static dma_addr_t map(vaddr_t va, uint64_t size, enum direction dir)
{
	dma_addr_t dma = dma_map_single(k, 0, va, size, dir);

	assert_int_equal(dma_mapping_error(k, 0, dma), 0);
	return dma;
}

/* The device's registers, as a driver on the other side of the bus would write them. */
static void command(uint64_t src, uint64_t dst, uint64_t n, uint64_t cmd)
{
	paddr_t bar = hw_device_bar(0);

	assert_true(hw_mmio_write(h, bar + 0x80, src, 8));
	assert_true(hw_mmio_write(h, bar + 0x88, dst, 8));
	assert_true(hw_mmio_write(h, bar + 0x90, n, 8));
	assert_true(hw_mmio_write(h, bar + 0x98, cmd, 8));
}

/* The device writes n bytes of 0x22 to memory, or reads n bytes; until it is done. */
static void device_writes(dma_addr_t dma, uint64_t n)
{
	uint8_t bytes[4096];

	memset(bytes, 0x22, n);
	assert_true(hw_device_fill(h, 0, 0, bytes, n));
	command(0x40000, dma, n, 3);
	assert_true(machine_wait(&b->machine, 0, 10000000));
}

static void device_reads(dma_addr_t dma, uint64_t n)
{
	command(dma, 0x40000, n, 1);
	assert_true(machine_wait(&b->machine, 0, 10000000));
}

static uint64_t device_has(void)
{
	struct device_io io = hw_device(h, 0);
	uint64_t value;
	size_t n;

	memcpy(&value, io.dev->ops->buffer(io.state, &n), 8);
	return value;
}

static void print_all(void)
{
	for (uint32_t i = 0; i < b->checker.facts.violations.count; i++) {
		const struct violation *v = violations_at(&b->checker.facts.violations, i);

		print_error("  %s x%u at event %llu, pa 0x%llx size %llu, advice: %s\n", rule_info[v->rule].name,
			    v->count, (unsigned long long)v->seq, (unsigned long long)v->pa,
			    (unsigned long long)v->size, advice_sentence[v->advice]);
	}
}

static void assert_clean(void)
{
	bench_settle(b);
	if (b->checker.facts.violations.count)
		print_all();
	assert_int_equal(b->checker.facts.violations.count, 0);
}

/* Exactly so many violations, the last of this rule. */
static const struct violation *assert_broken_last(uint32_t count, enum rule rule)
{
	const struct violations *vs = &b->checker.facts.violations;

	bench_settle(b);
	if (vs->count != count || violations_at(vs, count - 1)->rule != rule)
		print_all();
	assert_int_equal(vs->count, count);
	assert_int_equal(violations_at(vs, count - 1)->rule, rule);
	return violations_at(vs, count - 1);
}

/* The rule is broken once; what dma-debug says of the same call may stand beside it. */
static const struct violation *assert_named(enum rule rule)
{
	const struct violation *found = NULL;

	bench_settle(b);
	for (uint32_t i = 0; i < b->checker.facts.violations.count; i++) {
		const struct violation *v = violations_at(&b->checker.facts.violations, i);

		if (v->rule != rule)
			continue;
		assert_null(found);
		found = v;
	}
	if (!found)
		print_all();
	assert_non_null(found);
	return found;
}

static const struct violation *assert_broken(enum rule rule)
{
	return assert_broken_last(1, rule);
}

static void a_read_before_the_sync_is_a_stale_read(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	const struct violation *v;
	dma_addr_t dma;

	(void)state;
	store(buf, 0x1111111111111111);
	dma = map(buf, N, DMA_FROM_DEVICE);
	device_writes(dma, N);
	assert_int_equal(load(buf), 0x1111111111111111);
	v = assert_broken(RULE_STALE_READ);
	assert_int_equal(v->old_value, 0x1111111111111111);
	assert_int_equal(v->new_value, 0x2222222222222222);
	assert_true(stamp_by_cpu(v->old_stamp));
	assert_true(stamp_by_device(v->new_stamp));
	assert_int_equal(v->advice, ADVICE_SYNC_FOR_CPU);
	assert_int_equal(v->width, 8);
	assert_true(v->chain_length >= 4);
}

static void reading_many_stale_words_is_one_violation(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	const struct violation *v;

	(void)state;
	store(buf, 1);
	device_writes(map(buf, N, DMA_FROM_DEVICE), N);
	for (uint32_t i = 0; i < N; i += 8)
		load(buf + i);
	v = assert_broken(RULE_STALE_READ);
	assert_int_equal(v->count, N / 8);
	assert_int_equal(v->size, N);
}

static void the_same_lines_are_clean_where_the_device_snoops(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);

	(void)state;
	store(buf, 1);
	device_writes(map(buf, N, DMA_FROM_DEVICE), N);
	assert_int_equal(load(buf), 0x2222222222222222);
	assert_clean();
}

static void a_strict_board_names_the_owner_even_where_the_device_snoops(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);

	(void)state;
	device_writes(map(buf, N, DMA_FROM_DEVICE), N);
	load(buf);
	assert_broken(RULE_CPU_READ_DEVICE_OWNED);
}

static void the_wrong_direction_leaves_old_lines_in_the_cache(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma;

	(void)state;
	store(buf, 1);
	dma = map(buf, N, DMA_TO_DEVICE);
	device_writes(dma, N);
	dma_unmap_single(k, 0, dma, N, DMA_TO_DEVICE);
	assert_int_equal(assert_broken(RULE_DEVICE_DIRECTION)->advice, ADVICE_DEVICE_WRITES);
	load(buf);
	assert_int_equal(assert_broken_last(2, RULE_STALE_READ)->advice, ADVICE_WRONG_DIRECTION_IN);
}

static void an_unmap_that_is_too_small_leaves_the_tail_stale(void **state)
{
	vaddr_t buf = kmalloc(k, 2 * N, GFP_KERNEL);
	dma_addr_t dma;

	(void)state;
	assert_int_equal(cpu_fill(h, buf, 1, 2 * N, false), OK);
	dma = map(buf, 2 * N, DMA_FROM_DEVICE);
	device_writes(dma, 2 * N);
	dma_unmap_single(k, 0, dma, N, DMA_FROM_DEVICE);
	assert_int_equal(load(buf), 0x2222222222222222);
	assert_broken(RULE_UNMAP_SIZE);
	load(buf + N);
	assert_int_equal(assert_broken_last(2, RULE_STALE_READ)->advice, ADVICE_SIZE_TOO_SMALL);
}

static void a_store_after_the_map_is_named_and_not_seen_by_the_device(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma;

	(void)state;
	store(buf, 1);
	dma = map(buf, N, DMA_TO_DEVICE);
	store(buf, 2);
	assert_broken(RULE_CPU_WRITE_DEVICE_OWNED);
	device_reads(dma, N);
	assert_int_equal(device_has(), 1);
	bench_settle(b);
	assert_int_equal(b->checker.facts.violations.count, 2);
	assert_int_equal(violations_at(&b->checker.facts.violations, 1)->rule, RULE_DEVICE_READ_STALE);
	assert_int_equal(violations_at(&b->checker.facts.violations, 1)->advice, ADVICE_STORE_TOO_LATE);
}

static void a_device_that_reads_behind_the_cache_reads_old_bytes(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	const struct violation *v;
	dma_addr_t dma;

	(void)state;
	store(buf, 1);
	dma = map(buf, N, DMA_TO_DEVICE);
	dma_sync_single_for_cpu(k, 0, dma, N, DMA_TO_DEVICE);
	store(buf, 2);
	device_reads(dma, N);
	assert_int_equal(device_has(), 1);
	v = assert_broken(RULE_DEVICE_READ_STALE);
	assert_int_equal(v->advice, ADVICE_SYNC_FOR_DEVICE);
	assert_int_equal(v->old_value, 1);
	assert_int_equal(v->new_value & 0xff, 2);
}

static void a_dirty_line_written_back_late_loses_the_devices_data(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma;

	(void)state;
	dma = map(buf, N, DMA_FROM_DEVICE);
	store(buf + 8, 1);
	device_writes(dma, N);
	cpu_maintain(h, CACHE_CLEAN, buf - LINEAR_BASE, N, 0, false);
	bench_settle(b);
	assert_int_equal(b->checker.facts.violations.count, 2);
	assert_int_equal(violations_at(&b->checker.facts.violations, 0)->rule, RULE_CPU_WRITE_DEVICE_OWNED);
	assert_int_equal(violations_at(&b->checker.facts.violations, 1)->rule, RULE_DEVICE_DATA_LOST);
}

static void a_neighbour_in_the_line_costs_the_devices_data_at_unmap(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	const struct violation *v;
	dma_addr_t dma;

	(void)state;
	dma = map(buf, 16, DMA_FROM_DEVICE);
	store(buf + 32, 7);                  /* not in the mapping, but in its line */
	v = assert_broken(RULE_LINE_SHARED);
	assert_int_equal(v->beside.pa, buf - LINEAR_BASE);
	assert_int_equal(v->beside.size, 16);
	assert_int_equal(v->va, buf + 32);
	device_writes(dma, 16);
	dma_unmap_single(k, 0, dma, 16, DMA_FROM_DEVICE);
	assert_int_equal(assert_broken_last(2, RULE_DEVICE_DATA_LOST)->advice, ADVICE_LINE_SHARED);
	assert_int_equal(load(buf + 32), 7);
}

static void an_invalidate_by_hand_drops_a_store(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	const struct violation *v;

	(void)state;
	store(buf, 5);
	assert_int_equal(cpu_cache(h, CACHE_INVALIDATE, buf, N), OK);
	v = assert_broken(RULE_CPU_DATA_LOST);
	assert_int_equal(v->advice, ADVICE_DROPPED_BY_HAND);
	assert_int_equal(v->new_value & 0xff, 5);
}

static void a_second_unmap_drops_newer_stores(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma = map(buf, N, DMA_FROM_DEVICE);

	(void)state;
	device_writes(dma, N);
	dma_unmap_single(k, 0, dma, N, DMA_FROM_DEVICE);
	store(buf, 9);
	dma_unmap_single(k, 0, dma, N, DMA_FROM_DEVICE);
	assert_broken_last(2, RULE_CPU_DATA_LOST);
	assert_int_equal(violations_at(&b->checker.facts.violations, 0)->rule, RULE_UNMAP_UNKNOWN);
	assert_int_equal(violations_at(&b->checker.facts.violations, 1)->advice, ADVICE_NO_LIVE_MAPPING);
}

static void an_unmap_drops_what_was_stored_after_the_sync(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma = map(buf, N, DMA_FROM_DEVICE);

	(void)state;
	device_writes(dma, N);
	dma_sync_single_for_cpu(k, 0, dma, N, DMA_FROM_DEVICE);
	store(buf, 9);
	dma_unmap_single(k, 0, dma, N, DMA_FROM_DEVICE);
	assert_int_equal(assert_broken(RULE_CPU_DATA_LOST)->advice, ADVICE_STORED_BEFORE_UNMAP);
}

static void an_unmap_that_is_too_big_drops_other_data(void **state)
{
	vaddr_t buf = kmalloc(k, 16 * N, GFP_KERNEL);
	dma_addr_t dma = map(buf, N, DMA_FROM_DEVICE);

	(void)state;
	store(buf + 4 * N, 7);
	dma_unmap_single(k, 0, dma, 16 * N, DMA_FROM_DEVICE);
	assert_int_equal(assert_named(RULE_CPU_DATA_LOST)->advice, ADVICE_SIZE_TOO_BIG);
}

static void an_unmap_does_not_excuse_what_the_cpu_stored_in_its_own_part(void **state)
{
	vaddr_t buf = kmalloc(k, 4 * N, GFP_KERNEL);
	dma_addr_t dma = map(buf, 4 * N, DMA_BIDIRECTIONAL);

	(void)state;
	dma_sync_single_for_cpu(k, 0, dma + 2 * N, 2 * N, DMA_BIDIRECTIONAL);
	store(buf + 2 * N, 7);
	dma_unmap_single(k, 0, dma, 4 * N, DMA_BIDIRECTIONAL);
	assert_int_equal(assert_named(RULE_CPU_DATA_LOST)->advice, ADVICE_STORED_BEFORE_UNMAP);
}

/* Where mapping for the device's writes drops the lines, what the driver wanted sent is gone. */
static void sending_a_buffer_mapped_for_receiving_is_named_where_it_loses_the_data(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	const struct violation *v;

	(void)state;
	store(buf, 0x7474);
	device_reads(dma_map_single(k, 0, buf, N, DMA_FROM_DEVICE), N);
	assert_int_equal(device_has(), 0);
	assert_int_equal(assert_named(RULE_DEVICE_DIRECTION)->advice, ADVICE_DEVICE_READS);
	v = assert_named(RULE_DEVICE_READ_STALE);
	assert_int_equal(v->advice, ADVICE_WRONG_DIRECTION_OUT);
	assert_int_equal(v->new_value & 0xffff, 0x7474);
}

static void bytes_mapped_twice_stay_the_devices_until_both_are_unmapped(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t one = map(buf, N, DMA_TO_DEVICE);
	dma_addr_t two = map(buf, N, DMA_TO_DEVICE);

	(void)state;
	dma_unmap_single(k, 0, one, N, DMA_TO_DEVICE);
	store(buf, 1);
	assert_named(RULE_CPU_WRITE_DEVICE_OWNED);
	dma_unmap_single(k, 0, two, N, DMA_TO_DEVICE);
	store(buf, 2);
	assert_named(RULE_CPU_WRITE_DEVICE_OWNED);
}

static void coherent_memory_may_not_be_touched_after_its_free(void **state)
{
	dma_addr_t dma;
	vaddr_t va = dma_alloc_coherent(k, 0, N, &dma, GFP_KERNEL);

	(void)state;
	dma_free_coherent(k, 0, N, va, dma);
	store(dma - h->board.bus_offset + LINEAR_BASE, 1);
	assert_broken(RULE_USE_AFTER_FREE);
}

static void coherent_memory_has_one_address_only(void **state)
{
	dma_addr_t dma;
	vaddr_t va = dma_alloc_coherent(k, 0, N, &dma, GFP_KERNEL), alias = dma - h->board.bus_offset + LINEAR_BASE;

	(void)state, (void)va;
	load(alias);
	assert_broken(RULE_COHERENT_ALIAS);
	device_writes(dma, N);
	load(alias);
	assert_int_equal(assert_named(RULE_STALE_READ)->advice, ADVICE_COHERENT_ALIAS);
	assert_int_equal(assert_named(RULE_COHERENT_ALIAS)->count, 2);
}

static void an_unmap_with_another_direction_is_told_from_a_missing_one(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma;

	(void)state;
	store(buf, 1);
	dma = map(buf, N, DMA_FROM_DEVICE);
	device_writes(dma, N);
	dma_unmap_single(k, 0, dma, N, DMA_TO_DEVICE);
	load(buf);
	assert_int_equal(assert_named(RULE_STALE_READ)->advice, ADVICE_OTHER_DIRECTION);
}

static void dropping_the_slack_behind_a_buffer_harms_nobody(void **state)
{
	(void)state;
	(void)dma_map_single(k, 0, kmalloc(k, 100, GFP_KERNEL | GFP_ZERO), 100, DMA_FROM_DEVICE);
	assert_clean();
}

static void a_device_told_to_use_memory_it_does_not_have_refuses(void **state)
{
	(void)state;
	command(0x40000, 0x40000 + h->board.bus_offset, 8192, 3);
	assert_broken(RULE_DEVICE_REFUSED);
}

static void each_drop_by_hand_is_a_cause_of_its_own(void **state)
{
	vaddr_t a = kmalloc(k, N, GFP_KERNEL), c = kmalloc(k, N, GFP_KERNEL);

	(void)state;
	store(a, 1);
	assert_int_equal(cpu_cache(h, CACHE_INVALIDATE, a, N), OK);
	store(c, 2);
	cpu_cache_all(h, CACHE_INVALIDATE);
	bench_settle(b);
	assert_int_equal(b->checker.facts.violations.count, 2);
}

/* The cause and the events of a violation outlive the trace's memory of them. */
static void a_chain_is_whole_even_when_the_trace_is_not(void **state)
{
	vaddr_t buf = kmalloc(k, 4 * N, GFP_KERNEL);
	const struct violation *v;

	(void)state;
	assert_int_equal(cpu_fill(h, buf, 1, 4 * N, false), OK);
	device_writes(dma_map_single(k, 0, buf, 4 * N, DMA_FROM_DEVICE), 4 * N);
	bench_settle(b);
	trace_trim(&b->trace, 0);
	for (uint32_t i = 0; i < 4 * N; i += 8)
		load(buf + i);
	v = assert_broken(RULE_STALE_READ);
	assert_int_equal(v->count, 4 * N / 8);
	trace_trim(&b->trace, 0);
	assert_int_equal(v->events[v->chain_length - 1].seq, v->seq);
}

/* The second level still has the old line when the first is filled from it. */
static void a_stale_line_in_the_second_level_is_found_too(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);

	(void)state;
	store(buf, 1);
	cpu_maintain(h, CACHE_FLUSH, buf - LINEAR_BASE, N, 1, false);
	device_writes(map(buf, N, DMA_FROM_DEVICE), N);
	assert_int_equal(load(buf), 1);
	assert_broken(RULE_STALE_READ);
}

static void reading_a_buffer_the_device_owns_is_named(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);

	(void)state;
	(void)map(buf, N, DMA_BIDIRECTIONAL);
	load(buf);
	load(buf + 8);
	assert_int_equal(assert_broken(RULE_CPU_READ_DEVICE_OWNED)->count, 2);
}

static void what_the_device_only_reads_the_cpu_may_read_too(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);

	(void)state;
	(void)map(buf, N, DMA_TO_DEVICE);
	load(buf);
	assert_clean();
}

static void only_the_synced_part_is_the_cpus_again(void **state)
{
	vaddr_t buf = kmalloc(k, 4 * N, GFP_KERNEL);
	dma_addr_t dma = map(buf, 4 * N, DMA_FROM_DEVICE);

	(void)state;
	device_writes(dma, 4 * N);
	dma_sync_single_for_cpu(k, 0, dma, N, DMA_FROM_DEVICE);
	dma_sync_single_for_cpu(k, 0, dma + 2 * N, N, DMA_FROM_DEVICE);
	load(buf);
	load(buf + 2 * N);
	assert_clean();
	load(buf + N);
	assert_broken(RULE_CPU_READ_DEVICE_OWNED);
}

static void an_access_after_the_unmap_is_named(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma = map(buf, N, DMA_FROM_DEVICE);

	(void)state;
	dma_unmap_single(k, 0, dma, N, DMA_FROM_DEVICE);
	device_writes(dma, N);
	assert_int_equal(assert_broken(RULE_DEVICE_AFTER_UNMAP)->advice, ADVICE_MAPPING_OVER);
}

static void the_kind_of_wrong_address_is_told(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma = map(buf, N, DMA_FROM_DEVICE);
	static const enum advice want[] = { ADVICE_VIRTUAL_ADDRESS, ADVICE_PHYSICAL_ADDRESS, ADVICE_OUTSIDE,
		ADVICE_NO_MAPPING, ADVICE_MAPPING_FAILED };
	static const enum rule rule[] = { RULE_ADDRESS_NOT_DMA, RULE_ADDRESS_NOT_DMA, RULE_DEVICE_OUTSIDE,
		RULE_DEVICE_UNMAPPED, RULE_USE_BEFORE_CHECK };
	const uint64_t address[] = { buf, buf - LINEAR_BASE, dma + N, dma + MIB, DMA_MAPPING_ERROR };

	(void)state;
	for (uint32_t i = 0; i < 5; i++) {
		device_writes(address[i], 8);
		bench_settle(b);
		assert_int_equal(b->checker.facts.violations.count, i + 1);
		assert_int_equal(violations_at(&b->checker.facts.violations, i)->rule, rule[i]);
		assert_int_equal(violations_at(&b->checker.facts.violations, i)->advice, want[i]);
	}
}

static void start_write(dma_addr_t dma, uint64_t n)
{
	command(0x40000, dma, n, 3);
}

/* The late beats belong to the unmap that came too early: one violation, with its count. */
static void an_unmap_under_a_transfer_is_one_violation_with_the_late_beats_in_it(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma = map(buf, N, DMA_FROM_DEVICE);
	const struct violation *v;

	(void)state;
	start_write(dma, N);
	dma_unmap_single(k, 0, dma, N, DMA_FROM_DEVICE);
	assert_true(machine_wait(&b->machine, 0, 10000000));
	v = assert_broken(RULE_UNMAP_ACTIVE);
	assert_int_equal(v->count, 1 + N / 8);
	assert_int_equal(v->pa, buf - LINEAR_BASE);
	assert_int_equal(v->size, N);
	assert_int_equal(v->advice, ADVICE_STILL_RUNNING);
}

/* The buffer is mapped again before the device is done: the old transfer is no less late for it. */
static void a_late_transfer_is_named_though_the_buffer_is_mapped_again(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma = map(buf, N, DMA_FROM_DEVICE);

	(void)state;
	start_write(dma, N);
	dma_unmap_single(k, 0, dma, N, DMA_FROM_DEVICE);
	assert_int_equal(map(buf, N, DMA_FROM_DEVICE), dma);
	assert_true(machine_wait(&b->machine, 0, 10000000));
	assert_int_equal(assert_broken(RULE_UNMAP_ACTIVE)->count, 1 + N / 8);
}

static void an_unmap_after_the_transfer_or_of_another_buffer_is_fine(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL), other = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma = map(buf, N, DMA_FROM_DEVICE), second = map(other, N, DMA_TO_DEVICE);

	(void)state;
	start_write(dma, N);
	dma_unmap_single(k, 0, second, N, DMA_TO_DEVICE);
	dma_sync_single_for_cpu(k, 0, dma, N, DMA_FROM_DEVICE);
	dma_sync_single_for_device(k, 0, dma, N, DMA_FROM_DEVICE);
	assert_true(machine_wait(&b->machine, 0, 10000000));
	dma_unmap_single(k, 0, dma, N, DMA_FROM_DEVICE);
	assert_clean();
}

/* Whoever gets the memory next does nothing wrong by using it. */
static void what_follows_from_freeing_a_mapped_buffer_is_counted_to_the_free(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);

	(void)state;
	(void)map(buf, N, DMA_BIDIRECTIONAL);
	kfree(k, buf);
	assert_int_equal(assert_broken(RULE_FREE_MAPPED)->count, 1);
	assert_int_equal(kmalloc(k, N, GFP_KERNEL), buf);
	store(buf, 1);
	load(buf);
	assert_int_equal(assert_broken(RULE_FREE_MAPPED)->count, 3);
}

/* The handle of the first map is lost with the second; dma-debug's line stands in dmesg as ever. */
static void a_handle_that_was_overwritten_is_told_from_one_that_was_forgotten(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL), other = kmalloc(k, N, GFP_KERNEL);
	const struct dma_debug *d = &b->checker.dma_debug;
	const struct violation *v;
	uint32_t lines;

	(void)state;
	(void)map(buf, N, DMA_TO_DEVICE);
	dma_unmap_single(k, 0, map(buf, N, DMA_TO_DEVICE), N, DMA_TO_DEVICE);
	bench_settle(b);
	lines = d->log_count;
	trace_append(&b->trace, 0, &(struct event){ .kind = EV_DRIVER_UNBIND });
	v = assert_broken(RULE_MAPPING_LEAK_OVERWRITTEN);
	assert_int_equal(v->pa, buf - LINEAR_BASE);
	assert_int_equal(v->events[0].kind, EV_DMA_MAP);
	assert_int_equal(d->log_count, lines + 1);
	(void)map(other, N, DMA_TO_DEVICE);
	trace_append(&b->trace, 0, &(struct event){ .kind = EV_DRIVER_UNBIND });
	assert_int_equal(assert_named(RULE_LEAK)->count, 1);
	assert_int_equal(assert_named(RULE_MAPPING_LEAK_OVERWRITTEN)->count, 2);
}

static void an_address_the_device_cannot_say_is_named_once_and_its_beats_are_not(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma = map(buf, N, DMA_FROM_DEVICE);
	const struct violation *v;

	(void)state;
	device_writes(dma, N);
	v = assert_broken(RULE_ADDRESS_TRUNCATED);
	assert_int_equal(v->count, 1);
	assert_true(v->on_bus);
	assert_int_equal(v->dma, dma);
}

/* By its own number the address of the beat would be that of a mapping. */
static void a_cpu_address_is_named_though_its_low_bits_are_mapped(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma = map(buf, N, DMA_FROM_DEVICE);

	(void)state;
	assert_int_equal(dma, buf & 0xfffffff);
	device_writes(buf, N);
	assert_int_equal(assert_broken(RULE_ADDRESS_NOT_DMA)->advice, ADVICE_VIRTUAL_ADDRESS);
}

static void a_sync_in_the_wrong_sense_is_named_whatever_the_caches_hold(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma = map(buf, N, DMA_FROM_DEVICE);
	const struct violation *v;
	uint64_t sync;

	(void)state;
	device_writes(dma, N);
	sync = b->trace.next;
	dma_sync_single_for_device(k, 0, dma, N, DMA_FROM_DEVICE);
	load(buf);
	load(buf + 8);
	v = assert_broken(RULE_WRONG_SYNC);
	assert_int_equal(v->count, 2);
	assert_int_equal(v->cause, sync);
}

/* There and back again between two transfers, the CPU had its turn: what it reads now it may not. */
static void a_read_after_both_syncs_is_no_wrong_sync(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);
	dma_addr_t dma = map(buf, N, DMA_FROM_DEVICE);

	(void)state;
	for (int i = 0; i < 2; i++) {
		device_writes(dma, N);
		dma_sync_single_for_cpu(k, 0, dma, N, DMA_FROM_DEVICE);
		load(buf);
	}
	dma_sync_single_for_device(k, 0, dma, N, DMA_FROM_DEVICE);
	assert_clean();
	load(buf);
	assert_broken(RULE_CPU_READ_DEVICE_OWNED);
}

static void two_mappings_that_share_any_line_are_named_with_both_owners(void **state)
{
	vaddr_t page = pages_alloc(k, GFP_KERNEL, 0);
	const struct violation *v;

	(void)state;
	(void)map(page, 100, DMA_FROM_DEVICE);
	(void)map(page + 100, 100, DMA_TO_DEVICE);
	v = assert_broken(RULE_LINE_SHARED);
	assert_int_equal(v->pa, page + 100 - LINEAR_BASE);
	assert_int_equal(v->size, 28);
	assert_int_equal(v->beside.pa, page - LINEAR_BASE);
	assert_int_equal(v->beside.size, 100);
	(void)map(page + 1024, 100, DMA_TO_DEVICE);
	(void)map(page + 1124, 100, DMA_TO_DEVICE);
	(void)map(page + 2048, 128, DMA_FROM_DEVICE);
	(void)map(page + 2176, 128, DMA_FROM_DEVICE);
	assert_broken(RULE_LINE_SHARED);
}

static void a_snooped_line_may_be_shared(void **state)
{
	vaddr_t page = pages_alloc(k, GFP_KERNEL, 0);

	(void)state;
	(void)map(page, 100, DMA_FROM_DEVICE);
	(void)map(page + 100, 100, DMA_FROM_DEVICE);
	store(page + 200, 1);
	assert_clean();
}

static void freed_memory_is_watched(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);

	(void)state;
	kfree(k, buf);
	assert_clean();
	load(buf);
	assert_broken(RULE_USE_AFTER_FREE);
}

static void memory_that_is_handed_out_again_may_be_touched(void **state)
{
	vaddr_t first = kmalloc(k, N, GFP_KERNEL), again;

	(void)state;
	kfree(k, first);
	again = kmalloc(k, N, GFP_KERNEL);
	store(again, 1);
	pages_free(k, pages_alloc(k, GFP_KERNEL, 0), 0);
	store(pages_alloc(k, GFP_KERNEL, 0), 2);
	assert_clean();
}

static void a_second_free_and_a_foreign_free_are_named(void **state)
{
	vaddr_t buf = kmalloc(k, N, GFP_KERNEL);

	(void)state;
	kfree(k, buf);
	kfree(k, buf);
	assert_broken(RULE_DOUBLE_FREE);
	kfree(k, LINEAR_BASE);
	bench_settle(b);
	assert_int_equal(b->checker.facts.violations.count, 2);
	assert_int_equal(violations_at(&b->checker.facts.violations, 1)->rule, RULE_BAD_FREE);
}

static void memory_the_kernel_leaves_alone_is_the_drivers_own(void **state)
{
	(void)state;
	device_writes(0x1e00000 + h->board.bus_offset, N);
	assert_clean();
}


static void receive(vaddr_t buf)
{
	dma_addr_t dma = map(buf, N, DMA_FROM_DEVICE);

	assert_int_equal(dma_mapping_error(k, 0, dma), 0);
	device_writes(dma, N);
	dma_unmap_single(k, 0, dma, N, DMA_FROM_DEVICE);
	assert_int_equal(load(buf), 0x2222222222222222);
	assert_int_equal(load(buf + N - 8), 0x2222222222222222);
}

static void transmit(vaddr_t buf)
{
	dma_addr_t dma;

	store(buf, 0xabc);
	dma = map(buf, N, DMA_TO_DEVICE);
	device_reads(dma, N);
	dma_unmap_single(k, 0, dma, N, DMA_TO_DEVICE);
	assert_int_equal(device_has(), 0xabc);
	assert_int_equal(load(buf), 0xabc);
}

static void there_and_back(vaddr_t buf)
{
	dma_addr_t dma;

	store(buf, 0x77);
	dma = map(buf, N, DMA_BIDIRECTIONAL);
	device_reads(dma, N);
	device_writes(dma, N);
	dma_sync_single_for_cpu(k, 0, dma, N, DMA_BIDIRECTIONAL);
	assert_int_equal(load(buf), 0x2222222222222222);
	store(buf, 0x78);
	dma_sync_single_for_device(k, 0, dma, N, DMA_BIDIRECTIONAL);
	device_reads(dma, N);
	assert_int_equal(device_has(), 0x78);
	dma_unmap_single(k, 0, dma, N, DMA_BIDIRECTIONAL);
	assert_int_equal(load(buf), 0x78);
}

static void reuse(vaddr_t buf)
{
	dma_addr_t dma = map(buf, N, DMA_FROM_DEVICE);

	for (int i = 0; i < 3; i++) {
		device_writes(dma, N);
		dma_sync_single_for_cpu(k, 0, dma, N, DMA_FROM_DEVICE);
		assert_int_equal(load(buf + 8), 0x2222222222222222);
		dma_sync_single_for_device(k, 0, dma, N, DMA_FROM_DEVICE);
	}
	dma_unmap_single(k, 0, dma, N, DMA_FROM_DEVICE);
}

static void share(vaddr_t buf)
{
	dma_addr_t dma;
	vaddr_t va = dma_alloc_coherent(k, 0, 256, &dma, GFP_KERNEL);

	(void)buf;
	assert_int_not_equal(va, 0);
	assert_int_equal(load(va), 0);
	store(va, 0x55);
	cpu_barrier(h, BARRIER_WMB);
	device_reads(dma, N);
	assert_int_equal(device_has(), 0x55);
	device_writes(dma, N);
	assert_int_equal(load(va), 0x2222222222222222);
	dma_free_coherent(k, 0, 256, va, dma);
}

static void drive_correctly(void)
{
	static void (*const driver[])(vaddr_t buf) = { receive, transmit, there_and_back, reuse, share };
	vaddr_t neighbour = kmalloc(k, N, GFP_KERNEL), buf = kmalloc(k, N, GFP_KERNEL);

	for (uint64_t i = 0; i < 10; i++) {
		store(neighbour, i);
		driver[i % 5](buf);
		assert_int_equal(load(neighbour), i);
	}
	kfree(k, buf);
	kfree(k, neighbour);
	buf = kmalloc(k, N, GFP_KERNEL | GFP_ZERO);
	receive(buf);
	kfree(k, buf);
	assert_clean();
}

/* The architectures that do nothing after a transfer are right only for cores that never speculate. */
static bool cannot_speculate(uint64_t arch)
{
	return arch == ARCH_ARM_V5 || arch == ARCH_RISCV_PRE || arch == ARCH_MIPS_PLAIN;
}

static void correct_drivers_are_never_accused(void **state)
{
	uint64_t seed = test_seed(1);

	(void)state;
	print_message("seeds %llu..%llu\n", (unsigned long long)seed, (unsigned long long)seed + 19);
	for (uint64_t i = 0; i < ARCH_COUNT * 2 * 20; i++) {
		struct board board = i / ARCH_COUNT % 2 ? tiny_board() : board_default();
		uint64_t arch = i % ARCH_COUNT;

		test_set(&board, "arch", arch);
		test_set(&board, "coherent", arch == ARCH_X86);
		test_set(&board, "strict", 1);
		test_set(&board, "speculates", !cannot_speculate(arch));
		test_set(&board, "nature", i / ARCH_COUNT / 2 != 0);
		test_set(&board, "seed", seed + i / ARCH_COUNT / 2);
		power_on(&board);
		drive_correctly();
		bench_free(b);
	}
}

static void power_on_with(const char *key, uint64_t value, const char *other, uint64_t other_value)
{
	struct board board = board_default();

	test_set(&board, key, value);
	test_set(&board, other, other_value);
	power_on(&board);
}

static int snooping(void **state)
{
	(void)state;
	power_on_with("coherent", 1, "arch", ARCH_X86);
	return 0;
}

static int strict(void **state)
{
	(void)state;
	power_on_with("coherent", 1, "strict", 1);
	return 0;
}

static int with_hidden_ram(void **state)
{
	(void)state;
	power_on_with("mem", 30 * MIB, "arch", ARCH_ARM64);
	return 0;
}

static int with_few_address_bits(void **state)
{
	(void)state;
	power_on_with("dma_mask_bits", 20, "strict", 0);
	return 0;
}

static int with_plain_addresses(void **state)
{
	(void)state;
	power_on_with("bus_offset", 0, "dma_mask_bits", 28);
	return 0;
}

static int on_old_arm64(void **state)
{
	(void)state;
	power_on_with("arch", ARCH_ARM64_OLD, "strict", 0);
	return 0;
}

static int on_arm(void **state)
{
	(void)state;
	power_on_with("arch", ARCH_ARM, "strict", 0);
	return 0;
}

static int on_mips(void **state)
{
	(void)state;
	power_on_with("arch", ARCH_MIPS, "strict", 0);
	return 0;
}

#define ON_DEFAULT(test) cmocka_unit_test_setup_teardown(test, default_board, off)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DEFAULT(a_read_before_the_sync_is_a_stale_read),
		ON_DEFAULT(reading_many_stale_words_is_one_violation),
		cmocka_unit_test_setup_teardown(the_same_lines_are_clean_where_the_device_snoops, snooping, off),
		cmocka_unit_test_setup_teardown(a_strict_board_names_the_owner_even_where_the_device_snoops, strict, off),
		ON_DEFAULT(the_wrong_direction_leaves_old_lines_in_the_cache),
		ON_DEFAULT(an_unmap_that_is_too_small_leaves_the_tail_stale),
		ON_DEFAULT(a_store_after_the_map_is_named_and_not_seen_by_the_device),
		ON_DEFAULT(a_device_that_reads_behind_the_cache_reads_old_bytes),
		ON_DEFAULT(a_dirty_line_written_back_late_loses_the_devices_data),
		ON_DEFAULT(a_neighbour_in_the_line_costs_the_devices_data_at_unmap),
		ON_DEFAULT(an_invalidate_by_hand_drops_a_store),
		ON_DEFAULT(a_second_unmap_drops_newer_stores),
		ON_DEFAULT(an_unmap_drops_what_was_stored_after_the_sync),
		ON_DEFAULT(an_unmap_that_is_too_big_drops_other_data),
		ON_DEFAULT(an_unmap_does_not_excuse_what_the_cpu_stored_in_its_own_part),
		cmocka_unit_test_setup_teardown(sending_a_buffer_mapped_for_receiving_is_named_where_it_loses_the_data, on_arm, off),
		ON_DEFAULT(bytes_mapped_twice_stay_the_devices_until_both_are_unmapped),
		ON_DEFAULT(coherent_memory_may_not_be_touched_after_its_free),
		ON_DEFAULT(coherent_memory_has_one_address_only),
		ON_DEFAULT(an_unmap_with_another_direction_is_told_from_a_missing_one),
		cmocka_unit_test_setup_teardown(dropping_the_slack_behind_a_buffer_harms_nobody, on_mips, off),
		ON_DEFAULT(a_device_told_to_use_memory_it_does_not_have_refuses),
		ON_DEFAULT(each_drop_by_hand_is_a_cause_of_its_own),
		ON_DEFAULT(a_chain_is_whole_even_when_the_trace_is_not),
		ON_DEFAULT(a_stale_line_in_the_second_level_is_found_too),
		ON_DEFAULT(reading_a_buffer_the_device_owns_is_named),
		ON_DEFAULT(what_the_device_only_reads_the_cpu_may_read_too),
		ON_DEFAULT(only_the_synced_part_is_the_cpus_again),
		ON_DEFAULT(an_access_after_the_unmap_is_named),
		ON_DEFAULT(the_kind_of_wrong_address_is_told),
		ON_DEFAULT(an_unmap_under_a_transfer_is_one_violation_with_the_late_beats_in_it),
		ON_DEFAULT(a_late_transfer_is_named_though_the_buffer_is_mapped_again),
		ON_DEFAULT(an_unmap_after_the_transfer_or_of_another_buffer_is_fine),
		ON_DEFAULT(what_follows_from_freeing_a_mapped_buffer_is_counted_to_the_free),
		ON_DEFAULT(a_handle_that_was_overwritten_is_told_from_one_that_was_forgotten),
		cmocka_unit_test_setup_teardown(an_address_the_device_cannot_say_is_named_once_and_its_beats_are_not,
						with_few_address_bits, off),
		cmocka_unit_test_setup_teardown(a_cpu_address_is_named_though_its_low_bits_are_mapped,
						with_plain_addresses, off),
		cmocka_unit_test_setup_teardown(a_sync_in_the_wrong_sense_is_named_whatever_the_caches_hold,
						on_old_arm64, off),
		ON_DEFAULT(a_read_after_both_syncs_is_no_wrong_sync),
		ON_DEFAULT(two_mappings_that_share_any_line_are_named_with_both_owners),
		cmocka_unit_test_setup_teardown(a_snooped_line_may_be_shared, snooping, off),
		ON_DEFAULT(freed_memory_is_watched),
		ON_DEFAULT(memory_that_is_handed_out_again_may_be_touched),
		ON_DEFAULT(a_second_free_and_a_foreign_free_are_named),
		cmocka_unit_test_setup_teardown(memory_the_kernel_leaves_alone_is_the_drivers_own, with_hidden_ram, off),
		cmocka_unit_test(correct_drivers_are_never_accused),
	};

	return cmocka_run_group_tests_name("checker", tests, NULL, NULL);
}
