#include "hw_rig.h"

/* 4 sets of 2 ways of 16 bytes: lines LINE apart, lines WAY apart share a set. */
#define LINE 16u
#define WAY  64u

static struct board two_levels(void)
{
	return test_with(test_with(tiny_board(), "l2_sets", 8), "l2_ways", 2);
}

static uint64_t fetch(struct rig *r, paddr_t pa, enum where at)
{
	uint64_t value = 0;

	assert_int_equal(cache_read(&r->hw.l1, pa, &value, 8), at);
	return value;
}

static void put(struct rig *r, paddr_t pa, uint64_t value, enum where at)
{
	assert_int_equal(cache_ready(&r->hw.l1, pa), at);
	cache_write(&r->hw.l1, pa, &value, 8);
}

static void a_read_that_misses_brings_the_whole_line_in(void **state)
{
	struct rig *r = rig_on(tiny_board());
	const struct event *e;

	(void)state;
	rig_set_ram(r, 0x1050, 8, 0x1111);
	rig_set_ram(r, 0x1058, 8, 0x2222);
	assert_int_equal(fetch(r, 0x1058, AT_RAM), 0x2222);
	assert_int_equal(rig_told(r), 1);
	e = rig_event(r, EV_CACHE_FILL, 0);
	assert_int_equal(e->addr, 0x1050);
	assert_int_equal(e->size, LINE);
	assert_int_equal(e->a, 1);
	assert_int_equal(e->b, 0);
	assert_int_equal(e->unit, 1);
	assert_int_equal(fetch(r, 0x1050, AT_L1), 0x1111);
	assert_int_equal(rig_told(r), 1);
	assert_int_equal(rig_state(r, 1, 0x1050), LINE_EXCLUSIVE);
	assert_int_equal(r->hw.l1.misses, 1);
	rig_off(r);
}

static void a_line_keeps_its_own_bytes_when_ram_changes(void **state)
{
	struct rig *r = rig_on(tiny_board());

	(void)state;
	fetch(r, 0x1000, AT_RAM);
	rig_set_ram(r, 0x1000, 8, 0xdddd);
	assert_int_equal(fetch(r, 0x1000, AT_L1), 0);
	cache_invalidate(&r->hw.l1, 0x1000);
	assert_int_equal(fetch(r, 0x1000, AT_RAM), 0xdddd);
	rig_off(r);
}

static void a_store_stays_in_the_line(void **state)
{
	struct rig *r = rig_on(tiny_board());

	(void)state;
	put(r, 0x1008, 0xabcd, AT_L1);
	assert_int_equal(rig_state(r, 1, 0x1000), LINE_MODIFIED);
	assert_int_equal(fetch(r, 0x1008, AT_L1), 0xabcd);
	assert_int_equal(rig_ram(r, 0x1008, 8), 0);
	assert_int_equal(rig_count(r, EV_CACHE_FILL), 1);
	assert_int_equal(rig_told(r), 1);
	rig_off(r);
}

/* Which of the first `ways` lines of a set leaves when one more comes, after these were used again. */
static uint32_t who_leaves(enum policy policy, uint32_t ways, const char *used_again)
{
	struct board b = test_with(test_with(tiny_board(), "l1_ways", ways), "l1_policy", policy);
	struct rig *r = rig_on(b);
	uint32_t left;

	for (uint32_t i = 0; i < ways; i++)
		fetch(r, i * WAY, AT_RAM);
	for (; *used_again; used_again++)
		fetch(r, (paddr_t)(*used_again - '0') * WAY, AT_L1);
	rig_mark(r);
	fetch(r, ways * WAY, AT_RAM);
	assert_int_equal(rig_event(r, EV_CACHE_DROP, 0)->a, DROP_EVICT);
	assert_int_equal(rig_count(r, EV_CACHE_DROP), 1);
	left = (uint32_t)(rig_event(r, EV_CACHE_DROP, 0)->addr / WAY);
	rig_off(r);
	return left;
}

