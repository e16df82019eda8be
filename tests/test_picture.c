/* Whole pictures of recordings: what they say, and that nothing overlaps or leaves its place. */
#include "view_rig.h"

#include "viz/open_page.h"
#include "viz/overlay.h"
#include "viz/picture.h"
#include "viz/svg.h"

#include <math.h>

#define GROUND 0.8f          /* of a text's size: the height its letters take */

/* A store too late for the device and then a stale read, on the board that is put in front. */
#define TOUR \
	"buf = kzalloc(64)\n" \
	"store(buf, 0x1111)\n" \
	"out = dma_map_single(dev, buf, 64, 'to_device')\n" \
	"dma_mapping_error(dev, out)\n" \
	"dev:dma_read(out, 16)\n" \
	"store(buf, 0x2222)\n" \
	"dma_unmap_single(dev, out, 64, 'to_device')\n" \
	"rx = kzalloc(64)\n" \
	"h = dma_map_single(dev, rx, 64, 'from_device')\n" \
	"dma_mapping_error(dev, h)\n" \
	"dev:dma_write(h, ('\\x22'):rep(32))\n" \
	"load(rx)\n" \
	"dma_unmap_single(dev, h, 64, 'from_device')\n" \
	"load(rx)\n"

enum driver { TINY, ARM64, X86, BOUNCE, IOMMU, MANY, DRIVERS };

static const char *const drivers[DRIVERS] = {
	[TINY] = "machine{ board = 'tiny' }\n" TOUR,
	[ARM64] = "machine{ board = 'arm64' }\n" TOUR,
	[X86] = "machine{ board = 'x86' }\n" TOUR,
	[BOUNCE] = "machine{ swiotlb = '1M', swiotlb_force = true }\n" TOUR,
	[IOMMU] = "machine{ board = 'x86-iommu' }\n" TOUR "vmalloc(20000)\n",
	[MANY] = "machine{ board = 'arm64', nature = 'random', seed = 3 }\n"
		"for i = 1, 8 do memset(kmalloc(4096), i, 4096) end\n"
		"cpu, c = dma_alloc_coherent(dev, 4096)\n"
		"for i = 0, 3 do store(cpu + 8 * i, 0x1111111122222222 * i) end\n"
		"mb()\n" TOUR,
};

static struct rig rigs[DRIVERS];
static struct scene scene;
static struct look look;
static struct picture picture;

static int open_all(void **state)
{
	(void)state;
	for (enum driver i = 0; i < DRIVERS; i++)
		rigs[i] = rig_open(drivers[i]);
	scene_init(&scene);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	for (enum driver i = 0; i < DRIVERS; i++)
		rig_close(&rigs[i]);
	scene_release(&scene);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	look = look_default();
	return 0;
}

static void draw(enum driver driver, float w, float h)
{
	picture = (struct picture){ .scene = &scene, .look = &look,
				    .player = rigs[driver].player };
	picture_draw(&picture, w, h);
}

/* Right after event i of this kind. */
static void draw_after(enum driver driver, enum event_kind kind, uint64_t i)
{
	rig_seek(&rigs[driver], kind, i);
	draw(driver, 1280, 800);
}

static bool holds(struct box outer, struct box b)
{
	return b.x >= outer.x - 0.6f && b.y >= outer.y - 0.6f &&
		b.x + b.w <= outer.x + outer.w + 0.6f && b.y + b.h <= outer.y + outer.h + 0.6f;
}

static bool in_panel(enum panel panel, const struct prim *p)
{
	return picture.box[panel].w > 0 && holds(picture.box[panel], p->box);
}

/* How many rectangles of the panel have these marks and this fill. */
static uint32_t count_marked(enum panel panel, uint32_t marks, enum role fill)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < scene.count; i++) {
		const struct prim *p = &scene.prim[i];

		n += p->shape == SHAPE_RECT && (p->marks & marks) == marks && p->fill == fill &&
			in_panel(panel, p);
	}
	return n;
}

static bool says(enum panel panel, const char *words)
{
	for (uint32_t i = 0; i < scene.count; i++)
		if (scene.prim[i].shape == SHAPE_TEXT && in_panel(panel, &scene.prim[i]) &&
		    strstr(scene_words(&scene, &scene.prim[i]), words))
			return true;
	return false;
}

