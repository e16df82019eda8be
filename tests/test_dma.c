#include "kernel_rig.h"

#include "kernel/dma.h"
#include "kernel/pages.h"
#include "kernel/slab.h"
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

/*
 * The table a second time, as the kernel's sources have it: for_device to, from, bidirectional, then
 * for_cpu. c clean, i invalidate, e invalidate with edge lines flushed, f flush, - nothing.
 */
static const struct { const char *name, *cells; bool outer; } table[] = {
	{ "arm64", "ccc-ee", false },
	{ "arm64-pre-5.19", "cec-ee", false },
	{ "arm", "cec-ee", true },
	{ "arm-v5", "cef---", false },
	{ "riscv", "ccc-ii", false },
	{ "riscv-no-post-inval", "cff---", false },
	{ "mips", "cif-ii", false },
	{ "mips-no-speculation", "cif---", false },
	{ "mips-old", "cifcif", false },
	{ "x86", "------", false },
};

static const enum direction dirs[] = { DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_BIDIRECTIONAL };

/* A buffer from the middle of line 0 to the middle of line 3; lines 1 and 2 are its own. */
#define LINE   64
#define LINES  4
#define OFFSET 16
#define SIZE   (3 * LINE + 16)

#define IN_CACHE 0x1111111111111111u   /* what the CPU stored */
#define IN_RAM   0x2222222222222222u   /* what a device put into RAM meanwhile */

/* How a line stands before the call. */
enum start { DIRTY_L1, DIRTY_L2, CLEAN_STALE, START_COUNT };

/* How a line stands after it. */
struct outcome {
	bool in_l1, in_l2, dirty;
	uint64_t ram;
};

static void store_line(paddr_t pa, enum start start)
{
	uint64_t device = IN_RAM;

	assert_int_equal(cpu_store(&rig.hw, phys_to_virt(pa), 8, IN_CACHE), OK);
	if (start == DIRTY_L2)
		cache_clean(&rig.hw.l1, pa);
	if (start == CLEAN_STALE)
		cpu_maintain(&rig.hw, CACHE_CLEAN, pa, 8, 0, false);
	bus_ram_write(&rig.hw.bus, pa, &device, 8);
}

/* What an operation makes of a line that starts so. */
static struct outcome expected(char op, bool partial, enum start start)
{
	bool dirty = start != CLEAN_STALE;

	if (op == 'e')
		op = partial ? 'f' : 'i';
	switch (op) {
	case 'c': return (struct outcome){ true, true, false, dirty ? IN_CACHE : IN_RAM };
	case 'i': return (struct outcome){ false, false, false, IN_RAM };
	case 'f': return (struct outcome){ false, false, false, dirty ? IN_CACHE : IN_RAM };
	default:  return (struct outcome){ true, true, dirty, IN_RAM };
	}
}

static bool dirty(const struct line *l)
{
	return l && l->state == LINE_MODIFIED;
}

static struct outcome seen(paddr_t pa)
{
	const struct line *l1 = cache_find(&rig.hw.l1, pa), *l2 = cache_find(&rig.hw.l2, pa);
	struct outcome o = { .in_l1 = l1, .in_l2 = l2, .dirty = dirty(l1) || dirty(l2) };

	bus_ram_read(&rig.hw.bus, pa, &o.ram, 8);
	return o;
}

static void expect_line(paddr_t pa, struct outcome want)
{
	struct outcome got = seen(pa);

	assert_int_equal(got.in_l1, want.in_l1);
	assert_int_equal(got.in_l2, want.in_l2);
	assert_int_equal(got.dirty, want.dirty);
	assert_int_equal(got.ram, want.ram);
}

typedef void call(vaddr_t va, dma_addr_t dma, enum direction dir);

static void call_map(vaddr_t va, dma_addr_t dma, enum direction dir)
{
	assert_int_equal(dma_map_single(k, 0, va, SIZE, dir), dma);
}

static void call_for_device(vaddr_t va, dma_addr_t dma, enum direction dir)
{
	(void)va;
	dma_sync_single_for_device(k, 0, dma, SIZE, dir);
}

static void call_unmap(vaddr_t va, dma_addr_t dma, enum direction dir)
{
	(void)va;
	dma_unmap_single(k, 0, dma, SIZE, dir);
}

static void call_for_cpu(vaddr_t va, dma_addr_t dma, enum direction dir)
{
	(void)va;
	dma_sync_single_for_cpu(k, 0, dma, SIZE, dir);
}

static call *const calls[] = { call_map, call_for_device, call_unmap, call_for_cpu };

/*
 * An outer cache invalidated first takes the edge line the inner one then writes back: the CPU's
 * bytes are safe, but they are in the outer cache, not in RAM.
 */
