/*
 * dma-debug, check by check: made-up events first, so that every cell of a check is reached, then
 * the calls of the little kernel. The table of messages stands here a second time, filled in.
 */
#include "harness.h"

#include "bench.h"
#include "kernel/dma.h"
#include "kernel/pages.h"
#include "kernel/slab.h"
#include "kernel/vmalloc.h"

#define DMA 0x80100000u
#define PA  0x100000u
#define N   64u

static struct trace trace;
static struct violations violations;
static struct ownership ownership;     /* of nothing */
static struct dma_debug d;
static struct cursor cursor;

/* The machine as its first event tells it: 32 MiB, 64 byte lines, 170 pages of kernel code. */
static struct event machine(void)
{
	return (struct event){ .kind = EV_MACHINE, .addr = 32 * MIB, .addr2 = 2 * GIB, .value = ~(uint64_t)0,
		.size = 64, .a = 2, .unit = 170 };
}

static uint64_t tell(struct event e)
{
	return trace_append(&trace, 0, &e);
}

/* Let it read what was told. */
static void read_all(void)
{
	const struct event *e;
	uint64_t lost = 0;

	while ((e = trace_read(&trace, &cursor, &lost)))
		dma_debug_event(&d, &violations, &ownership, &trace, e);
}

/* What its boot options are is told right behind that. */
static void switch_on(struct event on, uint32_t entries, bool dma_debug)
{
	tell(on);
	tell((struct event){ .kind = EV_MACHINE_CHECKER, .size = entries, .b = dma_debug });
	read_all();
}

static int on(void **state)
{
	(void)state;
	trace_init(&trace);
	violations_init(&violations);
	ownership_init(&ownership, 0);
	dma_debug_init(&d);
	cursor.next = 1;
	d.all_errors = 1;
	switch_on(machine(), 65536, true);
	return 0;
}

static int off(void **state)
{
	(void)state;
	dma_debug_release(&d);
	ownership_release(&ownership);
	violations_release(&violations);
	trace_release(&trace);
	return 0;
}

/* Calls of a driver, as the kernel would tell them. */

static uint64_t map_as(enum map_form form, uint64_t dma, uint64_t size, enum direction dir)
{
	return tell((struct event){ .kind = EV_DMA_MAP, .addr = dma, .addr2 = dma - 2 * GIB,
		.value = LINEAR_BASE + dma - 2 * GIB, .size = (uint32_t)size, .a = dir, .b = form });
}

static uint64_t map(uint64_t dma, uint64_t size, enum direction dir)
{
	return map_as(FORM_SINGLE, dma, size, dir);
}

static void ask(uint64_t dma)
{
	tell((struct event){ .kind = EV_DMA_CHECK, .addr = dma });
}

static void map_checked(uint64_t dma, uint64_t size, enum direction dir)
{
	map(dma, size, dir);
	ask(dma);
}

static uint64_t unmap_as(enum map_form form, uint64_t dma, uint64_t size, enum direction dir)
{
	return tell((struct event){ .kind = EV_DMA_UNMAP, .addr = dma, .addr2 = dma - 2 * GIB,
		.size = (uint32_t)size, .a = dir, .b = form });
}

static uint64_t unmap(uint64_t dma, uint64_t size, enum direction dir)
{
	return unmap_as(FORM_SINGLE, dma, size, dir);
}

static void sync(enum event_kind kind, uint64_t dma, uint64_t size, enum direction dir)
{
	tell((struct event){ .kind = (uint16_t)kind, .addr = dma, .addr2 = dma - 2 * GIB,
		.size = (uint32_t)size, .a = dir });
}

static void with_attrs(uint64_t call, uint64_t attrs)
{
	tell((struct event){ .kind = EV_DMA_ATTRS, .cause = call, .value = attrs });
}

/* A call about a list, then its segments, a page apart. */
static void list(enum event_kind call, enum event_kind each, uint32_t nents, uint32_t segments, enum direction dir)
{
	uint64_t cause = tell((struct event){ .kind = (uint16_t)call, .size = nents, .a = dir,
		.b = call == EV_DMA_MAP_SG ? segments : 0 });

	for (uint32_t i = 0; i < segments; i++)
		tell((struct event){ .kind = (uint16_t)each, .cause = cause, .addr = DMA + i * PAGE_SIZE,
			.addr2 = PA + i * PAGE_SIZE, .size = N, .a = dir, .b = FORM_SG });
}

static void map_list(uint32_t nents, uint32_t segments)
{
	list(EV_DMA_MAP_SG, EV_DMA_MAP, nents, segments, DMA_TO_DEVICE);
}

static void unmap_list(uint32_t nents)
{
	list(EV_DMA_UNMAP_SG, EV_DMA_UNMAP, nents, nents, DMA_TO_DEVICE);
}

static void memory(enum event_kind kind, enum map_form form, uint64_t pa, uint64_t size)
{
	tell((struct event){ .kind = (uint16_t)kind, .addr = DMA, .addr2 = pa, .value = LINEAR_BASE + pa,
		.size = (uint32_t)size, .b = form });
}

/* What it has to say. The two lines of the boot come first. */

static uint32_t printed(void)
{
	read_all();
	return d.log_count - 2;
}

static const struct dma_debug_message *message(uint32_t i)
{
	assert_in_range(i + 1, 1, printed());
	return dma_debug_log(&d, i + 2);
}

static void assert_silent(void)
{
	assert_int_equal(printed(), 0);
	assert_int_equal(d.error_count, 0);
	assert_int_equal(violations.count, 0);
}

/* Line i, with these numbers; the rest is 0. */
static void assert_line(uint32_t i, enum dma_debug_line line, const uint64_t number[DMA_DEBUG_NUMBERS])
{
	const struct dma_debug_message *m = message(i);

	assert_string_equal(dma_debug_info[m->line].message, dma_debug_info[line].message);
	for (uint32_t n = 0; n < DMA_DEBUG_NUMBERS; n++)
		assert_int_equal(m->number[n], number[n]);
}

/* One line, one violation. */
static void assert_only(enum dma_debug_line line, const uint64_t number[DMA_DEBUG_NUMBERS])
{
	assert_int_equal(printed(), 1);
	assert_line(0, line, number);
	assert_int_equal(d.error_count, 1);
	assert_int_equal(violations.count, 1);
	assert_int_equal(violations_at(&violations, 0)->rule, dma_debug_info[line].rule);
	assert_int_equal(violations_at(&violations, 0)->count, 1);
}

#define NUMBERS (const uint64_t[DMA_DEBUG_NUMBERS])

static void assert_rule(uint32_t i, enum rule rule)
{
	read_all();
	assert_in_range(i + 1, 1, violations.count);
	assert_string_equal(rule_info[violations_at(&violations, i)->rule].name, rule_info[rule].name);
}