static void stale_lines_are_grey_and_hatched(void **state)
{
	(void)state;
	draw_after(TINY, EV_DEV_START, 1);
	assert_int_equal(count_marked(PANEL_L1, MARK_HATCH, ROLE_STALE), 0);
	draw_after(TINY, EV_DEV_WRITE, 0);
	assert_int_equal(count_marked(PANEL_L1, MARK_HATCH, ROLE_STALE), 8 + 1);
	assert_true(says(PANEL_L1, "stale"));
	draw_after(TINY, EV_DEV_WRITE, 1);
	assert_int_equal(count_marked(PANEL_L1, MARK_HATCH, ROLE_STALE), 16 + 1);
	draw_after(TINY, EV_DMA_UNMAP, 1);
	draw(TINY, 1280, 800);
	rig_seek(&rigs[TINY], EV_CACHE_DROP, 3);
	draw(TINY, 1280, 800);
	assert_int_equal(count_marked(PANEL_L1, MARK_HATCH, ROLE_STALE), 0);
}

static void a_dirty_line_has_its_corner_filled(void **state)
{
	(void)state;
	draw_after(TINY, EV_CACHE_FILL, 0);
	assert_int_equal(count_marked(PANEL_L1, MARK_CORNER, ROLE_FRESH), 0);
	draw_after(TINY, EV_CPU_STORE, 0);
	assert_int_equal(count_marked(PANEL_L1, MARK_CORNER, ROLE_FRESH), 1);
	assert_true(says(PANEL_L1, "dirty"));
}

static void what_the_device_owns_has_a_double_border(void **state)
{
	(void)state;
	draw_after(TINY, EV_MEM_ALLOC, 0);
	assert_int_equal(count_marked(PANEL_L1, MARK_DOUBLE, ROLE_FRESH), 0);
	draw_after(TINY, EV_DEV_START, 0);
	assert_int_equal(count_marked(PANEL_L1, MARK_DOUBLE, ROLE_FRESH), 4);
}

static void the_second_level_is_behind_a_store(void **state)
{
	(void)state;
	draw_after(ARM64, EV_CPU_STORE, 1);
	assert_true(says(PANEL_L1, "dirty"));
	assert_true(says(PANEL_L2, "behind"));
	assert_int_equal(count_marked(PANEL_L2, MARK_HATCH, ROLE_STALE), 0);
	assert_true(count_marked(PANEL_L2, 0, ROLE_STALE) > 0);
}

static void hit_and_miss_are_a_tick_and_a_cross(void **state)
{
	uint64_t end = player_count(rigs[TINY].player);

	(void)state;
	player_seek(rigs[TINY].player, end);
	draw(TINY, 1280, 800);
	assert_true(says(PANEL_CPU, "\xe2\x9c\x97 L1 miss") && says(PANEL_L1, "\xe2\x9c\x97 miss"));
	draw_after(ARM64, EV_CPU_STORE, 0);
	assert_true(says(PANEL_CPU, "L1 miss") && says(PANEL_CPU, "L2 miss"));
	draw_after(ARM64, EV_CPU_STORE, 1);
	assert_true(says(PANEL_CPU, "\xe2\x9c\x93 L1 hit") && !says(PANEL_CPU, "miss"));
}

static void what_the_legend_filters_away_is_faded(void **state)
{
	(void)state;
	look.filtered = 1u << LEGEND_STALE;
	draw_after(TINY, EV_DEV_WRITE, 0);
	assert_int_equal(count_marked(PANEL_L1, MARK_HATCH | MARK_FADED, ROLE_STALE), 8 + 1);
	look.filtered = 1u << LEGEND_DIRTY;
	draw_after(TINY, EV_CPU_STORE, 0);
	assert_int_equal(count_marked(PANEL_L1, MARK_CORNER | MARK_FADED, ROLE_FRESH), 1);
}

