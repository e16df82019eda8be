/*
 * The viewer without a window: every key, button and drag on a small recording, a session that
 * grows, and what is found.
 */
#include "harness.h"

#include "repl/api.h"
#include "viz/recorder.h"
#include "viz/timeline.h"
#include "viz/view.h"

#include <math.h>
#include <unistd.h>

/* A driver that breaks two rules. */
static const char driver[] =
	"machine{ board = 'tiny' }\n"
	"buf = kmalloc(64)\n"
	"store(buf, 0x11)\n"
	"h = dma_map_single(dev, buf, 64, 'from_device')\n"
	"dma_mapping_error(dev, h)\n"
	"load(buf)\n"
	"dev:dma_write(h, 'fresh from the device')\n"
	"store(buf, 0x22)\n"
	"dma_unmap_single(dev, h, 64, 'from_device')\n"
	"kfree(buf)\n";

static char path[] = "/tmp/dmalab-view-XXXXXX";

static void record(void)
{
	struct session *s;
	char why[256];
	struct trace *t;

	setenv("DMALAB_SCRIPTS", "scripts", 0);
	s = session_new();
	assert_non_null(s);
	assert_true(session_load(s));
	assert_int_equal(luaL_dostring(s->lua, "io.stdout = io.open('/dev/null', 'w')"), LUA_OK);
	s->recorder = recorder_open(path, why, sizeof why);
	assert_non_null(s->recorder);
	assert_int_equal(luaL_loadstring(s->lua, driver), LUA_OK);
	if (!session_call(s, NULL, 0, 0))
		fail_msg("%s", lua_tostring(s->lua, -1));
	t = &s->bench->trace;
	assert_true(recorder_finish(s->recorder, t));
	assert_true(recorder_close(s->recorder, t));
	s->recorder = NULL;
	session_free(s);
}

static int begin_all(void **state)
{
	(void)state;
	alarm(120);
	close(mkstemp(path));
	record();
	return 0;
}

static int end_all(void **state)
{
	(void)state;
	return unlink(path);
}

struct rig {
	struct recording *recording;
	struct player *player;
	struct view view;
};

static int begin(void **state)
{
	struct rig *r = calloc(1, sizeof *r);
	char why[256];

	r->recording = recording_open(path, why, sizeof why);
	assert_non_null(r->recording);
	r->player = player_new(r->recording);
	while (player_read(r->player, 1000))
		;
	view_init(&r->view, r->player, NULL);
	view_draw(&r->view);
	*state = r;
	return 0;
}

static int end(void **state)
{
	struct rig *r = *state;

	view_release(&r->view);
	player_free(r->player);
	recording_close(r->recording);
	free(r);
	return 0;
}

static uint64_t at(const struct view *v)
{
	return player_at(v->player);
}

static void expect_at(const struct view *v, uint64_t position)
{
	assert_int_equal(at(v), position);
}

/* Click the middle of the last primitive that stands for it; the picture is drawn anew. */
static bool click(struct view *v, enum thing_kind kind, uint64_t id)
{
	for (uint32_t i = v->scene.count; i-- > 0;) {
		const struct prim *p = &v->scene.prim[i];
		float x = p->box.x + p->box.w / 2, y = p->box.y + p->box.h / 2;
		struct thing there = scene_at(&v->scene, x, y);

		if (p->thing.kind != kind || p->thing.id != id || !same_thing(there, p->thing))
			continue;
		view_press(v, x, y);
		view_release_button(v, x, y);
		view_draw(v);
		return true;
	}
	return false;
}

static uint32_t picture(const struct view *v)
{
	uint32_t sum = v->scene.count;

	for (uint32_t i = 0; i < v->scene.count; i++) {
		struct prim p = v->scene.prim[i];

		sum = sum * 31 + p.shape + p.fill * 3u + p.edge * 5u + p.marks * 7u +
		      (uint32_t)((int)p.box.x * 11 + (int)p.box.y * 13 + (int)p.box.w * 17);
	}
	for (uint32_t i = 0; i < v->scene.used; i++)
		sum = sum * 31 + (uint8_t)v->scene.words[i];
	return sum;
}

