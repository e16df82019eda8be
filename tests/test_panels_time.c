/* Sentence, truth table, broken rule, owners, timeline and legend: what they draw. */
#include "recorded.h"

#include "viz/copies.h"
#include "viz/picture.h"
#include "viz/timeline.h"

static struct recorded recorded;
static struct scene scene;
static struct look look;
static struct picture picture;

static int begin(void **state)
{
	(void)state;
	recorded_begin(&recorded);
	scene_init(&scene);
	look = look_default();
	picture = (struct picture){ .scene = &scene, .look = &look };
	return 0;
}

static int end(void **state)
{
	(void)state;
	scene_release(&scene);
	recorded_end(&recorded);
	return 0;
}

static void draw_at(uint64_t position, float width, float height)
{
	picture.player = recorded.player ? recorded.player : recorded_play(&recorded);
	player_seek(recorded.player, position);
	picture_draw(&picture, width, height);
}

static bool within(struct box in, struct box b)
{
	return b.x >= in.x - 0.5f && b.y >= in.y - 0.5f && b.x + b.w <= in.x + in.w + 0.5f &&
	       b.y + b.h <= in.y + in.h + 0.5f;
}

static bool touch(struct box a, struct box b)
{
	return a.x + a.w > b.x + 0.5f && b.x + b.w > a.x + 0.5f && a.y + a.h > b.y + 0.5f &&
	       b.y + b.h > a.y + 0.5f;
}

/* Primitive number n of this shape and thing in a panel; the test fails when there are fewer. */
static const struct prim *find(enum panel panel, enum shape shape, enum thing_kind kind, uint32_t n)
{
	for (uint32_t i = 0; i < scene.count; i++) {
		const struct prim *p = &scene.prim[i];

		if (p->shape == shape && p->thing.kind == kind &&
		    within(picture.box[panel], p->box) &&
		    (p->fill || p->edge) && !n--)
			return p;
	}
	fail_msg("panel %s has too few of these", panel_info[panel].name);
	return NULL;
}

static bool says(enum panel panel, const char *what)
{
	for (uint32_t i = 0; i < scene.count; i++) {
		const struct prim *p = &scene.prim[i];

		if (p->shape == SHAPE_TEXT && within(picture.box[panel], p->box) &&
		    strstr(scene_words(&scene, p), what))
			return true;
	}
	return false;
}

static void the_table_has_every_copy(void **state)
{
	struct tour t = play_tour(&recorded, 2);
	struct copies c;

	(void)state;
	access_at(&recorded, EV_CPU_STORE, TOUR_PA, 0x44, AT_STORE_BUFFER);
	recorded_play(&recorded);
	player_seek(recorded.player, t.stale);
	c = copies_of(player_model(recorded.player), TOUR_PA);
	assert_int_equal(c.count, 3);
	assert_string_equal(c.copy[0].name, "L1");
	assert_int_equal(c.copy[0].age, AGE_STALE);
	assert_int_equal(c.copy[1].age, AGE_STALE);
	assert_int_equal(c.copy[2].age, AGE_FRESH);
	assert_int_equal(c.copy[0].letter, c.copy[1].letter);
	assert_int_not_equal(c.copy[0].letter, c.copy[2].letter);
	assert_int_equal(c.cpu, 0);
	assert_int_equal(c.device, 2);
	player_seek(recorded.player, player_count(recorded.player));
	c = copies_of(player_model(recorded.player), TOUR_PA);
	assert_int_equal(c.count, 4);
	assert_int_equal(c.copy[0].value, 0x44);
	assert_int_equal(c.copy[0].age, AGE_FRESH);
	for (uint32_t i = 1; i < 4; i++)
		assert_int_equal(c.copy[i].age, AGE_BEHIND);
}