static const struct prim *find_shape(enum shape shape, uint32_t marks)
{
	for (uint32_t i = scene.count; i-- > 0;)
		if (scene.prim[i].shape == shape && (scene.prim[i].marks & marks) == marks &&
		    scene.prim[i].thing.kind == THING_EVENT)
			return &scene.prim[i];
	return NULL;
}

/* Where the pill is, points from the left, when it has come so far. */
static float pill_at(enum driver driver, float phase)
{
	const struct prim *pill;

	look.phase = phase;
	draw(driver, 1280, 800);
	pill = find_shape(SHAPE_RECT, MARK_ROUND);
	assert_non_null(pill);
	return pill->box.x + pill->box.w / 2;
}

/* The pill and its arrow leave one panel's edge and end in or at another. */
static void expect_way(enum driver driver, enum event_kind kind, uint64_t i, enum panel from,
		       enum panel to)
{
	const struct prim *arrow;
	struct box a, b;
	float begin_x, end_x;

	rig_seek(&rigs[driver], kind, i);
	begin_x = pill_at(driver, 0);
	end_x = pill_at(driver, 1);
	arrow = find_shape(SHAPE_ARROW, 0);
	a = picture.box[from];
	b = picture.box[to];
	assert_non_null(arrow);
	assert_true(a.x > b.x ? begin_x > end_x : begin_x < end_x);
	assert_true(holds(a, (struct box){ arrow->box.x, arrow->box.y, 0, 0 }));
	assert_true(holds(b, (struct box){ arrow->box.x + arrow->box.w, arrow->box.y + arrow->box.h,
					   0, 0 }));
}

static void a_pill_goes_where_the_bytes_go(void **state)
{
	(void)state;
	expect_way(TINY, EV_DEV_READ, 0, PANEL_RAM, PANEL_DEVICE);
	expect_way(TINY, EV_DEV_WRITE, 0, PANEL_DEVICE, PANEL_RAM);
	expect_way(TINY, EV_CACHE_FILL, 0, PANEL_RAM, PANEL_L1);
	expect_way(TINY, EV_CACHE_WRITEBACK, 0, PANEL_L1, PANEL_RAM);
	expect_way(TINY, EV_CPU_STORE, 0, PANEL_CPU, PANEL_L1);
	expect_way(ARM64, EV_CACHE_FILL, 0, PANEL_RAM, PANEL_L2);
	expect_way(BOUNCE, EV_DEV_WRITE, 0, PANEL_DEVICE, PANEL_RAM);
}

/* It names the event behind the present moment, whose position is the one after it. */
static void a_pill_names_its_own_event(void **state)
{
	(void)state;
	draw_after(TINY, EV_DEV_WRITE, 0);
	assert_int_equal(find_shape(SHAPE_RECT, MARK_ROUND)->thing.id,
			 player_at(rigs[TINY].player));
}

static void between_the_levels_a_pill_goes_up_and_down(void **state)
{
	const struct prim *arrow;

	(void)state;
	draw_after(ARM64, EV_CACHE_FILL, 1);
	arrow = find_shape(SHAPE_ARROW, 0);
	assert_true(arrow->box.h < 0 && arrow->box.y >= picture.box[PANEL_L2].y);
	draw_after(ARM64, EV_CACHE_WRITEBACK, 0);
	arrow = find_shape(SHAPE_ARROW, 0);
	assert_true(arrow->box.h > 0 && arrow->box.y <= picture.box[PANEL_L2].y);
}

static void a_register_write_passes_below_the_panels(void **state)
{
	struct box l1;

	(void)state;
	rig_seek(&rigs[TINY], EV_MMIO_WRITE, 0);
	assert_true(pill_at(TINY, 0) < pill_at(TINY, 1));
	l1 = picture.box[PANEL_L1];
	assert_true(find_shape(SHAPE_LINE, 0)->box.y > l1.y + l1.h - 8);
}

static void with_reduced_motion_a_pill_stands_half_way(void **state)
{
	(void)state;
	look.reduced = true;
	rig_seek(&rigs[TINY], EV_DEV_WRITE, 0);
	assert_true(pill_at(TINY, 0) == pill_at(TINY, 1));
}