static void keys_step_and_jump(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	uint64_t count = player_count(v->player);

	view_key(v, "right");
	expect_at(v, 1);
	view_key(v, "f5");
	view_text(v, "w");
	expect_at(v, 3);
	view_key(v, "left");
	view_text(v, "b");
	view_key(v, "f4");
	expect_at(v, 0);
	view_key(v, "left");
	expect_at(v, 0);
	view_key(v, "end");
	expect_at(v, count);
	view_key(v, "right");
	expect_at(v, count);
	view_key(v, "home");
	expect_at(v, 0);
}

static void keys_go_from_call_to_call(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	uint64_t calls = 0, here;

	do {
		here = at(v);
		view_key(v, "shift+right");
		if (at(v) != here) {
			calls++;
			assert_true(event_is_call(player_event(v->player, at(v) - 1)));
		}
	} while (at(v) != here);
	assert_true(calls >= 7);
	assert_true(*v->look.notice);
	for (; calls > 1; calls--)
		view_key(v, "shift+left");
	here = at(v);
	view_key(v, "shift+left");
	expect_at(v, here);
}

static void keys_go_from_flag_to_flag(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	uint32_t flags = player_flags(v->player);

	assert_true(flags >= 2);
	for (uint32_t i = 0; i < flags; i++) {
		view_text(v, "]");
		expect_at(v, player_flag(v->player, i)->at);
	}
	view_text(v, "]");
	expect_at(v, player_flag(v->player, flags - 1)->at);
	assert_true(*v->look.notice);
	view_text(v, "[");
	expect_at(v, player_flag(v->player, flags - 2)->at);
	assert_false(*v->look.notice);
}

/* Forwards, backwards and jumping there: the same picture. */
static void backwards_shows_what_forwards_did(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	uint64_t count = player_count(v->player);
	uint32_t *seen = calloc(count + 1, sizeof *seen);

	for (uint64_t i = 0; i <= count; i++) {
		v->look.phase = 0.5f;
		v->changed = true;
		view_draw(v);
		seen[i] = picture(v);
		view_key(v, "right");
	}
	for (uint64_t i = count; i > 0; i--) {
		view_key(v, "left");
		v->look.phase = 0.5f;
		view_draw(v);
		assert_int_equal(picture(v), seen[i - 1]);
	}
	assert_int_not_equal(seen[count / 2], seen[count]);
	free(seen);
}

static bool same_look(const struct look *a, const struct look *b)
{
	return a->theme == b->theme && a->text == b->text && a->reduced == b->reduced &&
	       a->playing == b->playing && a->speed == b->speed && a->panel == b->panel &&
	       a->overlay == b->overlay && !memcmp(a->zoom, b->zoom, sizeof a->zoom) &&
	       a->from == b->from && a->to == b->to && same_thing(a->selected, b->selected) &&
	       !strcmp(a->notice, b->notice);
}

/* In the middle, near, with something chosen, every action changes something. */
static void prepare(struct view *v)
{
	v->look = look_default();
	v->look.zoom[PANEL_RAM] = (struct zoom){ 2, 0.5f };
	v->quit = false;
	view_go(v, player_flag(v->player, 0)->at);
	view_select(v, 0x4000);
	view_draw(v);
}

static void every_action_does_something(void **state)
{
	struct view *v = &((struct rig *)*state)->view;

	for (enum action i = 0; i < ACTION_COUNT; i++) {
		struct look before;
		uint64_t then;

		prepare(v);
		before = v->look;
		then = at(v);
		view_act(v, i);
		if (same_look(&before, &v->look) && at(v) == then && !v->quit)
			fail_msg("%s does nothing", action_info[i].name);
	}
}

