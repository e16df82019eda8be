#include "kernel_rig.h"

#include "kernel/resource.h"

#define AT ((paddr_t)0x50000000)

static struct rig rig;
static struct kernel *const k = &rig.kernel;

static void on(void)
{
	struct board b = board_default();

	rig_on(&rig, &b);
}

static const struct resource *named(const char *name)
{
	for (uint32_t i = 0; i < RESOURCES_MAX; i++)
		if (k->resource[i].size && !strcmp(k->resource[i].name, name))
			return &k->resource[i];
	fail_msg("no resource %s", name);
	return NULL;
}

static void the_boards_own_entries_are_there_from_boot(void **state)
{
	struct board b = board_default();

	(void)state;
	b.mem = 30 * MIB;
	rig_on(&rig, &b);
	assert_int_equal(named("System RAM")->start, 0);
	assert_int_equal(named("System RAM")->size, 0x1e00000);
	assert_int_equal(named("Kernel code")->start, 0);
	assert_int_equal(named("Kernel data")->start, named("Kernel code")->size);
	assert_int_equal(named("Kernel data")->start + named("Kernel data")->size, b.kernel_image);
	assert_int_equal(named("edu")->start, DEVICE_BASE);
	assert_int_equal(named("edu")->size, DEVICE_WINDOW);
	rig_off(&rig);
}

static void an_overlap_with_a_busy_region_is_refused(void **state)
{
	(void)state;
	on();
	assert_int_equal(resource_request(k, AT, 0x1000, "one"), 0);
	assert_int_equal(rig_last(&rig, EV_RES_REQUEST)->a, 0);
	assert_int_equal(resource_request(k, AT, 0x1000, "same"), -16);
	assert_int_equal(rig_last(&rig, EV_RES_REQUEST)->a, 1);
	assert_int_equal(resource_request(k, AT + 0xfff, 1, "last byte"), -16);
	assert_int_equal(resource_request(k, AT - 1, 2, "first byte"), -16);
	assert_int_equal(resource_request(k, AT - 0x1000, 0x3000, "around"), -16);
	assert_int_equal(resource_request(k, AT + 0x1000, 0x1000, "after"), 0);
	assert_int_equal(resource_request(k, AT - 0x1000, 0x1000, "before"), 0);
	rig_off(&rig);
}

static void ram_of_the_kernel_is_busy_and_hidden_ram_is_not(void **state)
{
	struct board b = board_default();

	(void)state;
	b.mem = 30 * MIB;
	rig_on(&rig, &b);
	assert_int_equal(resource_request(k, 0x1000000, 0x1000, "in RAM"), -16);
	assert_int_equal(resource_request(k, 0x1dff000, 0x2000, "over the edge"), -16);
	assert_int_equal(resource_request(k, 0x1e00000, 0x200000, "hidden"), 0);
	rig_off(&rig);
}

static void a_device_window_can_be_claimed_inside_but_not_across_its_edge(void **state)
{
	(void)state;
	on();
	assert_int_equal(resource_request(k, DEVICE_BASE - 8, 16, "across"), -16);
	assert_int_equal(resource_request(k, DEVICE_BASE - 8, 2 * DEVICE_WINDOW, "around"), -16);
	assert_int_equal(resource_request(k, DEVICE_BASE, 0x100, "part"), 0);
	assert_int_equal(resource_request(k, DEVICE_BASE, DEVICE_WINDOW, "all"), -16);
	assert_int_equal(resource_request(k, DEVICE_BASE + 0x100, DEVICE_WINDOW - 0x100, "rest"), 0);
	rig_off(&rig);
}

static void only_an_exact_claim_is_released(void **state)
{
	(void)state;
	on();
	assert_int_equal(resource_request(k, AT, 0x1000, "one"), 0);
	assert_false(resource_release(k, AT, 0xfff));
	assert_false(resource_release(k, AT + 1, 0x1000));
	assert_false(resource_release(k, 0, 32 * MIB));
	assert_false(resource_release(k, 0, 0));
	assert_false(resource_release(k, DEVICE_BASE, DEVICE_WINDOW));
	assert_int_equal(rig_last(&rig, EV_KERNEL_LOG)->a, KLOG_NO_RESOURCE);
	assert_int_equal(rig_count(&rig, EV_RES_RELEASE, 1), 0);
	assert_true(resource_release(k, AT, 0x1000));
	assert_false(resource_release(k, AT, 0x1000));
	assert_int_equal(resource_request(k, AT, 0x2000, "again"), 0);
	rig_off(&rig);
}

static void empty_and_wrapping_ranges_are_invalid(void **state)
{
	(void)state;
	on();
	assert_int_equal(resource_request(k, AT, 0, "empty"), -22);
	assert_int_equal(resource_request(k, AT, UINT64_MAX, "wraps"), -22);
	assert_int_equal(resource_request(k, UINT64_MAX, 2, "wraps"), -22);
	assert_int_equal(resource_request(k, UINT64_MAX, 1, "the last byte there is"), 0);
	rig_off(&rig);
}

static void a_long_name_is_cut(void **state)
{
	(void)state;
	on();
	assert_int_equal(resource_request(k, AT, 1, "a name of more than thirty-two bytes"), 0);
	assert_int_equal(named("a name of more than thirty-two ")->start, AT);
	rig_off(&rig);
}

static void the_table_can_be_full(void **state)
{
	uint32_t claims = 0;

	(void)state;
	on();
	while (resource_request(k, AT + claims, 1, "byte") == 0)
		claims++;
	assert_true(claims >= 56);
	assert_int_equal(resource_request(k, AT + claims, 1, "byte"), -12);
	assert_true(resource_release(k, AT, 1));
	assert_int_equal(resource_request(k, AT + claims, 1, "byte"), 0);
	rig_off(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_boards_own_entries_are_there_from_boot),
		cmocka_unit_test(an_overlap_with_a_busy_region_is_refused),
		cmocka_unit_test(ram_of_the_kernel_is_busy_and_hidden_ram_is_not),
		cmocka_unit_test(a_device_window_can_be_claimed_inside_but_not_across_its_edge),
		cmocka_unit_test(only_an_exact_claim_is_released),
		cmocka_unit_test(empty_and_wrapping_ranges_are_invalid),
		cmocka_unit_test(a_long_name_is_cut),
		cmocka_unit_test(the_table_can_be_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