static void a_map_shows_large_caches_and_the_set_that_matters(void **state)
{
	(void)state;
	draw_after(ARM64, EV_DEV_WRITE, 0);
	assert_true(says(PANEL_L1, "128 sets x 4 ways x 64 bytes"));
	assert_true(count_marked(PANEL_L1, MARK_HATCH, ROLE_STALE) >= 2 + 8);
}

/* Which place of the picture a text belongs to: the one that holds all of it. */
static bool has_place(const struct prim *p)
{
	for (enum panel i = 0; i < PANEL_COUNT; i++)
		if ((picture.box[i].w > 0 && holds(picture.box[i], p->box)) ||
		    (picture.beside && picture.also[i].w > 0 && holds(picture.also[i], p->box)))
			return true;
	return holds(picture.name[0], p->box) || holds(picture.name[1], p->box) ||
		holds(picture.difference, p->box);
}

static struct box letters(const struct prim *p)
{
	return (struct box){ p->box.x, p->box.y + p->box.h / 2 - p->size * GROUND / 2, p->box.w,
			     p->size * GROUND };
}

static bool overlap(struct box a, struct box b)
{
	return a.x < b.x + b.w - 0.6f && b.x < a.x + a.w - 0.6f && a.y < b.y + b.h - 0.6f &&
		b.y < a.y + a.h - 0.6f;
}

static const char *where(float w, float h)
{
	static char text[128];

	snprintf(text, sizeof text, "at %gx%g, text %g, event %llu", (double)w, (double)h,
		 (double)look.text, (unsigned long long)player_at(picture.player));
	return text;
}

static void draw_at_end(enum driver driver, float w, float h)
{
	player_seek(rigs[driver].player, player_count(rigs[driver].player));
	draw(driver, w, h);
}

/* Rectangles of a panel that stand for such things. */
static uint32_t count_things(enum panel panel, enum thing_kind kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < scene.count; i++)
		n += scene.prim[i].shape == SHAPE_RECT && scene.prim[i].thing.kind == kind &&
			in_panel(panel, &scene.prim[i]);
	return n;
}

static uint32_t bytes_in_l1(enum driver driver)
{
	const struct shadow *s = model_shadow(player_model(rigs[driver].player));
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->cache[1].sets * s->cache[1].ways; i++)
		n += ((const struct shadow_line *)cow_read(&s->cache[1].lines, i))->valid ?
			s->line : 0;
	return n;
}

/* Half way, where it stands in a still picture. */
static void a_pill_covers_no_words_where_there_is_room(void **state)
{
	static const struct {
		float w, h;
	} windows[] = { { 1100, 700 }, { 1280, 800 }, { 1920, 1080 } };
	const struct prim *pill;

	(void)state;
	for (enum driver i = TINY; i <= ARM64; i++)
		for (uint32_t k = 0; k < 3; k++) {
			draw_at_end(i, windows[k].w, windows[k].h);
			pill = find_shape(SHAPE_RECT, MARK_ROUND | MARK_BOLD);
			assert_non_null(pill);
			for (uint32_t n = 0; n < scene.count; n++)
				if (scene.prim[n].shape == SHAPE_TEXT &&
				    !holds(pill->box, scene.prim[n].box) &&
				    overlap(pill->box, letters(&scene.prim[n])))
					fail_msg("a pill covers \"%s\" %s",
						 scene_words(&scene, &scene.prim[n]),
						 where(windows[k].w, windows[k].h));
		}
}

/* Every byte of the smallest cache, at the smallest size of the issue. */
static void tiny_shows_all_bytes_at_900_by_600(void **state)
{
	(void)state;
	draw_at_end(TINY, 900, 600);
	assert_true(count_things(PANEL_L1, THING_BYTE) >= bytes_in_l1(TINY));
	assert_false(says(PANEL_L1, "sets x"));
	assert_true(picture.box[PANEL_DEVICE].w > 0 && picture.box[PANEL_BUS].w > 0);
}

/* Of 8192 pages: all in a strip, and 1024 near enough to tell them apart. */
static void a_large_ram_has_a_region_from_nearer(void **state)
{
	(void)state;
	draw_at_end(ARM64, 1920, 1080);
	assert_true(says(PANEL_RAM, "pages 0..3ff"));
	assert_true(count_things(PANEL_RAM, THING_PAGE) > 1024);
	draw_at_end(TINY, 1920, 1080);
	assert_false(says(PANEL_RAM, "pages 0.."));
}