static bool caught_by_outer(bool outer, bool for_cpu, char op, bool partial, enum start start)
{
	return outer && for_cpu && op == 'e' && partial && start == DIRTY_L1;
}

static void try_cell(size_t row, uint32_t c, size_t d, enum start start)
{
	vaddr_t page = pages_alloc(k, GFP_KERNEL, 0);
	paddr_t pa = page - LINEAR_BASE;
	bool for_cpu = c >= 2;
	char op = table[row].cells[(for_cpu ? 3 : 0) + d];

	for (uint32_t i = 0; i < LINES; i++)
		store_line(pa + i * LINE + OFFSET, start);
	calls[c](page + OFFSET, pa + OFFSET + rig.hw.board.bus_offset, dirs[d]);
	for (uint32_t i = 0; i < LINES; i++) {
		bool partial = i == 0 || i == LINES - 1;
		struct outcome want = expected(op, partial, start);

		if (caught_by_outer(table[row].outer, for_cpu, op, partial, start))
			want = (struct outcome){ false, true, true, IN_RAM };
		expect_line(pa + i * LINE + OFFSET, want);
	}
	pages_free(k, page, 0);
}

static void each_cell_of_the_table_does_what_the_kernel_does(void **state)
{
	(void)state;
	assert_int_equal(ARCH_COUNT, sizeof table / sizeof table[0]);
	for (size_t row = 0; row < ARCH_COUNT; row++) {
		on((enum arch)row, false);
		assert_string_equal(arch_ops[row].name, table[row].name);
		for (uint32_t c = 0; c < 4; c++)
			for (size_t d = 0; d < 3; d++)
				for (enum start start = 0; start < START_COUNT; start++)
					try_cell(row, c, d, start);
		rig_off(&rig);
	}
}

static void a_coherent_board_leaves_the_caches_alone(void **state)
{
	(void)state;
	for (size_t row = 0; row < ARCH_COUNT; row++) {
		vaddr_t va;
		dma_addr_t dma;

		on((enum arch)row, true);
		va = kmalloc(k, SIZE, GFP_KERNEL);
		dma = dma_map_single(k, 0, va, SIZE, DMA_BIDIRECTIONAL);
		dma_sync_single_for_cpu(k, 0, dma, SIZE, DMA_FROM_DEVICE);
		dma_sync_single_for_device(k, 0, dma, SIZE, DMA_TO_DEVICE);
		dma_unmap_single(k, 0, dma, SIZE, DMA_BIDIRECTIONAL);
		assert_int_equal(rig_count(&rig, EV_CACHE_OP, 1), 0);
		rig_off(&rig);
	}
}

static void an_outer_cache_comes_last_on_the_way_out_and_first_on_the_way_in(void **state)
{
	const struct event *second;
	dma_addr_t dma;
	vaddr_t va;

	(void)state;
	on(ARCH_ARM, false);
	va = kmalloc(k, 64, GFP_KERNEL);
	dma = dma_map_single(k, 0, va, 64, DMA_FROM_DEVICE);
	second = rig_last(&rig, EV_CACHE_OP);
	assert_int_equal(second->b, 2);
	assert_int_equal(second->cause, rig_last(&rig, EV_DMA_MAP)->seq);
	dma_unmap_single(k, 0, dma, 64, DMA_FROM_DEVICE);
	assert_int_equal(rig_last(&rig, EV_CACHE_OP)->b, 1);
	assert_int_equal(rig_count(&rig, EV_CACHE_OP, 1), 4);
	rig_off(&rig);
}

static void what_a_call_does_to_the_caches_is_told_as_its_doing(void **state)
{
	const struct event *map, *unmap;
	dma_addr_t dma;
	vaddr_t va;

	(void)state;
	on(ARCH_ARM64, false);
	va = kmalloc(k, 256, GFP_KERNEL);
	dma = dma_map_single(k, 0, va, 200, DMA_FROM_DEVICE);
	map = rig_last(&rig, EV_DMA_MAP);
	assert_int_equal(dma, va - LINEAR_BASE + 0x80000000);
	assert_int_equal(map->addr, dma);
	assert_int_equal(map->addr2, va - LINEAR_BASE);
	assert_int_equal(map->value, va);
	assert_int_equal(map->size, 200);
	assert_int_equal(map->a, DMA_FROM_DEVICE);
	assert_int_equal(map->b, FORM_SINGLE);
	assert_int_equal(rig_last(&rig, EV_CACHE_OP)->cause, map->seq);
	dma_unmap_single(k, 0, dma, 200, DMA_FROM_DEVICE);
	unmap = rig_last(&rig, EV_DMA_UNMAP);
	assert_int_equal(unmap->addr2, va - LINEAR_BASE);
	assert_int_equal(rig_last(&rig, EV_CACHE_OP)->cause, unmap->seq);
	assert_int_equal(rig.trace.cause, 0);
	rig_off(&rig);
}

