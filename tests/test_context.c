/*
 * What the CPU is doing: locks, interrupts, handlers; who may sleep, and what is named when somebody
 * does where nobody may; memory for who may not: the atomic pool, and CMA for who may.
 */
#include "harness.h"

#include "bench.h"
#include "kernel/atomic_pool.h"
#include "kernel/context.h"
#include "kernel/contiguous.h"
#include "kernel/dma.h"
#include "kernel/pages.h"
#include "kernel/slab.h"
#include "kernel/vmalloc.h"

static struct bench *b;
static struct kernel *k;
static struct hw *h;

static void power_on(struct board board)
{
	b = bench_new(&board);
	k = &b->machine.kernel;
	h = &b->machine.hw;
}

static int default_board(void **state)
{
	(void)state;
	power_on(board_default());
	return 0;
}

static int off(void **state)
{
	(void)state;
	bench_free(b);
	return 0;
}

/* How many violations there are, the last of this rule and advice. */
static void assert_named(uint32_t count, enum rule rule, enum advice advice)
{
	const struct violations *vs = &b->checker.facts.violations;

	bench_settle(b);
	assert_int_equal(vs->count, count);
	assert_int_equal(violations_at(vs, count - 1)->rule, rule);
	assert_int_equal(violations_at(vs, count - 1)->advice, advice);
}

static void assert_clean(void)
{
	bench_settle(b);
	assert_int_equal(b->checker.facts.violations.count, 0);
}

static uint64_t logged(enum klog what)
{
	uint64_t n = 0;

	for (uint64_t seq = 1; seq < b->trace.next; seq++)
		n += trace_at(&b->trace, seq)->kind == EV_KERNEL_LOG &&
		     trace_at(&b->trace, seq)->a == what;
	return n;
}

static void lock(const char *name)
{
	assert_true(context_lock(k, name));
}

static void unlock(const char *name)
{
	assert_true(context_unlock(k, name));
}

/* The device raises its line with these bits, or is told that it has been heard. */
static void device_line(bool up)
{
	assert_true(hw_mmio_write(h, hw_device_bar(0) + (up ? 0x60 : 0x64), 1, 4));
	hw_pass(h, 1);
}

/* As the session runs them; acknowledging or not. How often it ran. */
static uint32_t run_handlers(bool acknowledge)
{
	uint32_t runs = 0, dev;

	for (; context_pending(k, &dev); runs++) {
		context_enter_irq(k, dev);
		if (acknowledge)
			device_line(false);
		context_exit_irq(k, dev);
	}
	return runs;
}

/* Who is where. */

static void a_driver_begins_in_process_context(void **state)
{
	(void)state;
	assert_int_equal(context_now(k), CONTEXT_PROCESS);
	assert_false(context_irqs_off(k) || context_in_atomic(k) || context_in_interrupt(k));
}

static void locks_preemption_and_interrupts_off_are_atomic_until_the_last_is_undone(void **state)
{
	(void)state;
	lock("a");
	lock("b");
	assert_true(context_preempt(k, true));
	assert_false(context_set_irqs(k, true));
	unlock("a");
	unlock("b");
	assert_true(context_preempt(k, false));
	assert_int_equal(context_now(k), CONTEXT_ATOMIC);
	assert_false(context_in_atomic(k));
	assert_true(context_set_irqs(k, false));
	assert_int_equal(context_now(k), CONTEXT_PROCESS);
}

static void each_change_is_told(void **state)
{
	uint64_t from = b->trace.next;

	(void)state;
	lock("a");
	lock("b");
	context_set_irqs(k, true);
	context_set_irqs(k, true);
	assert_int_equal(test_count(&b->trace, from, EV_CPU_CONTEXT), 3);
	assert_int_equal(test_event(&b->trace, from, EV_CPU_CONTEXT, 2)->a, CONTEXT_ATOMIC);
	assert_int_equal(test_event(&b->trace, from, EV_CPU_CONTEXT, 2)->b, 1);
}