/* The device works on a bounce buffer: it is not the CPU's, and it says for whom it stands. */
static void a_bounce_buffer_is_its_owners(void **state)
{
	(void)state;
	draw_after(BOUNCE, EV_DEV_WRITE, 0);
	assert_true(says(PANEL_BYTE, "edu owns it, for 0x"));
	assert_true(says(PANEL_RAM, "owner device"));
	assert_true(says(PANEL_STAND_IN, "bounce buffers"));
	draw_after(IOMMU, EV_DEV_WRITE, 0);
	assert_true(says(PANEL_STAND_IN, "IOMMU"));
}

/* On a board that snoops nobody counts bytes, and the rules of the API hold as well. */
static void a_board_that_snoops_has_owners_too(void **state)
{
	(void)state;
	draw_after(X86, EV_DEV_WRITE, 0);
	assert_true(says(PANEL_BYTE, "edu owns it"));
	draw_at_end(X86, 1280, 800);
	assert_false(says(PANEL_BYTE, "edu owns it"));
}

static void check_prim(const struct prim *p, float w, float h)
{
	struct box b = p->box;

	if (!isfinite(b.x) || !isfinite(b.y) || !isfinite(b.w) || !isfinite(b.h))
		fail_msg("a primitive without a place %s", where(w, h));
	if (p->shape == SHAPE_RECT && (b.w < 0 || b.h < 0))
		fail_msg("a rectangle of negative size %s", where(w, h));
	if (p->shape != SHAPE_TEXT)
		return;
	if (p->size < TEXT_MIN)
		fail_msg("%s: text of %g points", where(w, h), (double)p->size);
	if (!holds((struct box){ 0, 0, w, h }, b))
		fail_msg("\"%s\" leaves the window %s", scene_words(&scene, p), where(w, h));
	if (p->thing.kind != THING_EVENT && !has_place(p))
		fail_msg("\"%s\" leaves its panel %s", scene_words(&scene, p), where(w, h));
}

/* What crosses the panels as a pill covers what is there: its words are left aside. */
static bool is_on_the_way(const struct prim *p)
{
	for (uint32_t i = 0; i < scene.count && p->thing.kind == THING_EVENT; i++)
		if (scene.prim[i].shape == SHAPE_RECT && scene.prim[i].marks & MARK_ROUND &&
		    same_thing(scene.prim[i].thing, p->thing) &&
		    holds(scene.prim[i].box, p->box))
			return true;
	return false;
}

static void check_overlaps(float w, float h)
{
	static const struct prim *text[20000];
	uint32_t n = 0;

	for (uint32_t i = 0; i < scene.count && n < 20000; i++)
		if (scene.prim[i].shape == SHAPE_TEXT && !is_on_the_way(&scene.prim[i]))
			text[n++] = &scene.prim[i];
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = i + 1; k < n; k++)
			if (overlap(letters(text[i]), letters(text[k])))
				fail_msg("\"%s\" overlaps \"%s\" %s", scene_words(&scene, text[i]),
					 scene_words(&scene, text[k]), where(w, h));
}

static void check_picture(float w, float h)
{
	for (uint32_t i = 0; i < scene.count; i++)
		check_prim(&scene.prim[i], w, h);
	check_overlaps(w, h);
}

static const struct {
	float w, h;
} sizes[] = {
	{ 640, 400 }, { 720, 1000 }, { 900, 600 }, { 1024, 768 }, { 1280, 800 }, { 1500, 500 },
	{ 1920, 1080 }, { 3840, 2160 },
};

#define SIZES (sizeof sizes / sizeof sizes[0])

