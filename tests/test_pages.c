#include "kernel_rig.h"

#include "kernel/pages.h"

#define BLOCKS 200

static struct rig rig;
static struct kernel *const k = &rig.kernel;

static struct board plain(void)
{
	return board_default();
}

static void early_allocations_have_low_addresses(void **state)
{
	struct board b = plain();

	(void)state;
	rig_on(&rig, &b);
	assert_int_equal(pages_alloc(k, GFP_KERNEL, 0), LINEAR_BASE + 0x100000);
	assert_int_equal(pages_alloc(k, GFP_KERNEL, 0), LINEAR_BASE + 0x101000);
	assert_int_equal(pages_alloc(k, GFP_KERNEL, 2), LINEAR_BASE + 0x104000);
	rig_off(&rig);
}

static void the_kernels_own_pages_are_never_handed_out(void **state)
{
	struct board b = plain();
	uint64_t pages = 0;
	vaddr_t va;

	(void)state;
	b.ram = 4 * MIB;
	rig_on(&rig, &b);
	while ((va = pages_alloc(k, GFP_KERNEL | GFP_NOWARN, 0))) {
		assert_true(va >= LINEAR_BASE + b.kernel_image && va < LINEAR_BASE + b.ram);
		pages++;
	}
	assert_int_equal(pages, (b.ram - b.kernel_image) / PAGE_SIZE);
	assert_int_equal(frame_read(k, 0)->kind, FRAME_RESERVED);
	rig_off(&rig);
}

static void ram_beyond_mem_is_absent(void **state)
{
	struct board b = plain();

	(void)state;
	b.mem = 30 * MIB;
	rig_on(&rig, &b);
	assert_int_equal(rig_free_pages(&rig), 29 * MIB / PAGE_SIZE);
	assert_int_equal(frame_read(k, 30 * MIB / PAGE_SIZE)->kind, FRAME_ABSENT);
	assert_true(virt_addr_valid(k, phys_to_virt(30 * MIB - 1)));
	assert_false(virt_addr_valid(k, phys_to_virt(30 * MIB)));
	assert_int_equal(frame_head(k, 30 * MIB / PAGE_SIZE), 30 * MIB / PAGE_SIZE);
	rig_off(&rig);
}

static struct board three_zones(void)
{
	struct board b = plain();

	b.zone_dma = 2 * MIB;
	b.zone_dma32 = 16 * MIB;
	return b;
}

static enum zone zone_got(uint32_t gfp)
{
	uint64_t pfn;

	assert_true(pages_take(k, gfp, 0, FRAME_PAGES, &pfn));
	return (enum zone)frame_read(k, pfn)->zone;
}

static void a_request_goes_to_the_highest_zone_it_may_use(void **state)
{
	struct board b = three_zones();

	(void)state;
	rig_on(&rig, &b);
	assert_int_equal(k->managed[ZONE_DMA], 256);
	assert_int_equal(k->managed[ZONE_DMA32], 14 * MIB / PAGE_SIZE);
	assert_int_equal(zone_got(GFP_KERNEL), ZONE_NORMAL);
	assert_int_equal(zone_got(GFP_DMA32), ZONE_DMA32);
	assert_int_equal(zone_got(GFP_DMA), ZONE_DMA);
	rig_off(&rig);
}

static void an_exhausted_zone_falls_back_downwards_only(void **state)
{
	struct board b = three_zones();
	uint64_t pfn;

	(void)state;
	rig_on(&rig, &b);
	while (pages_take(k, GFP_DMA | GFP_NOWARN, 0, FRAME_PAGES, &pfn))
		assert_true(pfn << PAGE_SHIFT < b.zone_dma);
	assert_int_equal(zone_got(GFP_DMA32), ZONE_DMA32);
	while (pages_take(k, GFP_KERNEL | GFP_NOWARN, 0, FRAME_PAGES, &pfn))
		;
	assert_int_equal(rig_free_pages(&rig), 0);
	rig_off(&rig);
}

static void without_a_dma_zone_the_lowest_zone_serves(void **state)
{
	struct board b = plain();

	(void)state;
	b.zone_dma = b.zone_dma32 = 0;
	rig_on(&rig, &b);
	assert_int_equal(zone_got(GFP_DMA), ZONE_NORMAL);
	assert_int_equal(zone_got(GFP_DMA32), ZONE_NORMAL);
	rig_off(&rig);
}