static void a_lock_is_held_once_and_given_back_once(void **state)
{
	(void)state;
	lock("a");
	assert_false(context_lock(k, "a"));
	assert_false(context_unlock(k, "b"));
	unlock("a");
	assert_false(context_unlock(k, "a"));
	assert_false(context_preempt(k, false));
}

static void so_many_locks_are_held_and_no_more(void **state)
{
	char name[] = "a";

	(void)state;
	for (int i = 0; i < LOCKS_MAX; i++, name[0]++)
		lock(name);
	assert_false(context_lock(k, name));
	while (--name[0] >= 'a')
		unlock(name);
	assert_int_equal(context_now(k), CONTEXT_PROCESS);
}

static void a_keyframe_tells_the_context_again(void **state)
{
	uint64_t from;

	(void)state;
	bench_keyframe(b);
	assert_int_equal(test_count(&b->trace, 1, EV_CPU_CONTEXT), 0);
	context_set_irqs(k, true);
	from = b->trace.next;
	bench_keyframe(b);
	assert_int_equal(test_count(&b->trace, from, EV_CPU_CONTEXT), 1);
}

static void undo_gives_locks_and_handlers_back(void **state)
{
	(void)state;
	lock("a");
	assert_int_equal(context_request_irq(k, 0, "edu"), 0);
	bench_mark(b);
	unlock("a");
	context_free_irq(k, 0);
	assert_true(bench_keep(b, false));
	assert_int_equal(bench_undo(b, 1), 1);
	assert_true(context_holds(k, "a"));
	assert_int_equal(context_request_irq(k, 0, "edu"), -16);
}

/* Handlers. */

static void a_line_interrupts_when_it_has_a_handler_and_interrupts_are_on(void **state)
{
	uint32_t dev;

	(void)state;
	device_line(true);
	assert_false(context_pending(k, &dev));
	assert_int_equal(context_request_irq(k, 0, "edu"), 0);
	assert_true(context_pending(k, &dev));
	context_set_irqs(k, true);
	assert_false(context_pending(k, &dev));
	context_set_irqs(k, false);
	lock("a");
	assert_true(context_pending(k, &dev));
	context_disable_irq(k, 0);
	assert_false(context_pending(k, &dev));
	context_enable_irq(k, 0);
	assert_int_equal(run_handlers(true), 1);
	assert_false(context_pending(k, &dev));
}

static void a_handler_runs_with_interrupts_off_and_is_not_interrupted(void **state)
{
	uint32_t dev;

	(void)state;
	assert_int_equal(context_request_irq(k, 0, "edu"), 0);
	device_line(true);
	context_enter_irq(k, 0);
	assert_int_equal(context_now(k), CONTEXT_IRQ);
	assert_true(context_irqs_off(k) && context_in_atomic(k) && context_in_interrupt(k));
	context_set_irqs(k, false);
	assert_false(context_pending(k, &dev));
	context_exit_irq(k, 0);
	assert_int_equal(context_now(k), CONTEXT_PROCESS);
	assert_true(context_pending(k, &dev));
}

static void a_line_nobody_acknowledges_is_switched_off(void **state)
{
	(void)state;
	assert_int_equal(context_request_irq(k, 0, "edu"), 0);
	device_line(true);
	assert_int_equal(run_handlers(false), IRQ_RUNS_MAX);
	assert_int_equal(logged(KLOG_IRQ_NOBODY), 1);
	assert_int_equal(logged(KLOG_IRQ_DISABLING), 1);
	context_enable_irq(k, 0);
	assert_int_equal(run_handlers(true), 1);
	assert_int_equal(logged(KLOG_IRQ_NOBODY), 1);
}