/* Each key has one meaning, and each action a key, a label and a sentence. */
static void every_action_has_a_key(void **state)
{
	(void)state;
	for (enum action i = 0; i < ACTION_COUNT; i++) {
		char keys[64], *key;

		assert_true(*action_info[i].keys && *action_info[i].label &&
			    *action_info[i].sentence);
		snprintf(keys, sizeof keys, "%s", action_info[i].keys);
		for (key = strtok(keys, " "); key; key = strtok(NULL, " "))
			assert_int_equal(action_of_key(key), i);
	}
	assert_int_equal(action_of_key("shift"), ACTION_COUNT);
	assert_int_equal(action_of_key(""), ACTION_COUNT);
}

/* In the toolbar or on the key card, however small the window. */
static void a_mouse_reaches_every_action(void **state)
{
	static const float sizes[][2] = { { 1280, 800 }, { 900, 600 }, { 640, 400 }, { 1920, 1080 } };
	struct view *v = &((struct rig *)*state)->view;

	for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
		for (int large = 0; large < 2; large++)
			for (enum action i = 0; i < ACTION_COUNT; i++) {
				v->look = look_default();
				v->look.text = large ? TEXT_LARGE : TEXT_ORDINARY;
				v->quit = false;
				view_size(v, sizes[s][0], sizes[s][1]);
				view_draw(v);
				assert_true(click(v, THING_BUTTON, ACTION_KEYS));
				assert_int_equal(v->look.overlay, OVERLAY_KEYS);
				if (!click(v, THING_BUTTON, i))
					fail_msg("%s at %gx%g, %s type", action_info[i].name,
						 (double)sizes[s][0], (double)sizes[s][1],
						 large ? "large" : "ordinary");
				assert_true(i != ACTION_QUIT || v->quit);
			}
}

/* Letters have exact widths, so what is cut off can be told. */
static void toolbar_has_room(void **state)
{
	struct view *v = &((struct rig *)*state)->view;

	view_size(v, 900, 600);
	view_go(v, player_count(v->player));
	view_draw(v);
	for (uint32_t i = 0; i < v->scene.count; i++) {
		const struct prim *p = &v->scene.prim[i];

		assert_true(p->shape != SHAPE_TEXT || (p->box.x >= 0 && p->box.x + p->box.w <= 900.5f));
	}
	assert_true(click(v, THING_BUTTON, ACTION_BACK));
	expect_at(v, player_count(v->player) - 1);
}

static void playing_takes_its_time(void **state)
{
	struct view *v = &((struct rig *)*state)->view;

	v->look.speed = 2;
	view_key(v, "space");
	assert_int_equal(view_pass(v, 0), 501);
	view_pass(v, 499);
	expect_at(v, 0);
	view_pass(v, 2);
	expect_at(v, 1);
	view_pass(v, 2000);
	expect_at(v, 5);
	view_text(v, " ");
	view_pass(v, 5000);
	expect_at(v, 5);
	v->look.speed = 0;
	view_key(v, "space");
	view_pass(v, 1);
	expect_at(v, player_count(v->player));
	assert_false(v->look.playing);
	assert_int_equal(view_pass(v, 1), -1);
}

/* Whatever the frames are: the same event after the same time. */
static void frames_change_nothing(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	uint64_t seed = test_seed(7), there;

	v->look.speed = 25;
	view_key(v, "space");
	view_pass(v, 1600);
	there = at(v);
	view_key(v, "home");
	view_key(v, "space");
	for (double left = 1600; left > 0;) {
		double ms = (double)test_below(&seed, 40) + 1;

		ms = ms < left ? ms : left;
		view_pass(v, ms);
		view_draw(v);
		left -= ms;
	}
	assert_true(at(v) == there || at(v) + 1 == there);
	assert_int_equal(player_model(v->player)->event.seq, player_event(v->player, at(v) - 1)->seq);
}

/* The first event in which something crosses the picture. */
static uint64_t transfer(const struct view *v)
{
	for (uint64_t i = 0; i < player_count(v->player); i++)
		if (player_event(v->player, i)->kind == EV_DEV_WRITE)
			return i;
	fail();
	return 0;
}

