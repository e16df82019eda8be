#include "kernel_rig.h"

#include "kernel/pages.h"
#include "kernel/slab.h"
#include "kernel/vmalloc.h"

static struct rig rig;
static struct kernel *const k = &rig.kernel;

static void on(void)
{
	struct board b = board_default();

	rig_on(&rig, &b);
}

/* 64 pages, of which the kernel has 16. */
static void on_tiny(void)
{
	struct board b = board_default();

	b.ram = 256 * KIB;
	b.kernel_image = 64 * KIB;
	rig_on(&rig, &b);
}

static paddr_t behind(vaddr_t va)
{
	paddr_t pa = 0;
	enum attr attr;

	assert_int_equal(mmu_translate(&rig.hw.mmu, va, &pa, &attr), OK);
	return pa;
}

static bool mapped(vaddr_t va)
{
	paddr_t pa;
	enum attr attr;

	return mmu_translate(&rig.hw.mmu, va, &pa, &attr) == OK;
}

static void an_area_ends_at_a_guard_page(void **state)
{
	vaddr_t a, b;
	uint64_t value;

	(void)state;
	on();
	a = vmalloc(k, 10000, GFP_KERNEL);
	b = vmalloc(k, 1, GFP_KERNEL);
	assert_int_equal(a, VMALLOC_BASE);
	assert_true(mapped(a + 12287));
	assert_false(mapped(a + 12288));
	assert_int_equal(b, a + 16384);
	assert_int_equal(cpu_load(&rig.hw, a + 12288, 8, &value), FAULT_UNMAPPED);
	assert_null(vm_area_at(k, a + 12288));
	assert_int_equal(vm_area_at(k, a + 12287)->va, a);
	rig_off(&rig);
}

static void expect_scattered(vaddr_t va, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		for (uint64_t j = 0; j < pages; j++)
			assert_int_not_equal(behind(va + i * PAGE_SIZE) + PAGE_SIZE,
					     behind(va + j * PAGE_SIZE));
}

static void no_two_pages_of_an_area_are_neighbours(void **state)
{
	(void)state;
	on();
	for (uint64_t pages = 1; pages <= 40; pages++)
		expect_scattered(vmalloc(k, pages * PAGE_SIZE, GFP_KERNEL), pages);
	rig_off(&rig);
	on_tiny();
	expect_scattered(vmalloc(k, 20 * PAGE_SIZE, GFP_KERNEL), 20);
	rig_off(&rig);
}

static void physical_addresses_jump_to_and_fro(void **state)
{
	vaddr_t va;
	int down = 0, up = 0;

	(void)state;
	on();
	va = vmalloc(k, 8 * PAGE_SIZE, GFP_KERNEL);
	for (uint64_t i = 0; i + 1 < 8; i++)
		behind(va + i * PAGE_SIZE) > behind(va + (i + 1) * PAGE_SIZE) ? down++ : up++;
	assert_true(down >= 2 && up >= 2);
	rig_off(&rig);
}

static void every_page_can_be_had_and_all_come_back(void **state)
{
	uint64_t boot[ZONE_COUNT][ORDER_MAX + 1];
	vaddr_t a, b;

	(void)state;
	on_tiny();
	memcpy(boot, k->free_blocks, sizeof boot);
	a = vmalloc(k, 30 * PAGE_SIZE, GFP_KERNEL);
	b = vmalloc(k, 18 * PAGE_SIZE, GFP_KERNEL);
	assert_true(a && b);
	assert_int_equal(rig_free_pages(&rig), 0);
	assert_int_equal(vmalloc(k, 1, GFP_KERNEL), 0);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_VMALLOC_PAGES);
	vfree(k, a);
	assert_int_equal(vmalloc(k, 31 * PAGE_SIZE, GFP_KERNEL), 0);
	assert_int_equal(rig_free_pages(&rig), 30);
	vfree(k, b);
	assert_memory_equal(boot, k->free_blocks, sizeof boot);
	assert_int_equal(vmalloc(k, 49 * PAGE_SIZE, GFP_KERNEL), 0);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_VMALLOC_TOTAL);
	rig_off(&rig);
}

