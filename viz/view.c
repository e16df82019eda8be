#include "viz/view.h"
#include "viz/overlay.h"
#include "viz/timeline.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define ZOOM_STEP  1.25f
#define ZOOM_MOST  64.0f
#define CATCH_UP   1.5       /* seconds a session is behind at most */
#define FLOWING    30.0      /* events a second above which nothing is seen to move */
#define FRAME_MS   16
#define FIND_SLICE 50000     /* events looked at between two pictures */
#define CLICK_PLAY 4.0f      /* points a click may slip */

/* What playing takes, slowest first; 0 is at once. */
static const float speeds[] = { 0.5f, 1, 2, 5, 10, 25, 100, 1000, 10000, 0 };
#define SPEEDS (sizeof speeds / sizeof speeds[0])

void view_init(struct view *v, struct player *player, struct player *beside)
{
	*v = (struct view){ .player = player, .beside = beside, .look = look_default(),
			    .width = 1280, .height = 800, .changed = true };
	if (beside)
		v->pair = pair_new(player, beside);
	scene_init(&v->scene);
}

void view_release(struct view *v)
{
	pair_free(v->pair);
	scene_release(&v->scene);
}

void view_notice(struct view *v, const char *sentence)
{
	snprintf(v->look.notice, sizeof v->look.notice, "%s", sentence);
	v->changed = true;
}

/* Time. */

/* Does anything cross the picture in this event? */
static bool moves(const struct event *e)
{
	enum lane lane;

	if (e->kind >= EV_COUNT || !e->size)
		return false;
	lane = event_info[e->kind].lane;
	return lane == LANE_CPU || lane == LANE_CACHE || lane == LANE_BUS || lane == LANE_DEVICE ||
	       e->kind == EV_BOUNCE_COPY;
}

/* How long it is on its way: more bytes take longer. */
static double motion_ms(const struct view *v)
{
	uint32_t size = player_model(v->player)->event.size;
	double ms = 300 + 4.0 * (size < 128 ? size : 128);
	bool paced = v->look.playing && v->look.speed > 0;

	return paced ? fmin(ms, 900.0 / (double)v->look.speed) : ms;
}

static bool in_motion(const struct view *v)
{
	return v->moving && !v->look.reduced;
}

/* What stands still is seen half way. */
static void still(struct view *v)
{
	v->moving = false;
	v->look.phase = 0.5f;
}

static void go(struct view *v, uint64_t at, bool motion)
{
	player_seek(v->player, at);
	still(v);
	if (motion && !v->look.reduced && moves(&player_model(v->player)->event)) {
		v->moving = true;
		v->look.phase = 0;
	}
	v->look.follow = v->look.live && player_at(v->player) == player_count(v->player);
	timeline_follow(&v->look, player_count(v->player), player_at(v->player));
	v->changed = true;
}

void view_go(struct view *v, uint64_t at)
{
	v->look.playing = v->searching = false;
	v->rate = v->due = 0;
	go(v, at, false);
}

/* A step a person asked for: seen in motion, and playing ends. */
static void step(struct view *v, int direction)
{
	uint64_t at = player_at(v->player);

	v->look.playing = false;
	v->rate = 0;
	if (direction > 0)
		go(v, at + 1, at < player_count(v->player));
	else
		go(v, at ? at - 1 : 0, false);
}

static void to_found(struct view *v, uint64_t at, const char *otherwise)
{
	if (at == UINT64_MAX)
		view_notice(v, otherwise);
	else
		view_go(v, at);
}

void view_grown(struct view *v)
{
	uint64_t behind = player_count(v->player) - player_at(v->player);

	v->changed = true;
	if (!v->look.follow || !behind)
		return;
	if (v->look.speed > 0 && player_at(v->player))
		v->rate = fmax((double)v->look.speed, (double)behind / CATCH_UP);
	else
		go(v, player_count(v->player), false);
}

static double rate(const struct view *v)
{
	return v->rate > 0 ? v->rate : v->look.playing ? (double)v->look.speed : 0;
}

static void play(struct view *v)
{
	if (player_at(v->player) == player_count(v->player) && !v->look.live)
		go(v, 0, false);
	v->look.playing = !v->look.playing;
	v->due = v->rate = 0;
	v->changed = true;
}

