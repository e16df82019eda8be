#pragma once
/*
 * The viewer without a window: what keys, mouse and time do to a look and to a player. The window
 * (sdl/) translates its events into these calls and paints the scene; tests call them directly.
 */
#include "viz/action.h"
#include "viz/find.h"
#include "viz/pair.h"
#include "viz/picture.h"

/* What a pressed mouse button is doing until it is let go. */
enum drag { DRAG_NONE, DRAG_CLICK, DRAG_TIME, DRAG_SCROLL };

struct view {
	struct player *player, *beside;  /* beside: the second board, or NULL; both the caller's */
	struct pair *pair;               /* brings the second to where the first is, or NULL */
	struct look look;
	struct scene scene;
	struct picture picture;
	float width, height;             /* points */
	bool quit;                       /* the person wants to leave */
	bool changed;                    /* the picture is to be drawn again */
	double due;                      /* playing: events to take before the next, a fraction */
	bool moving;                     /* the last transfer is still on its way: look.phase */
	double rate;                     /* catching up with a session: events a second; else 0 */
	enum drag drag;
	struct point pointer, pressed;   /* where it is, and where the button went down */
	struct search search;
	bool searching;                  /* it goes on: many events are not looked at in one go */
	struct thing touched;            /* what it went down on: only there a click counts */
	enum panel dragged;              /* the panel it went down in */
};

void view_init(struct view *v, struct player *player, struct player *beside);
void view_release(struct view *v);

void view_act(struct view *v, enum action action);

/* A key that types nothing, as a person knows it: "left", "shift+left", "f1", "escape". */
void view_key(struct view *v, const char *key);

/* What was typed, UTF-8: keys as "+" and " ", or letters of what is being looked for. */
void view_text(struct view *v, const char *text);

void view_size(struct view *v, float width, float height);
void view_pointer(struct view *v, float x, float y);     /* moved, with no button down */
void view_press(struct view *v, float x, float y);
void view_drag(struct view *v, float x, float y);
void view_release_button(struct view *v, float x, float y);
void view_wheel(struct view *v, float x, float y, float turns);     /* turns > 0: nearer */

/* Go to a position, without any motion. */
void view_go(struct view *v, uint64_t at);

/* Choose the byte at an address of any of the three kinds. False: there is nothing there now. */
bool view_select(struct view *v, uint64_t address);

/* The player has read more. Who follows a session goes there, in a second and a half at most. */
void view_grown(struct view *v);

/* Say a sentence until the next key or click. */
void view_notice(struct view *v, const char *sentence);

/* So many milliseconds went by. Returns in how many it wants to be called again, -1: never. */
int view_pass(struct view *v, double ms);

/* Draw into v->scene if anything changed. True: it has been drawn anew. */
bool view_draw(struct view *v);