static void an_area_reads_back_what_was_written_across_pages(void **state)
{
	vaddr_t va;

	(void)state;
	on();
	va = vmalloc(k, 8192, GFP_KERNEL | GFP_ZERO);
	assert_int_equal(rig_load(&rig, va + 4092, 8), 0);
	assert_int_equal(cpu_store(&rig.hw, va + 4092, 8, 0x1122334455667788), OK);
	assert_int_equal(rig_load(&rig, phys_to_virt(behind(va + 4092)), 4), 0x55667788);
	assert_int_equal(rig_load(&rig, phys_to_virt(behind(va + 4096)), 4), 0x11223344);
	rig_off(&rig);
}

static void the_events_tell_the_area_and_its_pages(void **state)
{
	const struct event *alloc, *freed;
	uint64_t from;
	vaddr_t va;

	(void)state;
	on();
	va = vmalloc(k, 9000, GFP_KERNEL);
	alloc = rig_last(&rig, EV_MEM_ALLOC);
	assert_int_equal(alloc->addr2, behind(va));
	assert_int_equal(alloc->value, 9000);
	assert_int_equal(alloc->size, 12288);
	assert_int_equal(alloc->a, MEM_VMALLOC);
	assert_int_equal(rig_count(&rig, EV_VM_MAP, 1), 3);
	assert_int_equal(rig_last(&rig, EV_VM_MAP)->cause, alloc->seq);
	assert_int_equal(rig_last(&rig, EV_VM_MAP)->addr2, behind(va + 8192));
	from = rig.trace.next;
	vfree(k, va);
	freed = rig_last(&rig, EV_MEM_FREE);
	assert_int_equal(rig_count(&rig, EV_VM_UNMAP, from), 3);
	assert_int_equal(rig_last(&rig, EV_VM_UNMAP)->cause, freed->seq);
	assert_int_equal(rig_load(&rig, phys_to_virt(freed->addr2), 8), 0xaaaaaaaaaaaaaaaa);
	assert_int_equal(rig.trace.cause, 0);
	rig_off(&rig);
}

static void the_lowest_free_addresses_are_used_first(void **state)
{
	vaddr_t a, b, c;

	(void)state;
	on();
	a = vmalloc(k, 8192, GFP_KERNEL);
	b = vmalloc(k, 4096, GFP_KERNEL);
	c = vmalloc(k, 4096, GFP_KERNEL);
	vfree(k, a);
	assert_int_equal(vmalloc(k, 12288, GFP_KERNEL), c + 8192);
	assert_int_equal(vmalloc(k, 4096, GFP_KERNEL), a);
	assert_int_equal(k->area[0].va, a);
	assert_int_equal(k->area[1].va, b);
	rig_off(&rig);
}

static void expect_bad(vaddr_t va, enum bad_free why)
{
	uint64_t from = rig.trace.next, pages = rig_free_pages(&rig);

	vfree(k, va);
	rig_bad_free(&rig, from, why, MEM_VMALLOC);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_NOT_VMALLOC);
	assert_int_equal(rig_free_pages(&rig), pages);
}

static void a_wrong_vfree_changes_nothing_and_is_named(void **state)
{
	vaddr_t va, io, object;

	(void)state;
	on();
	va = vmalloc(k, 8192, GFP_KERNEL);
	io = ioremap(k, DEVICE_BASE, 4096, ATTR_DEVICE);
	object = kmalloc(k, 64, GFP_KERNEL);
	expect_bad(va + 8, BAD_FREE_INSIDE);
	expect_bad(va + 4096, BAD_FREE_INSIDE);
	expect_bad(va + 8192, BAD_FREE_FOREIGN);
	expect_bad(io, BAD_FREE_FOREIGN);
	expect_bad(object, BAD_FREE_FOREIGN);
	expect_bad(UINT64_MAX, BAD_FREE_FOREIGN);
	vfree(k, 0);
	vfree(k, va);
	expect_bad(va, BAD_FREE_TWICE);
	expect_bad(va + 4096, BAD_FREE_FOREIGN);
	rig_off(&rig);
}

static void impossible_sizes_are_refused(void **state)
{
	(void)state;
	on();
	assert_int_equal(vmalloc(k, 0, GFP_KERNEL), 0);
	assert_int_equal(vmalloc(k, UINT64_MAX, GFP_KERNEL), 0);
	assert_int_equal(vmalloc(k, (uint64_t)1 << 63, GFP_KERNEL), 0);
	assert_int_equal(ioremap(k, DEVICE_BASE, 0, ATTR_DEVICE), 0);
	assert_int_equal(ioremap(k, DEVICE_BASE, UINT64_MAX, ATTR_DEVICE), 0);
	assert_int_equal(ioremap(k, UINT64_MAX, 2, ATTR_DEVICE), 0);
	assert_int_equal(ioremap(k, DEVICE_BASE, 256 * MIB, ATTR_DEVICE), 0);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_VMALLOC_ROOM);
	assert_int_equal(rig_free_pages(&rig), 31 * MIB / PAGE_SIZE);
	rig_off(&rig);
}

