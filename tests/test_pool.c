/*
 * DMA pools: the arguments and their rounding, the list inside the blocks and what spoils it, what
 * the log and the checker say of a misuse.
 */
#include "harness.h"

#include "bench.h"
#include "kernel/dma.h"
#include "kernel/vmalloc.h"

static struct bench *b;
static struct kernel *k;
static struct hw *h;

static void on(const struct board *board)
{
	b = bench_new(board);
	k = &b->machine.kernel;
	h = &b->machine.hw;
	h->bus.watch_all = true;
}

static int power_on(void **state)
{
	struct board board = board_default();

	(void)state;
	on(&board);
	return 0;
}

static int power_off(void **state)
{
	(void)state;
	bench_free(b);
	return 0;
}

static uint32_t make(uint64_t size, uint64_t align, uint64_t boundary)
{
	return dma_pool_create(k, "test", 0, size, align, boundary, false);
}

static struct pool_block take(uint32_t pool)
{
	struct pool_block block;

	assert_int_equal(dma_pool_alloc(k, pool, GFP_KERNEL, &block), OK);
	return block;
}

static void give(uint32_t pool, struct pool_block block)
{
	assert_int_equal(dma_pool_free(k, pool, block.va, block.dma), OK);
}

static uint64_t load(vaddr_t va)
{
	uint64_t value = 0;

	assert_int_equal(cpu_load(h, va, 8, &value), OK);
	return value;
}

static void store(vaddr_t va, uint64_t value)
{
	assert_int_equal(cpu_store(h, va, 8, value), OK);
}

static uint32_t violation_count(void)
{
	bench_settle(b);
	return b->checker.facts.violations.count;
}

static const struct violation *newest_violation(void)
{
	uint32_t n = violation_count();

	assert_int_not_equal(n, 0);
	return violations_at(&b->checker.facts.violations, n - 1);
}

static void expect_named(enum rule rule, enum advice advice)
{
	assert_int_equal(newest_violation()->rule, rule);
	assert_int_equal(newest_violation()->advice, advice);
}

static uint64_t free_pages(void)
{
	uint64_t pages = 0;

	for (int zone = 0; zone < ZONE_COUNT; zone++)
		for (int order = 0; order <= ORDER_MAX; order++)
			pages += k->free_blocks[zone][order] << order;
	return pages;
}

/* Arguments. */

static void arguments_linux_refuses_make_no_pool(void **state)
{
	(void)state;
	assert_int_equal(make(0, 0, 0), 0);
	assert_int_equal(make((uint64_t)INT32_MAX + 1, 0, 0), 0);
	assert_int_equal(make(64, 3, 0), 0);
	assert_int_equal(make(64, 0, 32), 0);
	assert_int_equal(make(64, 0, 96), 0);
	assert_int_equal(make(48, 64, 48), 0);     /* raised to 64 first */
	assert_int_equal(make(64, UINT64_MAX / 2 + 1, 0), 0);
}

static void sizes_are_raised_to_two_words_and_to_the_alignment(void **state)
{
	(void)state;
	assert_int_equal(pool_named(k, make(1, 0, 0))->size, 16);
	assert_int_equal(pool_named(k, make(20, 0, 0))->size, 20);
	assert_int_equal(pool_named(k, make(20, 8, 0))->size, 24);
	assert_int_equal(pool_named(k, make(20, 4096, 0))->size, 4096);
}

static void a_chunk_is_a_page_or_one_block(void **state)
{
	uint32_t small = make(64, 0, 0), large = make(5000, 0, 0);

	(void)state;
	assert_int_equal(pool_named(k, small)->chunk_size, 4096);
	assert_int_equal(pool_named(k, large)->chunk_size, 5000);
	take(small);
	take(large);
	assert_int_equal(pool_named(k, small)->blocks, 64);
	assert_int_equal(pool_named(k, large)->blocks, 1);
	take(large);
	assert_int_equal(pool_named(k, large)->chunks, 2);
}

static void no_block_crosses_the_boundary(void **state)
{
	uint32_t pool = make(96, 32, 256);     /* two fit between boundaries */

	(void)state;
	for (int i = 0; i < 64; i++) {
		struct pool_block block = take(pool);

		assert_int_equal(block.dma / 256, (block.dma + 95) / 256);
		assert_int_equal(block.dma % 32, 0);
	}
	assert_int_equal(pool_named(k, pool)->chunks, 2);
	assert_int_equal(pool_named(k, pool)->blocks, 64);
	assert_int_equal(violation_count(), 0);
}

