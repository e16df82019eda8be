#include "kernel_rig.h"

#include "hw/iommu.h"
#include "kernel/dma.h"
#include "kernel/iova.h"
#include "kernel/pages.h"
#include "kernel/slab.h"
#include "machine.h"

#define DEV 0

static struct rig rig;
static struct kernel *const k = &rig.kernel;

static void on(enum iommu_mode mode)
{
	struct board b = test_with(board_default(), "iommu", mode);

	rig_on(&rig, &b);
}

static int off(void **state)
{
	(void)state;
	rig_off(&rig);
	return 0;
}

static enum status device_reads(dma_addr_t dma, uint64_t *value)
{
	return port_read(&rig.hw.port, DEV, 0, dma, value, sizeof *value);
}

static enum status device_writes(dma_addr_t dma, uint64_t value)
{
	return port_write(&rig.hw.port, DEV, 0, dma, &value, sizeof value);
}

static uint64_t ram_at(paddr_t pa)
{
	uint64_t value;

	bus_ram_read(&rig.hw.bus, pa, &value, sizeof value);
	return value;
}

static paddr_t a_page(void)
{
	vaddr_t va = pages_alloc(k, GFP_KERNEL, 0);

	assert_true(va);
	return va - LINEAR_BASE;
}

static dma_addr_t mapped(paddr_t pa, uint64_t size, enum direction dir)
{
	dma_addr_t dma = dma_map_page_attrs(k, DEV, round_down(pa, PAGE_SIZE), pa & PAGE_MASK, size,
					    dir, 0);

	assert_int_not_equal(dma, DMA_MAPPING_ERROR);
	return dma;
}

static void unmapped(dma_addr_t dma, uint64_t size, enum direction dir)
{
	dma_unmap_page_attrs(k, DEV, dma, size, dir, 0);
}

static void what_nobody_mapped_is_stopped(void **state)
{
	paddr_t pa;
	uint64_t value = 0, from;

	(void)state;
	on(IOMMU_STRICT);
	pa = a_page();
	from = rig.trace.next;
	assert_int_equal(device_reads(pa, &value), FAULT_BUS);
	assert_int_equal(value, UINT64_MAX);
	assert_int_equal(device_writes(pa + rig.hw.board.bus_offset, 1), FAULT_BUS);
	assert_int_equal(device_writes((dma_addr_t)1 << 40, 1), FAULT_BUS);
	assert_int_equal(rig_count(&rig, EV_IOMMU_FAULT, from), 3);
	assert_int_equal(rig_last(&rig, EV_IOMMU_FAULT)->b, IOMMU_UNMAPPED);
	assert_int_equal(rig_count(&rig, EV_DEV_WRITE, from), 0);
}

static void a_mapping_lets_the_device_through_in_its_direction(void **state)
{
	static const struct { enum direction dir; bool reads, writes; } rows[] = {
		{ DMA_TO_DEVICE, true, false }, { DMA_FROM_DEVICE, false, true },
		{ DMA_BIDIRECTIONAL, true, true } };
	uint64_t value;

	(void)state;
	on(IOMMU_STRICT);
	for (size_t i = 0; i < 3; i++) {
		paddr_t pa = a_page() + 256;
		dma_addr_t dma = mapped(pa, 512, rows[i].dir);

		assert_int_equal(device_reads(dma, &value) == OK, rows[i].reads);
		assert_int_equal(device_writes(dma + 8, 0x1234) == OK, rows[i].writes);
		assert_int_equal(ram_at(pa + 8) == 0x1234, rows[i].writes);
		if (!rows[i].reads || !rows[i].writes)
			assert_int_equal(rig_last(&rig, EV_IOMMU_FAULT)->b, IOMMU_PERMISSION);
	}
}

