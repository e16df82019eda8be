#include "kernel_rig.h"

#include "kernel/pages.h"
#include "kernel/stack.h"
#include "kernel/vmalloc.h"

static struct rig rig;
static struct kernel *const k = &rig.kernel;

static void on(bool vmap)
{
	struct board b = board_default();

	b.vmap_stack = vmap;
	rig_on(&rig, &b);
}

static void arrays_lie_one_below_the_other(void **state)
{
	vaddr_t first, second;

	(void)state;
	on(true);
	first = stack_array(k, 8);
	second = stack_array(k, 20);
	assert_int_equal(first % 16, 0);
	assert_int_equal(first - second, 32);
	rig_off(&rig);
}

static void a_full_stack_begins_at_the_top_again(void **state)
{
	vaddr_t whole, next;

	(void)state;
	on(true);
	whole = stack_array(k, THREAD_SIZE);
	next = stack_array(k, 16);
	assert_int_equal(next, whole + THREAD_SIZE - 16);
	rig_off(&rig);
}

static void nothing_fits_that_is_larger_than_the_stack(void **state)
{
	(void)state;
	on(true);
	assert_int_equal(stack_array(k, 0), 0);
	assert_int_equal(stack_array(k, THREAD_SIZE + 1), 0);
	rig_off(&rig);
}

static void vmap_stack_puts_it_in_the_vmalloc_area(void **state)
{
	(void)state;
	on(true);
	assert_true(is_vmalloc_addr(stack_array(k, 8)));
	rig_off(&rig);
	on(false);
	assert_true(virt_addr_valid(k, stack_array(k, 8)));
	rig_off(&rig);
}

static void no_memory_is_no_stack(void **state)
{
	struct board b = board_default();

	(void)state;
	b.ram = 64 * KIB;
	b.kernel_image = 32 * KIB;
	b.vmap_stack = true;
	rig_on(&rig, &b);
	while (pages_alloc(k, GFP_NOWARN, 0))
		;
	assert_int_equal(stack_array(k, 8), 0);
	rig_off(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_lie_one_below_the_other),
		cmocka_unit_test(a_full_stack_begins_at_the_top_again),
		cmocka_unit_test(nothing_fits_that_is_larger_than_the_stack),
		cmocka_unit_test(vmap_stack_puts_it_in_the_vmalloc_area),
		cmocka_unit_test(no_memory_is_no_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
