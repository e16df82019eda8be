#include "kernel_rig.h"

#include "kernel/pages.h"
#include "kernel/slab.h"

#define BLOCKS 300

static struct rig rig;
static struct kernel *const k = &rig.kernel;

/* A machine with lines of 64 bytes, on which devices snoop or not. */
static void on(bool coherent)
{
	struct board b = board_default();

	b.coherent = coherent;
	rig_on(&rig, &b);
}

static const char *cache_for(uint64_t size)
{
	int cache = kmalloc_cache_of(k, size);

	return cache < 0 ? "pages" : kmalloc_caches[cache].name;
}

static void a_request_falls_into_linuxs_size_class(void **state)
{
	static const struct { uint64_t size; const char *snooping, *not_snooping; } rows[] = {
		{ 1, "kmalloc-8", "kmalloc-64" }, { 8, "kmalloc-8", "kmalloc-64" },
		{ 9, "kmalloc-16", "kmalloc-64" }, { 24, "kmalloc-32", "kmalloc-64" },
		{ 33, "kmalloc-64", "kmalloc-64" }, { 65, "kmalloc-96", "kmalloc-128" },
		{ 96, "kmalloc-96", "kmalloc-128" }, { 97, "kmalloc-128", "kmalloc-128" },
		{ 129, "kmalloc-192", "kmalloc-192" }, { 193, "kmalloc-256", "kmalloc-256" },
		{ 257, "kmalloc-512", "kmalloc-512" }, { 4096, "kmalloc-4k", "kmalloc-4k" },
		{ 4097, "kmalloc-8k", "kmalloc-8k" }, { 8192, "kmalloc-8k", "kmalloc-8k" },
		{ 8193, "pages", "pages" }, { UINT64_MAX, "pages", "pages" },
	};

	(void)state;
	for (int coherent = 0; coherent < 2; coherent++) {
		on(coherent);
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
			assert_string_equal(cache_for(rows[i].size),
					    coherent ? rows[i].snooping : rows[i].not_snooping);
		rig_off(&rig);
	}
}

static void long_lines_drop_the_small_classes(void **state)
{
	struct board b = board_default();

	(void)state;
	b.line = 256;
	rig_on(&rig, &b);
	assert_int_equal(kmalloc_minalign(k), 256);
	assert_string_equal(cache_for(1), "kmalloc-256");
	assert_string_equal(cache_for(129), "kmalloc-256");
	rig_off(&rig);
	b.line = 32;
	rig_on(&rig, &b);
	assert_string_equal(cache_for(80), "kmalloc-96");
	rig_off(&rig);
}

static void no_two_objects_share_a_line_where_devices_do_not_snoop(void **state)
{
	vaddr_t a, b;

	(void)state;
	on(false);
	a = kmalloc(k, 8, GFP_KERNEL);
	b = kmalloc(k, 8, GFP_KERNEL);
	assert_int_not_equal(a / 64, b / 64);
	rig_off(&rig);
	on(true);
	a = kmalloc(k, 8, GFP_KERNEL);
	b = kmalloc(k, 8, GFP_KERNEL);
	assert_int_equal(a / 64, b / 64);
	rig_off(&rig);
}