static void a_step_is_seen_in_motion(void **state)
{
	struct view *v = &((struct rig *)*state)->view;

	view_go(v, transfer(v));
	assert_false(v->moving);
	view_key(v, "right");
	assert_true(v->moving);
	assert_true(v->look.phase == 0);
	assert_int_equal(view_pass(v, 0), 16);
	view_pass(v, 100);
	assert_true(v->look.phase > 0 && v->look.phase < 1);
	view_pass(v, 2000);
	assert_true(v->look.phase == 1);
	assert_int_equal(view_pass(v, 10), -1);
	view_text(v, "m");
	view_key(v, "left");
	view_key(v, "right");
	assert_false(v->moving);
	assert_true(v->look.phase == 0.5f);
	assert_int_equal(view_pass(v, 10), -1);
}

static void speed_has_two_ends(void **state)
{
	struct view *v = &((struct rig *)*state)->view;

	for (int i = 0; i < 20; i++)
		view_text(v, ".");
	assert_true(v->look.speed == 0);
	view_text(v, ",");
	assert_true(v->look.speed > 1000);
	for (int i = 0; i < 20; i++)
		view_text(v, ",");
	assert_true(v->look.speed == 0.5f);
}

static void keys_look_nearer(void **state)
{
	struct view *v = &((struct rig *)*state)->view;

	view_text(v, "+");
	view_text(v, "=");
	assert_true(v->look.zoom[PANEL_RAM].scale > 1.5f);
	view_key(v, "down");
	assert_true(v->look.zoom[PANEL_RAM].scroll > 0);
	view_text(v, "-");
	assert_true(v->look.zoom[PANEL_RAM].scale < 1.5f);
	view_text(v, "0");
	assert_true(v->look.zoom[PANEL_RAM].scale == 1 && v->look.zoom[PANEL_RAM].scroll == 0);
	v->look.panel = PANEL_TIMELINE;
	view_text(v, "+");
	assert_true(v->look.to - v->look.from < player_count(v->player));
	view_text(v, "0");
	assert_int_equal(v->look.to, 0);
}

static void tab_goes_round_the_panels(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	uint32_t seen = 0;

	view_go(v, player_count(v->player));
	view_draw(v);
	for (int i = 0; i < PANEL_COUNT; i++) {
		view_key(v, "tab");
		assert_true(v->picture.box[v->look.panel].w > 0);
		seen |= 1u << v->look.panel;
	}
	assert_true(seen & 1u << PANEL_L1 && seen & 1u << PANEL_DEVICE && seen & 1u << PANEL_TIMELINE);
	assert_false(seen & 1u << PANEL_TOOLBAR);
	v->look.panel = PANEL_RAM;
	view_key(v, "tab");
	view_key(v, "shift+tab");
	assert_int_equal(v->look.panel, PANEL_RAM);
}

static struct box box_of(const struct view *v, enum panel panel)
{
	return v->picture.box[panel];
}

/* The wheel looks nearer at what is under the pointer, and that stays under it. */
static void the_wheel_looks_nearer(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	struct box b = box_of(v, PANEL_RAM), t = box_of(v, PANEL_TIMELINE);
	uint64_t there;

	view_wheel(v, b.x + 10, b.y + b.h * 0.75f, 4);
	assert_true(v->look.zoom[PANEL_RAM].scale > 2);
	assert_true(fabsf(v->look.zoom[PANEL_RAM].scroll - 0.75f) < 0.01f);
	view_wheel(v, b.x + 10, b.y + b.h * 0.75f, -20);
	assert_true(v->look.zoom[PANEL_RAM].scale == 1);
	there = timeline_position(&v->picture, t.x + t.w * 0.6f);
	view_wheel(v, t.x + t.w * 0.6f, t.y + t.h / 2, 3);
	assert_true(v->look.from < there && there < v->look.to);
	view_draw(v);
	assert_in_range(timeline_position(&v->picture, t.x + t.w * 0.6f), there - 1, there + 1);
	view_wheel(v, t.x, t.y + t.h / 2, -50);
	assert_int_equal(v->look.to, 0);
}

