/* The draw-list, and how it is told in SVG. */
#include "harness.h"

#include "viz/grid.h"
#include "viz/svg.h"

static struct scene scene;
static struct look look;

static int on(void **state)
{
	(void)state;
	scene_init(&scene);
	scene_clear(&scene, 400, 300);
	look = look_default();
	return 0;
}

static int off(void **state)
{
	(void)state;
	scene_release(&scene);
	return 0;
}

static const struct prim *last(void)
{
	return &scene.prim[scene.count - 1];
}

static const char *words(void)
{
	return scene_words(&scene, last());
}

static void text_is_as_wide_as_it_says(void **state)
{
	(void)state;
	assert_true(scene_text(&scene, 10, 20, 0, 12, ROLE_INK, 0, "eight %s", "ch") ==
		    last()->box.w);
	assert_true(last()->box.w == text_width("eight ch", 12));
	assert_true(text_width("\xe2\x9c\x93\xe2\x9c\x97", 12) == text_width("ab", 12));
}

static void text_too_long_ends_in_an_ellipsis(void **state)
{
	(void)state;
	scene_text(&scene, 0, 0, text_width("12345", 12), 12, ROLE_INK, 0, "123456789");
	assert_string_equal(words(), "1234\xe2\x80\xa6");
	scene_text(&scene, 0, 0, text_width("12345", 12), 12, ROLE_INK, 0, "12345");
	assert_string_equal(words(), "12345");
}

static void below_no_room_is_no_room(void **state)
{
	(void)state;
	assert_true(scene_text(&scene, 0, 10, -1, 12, ROLE_INK, 0, "words") == 0);
	assert_true(scene_wrap(&scene, (struct box){ 0, 0, -20, 40 }, 12, ROLE_INK, "words") == 0);
	assert_int_equal(scene.count, 0);
	assert_true(scene_text(&scene, 0, 10, 0, 12, ROLE_INK, 0, "words") > 0);
}

static void a_label_without_room_is_left_out(void **state)
{
	(void)state;
	scene_label(&scene, (struct box){ 0, 0, 5, 20 }, 12, ROLE_INK, 0, "x");
	scene_label(&scene, (struct box){ 0, 0, 50, 10 }, 12, ROLE_INK, 0, "x");
	assert_int_equal(scene.count, 0);
	scene_label(&scene, (struct box){ 0, 0, 50, 20 }, 12, ROLE_INK, 0, "x");
	assert_true(last()->box.x > 20 && last()->box.x < 25);
}

static void a_paragraph_stays_in_its_box(void **state)
{
	struct box b = { 10, 10, text_width("1234567890", 12), 40 };

	(void)state;
	assert_true(scene_wrap(&scene, b, 12, ROLE_INK, "one two three four five six") <= 40.5f);
	assert_int_equal(scene.count, 2);
	assert_string_equal(scene_words(&scene, &scene.prim[0]), "one two");
	assert_string_equal(words(), "three fou\xe2\x80\xa6");
}

static void what_is_on_top_is_pointed_at(void **state)
{
	(void)state;
	scene_thing(&scene, THING_PAGE, 0, 7);
	scene_rect(&scene, (struct box){ 0, 0, 100, 100 }, ROLE_FRESH, ROLE_EDGE, 0);
	scene_thing(&scene, THING_LINE, 1, 9);
	scene_rect(&scene, (struct box){ 10, 10, 10, 10 }, ROLE_FRESH, ROLE_EDGE, 0);
	scene_thing(&scene, THING_NONE, 0, 0);
	scene_rect(&scene, (struct box){ 0, 0, 100, 100 }, ROLE_NONE, ROLE_EDGE, 0);
	assert_int_equal(scene_at(&scene, 15, 15).id, 9);
	assert_int_equal(scene_at(&scene, 50, 50).id, 7);
	assert_int_equal(scene_at(&scene, 200, 50).kind, THING_NONE);
}

static char *svg_of(enum theme theme)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	assert_true(svg_paint(&scene, theme, f));
	fclose(f);
	return text;
}