static void nothing_overlaps_or_leaves_its_place(void **state)
{
	uint64_t random = test_seed(1);

	(void)state;
	for (uint64_t i = 0; i < DRIVERS * SIZES * 4; i++) {
		enum driver driver = (enum driver)(i % DRIVERS);
		size_t size = i / DRIVERS % SIZES;
		struct player *p = rigs[driver].player;

		look = look_default();
		look.text = i / DRIVERS / SIZES % 2 ? TEXT_LARGE : TEXT_ORDINARY;
		look.zoom[PANEL_L1].scale = test_below(&random, 3) ? 1 : 8;
		look.zoom[PANEL_RAM].scale = test_below(&random, 3) ? 1 : 12;
		look.byte = test_below(&random, 3) ? UINT64_MAX : test_below(&random, 256 * KIB);
		player_seek(p, test_below(&random, player_count(p) + 1));
		draw(driver, sizes[size].w, sizes[size].h);
		check_picture(sizes[size].w, sizes[size].h);
	}
}

/* Smaller than anybody can read, and larger than a page has bytes for: nothing is outside. */
static void any_size_is_drawn_within_itself(void **state)
{
	static const struct {
		float w, h;
	} windows[] = { { 200, 150 }, { 300, 200 }, { 400, 300 }, { 12000, 16000 } };

	(void)state;
	for (uint32_t i = 0; i < DRIVERS * 8; i++) {
		float w = windows[i % 4].w, h = windows[i % 4].h;

		look.text = i & 4 ? TEXT_LARGE : TEXT_ORDINARY;
		rig_seek(&rigs[i / 8], EV_DEV_WRITE, 0);
		draw((enum driver)(i / 8), w, h);
		for (uint32_t k = 0; k < scene.count; k++) {
			const struct prim *p = &scene.prim[k];

			if (p->shape == SHAPE_TEXT && !holds((struct box){ 0, 0, w, h }, p->box))
				fail_msg("\"%s\" leaves the picture %s", scene_words(&scene, p),
					 where(w, h));
			if (p->thing.kind == THING_BYTE || p->thing.kind == THING_LINE)
				assert_true(p->thing.id <
					    model_shadow(picture.model)->ram_bytes);
			if (p->thing.kind == THING_BYTE && in_panel(PANEL_RAM, p))
				assert_int_equal(p->thing.id >> PAGE_SHIFT,
						 open_page_focus(&picture) >> PAGE_SHIFT);
		}
	}
}

static void two_boards_fit_as_well(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * SIZES; i++) {
		float w = sizes[i / 2].w, h = sizes[i / 2].h;

		look.text = i % 2 ? TEXT_LARGE : TEXT_ORDINARY;
		rig_seek(&rigs[ARM64], EV_DEV_WRITE, 1);
		rig_seek(&rigs[X86], EV_DEV_WRITE, 1);
		picture = (struct picture){ .scene = &scene, .look = &look,
			.player = rigs[ARM64].player, .beside = rigs[X86].player };
		picture_draw(&picture, w, h);
		check_picture(w, h);
		if (h < 800)
			continue;
		assert_true(picture.also[PANEL_L1].w > 0);
		assert_true(w < 1800 ? picture.also[PANEL_L1].y > picture.box[PANEL_L1].y :
			    picture.also[PANEL_L1].x > picture.box[PANEL_L1].x);
	}
}

/* The CPU reads old bytes on one board and new ones on the other: the picture says so. */
static void what_differs_between_two_boards_is_said(void **state)
{
	static const char words[] =
		"The CPU read 0x0 on the first board and 0x2222222222222222 on the second";
	bool said = false;

	(void)state;
	rig_seek(&rigs[ARM64], EV_DMA_UNMAP, 1);
	rig_seek(&rigs[X86], EV_DMA_UNMAP, 1);
	picture = (struct picture){ .scene = &scene, .look = &look, .player = rigs[ARM64].player,
				    .beside = rigs[X86].player };
	picture_draw(&picture, 1920, 1080);
	for (uint32_t i = 0; i < scene.count; i++)
		said |= scene.prim[i].shape == SHAPE_TEXT &&
			strstr(scene_words(&scene, &scene.prim[i]), words);
	assert_true(said);
}

/* Something of this kind that stands on the board beside. */
static struct thing beside(enum thing_kind kind, uint32_t unit)
{
	for (uint32_t i = scene.count; i-- > 0;)
		if (scene.prim[i].thing.kind == kind && scene.prim[i].thing.board &&
		    scene.prim[i].thing.unit == unit)
			return scene.prim[i].thing;
	fail_msg("the board beside shows nothing of kind %d", kind);
	return (struct thing){ 0 };
}

