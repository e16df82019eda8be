#include "kernel_rig.h"

#include "kernel/dma_alloc.h"
#include "kernel/mask.h"
#include "kernel/pages.h"
#include "kernel/scattered.h"

#define PAGES 3

static struct rig rig;
static struct kernel *const k = &rig.kernel;

/* No two free pages are neighbours. */
static void fragment(void)
{
	vaddr_t page[512];
	uint32_t n = 0;

	while ((page[n] = pages_alloc(k, GFP_KERNEL | GFP_NOWARN, 0)))
		n++;
	for (uint32_t i = 0; i < n; i++)
		if (page[i] >> PAGE_SHIFT & 1)
			pages_free(k, page[i], 0);
	assert_int_equal(pages_alloc(k, GFP_KERNEL | GFP_NOWARN, 1), 0);
}

static void on(uint64_t iommu, bool coherent)
{
	struct board b = board_default();

	b.ram = MIB;
	b.kernel_image = 64 * KIB;
	b.iommu = iommu;
	b.coherent = coherent;
	rig_on(&rig, &b);
	fragment();
}

static vaddr_t alloc(dma_addr_t *dma, uint64_t attrs)
{
	return dma_alloc_attrs(k, 0, PAGES * PAGE_SIZE, dma, GFP_KERNEL, attrs);
}

static paddr_t behind(vaddr_t va)
{
	enum attr attr;
	paddr_t pa = 0;

	assert_int_equal(mmu_translate(&rig.hw.mmu, va, &pa, &attr), OK);
	return pa;
}

static void pages_that_lie_apart_are_one_range_for_cpu_and_device(void **state)
{
	dma_addr_t dma;
	vaddr_t va;

	(void)state;
	on(IOMMU_STRICT, false);
	va = alloc(&dma, 0);
	assert_true(va);
	for (uint64_t at = 0; at < PAGES * PAGE_SIZE; at += PAGE_SIZE) {
		uint64_t number = at + 1, seen = 0;

		assert_int_equal(cpu_store(&rig.hw, va + at, 8, number), OK);
		cpu_barrier(&rig.hw, BARRIER_WMB);
		assert_int_equal(port_read(&rig.hw.port, 0, 0, dma + at, &seen, 8), OK);
		assert_int_equal(seen, number);
	}
	assert_int_not_equal(behind(va + PAGE_SIZE), behind(va) + PAGE_SIZE);
	rig_off(&rig);
}

static void it_is_zeroed_and_none_of_it_waits_in_the_cache(void **state)
{
	dma_addr_t dma;
	vaddr_t va;
	uint64_t seen = 1;

	(void)state;
	on(IOMMU_STRICT, false);
	va = alloc(&dma, 0);
	for (uint64_t at = 0; at < PAGES * PAGE_SIZE; at += 8) {
		assert_int_equal(port_read(&rig.hw.port, 0, 0, dma + at, &seen, 8), OK);
		assert_int_equal(seen, 0);
		assert_int_equal(cpu_load(&rig.hw, va + at, 8, &seen), OK);
		assert_int_equal(seen, 0);
	}
	rig_off(&rig);
}

static void that_no_block_was_left_is_nothing_for_the_log(void **state)
{
	uint64_t from;
	dma_addr_t dma;

	(void)state;
	on(IOMMU_STRICT, false);
	from = rig.trace.next;
	assert_true(alloc(&dma, 0));
	assert_int_equal(rig_count(&rig, EV_KERNEL_LOG, from), 0);
	rig_off(&rig);
}

static void force_contiguous_wants_one_block(void **state)
{
	dma_addr_t dma;

	(void)state;
	on(IOMMU_STRICT, false);
	assert_int_equal(alloc(&dma, DMA_ATTR_FORCE_CONTIGUOUS), 0);
	assert_int_equal(dma, DMA_MAPPING_ERROR);
	rig_off(&rig);
}

