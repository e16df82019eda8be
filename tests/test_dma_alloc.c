#include "kernel_rig.h"

#include "kernel/dma.h"
#include "kernel/pages.h"
#include "kernel/vmalloc.h"

static struct rig rig;
static struct kernel *const k = &rig.kernel;

static void on(enum arch arch, bool coherent)
{
	struct board b = board_default();

	b.arch = arch;
	b.coherent = coherent;
	rig_on(&rig, &b);
}

static enum attr attr_of(vaddr_t va)
{
	enum attr attr = ATTR_DEVICE;
	paddr_t pa;

	assert_int_equal(mmu_translate(&rig.hw.mmu, va, &pa, &attr), OK);
	return attr;
}

static void expect_zeros(vaddr_t va, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += 8)
		assert_int_equal(rig_load(&rig, va + at, 8), 0);
}

static void both_addresses_are_aligned_to_the_order(void **state)
{
	static const uint64_t sizes[] = { 1, 5 * PAGE_SIZE, PAGE_SIZE, 3 * PAGE_SIZE, 64 * KIB, 9 * PAGE_SIZE };

	(void)state;
	on(ARCH_ARM64, false);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		uint64_t align = PAGE_SIZE << pages_order(sizes[i]);
		dma_addr_t dma;
		vaddr_t va = dma_alloc_coherent(k, 0, sizes[i], &dma, GFP_KERNEL);

		assert_int_not_equal(va, 0);
		assert_int_equal(va % align, 0);
		assert_int_equal(dma % align, 0);
	}
	rig_off(&rig);
}

static void the_coherent_mask_decides_where_it_comes_from(void **state)
{
	struct board b = board_default();
	dma_addr_t dma;

	(void)state;
	b.bus_offset = 0;
	b.zone_dma = 2 * MIB;
	rig_on(&rig, &b);
	k->device_dma[0].mask = 2 * MIB - 1;
	assert_int_not_equal(dma_alloc_coherent(k, 0, 4096, &dma, GFP_KERNEL | GFP_DMA), 0);
	assert_true(dma >= 2 * MIB);
	k->device_dma[0].coherent_mask = 2 * MIB - 1;
	assert_int_not_equal(dma_alloc_coherent(k, 0, 4096, &dma, GFP_KERNEL), 0);
	assert_true(dma < 2 * MIB);
	rig_off(&rig);
}

static void flags_that_do_not_fit_are_masked_off_or_refused(void **state)
{
	static const uint32_t flags[] = { GFP_DMA, GFP_DMA32, GFP_HIGHMEM, GFP_COMP };
	dma_addr_t dma;

	(void)state;
	on(ARCH_ARM64, false);
	for (size_t i = 0; i < 4; i++) {
		uint64_t from = rig.trace.next;
		bool fine = flags[i] != GFP_COMP;

		assert_int_equal(dma_alloc_coherent(k, 0, 4096, &dma, GFP_KERNEL | flags[i]) != 0, fine);
		assert_int_equal(rig_count(&rig, EV_KERNEL_LOG, from), !fine);
		assert_int_equal(dma_alloc_noncoherent(k, 0, 4096, &dma, DMA_TO_DEVICE, GFP_KERNEL | flags[i]), 0);
		assert_int_equal(dma_alloc_pages(k, 0, 4096, &dma, DMA_TO_DEVICE, GFP_KERNEL | flags[i]), 0);
		assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_DMA_GFP);
	}
	rig_off(&rig);
}

static void no_warn_keeps_a_failure_out_of_the_log(void **state)
{
	dma_addr_t dma;

	(void)state;
	on(ARCH_ARM64, false);
	assert_int_equal(dma_alloc_attrs(k, 0, 9 * MIB, &dma, GFP_KERNEL, DMA_ATTR_NO_WARN), 0);
	assert_int_equal(rig_count(&rig, EV_KERNEL_LOG, 1), 0);
	assert_int_equal(dma_alloc_attrs(k, 0, 9 * MIB, &dma, GFP_KERNEL, 0), 0);
	assert_int_equal(rig_count(&rig, EV_KERNEL_LOG, 1), 1);
	rig_off(&rig);
}