static void a_pool_takes_no_memory_before_the_first_block(void **state)
{
	uint64_t pages = free_pages();
	uint32_t pool = make(64, 0, 0);

	(void)state;
	assert_int_equal(free_pages(), pages);
	take(pool);
	assert_int_equal(free_pages(), pages - 1);
}

static void there_are_sixty_four_pools_at_most(void **state)
{
	uint32_t last = 0;

	(void)state;
	for (int i = 0; i < POOLS_MAX; i++)
		assert_int_not_equal(last = make(64, 0, 0), 0);
	assert_int_equal(make(64, 0, 0), 0);
	dma_pool_destroy(k, last);
	assert_int_not_equal(make(64, 0, 0), 0);
}

static void a_mask_the_memory_does_not_fit_gives_no_block(void **state)
{
	uint32_t pool = make(64, 0, 0);

	(void)state;
	k->device_dma[0].coherent_mask = 0xfff;
	assert_int_equal(take(pool).va, 0);
	assert_int_equal(pool_named(k, pool)->active, 0);
	k->device_dma[0].coherent_mask = UINT32_MAX;
	assert_int_not_equal(take(pool).va, 0);
}

/* The list. */

static void the_block_given_back_last_is_handed_out_first(void **state)
{
	uint32_t pool = make(64, 0, 0);
	struct pool_block first = take(pool), second = take(pool);

	(void)state;
	assert_int_equal(second.va, first.va + 64);
	give(pool, second);
	give(pool, first);
	assert_int_equal(take(pool).va, first.va);
	assert_int_equal(take(pool).va, second.va);
	assert_int_equal(violation_count(), 0);
}

static void a_free_block_holds_the_next_one_and_its_own_handle(void **state)
{
	uint32_t pool = make(64, 0, 0);
	struct pool_block first = take(pool), second = take(pool);

	(void)state;
	give(pool, first);
	give(pool, second);
	assert_int_equal(load(second.va), first.va);
	assert_int_equal(load(second.va + 8), second.dma);
	assert_int_equal(load(first.va), first.va + 128);
}

static void zalloc_clears_the_links_and_alloc_leaves_them(void **state)
{
	uint32_t pool = make(64, 0, 0);
	struct pool_block block;

	(void)state;
	assert_int_not_equal(load(take(pool).va), 0);
	assert_int_equal(dma_pool_alloc(k, pool, GFP_KERNEL | GFP_ZERO, &block), OK);
	for (uint64_t at = 0; at < 64; at += 8)
		assert_int_equal(load(block.va + at), 0);
	assert_int_equal(violation_count(), 0);
}

static void a_write_after_free_makes_the_pool_hand_out_what_stands_there(void **state)
{
	uint32_t pool = make(64, 0, 0);
	struct pool_block block = take(pool);
	vaddr_t elsewhere = LINEAR_BASE + 0x200000;

	(void)state;
	give(pool, block);
	store(block.va, elsewhere);
	assert_int_equal(take(pool).va, block.va);
	assert_int_equal(take(pool).va, elsewhere);
}

static void a_link_that_leads_nowhere_is_an_oops_each_time(void **state)
{
	uint32_t pool = make(64, 0, 0);
	struct pool_block block = take(pool);

	(void)state;
	give(pool, block);
	store(block.va, 0x4141414141414141);
	take(pool);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(dma_pool_alloc(k, pool, GFP_KERNEL, &block), FAULT_UNMAPPED);
		assert_int_equal(block.va, 0x4141414141414141);
		assert_false(block.write);
	}
	assert_int_equal(pool_named(k, pool)->active, 1);
}

static void a_double_free_hands_one_block_out_twice(void **state)
{
	uint32_t pool = make(64, 0, 0);
	struct pool_block block = take(pool);

	(void)state;
	give(pool, block);
	give(pool, block);
	expect_named(RULE_POOL_DOUBLE_FREE, ADVICE_POOL_TWICE);
	assert_int_equal(take(pool).va, block.va);
	assert_int_equal(take(pool).va, block.va);
}

static void a_free_of_an_address_that_is_none_is_an_oops(void **state)
{
	uint32_t pool = make(64, 0, 0);

	(void)state;
	assert_int_equal(dma_pool_free(k, pool, 0, 0), FAULT_UNMAPPED);
	expect_named(RULE_POOL_DOUBLE_FREE, ADVICE_POOL_FOREIGN);
}