static void the_table_shows_marks_and_leads_to_the_writer(void **state)
{
	struct tour t = play_tour(&recorded, 2);
	const struct prim *stale, *fresh;

	(void)state;
	draw_at(t.stale, 1280, 800);
	stale = find(PANEL_BYTE, SHAPE_RECT, THING_EVENT, 0);
	assert_true(stale->marks & MARK_HATCH);
	assert_int_equal(stale->thing.id, t.store);
	fresh = find(PANEL_BYTE, SHAPE_RECT, THING_EVENT, 4);
	assert_int_equal(fresh->marks, 0);
	assert_int_equal(fresh->thing.id, t.wrote);
	assert_true(says(PANEL_BYTE, "CPU would read 11: old"));
	assert_true(says(PANEL_BYTE, "device would read 22"));
	assert_true(says(PANEL_BYTE, "edu owns it, bus 0x80004000"));
	look.filtered = 1u << LEGEND_STALE;
	draw_at(t.stale, 1280, 800);
	assert_true(find(PANEL_BYTE, SHAPE_RECT, THING_EVENT, 0)->marks & MARK_FADED);
}

static void a_bounced_byte_has_two_places(void **state)
{
	struct copies c;

	(void)state;
	switch_on(&recorded, 1);
	happens(&recorded, (struct event){ .kind = EV_BOUNCE_POOL, .addr = 0x10000, .size = 0x4000,
		.a = 8 });
	allocate(&recorded, TOUR_PA, 16);
	handover(&recorded, EV_DMA_MAP, TOUR_PA, 16, DMA_FROM_DEVICE);
	happens(&recorded, (struct event){ .kind = EV_BOUNCE_MAP, .addr = TOUR_PA, .addr2 = 0x10000,
		.value = 0x80010000, .size = 16 });
	device_writes(&recorded, 0x10000, 0x55);
	recorded_play(&recorded);
	player_seek(recorded.player, player_count(recorded.player));
	c = copies_of(player_model(recorded.player), TOUR_PA);
	assert_int_equal(c.count, 2);
	assert_string_equal(c.copy[1].name, "bounce");
	assert_int_equal(c.copy[1].value, 0x55);
	assert_int_equal(c.copy[0].age, AGE_STALE);
	assert_int_equal(c.cpu, 0);
	assert_int_equal(c.device, 1);
}

/* Of what nature does unasked each has its dot, small enough to stand beside a flag. */
static void what_nature_chose_is_marked(void **state)
{
	const struct prim *dot;
	uint64_t at;
	struct span s;

	(void)state;
	play_tour(&recorded, 1);
	at = happens(&recorded, (struct event){ .kind = EV_CHOICE, .addr = 7, .size = 2, .b = 1 });
	draw_at(at, 1280, 800);
	assert_int_equal(player_landmarks(recorded.player, LANDMARK_CHOICE), 1);
	s = timeline_span(&picture, PANEL_TIMELINE);
	dot = find(PANEL_TIMELINE, SHAPE_RECT, THING_EVENT, 0);
	while (dot->thing.id != at || !(dot->marks & MARK_ROUND))
		assert_true(++dot < scene.prim + scene.count);
	assert_true(dot->box.x < span_x(&s, at - 1) && dot->box.x + dot->box.w > span_x(&s, at - 1));
	assert_int_equal(dot->fill, ROLE_INK);
	assert_true(says(PANEL_SENTENCE, "nature chose"));
}

static void a_flag_stands_where_the_rule_broke(void **state)
{
	struct tour t = play_tour(&recorded, 1);
	const struct prim *flag;
	struct span s;

	(void)state;
	draw_at(t.stale, 1280, 800);
	assert_int_equal(player_flags(recorded.player), 1);
	s = timeline_span(&picture, PANEL_TIMELINE);
	flag = find(PANEL_TIMELINE, SHAPE_RECT, THING_FLAG, 0);
	assert_int_equal(flag->fill, ROLE_WARN);
	assert_true(flag->box.x == span_x(&s, t.stale));
	look.filtered = 1u << LEGEND_WARN;
	draw_at(t.stale, 1280, 800);
	assert_true(find(PANEL_TIMELINE, SHAPE_RECT, THING_FLAG, 0)->marks & MARK_FADED);
}