static void write_combining_is_for_memory_that_is_mapped_anew(void **state)
{
	static const struct { enum arch arch; bool coherent; enum attr attr; } rows[] = {
		{ ARCH_ARM64, false, ATTR_WRITE_COMBINE },
		{ ARCH_MIPS, false, ATTR_UNCACHED },
		{ ARCH_X86, true, ATTR_CACHED },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		dma_addr_t dma;
		vaddr_t va;

		on(rows[i].arch, rows[i].coherent);
		va = dma_alloc_attrs(k, 0, 5000, &dma, GFP_KERNEL, DMA_ATTR_WRITE_COMBINE);
		assert_int_equal(attr_of(va), rows[i].attr);
		assert_int_equal(rig_last(&rig, EV_DMA_ATTRS)->cause, rig_last(&rig, EV_DMA_ALLOC)->seq);
		expect_zeros(va, 8192);
		dma_free_attrs(k, 0, 5000, va, dma, DMA_ATTR_WRITE_COMBINE);
		assert_int_equal(rig_last(&rig, EV_DMA_ATTRS)->cause, rig_last(&rig, EV_DMA_FREE)->seq);
		assert_int_equal(rig_free_pages(&rig), 31 * MIB / PAGE_SIZE);
		rig_off(&rig);
	}
}

static void a_cookie_is_no_address(void **state)
{
	static const enum arch archs[] = { ARCH_ARM64, ARCH_MIPS, ARCH_X86 };
	uint64_t attrs = DMA_ATTR_NO_KERNEL_MAPPING, value;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		dma_addr_t dma;
		vaddr_t va;

		on(archs[i], archs[i] == ARCH_X86);
		va = dma_alloc_attrs(k, 0, 5000, &dma, GFP_KERNEL, attrs);
		assert_int_equal(va, VMEMMAP_BASE + 64 * ((dma - 0x80000000) >> PAGE_SHIFT));
		assert_int_equal(cpu_load(&rig.hw, va, 8, &value), FAULT_UNMAPPED);
		dma_free_attrs(k, 0, 5000, va, dma, 0);
		assert_int_equal(rig_last(&rig, EV_MEM_BAD_FREE)->a, BAD_FREE_FOREIGN);
		dma_free_attrs(k, 0, 5000, va, dma, attrs);
		assert_int_equal(rig_free_pages(&rig), 31 * MIB / PAGE_SIZE);
		rig_off(&rig);
	}
}

static void cached_memory_is_mapped_and_the_cpus_at_first(void **state)
{
	const struct event *e;
	dma_addr_t dma;
	vaddr_t va;

	(void)state;
	on(ARCH_ARM64, false);
	va = dma_alloc_noncoherent(k, 0, 5000, &dma, DMA_FROM_DEVICE, GFP_KERNEL);
	e = rig_last(&rig, EV_DMA_ALLOC);
	assert_int_equal(dma, va - LINEAR_BASE + 0x80000000);
	assert_int_equal(attr_of(va), ATTR_CACHED);
	assert_int_equal(e->value, va);
	assert_int_equal(e->size, 5000);
	assert_int_equal(e->a, DMA_FROM_DEVICE);
	assert_int_equal(e->b, FORM_NONCOHERENT);
	assert_int_equal(rig_count(&rig, EV_CACHE_OP, 1), 0);
	expect_zeros(va, 8192);
	dma_free_noncoherent(k, 0, 5000, va, dma, DMA_FROM_DEVICE);
	assert_int_equal(rig_last(&rig, EV_DMA_FREE)->b, FORM_NONCOHERENT);
	assert_int_equal(rig_load(&rig, va, 8), 0xaaaaaaaaaaaaaaaa);
	assert_int_equal(rig_free_pages(&rig), 31 * MIB / PAGE_SIZE);
	rig_off(&rig);
}

