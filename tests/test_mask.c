#include "kernel_rig.h"

#include "kernel/dma.h"
#include "kernel/slab.h"

static struct rig rig;
static struct kernel *const k = &rig.kernel;

static void on(struct board b)
{
	rig_on(&rig, &b);
}

static uint64_t bits(uint32_t n)
{
	return n == 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1;
}

static void a_device_has_32_bits_until_the_driver_says_otherwise(void **state)
{
	(void)state;
	on(board_default());
	for (uint32_t dev = 0; dev < DEVICE_MAX; dev++) {
		assert_int_equal(k->device_dma[dev].mask, bits(32));
		assert_int_equal(k->device_dma[dev].coherent_mask, bits(32));
		assert_int_equal(k->device_dma[dev].max_segment, 65536);
		assert_true(k->device_dma[dev].seg_boundary == UINT64_MAX);
	}
	rig_off(&rig);
}

/* The narrowest mask each board allows: 32 MiB of RAM need 25 bits, with the bus offset 32. */
static const struct { uint64_t bus_offset, zone_dma, mem; uint32_t narrowest; } boards[] = {
	{ 2 * GIB, 4 * GIB,  0,        32 },
	{ 0,       4 * GIB,  0,        25 },
	{ 0,       0,        0,        25 },
	{ 0,       16 * MIB, 0,        24 },
	{ 0,       4 * GIB,  16 * MIB, 24 },
	{ 0,       1 * MIB,  0,        20 },
	{ 8 * GIB, 4 * GIB,  0,        32 },
};

static void a_mask_must_reach_all_ram_or_all_of_zone_dma(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof boards / sizeof boards[0]; i++) {
		struct board b = board_default();

		b.bus_offset = boards[i].bus_offset;
		b.zone_dma = boards[i].zone_dma;
		b.mem = boards[i].mem;
		on(b);
		for (uint32_t n = 1; n <= 64; n++)
			assert_int_equal(dma_set_mask(k, 0, bits(n)), n < boards[i].narrowest ? -5 : 0);
		rig_off(&rig);
	}
}

static void a_mask_may_be_refused_by_a_hair(void **state)
{
	(void)state;
	on(board_default());
	assert_int_equal(dma_set_mask(k, 0, 0x80000000 + 32 * MIB - PAGE_SIZE), 0);
	assert_int_equal(dma_set_mask(k, 0, 0x80000000 + 32 * MIB - PAGE_SIZE - 1), -5);
	rig_off(&rig);
}

static void expect_told(uint64_t mask, uint32_t coherent, uint32_t refused)
{
	const struct event *e = rig_last(&rig, EV_DMA_MASK);

	assert_int_equal(e->value, mask);
	assert_int_equal(e->a, coherent);
	assert_int_equal(e->b, refused);
}

static void a_refused_mask_changes_nothing_and_is_told(void **state)
{
	uint64_t from;

	(void)state;
	on(board_default());
	assert_int_equal(dma_set_mask(k, 0, bits(24)), -5);
	expect_told(bits(24), 0, 1);
	assert_int_equal(dma_set_coherent_mask(k, 0, bits(24)), -5);
	expect_told(bits(24), 1, 1);
	from = rig.trace.next;
	assert_int_equal(dma_set_mask_and_coherent(k, 0, bits(24)), -5);
	assert_int_equal(rig_count(&rig, EV_DMA_MASK, from), 1);
	assert_int_equal(k->device_dma[0].mask, bits(32));
	assert_int_equal(k->device_dma[0].coherent_mask, bits(32));
	rig_off(&rig);
}

static void each_mask_is_its_own(void **state)
{
	(void)state;
	on(board_default());
	assert_int_equal(dma_set_mask(k, 1, bits(40)), 0);
	expect_told(bits(40), 0, 0);
	assert_int_equal(k->device_dma[1].coherent_mask, bits(32));
	assert_int_equal(dma_set_coherent_mask(k, 1, bits(36)), 0);
	assert_int_equal(k->device_dma[1].mask, bits(40));
	assert_int_equal(k->device_dma[0].mask, bits(32));
	assert_int_equal(dma_set_mask_and_coherent(k, 0, bits(64)), 0);
	assert_true(k->device_dma[0].mask == UINT64_MAX);
	assert_true(k->device_dma[0].coherent_mask == UINT64_MAX);
	rig_off(&rig);
}