static void the_broken_rule_is_told(void **state)
{
	struct tour t = play_tour(&recorded, 1);
	const struct prim *badge;

	(void)state;
	draw_at(t.wrote, 1280, 800);
	assert_true(says(PANEL_BROKEN, "no rule is broken so far"));
	draw_at(t.stale, 1280, 800);
	badge = find(PANEL_BROKEN, SHAPE_RECT, THING_FLAG, 0);
	assert_int_equal(badge->fill, ROLE_WARN);
	assert_true(says(PANEL_BROKEN, "stale-read"));
	assert_true(says(PANEL_BROKEN, "[1 of 1]"));
	assert_true(says(PANEL_BROKEN, "missing: dma_sync_single_for_cpu"));
	assert_true(says(PANEL_BROKEN, "the CPU saw 0x11, by the CPU at event"));
	assert_true(says(PANEL_SENTENCE, "stale-read"));
	draw_at(t.cured, 1280, 800);
	assert_int_equal(find(PANEL_BROKEN, SHAPE_RECT, THING_FLAG, 0)->fill, ROLE_PANEL);
	assert_false(says(PANEL_SENTENCE, "stale-read"));
}

/* Every moment that the panel names can be gone to, and the store is one of them. */
static void the_moments_of_a_broken_rule_are_links(void **state)
{
	struct tour t = play_tour(&recorded, 1);
	bool store = false;

	(void)state;
	draw_at(t.stale, 1280, 800);
	for (uint32_t i = 0; i < scene.count; i++) {
		const struct prim *p = &scene.prim[i];

		if (p->thing.kind != THING_EVENT || !within(picture.box[PANEL_BROKEN], p->box))
			continue;
		assert_in_range(p->thing.id, 1, player_count(recorded.player));
		store = store || p->thing.id == t.store;
	}
	assert_true(store);
}

static void lanes_change_owner_at_the_sync(void **state)
{
	struct tour t = play_tour(&recorded, 1);
	const struct prim *first, *second, *third;
	struct span s;

	(void)state;
	draw_at(t.unmap, 1280, 800);
	s = timeline_span(&picture, PANEL_OWNERS);
	first = find(PANEL_OWNERS, SHAPE_RECT, THING_MAPPING, 0);
	second = find(PANEL_OWNERS, SHAPE_RECT, THING_MAPPING, 1);
	third = find(PANEL_OWNERS, SHAPE_RECT, THING_MAPPING, 2);
	assert_int_equal(first->fill, ROLE_DEVICE);
	assert_true(first->marks & MARK_DOUBLE);
	assert_int_equal(second->fill, ROLE_CPU);
	assert_int_equal(third->fill, ROLE_DEVICE);
	assert_float_equal(first->box.x, span_x(&s, t.map), 0.1);
	assert_float_equal(second->box.x, span_x(&s, t.sync), 0.1);
	assert_float_equal(third->box.x + third->box.w, span_x(&s, t.unmap), 0.1);
	assert_true(says(PANEL_OWNERS, "edu, from device: 16 bytes at 0x80004000"));
}

/* Where many lived, the one that was chosen is there still. */
/* Thousands of changes of owner take no more than the points there are. */
static void many_turns_are_drawn_as_few(void **state)
{
	(void)state;
	switch_on(&recorded, 1);
	handover(&recorded, EV_DMA_MAP, TOUR_PA, 16, DMA_FROM_DEVICE);
	for (int i = 0; i < 5000; i++) {
		handover(&recorded, EV_DMA_SYNC_CPU, TOUR_PA, 16, DMA_FROM_DEVICE);
		handover(&recorded, EV_DMA_SYNC_DEVICE, TOUR_PA, 16, DMA_FROM_DEVICE);
	}
	draw_at(recorded.trace.next - 1, 1280, 800);
	assert_true(scene.count < 5000);
	assert_true(find(PANEL_OWNERS, SHAPE_RECT, THING_MAPPING, 20) != NULL);
}