/* Destroy. */

static void destroy_gives_every_page_back(void **state)
{
	uint64_t pages = free_pages();
	uint32_t pool = make(1024, 0, 0);
	struct pool_block block[9];

	(void)state;
	for (int i = 0; i < 9; i++)
		block[i] = take(pool);
	assert_int_equal(free_pages(), pages - 3);
	for (int i = 0; i < 9; i++)
		give(pool, block[i]);
	assert_int_equal(free_pages(), pages - 3);     /* not before */
	dma_pool_destroy(k, pool);
	assert_int_equal(free_pages(), pages);
	assert_null(pool_named(k, pool));
	assert_int_equal(violation_count(), 0);
}

static void destroy_with_a_block_out_says_busy_and_leaks(void **state)
{
	uint64_t pages = free_pages();
	uint32_t pool = make(64, 0, 0);
	struct pool_block block = take(pool);

	(void)state;
	dma_pool_destroy(k, pool);
	assert_int_equal(test_count(&b->trace, 1, EV_KERNEL_LOG), 1);
	assert_int_equal(test_event(&b->trace, 1, EV_KERNEL_LOG, 0)->a, KLOG_POOL_BUSY);
	assert_int_equal(free_pages(), pages - 1);
	expect_named(RULE_POOL_BUSY, ADVICE_NONE);
	assert_int_equal(newest_violation()->va, block.va);
	store(block.va, 1);      /* whoever has it may still use it */
	assert_int_equal(violation_count(), 1);
}

static void a_pool_that_is_gone_does_nothing_and_is_named(void **state)
{
	uint32_t pool = make(64, 0, 0);
	struct pool_block block = take(pool);

	(void)state;
	give(pool, block);
	dma_pool_destroy(k, pool);
	assert_int_equal(violation_count(), 0);
	give(pool, block);
	expect_named(RULE_POOL_DOUBLE_FREE, ADVICE_POOL_GONE);
	assert_int_equal(take(pool).va, 0);
	expect_named(RULE_USE_AFTER_FREE, ADVICE_POOL_GONE);
	dma_pool_destroy(k, pool);
	expect_named(RULE_DOUBLE_FREE, ADVICE_POOL_GONE);
	dma_pool_destroy(k, 0);
	assert_int_equal(violation_count(), 3);
}

static void managed_pools_go_with_the_driver_and_others_stay(void **state)
{
	uint32_t managed = dma_pool_create(k, "m", 0, 64, 0, 0, true), own = make(64, 0, 0);
	uint32_t of_another = dma_pool_create(k, "o", 1, 64, 0, 0, true);

	(void)state;
	dmam_pool_release(k, 0);
	assert_null(pool_named(k, managed));
	assert_non_null(pool_named(k, own));
	assert_non_null(pool_named(k, of_another));
	dmam_pool_destroy(k, own);
	assert_non_null(pool_named(k, own));
	assert_int_equal(test_event(&b->trace, 1, EV_KERNEL_LOG, 0)->a, KLOG_POOL_MATCH);
	dmam_pool_destroy(k, of_another);
	assert_null(pool_named(k, of_another));
}

/* What the checker sees. */

static void blocks_in_use_are_nobodys_business(void **state)
{
	uint32_t pool = make(20, 0, 64);       /* with a gap before each boundary */
	struct pool_block block = take(pool);

	(void)state;
	for (int i = 0; i < 2; i++)
		take(pool);
	for (uint64_t at = 0; at < 60; at += 4)
		assert_int_equal(cpu_store(h, block.va + at, 4, at), OK);
	assert_int_equal(violation_count(), 0);
	assert_int_equal(cpu_store(h, block.va + 60, 4, 1), OK);     /* the gap is no block */
	assert_int_equal(violation_count(), 0);
	assert_int_equal(cpu_store(h, block.va + 64, 4, 1), OK);
	expect_named(RULE_POOL_USE_AFTER_FREE, ADVICE_POOL_OVERRUN);
}

static void a_load_or_store_of_a_free_block_is_named_once_for_each_free(void **state)
{
	uint32_t pool = make(64, 0, 0);
	struct pool_block block = take(pool);

	(void)state;
	give(pool, block);
	load(block.va + 32);
	expect_named(RULE_POOL_USE_AFTER_FREE, ADVICE_NONE);
	store(block.va + 40, 1);
	assert_int_equal(violation_count(), 1);
	assert_int_equal(newest_violation()->count, 2);
	assert_int_equal(newest_violation()->size, 16);
	take(pool);
	store(block.va, 1);
	assert_int_equal(violation_count(), 1);
}