static void the_required_mask_covers_the_last_page(void **state)
{
	struct board b = board_default();

	(void)state;
	on(b);
	assert_int_equal(dma_get_required_mask(k, 0), bits(32));
	assert_false(dma_addressing_limited(k, 0));
	rig_off(&rig);
	b.bus_offset = 0;
	on(b);
	assert_int_equal(dma_get_required_mask(k, 0), bits(25));
	rig_off(&rig);
	b.bus_offset = 8 * GIB;
	on(b);
	assert_int_equal(dma_get_required_mask(k, 0), bits(34));
	assert_true(dma_addressing_limited(k, 0));
	assert_int_equal(dma_set_mask(k, 0, bits(34)), 0);
	assert_false(dma_addressing_limited(k, 0));
	rig_off(&rig);
}

static void only_what_may_bounce_has_a_limit(void **state)
{
	struct board b = board_default();

	(void)state;
	on(b);
	assert_true(dma_max_mapping_size(k, 0) == UINT64_MAX);
	rig_off(&rig);
	test_set(&b, "swiotlb", 1 * MIB);
	on(b);
	assert_true(dma_max_mapping_size(k, 0) == UINT64_MAX);
	k->device_dma[0].mask = bits(31);
	assert_int_equal(dma_max_mapping_size(k, 0), 256 * KIB);
	dma_set_min_align_mask(k, 0, 4095);
	assert_int_equal(dma_max_mapping_size(k, 0), 252 * KIB);
	rig_off(&rig);
	test_set(&b, "swiotlb_force", true);
	on(b);
	assert_int_equal(dma_max_mapping_size(k, 0), 256 * KIB);
	rig_off(&rig);
}

static void where_devices_snoop_only_bounced_mappings_need_a_sync(void **state)
{
	struct board b = board_default();
	dma_addr_t dma;

	(void)state;
	on(b);
	assert_int_equal(dma_get_cache_alignment(k), 64);
	assert_true(dma_need_sync(k, 0, 0x80100000));
	rig_off(&rig);
	b.coherent = true;
	on(b);
	assert_int_equal(dma_get_cache_alignment(k), 1);
	assert_false(dma_need_sync(k, 0, 0x80100000));
	assert_int_equal(dma_get_merge_boundary(k, 0), 0);
	rig_off(&rig);
	test_set(&b, "swiotlb", 1 * MIB);
	test_set(&b, "swiotlb_force", true);
	on(b);
	dma = dma_map_single(k, 0, kmalloc(k, 64, GFP_KERNEL), 64, DMA_TO_DEVICE);
	assert_true(dma_need_sync(k, 0, dma));
	rig_off(&rig);
}

static void the_limits_of_a_segment_are_told(void **state)
{
	const struct event *e;

	(void)state;
	on(board_default());
	dma_set_max_seg_size(k, 1, 4096);
	dma_set_seg_boundary(k, 1, 0xffff);
	dma_set_min_align_mask(k, 1, 0xfff);
	assert_int_equal(rig_count(&rig, EV_DMA_LIMITS, 1), 3);
	e = rig_last(&rig, EV_DMA_LIMITS);
	assert_int_equal(e->size, 4096);
	assert_int_equal(e->value, 0xffff);
	assert_int_equal(e->a, 0xfff);
	assert_int_equal(e->unit, 1);
	assert_int_equal(k->device_dma[0].max_segment, 65536);
	rig_off(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_has_32_bits_until_the_driver_says_otherwise),
		cmocka_unit_test(a_mask_must_reach_all_ram_or_all_of_zone_dma),
		cmocka_unit_test(a_mask_may_be_refused_by_a_hair),
		cmocka_unit_test(a_refused_mask_changes_nothing_and_is_told),
		cmocka_unit_test(each_mask_is_its_own),
		cmocka_unit_test(the_required_mask_covers_the_last_page),
		cmocka_unit_test(only_what_may_bounce_has_a_limit),
		cmocka_unit_test(where_devices_snoop_only_bounced_mappings_need_a_sync),
		cmocka_unit_test(the_limits_of_a_segment_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