/* Take the events that are due. */
static void run(struct view *v, double ms)
{
	bool follow = v->look.follow;
	uint64_t n;

	v->due += ms * rate(v) / 1000;
	n = v->look.playing && v->look.speed <= 0 ? UINT64_MAX / 2 : (uint64_t)v->due;
	if (n) {
		v->due = fmod(v->due, 1);
		go(v, player_at(v->player) + n, rate(v) > 0 && rate(v) <= FLOWING);
		v->look.follow |= follow;
	}
	if (player_at(v->player) == player_count(v->player)) {
		v->rate = v->due = 0;
		v->look.playing = false;
		v->changed = true;
	}
}

static void change_speed(struct view *v, int by)
{
	size_t i = 0;

	while (i + 1 < SPEEDS && speeds[i] < v->look.speed)
		i++;
	if (v->look.speed <= 0)
		i = SPEEDS - 1;
	if ((by < 0 && i) || (by > 0 && i + 1 < SPEEDS))
		i = by < 0 ? i - 1 : i + 1;
	v->look.speed = speeds[i];
}

/* Nearer and farther. */

static bool of_time(enum panel panel)
{
	return panel == PANEL_TIMELINE || panel == PANEL_OWNERS;
}

static float clamp(float low, float value, float high)
{
	return value < low ? low : value > high ? high : value;
}

/* What is at this part (0 .. 1) of the panel's height stays there. */
static void zoom_panel(struct zoom *z, float factor, float at)
{
	float scale = clamp(1, z->scale * factor, ZOOM_MOST);
	float there = (z->scroll * (z->scale - 1) + at) / z->scale;

	z->scroll = scale > 1 ? clamp(0, (there * scale - at) / (scale - 1), 1) : 0;
	z->scale = scale;
}

static void zoom(struct view *v, float factor)
{
	if (of_time(v->look.panel))
		timeline_zoom(&v->look, player_count(v->player), player_at(v->player), factor);
	else
		zoom_panel(&v->look.zoom[v->look.panel], factor, 0.5f);
}

static void fit(struct view *v)
{
	if (of_time(v->look.panel))
		v->look.from = v->look.to = 0;
	v->look.zoom[v->look.panel] = (struct zoom){ .scale = 1 };
}

static void scroll(struct view *v, enum panel panel, float heights)
{
	struct zoom *z = &v->look.zoom[panel];

	z->scroll = clamp(0, z->scroll + heights / fmaxf(1, z->scale - 1), 1);
}

static bool can_be_chosen(const struct view *v, enum panel panel)
{
	return v->picture.box[panel].w > 0 && *panel_info[panel].title;
}

static void next_panel(struct view *v, int by)
{
	enum panel panel = v->look.panel;

	do
		panel = (enum panel)(((int)panel + by + PANEL_COUNT) % PANEL_COUNT);
	while (panel != v->look.panel && !can_be_chosen(v, panel));
	v->look.panel = panel;
}

/* Choosing and finding. */

static void choose_byte(struct view *v, uint64_t pa)
{
	v->look.byte = pa;
	v->look.selected = thing_of(THING_BYTE, AT_RAM, pa);
	v->changed = true;
}

bool view_select(struct view *v, uint64_t address)
{
	uint64_t pa;

	if (!find_byte(v->player, address, &pa))
		return false;
	choose_byte(v, pa);
	return true;
}

static void answer(struct view *v)
{
	struct found found = v->search.found;

	if (!found_any(&found)) {
		view_notice(v, v->search.why);
		return;
	}
	if (found.pa != UINT64_MAX)
		choose_byte(v, found.pa);
	if (found.at == UINT64_MAX) {
		view_notice(v, "no event names this address");
		return;
	}
	view_go(v, found.at);
	if (found.round)
		view_notice(v, "past the end: this is the first one");
}

/* Look at some more events; the picture goes on meanwhile. */
static void look_on(struct view *v)
{
	v->searching = find_more(&v->search, v->player, FIND_SLICE);
	if (v->searching)
		view_notice(v, "looking...");
	else
		answer(v);
}

static void find(struct view *v)
{
	if (!*v->look.find)
		return;
	find_begin(&v->search, v->player, v->look.find);
	look_on(v);
}

int view_pass(struct view *v, double ms)
{
	bool running = v->look.playing || v->rate > 0;

	if (in_motion(v)) {
		v->look.phase = (float)fmin(1, (double)v->look.phase + ms / motion_ms(v));
		v->moving = v->look.phase < 1;
		v->changed = true;
	}
	if (running)
		run(v, ms);
	if (v->searching)
		look_on(v);
	if (v->searching)
		return 0;
	if (in_motion(v) || rate(v) > 1000 / FRAME_MS)
		return FRAME_MS;
	return rate(v) > 0 ? (int)(1000 * (1 - v->due) / rate(v)) + 1 : -1;
}