static void a_driver_that_keeps_the_rules_hears_nothing(void **state)
{
	(void)state;
	for (enum direction dir = DMA_BIDIRECTIONAL; dir < DMA_NONE; dir++) {
		map_checked(DMA, N, dir);
		sync(EV_DMA_SYNC_CPU, DMA + 8, 8, dir);
		sync(EV_DMA_SYNC_DEVICE, DMA, N, dir);
		unmap(DMA, N, dir);
	}
	map_list(3, 2);
	list(EV_DMA_SYNC_SG, EV_DMA_SYNC_CPU, 3, 3, DMA_TO_DEVICE);
	unmap_list(3);
	memory(EV_DMA_ALLOC, FORM_COHERENT, PA, N);
	memory(EV_DMA_FREE, FORM_COHERENT, PA, N);
	memory(EV_DMA_ALLOC, FORM_NONCOHERENT, PA, N);
	memory(EV_DMA_FREE, FORM_PAGES, PA, N);
	memory(EV_DMA_ALLOC, FORM_SG, PA, N);
	memory(EV_DMA_FREE, FORM_SG, PA, N);
	tell((struct event){ .kind = EV_DRIVER_UNBIND });
	assert_silent();
	assert_int_equal(d.records.free, d.records.total);
}

static void unmapping_what_was_never_mapped_is_named(void **state)
{
	(void)state;
	unmap(DMA, N, DMA_TO_DEVICE);
	assert_only(DMA_DEBUG_UNMAP_UNKNOWN, NUMBERS{ DMA, N });
}

static void unmapping_twice_is_named(void **state)
{
	(void)state;
	map_checked(DMA, N, DMA_TO_DEVICE);
	unmap(DMA, N, DMA_TO_DEVICE);
	assert_silent();
	unmap(DMA, N, DMA_TO_DEVICE);
	assert_only(DMA_DEBUG_UNMAP_UNKNOWN, NUMBERS{ DMA, N });
}

static void unmapping_for_another_device_is_named(void **state)
{
	(void)state;
	map_checked(DMA, N, DMA_TO_DEVICE);
	tell((struct event){ .kind = EV_DMA_UNMAP, .addr = DMA, .size = N, .a = DMA_TO_DEVICE, .unit = 1 });
	assert_only(DMA_DEBUG_UNMAP_UNKNOWN, NUMBERS{ DMA, N });
	assert_int_equal(message(0)->device, 1);
}

static void unmapping_from_inside_is_named(void **state)
{
	(void)state;
	map_checked(DMA, N, DMA_TO_DEVICE);
	unmap(DMA + 8, N - 8, DMA_TO_DEVICE);
	assert_only(DMA_DEBUG_UNMAP_UNKNOWN, NUMBERS{ DMA + 8, N - 8 });
}

static void unmapping_the_error_value_is_named(void **state)
{
	(void)state;
	unmap(DMA_MAPPING_ERROR, N, DMA_TO_DEVICE);
	assert_only(DMA_DEBUG_UNMAP_INVALID, NUMBERS{ 0 });
}

static void unmapping_with_another_size_is_named_and_ends_the_mapping(void **state)
{
	(void)state;
	map_checked(DMA, N, DMA_TO_DEVICE);
	unmap(DMA, 60, DMA_TO_DEVICE);
	assert_only(DMA_DEBUG_UNMAP_SIZE, NUMBERS{ DMA, N, 60 });
	assert_int_equal(d.records.free, d.records.total);
}

static void the_line_names_the_event_of_the_map(void **state)
{
	uint64_t made = map(DMA, N, DMA_TO_DEVICE), ended;

	(void)state;
	ask(DMA);
	ended = unmap(DMA, 60, DMA_TO_DEVICE);
	assert_int_equal(message(0)->mapped_at, made);
	assert_int_equal(message(0)->seq, ended);
	assert_int_equal(violations_at(&violations, 0)->cause, ended);
	assert_int_equal(violations_at(&violations, 0)->chain[0], made);
}

static void ending_a_mapping_with_the_call_of_another_kind_is_named(void **state)
{
	(void)state;
	map_checked(DMA, N, DMA_BIDIRECTIONAL);
	memory(EV_DMA_FREE, FORM_COHERENT, PA, N);
	assert_only(DMA_DEBUG_UNMAP_FUNCTION, NUMBERS{ DMA, N, RECORD_PHY, RECORD_COHERENT });
}

/* Only allocations have a CPU address to compare. */
static void where_an_unmapped_handle_leads_does_not_matter(void **state)
{
	(void)state;
	map_checked(DMA, N, DMA_TO_DEVICE);
	tell((struct event){ .kind = EV_DMA_UNMAP, .addr = DMA, .addr2 = 0, .size = N, .a = DMA_TO_DEVICE });
	assert_silent();
}

/* Since they have one type, mixing them is no longer seen. */
static void single_and_page_may_be_mixed(void **state)
{
	(void)state;
	map_as(FORM_PAGE, DMA, N, DMA_TO_DEVICE);
	ask(DMA);
	unmap(DMA, N, DMA_TO_DEVICE);
	assert_silent();
}

static void freeing_with_another_cpu_address_is_named(void **state)
{
	(void)state;
	memory(EV_DMA_ALLOC, FORM_COHERENT, PA, N);
	memory(EV_DMA_BAD_FREE, FORM_COHERENT, PA + PAGE_SIZE, N);
	assert_only(DMA_DEBUG_UNMAP_CPU_ADDRESS, NUMBERS{ DMA, N, PA, PA + PAGE_SIZE });
}

static void freeing_a_pointer_to_nowhere_is_not_seen(void **state)
{
	(void)state;
	memory(EV_DMA_ALLOC, FORM_COHERENT, PA, N);
	memory(EV_DMA_BAD_FREE, FORM_COHERENT, ~(uint64_t)0, N);
	assert_silent();
	assert_int_equal(d.records.free, d.records.total - 1);
}

static void a_devices_own_memory_is_not_recorded(void **state)
{
	(void)state;
	memory(EV_DMA_ALLOC, FORM_COHERENT, 32 * MIB, N);
	assert_silent();
	assert_int_equal(d.records.free, d.records.total);
	memory(EV_DMA_FREE, FORM_COHERENT, 32 * MIB, N);
	assert_silent();
}

/* The mistake of a driver that unmaps with what dma_map_sg returned. */
static void unmapping_a_list_with_another_count_is_named(void **state)
{
	(void)state;
	map_list(4, 1);
	unmap_list(1);
	assert_only(DMA_DEBUG_UNMAP_NENTS, NUMBERS{ 4, 1 });
}

static void a_count_that_differs_is_named_for_each_segment_but_is_one_violation(void **state)
{
	(void)state;
	map_list(4, 4);
	unmap_list(3);
	assert_int_equal(printed(), 3);
	assert_line(2, DMA_DEBUG_UNMAP_NENTS, NUMBERS{ 4, 3 });
	assert_int_equal(violations.count, 1);
	assert_int_equal(violations_at(&violations, 0)->count, 3);
	assert_int_equal(d.records.free, d.records.total - 1);
}

static void each_entry_of_an_unknown_list_is_named(void **state)
{
	(void)state;
	unmap_list(3);
	assert_int_equal(printed(), 3);
	assert_line(2, DMA_DEBUG_UNMAP_UNKNOWN, NUMBERS{ DMA + 2 * PAGE_SIZE, N });
	assert_int_equal(violations.count, 1);
}

static void unmapping_with_another_direction_is_named(void **state)
{
	(void)state;
	map_checked(DMA, N, DMA_TO_DEVICE);
	unmap(DMA, N, DMA_FROM_DEVICE);
	assert_only(DMA_DEBUG_UNMAP_DIRECTION, NUMBERS{ DMA, N, DMA_TO_DEVICE, DMA_FROM_DEVICE });
}

