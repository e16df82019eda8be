/*
 * A button for each row of actions.def that wants one, as many as there is room for, and the one
 * that opens the key card, where all of them are; then where we are in time.
 */
#include "viz/action.h"
#include "viz/panel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define GAP 4.0f
#define WHERE_MOST 192

static const char *label_of(const struct look *look, enum action i)
{
	return i == ACTION_PLAY && look->playing ? "pause" : action_info[i].label;
}

/* The widest it can be: "play" and "pause" take the same room, so that no button ever moves. */
static float button_width(const struct look *look, enum action i)
{
	return text_width(i == ACTION_PLAY ? "pause" : action_info[i].label, look->text) +
	       look->text;
}

static void button(const struct picture *p, struct box b, enum action i)
{
	bool hover = same_thing(p->look->hover, thing_of(THING_BUTTON, 0, i));

	scene_thing(p->scene, THING_BUTTON, 0, i);
	scene_rect(p->scene, b, hover ? ROLE_FRESH : ROLE_PANEL, ROLE_EDGE, 0);
	scene_label(p->scene, b, p->look->text, ROLE_INK, 0, "%s", label_of(p->look, i));
}

static const char *kind_of_stream(const struct look *look)
{
	if (!look->live)
		return "";
	return look->follow ? ", live" : ", live: end goes there";
}

/* Where we are in time: all there is to say, only the event, or two numbers where room is short. */
enum words { WORDS_ALL, WORDS_EVENT, WORDS_NUMBERS };

/* Events are numbered anew by each machine; of the first, number and position are the same. */
static void place(const struct picture *p, char *text, size_t n)
{
	uint64_t at = player_at(p->player), count = player_count(p->player);
	uint64_t seq = at ? p->model->event.seq : 0;

	if (seq == at)
		snprintf(text, n, "event %" PRIu64 " of %" PRIu64, at, count);
	else
		snprintf(text, n, "event %" PRIu64 " (%" PRIu64 " of %" PRIu64 ")", seq, at, count);
}

static void where(const struct picture *p, char *text, size_t n, enum words words)
{
	char speed[24] = "at once", event[80];

	if (p->look->speed > 0)
		snprintf(speed, sizeof speed, "%g/s", (double)p->look->speed);
	place(p, event, sizeof event);
	if (words == WORDS_ALL)
		snprintf(text, n, "%s  %s  cycle %" PRIu64 "%s", speed, event,
			 p->model->event.cycle, kind_of_stream(p->look));
	else if (words == WORDS_EVENT)
		snprintf(text, n, "%s", event);
	else
		snprintf(text, n, "%" PRIu64 "/%" PRIu64, player_at(p->player),
			 player_count(p->player));
}

/* A width that stays while time goes on: digits enough for the last event. */
static float where_room(const struct picture *p, enum words words)
{
	char last[24];
	int digits = snprintf(last, sizeof last, "%" PRIu64, player_count(p->player));
	int live = p->look->live ? 21 : 0;
	int letters[] = { 3 * digits + 41 + live, 3 * digits + 14, 2 * digits + 1 };

	return (float)letters[words] * p->look->text * TEXT_ADVANCE;
}

static float buttons_width(const struct look *look)
{
	float w = 0;

	for (enum action i = 0; i < ACTION_COUNT; i++)
		if (action_info[i].button || i == ACTION_KEYS)
			w += button_width(look, i) + GAP;
	return w;
}

void panel_toolbar(const struct picture *p, struct box b)
{
	float keys = button_width(p->look, ACTION_KEYS), x = b.x, end;
	enum words words = WORDS_ALL;
	char text[WHERE_MOST];

	while (words < WORDS_NUMBERS && buttons_width(p->look) + where_room(p, words) > b.w)
		words++;
	end = b.x + b.w - where_room(p, words) - 2 * GAP - keys;
	for (enum action i = 0; i < ACTION_COUNT; i++) {
		float w = button_width(p->look, i);

		if (!action_info[i].button || x + w > end)
			continue;
		button(p, (struct box){ x, b.y, w, b.h }, i);
		x += w + GAP;
	}
	button(p, (struct box){ x, b.y, keys, b.h }, ACTION_KEYS);
	scene_thing(p->scene, THING_PANEL, 0, PANEL_TOOLBAR);
	where(p, text, sizeof text, words);
	scene_text(p->scene, b.x + b.w - text_width(text, p->look->text), b.y + b.h / 2, 0,
		   p->look->text, ROLE_INK, 0, "%s", text);
}