static void leave(struct view *v)
{
	if (v->look.overlay)
		v->look.overlay = OVERLAY_NONE;
	else
		v->look.selected = (struct thing){ 0 };
}

static void toggle(struct view *v, enum overlay overlay)
{
	v->look.overlay = v->look.overlay == overlay ? OVERLAY_NONE : overlay;
}

void view_act(struct view *v, enum action action)
{
	uint64_t at = player_at(v->player);

	v->look.notice[0] = '\0';
	v->searching = false;
	v->changed = true;
	switch (action) {
	case ACTION_PLAY:      play(v); break;
	case ACTION_BACK:      step(v, -1); break;
	case ACTION_STEP:      step(v, 1); break;
	case ACTION_CALL_BACK:
		to_found(v, player_next_call(v->player, at, -1), "there is no call before");
		break;
	case ACTION_CALL_STEP:
		to_found(v, player_next_call(v->player, at, 1), "there is no call after this");
		break;
	case ACTION_RULE_BACK:
		to_found(v, player_next_flag(v->player, at, -1), "no rule was broken before");
		break;
	case ACTION_RULE_STEP:
		to_found(v, player_next_flag(v->player, at, 1), "no rule is broken after this");
		break;
	case ACTION_FIRST:     view_go(v, 0); break;
	case ACTION_LAST:      view_go(v, player_count(v->player)); break;
	case ACTION_FASTER:    change_speed(v, 1); break;
	case ACTION_SLOWER:    change_speed(v, -1); break;
	case ACTION_NEARER:    zoom(v, ZOOM_STEP); break;
	case ACTION_FARTHER:   zoom(v, 1 / ZOOM_STEP); break;
	case ACTION_FIT:       fit(v); break;
	case ACTION_UP:        scroll(v, v->look.panel, -0.25f); break;
	case ACTION_DOWN:      scroll(v, v->look.panel, 0.25f); break;
	case ACTION_NEXT:      next_panel(v, 1); break;
	case ACTION_PREVIOUS:  next_panel(v, -1); break;
	case ACTION_FIND:      v->look.find[0] = '\0'; toggle(v, OVERLAY_FIND); break;
	case ACTION_THEME:     v->look.theme = (v->look.theme + 1) % THEME_COUNT; break;
	case ACTION_LARGE:
		v->look.text = v->look.text < TEXT_LARGE ? TEXT_LARGE : TEXT_ORDINARY;
		break;
	case ACTION_REDUCED:
		v->look.reduced = !v->look.reduced;
		still(v);
		break;
	case ACTION_ABOUT:     toggle(v, OVERLAY_ABOUT); break;
	case ACTION_KEYS:      toggle(v, OVERLAY_KEYS); break;
	case ACTION_LEAVE:     leave(v); break;
	case ACTION_QUIT:      v->quit = true; break;
	case ACTION_COUNT:     break;
	}
}

/* Keys. */

static void find_key(struct view *v, const char *key)
{
	size_t n = strlen(v->look.find);

	v->searching = false;
	v->changed = true;
	if (!strcmp(key, "escape"))
		leave(v);
	else if (!strcmp(key, "enter"))
		find(v);
	else if (!strcmp(key, "backspace"))
		while (n && (v->look.find[--n] & 0xc0) == 0x80)
			;
	if (!strcmp(key, "backspace"))
		v->look.find[n] = '\0';
}

void view_key(struct view *v, const char *key)
{
	if (v->look.overlay == OVERLAY_FIND)
		find_key(v, key);
	else
		view_act(v, action_of_key(key));
}

static void find_text(struct view *v, const char *text)
{
	size_t n = strlen(v->look.find), more = strlen(text);

	if (n + more < sizeof v->look.find)
		memcpy(v->look.find + n, text, more + 1);
	v->look.notice[0] = '\0';
	v->searching = false;
	v->changed = true;
}

void view_text(struct view *v, const char *text)
{
	char key[2] = { text[0] >= 'A' && text[0] <= 'Z' ? (char)(text[0] + 32) : text[0] };

	if (v->look.overlay == OVERLAY_FIND)
		find_text(v, text);
	else if (!text[1])
		view_act(v, action_of_key(*key == ' ' ? "space" : key));
}

/* Mouse. */

void view_size(struct view *v, float width, float height)
{
	v->width = width;
	v->height = height;
	v->changed = true;
}

static enum panel panel_at(const struct view *v, float x, float y)
{
	enum panel i = 0;