static void a_line_has_one_handler_and_loses_it_once(void **state)
{
	(void)state;
	assert_int_equal(context_request_irq(k, 0, "edu"), 0);
	assert_int_equal(context_request_irq(k, 0, "edu"), -16);
	context_free_irq(k, 0);
	assert_int_equal(logged(KLOG_IRQ_FREE_TWICE), 0);
	context_free_irq(k, 0);
	assert_int_equal(logged(KLOG_IRQ_FREE_TWICE), 1);
	context_enable_irq(k, 0);
	assert_int_equal(logged(KLOG_IRQ_UNBALANCED), 1);
}

static void time_stops_when_a_handler_has_to_run(void **state)
{
	paddr_t bar = hw_device_bar(0);
	uint32_t dev;

	(void)state;
	assert_int_equal(context_request_irq(k, 0, "edu"), 0);
	assert_true(hw_mmio_write(h, bar + 0x20, 0x80, 4));
	assert_true(hw_mmio_write(h, bar + 0x08, 5, 4));
	assert_true(context_expects(k));
	context_pass(k, 100000);
	assert_true(context_pending(k, &dev));
	assert_true(h->bus.cycle < 1000);
	device_line(false);
	assert_false(context_expects(k));
	context_pass(k, 100000);
	assert_int_equal(h->bus.cycle, 100000);
}

/* Sleeping. */

static void in_process_context_everybody_may_sleep(void **state)
{
	dma_addr_t dma;
	vaddr_t va = dma_alloc_coherent(k, 0, PAGE_SIZE, &dma, GFP_KERNEL);

	(void)state;
	dma_free_coherent(k, 0, PAGE_SIZE, va, dma);
	kfree(k, kmalloc(k, 8, GFP_KERNEL));
	vfree(k, vmalloc(k, 8, GFP_KERNEL));
	context_might_sleep(k, SLEEPER_MSLEEP);
	assert_clean();
	assert_int_equal(test_count(&b->trace, 1, EV_KERNEL_MIGHT_SLEEP), 0);
}

static void gfp_atomic_and_kfree_may_be_called_anywhere(void **state)
{
	dma_addr_t dma;

	(void)state;
	lock("a");
	kfree(k, kmalloc(k, 8, GFP_ATOMIC));
	pages_free(k, pages_alloc(k, GFP_ATOMIC, 0), 0);
	assert_true(dma_alloc_coherent(k, 0, PAGE_SIZE, &dma, GFP_ATOMIC));
	dma = dma_map_single(k, 0, kmalloc(k, 64, GFP_ATOMIC), 64, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(k, 0, dma), 0);
	dma_unmap_single(k, 0, dma, 64, DMA_TO_DEVICE);
	unlock("a");
	assert_clean();
}

static void a_call_that_may_sleep_is_named_by_where_it_is_made(void **state)
{
	(void)state;
	lock("a");
	kmalloc(k, 8, GFP_KERNEL);
	assert_named(1, RULE_SLEEP_IN_ATOMIC, ADVICE_SLEEPS_UNDER_LOCK);
	unlock("a");
	context_set_irqs(k, true);
	pages_alloc(k, GFP_KERNEL, 0);
	assert_named(2, RULE_SLEEP_IN_ATOMIC, ADVICE_SLEEPS_IRQS_OFF);
	context_set_irqs(k, false);
	context_enter_irq(k, 0);
	vmalloc(k, 8, GFP_KERNEL);
	assert_named(3, RULE_SLEEP_IN_ATOMIC, ADVICE_SLEEPS_IN_HANDLER);
	context_exit_irq(k, 0);
	kmalloc(k, 8, GFP_KERNEL);
	assert_named(3, RULE_SLEEP_IN_ATOMIC, ADVICE_SLEEPS_IN_HANDLER);
}

static void one_section_is_one_violation(void **state)
{
	(void)state;
	lock("a");
	kmalloc(k, 8, GFP_KERNEL);
	lock("b");
	kmalloc(k, 8, GFP_KERNEL);
	assert_named(1, RULE_SLEEP_IN_ATOMIC, ADVICE_SLEEPS_UNDER_LOCK);
	assert_int_equal(violations_at(&b->checker.facts.violations, 0)->count, 2);
	assert_int_equal(logged(KLOG_SLEEP_GFP), 2);
}