static void the_profile_sets_the_largest_order(void **state)
{
	struct board b = plain();

	(void)state;
	rig_on(&rig, &b);
	assert_int_not_equal(pages_alloc(k, GFP_KERNEL, 11), 0);
	assert_int_equal(pages_alloc(k, GFP_KERNEL, 12), 0);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_ORDER_TOO_BIG);
	assert_int_equal(pages_alloc(k, GFP_KERNEL | GFP_NOWARN, UINT32_MAX), 0);
	assert_int_equal(rig_count(&rig, EV_KERNEL_LOG, 1), 1);
	rig_off(&rig);
	b.profile = PROFILE_TODAY;
	rig_on(&rig, &b);
	assert_int_not_equal(pages_alloc(k, GFP_KERNEL, 10), 0);
	assert_int_equal(pages_alloc(k, GFP_KERNEL, 11), 0);
	rig_off(&rig);
}

static void an_order_holds_its_size(void **state)
{
	(void)state;
	assert_int_equal(pages_order(1), 0);
	assert_int_equal(pages_order(4096), 0);
	assert_int_equal(pages_order(4097), 1);
	assert_int_equal(pages_order(8 * MIB), 11);
	assert_int_equal(pages_order(8 * MIB + 1), 12);
	assert_int_equal(pages_order(UINT64_MAX), 52);
}

static void freed_pages_are_poisoned_before_they_are_gone(void **state)
{
	struct board b = plain();
	vaddr_t va;

	(void)state;
	rig_on(&rig, &b);
	va = pages_alloc(k, GFP_KERNEL | GFP_ZERO, 1);
	assert_int_equal(rig_load(&rig, va + 8184, 8), 0);
	pages_free(k, va, 1);
	assert_int_equal(rig_load(&rig, va, 8), 0xaaaaaaaaaaaaaaaa);
	assert_int_equal(rig_load(&rig, va + 8184, 8), 0xaaaaaaaaaaaaaaaa);
	assert_true(rig_last(&rig, EV_CPU_STORE)->seq < rig_last(&rig, EV_MEM_FREE)->seq);
	assert_true(rig_last(&rig, EV_CPU_STORE)->b);
	assert_int_equal(rig_last(&rig, EV_MEM_FREE)->size, 8192);
	rig_off(&rig);
}

static void zeroing_is_the_doing_of_the_allocation(void **state)
{
	struct board b = plain();
	const struct event *e;

	(void)state;
	rig_on(&rig, &b);
	pages_alloc(k, GFP_KERNEL | GFP_ZERO, 0);
	e = rig_last(&rig, EV_MEM_ALLOC);
	assert_int_equal(e->a, MEM_PAGES);
	assert_int_equal(e->size, 4096);
	assert_int_equal(rig_last(&rig, EV_CPU_STORE)->cause, e->seq);
	assert_int_equal(rig.trace.cause, 0);
	rig_off(&rig);
}

static void expect_bad(vaddr_t va, uint32_t order, enum bad_free why)
{
	uint64_t before = rig_free_pages(&rig), from = rig.trace.next;

	pages_free(k, va, order);
	rig_bad_free(&rig, from, why, MEM_PAGES);
	assert_int_equal(rig_free_pages(&rig), before);
}

static void a_wrong_free_changes_nothing_and_is_named(void **state)
{
	struct board b = plain();
	vaddr_t va;

	(void)state;
	rig_on(&rig, &b);
	va = pages_alloc(k, GFP_KERNEL, 2);
	expect_bad(va, 1, BAD_FREE_ORDER);
	expect_bad(va + 4096, 2, BAD_FREE_INSIDE);
	expect_bad(va + 1, 2, BAD_FREE_INSIDE);
	expect_bad(LINEAR_BASE, 0, BAD_FREE_FOREIGN);
	expect_bad(VMALLOC_BASE, 0, BAD_FREE_FOREIGN);
	expect_bad(phys_to_virt(20 * MIB), 0, BAD_FREE_FOREIGN);
	expect_bad(UINT64_MAX, 0, BAD_FREE_FOREIGN);
	expect_bad(1, 0, BAD_FREE_FOREIGN);
	pages_free(k, va, 2);
	expect_bad(va, 2, BAD_FREE_TWICE);
	expect_bad(va + 4096, 2, BAD_FREE_FOREIGN);
	pages_free(k, 0, 0);
	rig_off(&rig);
}

static void a_head_is_found_from_every_frame_of_its_block(void **state)
{
	struct board b = plain();
	uint64_t pfn;

	(void)state;
	rig_on(&rig, &b);
	assert_true(pages_take(k, GFP_KERNEL, 5, FRAME_PAGES, &pfn));
	for (uint64_t i = 0; i < 32; i++)
		assert_int_equal(frame_head(k, pfn + i), pfn);
	assert_int_not_equal(frame_head(k, pfn + 32), pfn);
	assert_int_equal(frame_head(k, (uint64_t)1 << 50), (uint64_t)1 << 50);
	rig_off(&rig);
}