static void an_access_that_runs_into_a_free_block_is_named(void **state)
{
	uint32_t pool = make(64, 0, 0);
	struct pool_block block = take(pool);

	(void)state;
	for (uint64_t at = 0; at < 72; at += 8)
		store(block.va + at, 0);
	expect_named(RULE_POOL_USE_AFTER_FREE, ADVICE_POOL_OVERRUN);
	assert_int_equal(newest_violation()->va, block.va + 64);
}

static void device_beats(dma_addr_t dma, uint64_t n)
{
	const uint64_t value[] = { dma, 0x40000, n, 1 };

	for (uint64_t i = 0; i < 4; i++)
		assert_true(hw_mmio_write(h, hw_device_bar(0) + 0x80 + 8 * i, value[i], 8));
	assert_true(machine_wait(&b->machine, 0, 1000000));
}

static void a_device_beat_in_a_free_block_is_named(void **state)
{
	uint32_t pool = make(64, 0, 0);
	struct pool_block block = take(pool);

	(void)state;
	device_beats(block.dma, 64);
	assert_int_equal(violation_count(), 0);
	give(pool, block);
	device_beats(block.dma, 64);
	expect_named(RULE_POOL_USE_AFTER_FREE, ADVICE_NONE);
	assert_int_equal(newest_violation()->count, 8);
}

static void a_block_of_another_pool_or_with_another_handle_is_named(void **state)
{
	uint32_t pool = make(64, 0, 0), other = make(64, 0, 0);
	struct pool_block first = take(pool), second = take(pool), foreign = take(other);

	(void)state;
	give(pool, foreign);
	expect_named(RULE_POOL_DOUBLE_FREE, ADVICE_POOL_OTHER);
	give(pool, (struct pool_block){ .va = first.va + 16, .dma = first.dma + 16 });
	expect_named(RULE_POOL_DOUBLE_FREE, ADVICE_POOL_INSIDE);
	give(pool, (struct pool_block){ .va = first.va, .dma = second.dma });
	expect_named(RULE_POOL_DOUBLE_FREE, ADVICE_POOL_HANDLE);
	assert_int_equal(take(pool).dma, second.dma);
	give(pool, (struct pool_block){ .va = LINEAR_BASE + 0x200000, .dma = 0 });
	expect_named(RULE_POOL_DOUBLE_FREE, ADVICE_POOL_FOREIGN);
}

/* History. */

static void undo_takes_back_what_happened_to_a_pool(void **state)
{
	uint32_t pool = make(64, 0, 0);
	struct pool_block block = take(pool);

	(void)state;
	bench_settle(b);
	bench_mark(b);
	give(pool, block);
	store(block.va, 1);
	dma_pool_destroy(k, pool);
	bench_settle(b);
	assert_true(bench_keep(b, false));
	assert_int_equal(bench_undo(b, 1), 1);
	assert_int_equal(violation_count(), 0);
	assert_int_equal(pool_named(k, pool)->active, 1);
	store(block.va, 1);
	give(pool, block);
	dma_pool_destroy(k, pool);
	assert_int_equal(violation_count(), 0);
}

/* A checker that comes late reads the keyframe and knows the same. */
static void a_keyframe_tells_which_blocks_are_out(void **state)
{
	uint32_t pool = make(96, 0, 256);
	struct pool_block first = take(pool), second = take(pool), third = take(pool);
	struct checker late;

	(void)state;
	give(pool, second);
	bench_settle(b);
	checker_init(&late);
	late.cursor.next = b->trace.next;
	bench_keyframe(b);
	checker_read(&late, &b->trace);
	assert_int_equal(late.facts.pools.chunks, 1);
	assert_int_equal(late.facts.pools.pool[0].out, 2);
	store(first.va, 1);
	store(third.va, 1);
	give(pool, third);
	checker_read(&late, &b->trace);
	assert_int_equal(late.facts.violations.count, 0);
	store(second.va, 1);
	checker_read(&late, &b->trace);
	assert_int_equal(late.facts.violations.count, 1);
	assert_int_equal(violations_at(&late.facts.violations, 0)->rule, RULE_POOL_USE_AFTER_FREE);
	checker_release(&late);
}