static void without_an_iommu_no_device_has_an_address_for_it(void **state)
{
	dma_addr_t dma;

	(void)state;
	on(IOMMU_OFF, false);
	assert_int_equal(alloc(&dma, DMA_ATTR_NO_WARN), 0);
	rig_off(&rig);
}

static void where_devices_snoop_it_is_cached(void **state)
{
	enum attr attr = ATTR_DEVICE;
	dma_addr_t dma;
	paddr_t pa;
	vaddr_t va;

	(void)state;
	on(IOMMU_STRICT, true);
	rig.hw.board.arch = ARCH_X86;
	va = alloc(&dma, 0);
	assert_int_equal(mmu_translate(&rig.hw.mmu, va, &pa, &attr), OK);
	assert_int_equal(attr, ATTR_CACHED);
	rig_off(&rig);
}

static void freed_it_is_gone_for_both_and_its_pages_are_back(void **state)
{
	dma_addr_t dma;
	uint64_t free_before, seen;
	vaddr_t va;

	(void)state;
	on(IOMMU_STRICT, false);
	free_before = k->free_blocks[ZONE_DMA][0] + k->free_blocks[ZONE_DMA32][0] +
		      k->free_blocks[ZONE_NORMAL][0];
	va = alloc(&dma, 0);
	dma_free_attrs(k, 0, PAGES * PAGE_SIZE, va, dma, 0);
	assert_int_equal(cpu_load(&rig.hw, va, 8, &seen), FAULT_UNMAPPED);
	assert_int_equal(port_read(&rig.hw.port, 0, 0, dma, &seen, 8), FAULT_BUS);
	assert_int_equal(k->free_blocks[ZONE_DMA][0] + k->free_blocks[ZONE_DMA32][0] +
			 k->free_blocks[ZONE_NORMAL][0], free_before);
	assert_int_equal(k->hw->iommu.used, 0);
	rig_off(&rig);
}

static void a_free_with_another_size_address_or_handle_frees_nothing(void **state)
{
	dma_addr_t dma;
	uint64_t seen;
	vaddr_t va;

	(void)state;
	on(IOMMU_STRICT, false);
	va = alloc(&dma, 0);
	dma_free_attrs(k, 0, PAGE_SIZE, va, dma, 0);
	dma_free_attrs(k, 0, PAGES * PAGE_SIZE, va + PAGE_SIZE, dma, 0);
	dma_free_attrs(k, 0, PAGES * PAGE_SIZE, va, dma + PAGE_SIZE, 0);
	assert_int_equal(cpu_load(&rig.hw, va, 8, &seen), OK);
	assert_int_equal(rig_count(&rig, EV_DMA_FREE, 1), 0);
	assert_int_equal(rig_count(&rig, EV_DMA_BAD_FREE, 1), 3);
	rig_off(&rig);
}

static void no_entries_left_takes_nothing(void **state)
{
	dma_addr_t dma;

	(void)state;
	on(IOMMU_STRICT, false);
	rig.hw.board.iommu_entries = PAGES - 1;
	assert_int_equal(alloc(&dma, 0), 0);
	assert_int_equal(k->hw->iommu.used, 0);
	rig.hw.board.iommu_entries = PAGES;
	assert_true(alloc(&dma, 0));
	rig_off(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_that_lie_apart_are_one_range_for_cpu_and_device),
		cmocka_unit_test(it_is_zeroed_and_none_of_it_waits_in_the_cache),
		cmocka_unit_test(that_no_block_was_left_is_nothing_for_the_log),
		cmocka_unit_test(force_contiguous_wants_one_block),
		cmocka_unit_test(without_an_iommu_no_device_has_an_address_for_it),
		cmocka_unit_test(where_devices_snoop_it_is_cached),
		cmocka_unit_test(freed_it_is_gone_for_both_and_its_pages_are_back),
		cmocka_unit_test(a_free_with_another_size_address_or_handle_frees_nothing),
		cmocka_unit_test(no_entries_left_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