static void a_map_nobody_asked_about_is_named_at_the_unmap(void **state)
{
	(void)state;
	map(DMA, N, DMA_TO_DEVICE);
	assert_silent();
	unmap(DMA, N, DMA_TO_DEVICE);
	assert_only(DMA_DEBUG_MAP_ERROR_UNCHECKED, NUMBERS{ DMA, N, RECORD_PHY });
	assert_string_equal(rule_info[RULE_MAP_ERROR_UNCHECKED].severity, "warning");
}

static void asking_about_another_address_does_not_help(void **state)
{
	(void)state;
	map(DMA, N, DMA_TO_DEVICE);
	ask(DMA + 8);
	unmap(DMA, N, DMA_TO_DEVICE);
	assert_only(DMA_DEBUG_MAP_ERROR_UNCHECKED, NUMBERS{ DMA, N, RECORD_PHY });
}

/* Two mappings of one address: each is asked about by itself. */
static void asking_once_counts_for_one_mapping(void **state)
{
	(void)state;
	map(DMA, N, DMA_TO_DEVICE);
	map(DMA, N, DMA_TO_DEVICE);
	ask(DMA);
	unmap(DMA, N, DMA_TO_DEVICE);
	assert_silent();
	unmap(DMA, N, DMA_TO_DEVICE);
	assert_only(DMA_DEBUG_MAP_ERROR_UNCHECKED, NUMBERS{ DMA, N, RECORD_PHY });
}

/* Some attributes must be repeated at the unmap, SKIP_CPU_SYNC (bit 5) and NO_WARN (bit 8) need not. */
static void other_attributes_at_the_unmap_are_named(void **state)
{
	static const struct { uint32_t bit; bool named; } cell[] = {
		{ 1, false }, { 2, false }, { 4, true }, { 5, false }, { 6, true }, { 7, false }, { 8, false },
		{ 9, true }, { 10, true }, { 11, false }, { 12, true }, { 13, true } };
	uint32_t named = 0;

	(void)state;
	for (size_t i = 0; i < sizeof cell / sizeof *cell; i++) {
		map_checked(DMA, N, DMA_TO_DEVICE);
		with_attrs(unmap(DMA, N, DMA_TO_DEVICE), 1u << cell[i].bit);
		named += cell[i].named;
		assert_int_equal(printed(), named);
		if (cell[i].named)
			assert_line(named - 1, DMA_DEBUG_UNMAP_ATTRS, NUMBERS{ DMA, N, 0, 1u << cell[i].bit });
	}
	with_attrs(map(DMA, N, DMA_TO_DEVICE), 1u << 6);
	ask(DMA);
	with_attrs(unmap(DMA, N, DMA_TO_DEVICE), 1u << 6);
	assert_int_equal(printed(), named);
}

static void attributes_belong_to_the_call_they_name(void **state)
{
	(void)state;
	map_checked(DMA, N, DMA_TO_DEVICE);
	with_attrs(unmap(DMA, N, DMA_TO_DEVICE) - 1, 1u << 6);
	assert_silent();
}

static void the_attributes_of_a_list_hold_for_its_segments(void **state)
{
	uint64_t call = tell((struct event){ .kind = EV_DMA_MAP_SG, .size = 1, .a = DMA_TO_DEVICE, .b = 1 });

	(void)state;
	with_attrs(call, 1u << 6);
	tell((struct event){ .kind = EV_DMA_MAP, .cause = call, .addr = DMA, .addr2 = PA, .size = N,
		.a = DMA_TO_DEVICE, .b = FORM_SG });
	unmap_list(1);
	assert_only(DMA_DEBUG_UNMAP_ATTRS, NUMBERS{ DMA, N, 1u << 6, 0 });
}

static void stack(uint64_t va, uint64_t pa)
{
	tell((struct event){ .kind = EV_MEM_ALLOC, .addr = va, .addr2 = pa, .size = PAGE_SIZE, .a = MEM_STACK });
}

static void mapping_the_stack_is_named(void **state)
{
	(void)state;
	stack(LINEAR_BASE + PA, PA);
	stack(LINEAR_BASE + 2 * PA, 2 * PA);
	map(DMA + 16, N, DMA_TO_DEVICE);
	assert_only(DMA_DEBUG_MAP_STACK, NUMBERS{ LINEAR_BASE + PA + 16 });
}

static void mapping_a_page_of_a_stack_in_the_vmalloc_area_is_named(void **state)
{
	(void)state;
	stack(VMALLOC_BASE, PA);
	map_as(FORM_PAGE, DMA + 16, N, DMA_TO_DEVICE);
	assert_only(DMA_DEBUG_MAP_STACK_PAGE, NUMBERS{ VMALLOC_BASE + 16 });
}

static void what_was_a_stack_may_be_mapped(void **state)
{
	(void)state;
	stack(LINEAR_BASE + PA, PA);
	tell((struct event){ .kind = EV_MEM_FREE, .addr = LINEAR_BASE + PA, .addr2 = PA, .size = PAGE_SIZE,
		.a = MEM_STACK });
	map(DMA, N, DMA_TO_DEVICE);
	assert_silent();
}

static void mapping_the_kernels_code_is_named_its_data_is_not(void **state)
{
	uint64_t end = 170 * PAGE_SIZE;

	(void)state;
	map(2 * GIB + end, N, DMA_TO_DEVICE);
	assert_silent();
	map(2 * GIB + end - 8, N, DMA_TO_DEVICE);
	assert_only(DMA_DEBUG_MAP_TEXT, NUMBERS{ LINEAR_BASE + end - 8, N });
}

static void map_fails(uint64_t va)
{
	tell((struct event){ .kind = EV_DMA_MAP_FAIL, .addr = va, .size = N, .a = DMA_TO_DEVICE });
}

static void mapping_what_is_no_memory_is_named(void **state)
{
	(void)state;
	map_fails(0x1000);
	assert_only(DMA_DEBUG_MAP_INVALID, NUMBERS{ 0x1000, N });
	map_fails(LINEAR_BASE + 32 * MIB);
	assert_int_equal(printed(), 2);
	map_fails(LINEAR_BASE + 32 * MIB - 8);      /* too long, but it begins well */
	assert_int_equal(printed(), 2);
}

/* The kernel turns it away before dma-debug looks. */
static void mapping_vmalloc_memory_is_our_violation_alone(void **state)
{
	(void)state;
	map_fails(VMALLOC_BASE + 8);
	assert_int_equal(printed(), 0);
	assert_int_equal(d.error_count, 0);
	assert_rule(0, RULE_MAP_VMALLOC);
}

static void a_map_that_failed_leaves_no_record(void **state)
{
	(void)state;
	map_fails(LINEAR_BASE + PA);
	assert_silent();
	assert_int_equal(d.records.free, d.records.total);
}

static void mapping_ram_as_a_resource_is_named(void **state)
{
	(void)state;
	map_as(FORM_RESOURCE, DMA, N, DMA_TO_DEVICE);
	assert_only(DMA_DEBUG_MAP_RESOURCE_RAM, NUMBERS{ PA });
	map_as(FORM_RESOURCE, 2 * GIB + 0x40000000u, N, DMA_TO_DEVICE);
	map_as(FORM_RESOURCE, 2 * GIB + PAGE_SIZE, N, DMA_TO_DEVICE);     /* reserved: the kernel's code */
	assert_int_equal(printed(), 1);
}