static void whole_pages_are_mapped_and_no_more(void **state)
{
	paddr_t pa;
	dma_addr_t dma;

	(void)state;
	on(IOMMU_STRICT);
	pa = a_page() + 100 * 8;
	dma = mapped(pa, 16, DMA_FROM_DEVICE);
	assert_int_equal(dma & PAGE_MASK, pa & PAGE_MASK);
	assert_int_equal(device_writes(round_down(dma, PAGE_SIZE), 7), OK);
	assert_int_equal(ram_at(round_down(pa, PAGE_SIZE)), 7);
	assert_int_equal(device_writes(round_down(dma, PAGE_SIZE) + PAGE_SIZE, 7), FAULT_BUS);
	assert_int_equal(device_writes(round_down(dma, PAGE_SIZE) - 8, 7), FAULT_BUS);
}

static void addresses_come_from_the_top_below_the_mask(void **state)
{
	paddr_t pa;

	(void)state;
	on(IOMMU_STRICT);
	pa = a_page();
	assert_int_equal(mapped(pa, PAGE_SIZE, DMA_TO_DEVICE), 0xfffff000);
	assert_int_equal(mapped(pa, PAGE_SIZE, DMA_TO_DEVICE), 0xffffe000);
	assert_int_equal(dma_set_mask(k, DEV, UINT64_MAX), 0);
	assert_int_equal(mapped(pa, PAGE_SIZE, DMA_TO_DEVICE), 0xffffd000);
	assert_int_equal(dma_set_mask(k, DEV, 0xffffff), 0);
	assert_int_equal(mapped(pa, PAGE_SIZE, DMA_TO_DEVICE), 0xfff000);
	assert_int_equal(dma_set_mask(k, DEV, 0x1fff), 0);
	assert_int_equal(mapped(pa, PAGE_SIZE, DMA_TO_DEVICE), 0x1000);
	assert_int_equal(dma_map_page_attrs(k, DEV, pa, 0, 8, DMA_TO_DEVICE, 0),
			 DMA_MAPPING_ERROR);      /* page 0 is no address */
}

static void a_range_is_aligned_to_the_power_of_two_that_holds_it(void **state)
{
	vaddr_t va;

	(void)state;
	on(IOMMU_STRICT);
	va = pages_alloc(k, GFP_KERNEL, 3);
	mapped(a_page(), 8, DMA_TO_DEVICE);
	assert_int_equal(mapped(va - LINEAR_BASE, 5 * PAGE_SIZE, DMA_TO_DEVICE), 0xffff8000);
	assert_int_equal(mapped(va - LINEAR_BASE, 3 * PAGE_SIZE, DMA_TO_DEVICE), 0xffff4000);
	assert_int_equal(mapped(a_page(), 8, DMA_TO_DEVICE), 0xffffe000);
}

static void strict_forgets_at_once(void **state)
{
	dma_addr_t dma;
	uint64_t value;

	(void)state;
	on(IOMMU_STRICT);
	dma = mapped(a_page(), PAGE_SIZE, DMA_BIDIRECTIONAL);
	assert_int_equal(device_reads(dma, &value), OK);
	unmapped(dma, PAGE_SIZE, DMA_BIDIRECTIONAL);
	assert_int_equal(device_reads(dma, &value), FAULT_BUS);
	assert_int_equal(rig.hw.iommu.used, 0);
	assert_false(iova_taken(k, DEV, dma));
	assert_int_equal(mapped(a_page(), PAGE_SIZE, DMA_TO_DEVICE), dma);
}

static void lazy_lets_a_device_through_until_the_flush(void **state)
{
	paddr_t pa;
	dma_addr_t dma, other;
	uint64_t value;

	(void)state;
	on(IOMMU_LAZY);
	pa = a_page();
	dma = mapped(pa, PAGE_SIZE, DMA_FROM_DEVICE);
	other = mapped(a_page(), PAGE_SIZE, DMA_FROM_DEVICE);
	assert_int_equal(device_writes(dma, 1), OK);
	unmapped(dma, PAGE_SIZE, DMA_FROM_DEVICE);
	unmapped(other, PAGE_SIZE, DMA_FROM_DEVICE);
	assert_int_equal(device_writes(dma, 2), OK);
	assert_int_equal(ram_at(pa), 2);
	assert_int_equal(rig_last(&rig, EV_IOTLB_STALE)->addr2, pa);
	assert_int_equal(device_writes(other, 2), FAULT_BUS);     /* it was never used */
	assert_int_equal(device_reads(dma, &value), FAULT_BUS);   /* the old permission holds */
	assert_int_not_equal(mapped(a_page(), PAGE_SIZE, DMA_TO_DEVICE), dma);
	rig.hw.bus.cycle += rig.hw.board.iommu_flush;
	assert_int_equal(mapped(a_page(), PAGE_SIZE, DMA_TO_DEVICE), dma);
	assert_int_equal(device_writes(dma, 3), FAULT_BUS);
	assert_int_equal(ram_at(pa), 2);
}