static void the_chosen_mapping_is_always_there(void **state)
{
	uint64_t chosen = 0;

	(void)state;
	switch_on(&recorded, 1);
	for (uint64_t pa = 0x8000; pa < 0x8000 + 40 * 64; pa += 64) {
		uint64_t seq = handover(&recorded, EV_DMA_MAP, pa, 16, DMA_TO_DEVICE);

		chosen = chosen ? chosen : seq;
	}
	draw_at(recorded.trace.next - 1, 1280, 800);
	assert_false(says(PANEL_OWNERS, "0x80008000"));
	look.selected = thing_of(THING_MAPPING, 0, chosen);
	draw_at(recorded.trace.next - 1, 1280, 800);
	assert_true(says(PANEL_OWNERS, "0x80008000"));
}

/* Of more lives than are looked at: who lives now, and later ones of which nothing is shown. */
static void what_lives_now_is_there_however_many_come_between_or_later(void **state)
{
	uint64_t pa = 0x8000, now;

	(void)state;
	switch_on(&recorded, 1);
	handover(&recorded, EV_DMA_MAP, pa - 64, 16, DMA_TO_DEVICE);
	for (int i = 0; i < 25000; i++) {
		handover(&recorded, EV_DMA_MAP, pa, 16, DMA_TO_DEVICE);
		handover(&recorded, EV_DMA_UNMAP, pa, 16, DMA_TO_DEVICE);
	}
	now = recorded.trace.next - 1;
	for (int i = 0; i < 25000; i++) {
		handover(&recorded, EV_DMA_MAP, pa + 64, 16, DMA_TO_DEVICE);
		handover(&recorded, EV_DMA_UNMAP, pa + 64, 16, DMA_TO_DEVICE);
	}
	draw_at(now, 1280, 800);
	assert_true(says(PANEL_OWNERS, "0x80007fc0"));
	look.to = 200;
	draw_at(60, 1280, 800);
	assert_true(says(PANEL_OWNERS, "0x80007fc0"));
}

static void a_moment_has_the_same_x_in_both(void **state)
{
	struct tour t = play_tour(&recorded, 1);
	struct span owners, timeline;

	(void)state;
	draw_at(t.stale, 1000, 700);
	owners = timeline_span(&picture, PANEL_OWNERS);
	timeline = timeline_span(&picture, PANEL_TIMELINE);
	for (uint64_t at = 0; at <= player_count(recorded.player); at++) {
		assert_true(span_x(&owners, at) == span_x(&timeline, at));
		assert_int_equal(timeline_position(&picture, span_x(&timeline, at)), at);
	}
	assert_int_equal(timeline_position(&picture, -100), 0);
	assert_int_equal(timeline_position(&picture, 5000), player_count(recorded.player));
}

static void the_span_is_zoomed_and_follows(void **state)
{
	(void)state;
	timeline_zoom(&look, 1000, 500, 2);
	assert_int_equal(look.to - look.from, 500);
	assert_int_equal(look.from, 250);
	timeline_zoom(&look, 1000, 250, 1000);
	assert_int_equal(look.to - look.from, TIMELINE_NEAREST);
	timeline_follow(&look, 1000, 900);
	assert_int_equal(look.to, 900);
	timeline_follow(&look, 1000, 10);
	assert_int_equal(look.from, 10);
	timeline_zoom(&look, 1000, 10, 0.001f);
	assert_int_equal(look.to, 0);
}

/* Near: a cell each; farther: bars; far: what the player counted. */
static void many_events_are_drawn_as_few(void **state)
{
	(void)state;
	switch_on(&recorded, 1);
	for (uint32_t i = 0; i < 50000; i++)
		access_at(&recorded, EV_CPU_STORE, 0x8000 + i % 64, i, AT_RAM);
	draw_at(30000, 1280, 800);
	assert_in_range(scene.count, 1, 8000);
	find(PANEL_TIMELINE, SHAPE_RECT, THING_TIME, 3);
	look.from = 29990;
	look.to = 30010;
	draw_at(30000, 1280, 800);
	find(PANEL_TIMELINE, SHAPE_RECT, THING_EVENT, 19);
}