/* Overlap. */

static void two_mappings_that_begin_in_one_line_are_named(void **state)
{
	(void)state;
	map(DMA, 16, DMA_FROM_DEVICE);
	map(DMA + 48, 16, DMA_BIDIRECTIONAL);
	assert_only(DMA_DEBUG_OVERLAP, NUMBERS{ 0 });
}

static void lines_are_shared_freely_by_what_devices_only_read(void **state)
{
	(void)state;
	map(DMA, N, DMA_TO_DEVICE);
	map(DMA, N, DMA_TO_DEVICE);
	map(DMA, N, DMA_FROM_DEVICE);
	assert_silent();
}

/* The blind spot: only first lines are compared. */
static void an_overlap_in_a_later_line_is_not_seen(void **state)
{
	(void)state;
	map(DMA, 2 * N, DMA_FROM_DEVICE);
	map(DMA + N, N, DMA_FROM_DEVICE);
	assert_silent();
}

static void a_line_is_free_again_after_the_last_unmap(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		map_checked(DMA, N, DMA_FROM_DEVICE);
		unmap(DMA, N, DMA_FROM_DEVICE);
	}
	assert_silent();
}

static void a_line_is_not_free_before_the_last_unmap(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		with_attrs(map(DMA, N, DMA_FROM_DEVICE), 1u << 5);
		ask(DMA);
	}
	unmap(DMA, N, DMA_FROM_DEVICE);
	assert_silent();
	map(DMA, N, DMA_FROM_DEVICE);
	assert_only(DMA_DEBUG_OVERLAP, NUMBERS{ 0 });
}

static void some_overlaps_are_vouched_for(void **state)
{
	(void)state;
	map(DMA, N, DMA_FROM_DEVICE);
	with_attrs(map(DMA, N, DMA_FROM_DEVICE), 1u << 5);
	assert_silent();
	with_attrs(map(DMA + N, N, DMA_FROM_DEVICE), 1u << 11);
	with_attrs(map(DMA + N, N, DMA_FROM_DEVICE), 1u << 12);
	assert_silent();
	with_attrs(map(DMA, N, DMA_FROM_DEVICE), 1u << 11);     /* the first did not */
	assert_only(DMA_DEBUG_OVERLAP, NUMBERS{ 0 });
}

static void nobody_minds_an_overlap_where_devices_snoop(void **state)
{
	struct event e = machine();

	(void)state;
	e.b = true;
	switch_on(e, 65536, true);
	map(DMA, N, DMA_FROM_DEVICE);
	map(DMA, N, DMA_FROM_DEVICE);
	read_all();
	assert_int_equal(violations.count, 0);
}

/* Three tag bits count to seven; beyond that the count stands still, and is too low afterwards. */
static void more_than_seven_overlaps_are_not_counted(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		map_checked(DMA, N, DMA_FROM_DEVICE);
	assert_int_equal(printed(), 9 + 1);
	assert_line(7, DMA_DEBUG_CROWDED, NUMBERS{ 7, PA / 64 });
	for (int i = 0; i < 8; i++)
		unmap(DMA, N, DMA_FROM_DEVICE);
	map(DMA, N, DMA_FROM_DEVICE);               /* two are still mapped, but forgotten */
	assert_int_equal(printed(), 10);
}

/* Sync. */

static void syncing_what_is_not_mapped_is_named(void **state)
{
	(void)state;
	sync(EV_DMA_SYNC_CPU, DMA, N, DMA_FROM_DEVICE);
	assert_only(DMA_DEBUG_SYNC_UNKNOWN, NUMBERS{ DMA, N });
}

static void syncing_for_another_device_is_named(void **state)
{
	(void)state;
	map_checked(DMA, N, DMA_FROM_DEVICE);
	tell((struct event){ .kind = EV_DMA_SYNC_CPU, .addr = DMA, .size = N, .a = DMA_FROM_DEVICE, .unit = 1 });
	assert_only(DMA_DEBUG_SYNC_UNKNOWN, NUMBERS{ DMA, N });
}

/* Its own message for that is never printed: the range is in no mapping. */
static void a_sync_that_runs_out_of_its_mapping_is_unknown_to_the_kernel(void **state)
{
	(void)state;
	map_checked(DMA, N, DMA_FROM_DEVICE);
	sync(EV_DMA_SYNC_CPU, DMA + 8, N, DMA_FROM_DEVICE);
	assert_int_equal(printed(), 1);
	assert_line(0, DMA_DEBUG_SYNC_UNKNOWN, NUMBERS{ DMA + 8, N });
	assert_rule(0, RULE_SYNC_OUTSIDE);
}

static void a_sync_far_into_a_long_mapping_is_found(void **state)
{
	(void)state;
	map_checked(DMA, MIB, DMA_FROM_DEVICE);
	sync(EV_DMA_SYNC_CPU, DMA + MIB - 8, 8, DMA_FROM_DEVICE);
	assert_silent();
}

/* Mapping and sync, each direction with each: which of the three messages come. */
static void directions_of_syncs_are_compared_cell_by_cell(void **state)
{
	(void)state;
	for (enum direction mapped = DMA_BIDIRECTIONAL; mapped < DMA_NONE; mapped++)
		for (enum direction synced = DMA_BIDIRECTIONAL; synced < DMA_NONE; synced++)
			for (uint32_t cpu = 0; cpu < 2; cpu++) {
				bool differs = mapped != DMA_BIDIRECTIONAL && mapped != synced;
				bool both = differs && mapped == (cpu ? DMA_TO_DEVICE : DMA_FROM_DEVICE);
				uint32_t before = printed();

				map_checked(DMA, N, mapped);
				sync(cpu ? EV_DMA_SYNC_CPU : EV_DMA_SYNC_DEVICE, DMA, N, synced);
				unmap(DMA, N, mapped);
				assert_int_equal(printed() - before, differs + both);
				if (differs)
					assert_line(before, DMA_DEBUG_SYNC_DIRECTION, NUMBERS{ DMA, N, mapped, synced });
				if (both)
					assert_line(before + 1, cpu ? DMA_DEBUG_SYNC_READ_ONLY : DMA_DEBUG_SYNC_WRITE_ONLY,
						    NUMBERS{ DMA, N, mapped, synced });
			}
	assert_rule(0, RULE_SYNC_DIRECTION);
}

static void syncing_a_list_with_another_count_is_named(void **state)
{
	(void)state;
	map_list(3, 3);
	list(EV_DMA_SYNC_SG, EV_DMA_SYNC_CPU, 2, 2, DMA_TO_DEVICE);
	assert_int_equal(printed(), 2);
	assert_line(0, DMA_DEBUG_SYNC_NENTS, NUMBERS{ 3, 2 });
	assert_rule(0, RULE_SYNC_NENTS);
	assert_int_equal(violations.count, 1);
}

/* Memory of dma_alloc_noncontiguous is synced by its sg_table. */
static void memory_may_be_synced_as_a_list_of_one(void **state)
{
	(void)state;
	tell((struct event){ .kind = EV_DMA_ALLOC, .addr = DMA, .addr2 = PA, .size = N, .a = DMA_TO_DEVICE,
		.b = FORM_PAGES });
	list(EV_DMA_SYNC_SG, EV_DMA_SYNC_CPU, 1, 1, DMA_TO_DEVICE);
	assert_silent();
}