static void vfree_is_put_off_in_a_handler_and_not_under_a_lock(void **state)
{
	vaddr_t one = vmalloc(k, 8, GFP_KERNEL), other = vmalloc(k, 8, GFP_KERNEL);

	(void)state;
	context_enter_irq(k, 0);
	vfree(k, one);
	context_exit_irq(k, 0);
	assert_clean();
	lock("a");
	vfree(k, other);
	assert_named(1, RULE_SLEEP_IN_ATOMIC, ADVICE_SLEEPS_UNDER_LOCK);
}

static void a_checker_forgets_the_context_of_another_machine(void **state)
{
	(void)state;
	context_set_irqs(k, true);
	bench_keyframe(b);
	kmalloc(k, 8, GFP_KERNEL);
	assert_named(1, RULE_SLEEP_IN_ATOMIC, ADVICE_SLEEPS_IRQS_OFF);
}

/* Coherent memory. */

static vaddr_t coherent(uint64_t size, dma_addr_t *dma, uint32_t gfp)
{
	vaddr_t va = dma_alloc_coherent(k, 0, size, dma, gfp);

	assert_int_not_equal(va, 0);
	return va;
}

static void coherent_memory_is_not_freed_with_interrupts_off(void **state)
{
	dma_addr_t dma[2];
	vaddr_t one = coherent(PAGE_SIZE, &dma[0], GFP_KERNEL);
	vaddr_t other = coherent(PAGE_SIZE, &dma[1], GFP_KERNEL);

	(void)state;
	context_set_irqs(k, true);
	dma_free_coherent(k, 0, PAGE_SIZE, one, dma[0]);
	assert_named(1, RULE_COHERENT_FREE_ATOMIC, ADVICE_FREE_IRQS_OFF);
	assert_int_equal(logged(KLOG_FREE_IRQS_OFF), 1);
	context_set_irqs(k, false);
	context_enter_irq(k, 0);
	dma_free_coherent(k, 0, PAGE_SIZE, other, dma[1]);
	assert_named(2, RULE_COHERENT_FREE_ATOMIC, ADVICE_FREE_IN_HANDLER);
}

static void under_a_spinlock_only_what_is_unmapped_sleeps(void **state)
{
	static const enum arch archs[] = { ARCH_ARM64, ARCH_X86, ARCH_MIPS };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct board board = test_with(board_default(), "arch", archs[i]);
		dma_addr_t dma;
		vaddr_t va;

		test_set(&board, "coherent", archs[i] == ARCH_X86);
		bench_free(b);
		power_on(board);
		va = coherent(PAGE_SIZE, &dma, GFP_KERNEL);
		lock("a");
		dma_free_coherent(k, 0, PAGE_SIZE, va, dma);
		if (archs[i] == ARCH_ARM64)
			assert_named(1, RULE_SLEEP_IN_ATOMIC, ADVICE_SLEEPS_UNDER_LOCK);
		else
			assert_clean();
	}
}

/* A region of the device's own: dma_free_attrs is back before it looks at interrupts. */
static void memory_of_the_devices_own_region_may_be_freed_anywhere(void **state)
{
	dma_addr_t dma;
	vaddr_t va;

	(void)state;
	bench_free(b);
	power_on(test_with(board_default(), "mem", 16 * MIB));
	assert_int_equal(dma_declare_coherent_memory(k, 0, 16 * MIB, 0x81000000, MIB), 0);
	context_set_irqs(k, true);
	va = coherent(PAGE_SIZE, &dma, GFP_KERNEL);
	dma_free_coherent(k, 0, PAGE_SIZE, va, dma);
	assert_clean();
}

