/* The machine as the picture shows it, folded from the trace alone. */
#include "model_rig.h"
#include "random_driver.h"

#include "bench.h"

struct stage {
	struct bench *b;
	struct kernel *k;
	struct model m;
	uint64_t folded;
};

static struct stage *stage_new(struct board board)
{
	struct stage *s = core_alloc(sizeof *s);

	assert_null(board_mistake(&board));
	s->b = bench_new(&board);
	s->k = &s->b->machine.kernel;
	s->folded = 1;
	model_init(&s->m);
	return s;
}

/* Follow what happened since. */
static const struct model *now(struct stage *s)
{
	bench_settle(s->b);
	fold_trace(&s->m, &s->b->trace, s->folded);
	s->folded = s->b->trace.next;
	return &s->m;
}

static void stage_free(struct stage *s)
{
	model_release(&s->m);
	bench_free(s->b);
	free(s);
}

static void set_edu(struct stage *s, vaddr_t bar, uint64_t at, uint64_t value)
{
	assert_int_equal(cpu_store(&s->b->machine.hw, bar + at, 8, value), OK);
}

/* n bytes from memory at dma into edu's own. */
static void edu_reads(struct stage *s, dma_addr_t dma, uint64_t n, bool wait)
{
	vaddr_t bar = ioremap(s->k, hw_device_bar(0), PAGE_SIZE, ATTR_DEVICE);

	set_edu(s, bar, 0x80, dma);
	set_edu(s, bar, 0x88, 0x40100);
	set_edu(s, bar, 0x90, n);
	set_edu(s, bar, 0x98, 1);
	cpu_barrier(&s->b->machine.hw, BARRIER_MB);
	if (wait)
		assert_true(machine_wait(&s->b->machine, 0, 100000));
}

static uint32_t live(const struct ownership *o)
{
	uint32_t n = 0;

	for (uint32_t i = ownership_live(o, 0); i < o->end; i = ownership_live(o, i + 1))
		n++;
	return n;
}

/* Of every byte: what each copy of it holds, who owns it, what its page is for, in which block. */
static void assert_same_bytes(const struct model *a, const struct model *b)
{
	static const enum where copies[] = { AT_RAM, AT_L1, AT_L2, AT_STORE_BUFFER };
	uint64_t ram = model_shadow(a)->ram_bytes;

	for (uint64_t pa = 0; pa < ram; pa++) {
		for (size_t i = 0; i < 4; i++) {
			uint8_t x = 0, y = 0;
			stamp_t by;

			assert_int_equal(shadow_byte(model_shadow(a), copies[i], pa, &x, &by),
					 shadow_byte(model_shadow(b), copies[i], pa, &y, &by));
			assert_int_equal(x, y);
		}
		assert_int_equal(ownership_is_device(model_ownership(a), pa),
				 ownership_is_device(model_ownership(b), pa));
	}
}

static void assert_same_pages(const struct model *a, const struct model *b)
{
	for (uint64_t pfn = 0; pfn < model_pages(a); pfn++) {
		uint64_t pa = pfn << PAGE_SHIFT;

		assert_int_equal(model_use(a, pfn), model_use(b, pfn));
		assert_int_equal(model_va(a, pa), model_va(b, pa));
		for (; pa < (pfn + 1) << PAGE_SHIFT; pa += 8) {
			struct allocation x = model_allocation(a, pa), y = model_allocation(b, pa);

			assert_int_equal(!x.seq, !y.seq);
			assert_int_equal(x.pa, y.pa);
			assert_int_equal(x.size, y.size);
			assert_int_equal(x.kind, y.kind);
		}
	}
}

static void a_keyframe_tells_what_a_long_run_told(void **state)
{
	uint64_t seed = test_seed(0xf01d);

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (uint64_t i = 0; i < 12; i++) {
		struct stage *s = stage_new(board_number(i));
		struct script script = { .random = seed + i, .careful = true };
		struct model late;
		uint64_t from;

		operate_often(&s->b->machine, &script, 1500);
		now(s);
		from = s->b->trace.next;
		model_init(&late);
		bench_keyframe(s->b);
		fold_trace(&late, &s->b->trace, from);
		assert_int_equal(model_violations(&late)->count, 0);
		assert_int_equal(live(model_ownership(&late)), live(model_ownership(&s->m)));
		assert_same_bytes(&s->m, &late);
		assert_same_pages(&s->m, &late);
		model_release(&late);
		stage_free(s);
	}
}