static void expect_refused(vaddr_t va, uint64_t size, uint32_t logged)
{
	uint64_t from = rig.trace.next;

	assert_true(dma_map_single(k, 0, va, size, DMA_TO_DEVICE) == DMA_MAPPING_ERROR);
	assert_int_equal(rig_count(&rig, EV_DMA_MAP_FAIL, from), 1);
	assert_int_equal(rig_last(&rig, EV_DMA_MAP_FAIL)->addr, va);
	assert_int_equal(rig_count(&rig, EV_KERNEL_LOG, from), logged != KLOG_COUNT);
	if (logged != KLOG_COUNT)
		assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, logged);
	assert_int_equal(rig_count(&rig, EV_DMA_MAP, from) + rig_count(&rig, EV_CACHE_OP, from), 0);
}

static void what_cannot_be_mapped_is_refused(void **state)
{
	(void)state;
	on(ARCH_ARM64, false);
	expect_refused(vmalloc(k, 100, GFP_KERNEL), 100, KLOG_VMALLOC_MAP);
	expect_refused(ioremap(k, DEVICE_BASE, 100, ATTR_DEVICE), 100, KLOG_COUNT);   /* said once */
	expect_refused(0, 100, KLOG_COUNT);
	expect_refused(ZERO_SIZE_PTR, 100, KLOG_COUNT);
	expect_refused(LINEAR_BASE + 32 * MIB, 1, KLOG_COUNT);
	expect_refused(LINEAR_BASE + 32 * MIB - 8, 16, KLOG_COUNT);
	expect_refused(phys_to_virt(2 * MIB), 0, KLOG_COUNT);
	expect_refused(phys_to_virt(2 * MIB), UINT64_MAX, KLOG_COUNT);
	expect_refused(UINT64_MAX - 7, 16, KLOG_COUNT);
	rig_off(&rig);
}

static void a_device_that_cannot_reach_a_buffer_gets_an_error(void **state)
{
	vaddr_t va = phys_to_virt(2 * MIB);

	(void)state;
	on(ARCH_ARM64, false);
	k->device_dma[0].mask = 0x80000000 + 2 * MIB + 99;
	assert_int_equal(dma_map_single(k, 0, va, 100, DMA_TO_DEVICE), 0x80200000);
	expect_refused(va, 101, KLOG_DMA_OVERFLOW);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->addr, 0x80200000);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->addr2, 101);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->value, k->device_dma[0].mask);
	k->device_dma[0].mask = UINT64_MAX;
	assert_true(dma_map_single(k, 0, va, 101, DMA_TO_DEVICE) != DMA_MAPPING_ERROR);
	rig_off(&rig);
}

static void an_error_is_found_by_asking(void **state)
{
	(void)state;
	on(ARCH_ARM64, false);
	assert_int_equal(dma_mapping_error(k, 0, DMA_MAPPING_ERROR), -12);
	assert_int_equal(rig_last(&rig, EV_DMA_CHECK)->a, 1);
	assert_int_equal(dma_mapping_error(k, 0, 0), 0);
	assert_int_equal(rig_last(&rig, EV_DMA_CHECK)->a, 0);
	rig_off(&rig);
}

static void a_bogus_handle_does_its_damage_or_none(void **state)
{
	vaddr_t va;

	(void)state;
	on(ARCH_ARM64, false);
	va = kmalloc(k, 64, GFP_KERNEL);
	assert_int_equal(cpu_store(&rig.hw, va, 8, 7), OK);
	dma_unmap_single(k, 0, va - LINEAR_BASE, 64, DMA_FROM_DEVICE);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_SYNC_NOT_RAM);
	dma_sync_single_for_cpu(k, 0, 0x80000000, UINT64_MAX, DMA_FROM_DEVICE);
	dma_sync_single_for_device(k, 0, DMA_MAPPING_ERROR, 64, DMA_TO_DEVICE);
	dma_unmap_single(k, 0, 0x80000000, 0, DMA_FROM_DEVICE);
	assert_int_equal(rig_count(&rig, EV_CACHE_OP, 1), 0);
	assert_int_equal(rig_load(&rig, va, 8), 7);
	dma_unmap_single(k, 0, va - LINEAR_BASE + 0x80000000, 64, DMA_FROM_DEVICE);
	assert_int_equal(rig_load(&rig, va, 8), 0);
	rig_off(&rig);
}

