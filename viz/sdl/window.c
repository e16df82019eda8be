#include "viz/sdl/window.h"
#include "viz/sdl/paint.h"
#include "viz/display.h"

#include <SDL.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define READ_MS 8        /* reading a stream never takes more of a frame */

struct window {
	SDL_Window *window;
	SDL_Renderer *renderer;
	SDL_Texture *texture;    /* as large as the canvas */
	struct canvas canvas;
	struct font *font;
	struct settings *settings;
	float wanted;            /* pixels a point, as the person wants it; 0: as the screen has */
	float scale;             /* pixels a point */
	float mouse;             /* points for one unit of the mouse's */
	uint32_t woken;          /* SDL's number of the event that says: a stream has news */
};

static void failed(char *why, size_t n)
{
	snprintf(why, n, "no window can be opened: %s. Without a display use dmalab-view --shot "
		 "x.png or dmalab draw", display_there() ? SDL_GetError() : "there is no display");
}

static bool open_window(struct window *w)
{
	const struct settings *s = w->settings;
	uint32_t flags = SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI;

	w->window = SDL_CreateWindow("dmalab", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED,
				     s->width, s->height, flags);
	if (!w->window)
		return false;
	SDL_SetWindowMinimumSize(w->window, 400, 300);
	w->renderer = SDL_CreateRenderer(w->window, -1, SDL_RENDERER_PRESENTVSYNC);
	if (!w->renderer)
		w->renderer = SDL_CreateRenderer(w->window, -1, SDL_RENDERER_SOFTWARE);
	return w->renderer;
}

struct window *window_open(struct settings *s, float scale, struct font *font, char *why, size_t n)
{
	struct window *w = core_alloc(sizeof *w);

	*w = (struct window){ .settings = s, .font = font, .wanted = scale };
	SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
	if (!display_there() || SDL_Init(SDL_INIT_VIDEO) || !open_window(w)) {
		failed(why, n);
		window_close(w);
		return NULL;
	}
	w->woken = SDL_RegisterEvents(1);
	SDL_StartTextInput();
	return w;
}

void window_close(struct window *w)
{
	canvas_release(&w->canvas);
	if (w->texture)
		SDL_DestroyTexture(w->texture);
	if (w->renderer)
		SDL_DestroyRenderer(w->renderer);
	if (w->window)
		SDL_DestroyWindow(w->window);
	SDL_QuitSubSystem(SDL_INIT_VIDEO);
	free(w);
}

void window_wake(void *window)
{
	SDL_Event e = { .type = ((struct window *)window)->woken };

	SDL_PushEvent(&e);
}

/* As many pixels as the window has now. */
static void fit(struct window *w, struct view *v)
{
	int width, height, points, ignored;

	SDL_GetRendererOutputSize(w->renderer, &width, &height);
	SDL_GetWindowSize(w->window, &points, &ignored);
	if (width < 1 || height < 1 || points < 1)
		return;
	w->scale = w->wanted > 0 ? w->wanted : (float)width / (float)points;
	w->mouse = (float)width / (float)points / w->scale;
	w->settings->width = points;
	w->settings->height = ignored;
	view_size(v, (float)width / w->scale, (float)height / w->scale);
	if (w->texture && width == w->canvas.width && height == w->canvas.height)
		return;
	canvas_resize(&w->canvas, width, height);
	if (w->texture)
		SDL_DestroyTexture(w->texture);
	w->texture = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_ARGB8888,
				       SDL_TEXTUREACCESS_STREAMING, width, height);
}

/* Names of keys that type nothing. */
static const struct {
	SDL_Keycode code;
	const char *name;
} keys[] = {
	{ SDLK_LEFT, "left" }, { SDLK_RIGHT, "right" }, { SDLK_UP, "up" }, { SDLK_DOWN, "down" },
	{ SDLK_HOME, "home" }, { SDLK_END, "end" }, { SDLK_PAGEUP, "pageup" },
	{ SDLK_PAGEDOWN, "pagedown" }, { SDLK_TAB, "tab" }, { SDLK_RETURN, "enter" },
	{ SDLK_KP_ENTER, "enter" }, { SDLK_ESCAPE, "escape" }, { SDLK_BACKSPACE, "backspace" },
	{ SDLK_F1, "f1" }, { SDLK_F3, "f3" }, { SDLK_F4, "f4" }, { SDLK_F5, "f5" },
	{ SDLK_F6, "f6" }, { SDLK_F8, "f8" },
};