static bool anywhere(const char *words)
{
	for (uint32_t i = 0; i < scene.count; i++)
		if (scene.prim[i].shape == SHAPE_TEXT &&
		    strstr(scene_words(&scene, &scene.prim[i]), words))
			return true;
	return false;
}

/* What is pointed at on the second board is explained by what the second board is like. */
static void what_stands_beside_is_explained_there(void **state)
{
	(void)state;
	rig_seek(&rigs[ARM64], EV_MEM_ALLOC, 0);
	rig_seek(&rigs[X86], EV_DEV_WRITE, 1);
	picture = (struct picture){ .scene = &scene, .look = &look, .player = rigs[ARM64].player,
				    .beside = rigs[X86].player };
	picture_draw(&picture, 1920, 1080);
	look.hover = beside(THING_DEVICE, 0);
	overlay_draw(&picture, (struct point){ 100, 100 });
	assert_true(anywhere("the edu, a device: it wrote"));
}

static uint32_t chosen_on(uint8_t board)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < scene.count; i++)
		n += scene.prim[i].thing.board == board && scene.prim[i].edge == ROLE_INK &&
			scene.prim[i].marks & MARK_BOLD && scene.prim[i].thing.kind == THING_LINE;
	return n;
}

/* The same board twice: a line chosen on one of them is chosen there alone. */
static void what_is_chosen_is_chosen_on_its_board(void **state)
{
	(void)state;
	rig_seek(&rigs[ARM64], EV_DEV_WRITE, 1);
	picture = (struct picture){ .scene = &scene, .look = &look, .player = rigs[ARM64].player,
				    .beside = rigs[ARM64].player };
	picture_draw(&picture, 1920, 1080);
	assert_int_equal(chosen_on(0) + chosen_on(1), 0);
	look.selected = beside(THING_LINE, AT_L1);
	picture_draw(&picture, 1920, 1080);
	assert_int_equal(chosen_on(0), 0);
	assert_true(chosen_on(1) > 0);
	look.selected.board = 0;
	picture_draw(&picture, 1920, 1080);
	assert_true(chosen_on(0) > 0);
	assert_int_equal(chosen_on(1), 0);
}

/* The maps ask for many bytes at once: the answer is the worst of each, absent if any is. */
static void the_age_of_many_bytes_is_the_worst_of_each(void **state)
{
	static const enum where places[] = { AT_RAM, AT_L1, AT_L2, AT_STORE_BUFFER };
	uint64_t random = test_seed(2);

	(void)state;
	for (uint64_t i = 0; i < 20000; i++) {
		struct player *p = rigs[i / 4 % DRIVERS].player;
		const struct model *m = player_model(p);
		uint64_t pa = model_shadow(m)->ram_bytes ? m->touched & ~(uint64_t)0xff : 0;
		uint64_t n = 1 + test_below(&random, 80);
		enum age worst = AGE_FRESH;

		if (i % (4 * DRIVERS) == 0)
			for (enum driver d = 0; d < DRIVERS; d++)
				player_seek(rigs[d].player, test_below(&random, 400));
		pa += test_below(&random, 256);
		for (uint64_t k = 0; k < n; k++) {
			enum age age = model_age(m, places[i % 4], pa + k);

			worst = age > worst ? age : worst;
		}
		assert_seeded(model_age_of(m, places[i % 4], pa, n) == worst, 2, i);
	}
}

/* An ordinary window has room for all; places depend on nothing but its size and the machine. */
static void panels_keep_their_places(void **state)
{
	struct box before[PANEL_COUNT];

	(void)state;
	for (enum driver i = 0; i < DRIVERS; i++) {
		player_seek(rigs[i].player, 40);
		draw(i, 1280, 800);
		memcpy(before, picture.box, sizeof before);
		player_seek(rigs[i].player, UINT64_MAX);
		draw(i, 1280, 800);
		assert_memory_equal(before, picture.box, sizeof before);
		for (enum panel k = 0; k < PANEL_COUNT; k++)
			assert_true(picture.box[k].w > 0 || (k == PANEL_L2 && i == TINY) ||
				    (k == PANEL_STAND_IN && i != BOUNCE && i != IOMMU));
	}
}