static void each_form_of_map_names_itself(void **state)
{
	paddr_t pa;

	(void)state;
	on(ARCH_ARM64, false);
	pa = kmalloc(k, 64, GFP_KERNEL) - LINEAR_BASE;
	dma_map_single(k, 0, phys_to_virt(pa), 64, DMA_TO_DEVICE);
	assert_int_equal(rig_last(&rig, EV_DMA_MAP)->b, FORM_SINGLE);
	dma_map_page_attrs(k, 0, pa, 0, 64, DMA_TO_DEVICE, 0);
	assert_int_equal(rig_last(&rig, EV_DMA_MAP)->b, FORM_PAGE);
	dma_map_phys(k, 0, pa, 64, DMA_TO_DEVICE, 0);
	assert_int_equal(rig_last(&rig, EV_DMA_MAP)->b, FORM_PAGE);
	assert_int_equal(rig_last(&rig, EV_DMA_MAP)->value, phys_to_virt(pa));
	dma_map_phys(k, 0, DEVICE_BASE, 64, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	assert_int_equal(rig_last(&rig, EV_DMA_MAP)->b, FORM_RESOURCE);
	dma_unmap_single(k, 0, 0x80000000 + pa, 64, DMA_TO_DEVICE);
	assert_int_equal(rig_last(&rig, EV_DMA_UNMAP)->b, FORM_SINGLE);
	dma_unmap_page_attrs(k, 0, 0x80000000 + pa, 64, DMA_TO_DEVICE, 0);
	assert_int_equal(rig_last(&rig, EV_DMA_UNMAP)->b, FORM_PAGE);
	dma_unmap_phys(k, 0, DEVICE_BASE, 64, DMA_TO_DEVICE, DMA_ATTR_MMIO);
	assert_int_equal(rig_last(&rig, EV_DMA_UNMAP)->b, FORM_RESOURCE);
	rig_off(&rig);
}

static void an_offset_may_reach_beyond_its_page(void **state)
{
	vaddr_t va;

	(void)state;
	on(ARCH_ARM64, false);
	va = pages_alloc(k, GFP_KERNEL, 2);
	assert_int_equal(dma_map_page_attrs(k, 0, va - LINEAR_BASE, 9000, 100, DMA_FROM_DEVICE, 0),
			 va - LINEAR_BASE + 9000 + 0x80000000);
	assert_int_equal(rig_last(&rig, EV_DMA_MAP)->addr2, va - LINEAR_BASE + 9000);
	rig_off(&rig);
}

static void ram_the_kernel_does_not_manage_is_mapped_by_its_physical_address(void **state)
{
	struct board b = board_default();
	uint64_t from;

	(void)state;
	b.mem = 16 * MIB;
	rig_on(&rig, &b);
	expect_refused(phys_to_virt(20 * MIB), 100, KLOG_COUNT);
	from = rig.trace.next;
	assert_int_equal(dma_map_phys(k, 0, 20 * MIB, 100, DMA_TO_DEVICE, 0), 0x80000000 + 20 * MIB);
	assert_int_equal(rig_count(&rig, EV_CACHE_OP, from), 1);
	assert_true(dma_map_phys(k, 0, 32 * MIB, 100, DMA_TO_DEVICE, 0) == DMA_MAPPING_ERROR);
	rig_off(&rig);
}

static void registers_are_mapped_as_they_are(void **state)
{
	uint64_t from;

	(void)state;
	on(ARCH_ARM64, false);
	from = rig.trace.next;
	assert_int_equal(dma_map_resource(k, 0, DEVICE_BASE, 64, DMA_BIDIRECTIONAL, 0), DEVICE_BASE);
	assert_int_equal(rig_last(&rig, EV_DMA_MAP)->addr2, DEVICE_BASE);
	assert_int_equal(rig_last(&rig, EV_DMA_MAP)->value, 0);
	dma_unmap_resource(k, 0, DEVICE_BASE, 64, DMA_BIDIRECTIONAL, 0);
	assert_int_equal(rig_last(&rig, EV_DMA_UNMAP)->addr2, DEVICE_BASE);
	assert_int_equal(dma_map_resource(k, 0, 2 * MIB, 64, DMA_BIDIRECTIONAL, 0), 2 * MIB);
	dma_unmap_resource(k, 0, 2 * MIB, 64, DMA_BIDIRECTIONAL, 0);
	assert_int_equal(rig_count(&rig, EV_CACHE_OP, from) + rig_count(&rig, EV_KERNEL_LOG, from), 0);
	assert_true(dma_map_resource(k, 0, 4 * GIB - 32, 64, DMA_TO_DEVICE, 0) == DMA_MAPPING_ERROR);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_DMA_OVERFLOW);
	assert_int_equal(rig_last(&rig, EV_DMA_MAP_FAIL)->b, FORM_RESOURCE);
	k->device_dma[0].mask = UINT64_MAX;
	assert_true(dma_map_resource(k, 0, UINT64_MAX - 7, 16, DMA_TO_DEVICE, 0) == DMA_MAPPING_ERROR);
	assert_true(dma_map_resource(k, 0, DEVICE_BASE, 0, DMA_TO_DEVICE, 0) == DMA_MAPPING_ERROR);
	rig_off(&rig);
}