static void nothing_is_asked_and_nothing_is_given(void **state)
{
	(void)state;
	on(false);
	assert_int_equal(kmalloc(k, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	kfree(k, ZERO_SIZE_PTR);
	kfree(k, 0);
	assert_int_equal(ksize(k, ZERO_SIZE_PTR), 0);
	assert_int_equal(rig.trace.next, 1);
	rig_off(&rig);
}

static void the_profile_limits_kmalloc(void **state)
{
	struct board b = board_default();

	(void)state;
	rig_on(&rig, &b);
	assert_int_not_equal(kmalloc(k, 128 * KIB, GFP_KERNEL), 0);
	assert_int_equal(kmalloc(k, 128 * KIB + 1, GFP_KERNEL), 0);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_KMALLOC_LIMIT);
	assert_int_equal(kmalloc(k, (uint64_t)1 << 63, GFP_KERNEL | GFP_NOWARN), 0);
	assert_int_equal(kmalloc(k, UINT64_MAX, GFP_KERNEL | GFP_NOWARN), 0);
	assert_int_equal(rig_count(&rig, EV_KERNEL_LOG, 1), 1);
	rig_off(&rig);
	b.profile = PROFILE_TODAY;
	rig_on(&rig, &b);
	assert_int_not_equal(kmalloc(k, 4 * MIB, GFP_KERNEL), 0);
	assert_int_equal(kmalloc(k, 4 * MIB + 1, GFP_KERNEL), 0);
	rig_off(&rig);
}

static void the_event_tells_what_was_asked_and_what_is_usable(void **state)
{
	const struct event *e;
	vaddr_t va;

	(void)state;
	on(false);
	va = kmalloc(k, 200, GFP_KERNEL);
	e = rig_last(&rig, EV_MEM_ALLOC);
	assert_int_equal(e->addr, va);
	assert_int_equal(e->addr2, va - LINEAR_BASE);
	assert_int_equal(e->value, 200);
	assert_int_equal(e->size, 256);
	assert_int_equal(e->a, MEM_KMALLOC);
	assert_int_equal(ksize(k, va), 256);
	va = kmalloc(k, 9000, GFP_KERNEL);
	assert_int_equal(ksize(k, va), 16384);
	rig_off(&rig);
}

static void a_freed_object_is_poisoned(void **state)
{
	vaddr_t small, large;

	(void)state;
	on(false);
	small = kmalloc(k, 64, GFP_KERNEL | GFP_ZERO);
	assert_int_equal(rig_load(&rig, small + 56, 8), 0);
	kfree(k, small);
	assert_int_equal(rig_load(&rig, small, 8), 0x6b6b6b6b6b6b6b6b);
	assert_int_equal(rig_load(&rig, small + 56, 8), 0xa56b6b6b6b6b6b6b);
	large = kmalloc(k, 20000, GFP_KERNEL);
	kfree(k, large);
	assert_int_equal(rig_load(&rig, large + 32760, 8), 0xaaaaaaaaaaaaaaaa);
	rig_off(&rig);
}

static void a_request_for_zone_dma_gets_an_object_there(void **state)
{
	struct board b = board_default();

	(void)state;
	b.zone_dma = 2 * MIB;
	rig_on(&rig, &b);
	assert_true(kmalloc(k, 64, GFP_KERNEL) >= phys_to_virt(2 * MIB));
	assert_true(kmalloc(k, 64, GFP_DMA) < phys_to_virt(2 * MIB));
	assert_int_equal(slab_stats(k, 3).slabs, 2);
	rig_off(&rig);
}

static void a_hole_in_a_full_slab_is_filled_first(void **state)
{
	vaddr_t object[8];

	(void)state;
	on(false);
	for (int i = 0; i < 8; i++)
		object[i] = kmalloc(k, 512, GFP_KERNEL);
	assert_int_equal(slab_stats(k, 8).objects, 8);
	kfree(k, object[5]);
	assert_int_equal(kmalloc(k, 512, GFP_KERNEL), object[5]);
	assert_int_equal(slab_stats(k, 8).slabs, 1);
	rig_off(&rig);
}

static void expect_bad(vaddr_t va, enum bad_free why)
{
	uint64_t from = rig.trace.next, pages = rig_free_pages(&rig), used = k->slab_used[3];

	kfree(k, va);
	rig_bad_free(&rig, from, why, MEM_KMALLOC);
	assert_int_equal(rig_free_pages(&rig), pages);
	assert_int_equal(k->slab_used[3], used);
	assert_int_equal(ksize(k, va), 0);
}

static void a_wrong_free_changes_nothing_and_is_named(void **state)
{
	vaddr_t a, b, large, page;

	(void)state;
	on(false);
	a = kmalloc(k, 64, GFP_KERNEL);
	b = kmalloc(k, 64, GFP_KERNEL);
	large = kmalloc(k, 10000, GFP_KERNEL);
	page = pages_alloc(k, GFP_KERNEL, 0);
	expect_bad(a + 8, BAD_FREE_INSIDE);
	expect_bad(large + 4096, BAD_FREE_INSIDE);
	expect_bad(page, BAD_FREE_FOREIGN);
	expect_bad(LINEAR_BASE, BAD_FREE_FOREIGN);
	expect_bad(VMALLOC_BASE, BAD_FREE_FOREIGN);
	expect_bad(phys_to_virt(20 * MIB), BAD_FREE_FOREIGN);
	expect_bad(UINT64_MAX, BAD_FREE_FOREIGN);
	expect_bad(5, BAD_FREE_FOREIGN);
	kfree(k, a);
	expect_bad(a, BAD_FREE_TWICE);
	kfree(k, b);
	kfree(k, large);
	rig_off(&rig);
}

static void a_double_free_is_named_even_when_its_page_has_gone_back(void **state)
{
	vaddr_t a, eight, large;

	(void)state;
	on(false);
	a = kmalloc(k, 64, GFP_KERNEL);
	eight = kmalloc(k, 8192, GFP_KERNEL);
	large = kmalloc(k, 10000, GFP_KERNEL);
	kfree(k, a);
	kfree(k, eight);
	kfree(k, large);
	assert_int_equal(rig_free_pages(&rig), 31 * MIB / PAGE_SIZE);
	expect_bad(a, BAD_FREE_TWICE);
	expect_bad(a + 8, BAD_FREE_FOREIGN);
	expect_bad(eight, BAD_FREE_TWICE);
	expect_bad(large, BAD_FREE_TWICE);
	rig_off(&rig);
}

static void free_pages_refuses_what_kmalloc_gave(void **state)
{
	uint64_t from;
	vaddr_t va;

	(void)state;
	on(false);
	va = kmalloc(k, 16384, GFP_KERNEL);
	from = rig.trace.next;
	pages_free(k, va, 2);
	rig_bad_free(&rig, from, BAD_FREE_FOREIGN, MEM_PAGES);
	rig_off(&rig);
}

static void krealloc_keeps_the_contents(void **state)
{
	vaddr_t a, b;

	(void)state;
	on(false);
	a = krealloc(k, 0, 60, GFP_KERNEL);
	assert_int_equal(cpu_store(&rig.hw, a + 56, 8, 0x1122334455667788), OK);
	assert_int_equal(krealloc(k, a, 64, GFP_KERNEL), a);
	b = krealloc(k, a, 500, GFP_KERNEL);
	assert_int_not_equal(b, a);
	assert_int_equal(rig_load(&rig, b + 56, 8), 0x1122334455667788);
	assert_int_equal(ksize(k, a), 0);
	assert_int_equal(krealloc(k, b, UINT64_MAX, GFP_KERNEL), 0);
	assert_int_equal(ksize(k, b), 512);
	assert_int_equal(krealloc(k, b, 0, GFP_KERNEL), ZERO_SIZE_PTR);
	assert_int_equal(ksize(k, b), 0);
	assert_int_equal(krealloc(k, b, 10, GFP_KERNEL), 0);
	assert_int_equal(rig_last(&rig, EV_MEM_BAD_FREE)->a, BAD_FREE_TWICE);
	rig_off(&rig);
}

static void every_object_of_a_slab_can_be_found(void **state)
{
	paddr_t start;
	uint32_t size;
	bool live;
	vaddr_t va;

	(void)state;
	on(true);
	va = kmalloc(k, 96, GFP_KERNEL);
	assert_true(slab_object(k, va - LINEAR_BASE + 95, &start, &size, &live));
	assert_int_equal(start, va - LINEAR_BASE);
	assert_int_equal(size, 96);
	assert_true(live);
	assert_true(slab_object(k, start + 96, &start, &size, &live));
	assert_false(live);
	assert_false(slab_object(k, va - LINEAR_BASE + 4095, &start, &size, &live));
	assert_false(slab_object(k, 0, &start, &size, &live));
	assert_int_equal(slab_stats(k, 4).used, 1);
	assert_int_equal(slab_stats(k, 4).objects, 42);
	rig_off(&rig);
}

static void memory_runs_out_without_harm(void **state)
{
	struct board b = board_default();
	uint64_t pages;

	(void)state;
	b.ram = 256 * KIB;
	b.kernel_image = 64 * KIB;
	rig_on(&rig, &b);
	pages = rig_free_pages(&rig);
	while (kmalloc(k, 64, GFP_KERNEL | GFP_NOWARN))
		;
	assert_int_equal(slab_stats(k, 3).used, pages * PAGE_SIZE / 64);
	assert_int_equal(kmalloc(k, 20000, GFP_KERNEL), 0);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_PAGE_FAILURE);
	rig_off(&rig);
}