/* The other way about: who followed from the start is told it all again, and knows the same. */
static void a_keyframe_changes_nothing_for_who_was_there(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 6; i++) {
		struct stage *s = stage_new(board_number(i));
		struct script script = { .random = 40 + i, .careful = true };
		struct model before;
		uint32_t violations;

		operate_often(&s->b->machine, &script, 800);
		violations = model_violations(now(s))->count;
		model_copy(&before, &s->m);
		bench_keyframe(s->b);
		assert_same_bytes(now(s), &before);
		assert_same_pages(&s->m, &before);
		assert_int_equal(model_violations(&s->m)->count, violations);
		assert_int_equal(s->m.machines, 1);
		model_release(&before);
		stage_free(s);
	}
}

static void what_stands_between_is_known_from_the_start(void **state)
{
	struct board board = test_with(board_default(), "swiotlb", MIB);
	struct stage *s = stage_new(board);
	const struct model *m = now(s);

	(void)state;
	assert_int_equal(m->bounce_pool.size, MIB);
	assert_int_equal(model_use(m, m->bounce_pool.pa >> PAGE_SHIFT), PAGE_BOUNCE);
	assert_false(m->iommu);
	stage_free(s);
	s = stage_new(test_with(board_default(), "iommu", IOMMU_STRICT));
	assert_true(now(s)->iommu);
	assert_int_equal(now(s)->bounce_pool.size, 0);
	stage_free(s);
}

static void a_strict_board_is_strict_for_who_follows_too(void **state)
{
	struct stage *s = stage_new(test_with(test_with(board_default(), "coherent", 1), "strict", 1));

	(void)state;
	assert_true(now(s)->checker.facts.strict);
	stage_free(s);
	s = stage_new(test_with(board_default(), "dma_debug", 0));
	assert_true(now(s)->checker.dma_debug.disabled);
	stage_free(s);
}

static void blocks_are_found_and_forgotten(void **state)
{
	struct stage *s = stage_new(tiny_board());
	vaddr_t small = kmalloc(s->k, 40, GFP_KERNEL), big = kmalloc(s->k, 9000, GFP_KERNEL);
	uint64_t pa = small - LINEAR_BASE, at;
	struct allocation a = model_allocation(now(s), pa + 39);

	(void)state;
	assert_int_equal(a.va, small);
	assert_int_equal(a.size, 64);
	assert_int_equal(model_allocation(&s->m, pa + 64).seq, 0);
	assert_int_equal(model_use(&s->m, pa >> PAGE_SHIFT), PAGE_SLAB);
	assert_int_equal(model_allocation(&s->m, big - LINEAR_BASE + 8999).va, big);
	assert_int_equal(model_use(&s->m, (big - LINEAR_BASE) >> PAGE_SHIFT), PAGE_KMALLOC);
	assert_true(model_pa(&s->m, big + 5, &at));
	assert_int_equal(at, big + 5 - LINEAR_BASE);
	kfree(s->k, small);
	kfree(s->k, big);
	assert_int_equal(model_allocation(now(s), pa).seq, 0);
	assert_int_equal(model_allocation(&s->m, big - LINEAR_BASE + 8999).seq, 0);
	assert_int_equal(model_use(&s->m, (big - LINEAR_BASE) >> PAGE_SHIFT), PAGE_FREE);
	stage_free(s);
}

static void an_area_is_found_page_by_page(void **state)
{
	struct stage *s = stage_new(tiny_board());
	vaddr_t va = vmalloc(s->k, 3 * PAGE_SIZE, GFP_KERNEL);
	uint64_t first, second, pa;

	(void)state;
	now(s);
	assert_true(model_pa(&s->m, va + 5, &first));
	assert_true(model_pa(&s->m, va + PAGE_SIZE, &second));
	assert_false(model_pa(&s->m, va + 3 * PAGE_SIZE, &pa));
	assert_int_equal(model_va(&s->m, first), va + 5);
	assert_int_equal(model_use(&s->m, second >> PAGE_SHIFT), PAGE_VMALLOC);
	vfree(s->k, va);
	assert_false(model_pa(now(s), va + 5, &pa));
	assert_int_equal(model_va(&s->m, first), LINEAR_BASE + first);
	assert_int_equal(model_use(&s->m, second >> PAGE_SHIFT), PAGE_FREE);
	stage_free(s);
}

static void a_bounce_buffer_stands_in_while_it_is_mapped(void **state)
{
	struct board board = test_with(test_with(board_default(), "swiotlb", MIB), "swiotlb_force", 1);
	struct stage *s = stage_new(board);
	vaddr_t va = kmalloc(s->k, 64, GFP_KERNEL);
	dma_addr_t dma = dma_map_single(s->k, 0, va, 64, DMA_TO_DEVICE);
	const struct stand_in *in = model_stand_in(now(s), va - LINEAR_BASE + 63);

	(void)state;
	assert_non_null(in);
	assert_int_equal(in->dma, dma);
	assert_true(inside(in->to, 64, s->m.bounce_pool.pa, s->m.bounce_pool.size));
	dma_unmap_single(s->k, 0, dma, 64, DMA_TO_DEVICE);
	assert_null(model_stand_in(now(s), va - LINEAR_BASE));
	stage_free(s);
}