static void a_driver_may_skip_what_is_done_to_the_caches(void **state)
{
	const struct event *attrs;
	uint64_t from, skip = DMA_ATTR_SKIP_CPU_SYNC;
	dma_addr_t dma;
	vaddr_t va;

	(void)state;
	for (enum arch a = 0; a < ARCH_COUNT; a++) {
		on(a, false);
		va = kmalloc(k, 64, GFP_KERNEL);
		from = rig.trace.next;
		dma = dma_map_single_attrs(k, 0, va, 64, DMA_BIDIRECTIONAL, skip);
		attrs = rig_last(&rig, EV_DMA_ATTRS);
		assert_int_equal(attrs->value, skip);
		assert_int_equal(attrs->cause, rig_last(&rig, EV_DMA_MAP)->seq);
		dma_unmap_single_attrs(k, 0, dma, 64, DMA_BIDIRECTIONAL, skip);
		assert_int_equal(rig_last(&rig, EV_DMA_ATTRS)->cause, rig_last(&rig, EV_DMA_UNMAP)->seq);
		assert_int_equal(rig_count(&rig, EV_CACHE_OP, from), 0);
		assert_int_equal(rig.trace.cause, 0);
		rig_off(&rig);
	}
}

static void a_mapping_that_must_be_coherent_fails_where_caches_are_in_the_way(void **state)
{
	(void)state;
	for (int coherent = 0; coherent < 2; coherent++) {
		dma_addr_t dma;

		on(ARCH_ARM64, coherent);
		dma = dma_map_single_attrs(k, 0, phys_to_virt(2 * MIB), 64, DMA_TO_DEVICE,
					   DMA_ATTR_REQUIRE_COHERENT);
		assert_int_equal(dma != DMA_MAPPING_ERROR, coherent);
		rig_off(&rig);
	}
}

static struct board bouncing_board(void)
{
	struct board b = board_default();

	test_set(&b, "swiotlb", 1 * MIB);
	test_set(&b, "swiotlb_force", true);
	return b;
}

/* The copy reaches RAM before the device reads, and what it wrote is copied after the lines are dropped. */
static void a_bounced_buffer_is_copied_in_order_with_the_caches(void **state)
{
	struct board b = bouncing_board();
	uint8_t bytes[8];
	dma_addr_t dma;
	vaddr_t va;

	(void)state;
	rig_on(&rig, &b);
	va = kmalloc(k, 64, GFP_KERNEL);
	assert_int_equal(cpu_store(&rig.hw, va, 8, 0x1111), OK);
	dma = dma_map_single(k, 0, va, 64, DMA_BIDIRECTIONAL);
	assert_int_not_equal(dma, va - LINEAR_BASE + b.bus_offset);
	assert_int_equal(rig_last(&rig, EV_DMA_MAP)->addr, dma);
	assert_int_equal(rig_last(&rig, EV_DMA_MAP)->addr2, va - LINEAR_BASE);
	assert_int_equal(port_read(&rig.hw.port, 0, 0, dma, bytes, 8), OK);
	assert_int_equal(bytes_get(bytes, 8), 0x1111);
	bytes_put(bytes, 8, 0x2222);
	assert_int_equal(port_write(&rig.hw.port, 0, 0, dma, bytes, 8), OK);
	dma_sync_single_for_cpu(k, 0, dma, 64, DMA_BIDIRECTIONAL);
	assert_int_equal(rig_last(&rig, EV_DMA_SYNC_CPU)->addr2, va - LINEAR_BASE);
	assert_int_equal(rig_load(&rig, va, 8), 0x2222);
	assert_int_equal(cpu_store(&rig.hw, va, 8, 0x3333), OK);
	dma_sync_single_for_device(k, 0, dma, 64, DMA_BIDIRECTIONAL);
	assert_int_equal(port_read(&rig.hw.port, 0, 0, dma, bytes, 8), OK);
	assert_int_equal(bytes_get(bytes, 8), 0x3333);
	dma_unmap_single(k, 0, dma, 64, DMA_BIDIRECTIONAL);
	assert_int_equal(rig_last(&rig, EV_DMA_UNMAP)->addr2, va - LINEAR_BASE);
	assert_int_equal(k->swiotlb.used, 0);
	rig_off(&rig);
}

