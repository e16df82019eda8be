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
#define WHERE_MOST 96

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
	bool hover = same_thing(p->look->hover, (struct thing){ THING_BUTTON, 0, i });

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

/* Where we are in time, in words; shorter where there is less room. */
static void where(const struct picture *p, char *text, size_t n, bool brief)
{
	const struct event *e = &p->model->event;
	char speed[24] = "at once";

	if (p->look->speed > 0)
		snprintf(speed, sizeof speed, "%g/s", (double)p->look->speed);
	if (brief)
		snprintf(text, n, "%" PRIu64 "/%" PRIu64, player_at(p->player),
			 player_count(p->player));
	else
		snprintf(text, n, "%s  event %" PRIu64 " of %" PRIu64 "  cycle %" PRIu64 "%s", speed,
			 player_at(p->player), player_count(p->player), e->cycle,
			 kind_of_stream(p->look));
}

/* A width that stays while time goes on: digits enough for the last event. */
static float where_room(const struct picture *p, bool brief)
{
	char last[24];
	int digits = snprintf(last, sizeof last, "%" PRIu64, player_count(p->player));
	int letters = brief ? 2 * digits + 1 : 2 * digits + 38 + (p->look->live ? 21 : 0);

	return (float)letters * p->look->text * TEXT_ADVANCE;
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
	bool brief = buttons_width(p->look) + where_room(p, false) > b.w;
	float keys = button_width(p->look, ACTION_KEYS), room = where_room(p, brief);
	float x = b.x, end = b.x + b.w - room - 2 * GAP - keys;
	char text[WHERE_MOST];

	for (enum action i = 0; i < ACTION_COUNT; i++) {
		float w = button_width(p->look, i);

		if (!action_info[i].button || x + w > end)
			continue;
		button(p, (struct box){ x, b.y, w, b.h }, i);
		x += w + GAP;
	}
	button(p, (struct box){ x, b.y, keys, b.h }, ACTION_KEYS);
	scene_thing(p->scene, THING_PANEL, 0, PANEL_TOOLBAR);
	where(p, text, sizeof text, brief);
	scene_text(p->scene, b.x + b.w - text_width(text, p->look->text), b.y + b.h / 2, 0,
		   p->look->text, ROLE_INK, 0, "%s", text);
}