static void who_may_not_sleep_is_served_from_the_pool(void **state)
{
	dma_addr_t dma[3];
	vaddr_t va[3];
	uint64_t value;

	(void)state;
	assert_int_equal(k->atomic_pool.pages, 0);
	for (int i = 0; i < 3; i++) {
		va[i] = coherent(PAGE_SIZE + 1, &dma[i], GFP_ATOMIC);
		assert_true(atomic_pool_holds(k, va[i]));
		assert_int_equal(cpu_load(h, va[i], 8, &value), OK);
		assert_int_equal(value, 0);
	}
	assert_int_equal(k->atomic_pool.pages, 128 * KIB / PAGE_SIZE);
	assert_int_equal(logged(KLOG_POOL_READY), 1);
	assert_int_equal(dma[1] - dma[0], 2 * PAGE_SIZE);
	dma_free_coherent(k, 0, PAGE_SIZE + 1, va[1], dma[1]);
	assert_int_equal(coherent(2 * PAGE_SIZE, &dma[2], GFP_ATOMIC), va[1]);
	assert_clean();
}

static void a_pool_ends(void **state)
{
	dma_addr_t dma;

	(void)state;
	for (uint64_t left = 128 * KIB; left; left -= PAGE_SIZE)
		coherent(PAGE_SIZE, &dma, GFP_ATOMIC);
	assert_int_equal(dma_alloc_coherent(k, 0, 1, &dma, GFP_ATOMIC), 0);
	assert_int_equal(dma, DMA_MAPPING_ERROR);
	assert_int_equal(logged(KLOG_POOL_EMPTY), 1);
	coherent(1, &dma, GFP_KERNEL);
	assert_int_equal(dma_alloc_coherent(k, 0, UINT64_MAX, &dma, GFP_ATOMIC), 0);
}

static void memory_of_the_pool_is_freed_once(void **state)
{
	dma_addr_t dma;
	vaddr_t va = coherent(PAGE_SIZE, &dma, GFP_ATOMIC);

	(void)state;
	lock("a");
	dma_free_coherent(k, 0, PAGE_SIZE, va, dma);
	assert_clean();
	dma_free_coherent(k, 0, PAGE_SIZE, va, dma);
	assert_named(1, RULE_DOUBLE_FREE, ADVICE_NONE);
	dma_free_coherent(k, 0, UINT64_MAX, va, dma);
	dma_free_coherent(k, 0, PAGE_SIZE, va + 8, dma);
}

static void a_pool_takes_what_ram_there_is(void **state)
{
	struct board board = tiny_board();
	dma_addr_t dma;

	(void)state;
	test_set(&board, "coherent_pool", 4 * MIB);
	bench_free(b);
	power_on(board);
	coherent(1, &dma, GFP_ATOMIC);
	assert_int_equal(k->atomic_pool.pages, 32);
}

static void where_nothing_is_remapped_there_is_no_pool(void **state)
{
	dma_addr_t dma;

	(void)state;
	bench_free(b);
	power_on(test_with(board_default(), "coherent", 1));
	coherent(1, &dma, GFP_ATOMIC);
	assert_int_equal(k->atomic_pool.pages, 0);
}

/* CMA. */

static void with_cma(uint64_t size)
{
	bench_free(b);
	power_on(test_with(board_default(), "cma", size));
}

static void cma_is_the_end_of_ram_and_the_rest_stays_where_it_is(void **state)
{
	vaddr_t before = kmalloc(k, 8, GFP_KERNEL);

	(void)state;
	with_cma(2 * MIB);
	assert_int_equal(k->cma.start << PAGE_SHIFT, 30 * MIB);
	assert_int_equal(cma_free_pages(k), 512);
	assert_int_equal(kmalloc(k, 8, GFP_KERNEL), before);
	assert_int_equal(logged(KLOG_CMA_RESERVED), 1);
	assert_int_equal(k->managed[ZONE_DMA] + k->managed[ZONE_DMA32] + k->managed[ZONE_NORMAL],
			 29 * MIB / PAGE_SIZE);
}