static void what_a_device_cannot_reach_is_bounced_and_nothing_else(void **state)
{
	struct board b = board_default();

	(void)state;
	test_set(&b, "swiotlb", 1 * MIB);
	b.coherent = true;
	rig_on(&rig, &b);
	k->device_dma[0].mask = 0x80000000 + 16 * MIB - 1;
	assert_int_equal(dma_map_single(k, 0, phys_to_virt(8 * MIB), 64, DMA_TO_DEVICE), 0x80000000 + 8 * MIB);
	assert_int_equal(k->swiotlb.used, 0);
	assert_true(dma_map_single(k, 0, phys_to_virt(20 * MIB), 64, DMA_TO_DEVICE) < 0x80000000 + 16 * MIB);
	assert_int_equal(k->swiotlb.used, 1);
	assert_true(dma_map_single_attrs(k, 0, phys_to_virt(20 * MIB), 64, DMA_TO_DEVICE,
					 DMA_ATTR_REQUIRE_COHERENT) == DMA_MAPPING_ERROR);
	assert_true(dma_map_resource(k, 0, 4 * GIB, 64, DMA_TO_DEVICE, 0) == DMA_MAPPING_ERROR);
	assert_int_equal(k->swiotlb.used, 1);
	rig_off(&rig);
}

static void registers_cannot_bounce(void **state)
{
	struct board b = bouncing_board();
	uint64_t from;

	(void)state;
	rig_on(&rig, &b);
	from = rig.trace.next;
	assert_true(dma_map_resource(k, 0, DEVICE_BASE, 64, DMA_TO_DEVICE, 0) == DMA_MAPPING_ERROR);
	assert_int_equal(rig_count(&rig, EV_KERNEL_LOG, from), 0);
	rig_off(&rig);
}

static enum attr attr_of(vaddr_t va)
{
	enum attr attr = ATTR_DEVICE;
	paddr_t pa;

	assert_int_equal(mmu_translate(&rig.hw.mmu, va, &pa, &attr), OK);
	return attr;
}

/* RAM itself, whatever any cache holds. */
static uint64_t ram(paddr_t pa)
{
	uint64_t value;

	bus_ram_read(&rig.hw.bus, pa, &value, 8);
	return value;
}

/* Whatever came before, both sides see zeros, and then what the CPU stores. */
static void expect_coherent(vaddr_t va, dma_addr_t dma, uint64_t size)
{
	paddr_t pa = dma - rig.hw.board.bus_offset;
	uint8_t seen_by_device[8];

	for (uint64_t at = 0; at < round_up(size, PAGE_SIZE); at += 8)
		assert_int_equal(rig_load(&rig, va + at, 8), 0);
	assert_int_equal(cpu_store(&rig.hw, va + 8, 8, 0xfeed), OK);
	cpu_barrier(&rig.hw, BARRIER_DMA_WMB);
	assert_int_equal(port_read(&rig.hw.port, 0, 0, dma + 8, seen_by_device, 8), OK);
	assert_int_equal(bytes_get(seen_by_device, 8), 0xfeed);
	assert_int_equal(ram(pa + 16), 0);
}

/* Leave dirty lines of poison in the pages the next allocation gets. */
static void dirty_the_next_pages(void)
{
	vaddr_t va = pages_alloc(k, GFP_KERNEL, 2);

	pages_free(k, va, 2);
	assert_true(dirty(cache_find(&rig.hw.l1, va - LINEAR_BASE)));
}

static void try_coherent(enum arch arch, bool coherent, enum attr attr, vaddr_t base)
{
	uint64_t before, size = 3 * PAGE_SIZE - 5;
	const struct event *e;
	dma_addr_t dma;
	vaddr_t va;

	on(arch, coherent);
	before = rig_free_pages(&rig);
	dirty_the_next_pages();
	va = dma_alloc_coherent(k, 0, size, &dma, GFP_KERNEL);
	assert_int_equal(rig.hw.stores.count, 0);
	e = rig_last(&rig, EV_DMA_ALLOC);
	assert_int_equal(e->seq, rig.trace.next - 1);
	assert_int_equal(e->addr, dma);
	assert_int_equal(e->addr2, dma - rig.hw.board.bus_offset);
	assert_int_equal(e->value, va);
	assert_int_equal(e->size, size);
	assert_int_equal(va, base == VMALLOC_BASE ? base : base + e->addr2);
	assert_int_equal(e->addr2 % (4 * PAGE_SIZE), 0);
	assert_int_equal(attr_of(va), attr);
	expect_coherent(va, dma, size);
	va = phys_to_virt(e->addr2);
	dma_free_coherent(k, 0, size, e->value, dma);
	assert_int_equal(rig_free_pages(&rig), before);
	assert_int_equal(rig_load(&rig, va, 8), 0xaaaaaaaaaaaaaaaa);
	rig_off(&rig);
}