static void the_queue_is_flushed_when_it_is_full(void **state)
{
	paddr_t pa;
	uint64_t from;

	(void)state;
	on(IOMMU_LAZY);
	pa = a_page();
	from = rig.trace.next;
	for (uint32_t i = 0; i < FLUSH_QUEUE + 1; i++) {
		assert_int_equal(rig_count(&rig, EV_IOTLB_FLUSH, from), 0);
		unmapped(mapped(pa, 8, DMA_TO_DEVICE), 8, DMA_TO_DEVICE);
	}
	assert_int_equal(rig_count(&rig, EV_IOTLB_FLUSH, from), 1);
	assert_int_equal(rig_last(&rig, EV_IOTLB_FLUSH)->size, 0);
	assert_int_equal(k->iova.queued, 1);
}

static void entries_run_out_when_nobody_unmaps(void **state)
{
	struct board b = test_with(board_default(), "iommu", IOMMU_STRICT);
	dma_addr_t dma = 0;
	paddr_t pa;

	(void)state;
	test_set(&b, "iommu_entries", 4);
	rig_on(&rig, &b);
	pa = a_page();
	for (uint32_t i = 0; i < 4; i++)
		dma = mapped(pa, 8, DMA_TO_DEVICE);
	assert_int_equal(dma_map_page_attrs(k, DEV, pa, 0, 8, DMA_TO_DEVICE, 0), DMA_MAPPING_ERROR);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_IOMMU_FULL);
	unmapped(dma, 8, DMA_TO_DEVICE);
	assert_int_equal(mapped(pa, 8, DMA_TO_DEVICE), dma);
}

static void passthrough_is_the_direct_back_end(void **state)
{
	paddr_t pa;

	(void)state;
	on(IOMMU_PASSTHROUGH);
	pa = a_page();
	assert_int_equal(mapped(pa, 8, DMA_TO_DEVICE), pa + rig.hw.board.bus_offset);
	assert_int_equal(device_writes(pa + rig.hw.board.bus_offset, 5), OK);
	assert_int_equal(ram_at(pa), 5);
	assert_int_equal(dma_get_merge_boundary(k, DEV), 0);
}

static void an_unmap_of_nothing_is_said_and_does_nothing(void **state)
{
	dma_addr_t dma;
	uint64_t value;

	(void)state;
	on(IOMMU_STRICT);
	dma = mapped(a_page(), 8, DMA_TO_DEVICE);
	unmapped(dma - PAGE_SIZE, 8, DMA_TO_DEVICE);
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_IOMMU_NOTHING);
	assert_int_equal(rig_last(&rig, EV_DMA_UNMAP)->addr2, BACKEND_NOTHING);
	assert_int_equal(device_reads(dma, &value), OK);
	unmapped(0x123456789abcdef0, UINT64_MAX, DMA_FROM_DEVICE);
	dma_sync_single_for_cpu(k, DEV, dma + PAGE_SIZE, UINT64_MAX, DMA_FROM_DEVICE);
}

static void an_unmap_too_large_takes_the_neighbour_along(void **state)
{
	dma_addr_t upper, lower;
	uint64_t value;

	(void)state;
	on(IOMMU_STRICT);
	upper = mapped(a_page(), PAGE_SIZE, DMA_TO_DEVICE);
	lower = mapped(a_page(), PAGE_SIZE, DMA_TO_DEVICE);
	assert_int_equal(lower + PAGE_SIZE, upper);
	unmapped(lower, 2 * PAGE_SIZE, DMA_TO_DEVICE);
	assert_int_equal(device_reads(upper, &value), FAULT_BUS);
}