static void more_than_a_page_comes_from_cma_when_the_caller_may_sleep(void **state)
{
	dma_addr_t dma[4];
	vaddr_t va[2];

	(void)state;
	with_cma(2 * MIB);
	va[0] = coherent(3 * PAGE_SIZE, &dma[0], GFP_KERNEL);
	assert_int_equal(dma[0], 0x80000000 + 30 * MIB);
	va[1] = coherent(2 * PAGE_SIZE, &dma[1], GFP_KERNEL);
	assert_int_equal(dma[1] - dma[0], 4 * PAGE_SIZE);
	coherent(PAGE_SIZE, &dma[2], GFP_KERNEL);
	assert_true(dma[2] < dma[0]);
	coherent(2 * PAGE_SIZE, &dma[3], GFP_ATOMIC);
	assert_true(dma[3] < dma[0]);
	assert_int_equal(cma_free_pages(k), 507);
	dma_free_coherent(k, 0, 3 * PAGE_SIZE, va[0], dma[0]);
	dma_free_coherent(k, 0, 2 * PAGE_SIZE, va[1], dma[1]);
	assert_int_equal(cma_free_pages(k), 512);
	assert_clean();
}

/* Poison and dropped lines end where the block does. */
static void giving_a_block_back_leaves_its_neighbour_alone(void **state)
{
	dma_addr_t dma[2];
	vaddr_t one, other;
	uint64_t value;
	struct board board = test_with(board_default(), "cma", 2 * MIB);

	(void)state;
	test_set(&board, "coherent", 1);     /* where the linear map shows it at once */
	bench_free(b);
	power_on(board);
	one = coherent(5 * PAGE_SIZE, &dma[0], GFP_KERNEL);
	other = coherent(2 * PAGE_SIZE, &dma[1], GFP_KERNEL);
	assert_int_equal(dma[1] - dma[0], 6 * PAGE_SIZE);
	assert_int_equal(cpu_store(h, other, 8, 0x77), OK);
	dma_free_coherent(k, 0, 5 * PAGE_SIZE, one, dma[0]);
	assert_int_equal(cpu_load(h, other, 8, &value), OK);
	assert_int_equal(value, 0x77);
	assert_int_equal(coherent(4 * PAGE_SIZE, &dma[0], GFP_KERNEL), one);
}

static void a_block_of_cma_is_freed_as_it_was_taken_and_once(void **state)
{
	dma_addr_t dma;
	vaddr_t va;

	(void)state;
	with_cma(2 * MIB);
	va = coherent(3 * PAGE_SIZE, &dma, GFP_KERNEL);
	dma_free_coherent(k, 0, 4 * PAGE_SIZE, va, dma);
	assert_int_equal(cma_free_pages(k), 509);
	dma_free_coherent(k, 0, 3 * PAGE_SIZE, va, dma);
	assert_int_equal(cma_free_pages(k), 512);
	dma_free_coherent(k, 0, 3 * PAGE_SIZE, va, dma);
	bench_settle(b);
	assert_int_equal(test_event(&b->trace, 1, EV_MEM_BAD_FREE, 0)->a, BAD_FREE_ORDER);
	assert_int_equal(test_event(&b->trace, 1, EV_MEM_BAD_FREE, 1)->a, BAD_FREE_TWICE);
	assert_int_equal(cma_free_pages(k), 512);
}

static void a_full_cma_leaves_it_to_the_page_allocator(void **state)
{
	dma_addr_t dma;

	(void)state;
	with_cma(2 * PAGE_SIZE);
	coherent(2 * PAGE_SIZE, &dma, GFP_KERNEL);
	assert_int_equal(dma, 0x80000000 + 32 * MIB - 2 * PAGE_SIZE);
	coherent(2 * PAGE_SIZE, &dma, GFP_KERNEL);
	assert_true(dma < 0x80000000 + 32 * MIB - 2 * PAGE_SIZE);
	assert_int_equal(logged(KLOG_CMA_FAILED), 1);
}