static void of_an_unknown_list_synced_the_kernel_says_nothing(void **state)
{
	(void)state;
	list(EV_DMA_SYNC_SG, EV_DMA_SYNC_CPU, 2, 2, DMA_TO_DEVICE);
	assert_int_equal(printed(), 0);
	assert_rule(0, RULE_SYNC_UNKNOWN);
	assert_int_equal(violations.count, 1);
}

/* Segments. */

static void map_segment(uint64_t dma, uint32_t size)
{
	uint64_t call = tell((struct event){ .kind = EV_DMA_MAP_SG, .size = 1, .b = 1 });

	tell((struct event){ .kind = EV_DMA_MAP, .cause = call, .addr = dma, .addr2 = dma - 2 * GIB, .size = size,
		.a = DMA_TO_DEVICE, .b = FORM_SG });
}

static void a_segment_longer_than_64_kib_is_named_unless_the_driver_allowed_it(void **state)
{
	(void)state;
	map_segment(DMA, 65536);
	assert_silent();
	map_segment(DMA, 65537);
	assert_only(DMA_DEBUG_SG_SEGMENT, NUMBERS{ 65537, 65536 });
	tell((struct event){ .kind = EV_DMA_LIMITS, .value = ~(uint64_t)0, .size = 98304 });
	map_segment(DMA, 98304);
	assert_int_equal(printed(), 1);
}

static void a_segment_across_the_devices_boundary_is_named(void **state)
{
	(void)state;
	tell((struct event){ .kind = EV_DMA_LIMITS, .value = 0xffff, .size = 65536 });
	map_segment(DMA, 65536);
	assert_silent();
	map_segment(DMA + 0xfff0, 17);
	assert_only(DMA_DEBUG_SG_BOUNDARY, NUMBERS{ DMA + 0xfff0, DMA + 0x10000, 0xffff });
}

/* Leaks. */

static void what_a_driver_leaves_behind_is_counted(void **state)
{
	uint64_t last;

	(void)state;
	map_checked(DMA, N, DMA_TO_DEVICE);
	last = map(DMA + 0x10000, 2 * N, DMA_FROM_DEVICE);
	tell((struct event){ .kind = EV_DRIVER_UNBIND, .unit = 1 });
	assert_silent();
	tell((struct event){ .kind = EV_DRIVER_UNBIND });
	assert_int_equal(printed(), 1);
	assert_line(0, DMA_DEBUG_LEAK, NUMBERS{ 2, DMA + 0x10000, 2 * N, DMA_FROM_DEVICE, RECORD_PHY });
	assert_int_equal(message(0)->mapped_at, last);
	assert_rule(0, RULE_LEAK);
	assert_int_equal(violations_at(&violations, 0)->count, 2);
}

static void of_a_probe_that_failed_dma_debug_hears_nothing_but_the_leak_is_named(void **state)
{
	(void)state;
	map_checked(DMA, N, DMA_TO_DEVICE);
	map_checked(DMA + 0x10000, N, DMA_FROM_DEVICE);
	tell((struct event){ .kind = EV_DRIVER_UNBIND, .a = 1 });
	assert_int_equal(printed(), 0);
	assert_rule(0, RULE_LEAK);
	assert_int_equal(violations_at(&violations, 0)->count, 2);
}

static void a_line_keeps_the_name_of_the_driver_the_device_had(void **state)
{
	(void)state;
	tell((struct event){ .kind = EV_DRIVER_BIND, .addr = 0x656e696d });
	map_checked(DMA, N, DMA_TO_DEVICE);
	tell((struct event){ .kind = EV_DRIVER_UNBIND });
	tell((struct event){ .kind = EV_DRIVER_UNBIND });
	assert_int_equal(message(0)->driver[0], 0x656e696d);
	assert_int_equal(message(1)->driver[0], 0);
}

static void a_filter_waits_for_its_driver(void **state)
{
	(void)state;
	tell((struct event){ .kind = EV_DMA_DEBUG, .a = KNOB_DRIVER_FILTER, .addr = 0x656e696d,
		.unit = UINT16_MAX });
	map_checked(DMA, N, DMA_TO_DEVICE);
	tell((struct event){ .kind = EV_DRIVER_UNBIND });
	assert_int_equal(printed(), 1);      /* that the filter is on */
	tell((struct event){ .kind = EV_DRIVER_BIND, .addr = 0x656e696d });
	tell((struct event){ .kind = EV_DRIVER_UNBIND });
	assert_int_equal(printed(), 2);
}

/* Matching. */

static void of_two_mappings_of_one_address_the_one_that_fits_is_ended(void **state)
{
	(void)state;
	map_checked(DMA, N, DMA_TO_DEVICE);
	map_checked(DMA, 2 * N, DMA_TO_DEVICE);
	unmap(DMA, 2 * N, DMA_TO_DEVICE);
	unmap(DMA, N, DMA_TO_DEVICE);
	map_checked(DMA, N, DMA_TO_DEVICE);
	map_checked(DMA, N, DMA_BIDIRECTIONAL);
	unmap(DMA, N, DMA_BIDIRECTIONAL);
	unmap(DMA, N, DMA_TO_DEVICE);
	assert_silent();
}

static void of_two_that_do_not_fit_neither_is_taken(void **state)
{
	(void)state;
	map_checked(DMA, N, DMA_TO_DEVICE);
	map_checked(DMA, 2 * N, DMA_TO_DEVICE);
	unmap(DMA, 3 * N, DMA_TO_DEVICE);
	assert_only(DMA_DEBUG_UNMAP_UNKNOWN, NUMBERS{ DMA, 3 * N });
	assert_int_equal(d.records.free, d.records.total - 2);
}

static void records_come_out_bucket_by_bucket_oldest_first(void **state)
{
	static const uint64_t want[] = { DMA + 8, DMA, DMA + 0x2000, DMA + 0x4000 };
	uint32_t slot = 0;

	(void)state;
	for (uint64_t i = 4; i--; )
		if (i > 1)
			map(want[i], N, DMA_TO_DEVICE);
	map(want[0], N, DMA_TO_DEVICE);
	map(want[1], N, DMA_TO_DEVICE);
	read_all();
	for (uint32_t i = 0; i < 4; i++) {
		slot = records_next(&d.records, slot);
		assert_int_equal(records_at(&d.records, slot)->dma, want[i]);
	}
	assert_int_equal(records_next(&d.records, slot), 0);
}

/* Each mapping found again among many, in any order, until none is left. */
static void records_agree_with_a_plain_list(void **state)
{
	static uint64_t live[512];
	uint64_t seed = test_seed(0xdeb), random = seed, count = 0;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (uint64_t step = 0; step < 20000; step++) {
		uint64_t at = test_below(&random, 512);

		if (live[at])
			unmap(live[at], N, DMA_TO_DEVICE);
		else
			map_checked(DMA + at * 0x1000 + test_below(&random, 2) * 0x8000000, N, DMA_TO_DEVICE);
		live[at] = live[at] ? 0 : trace_at(&trace, trace.next - 1)->addr;
		count = live[at] ? count + 1 : count - 1;
		read_all();
		assert_seeded(d.records.total - d.records.free == count, seed, step);
	}
	assert_silent();
}

/* Silence. */

