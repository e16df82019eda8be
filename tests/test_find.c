/* Which byte an address names, and what is found, on real boards. */
#include "view_rig.h"

#include "viz/find.h"
#include "viz/moment.h"

/* Four pages that lie apart are one piece for the bus. */
static const char merged[] =
	"machine{ board = 'x86-iommu' }\n"
	"p = {}\n"
	"for i = 1, 12 do p[i] = __get_free_pages(GFP_KERNEL, 0) end\n"
	"sgt = sg_alloc_table(4)\n"
	"k = 1\n"
	"for s in for_each_sgtable_sg(sgt) do\n"
	"	sg_set_page(s, virt_to_page(p[k]), 4096, 0)\n"
	"	k = k + 3\n"
	"end\n"
	"assert(dma_map_sgtable(dev, sgt, 'to_device') == 0)\n"
	"for i = 0, 3 do dev:dma_read(sg_dma_address(sgt.sgl) + 4096 * i, 64) end\n"
	"dma_unmap_sgtable(dev, sgt, 'to_device')\n";

/* What the device reads at a bus address lies where find says it does. */
static void a_bus_address_is_where_the_device_goes(void **state)
{
	struct rig r = rig_open(merged);
	uint64_t pages = 0, last = 0;

	(void)state;
	rig_seek(&r, EV_DEV_DONE, 3);
	for (uint64_t i = 0; i < player_at(r.player); i++) {
		struct event e = *player_event(r.player, i);
		uint64_t pa;

		if (e.kind != EV_DEV_READ)
			continue;
		assert_true(find_byte(r.player, e.addr, &pa));
		assert_int_equal(pa, e.addr2);
		pages += pa >> PAGE_SHIFT != last;
		last = pa >> PAGE_SHIFT;
	}
	assert_int_equal(pages, 4);
	rig_close(&r);
}

/* A leading 0 is no other way of counting. */
static void moments_are_numbered_as_people_count(void **state)
{
	struct rig r = rig_open("buf = kmalloc(64)\nfor i = 1, 20 do store(buf, i) end\n");
	char why[256];

	(void)state;
	assert_int_equal(moment_find(r.player, "010", why, sizeof why),
			 moment_find(r.player, "10", why, sizeof why));
	assert_int_equal(moment_find(r.player, "0x10", why, sizeof why),
			 moment_find(r.player, "16", why, sizeof why));
	assert_int_equal(moment_find(r.player, "0x", why, sizeof why), UINT64_MAX);
	assert_int_equal(moment_find(r.player, "12z", why, sizeof why), UINT64_MAX);
	assert_int_equal(moment_find(r.player, "-1", why, sizeof why), UINT64_MAX);
	rig_close(&r);
}

/* A long recording is looked through in pieces, and the answer is the same. */
static void a_search_can_go_on_later(void **state)
{
	static const char *const texts[] = { "mem.free", "0xffff8000deadbeef", "nothing", "dma.map" };
	struct rig r = rig_open("buf = kmalloc(64)\nfor i = 1, 500 do store(buf, i) end\n"
				"kfree(buf)\nload(kmalloc(64))\n");

	(void)state;
	player_seek(r.player, player_count(r.player) - 1);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct search whole, pieces;
		uint32_t turns = 1;

		find_begin(&whole, r.player, texts[i]);
		assert_false(find_more(&whole, r.player, UINT64_MAX));
		find_begin(&pieces, r.player, texts[i]);
		while (find_more(&pieces, r.player, 7))
			turns++;
		assert_true(turns > 70);
		assert_int_equal(whole.found.at, pieces.found.at);
		assert_int_equal(whole.found.round, pieces.found.round);
		assert_int_equal(found_any(&whole.found), i == 0);
	}
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bus_address_is_where_the_device_goes),
		cmocka_unit_test(a_search_can_go_on_later),
		cmocka_unit_test(moments_are_numbered_as_people_count),
	};

	return cmocka_run_group_tests_name("find", tests, NULL, NULL);
}