static void key(struct view *v, SDL_Keysym k)
{
	char name[32];

	if (k.mod & (KMOD_CTRL | KMOD_ALT | KMOD_GUI))
		return;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i].code == k.sym) {
			snprintf(name, sizeof name, "%s%s", k.mod & KMOD_SHIFT ? "shift+" : "",
				 keys[i].name);
			view_key(v, name);
		}
}

static void button(struct window *w, struct view *v, const SDL_MouseButtonEvent *b)
{
	float x = (float)b->x * w->mouse, y = (float)b->y * w->mouse;

	if (b->button != SDL_BUTTON_LEFT)
		return;
	if (b->type == SDL_MOUSEBUTTONDOWN)
		view_press(v, x, y);
	else
		view_release_button(v, x, y);
}

static void moved(struct window *w, struct view *v, const SDL_MouseMotionEvent *m)
{
	float x = (float)m->x * w->mouse, y = (float)m->y * w->mouse;

	if (m->state & SDL_BUTTON_LMASK)
		view_drag(v, x, y);
	else
		view_pointer(v, x, y);
}

static void wheel(struct view *v, const SDL_MouseWheelEvent *m)
{
	float turns = m->preciseY;

	view_wheel(v, v->pointer.x, v->pointer.y,
		   m->direction == SDL_MOUSEWHEEL_FLIPPED ? -turns : turns);
}

static void handle(struct window *w, struct view *v, const SDL_Event *e)
{
	switch (e->type) {
	case SDL_QUIT:            v->quit = true; break;
	case SDL_WINDOWEVENT:     fit(w, v); break;
	case SDL_KEYDOWN:         key(v, e->key.keysym); break;
	case SDL_TEXTINPUT:       view_text(v, e->text.text); break;
	case SDL_MOUSEBUTTONDOWN:
	case SDL_MOUSEBUTTONUP:   button(w, v, &e->button); break;
	case SDL_MOUSEMOTION:     moved(w, v, &e->motion); break;
	case SDL_MOUSEWHEEL:      wheel(v, &e->wheel); break;
	default: break;
	}
}

static void show(struct window *w, const struct view *v, const char *name)
{
	char title[512];

	paint(&w->canvas, w->font, &v->scene, v->look.theme, w->scale);
	SDL_UpdateTexture(w->texture, NULL, w->canvas.pixel, w->canvas.width * 4);
	SDL_RenderClear(w->renderer);
	SDL_RenderCopy(w->renderer, w->texture, NULL, NULL);
	SDL_RenderPresent(w->renderer);
	snprintf(title, sizeof title, "dmalab: event %" PRIu64 " of %" PRIu64 ", %s",
		 player_at(v->player), player_count(v->player), name);
	SDL_SetWindowTitle(w->window, title);
}

/* What is known of one source. */
struct news {
	struct source *source;
	uint64_t count;
	bool more, ended;
};

/* Take what is new. */
static void take(struct news *n, struct view *v)
{
	if (!n->source)
		return;
	n->more = source_read(n->source, READ_MS);
	if (player_count(source_player(n->source)) != n->count)
		view_grown(v);
	n->count = player_count(source_player(n->source));
	if (!n->ended && source_end(n->source)) {
		n->ended = true;
		if (source_player(n->source) == v->player)
			v->look.live = source_live(n->source);
		view_notice(v, source_end(n->source));
	}
}

static int sooner(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* Everything that happens within so many milliseconds. */
static void wait(struct window *w, struct view *v, int ms)
{
	SDL_Event e;

	if (SDL_WaitEventTimeout(&e, ms))
		do
			handle(w, v, &e);
		while (SDL_PollEvent(&e));
}

void window_run(struct window *w, struct view *v, struct source *first, struct source *second,
		const char *name, void (*start)(struct view *v, void *data), void *data)
{
	struct news news[2] = { { .source = first }, { .source = second } };
	uint64_t then = SDL_GetTicks64();
	bool started = false;
	int again = 0;

	fit(w, v);
	while (!v->quit) {
		uint64_t now;

		wait(w, v, again);
		take(&news[0], v);
		take(&news[1], v);
		again = news[0].more || news[1].more ? 0 : -1;
		if (!started && again && player_count(v->player)) {
			start(v, data);
			started = true;
		}
		now = SDL_GetTicks64();
		again = sooner(again, view_pass(v, (double)(now - then)));
		then = now;
		if (view_draw(v))
			show(w, v, name);
	}
}