/* Scatterlists. */

static struct scatterlist sg[4];

/* Pages that do not follow each other; of the last, 100 bytes at 100. */
static void three_pages(void)
{
	paddr_t page[3];

	for (uint32_t i = 0; i < 3; i++) {
		page[i] = a_page();
		a_page();
	}
	sg_init_table(sg, 3);
	sg_set_page(&sg[0], page[0], PAGE_SIZE, 0);
	sg_set_page(&sg[1], page[1], PAGE_SIZE, 0);
	sg_set_page(&sg[2], page[2], 100, 100);
}

static void entries_that_meet_at_page_ends_become_one_segment(void **state)
{
	uint64_t from;

	(void)state;
	on(IOMMU_STRICT);
	three_pages();
	from = rig.trace.next;
	assert_int_equal(dma_map_sg(k, DEV, sg, 3, DMA_FROM_DEVICE), 2);
	assert_int_equal(sg[0].dma_length, 2 * PAGE_SIZE);
	assert_int_equal(sg[1].dma_address, sg[0].dma_address + 2 * PAGE_SIZE + 100);
	assert_int_equal(sg[1].dma_length, 100);
	assert_int_equal(sg[2].dma_address, DMA_MAPPING_ERROR);
	assert_int_equal(sg[2].dma_length, 0);
	assert_int_equal(rig_count(&rig, EV_DMA_MAP, from), 2);
	assert_int_equal(test_event(&rig.trace, from, EV_DMA_MAP, 0)->addr2, BACKEND_NOTHING);
	assert_int_equal(rig_count(&rig, EV_DMA_PIECE, from), 2);
	assert_int_equal(test_event(&rig.trace, from, EV_DMA_PIECE, 1)->addr2, sg_phys(&sg[1]));
	assert_int_equal(test_event(&rig.trace, from, EV_DMA_PIECE, 1)->cause,
			 test_event(&rig.trace, from, EV_DMA_MAP, 0)->seq);
	for (uint64_t at = 0; at < 2; at++) {
		assert_int_equal(device_writes(sg[0].dma_address + at * PAGE_SIZE, at + 1), OK);
		assert_int_equal(ram_at(sg_phys(&sg[at])), at + 1);
	}
	dma_unmap_sg(k, DEV, sg, 3, DMA_FROM_DEVICE);
	assert_int_equal(rig.hw.iommu.used, 0);
	assert_int_equal(rig_count(&rig, EV_DMA_UNMAP, from), 2);
	assert_int_equal(mapped(a_page(), 8, DMA_TO_DEVICE), 0xfffff000);   /* all was given up */
}

static void a_segment_is_as_long_as_the_device_takes(void **state)
{
	(void)state;
	on(IOMMU_STRICT);
	three_pages();
	dma_set_max_seg_size(k, DEV, PAGE_SIZE);
	assert_int_equal(dma_map_sg(k, DEV, sg, 3, DMA_TO_DEVICE), 3);
	assert_int_equal(sg[1].dma_address, sg[0].dma_address + PAGE_SIZE);
}

static void no_segment_crosses_the_boundary(void **state)
{
	vaddr_t va;

	(void)state;
	on(IOMMU_STRICT);
	dma_set_seg_boundary(k, DEV, 0x3fff);
	va = pages_alloc(k, GFP_KERNEL, 3);
	sg_init_table(sg, 3);
	sg_set_buf(&sg[0], va, PAGE_SIZE);
	sg_set_buf(&sg[1], va + PAGE_SIZE, 4 * PAGE_SIZE);
	sg_set_buf(&sg[2], va, 2 * PAGE_SIZE);
	assert_int_equal(dma_map_sg(k, DEV, sg, 3, DMA_TO_DEVICE), 3);
	assert_int_equal(sg[1].dma_address, sg[0].dma_address + 0x4000);     /* three of padding */
	assert_int_equal(sg[2].dma_address, sg[0].dma_address + 0x8000);
	dma_unmap_sg(k, DEV, sg, 3, DMA_TO_DEVICE);
	assert_false(iova_taken(k, DEV, 0xffff9000));
	assert_int_equal(rig.hw.iommu.used, 0);
}