static void marks_and_words_reach_the_file(void **state)
{
	char *svg;

	(void)state;
	scene_rect(&scene, (struct box){ 0, 0, 30, 20 }, ROLE_STALE, ROLE_EDGE, MARK_HATCH);
	scene_rect(&scene, (struct box){ 0, 0, 30, 20 }, ROLE_CPU, ROLE_EDGE, MARK_ROUND);
	scene_arrow(&scene, 0, 0, 10, 10, ROLE_DEVICE);
	scene_text(&scene, 0, 30, 0, 12, ROLE_INK, 0, "a < b & c > d");
	svg = svg_of(THEME_LIGHT);
	assert_non_null(strstr(svg, "url(#hatch)"));
	assert_non_null(strstr(svg, "rx=\"10\""));
	assert_non_null(strstr(svg, "url(#arrow-device)"));
	assert_non_null(strstr(svg, "#0072b2"));
	assert_non_null(strstr(svg, "a &lt; b &amp; c &gt; d"));
	free(svg);
}

/* A border and a double border of what is narrower than they are. */
static void nothing_is_less_than_nothing_wide(void **state)
{
	char *svg;

	(void)state;
	scene_rect(&scene, (struct box){ 5, 5, 0.4f, 3 }, ROLE_FRESH, ROLE_EDGE, MARK_DOUBLE);
	svg = svg_of(THEME_LIGHT);
	assert_null(strstr(svg, "=\"-"));
	free(svg);
}

static void no_cell(const void *context, struct cell *c)
{
	*(uint64_t *)(uintptr_t)context += c->n;
	c->fill = ROLE_FRESH;
}

/* All items are there at scale 1, however many; cells never leave the box. */
static void a_map_shows_all_items(void **state)
{
	static const uint64_t counts[] = { 1, 2, 8, 63, 64, 512, 4096, 8192, 65536 };

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0] * 4; i++) {
		struct box b = { 5, 5, 100 + 90 * (float)(i % 4), 60 + 40 * (float)(i % 3) };
		struct grid g = grid_lay(b, counts[i / 4], 4, &look, PANEL_RAM);
		uint64_t seen = 0;

		assert_true(power_of_two(g.each));
		scene_clear(&scene, 400, 300);
		grid_draw(&scene, &g, no_cell, &seen);
		assert_int_equal(seen, counts[i / 4]);
		for (uint32_t k = 0; k < scene.count; k++) {
			struct box c = scene.prim[k].box;

			assert_true(c.x >= b.x && c.x + c.w <= b.x + b.w + 0.01f && c.w > 2);
			assert_true(c.y >= b.y && c.y + c.h <= b.y + b.h + 0.01f && c.h > 2);
		}
	}
}

static void a_map_from_near_scrolls(void **state)
{
	struct box b = { 0, 0, 300, 200 };
	struct grid g;

	(void)state;
	look.zoom[PANEL_RAM] = (struct zoom){ .scale = 16 };
	g = grid_lay(b, 8192, 16, &look, PANEL_RAM);
	assert_int_equal(g.each, 1);
	assert_true(g.h >= look.text * 1.2f);
	assert_true(grid_box(&g, 0).w > 0 && grid_box(&g, 8191).w == 0);
	look.zoom[PANEL_RAM].scroll = 1;
	g = grid_lay(b, 8192, 16, &look, PANEL_RAM);
	assert_true(grid_box(&g, 0).w == 0 && grid_box(&g, 8191).w > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(text_is_as_wide_as_it_says, on, off),
		cmocka_unit_test_setup_teardown(text_too_long_ends_in_an_ellipsis, on, off),
		cmocka_unit_test_setup_teardown(a_label_without_room_is_left_out, on, off),
		cmocka_unit_test_setup_teardown(below_no_room_is_no_room, on, off),
		cmocka_unit_test_setup_teardown(a_paragraph_stays_in_its_box, on, off),
		cmocka_unit_test_setup_teardown(what_is_on_top_is_pointed_at, on, off),
		cmocka_unit_test_setup_teardown(marks_and_words_reach_the_file, on, off),
		cmocka_unit_test_setup_teardown(nothing_is_less_than_nothing_wide, on, off),
		cmocka_unit_test_setup_teardown(a_map_shows_all_items, on, off),
		cmocka_unit_test_setup_teardown(a_map_from_near_scrolls, on, off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