static void only_the_first_error_is_printed_unless_asked_for_more(void **state)
{
	(void)state;
	tell((struct event){ .kind = EV_DMA_DEBUG, .a = KNOB_ALL_ERRORS, .b = 0 });
	for (int i = 0; i < 3; i++)
		unmap(DMA, N, DMA_TO_DEVICE);
	assert_int_equal(printed(), 1);
	assert_int_equal(d.error_count, 3);
	assert_int_equal(violations.count, 3);
	assert_int_equal(d.num_errors, 0);
	tell((struct event){ .kind = EV_DMA_DEBUG, .a = KNOB_NUM_ERRORS, .b = 2 });
	for (int i = 0; i < 3; i++)
		unmap(DMA, N, DMA_TO_DEVICE);
	assert_int_equal(printed(), 3);
}

static void filter(uint64_t name, uint16_t device)
{
	tell((struct event){ .kind = EV_DMA_DEBUG, .addr = name, .a = KNOB_DRIVER_FILTER, .unit = device });
}

/* The quirk: an error nobody saw has still used up the one line. */
static void an_error_the_filter_keeps_quiet_uses_up_the_line(void **state)
{
	(void)state;
	tell((struct event){ .kind = EV_DMA_DEBUG, .a = KNOB_ALL_ERRORS, .b = 0 });
	filter(0x63696e, 1);
	assert_line(0, DMA_DEBUG_FILTER_ON, NUMBERS{ 0x63696e });
	unmap(DMA, N, DMA_TO_DEVICE);
	assert_int_equal(printed(), 1);
	assert_int_equal(d.num_errors, 0);
	filter(0, UINT16_MAX);
	assert_line(1, DMA_DEBUG_FILTER_OFF, NUMBERS{ 0 });
	unmap(DMA, N, DMA_TO_DEVICE);
	assert_int_equal(printed(), 2);
	assert_int_equal(d.error_count, 2);
}

static void the_filter_lets_its_own_driver_pass(void **state)
{
	(void)state;
	filter(0x756465, 0);
	unmap(DMA, N, DMA_TO_DEVICE);
	assert_int_equal(printed(), 2);
	filter(0x756465, UINT16_MAX);               /* the name of nobody's driver */
	unmap(DMA, N, DMA_TO_DEVICE);
	assert_int_equal(printed(), 3);
	assert_int_equal(message(2)->line, DMA_DEBUG_FILTER_ON);
}

/* The pool. */

static void boot(uint32_t entries, bool dma_debug)
{
	dma_debug_release(&d);
	dma_debug_init(&d);
	switch_on(machine(), entries, dma_debug);
}

static void the_pool_is_made_in_whole_pages(void **state)
{
	(void)state;
	assert_int_equal(dma_debug_log(&d, 0)->line, DMA_DEBUG_PREALLOCATED);
	assert_int_equal(dma_debug_log(&d, 0)->number[0], 65536);
	assert_int_equal(dma_debug_log(&d, 1)->line, DMA_DEBUG_ENABLED);
	boot(33, true);
	assert_int_equal(dma_debug_log(&d, 0)->number[0], 64);
}

static void the_pool_grows_by_a_page_and_says_so_at_each_multiple(void **state)
{
	(void)state;
	boot(64, true);
	for (uint64_t i = 0; i < 128; i++)
		map(DMA + i * N, N, DMA_TO_DEVICE);
	assert_int_equal(printed(), 1);
	assert_line(0, DMA_DEBUG_GROWN, NUMBERS{ 128, 2 });
	assert_int_equal(d.records.total, 128);
	assert_int_equal(d.records.min_free, 0);
}

static void a_pool_that_cannot_grow_ends_the_debugging(void **state)
{
	(void)state;
	boot(RECORDS_MAX + 1, true);
	assert_int_equal(dma_debug_log(&d, 0)->line, DMA_DEBUG_FEWER);
	for (uint64_t i = 0; i <= RECORDS_MAX; i++) {
		map(DMA + i * 8, 8, DMA_TO_DEVICE);
		read_all();
		trace_trim(&trace, 16);
	}
	assert_int_equal(dma_debug_log(&d, d.log_count - 1)->line, DMA_DEBUG_NO_MEMORY);
	assert_true(d.disabled);
	unmap(0, 8, DMA_TO_DEVICE);
	read_all();
	assert_int_equal(d.error_count, 0);
}

static void switched_off_at_boot_it_sees_nothing(void **state)
{
	(void)state;
	boot(64, false);
	unmap(DMA, N, DMA_TO_DEVICE);
	read_all();
	assert_int_equal(d.log_count, 1);
	assert_int_equal(dma_debug_log(&d, 0)->line, DMA_DEBUG_DISABLED);
	assert_int_equal(violations.count, 0);
}

static void a_copy_goes_its_own_way(void **state)
{
	struct dma_debug copy;

	(void)state;
	map_checked(DMA, N, DMA_FROM_DEVICE);
	read_all();
	dma_debug_copy(&copy, &d);
	unmap(DMA, N, DMA_FROM_DEVICE);
	read_all();
	assert_int_equal(copy.records.free, d.records.free - 1);
	assert_int_not_equal(records_next(&copy.records, 0), 0);
	assert_int_equal(records_next(&d.records, 0), 0);
	dma_debug_release(&copy);
}

/* A log that is full counts what it drops. */
static void the_log_has_an_end(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < DMA_DEBUG_LOG_MAX; i++)
		unmap(DMA, N, DMA_TO_DEVICE);
	read_all();
	assert_int_equal(d.log_count, DMA_DEBUG_LOG_MAX);
	assert_int_equal(d.log_dropped, 2);
}

/* Through the calls of the little kernel: what the checker of a bench makes of them. */

static struct bench *b;
static struct kernel *k;

static int bench_on(void **state)
{
	struct board board = board_default();

	(void)state;
	b = bench_new(&board);
	k = &b->machine.kernel;
	b->checker.dma_debug.all_errors = 1;
	return 0;
}

static int bench_off(void **state)
{
	(void)state;
	bench_free(b);
	return 0;
}

/* The newest violation of the bench, which was found at the newest line. */
static void assert_bench(enum dma_debug_line line)
{
	const struct dma_debug *debug = &b->checker.dma_debug;
	const struct violations *vs = &b->checker.facts.violations;

	bench_settle(b);
	assert_in_range(debug->log_count, 3, DMA_DEBUG_LOG_MAX);
	assert_string_equal(dma_debug_info[dma_debug_log(debug, debug->log_count - 1)->line].message,
			    dma_debug_info[line].message);
	assert_string_equal(rule_info[violations_at(vs, vs->count - 1)->rule].name,
			    rule_info[dma_debug_info[line].rule].name);
}

static void assert_bench_silent(void)
{
	bench_settle(b);
	assert_int_equal(b->checker.dma_debug.error_count, 0);
	assert_int_equal(b->checker.facts.violations.count, 0);
}

static dma_addr_t lend(vaddr_t va, uint64_t size, enum direction dir)
{
	dma_addr_t dma = dma_map_single(k, 0, va, size, dir);

	assert_int_equal(dma_mapping_error(k, 0, dma), 0);
	return dma;
}