static void a_list_that_finds_no_room_leaves_nothing_behind(void **state)
{
	struct board b = test_with(board_default(), "iommu", IOMMU_STRICT);

	(void)state;
	test_set(&b, "iommu_entries", 2);
	rig_on(&rig, &b);
	three_pages();
	assert_int_equal(dma_map_sg(k, DEV, sg, 3, DMA_TO_DEVICE), 0);
	assert_int_equal(rig.hw.iommu.used, 0);
	assert_int_equal(dma_map_sg(k, DEV, sg, 2, DMA_TO_DEVICE), 1);
	dma_unmap_sg(k, DEV, sg, 2, DMA_TO_DEVICE);
	sg[1].page = (paddr_t)1 << 40;
	assert_int_equal(dma_map_sg(k, DEV, sg, 2, DMA_TO_DEVICE), 0);
	assert_int_equal(rig.hw.iommu.used, 0);
}

/* Each piece of a segment goes through the caches: the CPU reads what the device wrote. */
static void the_lines_of_every_piece_are_looked_after(void **state)
{
	(void)state;
	on(IOMMU_STRICT);
	three_pages();
	for (uint32_t i = 0; i < 2; i++)
		assert_int_not_equal(rig_load(&rig, sg_virt(&sg[i]), 8), i + 1);
	dma_map_sg(k, DEV, sg, 3, DMA_FROM_DEVICE);
	for (uint64_t i = 0; i < 2; i++)
		assert_int_equal(device_writes(sg[0].dma_address + i * PAGE_SIZE, i + 1), OK);
	dma_sync_sg_for_cpu(k, DEV, sg, 3, DMA_FROM_DEVICE);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(rig_load(&rig, sg_virt(&sg[i]), 8), i + 1);
}

/* Memory made for DMA. */

static void coherent_memory_is_mapped_both_ways_until_it_is_freed(void **state)
{
	uint64_t pages, from, value;
	dma_addr_t dma, again;
	vaddr_t va;

	(void)state;
	on(IOMMU_STRICT);
	pages = rig_free_pages(&rig);
	va = dma_alloc_coherent(k, DEV, 3 * PAGE_SIZE, &dma, GFP_KERNEL);
	assert_true(va);
	assert_int_equal(rig.hw.iommu.used, 3);
	assert_int_equal(device_writes(dma + 2 * PAGE_SIZE, 42), OK);
	assert_int_equal(rig_load(&rig, va + 2 * PAGE_SIZE, 8), 42);
	assert_int_equal(device_reads(dma + 3 * PAGE_SIZE, &value), FAULT_BUS);
	dma_free_coherent(k, DEV, 3 * PAGE_SIZE, va, dma);
	assert_int_equal(rig.hw.iommu.used, 0);
	assert_int_equal(rig_free_pages(&rig), pages);
	from = rig.trace.next;
	dma_free_coherent(k, DEV, 3 * PAGE_SIZE, va, dma);
	rig_bad_free(&rig, from, BAD_FREE_TWICE, MEM_COHERENT);
	va = dma_alloc_noncoherent(k, DEV, PAGE_SIZE, &again, DMA_FROM_DEVICE, GFP_KERNEL);
	assert_int_equal(device_writes(again, 1), OK);
	assert_int_equal(device_reads(again, &value), FAULT_BUS);
	dma_free_noncoherent(k, DEV, PAGE_SIZE, va, again, DMA_FROM_DEVICE);
	assert_int_equal(rig_free_pages(&rig), pages);
}