static void what_a_device_read_lies_where_it_does_in_the_transfer(void **state)
{
	struct stage *s = stage_new(board_default());
	vaddr_t va = kmalloc(s->k, 64, GFP_KERNEL);
	const struct device_model *d = &s->m.device[0];
	dma_addr_t dma;

	(void)state;
	assert_int_equal(cpu_store(&s->b->machine.hw, va + 16, 8, 0x1122334455667788), OK);
	dma = dma_map_single(s->k, 0, va, 64, DMA_TO_DEVICE);
	edu_reads(s, dma, 40, true);
	now(s);
	assert_int_equal(d->dma, dma);
	assert_int_equal(d->size, 40);
	assert_int_equal(d->moved, 40);
	assert_false(d->busy);
	assert_int_equal(model_received(&s->m, 0)[16], 0x88);
	assert_int_equal(model_received(&s->m, 0)[23], 0x11);
	assert_int_equal(model_received(&s->m, 0)[24], 0);
	edu_reads(s, dma + 16, 8, true);
	assert_int_equal(model_received(now(s), 0)[0], 0x88);
	stage_free(s);
}

static void a_transfer_half_way_is_told_so(void **state)
{
	struct stage *s = stage_new(board_default());
	vaddr_t va = kmalloc(s->k, 256, GFP_KERNEL);
	dma_addr_t dma = dma_map_single(s->k, 0, va, 256, DMA_TO_DEVICE);
	const struct device_model *d = &s->m.device[0];

	(void)state;
	edu_reads(s, dma, 256, false);
	for (int i = 0; i < 100 && d->moved < 100; i++) {
		machine_run(&s->b->machine, 20);
		now(s);
	}
	assert_true(d->busy);
	assert_true(d->moved >= 100 && d->moved < 256);
	assert_true(d->told);
	stage_free(s);
}

static void the_last_use_of_a_line_is_known(void **state)
{
	struct stage *s = stage_new(tiny_board());
	vaddr_t va = kmalloc(s->k, 64, GFP_KERNEL);
	uint64_t value, pa = va - LINEAR_BASE;
	const struct used *used;
	uint32_t slot;

	(void)state;
	assert_int_equal(cpu_load(&s->b->machine.hw, va, 8, &value), OK);
	assert_int_equal(now(s)->missed, 1u << 1);
	assert_int_equal(cpu_load(&s->b->machine.hw, va, 8, &value), OK);
	assert_int_equal(now(s)->missed, 0);
	assert_true(shadow_slot(model_shadow(&s->m), 1, pa, &slot));
	used = cow_read(&s->m.used[1], slot / 2);
	assert_int_equal(used->way[slot % 2], s->m.access.seq);
	stage_free(s);
}

static void an_event_no_machine_can_tell_is_shown_and_not_followed(void **state)
{
	struct stage *s = stage_new(tiny_board());
	struct model before;

	(void)state;
	model_copy(&before, now(s));
	trace_append(&s->b->trace, 0, &(struct event){ .kind = EV_CACHE_FILL, .unit = 7, .size = 16 });
	trace_append(&s->b->trace, 0, &(struct event){ .kind = EV_DEV_READ, .unit = 500, .size = 8 });
	now(s);
	assert_int_equal(s->m.event.kind, EV_DEV_READ);
	assert_same_bytes(&s->m, &before);
	model_release(&before);
	stage_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_keyframe_tells_what_a_long_run_told),
		cmocka_unit_test(a_keyframe_changes_nothing_for_who_was_there),
		cmocka_unit_test(what_stands_between_is_known_from_the_start),
		cmocka_unit_test(a_strict_board_is_strict_for_who_follows_too),
		cmocka_unit_test(blocks_are_found_and_forgotten),
		cmocka_unit_test(an_area_is_found_page_by_page),
		cmocka_unit_test(a_bounce_buffer_stands_in_while_it_is_mapped),
		cmocka_unit_test(what_a_device_read_lies_where_it_does_in_the_transfer),
		cmocka_unit_test(a_transfer_half_way_is_told_so),
		cmocka_unit_test(the_last_use_of_a_line_is_known),
		cmocka_unit_test(an_event_no_machine_can_tell_is_shown_and_not_followed),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