static void the_kernels_unmaps_are_checked(void **state)
{
	vaddr_t buf = kmalloc(k, 128, GFP_KERNEL);
	dma_addr_t dma = lend(buf, N, DMA_TO_DEVICE);

	(void)state;
	dma_unmap_single(k, 0, dma, N, DMA_TO_DEVICE);
	assert_bench_silent();
	dma_unmap_single(k, 0, dma, N, DMA_TO_DEVICE);
	assert_bench(DMA_DEBUG_UNMAP_UNKNOWN);
	dma_unmap_single(k, 0, lend(buf, N, DMA_TO_DEVICE), N - 4, DMA_TO_DEVICE);
	assert_bench(DMA_DEBUG_UNMAP_SIZE);
	dma_unmap_single(k, 0, lend(buf, N, DMA_TO_DEVICE), N, DMA_BIDIRECTIONAL);
	assert_bench(DMA_DEBUG_UNMAP_DIRECTION);
	dma_unmap_single(k, 0, dma_map_single(k, 0, buf, N, DMA_TO_DEVICE), N, DMA_TO_DEVICE);
	assert_bench(DMA_DEBUG_MAP_ERROR_UNCHECKED);
	dma_unmap_single(k, 0, DMA_MAPPING_ERROR, N, DMA_TO_DEVICE);
	assert_bench(DMA_DEBUG_UNMAP_INVALID);
	dma_unmap_single_attrs(k, 0, lend(buf, N, DMA_TO_DEVICE), N, DMA_TO_DEVICE, 1u << 6);
	assert_bench(DMA_DEBUG_UNMAP_ATTRS);
}

static void the_kernels_syncs_are_checked(void **state)
{
	vaddr_t buf = kmalloc(k, 128, GFP_KERNEL);
	dma_addr_t dma = lend(buf, N, DMA_FROM_DEVICE);

	(void)state;
	dma_sync_single_for_cpu(k, 0, dma + 8, 8, DMA_FROM_DEVICE);
	dma_sync_single_for_device(k, 0, dma, N, DMA_FROM_DEVICE);
	assert_bench_silent();
	dma_sync_single_for_device(k, 0, dma, N, DMA_TO_DEVICE);
	assert_bench(DMA_DEBUG_SYNC_WRITE_ONLY);
	dma_sync_single_for_cpu(k, 0, dma + 4096, N, DMA_FROM_DEVICE);
	assert_bench(DMA_DEBUG_SYNC_UNKNOWN);
}

static void the_kernels_maps_are_checked(void **state)
{
	vaddr_t buf = kmalloc(k, 128, GFP_KERNEL);

	(void)state;
	dma_map_single(k, 0, LINEAR_BASE + 4096, N, DMA_TO_DEVICE);
	assert_bench(DMA_DEBUG_MAP_TEXT);
	dma_map_single(k, 0, 4096, N, DMA_TO_DEVICE);
	assert_bench(DMA_DEBUG_MAP_INVALID);
	dma_map_resource(k, 0, buf - LINEAR_BASE, N, DMA_TO_DEVICE, 0);
	assert_bench(DMA_DEBUG_MAP_RESOURCE_RAM);
	lend(buf, N, DMA_FROM_DEVICE);
	lend(buf + 16, 16, DMA_FROM_DEVICE);
	assert_bench(DMA_DEBUG_OVERLAP);
	dma_map_single(k, 0, vmalloc(k, 4096, GFP_KERNEL), N, DMA_TO_DEVICE);
	bench_settle(b);
	assert_int_equal(violations_at(&b->checker.facts.violations, b->checker.facts.violations.count - 1)->rule,
			 RULE_MAP_VMALLOC);
}

static void the_kernels_lists_are_checked(void **state)
{
	struct scatterlist list[3];

	(void)state;
	sg_init_table(list, 3);
	for (int i = 0; i < 3; i++)
		sg_set_buf(&list[i], kmalloc(k, 128, GFP_KERNEL), N);
	assert_int_equal(dma_map_sg_attrs(k, 0, list, 3, DMA_TO_DEVICE, 0), 3);
	dma_sync_sg_for_cpu(k, 0, list, 3, DMA_TO_DEVICE);
	dma_sync_sg_for_device(k, 0, list, 3, DMA_TO_DEVICE);
	assert_bench_silent();
	dma_sync_sg_for_device(k, 0, list, 2, DMA_TO_DEVICE);
	assert_bench(DMA_DEBUG_SYNC_NENTS);
	dma_unmap_sg_attrs(k, 0, list, 2, DMA_TO_DEVICE, 0);
	assert_bench(DMA_DEBUG_UNMAP_NENTS);
	assert_int_equal(b->checker.facts.violations.count, 2);
	dma_set_seg_boundary(k, 0, 0x3f);
	dma_map_sg_attrs(k, 0, list, 3, DMA_TO_DEVICE, 0);
	bench_settle(b);
	assert_int_equal(b->checker.facts.violations.count, 2);
	list[0].offset += 8;
	dma_map_sg_attrs(k, 0, list, 1, DMA_TO_DEVICE, 0);
	assert_bench(DMA_DEBUG_SG_BOUNDARY);
	dma_set_max_seg_size(k, 0, 32);
	dma_map_sg_attrs(k, 0, list + 1, 1, DMA_TO_DEVICE, 0);
	assert_bench(DMA_DEBUG_SG_SEGMENT);
}

static void the_kernels_frees_are_checked(void **state)
{
	dma_addr_t dma, other;
	vaddr_t va, elsewhere;

	(void)state;
	va = dma_alloc_coherent(k, 0, 100, &dma, GFP_KERNEL);
	dma_free_coherent(k, 0, 100, va, dma);
	va = dma_alloc_noncoherent(k, 0, 100, &dma, DMA_FROM_DEVICE, GFP_KERNEL);
	dma_sync_single_for_device(k, 0, dma, 100, DMA_FROM_DEVICE);
	dma_sync_single_for_cpu(k, 0, dma, 100, DMA_FROM_DEVICE);
	dma_free_noncoherent(k, 0, 100, va, dma, DMA_FROM_DEVICE);
	assert_bench_silent();
	va = dma_alloc_coherent(k, 0, 100, &dma, GFP_KERNEL);
	dma_free_coherent(k, 0, 200, va, dma);
	assert_bench(DMA_DEBUG_UNMAP_SIZE);
	va = dma_alloc_coherent(k, 0, 100, &dma, GFP_KERNEL);
	elsewhere = dma_alloc_coherent(k, 0, 100, &other, GFP_KERNEL);
	dma_free_coherent(k, 0, 100, elsewhere, dma);
	assert_bench(DMA_DEBUG_UNMAP_CPU_ADDRESS);
	dma_free_coherent(k, 0, 100, va, other + 4096);
	assert_bench(DMA_DEBUG_UNMAP_UNKNOWN);
	dma_unmap_single(k, 0, other, 100, DMA_BIDIRECTIONAL);
	assert_bench(DMA_DEBUG_UNMAP_FUNCTION);
}

static void undo_takes_back_what_it_wrote_down(void **state)
{
	vaddr_t buf = kmalloc(k, 128, GFP_KERNEL);
	dma_addr_t dma = lend(buf, N, DMA_TO_DEVICE);

	(void)state;
	bench_mark(b);
	dma_unmap_single(k, 0, dma, N, DMA_TO_DEVICE);
	dma_unmap_single(k, 0, dma, N, DMA_TO_DEVICE);
	assert_bench(DMA_DEBUG_UNMAP_UNKNOWN);
	assert_true(bench_keep(b, false));
	assert_int_equal(bench_undo(b, 1), 1);
	assert_bench_silent();
	dma_unmap_single(k, 0, dma, N, DMA_TO_DEVICE);
	assert_bench_silent();
}