static void a_narrow_mask_needs_no_low_memory(void **state)
{
	dma_addr_t dma;

	(void)state;
	on(IOMMU_STRICT);
	assert_int_equal(dma_set_mask_and_coherent(k, DEV, 0xfffff), 0);
	assert_true(dma_alloc_coherent(k, DEV, PAGE_SIZE, &dma, GFP_KERNEL));
	assert_int_equal(dma, 0xff000);
	assert_int_equal(dma_get_required_mask(k, DEV), UINT32_MAX);
	assert_int_equal(dma_max_mapping_size(k, DEV), UINT64_MAX);
	assert_int_equal(dma_opt_mapping_size(k, DEV), 128 * KIB);
	assert_int_equal(dma_get_merge_boundary(k, DEV), PAGE_MASK);
}

static void a_copy_of_the_machine_has_tables_of_its_own(void **state)
{
	struct board b = test_with(tiny_board(), "iommu", IOMMU_STRICT);
	struct trace t;
	struct machine m, copy;
	dma_addr_t dma;
	uint64_t value;

	(void)state;
	on(IOMMU_STRICT);
	trace_init(&t);
	machine_init(&m, &b, &t);
	dma = dma_map_page_attrs(&m.kernel, DEV, 0x8000, 0, PAGE_SIZE, DMA_TO_DEVICE, 0);
	machine_copy(&copy, &m);
	dma_unmap_page_attrs(&m.kernel, DEV, dma, PAGE_SIZE, DMA_TO_DEVICE, 0);
	assert_int_equal(port_read(&m.hw.port, DEV, 0, dma, &value, 8), FAULT_BUS);
	assert_int_equal(port_read(&copy.hw.port, DEV, 0, dma, &value, 8), OK);
	machine_keyframe(&copy);
	assert_int_equal(t.next > 1 && test_count(&t, 1, EV_IOMMU_MAP) == 2, true);
	machine_release(&m);
	machine_release(&copy);
	trace_release(&t);
}

/*
 * Random play against a model that knows nothing of tables: a list of what was mapped, live or
 * ended, page by page.
 */
#define MODEL_MAX 48
#define STEPS     4000

struct model {
	struct {
		dma_addr_t dma;          /* of the range's first page */
		paddr_t pa;
		uint64_t offset, size, pages, ended;    /* ended: its number, 0 while it is live */
		enum direction dir;
	} map[MODEL_MAX];
	uint64_t start, seed, step, flushes, endings;
	bool lazy;
};

static struct model model;

static void model_map(struct model *m, uint32_t i)
{
	uint64_t order = test_below(&m->seed, 3), bytes = PAGE_SIZE << order;
	paddr_t pa = 2 * MIB + PAGE_SIZE * test_below(&m->seed, 256);
	uint64_t offset = 8 * test_below(&m->seed, bytes / 8 - 1);
	uint64_t size = 8 + 8 * test_below(&m->seed, (bytes - offset) / 8);
	enum direction dir = (enum direction)test_below(&m->seed, 3);
	dma_addr_t dma = mapped(pa + offset, size, dir);
	uint64_t pages = round_up((offset & PAGE_MASK) + size, PAGE_SIZE) >> PAGE_SHIFT;

	assert_seeded((dma & PAGE_MASK) == (offset & PAGE_MASK), m->start, m->step);
	dma = round_down(dma, PAGE_SIZE);
	for (uint32_t j = 0; j < MODEL_MAX; j++) {
		bool meets = overlaps(dma, pages << PAGE_SHIFT, m->map[j].dma,
				      m->map[j].pages << PAGE_SHIFT);

		/* no range twice while it is live, nor before it is flushed */
		assert_seeded(!meets || m->map[j].ended, m->start, m->step);
		assert_seeded(!meets || !m->lazy || m->map[j].ended <= m->flushes, m->start,
			      m->step);
		if (meets)
			m->map[j].pages = 0;
	}
	m->map[i].dma = dma;
	m->map[i].pa = round_down(pa + offset, PAGE_SIZE);
	m->map[i].offset = offset & PAGE_MASK;
	m->map[i].size = size;
	m->map[i].pages = pages;
	m->map[i].dir = dir;
	m->map[i].ended = 0;
}

static void model_unmap(struct model *m, uint32_t i)
{
	uint64_t from = rig.trace.next, endings = m->endings;

	unmapped(m->map[i].dma + m->map[i].offset, m->map[i].size, m->map[i].dir);
	m->map[i].ended = ++m->endings;
	if (rig_count(&rig, EV_IOTLB_FLUSH, from))
		m->flushes = m->lazy ? endings : m->endings;
}