static void a_copy_of_the_kernel_goes_its_own_way(void **state)
{
	static struct kernel copy;
	struct board b = plain();
	vaddr_t va;

	(void)state;
	rig_on(&rig, &b);
	kernel_copy(&copy, k, &rig.hw);
	va = pages_alloc(k, GFP_KERNEL, 0);
	assert_int_equal(pages_alloc(&copy, GFP_KERNEL, 0), va);
	pages_free(&copy, va, 0);
	assert_int_equal(frame_read(k, frame_head(k, 256))->kind, FRAME_PAGES);
	kernel_release(&copy);
	rig_off(&rig);
}

static void two_banks_are_both_used_and_the_gap_is_not(void **state)
{
	struct board b = plain();

	(void)state;
	b.ram = 2 * MIB;
	b.ram2 = 1 * MIB;
	b.ram2_at = 8 * MIB;
	rig_on(&rig, &b);
	assert_int_equal(rig_free_pages(&rig), 2 * MIB / PAGE_SIZE);
	assert_false(virt_addr_valid(k, phys_to_virt(4 * MIB)));
	assert_false(virt_range_valid(k, phys_to_virt(2 * MIB - 8), 16));
	assert_true(virt_addr_valid(k, phys_to_virt(8 * MIB)));
	assert_false(virt_range_valid(k, phys_to_virt(8 * MIB), UINT64_MAX));
	rig_off(&rig);
}

/* The model: which block, if any, each page belongs to. */
struct model {
	struct { vaddr_t va; uint32_t order; } block[BLOCKS];
	uint32_t count;
	bool taken[32 * MIB / PAGE_SIZE];
};

static struct model model;

static void mark(vaddr_t va, uint32_t order, bool on)
{
	uint64_t pfn = (va - LINEAR_BASE) >> PAGE_SHIFT;

	assert_int_equal(pfn & ((1u << order) - 1), 0);
	for (uint64_t i = pfn; i < pfn + (1u << order); i++) {
		assert_int_equal(model.taken[i], !on);
		model.taken[i] = on;
	}
}

static void take_one(uint64_t *seed)
{
	uint32_t order = (uint32_t)(test_random(seed) % 8);
	uint32_t gfp = test_random(seed) % 4 ? 0 : GFP_DMA32;
	vaddr_t va = pages_alloc(k, gfp | GFP_NOWARN, order);

	if (!va)
		return;
	mark(va, order, true);
	model.block[model.count].va = va;
	model.block[model.count++].order = order;
}

static void give_one(uint64_t *seed)
{
	uint32_t i = (uint32_t)(test_random(seed) % model.count);

	mark(model.block[i].va, model.block[i].order, false);
	pages_free(k, model.block[i].va, model.block[i].order);
	model.block[i] = model.block[--model.count];
}

static void churn(uint64_t seed)
{
	struct board b = three_zones();
	uint64_t boot[ZONE_COUNT][ORDER_MAX + 1];

	memset(&model, 0, sizeof model);
	b.ram = 4 * MIB;
	b.zone_dma = 5 * 256 * KIB;
	rig_on(&rig, &b);
	rig.hw.bus.watch_all = false;
	memcpy(boot, k->free_blocks, sizeof boot);
	for (int i = 0; i < 3000; i++) {
		if (model.count < BLOCKS && test_random(&seed) % 2)
			take_one(&seed);
		else if (model.count)
			give_one(&seed);
	}
	while (model.count)
		give_one(&seed);
	assert_memory_equal(boot, k->free_blocks, sizeof boot);
	assert_int_equal(rig_count(&rig, EV_MEM_BAD_FREE, 1), 0);
	rig_off(&rig);
}

static void random_blocks_never_overlap_and_merge_back(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 5; i++) {
		uint64_t seed = test_seed(1) + i;

		print_message("seed %llu\n", (unsigned long long)seed);
		churn(seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(early_allocations_have_low_addresses),
		cmocka_unit_test(the_kernels_own_pages_are_never_handed_out),
		cmocka_unit_test(ram_beyond_mem_is_absent),
		cmocka_unit_test(a_request_goes_to_the_highest_zone_it_may_use),
		cmocka_unit_test(an_exhausted_zone_falls_back_downwards_only),
		cmocka_unit_test(without_a_dma_zone_the_lowest_zone_serves),
		cmocka_unit_test(the_profile_sets_the_largest_order),
		cmocka_unit_test(an_order_holds_its_size),
		cmocka_unit_test(freed_pages_are_poisoned_before_they_are_gone),
		cmocka_unit_test(zeroing_is_the_doing_of_the_allocation),
		cmocka_unit_test(a_wrong_free_changes_nothing_and_is_named),
		cmocka_unit_test(a_head_is_found_from_every_frame_of_its_block),
		cmocka_unit_test(a_copy_of_the_kernel_goes_its_own_way),
		cmocka_unit_test(two_banks_are_both_used_and_the_gap_is_not),
		cmocka_unit_test(random_blocks_never_overlap_and_merge_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
