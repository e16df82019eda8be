#include "kernel_rig.h"

#include "kernel/dma.h"
#include "kernel/pages.h"
#include "kernel/slab.h"
#include "kernel/swiotlb.h"
#include "kernel/vmalloc.h"

#define ENTRIES 3

static struct rig rig;
static struct kernel *const k = &rig.kernel;
static struct scatterlist sg[ENTRIES];
static vaddr_t buf[ENTRIES];

static void on_board(const struct board *b)
{
	rig_on(&rig, b);
}

static void on(enum arch arch, bool coherent)
{
	struct board b = board_default();

	b.arch = arch;
	b.coherent = coherent;
	on_board(&b);
}

/* Three buffers of 100, 200 and 300 bytes, and a list of them. */
static void fill(void)
{
	sg_init_table(sg, ENTRIES);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		buf[i] = kmalloc(k, 512, GFP_KERNEL);
		sg_set_buf(&sg[i], buf[i], 100 * (i + 1));
	}
}

static dma_addr_t dma_of(vaddr_t va)
{
	return va - LINEAR_BASE + rig.hw.board.bus_offset;
}

static void a_list_ends_at_its_last_entry(void **state)
{
	(void)state;
	sg_init_table(sg, ENTRIES);
	assert_ptr_equal(sg_next(&sg[0]), &sg[1]);
	assert_ptr_equal(sg_next(&sg[1]), &sg[2]);
	assert_null(sg_next(&sg[2]));
	assert_int_equal(sg_nents(sg), 3);
	assert_int_equal(sg_nents(&sg[2]), 1);
	assert_int_equal(sg_virt(sg), 0);
}

static void an_entry_is_a_page_an_offset_and_a_length(void **state)
{
	(void)state;
	sg_init_one(sg, LINEAR_BASE + 5 * PAGE_SIZE + 24, 5000);
	assert_int_equal(sg->page, 5 * PAGE_SIZE);
	assert_int_equal(sg->offset, 24);
	assert_int_equal(sg->length, 5000);
	assert_int_equal(sg_phys(sg), 5 * PAGE_SIZE + 24);
	assert_int_equal(sg_virt(sg), LINEAR_BASE + 5 * PAGE_SIZE + 24);
	assert_null(sg_next(sg));
	sg_set_page(sg, 8 * PAGE_SIZE, 10, 9000);
	assert_int_equal(sg_phys(sg), 8 * PAGE_SIZE + 9000);
}

static void a_list_is_mapped_entry_by_entry(void **state)
{
	const struct event *list;
	uint64_t from;

	(void)state;
	on(ARCH_ARM64, false);
	fill();
	from = rig.trace.next;
	assert_int_equal(dma_map_sg(k, 0, sg, ENTRIES, DMA_FROM_DEVICE), ENTRIES);
	list = rig_last(&rig, EV_DMA_MAP_SG);
	assert_int_equal(list->seq, from);
	assert_int_equal(list->size, ENTRIES);
	assert_int_equal(list->a, DMA_FROM_DEVICE);
	assert_int_equal(list->b, ENTRIES);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		const struct event *e = test_event(&rig.trace, from, EV_DMA_MAP, i);

		assert_int_equal(sg[i].dma_address, dma_of(buf[i]));
		assert_int_equal(sg[i].dma_length, 100 * (i + 1));
		assert_int_equal(e->addr, sg[i].dma_address);
		assert_int_equal(e->addr2, buf[i] - LINEAR_BASE);
		assert_int_equal(e->value, buf[i]);
		assert_int_equal(e->size, 100 * (i + 1));
		assert_int_equal(e->b, FORM_SG);
		assert_int_equal(e->cause, list->seq);
		assert_int_equal(test_event(&rig.trace, from, EV_CACHE_OP, i)->cause, e->seq);
	}
	assert_int_equal(rig_count(&rig, EV_DMA_MAP, from), ENTRIES);
	assert_int_equal(rig.trace.cause, 0);
	rig_off(&rig);
}

/* How many cache operations one call makes of the list, and of its buffers one by one. */
static uint64_t ops(void (*call)(enum direction dir, bool list), enum direction dir, bool list)
{
	uint64_t from = rig.trace.next;

	call(dir, list);
	return rig_count(&rig, EV_CACHE_OP, from);
}

static void call_map(enum direction dir, bool list)
{
	if (list)
		assert_int_equal(dma_map_sg(k, 0, sg, ENTRIES, dir), ENTRIES);
	for (uint32_t i = 0; !list && i < ENTRIES; i++)
		dma_map_single(k, 0, buf[i], sg[i].length, dir);
}