	while (i < PANEL_COUNT && !box_holds(v->picture.box[i], x, y))
		i++;
	return i;
}

void view_pointer(struct view *v, float x, float y)
{
	struct thing thing = scene_at(&v->scene, x, y);

	v->pointer = (struct point){ x, y };
	if (same_thing(thing, v->look.hover) && thing.kind != THING_TIME)
		return;
	v->look.hover = thing;
	v->changed = true;
}

static void choose(struct view *v, struct thing thing, uint64_t byte)
{
	v->look.selected = thing;
	if (byte != UINT64_MAX)
		v->look.byte = byte;
}

static uint64_t byte_of_mapping(const struct view *v, uint64_t seq)
{
	const struct life *l = player_life_of(v->player, seq);

	return l ? l->pa : UINT64_MAX;
}

/* The first byte of it on the first board, which is the one the truth table knows. */
static uint64_t byte_of(const struct view *v, struct thing thing)
{
	if (thing.board)
		return UINT64_MAX;
	switch (thing.kind) {
	case THING_BYTE:
	case THING_LINE:    return thing.id;
	case THING_PAGE:    return thing.id << PAGE_SHIFT;
	case THING_MAPPING: return byte_of_mapping(v, thing.id);
	default:            return UINT64_MAX;
	}
}

static void click(struct view *v, struct thing thing)
{
	switch (thing.kind) {
	case THING_NONE:
	case THING_TIME:
	case THING_NOTICE:
	case THING_PANEL:  break;
	case THING_BUTTON: view_act(v, (enum action)thing.id); break;
	case THING_LEGEND: v->look.filtered ^= 1u << thing.id; break;
	case THING_EVENT:
		if (!thing.board)
			view_go(v, thing.id);
		break;
	case THING_FLAG:
		if (thing.id < player_flags(v->player))
			view_go(v, player_flag(v->player, (uint32_t)thing.id)->at);
		choose(v, thing, UINT64_MAX);
		break;
	default: choose(v, thing, byte_of(v, thing));
	}
}

void view_press(struct view *v, float x, float y)
{
	enum panel panel = panel_at(v, x, y);

	view_pointer(v, x, y);
	v->look.notice[0] = '\0';
	v->changed = true;
	v->pressed = v->pointer;
	v->touched = v->look.hover;
	v->dragged = panel;
	v->drag = DRAG_CLICK;
	if (v->look.overlay || panel == PANEL_COUNT)
		return;
	if (can_be_chosen(v, panel))
		v->look.panel = panel;
	if (v->look.hover.kind == THING_TIME) {
		v->drag = DRAG_TIME;
		view_go(v, timeline_position(&v->picture, x));
	}
}

void view_drag(struct view *v, float x, float y)
{
	float dx = x - v->pressed.x, dy = y - v->pressed.y;

	if (v->drag == DRAG_TIME)
		view_go(v, timeline_position(&v->picture, x));
	if (v->drag == DRAG_CLICK && hypotf(dx, dy) > CLICK_PLAY && v->dragged < PANEL_COUNT &&
	    !v->look.overlay)
		v->drag = DRAG_SCROLL;
	if (v->drag == DRAG_SCROLL) {
		scroll(v, v->dragged, -(y - v->pointer.y) / v->picture.box[v->dragged].h);
		v->changed = true;
	}
	v->pointer = (struct point){ x, y };
}

void view_release_button(struct view *v, float x, float y)
{
	if (v->drag == DRAG_CLICK && same_thing(scene_at(&v->scene, x, y), v->touched))
		click(v, v->touched);
	v->drag = DRAG_NONE;
	v->changed = true;
}

void view_wheel(struct view *v, float x, float y, float turns)
{
	enum panel panel = panel_at(v, x, y);
	float factor = powf(ZOOM_STEP, turns);

	if (v->look.overlay || panel == PANEL_COUNT)
		return;
	if (of_time(panel))
		timeline_zoom(&v->look, player_count(v->player), timeline_position(&v->picture, x),
			      factor);
	else
		zoom_panel(&v->look.zoom[panel], factor,
			   (y - v->picture.box[panel].y) / v->picture.box[panel].h);
	v->changed = true;
}

bool view_draw(struct view *v)
{
	if (!v->changed)
		return false;
	v->changed = false;
	if (v->pair)
		pair_seek(v->pair);
	v->picture.scene = &v->scene;
	v->picture.player = v->player;
	v->picture.beside = v->beside;
	v->picture.look = &v->look;
	picture_draw(&v->picture, v->width, v->height);
	overlay_draw(&v->picture, v->pointer);
	return true;
}