static void a_full_set_makes_room_by_its_policy(void **state)
{
	static const struct { enum policy policy; uint32_t ways; const char *used; uint32_t leaves; } rows[] = {
		{ POLICY_LRU, 1, "", 0 }, { POLICY_LRU, 2, "", 0 }, { POLICY_LRU, 2, "0", 1 },
		{ POLICY_LRU, 4, "0", 1 }, { POLICY_LRU, 4, "0132", 0 }, { POLICY_LRU, 3, "20", 1 },
		{ POLICY_FIFO, 2, "0", 0 }, { POLICY_FIFO, 4, "3210", 0 },
		{ POLICY_PLRU, 2, "", 0 }, { POLICY_PLRU, 2, "0", 1 }, { POLICY_PLRU, 4, "", 0 },
		/* the tree only knows the half used last, and in each half the line used last */
		{ POLICY_PLRU, 4, "0", 2 }, { POLICY_PLRU, 4, "02", 1 }, { POLICY_PLRU, 4, "0312", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(who_leaves(rows[i].policy, rows[i].ways, rows[i].used), rows[i].leaves);
}

/* Bit i: way i gave up its line at some time, while many lines passed through one set. */
static uint32_t ways_given_up(enum policy policy, uint32_t ways)
{
	struct board b = test_with(test_with(tiny_board(), "l1_ways", ways), "l1_policy", policy);
	struct rig *r = rig_on(b);
	uint32_t given = 0;

	for (uint32_t i = 0; i < 200; i++)
		fetch(r, i * WAY, AT_RAM);
	for (uint64_t i = 0; i < rig_count(r, EV_CACHE_DROP); i++)
		given |= 1u << rig_event(r, EV_CACHE_DROP, i)->b;
	assert_int_equal(rig_count(r, EV_CACHE_DROP), 200 - ways);
	rig_off(r);
	return given;
}

static void every_policy_uses_all_ways_of_a_set(void **state)
{
	static const uint32_t ways[] = { 1, 2, 4, 8, 16 };

	(void)state;
	for (enum policy p = POLICY_LRU; p <= POLICY_RANDOM; p++)
		for (size_t i = 0; i < 5; i++)
			assert_int_equal(ways_given_up(p, ways[i]), (1u << ways[i]) - 1);
}

static void an_invalid_way_is_used_before_any_line_leaves(void **state)
{
	struct rig *r = rig_on(tiny_board());

	(void)state;
	fetch(r, 0, AT_RAM);
	fetch(r, WAY, AT_RAM);
	cache_invalidate(&r->hw.l1, WAY);
	rig_mark(r);
	fetch(r, 2 * WAY, AT_RAM);
	assert_int_equal(rig_count(r, EV_CACHE_DROP), 0);
	assert_int_equal(rig_event(r, EV_CACHE_FILL, 0)->b, 1);
	fetch(r, 0, AT_L1);
	rig_off(r);
}

static void a_dirty_line_is_written_back_before_it_leaves(void **state)
{
	static const enum event_kind order[] = { EV_CACHE_WRITEBACK, EV_CACHE_DROP, EV_CACHE_FILL };
	struct rig *r = rig_on(test_with(tiny_board(), "l1_ways", 1));

	(void)state;
	put(r, 8, 0xd1d1, AT_L1);
	rig_mark(r);
	fetch(r, WAY, AT_RAM);
	assert_int_equal(rig_told(r), 3);
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(trace_at(&r->trace, r->mark + i)->kind, order[i]);
	assert_int_equal(rig_event(r, EV_CACHE_DROP, 0)->value, false);
	assert_int_equal(rig_ram(r, 8, 8), 0xd1d1);
	rig_off(r);
}

/* What one operation does to a line that is clean or dirty. */
static void maintenance_does_what_its_name_says(void **state)
{
	enum { KEPT = 1, WRITTEN = 2, DROPPED = 4, LOST = 8 };
	static const struct { void (*op)(struct cache *, paddr_t); int clean, dirty; } rows[] = {
		{ cache_clean, KEPT, KEPT | WRITTEN },
		{ cache_invalidate, DROPPED, DROPPED | LOST },
		{ cache_evict, DROPPED, DROPPED | WRITTEN },
		{ cache_fetch, KEPT, KEPT },
	};

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		struct rig *r = rig_on(tiny_board());
		bool dirty = i & 1;
		int want = dirty ? rows[i / 2].dirty : rows[i / 2].clean;

		fetch(r, 0x1000, AT_RAM);
		if (dirty)
			put(r, 0x1000, 0xbeef, AT_L1);
		rig_mark(r);
		rows[i / 2].op(&r->hw.l1, 0x1008);
		assert_int_equal(rig_state(r, 1, 0x1000) != LINE_INVALID, want & KEPT);
		assert_int_equal(rig_count(r, EV_CACHE_WRITEBACK), want & WRITTEN ? 1 : 0);
		assert_int_equal(rig_count(r, EV_CACHE_DROP), want & DROPPED ? 1 : 0);
		assert_true(!(want & DROPPED) || rig_event(r, EV_CACHE_DROP, 0)->value == (want & LOST ? 1 : 0));
		assert_int_equal(rig_ram(r, 0x1000, 8), want & WRITTEN ? 0xbeef : 0);
		rig_off(r);
	}
}

static void maintenance_of_a_line_that_is_not_here_does_nothing(void **state)
{
	struct rig *r = rig_on(tiny_board());

	(void)state;
	put(r, 0x1000, 1, AT_L1);
	rig_mark(r);
	cache_clean(&r->hw.l1, 0x1000 + WAY);
	cache_invalidate(&r->hw.l1, 0x1000 + LINE);
	cache_evict(&r->hw.l1, 0x1000 - LINE);
	cache_snoop(&r->hw.l1, 0x1000 + WAY, true);
	assert_null(cache_find(&r->hw.l1, 0x1000 + WAY));
	assert_int_equal(rig_told(r), 0);
	assert_int_equal(rig_state(r, 1, 0x1000), LINE_MODIFIED);
	rig_off(r);
}

static void a_write_through_store_reaches_ram_at_once_and_leaves_the_line_clean(void **state)
{
	struct rig *r = rig_on(test_with(tiny_board(), "l1_write", WRITE_THROUGH));
	const struct event *e;

	(void)state;
	put(r, 0x1008, 0x77, AT_L1);
	assert_int_equal(rig_ram(r, 0x1008, 8), 0x77);
	assert_int_equal(rig_state(r, 1, 0x1000), LINE_EXCLUSIVE);
	e = rig_event(r, EV_CACHE_THROUGH, 0);
	assert_int_equal(e->addr, 0x1008);
	assert_int_equal(e->value, 0x77);
	assert_int_equal(e->size, 8);
	rig_off(r);
}

/* Where a store that misses everywhere ends, by what each level does. */
static void a_store_goes_as_far_down_as_the_levels_let_it(void **state)
{
	static const struct {
		bool through1, alloc1, through2, alloc2;
		enum where at;
		bool l1, l2, ram;
	} rows[] = {
		{ false, true, false, true, AT_L1, true, false, false },
		{ false, true, true, false, AT_L1, true, false, false },
		{ false, false, false, true, AT_L2, false, true, false },
		{ false, false, false, false, AT_RAM, false, false, true },
		{ false, false, true, true, AT_L2, false, true, true },
		{ true, true, false, true, AT_L1, true, true, false },
		{ true, true, true, true, AT_L1, true, true, true },
		{ true, false, false, false, AT_RAM, false, false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct board b = two_levels();
		const struct line *l1, *l2;
		struct rig *r;

		test_set(&b, "l1_write", rows[i].through1), test_set(&b, "l1_allocate", rows[i].alloc1);
		test_set(&b, "l2_write", rows[i].through2), test_set(&b, "l2_allocate", rows[i].alloc2);
		r = rig_on(b);
		put(r, 0x1000, 0x5151, rows[i].at);
		l1 = cache_find(&r->hw.l1, 0x1000), l2 = cache_find(&r->hw.l2, 0x1000);
		assert_int_equal(l1 && bytes_get(l1->bytes, 8) == 0x5151, rows[i].l1);
		assert_int_equal(l2 && bytes_get(l2->bytes, 8) == 0x5151, rows[i].l2);
		assert_int_equal(rig_ram(r, 0x1000, 8) == 0x5151, rows[i].ram);
		assert_int_equal(fetch(r, 0x1000, rows[i].l1 ? AT_L1 : rows[i].l2 ? AT_L2 : AT_RAM), 0x5151);
		rig_off(r);
	}
}

static void a_dirty_line_of_the_first_level_goes_to_the_second_if_that_allocates(void **state)
{
	(void)state;
	for (uint64_t allocate = 0; allocate < 2; allocate++) {
		struct rig *r = rig_on(test_with(two_levels(), "l2_allocate", allocate));

		put(r, 0x1000, 0x99, AT_L1);
		cache_invalidate(&r->hw.l2, 0x1000);
		rig_mark(r);
		cache_clean(&r->hw.l1, 0x1000);
		assert_int_equal(rig_count(r, EV_CACHE_TAKE), allocate);
		assert_int_equal(rig_state(r, 2, 0x1000), allocate ? LINE_MODIFIED : LINE_INVALID);
		assert_int_equal(rig_ram(r, 0x1000, 8), allocate ? 0 : 0x99);
		cache_invalidate(&r->hw.l1, 0x1000);
		assert_int_equal(fetch(r, 0x1000, allocate ? AT_L2 : AT_RAM), 0x99);
		rig_off(r);
	}
}

static void a_write_through_second_level_passes_a_line_written_back_on_to_ram(void **state)
{
	struct rig *r = rig_on(test_with(two_levels(), "l2_write", WRITE_THROUGH));

	(void)state;
	put(r, 0x1000, 0x99, AT_L1);
	rig_mark(r);
	cache_clean(&r->hw.l1, 0x1000);
	assert_int_equal(rig_count(r, EV_CACHE_WRITEBACK), 2);
	assert_int_equal(rig_state(r, 2, 0x1000), LINE_EXCLUSIVE);
	assert_int_equal(rig_ram(r, 0x1000, 8), 0x99);
	rig_off(r);
}

static void a_snoop_finds_the_newest_bytes(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct rig *r = rig_on(tiny_board());
		bool write = i & 1, dirty = i & 2;

		fetch(r, 0x1000, AT_RAM);
		if (dirty)
			put(r, 0x1000, 0x42, AT_L1);
		rig_mark(r);
		cache_snoop(&r->hw.l1, 0x1008, write);
		assert_int_equal(rig_ram(r, 0x1000, 8), dirty ? 0x42 : 0);
		assert_int_equal(rig_state(r, 1, 0x1000), write ? LINE_INVALID : LINE_SHARED);
		assert_int_equal(rig_count(r, EV_CACHE_WRITEBACK), dirty);
		assert_int_equal(rig_count(r, EV_CACHE_DROP), write);
		assert_int_equal(rig_count(r, EV_CACHE_SHARE), !write);
		cache_snoop(&r->hw.l1, 0x1008, false);
		assert_int_equal(rig_told(r), 1 + dirty);
		rig_off(r);
	}
}

/* What one access of 8 bytes owes, in cycles. */
static void an_access_costs_what_the_board_says(void **state)
{
	static const struct { uint64_t l2_sets; bool in_l2; uint64_t miss, hit; } rows[] = {
		{ 0, false, 60 + 2 * 4, 0 },
		{ 8, false, 60 + 2 * 4 + 10, 0 },
		{ 8, true, 10, 0 },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct rig *r = rig_on(test_with(tiny_board(), "l2_sets", rows[i].l2_sets));

		if (rows[i].in_l2)
			cache_fetch(&r->hw.l2, 0x1000);
		r->hw.bus.owed = r->hw.bus.free_at = 0;
		cache_fetch(&r->hw.l1, 0x1000);
		assert_int_equal(r->hw.bus.owed, rows[i].miss);
		cache_fetch(&r->hw.l1, 0x1008);
		assert_int_equal(r->hw.bus.owed, rows[i].miss + rows[i].hit);
		rig_off(r);
	}
}

static void a_page_nobody_watches_leaves_no_event(void **state)
{
	struct rig *r = rig_on(tiny_board());

	(void)state;
	r->hw.bus.watch_all = false;
	bus_watch(&r->hw.bus, 0x2000, 1, true);
	put(r, 0x1000, 1, AT_L1);
	cache_snoop(&r->hw.l1, 0x1000, false);
	cache_evict(&r->hw.l1, 0x1000);
	assert_int_equal(rig_told(r), 0);
	fetch(r, 0x2ff0, AT_RAM);
	fetch(r, 0x3000, AT_RAM);
	assert_int_equal(rig_told(r), 1);
	rig_off(r);
}

static void a_remembered_hit_is_forgotten_when_its_line_changes_or_leaves(void **state)
{
	static void (*const ops[])(struct cache *, paddr_t) = { cache_clean, cache_invalidate, cache_evict };

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct rig *r = rig_on(tiny_board());
		struct spot *s = &r->hw.spots[0x1000 / LINE % SPOTS];

		put(r, 0x1000, 0x33, AT_L1);
		*s = cache_spot(&r->hw.l1, LINEAR_BASE + 0x1008, 0x1008);
		assert_int_equal(s->va, LINEAR_BASE + 0x1000);
		assert_int_equal(bytes_get(s->bytes, 8), 0x33);
		assert_true(s->writable);
		if (i < 3)
			ops[i](&r->hw.l1, 0x1000);
		else
			cache_snoop(&r->hw.l1, 0x1000, i == 3);
		assert_int_equal(s->va, SPOT_EMPTY);
		rig_off(r);
	}
}