static void pages_come_by_their_first_page(void **state)
{
	dma_addr_t dma;
	paddr_t page;

	(void)state;
	on(ARCH_ARM64, false);
	page = dma_alloc_pages(k, 0, 12288, &dma, DMA_TO_DEVICE, GFP_KERNEL);
	assert_int_equal(dma, page + 0x80000000);
	assert_int_equal(page % (4 * PAGE_SIZE), 0);
	assert_int_equal(rig_last(&rig, EV_DMA_ALLOC)->b, FORM_PAGES);
	dma_free_pages(k, 0, 12288, page, dma, DMA_TO_DEVICE);
	assert_int_equal(rig_free_pages(&rig), 31 * MIB / PAGE_SIZE);
	rig_off(&rig);
}

static void expect_bad(uint64_t size, vaddr_t va, dma_addr_t dma, enum bad_free why)
{
	uint64_t from = rig.trace.next, pages = rig_free_pages(&rig);

	dma_free_noncoherent(k, 0, size, va, dma, DMA_TO_DEVICE);
	rig_bad_free(&rig, from, why, MEM_COHERENT);
	assert_int_equal(rig_free_pages(&rig), pages);
}

static void a_wrong_free_of_cached_memory_changes_nothing_and_is_named(void **state)
{
	dma_addr_t dma, other;
	vaddr_t va;

	(void)state;
	on(ARCH_X86, true);
	va = dma_alloc_noncoherent(k, 0, 12288, &dma, DMA_TO_DEVICE, GFP_KERNEL);
	assert_int_not_equal(dma_alloc_coherent(k, 0, 12288, &other, GFP_KERNEL), 0);
	expect_bad(4096, va, dma, BAD_FREE_ORDER);
	expect_bad(0, va, dma, BAD_FREE_ORDER);
	expect_bad(UINT64_MAX, va, dma, BAD_FREE_ORDER);
	expect_bad(12288, va + 4096, dma + 4096, BAD_FREE_INSIDE);
	expect_bad(12288, va, dma + 8, BAD_FREE_INSIDE);
	expect_bad(12288, va + 4096, dma, BAD_FREE_FOREIGN);
	expect_bad(12288, va, other, BAD_FREE_FOREIGN);
	expect_bad(12288, 0, dma, BAD_FREE_FOREIGN);
	expect_bad(12288, va, 0, BAD_FREE_FOREIGN);
	expect_bad(12288, va, DMA_MAPPING_ERROR, BAD_FREE_FOREIGN);
	dma_free_coherent(k, 0, 12288, va, dma);
	assert_int_equal(rig_last(&rig, EV_MEM_BAD_FREE)->a, BAD_FREE_FOREIGN);
	dma_free_noncoherent(k, 0, 12288, va, dma, DMA_TO_DEVICE);
	expect_bad(12288, va, dma, BAD_FREE_TWICE);
	rig_off(&rig);
}

static void noncontiguous_memory_is_one_segment(void **state)
{
	struct scatterlist sg;
	struct sg_table sgt = { .sgl = &sg };

	(void)state;
	on(ARCH_ARM64, false);
	assert_true(dma_alloc_noncontiguous(k, 0, 5000, DMA_TO_DEVICE, GFP_KERNEL,
					    DMA_ATTR_ALLOC_SINGLE_PAGES, &sgt));
	assert_int_equal(sgt.nents, 1);
	assert_int_equal(sgt.orig_nents, 1);
	assert_int_equal(sg.length, 8192);
	assert_int_equal(sg.dma_length, 8192);
	assert_int_equal(sg.dma_address, sg.page + 0x80000000);
	assert_null(sg_next(&sg));
	dma_free_noncontiguous(k, 0, 5000, &sgt, DMA_TO_DEVICE);
	assert_int_equal(rig_free_pages(&rig), 31 * MIB / PAGE_SIZE);
	assert_false(dma_alloc_noncontiguous(k, 0, 5000, DMA_TO_DEVICE, GFP_KERNEL, DMA_ATTR_WRITE_COMBINE, &sgt));
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_DMA_ATTRS);
	assert_false(dma_alloc_noncontiguous(k, 0, UINT64_MAX, DMA_TO_DEVICE, GFP_KERNEL, 0, &sgt));
	assert_false(dma_alloc_noncontiguous(k, 0, 0, DMA_TO_DEVICE, GFP_KERNEL, 0, &sgt));
	rig_off(&rig);
}