static void the_legend_names_every_meaning(void **state)
{
	play_tour(&recorded, 1);
	(void)state;
	for (uint32_t large = 0; large < 2; large++) {
		look.text = large ? TEXT_LARGE : TEXT_ORDINARY;
		for (float width = 900; width < 2000; width += 510) {
			draw_at(5, width, 600);
			for (uint64_t row = 0; row < LEGEND_COUNT; row++)
				assert_int_equal(find(PANEL_LEGEND, SHAPE_TEXT, THING_LEGEND,
						      (uint32_t)row)->thing.id, row);
		}
	}
}

static const enum panel mine[] = {
	PANEL_SENTENCE, PANEL_BYTE, PANEL_BROKEN, PANEL_OWNERS, PANEL_TIMELINE, PANEL_LEGEND
};

/* Texts are readable, stay in their panel and leave each other alone. */
static void must_fit(enum panel panel)
{
	struct box box = picture.box[panel];
	const struct prim *text[512];
	uint32_t n = 0;

	for (uint32_t i = 0; i < scene.count; i++) {
		const struct prim *p = &scene.prim[i];
		struct box middle = { p->box.x + p->box.w / 2, p->box.y + p->box.h / 2, 0, 0 };

		if (p->shape != SHAPE_TEXT || !within(box, middle))
			continue;
		assert_true(p->size >= TEXT_MIN);
		if (!within((struct box){ box.x, box.y - 2, box.w, box.h + 4 }, p->box))
			fail_msg("%s: leaves its panel: %s", panel_info[panel].name,
				 scene_words(&scene, p));
		for (uint32_t j = 0; j < n; j++)
			if (touch(text[j]->box, p->box))
				fail_msg("%s: %s covers %s", panel_info[panel].name,
					 scene_words(&scene, p), scene_words(&scene, text[j]));
		if (n < 512)
			text[n++] = p;
	}
}

static void texts_fit_at_any_size(void **state)
{
	static const struct { float w, h; } sizes[] = {
		{ 640, 400 }, { 900, 600 }, { 1024, 768 }, { 1280, 800 }, { 1920, 1080 },
		{ 3840, 2160 }
	};
	struct tour t = play_tour(&recorded, 2);

	(void)state;
	for (uint32_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
		look.text = i % 2 ? TEXT_LARGE : TEXT_ORDINARY;
		for (uint64_t at = 0; at <= t.unmap; at++) {
			draw_at(at, sizes[i / 2].w, sizes[i / 2].h);
			for (size_t j = 0; j < sizeof mine / sizeof mine[0]; j++)
				if (picture.box[mine[j]].w > 0)
					must_fit(mine[j]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_table_has_every_copy, begin, end),
		cmocka_unit_test_setup_teardown(the_table_shows_marks_and_leads_to_the_writer,
						begin, end),
		cmocka_unit_test_setup_teardown(a_bounced_byte_has_two_places, begin, end),
		cmocka_unit_test_setup_teardown(a_flag_stands_where_the_rule_broke, begin, end),
		cmocka_unit_test_setup_teardown(what_nature_chose_is_marked, begin, end),
		cmocka_unit_test_setup_teardown(the_broken_rule_is_told, begin, end),
		cmocka_unit_test_setup_teardown(the_moments_of_a_broken_rule_are_links, begin, end),
		cmocka_unit_test_setup_teardown(lanes_change_owner_at_the_sync, begin, end),
		cmocka_unit_test_setup_teardown(the_chosen_mapping_is_always_there, begin, end),
		cmocka_unit_test_setup_teardown(many_turns_are_drawn_as_few, begin, end),
		cmocka_unit_test_setup_teardown(
			what_lives_now_is_there_however_many_come_between_or_later, begin, end),
		cmocka_unit_test_setup_teardown(a_moment_has_the_same_x_in_both, begin, end),
		cmocka_unit_test_setup_teardown(the_span_is_zoomed_and_follows, begin, end),
		cmocka_unit_test_setup_teardown(many_events_are_drawn_as_few, begin, end),
		cmocka_unit_test_setup_teardown(the_legend_names_every_meaning, begin, end),
		cmocka_unit_test_setup_teardown(texts_fit_at_any_size, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