static void call_unmap(enum direction dir, bool list)
{
	if (list)
		dma_unmap_sg(k, 0, sg, ENTRIES, dir);
	for (uint32_t i = 0; !list && i < ENTRIES; i++)
		dma_unmap_single(k, 0, sg[i].dma_address, sg[i].length, dir);
}

static void call_for_cpu(enum direction dir, bool list)
{
	if (list)
		dma_sync_sg_for_cpu(k, 0, sg, ENTRIES, dir);
	for (uint32_t i = 0; !list && i < ENTRIES; i++)
		dma_sync_single_for_cpu(k, 0, sg[i].dma_address, sg[i].length, dir);
}

static void call_for_device(enum direction dir, bool list)
{
	if (list)
		dma_sync_sg_for_device(k, 0, sg, ENTRIES, dir);
	for (uint32_t i = 0; !list && i < ENTRIES; i++)
		dma_sync_single_for_device(k, 0, sg[i].dma_address, sg[i].length, dir);
}

static void a_list_does_to_the_caches_what_its_buffers_would(void **state)
{
	static void (*const calls[])(enum direction, bool) = {
		call_map, call_for_cpu, call_for_device, call_unmap };

	(void)state;
	for (enum arch a = 0; a < ARCH_COUNT; a++) {
		on(a, false);
		fill();
		for (enum direction dir = 0; dir < DMA_NONE; dir++)
			for (size_t c = 0; c < 4; c++)
				assert_int_equal(ops(calls[c], dir, true), ops(calls[c], dir, false));
		rig_off(&rig);
	}
}

/* The list refuses to be mapped; nothing is left of the attempt. */
static void expect_refused(uint32_t nents, uint64_t fails)
{
	struct sg_table sgt = { .sgl = sg, .nents = 7, .orig_nents = nents };
	uint64_t from = rig.trace.next;

	assert_int_equal(dma_map_sg(k, 0, sg, nents, DMA_BIDIRECTIONAL), 0);
	assert_int_equal(dma_map_sgtable(k, 0, &sgt, DMA_BIDIRECTIONAL, 0), -5);
	assert_int_equal(sgt.nents, 7);
	assert_int_equal(rig_count(&rig, EV_DMA_MAP_SG, from), 2);
	assert_int_equal(rig_last(&rig, EV_DMA_MAP_SG)->b, 0);
	assert_int_equal(rig_count(&rig, EV_DMA_MAP_FAIL, from), 2 * fails);
	assert_int_equal(rig_count(&rig, EV_DMA_MAP, from) + rig_count(&rig, EV_CACHE_OP, from), 0);
}

static void one_bad_entry_and_nothing_is_mapped(void **state)
{
	const struct event *e;
	vaddr_t va;

	(void)state;
	on(ARCH_ARM64, false);
	fill();
	va = vmalloc(k, 100, GFP_KERNEL);
	sg_set_buf(&sg[1], va, 100);
	expect_refused(ENTRIES, 1);
	e = rig_last(&rig, EV_DMA_MAP_FAIL);
	assert_int_equal(e->addr, va);
	assert_int_equal(e->b, FORM_SG);
	assert_int_equal(e->cause, rig_last(&rig, EV_DMA_MAP_SG)->seq);
	assert_true(sg[1].dma_address == DMA_MAPPING_ERROR);
	sg_set_page(&sg[1], SG_NO_PAGE, 100, 0);
	expect_refused(ENTRIES, 1);
	sg_set_buf(&sg[1], buf[1], 0);
	expect_refused(ENTRIES, 1);
	sg_set_buf(&sg[1], buf[1], 100);
	assert_int_equal(dma_map_sg(k, 0, sg, ENTRIES, DMA_BIDIRECTIONAL), ENTRIES);
	rig_off(&rig);
}

static void an_empty_list_is_an_error(void **state)
{
	(void)state;
	on(ARCH_ARM64, false);
	fill();
	expect_refused(0, 0);
	rig_off(&rig);
}