/* A beat in a page of this mapping: through exactly when and where the model says. */
static void model_beat(struct model *m, uint32_t i)
{
	uint64_t at = 8 * test_below(&m->seed, m->map[i].pages * PAGE_SIZE / 8);
	uint64_t value = test_random(&m->seed), from = rig.trace.next, before;
	bool write = test_below(&m->seed, 2);
	bool allowed = m->map[i].dir != (write ? DMA_TO_DEVICE : DMA_FROM_DEVICE);
	bool may_be_stale = m->lazy && m->map[i].ended > m->flushes;
	paddr_t pa = m->map[i].pa + at;
	enum status s;

	before = ram_at(pa);
	s = write ? device_writes(m->map[i].dma + at, value)
		  : device_reads(m->map[i].dma + at, &value);
	if (m->map[i].ended && may_be_stale)
		assert_seeded((s == OK) == (rig_count(&rig, EV_IOTLB_STALE, from) == 1), m->start,
			      m->step);
	else
		assert_seeded((s == OK) == (allowed && !m->map[i].ended), m->start, m->step);
	assert_seeded(s != OK || allowed, m->start, m->step);
	assert_seeded((s == OK) == (rig_count(&rig, EV_IOMMU_FAULT, from) == 0), m->start, m->step);
	assert_seeded(ram_at(pa) == (s == OK && write ? value : before), m->start, m->step);
	if (!write)
		assert_seeded(value == (s == OK ? before : UINT64_MAX), m->start, m->step);
}

static void play(uint64_t seed, bool lazy)
{
	memset(&model, 0, sizeof model);
	model.start = model.seed = seed;
	model.lazy = lazy;
	on(lazy ? IOMMU_LAZY : IOMMU_STRICT);
	for (; model.step < STEPS; model.step++) {
		uint32_t i = (uint32_t)test_below(&model.seed, MODEL_MAX);

		if (test_below(&model.seed, 4) && model.map[i].pages)
			model_beat(&model, i);
		else if (!model.map[i].pages || model.map[i].ended)
			model_map(&model, i);
		else
			model_unmap(&model, i);
	}
}

static void random_strict_play_agrees_with_the_model(void **state)
{
	(void)state;
	play(test_seed(20610), false);
}

static void random_lazy_play_agrees_with_the_model(void **state)
{
	(void)state;
	play(test_seed(80215), true);
	assert_true(model.flushes);
}

#define TEST(name) cmocka_unit_test_teardown(name, off)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_nobody_mapped_is_stopped),
		TEST(a_mapping_lets_the_device_through_in_its_direction),
		TEST(whole_pages_are_mapped_and_no_more),
		TEST(addresses_come_from_the_top_below_the_mask),
		TEST(a_range_is_aligned_to_the_power_of_two_that_holds_it),
		TEST(strict_forgets_at_once),
		TEST(lazy_lets_a_device_through_until_the_flush),
		TEST(the_queue_is_flushed_when_it_is_full),
		TEST(entries_run_out_when_nobody_unmaps),
		TEST(passthrough_is_the_direct_back_end),
		TEST(an_unmap_of_nothing_is_said_and_does_nothing),
		TEST(an_unmap_too_large_takes_the_neighbour_along),
		TEST(entries_that_meet_at_page_ends_become_one_segment),
		TEST(a_segment_is_as_long_as_the_device_takes),
		TEST(no_segment_crosses_the_boundary),
		TEST(a_list_that_finds_no_room_leaves_nothing_behind),
		TEST(the_lines_of_every_piece_are_looked_after),
		TEST(coherent_memory_is_mapped_both_ways_until_it_is_freed),
		TEST(a_narrow_mask_needs_no_low_memory),
		TEST(a_copy_of_the_machine_has_tables_of_its_own),
		TEST(random_strict_play_agrees_with_the_model),
		TEST(random_lazy_play_agrees_with_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