/* A panel alone, as tests/golden has it; ACCEPT=1 writes it anew. */
static void check_golden(const char *name, enum driver driver, enum panel panel, float w, float h)
{
	char path[128], *text = NULL, *golden;
	size_t n;
	FILE *f = open_memstream(&text, &n), *g;

	scene_clear(&scene, w, h);
	picture = (struct picture){ .scene = &scene, .look = &look, .player = rigs[driver].player,
				    .model = player_model(rigs[driver].player) };
	panel_info[panel].draw(&picture, (struct box){ 6, 6, w - 12, h - 12 });
	assert_true(svg_paint(&scene, look.theme, f));
	fclose(f);
	snprintf(path, sizeof path, "tests/golden/%s.svg", name);
	g = fopen(path, getenv("ACCEPT") ? "w+" : "r");
	assert_non_null(g);
	if (getenv("ACCEPT"))
		assert_int_equal(fwrite(text, 1, n, g), n);
	rewind(g);
	golden = calloc(1, n + 2);
	if (fread(golden, 1, n + 1, g) != n || memcmp(golden, text, n))
		fail_msg("%s is drawn otherwise now; look at it, then ACCEPT=1", path);
	fclose(g);
	free(golden);
	free(text);
}

static void caches_look_as_they_did(void **state)
{
	(void)state;
	rig_seek(&rigs[TINY], EV_DEV_WRITE, 2);
	check_golden("l1-tiny", TINY, PANEL_L1, 400, 420);
	rig_seek(&rigs[ARM64], EV_DEV_WRITE, 2);
	look.theme = THEME_DARK;
	check_golden("l2-arm64", ARM64, PANEL_L2, 240, 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(stale_lines_are_grey_and_hatched, begin),
		cmocka_unit_test_setup(a_dirty_line_has_its_corner_filled, begin),
		cmocka_unit_test_setup(what_the_device_owns_has_a_double_border, begin),
		cmocka_unit_test_setup(the_second_level_is_behind_a_store, begin),
		cmocka_unit_test_setup(hit_and_miss_are_a_tick_and_a_cross, begin),
		cmocka_unit_test_setup(what_the_legend_filters_away_is_faded, begin),
		cmocka_unit_test_setup(a_pill_goes_where_the_bytes_go, begin),
		cmocka_unit_test_setup(a_pill_names_its_own_event, begin),
		cmocka_unit_test_setup(between_the_levels_a_pill_goes_up_and_down, begin),
		cmocka_unit_test_setup(a_register_write_passes_below_the_panels, begin),
		cmocka_unit_test_setup(a_pill_covers_no_words_where_there_is_room, begin),
		cmocka_unit_test_setup(tiny_shows_all_bytes_at_900_by_600, begin),
		cmocka_unit_test_setup(a_large_ram_has_a_region_from_nearer, begin),
		cmocka_unit_test_setup(a_bounce_buffer_is_its_owners, begin),
		cmocka_unit_test_setup(a_board_that_snoops_has_owners_too, begin),
		cmocka_unit_test_setup(with_reduced_motion_a_pill_stands_half_way, begin),
		cmocka_unit_test_setup(a_map_shows_large_caches_and_the_set_that_matters, begin),
		cmocka_unit_test_setup(nothing_overlaps_or_leaves_its_place, begin),
		cmocka_unit_test_setup(any_size_is_drawn_within_itself, begin),
		cmocka_unit_test_setup(two_boards_fit_as_well, begin),
		cmocka_unit_test_setup(what_differs_between_two_boards_is_said, begin),
		cmocka_unit_test_setup(what_stands_beside_is_explained_there, begin),
		cmocka_unit_test_setup(what_is_chosen_is_chosen_on_its_board, begin),
		cmocka_unit_test_setup(the_age_of_many_bytes_is_the_worst_of_each, begin),
		cmocka_unit_test_setup(panels_keep_their_places, begin),
		cmocka_unit_test_setup(caches_look_as_they_did, begin),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