static void coherent_memory_is_zeroed_and_seen_by_both(void **state)
{
	(void)state;
	try_coherent(ARCH_ARM64, false, ATTR_UNCACHED, VMALLOC_BASE);
	try_coherent(ARCH_ARM64_OLD, false, ATTR_UNCACHED, VMALLOC_BASE);
	try_coherent(ARCH_ARM, false, ATTR_UNCACHED, VMALLOC_BASE);
	try_coherent(ARCH_RISCV, false, ATTR_UNCACHED, VMALLOC_BASE);
	try_coherent(ARCH_MIPS, false, ATTR_UNCACHED, UNCACHED_BASE);
	try_coherent(ARCH_ARM64, true, ATTR_CACHED, LINEAR_BASE);
	try_coherent(ARCH_MIPS, true, ATTR_CACHED, LINEAR_BASE);
	try_coherent(ARCH_X86, true, ATTR_CACHED, LINEAR_BASE);
}

static void preparing_cleans_since_5_19_and_flushes_elsewhere(void **state)
{
	dma_addr_t dma;
	paddr_t pa;

	(void)state;
	for (enum arch a = 0; a < ARCH_COUNT; a++) {
		if (a == ARCH_X86)
			continue;
		on(a, false);
		dirty_the_next_pages();
		assert_int_not_equal(dma_alloc_coherent(k, 0, 4096, &dma, GFP_KERNEL), 0);
		pa = dma - rig.hw.board.bus_offset;
		assert_int_equal(cache_find(&rig.hw.l1, pa) != NULL, a == ARCH_ARM64);
		rig_off(&rig);
	}
}

static void a_remapped_block_leaves_the_vmalloc_area_when_freed(void **state)
{
	dma_addr_t dma;
	uint64_t value;
	vaddr_t va;

	(void)state;
	on(ARCH_ARM64, false);
	va = dma_alloc_coherent(k, 0, 5000, &dma, GFP_KERNEL);
	assert_int_equal(vm_area_at(k, va)->kind, VM_COHERENT);
	assert_int_equal(vm_area_at(k, va)->size, 8192);
	dma_free_coherent(k, 0, 5000, va, dma);
	assert_null(vm_area_at(k, va));
	assert_int_equal(cpu_load(&rig.hw, va, 8, &value), FAULT_UNMAPPED);
	assert_int_equal(rig_last(&rig, EV_VM_UNMAP)->cause, rig_last(&rig, EV_DMA_FREE)->seq);
	rig_off(&rig);
}

static void a_narrow_mask_is_served_from_a_lower_zone(void **state)
{
	struct board b = board_default();
	dma_addr_t dma;

	(void)state;
	b.bus_offset = 0;
	b.zone_dma = 2 * MIB;
	b.zone_dma32 = 8 * MIB;
	rig_on(&rig, &b);
	assert_int_not_equal(dma_alloc_coherent(k, 0, 4096, &dma, GFP_KERNEL), 0);
	assert_true(dma >= 8 * MIB);
	k->device_dma[0].coherent_mask = 8 * MIB - 1;
	assert_int_not_equal(dma_alloc_coherent(k, 0, 4096, &dma, GFP_KERNEL), 0);
	assert_true(dma >= 2 * MIB && dma < 8 * MIB);
	k->device_dma[0].coherent_mask = 2 * MIB - 1;
	assert_int_not_equal(dma_alloc_coherent(k, 0, 4096, &dma, GFP_KERNEL), 0);
	assert_true(dma < 2 * MIB);
	k->device_dma[0].coherent_mask = 4095;
	assert_int_equal(dma_alloc_coherent(k, 0, 4096, &dma, GFP_KERNEL), 0);
	assert_true(dma == DMA_MAPPING_ERROR);
	assert_int_equal(rig_free_pages(&rig), 31 * MIB / PAGE_SIZE - 3);
	rig_off(&rig);
}

static void impossible_coherent_sizes_are_refused(void **state)
{
	uint64_t from;
	dma_addr_t dma;

	(void)state;
	on(ARCH_ARM64, false);
	from = rig.trace.next;
	assert_int_equal(dma_alloc_coherent(k, 0, 0, &dma, GFP_KERNEL), 0);
	assert_int_equal(dma_alloc_coherent(k, 0, 8 * MIB + 1, &dma, GFP_KERNEL), 0);
	assert_int_equal(dma_alloc_coherent(k, 0, (uint64_t)1 << 63, &dma, GFP_KERNEL), 0);
	assert_int_equal(dma_alloc_coherent(k, 0, UINT64_MAX, &dma, GFP_KERNEL), 0);
	assert_int_equal(rig_count(&rig, EV_DMA_ALLOC, from), 0);
	assert_int_equal(rig_free_pages(&rig), 31 * MIB / PAGE_SIZE);
	rig_off(&rig);
}