/* The model: the blocks that live, none of which may touch another. */
static struct { vaddr_t va; uint64_t size; } block[BLOCKS];
static uint32_t count;

static uint64_t alignment(uint64_t size)
{
	if (size >= PAGE_SIZE)
		return PAGE_SIZE;
	return size & (~size + 1);
}

static void take_one(uint64_t *seed)
{
	uint64_t asked = 1 + test_random(seed) % ((uint64_t)1 << (3 + test_random(seed) % 13));
	vaddr_t va = kmalloc(k, asked, GFP_KERNEL | GFP_NOWARN);
	uint64_t size = ksize(k, va);

	if (!va)
		return;
	assert_true(size >= asked);
	assert_int_equal(va % alignment(size), 0);
	assert_int_equal(va % kmalloc_minalign(k), 0);
	for (uint32_t i = 0; i < count; i++)
		assert_false(overlaps(va, size, block[i].va, block[i].size));
	block[count].va = va;
	block[count++].size = size;
}

static void give_one(uint64_t *seed)
{
	uint32_t i = (uint32_t)(test_random(seed) % count);

	kfree(k, block[i].va);
	block[i] = block[--count];
}

static void churn(uint64_t seed, bool coherent)
{
	uint64_t boot[ZONE_COUNT][ORDER_MAX + 1];

	on(coherent);
	rig.hw.bus.watch_all = false;
	memcpy(boot, k->free_blocks, sizeof boot);
	for (int i = 0; i < 3000; i++) {
		if (count < BLOCKS && test_random(&seed) % 2)
			take_one(&seed);
		else if (count)
			give_one(&seed);
	}
	while (count)
		give_one(&seed);
	assert_memory_equal(boot, k->free_blocks, sizeof boot);
	for (uint32_t cache = 0; cache < KMALLOC_CACHES; cache++) {
		assert_int_equal(slab_stats(k, cache).slabs + slab_stats(k, cache).used, 0);
		assert_int_equal(k->partial[cache], 0);
	}
	assert_int_equal(rig_count(&rig, EV_MEM_BAD_FREE, 1), 0);
	rig_off(&rig);
}