static void unmap_and_sync_go_by_the_number_they_are_given(void **state)
{
	const struct event *e;
	uint64_t from;

	(void)state;
	on(ARCH_ARM64, false);
	fill();
	assert_int_equal(dma_map_sg(k, 0, sg, ENTRIES, DMA_FROM_DEVICE), ENTRIES);
	from = rig.trace.next;
	dma_sync_sg_for_cpu(k, 0, sg, 2, DMA_FROM_DEVICE);
	assert_int_equal(rig_count(&rig, EV_DMA_SYNC_CPU, from), 2);
	assert_int_equal(rig_last(&rig, EV_DMA_SYNC_SG)->b, 0);
	dma_sync_sg_for_device(k, 0, sg, ENTRIES, DMA_FROM_DEVICE);
	assert_int_equal(rig_count(&rig, EV_DMA_SYNC_DEVICE, from), ENTRIES);
	assert_int_equal(rig_last(&rig, EV_DMA_SYNC_SG)->b, 1);
	dma_unmap_sg(k, 0, sg, ENTRIES, DMA_FROM_DEVICE);
	e = rig_last(&rig, EV_DMA_UNMAP_SG);
	assert_int_equal(e->addr, sg[0].dma_address);
	assert_int_equal(e->size, ENTRIES);
	assert_int_equal(rig_count(&rig, EV_DMA_UNMAP, from), ENTRIES);
	assert_int_equal(rig_last(&rig, EV_DMA_UNMAP)->cause, e->seq);
	assert_int_equal(rig_last(&rig, EV_DMA_UNMAP)->size, 300);
	assert_int_equal(rig_last(&rig, EV_DMA_UNMAP)->addr2, buf[2] - LINEAR_BASE);
	rig_off(&rig);
}

static void a_table_counts_its_segments(void **state)
{
	struct sg_table sgt = { .sgl = sg, .nents = 0, .orig_nents = ENTRIES };
	uint64_t from;

	(void)state;
	on(ARCH_ARM64, false);
	fill();
	assert_int_equal(dma_map_sgtable(k, 0, &sgt, DMA_TO_DEVICE, 0), 0);
	assert_int_equal(sgt.nents, ENTRIES);
	from = rig.trace.next;
	sgt.nents = 1;      /* whatever became of it: unmap goes by the entries */
	dma_unmap_sgtable(k, 0, &sgt, DMA_TO_DEVICE, 0);
	assert_int_equal(rig_count(&rig, EV_DMA_UNMAP, from), ENTRIES);
	rig_off(&rig);
}

static void attributes_are_told_once_for_the_list(void **state)
{
	const struct event *e;
	uint64_t from;

	(void)state;
	on(ARCH_ARM64, false);
	fill();
	from = rig.trace.next;
	assert_int_equal(dma_map_sg_attrs(k, 0, sg, ENTRIES, DMA_TO_DEVICE, DMA_ATTR_SKIP_CPU_SYNC), ENTRIES);
	e = rig_last(&rig, EV_DMA_ATTRS);
	assert_int_equal(e->seq, from + 1);
	assert_int_equal(e->value, DMA_ATTR_SKIP_CPU_SYNC);
	assert_int_equal(e->cause, from);
	dma_unmap_sg_attrs(k, 0, sg, ENTRIES, DMA_TO_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
	assert_int_equal(rig_count(&rig, EV_DMA_ATTRS, from), 2);
	assert_int_equal(rig_count(&rig, EV_CACHE_OP, from), 0);
	rig_off(&rig);
}

static void what_bounced_before_a_failure_is_given_back(void **state)
{
	struct board b = board_default();

	(void)state;
	test_set(&b, "swiotlb", 1 * MIB);
	test_set(&b, "swiotlb_force", true);
	on_board(&b);
	fill();
	assert_int_equal(dma_map_sg(k, 0, sg, ENTRIES, DMA_TO_DEVICE), ENTRIES);
	assert_true(swiotlb_is_bounce(k, sg[2].dma_address - b.bus_offset));
	assert_int_equal(rig_last(&rig, EV_DMA_MAP)->addr2, buf[2] - LINEAR_BASE);
	dma_unmap_sg(k, 0, sg, ENTRIES, DMA_TO_DEVICE);
	assert_int_equal(k->swiotlb.used, 0);
	sg_set_page(&sg[2], 16 * MIB, 257 * KIB, 0);
	assert_int_equal(dma_map_sg(k, 0, sg, ENTRIES, DMA_TO_DEVICE), 0);
	assert_int_equal(k->swiotlb.used, 0);
	rig_off(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_ends_at_its_last_entry),
		cmocka_unit_test(an_entry_is_a_page_an_offset_and_a_length),
		cmocka_unit_test(a_list_is_mapped_entry_by_entry),
		cmocka_unit_test(a_list_does_to_the_caches_what_its_buffers_would),
		cmocka_unit_test(one_bad_entry_and_nothing_is_mapped),
		cmocka_unit_test(an_empty_list_is_an_error),
		cmocka_unit_test(unmap_and_sync_go_by_the_number_they_are_given),
		cmocka_unit_test(a_table_counts_its_segments),
		cmocka_unit_test(attributes_are_told_once_for_the_list),
		cmocka_unit_test(what_bounced_before_a_failure_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