static void expect_bad(uint64_t size, vaddr_t va, dma_addr_t dma, enum bad_free why)
{
	uint64_t from = rig.trace.next, pages = rig_free_pages(&rig);

	dma_free_coherent(k, 0, size, va, dma);
	rig_bad_free(&rig, from, why, MEM_COHERENT);
	assert_int_equal(rig_free_pages(&rig), pages);
}

static void a_wrong_free_of_coherent_memory_changes_nothing_and_is_named(void **state)
{
	static const enum arch archs[] = { ARCH_ARM64, ARCH_MIPS, ARCH_X86 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		dma_addr_t dma, other;
		vaddr_t va, page;

		on(archs[i], false);
		va = dma_alloc_coherent(k, 0, 12288, &dma, GFP_KERNEL);
		assert_int_not_equal(dma_alloc_coherent(k, 0, 12288, &other, GFP_KERNEL), 0);
		page = pages_alloc(k, GFP_KERNEL, 2);
		expect_bad(4096, va, dma, BAD_FREE_ORDER);
		expect_bad(0, va, dma, BAD_FREE_ORDER);
		expect_bad(UINT64_MAX, va, dma, BAD_FREE_ORDER);
		expect_bad(12288, va + 4096, dma + 4096, BAD_FREE_INSIDE);
		expect_bad(12288, va, dma + 8, BAD_FREE_INSIDE);
		expect_bad(12288, va, other, BAD_FREE_FOREIGN);
		expect_bad(12288, page, page - LINEAR_BASE + rig.hw.board.bus_offset,
			   BAD_FREE_FOREIGN);
		expect_bad(12288, va, va, BAD_FREE_FOREIGN);
		expect_bad(12288, va, 0, BAD_FREE_FOREIGN);
		if (archs[i] == ARCH_ARM64)
			expect_bad(16384, va, dma, BAD_FREE_ORDER);
		dma_free_coherent(k, 0, 12288, 0, dma);
		dma_free_coherent(k, 0, 12288, va, dma);
		expect_bad(12288, va, dma, BAD_FREE_TWICE);
		rig_off(&rig);
	}
}

static void the_drivers_last_store_arrives_before_the_poison(void **state)
{
	dma_addr_t dma;
	uint64_t from;
	vaddr_t va;

	(void)state;
	on(ARCH_ARM64, false);
	va = dma_alloc_coherent(k, 0, 4096, &dma, GFP_KERNEL);
	assert_int_equal(cpu_store(&rig.hw, va, 8, 1), OK);
	assert_int_equal(rig.hw.stores.count, 1);
	from = rig.trace.next;
	dma_free_coherent(k, 0, 4096, va, dma);
	assert_true(test_event(&rig.trace, from, EV_SB_DRAIN, 0)->seq <
		    test_event(&rig.trace, from, EV_CPU_STORE, 0)->seq);
	rig_off(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cell_of_the_table_does_what_the_kernel_does),
		cmocka_unit_test(a_coherent_board_leaves_the_caches_alone),
		cmocka_unit_test(an_outer_cache_comes_last_on_the_way_out_and_first_on_the_way_in),
		cmocka_unit_test(what_a_call_does_to_the_caches_is_told_as_its_doing),
		cmocka_unit_test(what_cannot_be_mapped_is_refused),
		cmocka_unit_test(a_device_that_cannot_reach_a_buffer_gets_an_error),
		cmocka_unit_test(an_error_is_found_by_asking),
		cmocka_unit_test(a_bogus_handle_does_its_damage_or_none),
		cmocka_unit_test(each_form_of_map_names_itself),
		cmocka_unit_test(an_offset_may_reach_beyond_its_page),
		cmocka_unit_test(ram_the_kernel_does_not_manage_is_mapped_by_its_physical_address),
		cmocka_unit_test(registers_are_mapped_as_they_are),
		cmocka_unit_test(a_driver_may_skip_what_is_done_to_the_caches),
		cmocka_unit_test(a_mapping_that_must_be_coherent_fails_where_caches_are_in_the_way),
		cmocka_unit_test(a_bounced_buffer_is_copied_in_order_with_the_caches),
		cmocka_unit_test(what_a_device_cannot_reach_is_bounced_and_nothing_else),
		cmocka_unit_test(registers_cannot_bounce),
		cmocka_unit_test(coherent_memory_is_zeroed_and_seen_by_both),
		cmocka_unit_test(preparing_cleans_since_5_19_and_flushes_elsewhere),
		cmocka_unit_test(a_remapped_block_leaves_the_vmalloc_area_when_freed),
		cmocka_unit_test(a_narrow_mask_is_served_from_a_lower_zone),
		cmocka_unit_test(impossible_coherent_sizes_are_refused),
		cmocka_unit_test(a_wrong_free_of_coherent_memory_changes_nothing_and_is_named),
		cmocka_unit_test(the_drivers_last_store_arrives_before_the_poison),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