static void dragging_time_goes_there(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	struct box t = box_of(v, PANEL_TIMELINE);
	float y = t.y + t.h * 0.6f, x = t.x + t.w * 0.3f;

	view_press(v, x, y);
	expect_at(v, timeline_position(&v->picture, x));
	view_drag(v, t.x + t.w * 0.7f, y - 300);
	expect_at(v, timeline_position(&v->picture, t.x + t.w * 0.7f));
	view_drag(v, t.x + t.w * 5, y);
	expect_at(v, player_count(v->player));
	view_drag(v, -100, y);
	expect_at(v, 0);
	view_release_button(v, t.x + t.w * 0.5f, y);
	expect_at(v, 0);
}

static void dragging_a_panel_moves_it(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	struct box b = box_of(v, PANEL_RAM);

	v->look.zoom[PANEL_RAM] = (struct zoom){ 4, 0.5f };
	view_press(v, b.x + b.w / 2, b.y + b.h / 2);
	view_drag(v, b.x + b.w / 2, b.y + b.h / 2 + 2);
	assert_true(v->look.zoom[PANEL_RAM].scroll == 0.5f);
	view_drag(v, b.x + b.w / 2, b.y + b.h / 2 + 60);
	assert_true(v->look.zoom[PANEL_RAM].scroll < 0.5f);
	view_release_button(v, b.x + b.w / 2, b.y + b.h / 2 + 60);
	assert_int_equal(v->look.selected.kind, THING_NONE);
}

static bool click_any(struct view *v, enum thing_kind kind, struct thing *thing)
{
	for (uint32_t i = v->scene.count; i-- > 0;)
		if (v->scene.prim[i].thing.kind == kind) {
			*thing = v->scene.prim[i].thing;
			return click(v, kind, thing->id);
		}
	return false;
}

static void clicks_choose(void **state)
{
	static const enum thing_kind kinds[] = { THING_PAGE, THING_LINE, THING_BYTE, THING_DEVICE };
	struct view *v = &((struct rig *)*state)->view;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct thing thing;

		view_go(v, player_flag(v->player, 1)->at);
		view_draw(v);
		if (!click_any(v, kinds[i], &thing))
			continue;
		assert_true(same_thing(v->look.selected, thing));
		assert_true(kinds[i] == THING_DEVICE || v->look.byte != UINT64_MAX);
		view_key(v, "escape");
		assert_int_equal(v->look.selected.kind, THING_NONE);
	}
}

static struct box drawn_box(const struct view *v, enum thing_kind kind)
{
	for (uint32_t i = v->scene.count; i-- > 0;)
		if (v->scene.prim[i].thing.kind == kind)
			return v->scene.prim[i].box;
	fail_msg("nothing of kind %d is drawn", kind);
	return (struct box){ 0 };
}

/* What comes to lie under the pointer while the button is down was not meant. */
static void a_click_means_what_it_began_on(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	static const char sentence[] = "wide enough to cover what stands below it, left and right";
	struct thing page = thing_of(THING_PAGE, 0, 1);
	struct box b;

	view_size(v, 800, 500);
	view_go(v, player_flag(v->player, 1)->at);
	v->look.selected = page;
	view_notice(v, sentence);
	view_draw(v);
	b = drawn_box(v, THING_NOTICE);
	for (float x = b.x + 1; x < b.x + b.w; x += 4) {
		view_notice(v, sentence);
		view_draw(v);
		view_press(v, x, b.y + b.h / 2);
		assert_true(view_draw(v));
		view_release_button(v, x, b.y + b.h / 2);
		assert_false(*v->look.notice);
		assert_int_equal(v->look.filtered, 0);
		expect_at(v, player_flag(v->player, 1)->at);
		assert_true(same_thing(v->look.selected, page));
	}
	view_notice(v, "click");
	view_draw(v);
	assert_true(click(v, THING_NOTICE, 0));
	assert_true(same_thing(v->look.selected, page));
}