static void managed_memory_goes_when_the_driver_leaves(void **state)
{
	dma_addr_t dma[3];
	vaddr_t va[3];

	(void)state;
	on(ARCH_ARM64, false);
	va[0] = dmam_alloc_coherent(k, 0, 4096, &dma[0], GFP_KERNEL);
	va[1] = dmam_alloc_coherent(k, 0, 8192, &dma[1], GFP_KERNEL);
	va[2] = dmam_alloc_coherent(k, 1, 4096, &dma[2], GFP_KERNEL);
	dmam_free_coherent(k, 0, 4096, va[0], dma[0]);
	assert_int_equal(rig_count(&rig, EV_DMA_FREE, 1), 1);
	dmam_release(k, 0);
	assert_int_equal(rig_count(&rig, EV_DMA_FREE, 1), 2);
	assert_int_equal(rig_last(&rig, EV_DMA_FREE)->addr, dma[1]);
	dmam_release(k, 0);
	assert_int_equal(rig_count(&rig, EV_DMA_FREE, 1), 2);
	assert_int_equal(rig_count(&rig, EV_KERNEL_LOG, 1), 0);
	dmam_free_coherent(k, 1, 8192, va[2], dma[2]);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_DMAM_MATCH);
	dmam_free_coherent(k, 1, 4096, va[2], dma[2]);
	assert_int_equal(rig_count(&rig, EV_KERNEL_LOG, 1), 2);
	va[0] = dmam_alloc_coherent(k, 0, 4096, &dma[0], GFP_KERNEL);
	dmam_free_coherent(k, 1, 4096, va[0], dma[0]);
	assert_int_equal(rig_count(&rig, EV_KERNEL_LOG, 1), 3);
	rig_off(&rig);
}

static void as_many_managed_blocks_as_there_are_slots(void **state)
{
	dma_addr_t dma;

	(void)state;
	on(ARCH_ARM64, false);
	for (uint32_t i = 0; i < DEVRES_MAX; i++)
		assert_int_not_equal(dmam_alloc_coherent(k, 0, 1, &dma, GFP_KERNEL), 0);
	assert_int_equal(dmam_alloc_coherent(k, 0, 1, &dma, GFP_KERNEL), 0);
	assert_true(dma == DMA_MAPPING_ERROR);
	dmam_release(k, 0);
	assert_int_equal(rig_free_pages(&rig), 31 * MIB / PAGE_SIZE);
	assert_int_not_equal(dmam_alloc_coherent(k, 0, 1, &dma, GFP_KERNEL), 0);
	rig_off(&rig);
}

/* The upper half of RAM is hidden from the kernel, and may be given to a device. */
static void on_with_hidden_ram(void)
{
	struct board b = board_default();

	b.mem = 16 * MIB;
	rig_on(&rig, &b);
}

#define REGION (16 * MIB)
#define SEEN   (0x80000000 + REGION)

static void a_device_with_memory_of_its_own_gets_no_other(void **state)
{
	dma_addr_t dma[3];
	vaddr_t va[3];
	uint64_t from;

	(void)state;
	on_with_hidden_ram();
	assert_int_equal(dma_declare_coherent_memory(k, 0, REGION, SEEN, 4 * PAGE_SIZE), 0);
	from = rig.trace.next;
	va[0] = dma_alloc_coherent(k, 0, 100, &dma[0], GFP_KERNEL);
	assert_int_equal(dma[0], SEEN);
	assert_int_equal(rig_last(&rig, EV_DMA_ALLOC)->addr2, REGION);
	expect_zeros(va[0], 96);
	va[1] = dma_alloc_coherent(k, 0, 5000, &dma[1], GFP_KERNEL);
	assert_int_equal(dma[1], SEEN + 2 * PAGE_SIZE);
	va[2] = dma_alloc_coherent(k, 0, 4096, &dma[2], GFP_KERNEL);
	assert_int_equal(dma[2], SEEN + PAGE_SIZE);
	assert_int_equal(dma_alloc_coherent(k, 0, 1, &dma[0], GFP_KERNEL), 0);
	assert_true(dma[0] == DMA_MAPPING_ERROR);
	dma_free_coherent(k, 0, 5000, va[1], dma[1]);
	assert_int_equal(rig_last(&rig, EV_DMA_FREE)->addr, dma[1]);
	assert_int_equal(dma_alloc_coherent(k, 0, 8192, &dma[1], GFP_KERNEL), va[1]);
	assert_int_equal(rig_count(&rig, EV_MEM_ALLOC, from) + rig_count(&rig, EV_MEM_BAD_FREE, from), 0);
	assert_int_not_equal(dma_alloc_coherent(k, 1, 1, &dma[0], GFP_KERNEL), 0);
	assert_true(dma[0] < SEEN);
	rig_off(&rig);
}