static void only_a_hit_can_be_remembered_and_only_a_dirty_line_written(void **state)
{
	struct rig *r = rig_on(tiny_board());

	(void)state;
	assert_int_equal(cache_spot(&r->hw.l1, LINEAR_BASE, 0).va, SPOT_EMPTY);
	fetch(r, 0, AT_RAM);
	assert_int_equal(cache_spot(&r->hw.l1, LINEAR_BASE, 0).va, LINEAR_BASE);
	assert_false(cache_spot(&r->hw.l1, LINEAR_BASE, 0).writable);
	rig_off(r);
}

static void a_copied_cache_goes_its_own_way(void **state)
{
	struct rig *r = rig_on(tiny_board());
	struct cache copy;

	(void)state;
	put(r, 0x1000, 0x10, AT_L1);
	cache_copy(&copy, &r->hw.l1);
	assert_int_equal(cow_owned(&copy.store), 0);
	put(r, 0x1000, 0x20, AT_L1);
	assert_int_equal(bytes_get(cache_find(&copy, 0x1000)->bytes, 8), 0x10);
	assert_int_equal(bytes_get(cache_find(&r->hw.l1, 0x1000)->bytes, 8), 0x20);
	cache_release(&copy);
	rig_off(r);
}

/* The largest and the smallest board of each kind: every line has a place of its own. */
static void every_set_and_way_of_every_shape_can_be_filled(void **state)
{
	static const uint64_t shape[][3] = {
		{ 1, 1, 8 }, { 1, 16, 256 }, { 64, 3, 8 }, { 256, 4, 64 }, { 4096, 1, 16 } };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct board b = test_with(test_with(tiny_board(), "l1_sets", shape[i][0]), "ram", MIB);
		struct rig *r = rig_on(test_with(test_with(b, "l1_ways", shape[i][1]), "line", shape[i][2]));
		uint64_t lines = shape[i][0] * shape[i][1], line = shape[i][2];

		for (uint64_t k = 0; k < lines; k++)
			put(r, k * line, k, AT_L1);
		for (uint64_t k = 0; k < lines; k++)
			assert_int_equal(fetch(r, k * line, AT_L1), k);
		assert_int_equal(r->hw.l1.misses, lines);
		assert_int_equal(rig_count(r, EV_CACHE_DROP), 0);
		rig_off(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_read_that_misses_brings_the_whole_line_in),
		cmocka_unit_test(a_line_keeps_its_own_bytes_when_ram_changes),
		cmocka_unit_test(a_store_stays_in_the_line),
		cmocka_unit_test(a_full_set_makes_room_by_its_policy),
		cmocka_unit_test(every_policy_uses_all_ways_of_a_set),
		cmocka_unit_test(an_invalid_way_is_used_before_any_line_leaves),
		cmocka_unit_test(a_dirty_line_is_written_back_before_it_leaves),
		cmocka_unit_test(maintenance_does_what_its_name_says),
		cmocka_unit_test(maintenance_of_a_line_that_is_not_here_does_nothing),
		cmocka_unit_test(a_write_through_store_reaches_ram_at_once_and_leaves_the_line_clean),
		cmocka_unit_test(a_store_goes_as_far_down_as_the_levels_let_it),
		cmocka_unit_test(a_dirty_line_of_the_first_level_goes_to_the_second_if_that_allocates),
		cmocka_unit_test(a_write_through_second_level_passes_a_line_written_back_on_to_ram),
		cmocka_unit_test(a_snoop_finds_the_newest_bytes),
		cmocka_unit_test(an_access_costs_what_the_board_says),
		cmocka_unit_test(a_page_nobody_watches_leaves_no_event),
		cmocka_unit_test(a_remembered_hit_is_forgotten_when_its_line_changes_or_leaves),
		cmocka_unit_test(only_a_hit_can_be_remembered_and_only_a_dirty_line_written),
		cmocka_unit_test(a_copied_cache_goes_its_own_way),
		cmocka_unit_test(every_set_and_way_of_every_shape_can_be_filled),
	};

	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