static void ram_hidden_by_mem_can_be_ioremapped(void **state)
{
	struct board b = board_default();
	vaddr_t va;

	(void)state;
	b.mem = 30 * MIB;
	rig_on(&rig, &b);
	va = ioremap(k, 0x1e00000, 0x200000, ATTR_DEVICE);
	assert_int_equal(va, IOREMAP_BASE);
	assert_int_equal(rig_last(&rig, EV_IO_MAP)->size, 0x200000);
	assert_int_equal(rig_count(&rig, EV_VM_MAP, 1), 1);
	assert_int_equal(cpu_store(&rig.hw, va + 0x1ffff8, 8, 42), OK);
	assert_int_equal(rig_load(&rig, va + 0x1ffff8, 8), 42);
	assert_int_equal(rig_last(&rig, EV_CPU_LOAD)->addr2, 0x1fffff8);
	assert_true(iounmap(k, va));
	assert_false(mapped(va));
	assert_false(iounmap(k, va));
	rig_off(&rig);
}

static void ram_of_the_kernel_is_not_ioremapped(void **state)
{
	struct board b = board_default();

	(void)state;
	b.mem = 30 * MIB;
	b.ram2 = 1 * MIB;
	b.ram2_at = 64 * MIB;
	rig_on(&rig, &b);
	assert_int_equal(ioremap(k, 0x1dff000, 0x2000, ATTR_DEVICE), 0);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_IOREMAP_RAM);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->addr, 0x1dff);
	assert_int_not_equal(ioremap(k, 64 * MIB, 4096, ATTR_DEVICE), 0);
	rig_off(&rig);
	b.mem = 0;
	rig_on(&rig, &b);
	assert_int_equal(ioremap(k, 60 * MIB, 8 * MIB, ATTR_DEVICE), 0);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->addr, 64 * MIB / PAGE_SIZE);
	rig_off(&rig);
}

static void an_offset_into_the_page_is_kept(void **state)
{
	vaddr_t va;

	(void)state;
	on();
	va = ioremap(k, DEVICE_BASE + 0xffc, 8, ATTR_DEVICE);
	assert_int_equal(va, IOREMAP_BASE + 0xffc);
	assert_int_equal(vm_area_at(k, va)->size, 8192);
	assert_true(is_vmalloc_addr(va));
	assert_true(iounmap(k, va));
	rig_off(&rig);
}

static void the_table_of_areas_can_be_full(void **state)
{
	uint64_t before;

	(void)state;
	on();
	for (uint32_t i = 0; i < VM_AREAS_MAX; i++)
		assert_int_not_equal(ioremap(k, DEVICE_BASE, 1, ATTR_DEVICE), 0);
	before = rig_free_pages(&rig);
	assert_int_equal(ioremap(k, DEVICE_BASE, 1, ATTR_DEVICE), 0);
	assert_int_equal(vmalloc(k, 1, GFP_KERNEL), 0);
	assert_int_equal(rig_free_pages(&rig), before);
	rig_off(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_area_ends_at_a_guard_page),
		cmocka_unit_test(no_two_pages_of_an_area_are_neighbours),
		cmocka_unit_test(physical_addresses_jump_to_and_fro),
		cmocka_unit_test(every_page_can_be_had_and_all_come_back),
		cmocka_unit_test(an_area_reads_back_what_was_written_across_pages),
		cmocka_unit_test(the_events_tell_the_area_and_its_pages),
		cmocka_unit_test(the_lowest_free_addresses_are_used_first),
		cmocka_unit_test(a_wrong_vfree_changes_nothing_and_is_named),
		cmocka_unit_test(impossible_sizes_are_refused),
		cmocka_unit_test(ram_hidden_by_mem_can_be_ioremapped),
		cmocka_unit_test(ram_of_the_kernel_is_not_ioremapped),
		cmocka_unit_test(an_offset_into_the_page_is_kept),
		cmocka_unit_test(the_table_of_areas_can_be_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