static void a_wrong_free_into_a_region_is_named(void **state)
{
	dma_addr_t dma;
	vaddr_t va;

	(void)state;
	on_with_hidden_ram();
	assert_int_equal(dma_declare_coherent_memory(k, 0, REGION, SEEN, 4 * PAGE_SIZE), 0);
	va = dma_alloc_coherent(k, 0, 4096, &dma, GFP_KERNEL);
	dma_free_coherent(k, 0, 8192, va, dma);
	assert_int_equal(rig_last(&rig, EV_MEM_BAD_FREE)->a, BAD_FREE_ORDER);
	dma_free_coherent(k, 0, UINT64_MAX, va, dma);
	assert_int_equal(rig_last(&rig, EV_MEM_BAD_FREE)->a, BAD_FREE_ORDER);
	dma_free_coherent(k, 0, 4096, va, dma);
	dma_free_coherent(k, 0, 4096, va, dma);
	assert_int_equal(rig_last(&rig, EV_MEM_BAD_FREE)->a, BAD_FREE_TWICE);
	assert_int_equal(rig_count(&rig, EV_DMA_FREE, 1), 1);
	rig_off(&rig);
}

static void a_region_must_be_whole_pages_nobody_has(void **state)
{
	(void)state;
	on_with_hidden_ram();
	assert_int_equal(dma_declare_coherent_memory(k, 0, REGION, SEEN, 0), -22);
	assert_int_equal(dma_declare_coherent_memory(k, 0, REGION, SEEN, 4095), -22);
	assert_int_equal(dma_declare_coherent_memory(k, 0, 2 * MIB, SEEN, 4096), -12);
	assert_int_equal(dma_declare_coherent_memory(k, 0, REGION, SEEN, (COHERENT_REGION_PAGES + 1) * PAGE_SIZE), -12);
	assert_int_equal(dma_declare_coherent_memory(k, 0, REGION, SEEN, COHERENT_REGION_PAGES * PAGE_SIZE), 0);
	assert_int_equal(dma_declare_coherent_memory(k, 0, REGION, SEEN, 4096), -16);
	dma_release_coherent_memory(k, 0);
	dma_release_coherent_memory(k, 0);
	assert_int_equal(dma_declare_coherent_memory(k, 0, REGION, SEEN, 4096), 0);
	rig_off(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_addresses_are_aligned_to_the_order),
		cmocka_unit_test(the_coherent_mask_decides_where_it_comes_from),
		cmocka_unit_test(flags_that_do_not_fit_are_masked_off_or_refused),
		cmocka_unit_test(no_warn_keeps_a_failure_out_of_the_log),
		cmocka_unit_test(write_combining_is_for_memory_that_is_mapped_anew),
		cmocka_unit_test(a_cookie_is_no_address),
		cmocka_unit_test(cached_memory_is_mapped_and_the_cpus_at_first),
		cmocka_unit_test(pages_come_by_their_first_page),
		cmocka_unit_test(a_wrong_free_of_cached_memory_changes_nothing_and_is_named),
		cmocka_unit_test(noncontiguous_memory_is_one_segment),
		cmocka_unit_test(managed_memory_goes_when_the_driver_leaves),
		cmocka_unit_test(as_many_managed_blocks_as_there_are_slots),
		cmocka_unit_test(a_device_with_memory_of_its_own_gets_no_other),
		cmocka_unit_test(a_wrong_free_into_a_region_is_named),
		cmocka_unit_test(a_region_must_be_whole_pages_nobody_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