static void a_device_that_does_not_reach_cma_gets_other_memory(void **state)
{
	dma_addr_t dma;

	(void)state;
	with_cma(2 * MIB);
	k->device_dma[0].coherent_mask = 0x80000000 + 16 * MIB - 1;
	coherent(2 * PAGE_SIZE, &dma, GFP_KERNEL);
	assert_true(dma < 0x80000000 + 16 * MIB);
	assert_int_equal(cma_free_pages(k), 512);
}

static void cached_memory_for_dma_comes_from_cma_too(void **state)
{
	dma_addr_t dma;
	vaddr_t va;

	(void)state;
	with_cma(2 * MIB);
	va = dma_alloc_noncoherent(k, 0, 3 * PAGE_SIZE, &dma, DMA_TO_DEVICE, GFP_KERNEL);
	assert_int_equal(va, phys_to_virt(30 * MIB));
	dma_free_noncoherent(k, 0, 3 * PAGE_SIZE, va, dma, DMA_TO_DEVICE);
	assert_int_equal(cma_free_pages(k), 512);
}

static void a_cma_for_which_there_is_no_room_is_none(void **state)
{
	(void)state;
	with_cma(64 * MIB);
	assert_int_equal(k->cma.pages, 0);
	assert_int_equal(logged(KLOG_CMA_NO_ROOM), 1);
	kmalloc(k, 8, GFP_KERNEL);
	assert_clean();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, default_board, off)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_driver_begins_in_process_context),
		TEST(locks_preemption_and_interrupts_off_are_atomic_until_the_last_is_undone),
		TEST(each_change_is_told),
		TEST(a_lock_is_held_once_and_given_back_once),
		TEST(so_many_locks_are_held_and_no_more),
		TEST(a_keyframe_tells_the_context_again),
		TEST(undo_gives_locks_and_handlers_back),
		TEST(a_line_interrupts_when_it_has_a_handler_and_interrupts_are_on),
		TEST(a_handler_runs_with_interrupts_off_and_is_not_interrupted),
		TEST(a_line_nobody_acknowledges_is_switched_off),
		TEST(a_line_has_one_handler_and_loses_it_once),
		TEST(time_stops_when_a_handler_has_to_run),
		TEST(in_process_context_everybody_may_sleep),
		TEST(gfp_atomic_and_kfree_may_be_called_anywhere),
		TEST(a_call_that_may_sleep_is_named_by_where_it_is_made),
		TEST(one_section_is_one_violation),
		TEST(vfree_is_put_off_in_a_handler_and_not_under_a_lock),
		TEST(a_checker_forgets_the_context_of_another_machine),
		TEST(coherent_memory_is_not_freed_with_interrupts_off),
		TEST(under_a_spinlock_only_what_is_unmapped_sleeps),
		TEST(memory_of_the_devices_own_region_may_be_freed_anywhere),
		TEST(who_may_not_sleep_is_served_from_the_pool),
		TEST(a_pool_ends),
		TEST(memory_of_the_pool_is_freed_once),
		TEST(a_pool_takes_what_ram_there_is),
		TEST(where_nothing_is_remapped_there_is_no_pool),
		TEST(cma_is_the_end_of_ram_and_the_rest_stays_where_it_is),
		TEST(more_than_a_page_comes_from_cma_when_the_caller_may_sleep),
		TEST(giving_a_block_back_leaves_its_neighbour_alone),
		TEST(a_block_of_cma_is_freed_as_it_was_taken_and_once),
		TEST(a_full_cma_leaves_it_to_the_page_allocator),
		TEST(a_device_that_does_not_reach_cma_gets_other_memory),
		TEST(cached_memory_for_dma_comes_from_cma_too),
		TEST(a_cma_for_which_there_is_no_room_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