static void links_lead_to_moments(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	struct thing thing = { 0 };

	view_draw(v);
	assert_true(click(v, THING_FLAG, 1));
	expect_at(v, player_flag(v->player, 1)->at);
	assert_true(click_any(v, THING_EVENT, &thing));
	assert_true(thing.id <= player_count(v->player));
	assert_true(click_any(v, THING_LEGEND, &thing));
	assert_int_equal(v->look.filtered, 1u << thing.id);
	click(v, THING_LEGEND, thing.id);
	assert_int_equal(v->look.filtered, 0);
}

static void hovering_draws_only_when_it_names_another(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	struct box b = { 0 };

	view_draw(v);
	for (uint32_t i = 0; i < v->scene.count; i++)
		if (v->scene.prim[i].thing.kind == THING_BUTTON &&
		    v->scene.prim[i].thing.id == ACTION_FIND)
			b = v->scene.prim[i].box;
	view_pointer(v, b.x + 1, b.y + 1);
	assert_int_equal(v->look.hover.id, ACTION_FIND);
	assert_true(view_draw(v));
	view_pointer(v, b.x + 2, b.y + 1);
	assert_false(view_draw(v));
}

static void search(struct view *v, const char *text)
{
	view_text(v, "/");
	assert_int_equal(v->look.overlay, OVERLAY_FIND);
	for (; *text; text++)
		view_text(v, (char[]){ *text, '\0' });
	view_key(v, "enter");
}

static const struct event *here(const struct view *v)
{
	return player_event(v->player, at(v) - 1);
}

static void found_by_what_it_is(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	uint64_t first;

	search(v, "dma.map");
	assert_int_equal(here(v)->kind, EV_DMA_MAP);
	view_key(v, "escape");
	search(v, "7");
	assert_int_equal(here(v)->seq, 7);
	view_key(v, "escape");
	search(v, rule_info[player_flag(v->player, 1)->rule].name);
	expect_at(v, player_flag(v->player, 1)->at);
	view_key(v, "escape");
	view_key(v, "home");
	search(v, "kmalloc");
	first = at(v);
	assert_int_equal(here(v)->kind, EV_MEM_ALLOC);
	view_key(v, "enter");
	assert_true(at(v) > first);
	assert_int_equal(here(v)->kind, EV_MEM_FREE);
	view_key(v, "enter");
	expect_at(v, first);
	assert_true(*v->look.notice);
}

/* The same byte under its three addresses. */
static void found_by_address(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	const struct life *l = player_life(v->player, 0);
	uint64_t addresses[] = { l->va, l->pa, l->dma };

	for (size_t i = 0; i < 3; i++) {
		char text[32];

		view_go(v, l->from);
		v->look.byte = UINT64_MAX;
		snprintf(text, sizeof text, "0x%llx", (unsigned long long)addresses[i] + 3);
		search(v, text);
		assert_int_equal(v->look.byte, l->pa + 3);
		assert_true(at(v) > l->from);
		view_key(v, "escape");
	}
}

/* All of what find says of a long word that is not there, also in a narrow window. */
static void a_long_answer_is_read_to_its_end(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	bool end = false;

	view_size(v, 640, 400);
	search(v, "abcdefghijklmnopqrstuvwxyzabcdefghijklmno");
	view_draw(v);
	for (uint32_t i = 0; i < v->scene.count; i++)
		if (v->scene.prim[i].shape == SHAPE_TEXT &&
		    v->scene.prim[i].thing.kind == THING_NOTICE)
			end = strstr(scene_words(&v->scene, &v->scene.prim[i]), "device 0");
	assert_true(end);
}

static void what_is_not_there_is_said(void **state)
{
	static const char *const nothing[] = { "zebra", "0xdeadbeef00000000", "99999999", "device 9" };
	struct view *v = &((struct rig *)*state)->view;

	view_go(v, 5);
	for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
		search(v, nothing[i]);
		expect_at(v, 5);
		assert_true(*v->look.notice);
		view_key(v, "escape");
	}
	search(v, "abc");
	view_key(v, "backspace");
	assert_string_equal(v->look.find, "ab");
	for (int i = 0; i < 100; i++)
		view_text(v, "x");
	assert_true(strlen(v->look.find) < FIND_MAX);
}

