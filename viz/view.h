#pragma once
/*
 * The viewer without a window: what keys, mouse and time do to a look and to a player. The window
 * (sdl/) translates its events into these calls and paints the scene; tests call them directly.
 */
#include "viz/picture.h"

/* Everything a person can do, each with its key, its button and its words (actions.def). */
enum action {
#define ACTION(NAME, ...) ACTION_##NAME,
#include "viz/actions.def"
#undef ACTION
	ACTION_COUNT
};

struct action_info {
	const char *name, *keys, *label, *sentence;
	bool button;             /* it has a button in the toolbar; all stand on the key card */
};

extern const struct action_info action_info[ACTION_COUNT];

struct view {
	struct player *player, *beside;  /* beside: the second board, or NULL; both the caller's */
	struct look look;
	struct scene scene;
	struct picture picture;
	float width, height;             /* points */
	bool follow;                     /* live: stay at the end as it grows */
	bool quit;                       /* the person wants to leave */
	bool changed;                    /* the picture is to be drawn again */
	double due;                      /* playing: events to take before the next, a fraction */
};

void view_init(struct view *v, struct player *player, struct player *beside);
void view_release(struct view *v);

void view_act(struct view *v, enum action action);

/* A key as a person knows it: "space", "left", "shift+left", "[", "+", "f1", "escape". */
void view_key(struct view *v, const char *key);
void view_text(struct view *v, const char *text);        /* typed while something is looked for */

void view_size(struct view *v, float width, float height);
void view_pointer(struct view *v, float x, float y);     /* moved, with no button down */
void view_press(struct view *v, float x, float y);
void view_drag(struct view *v, float x, float y);
void view_release_button(struct view *v, float x, float y);
void view_wheel(struct view *v, float x, float y, float turns);

/* So many milliseconds went by. Returns in how many it wants to be called again, -1: never. */
int view_pass(struct view *v, double ms);

/* Draw into v->scene if anything changed. True: it has been drawn anew. */
bool view_draw(struct view *v);
