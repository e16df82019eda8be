#pragma once
/* The window: SDL's events into a view, and the view's picture on the screen. */
#include "viz/sdl/font.h"
#include "viz/sdl/settings.h"
#include "viz/sdl/source.h"
#include "viz/view.h"

struct window;

/*
 * NULL and a sentence in *why when there is no display. Open before the sources, for it tells of
 * what is new in them.
 */
struct window *window_open(struct settings *s, float scale, struct font *font, char *why, size_t n);

/* What a source calls when something is new: a source's `ready`. */
void window_wake(void *window);

/*
 * Until the person leaves. The view's player comes from the first source; the second may be NULL.
 * `start` is called once everything that was there at first has been read.
 */
void window_run(struct window *w, struct view *v, struct source *first, struct source *second,
		const char *name, void (*start)(struct view *v, void *data), void *data);

void window_close(struct window *w);     /* the settings know its last size */