/* A session: what is new is played, and who went elsewhere stays there. */
static void follows_a_session(void **state)
{
	struct rig *r = *state;
	struct player *p = player_new(r->recording);
	struct view v;

	view_init(&v, p, NULL);
	v.look.live = v.look.follow = true;
	player_read(p, 20);
	view_grown(&v);
	expect_at(&v, 20);
	player_read(p, 30);
	view_grown(&v);
	for (int ms = 0; ms < 1600; ms += 16)
		view_pass(&v, 16);
	expect_at(&v, 50);
	assert_true(v.look.follow);
	assert_int_equal(view_pass(&v, 1000), -1);
	view_key(&v, "left");
	assert_false(v.look.follow);
	player_read(p, 5);
	view_grown(&v);
	view_pass(&v, 5000);
	expect_at(&v, 49);
	view_key(&v, "end");
	assert_true(v.look.follow);
	v.look.speed = 0;
	while (player_read(p, 1000))
		;
	view_grown(&v);
	expect_at(&v, player_count(p));
	view_release(&v);
	player_free(p);
}

/* An empty stream has a picture as well. */
static void nothing_yet(void **state)
{
	struct recording *live = recording_live();
	struct player *p = player_new(live);
	struct view v;

	(void)state;
	view_init(&v, p, NULL);
	for (enum action i = 0; i < ACTION_COUNT; i++) {
		view_act(&v, i);
		view_pass(&v, 20);
		assert_true(view_draw(&v));
	}
	search(&v, "0x10");
	view_release(&v);
	player_free(p);
	recording_close(live);
}

/* Anything in any order, and the model is what a fold from the start gives. */
static void any_keys_in_any_order(void **state)
{
	struct view *v = &((struct rig *)*state)->view;
	uint64_t seed = test_seed(99);

	for (int i = 0; i < 1500; i++) {
		float x = (float)test_below(&seed, 1300), y = (float)test_below(&seed, 820);

		switch (test_below(&seed, 6)) {
		case 0: view_press(v, x, y); break;
		case 1: view_drag(v, x, y); break;
		case 2: view_release_button(v, x, y); break;
		case 3: view_wheel(v, x, y, (float)test_below(&seed, 5) - 2); break;
		case 4: view_size(v, 400 + x, 300 + y); break;
		default: view_act(v, (enum action)test_below(&seed, ACTION_COUNT));
		}
		view_pass(v, (double)test_below(&seed, 50));
		view_draw(v);
		assert_true(at(v) <= player_count(v->player));
		if (at(v))
			assert_int_equal(player_model(v->player)->event.seq, here(v)->seq);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(keys_step_and_jump), T(keys_go_from_call_to_call), T(keys_go_from_flag_to_flag),
		T(backwards_shows_what_forwards_did), T(every_action_does_something),
		T(every_action_has_a_key), T(a_mouse_reaches_every_action), T(toolbar_has_room),
		T(playing_takes_its_time), T(frames_change_nothing), T(a_step_is_seen_in_motion),
		T(speed_has_two_ends), T(keys_look_nearer), T(tab_goes_round_the_panels),
		T(the_wheel_looks_nearer), T(dragging_time_goes_there), T(dragging_a_panel_moves_it),
		T(clicks_choose), T(a_click_means_what_it_began_on), T(links_lead_to_moments),
		T(hovering_draws_only_when_it_names_another), T(found_by_what_it_is),
		T(found_by_address), T(what_is_not_there_is_said),
		T(a_long_answer_is_read_to_its_end), T(follows_a_session),
		T(nothing_yet), T(any_keys_in_any_order),
	};

	return cmocka_run_group_tests(tests, begin_all, end_all);
}