static void random_objects_never_overlap_and_all_pages_come_back(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		uint64_t seed = test_seed(1) + i;

		print_message("seed %llu\n", (unsigned long long)seed);
		churn(seed, seed % 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_falls_into_linuxs_size_class),
		cmocka_unit_test(long_lines_drop_the_small_classes),
		cmocka_unit_test(no_two_objects_share_a_line_where_devices_do_not_snoop),
		cmocka_unit_test(nothing_is_asked_and_nothing_is_given),
		cmocka_unit_test(the_profile_limits_kmalloc),
		cmocka_unit_test(the_event_tells_what_was_asked_and_what_is_usable),
		cmocka_unit_test(a_freed_object_is_poisoned),
		cmocka_unit_test(a_request_for_zone_dma_gets_an_object_there),
		cmocka_unit_test(a_hole_in_a_full_slab_is_filled_first),
		cmocka_unit_test(a_wrong_free_changes_nothing_and_is_named),
		cmocka_unit_test(a_double_free_is_named_even_when_its_page_has_gone_back),
		cmocka_unit_test(free_pages_refuses_what_kmalloc_gave),
		cmocka_unit_test(krealloc_keeps_the_contents),
		cmocka_unit_test(every_object_of_a_slab_can_be_found),
		cmocka_unit_test(memory_runs_out_without_harm),
		cmocka_unit_test(random_objects_never_overlap_and_all_pages_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
