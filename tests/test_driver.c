#include "kernel_rig.h"

#include "kernel/dma.h"
#include "kernel/driver.h"

static struct rig rig;
static struct kernel *const k = &rig.kernel;

static int on(void **state)
{
	struct board b = board_default();

	(void)state;
	rig_on(&rig, &b);
	return 0;
}

static int off(void **state)
{
	(void)state;
	rig_off(&rig);
	return 0;
}

static void a_device_has_no_driver_at_first(void **state)
{
	(void)state;
	for (uint32_t dev = 0; dev < DEVICE_MAX; dev++)
		assert_string_equal(driver_name(k, dev), "");
}

static void a_device_has_one_driver_at_a_time(void **state)
{
	(void)state;
	assert_int_equal(driver_bind(k, 1, "first"), 0);
	assert_int_equal(driver_bind(k, 1, "second"), -16);
	assert_string_equal(driver_name(k, 1), "first");
	assert_int_equal(driver_bind(k, 0, "second"), 0);
	driver_unbind(k, 1, false);
	assert_string_equal(driver_name(k, 1), "");
	assert_string_equal(driver_name(k, 0), "second");
	assert_int_equal(driver_bind(k, 1, "second"), 0);
}

static void the_event_carries_24_letters_of_the_name(void **state)
{
	const char *name = "a_driver_with_a_very_long_name";
	const struct event *e;
	char told[25] = "";

	(void)state;
	assert_int_equal(driver_bind(k, 1, name), 0);
	e = rig_last(&rig, EV_DRIVER_BIND);
	for (size_t i = 0; i < 24; i++)
		told[i] = (char)((i < 8 ? e->addr : i < 16 ? e->addr2 : e->value) >> 8 * (i % 8));
	assert_memory_equal(told, name, 24);
	assert_string_equal(driver_name(k, 1), told);
	assert_int_equal(e->unit, 1);
}

static void managed_memory_goes_before_the_driver_does(void **state)
{
	uint64_t from = rig.trace.next, pages = rig_free_pages(&rig);
	dma_addr_t dma;

	(void)state;
	assert_int_equal(driver_bind(k, 0, "managed"), 0);
	assert_true(dmam_alloc_coherent(k, 0, 100, &dma, GFP_KERNEL) != 0);
	driver_unbind(k, 0, false);
	assert_int_equal(rig_free_pages(&rig), pages);
	assert_int_equal(rig_count(&rig, EV_DMA_FREE, from), 1);
	assert_true(rig_last(&rig, EV_DMA_FREE)->seq < rig_last(&rig, EV_DRIVER_UNBIND)->seq);
}

static void an_unbind_says_whether_it_was_the_probe_that_failed(void **state)
{
	(void)state;
	assert_int_equal(driver_bind(k, 0, "fails"), 0);
	driver_unbind(k, 0, true);
	assert_int_equal(rig_last(&rig, EV_DRIVER_UNBIND)->a, 1);
	assert_int_equal(driver_bind(k, 0, "works"), 0);
	driver_unbind(k, 0, false);
	assert_int_equal(rig_last(&rig, EV_DRIVER_UNBIND)->a, 0);
}

static void a_copy_of_the_kernel_has_its_own_drivers(void **state)
{
	static struct kernel copy;

	(void)state;
	assert_int_equal(driver_bind(k, 0, "here"), 0);
	kernel_copy(&copy, k, &rig.hw);
	driver_unbind(k, 0, false);
	assert_string_equal(driver_name(&copy, 0), "here");
	kernel_release(&copy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, on, off)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_device_has_no_driver_at_first),
		TEST(a_device_has_one_driver_at_a_time),
		TEST(the_event_carries_24_letters_of_the_name),
		TEST(managed_memory_goes_before_the_driver_does),
		TEST(an_unbind_says_whether_it_was_the_probe_that_failed),
		TEST(a_copy_of_the_kernel_has_its_own_drivers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