/* A keyframe is read as the same mappings, not as new ones that overlap. */
static void a_keyframe_tells_it_nothing_new(void **state)
{
	vaddr_t buf = kmalloc(k, 128, GFP_KERNEL);
	dma_addr_t dma = lend(buf, N, DMA_FROM_DEVICE);

	(void)state;
	bench_settle(b);
	bench_keyframe(b);
	bench_settle(b);
	dma_unmap_single(k, 0, dma, N, DMA_FROM_DEVICE);
	assert_bench_silent();
}

static void with_dma_debug_off_only_our_own_rules_speak(void **state)
{
	struct board board = test_with(board_default(), "dma_debug", 0);

	(void)state;
	bench_free(b);
	b = bench_new(&board);
	k = &b->machine.kernel;
	dma_unmap_single(k, 0, DMA, N, DMA_TO_DEVICE);
	assert_bench_silent();
	assert_int_equal(b->checker.dma_debug.log_count, 1);
}

#define ON_EVENTS(test) cmocka_unit_test_setup_teardown(test, on, off)
#define ON_BENCH(test)  cmocka_unit_test_setup_teardown(test, bench_on, bench_off)

static const struct CMUnitTest tests[] = {
	ON_EVENTS(a_driver_that_keeps_the_rules_hears_nothing),
	ON_EVENTS(unmapping_what_was_never_mapped_is_named),
	ON_EVENTS(unmapping_twice_is_named),
	ON_EVENTS(unmapping_for_another_device_is_named),
	ON_EVENTS(unmapping_from_inside_is_named),
	ON_EVENTS(unmapping_the_error_value_is_named),
	ON_EVENTS(unmapping_with_another_size_is_named_and_ends_the_mapping),
	ON_EVENTS(the_line_names_the_event_of_the_map),
	ON_EVENTS(ending_a_mapping_with_the_call_of_another_kind_is_named),
	ON_EVENTS(where_an_unmapped_handle_leads_does_not_matter),
	ON_EVENTS(single_and_page_may_be_mixed),
	ON_EVENTS(freeing_with_another_cpu_address_is_named),
	ON_EVENTS(freeing_a_pointer_to_nowhere_is_not_seen),
	ON_EVENTS(a_devices_own_memory_is_not_recorded),
	ON_EVENTS(unmapping_a_list_with_another_count_is_named),
	ON_EVENTS(a_count_that_differs_is_named_for_each_segment_but_is_one_violation),
	ON_EVENTS(each_entry_of_an_unknown_list_is_named),
	ON_EVENTS(unmapping_with_another_direction_is_named),
	ON_EVENTS(a_map_nobody_asked_about_is_named_at_the_unmap),
	ON_EVENTS(asking_about_another_address_does_not_help),
	ON_EVENTS(asking_once_counts_for_one_mapping),
	ON_EVENTS(other_attributes_at_the_unmap_are_named),
	ON_EVENTS(attributes_belong_to_the_call_they_name),
	ON_EVENTS(the_attributes_of_a_list_hold_for_its_segments),
	ON_EVENTS(mapping_the_stack_is_named),
	ON_EVENTS(mapping_a_page_of_a_stack_in_the_vmalloc_area_is_named),
	ON_EVENTS(what_was_a_stack_may_be_mapped),
	ON_EVENTS(mapping_the_kernels_code_is_named_its_data_is_not),
	ON_EVENTS(mapping_what_is_no_memory_is_named),
	ON_EVENTS(mapping_vmalloc_memory_is_our_violation_alone),
	ON_EVENTS(a_map_that_failed_leaves_no_record),
	ON_EVENTS(mapping_ram_as_a_resource_is_named),
	ON_EVENTS(two_mappings_that_begin_in_one_line_are_named),
	ON_EVENTS(lines_are_shared_freely_by_what_devices_only_read),
	ON_EVENTS(an_overlap_in_a_later_line_is_not_seen),
	ON_EVENTS(a_line_is_free_again_after_the_last_unmap),
	ON_EVENTS(a_line_is_not_free_before_the_last_unmap),
	ON_EVENTS(some_overlaps_are_vouched_for),
	ON_EVENTS(nobody_minds_an_overlap_where_devices_snoop),
	ON_EVENTS(more_than_seven_overlaps_are_not_counted),
	ON_EVENTS(syncing_what_is_not_mapped_is_named),
	ON_EVENTS(syncing_for_another_device_is_named),
	ON_EVENTS(a_sync_that_runs_out_of_its_mapping_is_unknown_to_the_kernel),
	ON_EVENTS(a_sync_far_into_a_long_mapping_is_found),
	ON_EVENTS(directions_of_syncs_are_compared_cell_by_cell),
	ON_EVENTS(syncing_a_list_with_another_count_is_named),
	ON_EVENTS(memory_may_be_synced_as_a_list_of_one),
	ON_EVENTS(of_an_unknown_list_synced_the_kernel_says_nothing),
	ON_EVENTS(a_segment_longer_than_64_kib_is_named_unless_the_driver_allowed_it),
	ON_EVENTS(a_segment_across_the_devices_boundary_is_named),
	ON_EVENTS(what_a_driver_leaves_behind_is_counted),
	ON_EVENTS(of_a_probe_that_failed_dma_debug_hears_nothing_but_the_leak_is_named),
	ON_EVENTS(a_line_keeps_the_name_of_the_driver_the_device_had),
	ON_EVENTS(a_filter_waits_for_its_driver),
	ON_EVENTS(of_two_mappings_of_one_address_the_one_that_fits_is_ended),
	ON_EVENTS(of_two_that_do_not_fit_neither_is_taken),
	ON_EVENTS(records_come_out_bucket_by_bucket_oldest_first),
	ON_EVENTS(records_agree_with_a_plain_list),
	ON_EVENTS(only_the_first_error_is_printed_unless_asked_for_more),
	ON_EVENTS(an_error_the_filter_keeps_quiet_uses_up_the_line),
	ON_EVENTS(the_filter_lets_its_own_driver_pass),
	ON_EVENTS(the_pool_is_made_in_whole_pages),
	ON_EVENTS(the_pool_grows_by_a_page_and_says_so_at_each_multiple),
	ON_EVENTS(a_pool_that_cannot_grow_ends_the_debugging),
	ON_EVENTS(switched_off_at_boot_it_sees_nothing),
	ON_EVENTS(a_copy_goes_its_own_way),
	ON_EVENTS(the_log_has_an_end),
	ON_BENCH(the_kernels_unmaps_are_checked),
	ON_BENCH(the_kernels_syncs_are_checked),
	ON_BENCH(the_kernels_maps_are_checked),
	ON_BENCH(the_kernels_lists_are_checked),
	ON_BENCH(the_kernels_frees_are_checked),
	ON_BENCH(undo_takes_back_what_it_wrote_down),
	ON_BENCH(a_keyframe_tells_it_nothing_new),
	ON_BENCH(with_dma_debug_off_only_our_own_rules_speak),
};

int main(void)
{
	return cmocka_run_group_tests_name("dma_debug", tests, NULL, NULL);
}