/* Against a model. */

#define MODEL_BLOCKS 300

struct model {
	struct pool_block out[MODEL_BLOCKS], back[MODEL_BLOCKS];
	uint32_t outs, backs;    /* back: given back, last on top */
};

static void model_take(struct model *m, uint32_t pool, uint64_t seed, uint64_t step)
{
	struct pool_block block = take(pool);

	assert_seeded(block.va, seed, step);
	if (m->backs) {
		struct pool_block want = m->back[--m->backs];

		assert_seeded(block.va == want.va && block.dma == want.dma, seed, step);
	}
	for (uint32_t i = 0; i < m->outs; i++)
		assert_seeded(!overlaps(block.va, 48, m->out[i].va, 48) &&
			      !overlaps(block.dma, 48, m->out[i].dma, 48), seed, step);
	m->out[m->outs++] = block;
	store(block.va, step);
	store(block.va + 40, step);
}

static void model_give(struct model *m, uint32_t pool, uint64_t *random)
{
	uint64_t i = test_below(random, m->outs);

	give(pool, m->out[i]);
	m->back[m->backs++] = m->out[i];
	m->out[i] = m->out[--m->outs];
}

static void random_use_agrees_with_a_stack_of_blocks(void **state)
{
	static const enum arch archs[] = { ARCH_ARM64, ARCH_MIPS, ARCH_X86 };
	uint64_t seed = test_seed(11), random = seed;

	(void)state;
	for (size_t a = 0; a < 3; a++) {
		struct board board = board_default();
		struct model m = { .outs = 0 };
		uint32_t pool;

		board.arch = archs[a];
		board.coherent = archs[a] == ARCH_X86;
		on(&board);
		pool = make(41, 8, 0);
		for (uint64_t step = 1; step < 1500; step++) {
			if (m.outs && (m.outs == MODEL_BLOCKS || test_below(&random, 9) < 4))
				model_give(&m, pool, &random);
			else
				model_take(&m, pool, seed, step);
			assert_seeded(pool_named(k, pool)->active == m.outs, seed, step);
		}
		while (m.outs)
			model_give(&m, pool, &random);
		dma_pool_destroy(k, pool);
		assert_seeded(violation_count() == 0, seed, 0);
		power_off(NULL);
	}
}

#define test_on_a_board(f) cmocka_unit_test_setup_teardown(f, power_on, power_off)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_on_a_board(arguments_linux_refuses_make_no_pool),
		test_on_a_board(sizes_are_raised_to_two_words_and_to_the_alignment),
		test_on_a_board(a_chunk_is_a_page_or_one_block),
		test_on_a_board(no_block_crosses_the_boundary),
		test_on_a_board(a_pool_takes_no_memory_before_the_first_block),
		test_on_a_board(there_are_sixty_four_pools_at_most),
		test_on_a_board(a_mask_the_memory_does_not_fit_gives_no_block),
		test_on_a_board(the_block_given_back_last_is_handed_out_first),
		test_on_a_board(a_free_block_holds_the_next_one_and_its_own_handle),
		test_on_a_board(zalloc_clears_the_links_and_alloc_leaves_them),
		test_on_a_board(a_write_after_free_makes_the_pool_hand_out_what_stands_there),
		test_on_a_board(a_link_that_leads_nowhere_is_an_oops_each_time),
		test_on_a_board(a_double_free_hands_one_block_out_twice),
		test_on_a_board(a_free_of_an_address_that_is_none_is_an_oops),
		test_on_a_board(destroy_gives_every_page_back),
		test_on_a_board(destroy_with_a_block_out_says_busy_and_leaks),
		test_on_a_board(a_pool_that_is_gone_does_nothing_and_is_named),
		test_on_a_board(managed_pools_go_with_the_driver_and_others_stay),
		test_on_a_board(blocks_in_use_are_nobodys_business),
		test_on_a_board(a_load_or_store_of_a_free_block_is_named_once_for_each_free),
		test_on_a_board(an_access_that_runs_into_a_free_block_is_named),
		test_on_a_board(a_device_beat_in_a_free_block_is_named),
		test_on_a_board(a_block_of_another_pool_or_with_another_handle_is_named),
		test_on_a_board(undo_takes_back_what_happened_to_a_pool),
		test_on_a_board(a_keyframe_tells_which_blocks_are_out),
		cmocka_unit_test(random_use_agrees_with_a_stack_of_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
