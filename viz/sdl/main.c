/* dmalab-view: a recording, or a session that goes on, as a picture. */
#include "viz/moment.h"
#include "viz/options.h"
#include "viz/sdl/paint.h"
#include "viz/sdl/shot.h"
#include "viz/sdl/window.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DONE, FAILED, WRONG_USAGE };     /* exit status */

#define RATE 30              /* pictures a second of a movie */

static const char usage[] =
	"dmalab-view: watch a machine of dmalab\n"
	"\n"
	"  dmalab-view FILE           a recording (made with dmalab --record FILE)\n"
	"  dmalab-view -              a session that sends its events here: `view` at the prompt does\n"
	"\n"
	"      --shot FILE.png  save one picture instead of opening a window; needs no display\n"
	"      --frames FOLDER  play it and save every picture (30 a second)\n"
	"      --movie FILE.mp4 play it into a movie; needs ffmpeg\n"
	"      --at MOMENT      where to begin: " MOMENT_HELP "\n"
	"      --to MOMENT      where frames and movie end\n"
	"      --speed N        events a second\n"
	"      --size WxH       of the picture, in points (1280x800)\n"
	"      --scale N        pixels a point: 2 for a dense screen\n"
	"      --theme NAME     light or dark\n"
	"      --large          large type, for a projector\n"
	"      --select ADDR    choose the byte at an address: CPU, physical or bus\n"
	"      --beside FILE    a second board in the same picture\n"
	"  -h, --help           this page           -V, --version\n"
	"\n"
	"In the window, ? shows all keys. Exit status: 0 done, 1 failed, 2 wrong usage.\n";

struct options {
	const char *file, *beside;
	const char *shot, *frames, *movie;
	const char *at, *to, *select;
	int width, height;       /* 0: as the last time */
	float scale;             /* 0: as the screen has */
	float speed;             /* negative: as the last time */
	bool has_theme;          /* or as the last time */
	enum theme theme;
	bool large;
	bool help, version;
};

static char why[256];

static int wrong_usage(const char *what, const char *which)
{
	fprintf(stderr, "dmalab-view: %s%s\nTry: dmalab-view --help\n", what, which);
	return WRONG_USAGE;
}

static int failure(void)
{
	fprintf(stderr, "dmalab-view: %s\n", why);
	return FAILED;
}

enum {
	OPTION_SHOT = 256, OPTION_FRAMES, OPTION_MOVIE, OPTION_AT, OPTION_TO, OPTION_SPEED,
	OPTION_SIZE, OPTION_SCALE, OPTION_THEME, OPTION_LARGE, OPTION_SELECT, OPTION_BESIDE
};

static const struct option long_options[] = {
	{ "shot", required_argument, NULL, OPTION_SHOT },
	{ "frames", required_argument, NULL, OPTION_FRAMES },
	{ "movie", required_argument, NULL, OPTION_MOVIE },
	{ "at", required_argument, NULL, OPTION_AT },
	{ "to", required_argument, NULL, OPTION_TO },
	{ "speed", required_argument, NULL, OPTION_SPEED },
	{ "size", required_argument, NULL, OPTION_SIZE },
	{ "scale", required_argument, NULL, OPTION_SCALE },
	{ "theme", required_argument, NULL, OPTION_THEME },
	{ "large", no_argument, NULL, OPTION_LARGE },
	{ "select", required_argument, NULL, OPTION_SELECT },
	{ "beside", required_argument, NULL, OPTION_BESIDE },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* A number within bounds. */
static bool take_number(float *to, float low, float high)
{
	char *end;

	*to = strtof(optarg, &end);
	return end != optarg && !*end && *to >= low && *to <= high;
}

static bool take_theme(struct options *o)
{
	o->has_theme = option_theme(optarg, &o->theme);
	return o->has_theme;
}

/* One option. False: wrong usage was said. */
static bool take_option(struct options *o, int option, const char *which)
{
	switch (option) {
	case OPTION_SHOT:   o->shot = optarg; return true;
	case OPTION_FRAMES: o->frames = optarg; return true;
	case OPTION_MOVIE:  o->movie = optarg; return true;
	case OPTION_AT:     o->at = optarg; return true;
	case OPTION_TO:     o->to = optarg; return true;
	case OPTION_SELECT: o->select = optarg; return true;
	case OPTION_BESIDE: o->beside = optarg; return true;
	case OPTION_LARGE:  o->large = true; return true;
	case 'h': o->help = true; return true;
	case 'V': o->version = true; return true;
	case OPTION_SIZE:
		return option_size(optarg, &o->width, &o->height) ||
		       !wrong_usage("--size wants WxH as 1280x800, not ", optarg);
	case OPTION_SCALE:
		return take_number(&o->scale, 0.5f, 8) ||
		       !wrong_usage("--scale wants a number from 0.5 to 8, not ", optarg);
	case OPTION_SPEED:
		return take_number(&o->speed, 0, 1e6f) ||
		       !wrong_usage("--speed wants events a second, not ", optarg);
	case OPTION_THEME:
		return take_theme(o) || !wrong_usage("--theme wants light or dark, not ", optarg);
	case ':': return !wrong_usage("a value is missing after ", which);
	default:  return !wrong_usage("unknown option ", which);
	}
}

static bool parse(struct options *o, int argc, char **argv)
{
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":hV", long_options, NULL)) != -1)
		if (!take_option(o, option, argv[optind - 1]))
			return false;
	if (o->help || o->version)
		return true;
	if (optind == argc)
		return !wrong_usage("a FILE is missing, or - for a session", "");
	if (optind + 1 < argc)
		return !wrong_usage("one FILE is enough: ", argv[optind + 1]);
	o->file = argv[optind];
	return true;
}

/* What the options want of the look; what they leave open stays. */
static void set_look(const struct options *o, struct look *look)
{
	if (o->has_theme)
		look->theme = o->theme;
	if (o->large)
		look->text = TEXT_LARGE;
	if (o->speed >= 0)
		look->speed = o->speed;
}

/* The moment to begin with: the one asked for, else where there is something to be seen. */
static bool begin(struct view *v, const struct options *o)
{
	uint64_t at = o->at ? moment_find(v->player, o->at, why, sizeof why) : 0;

	if (!o->at) {
		at = player_next_call(v->player, 0, 1);
		if (at == UINT64_MAX || !strcmp(o->file, "-") || v->look.live || o->shot)
			at = player_count(v->player);
	}
	if (at == UINT64_MAX)
		return false;
	view_go(v, at);
	return option_select(v, o->select, why, sizeof why);
}

/* Without a window. */

struct studio {
	struct options *o;
	struct view view;
	struct canvas canvas;
	struct font *font;
};

static void draw(struct studio *s)
{
	view_draw(&s->view);
	paint(&s->canvas, s->font, &s->view.scene, s->view.look.theme, s->o->scale);
}

/* Every picture from here to the end of playing. */
static bool play_into(struct studio *s, struct reel *reel)
{
	struct view *v = &s->view;
	uint64_t end = s->o->to ? moment_find(v->player, s->o->to, why, sizeof why) :
		player_count(v->player);

	if (end == UINT64_MAX)
		return false;
	view_act(v, ACTION_PLAY);
	for (;;) {
		draw(s);
		if (!reel_add(reel, &s->canvas, why, sizeof why))
			return false;
		if (player_at(v->player) >= end && !v->moving)
			return true;
		view_pass(v, 1000.0 / RATE);
	}
}

static bool film(struct studio *s)
{
	struct reel *reel = s->o->frames ? reel_folder(s->o->frames, why, sizeof why) :
		reel_movie(s->o->movie, s->canvas.width, s->canvas.height, RATE, why, sizeof why);
	bool fine;

	if (!reel)
		return false;
	fine = play_into(s, reel);
	return reel_end(reel, why, sizeof why) && fine;
}

static bool photograph(struct studio *s)
{
	draw(s);
	return shot_save(&s->canvas, s->o->shot, why, sizeof why);
}

static bool read_source(struct source *s)
{
	if (!s)
		return false;
	source_read_all(s);
	if (source_end(s) && !player_count(source_player(s))) {
		snprintf(why, sizeof why, "%s", source_end(s));
		return false;
	}
	if (source_end(s) && !source_live(s))
		fprintf(stderr, "dmalab-view: %s\n", source_end(s));
	return true;
}

static int without_window(struct options *o)
{
	struct source *first = source_open(o->file, NULL, NULL, why, sizeof why);
	struct source *second = o->beside ? source_open(o->beside, NULL, NULL, why, sizeof why) : NULL;
	struct studio s = { .o = o, .font = font_open(why, sizeof why) };
	bool fine = s.font && read_source(first) && (!o->beside || read_source(second));

	o->scale = o->scale > 0 ? o->scale : 1;
	if (fine) {
		view_init(&s.view, source_player(first), second ? source_player(second) : NULL);
		set_look(o, &s.view.look);
		view_size(&s.view, (float)o->width, (float)o->height);
		canvas_resize(&s.canvas, (int)((float)o->width * o->scale),
			      (int)((float)o->height * o->scale));
		fine = begin(&s.view, o) && (o->shot ? photograph(&s) : film(&s));
		canvas_release(&s.canvas);
		view_release(&s.view);
	}
	font_close(s.font);
	source_close(second);
	source_close(first);
	return fine ? DONE : failure();
}

/* With one. */

static void start(struct view *v, void *options)
{
	if (!begin(v, options))
		view_notice(v, why);
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !strcmp(path, "-") ? "a session" : slash ? slash + 1 : path;
}

static int with_sources(struct window *w, const struct options *o, struct look *look)
{
	struct source *first = source_open(o->file, window_wake, w, why, sizeof why);
	struct source *second = first && o->beside ?
		source_open(o->beside, window_wake, w, why, sizeof why) : NULL;
	bool fine = first && (!o->beside || second);
	struct view v;

	if (fine) {
		view_init(&v, source_player(first), second ? source_player(second) : NULL);
		v.look = *look;
		v.look.live = v.look.follow = source_live(first);
		window_run(w, &v, first, second, name_of(o->file), start, (void *)(uintptr_t)o);
		*look = v.look;
		view_release(&v);
	}
	source_close(second);
	source_close(first);
	return fine ? DONE : failure();
}

/* What an option wanted of this one window, and nobody changed in it, is as it was the last time. */
static void forget_options(const struct options *o, struct settings *s, struct look *look,
			   const struct settings *last, const struct look *last_look)
{
	if (s->width == o->width && s->height == o->height)
		*s = *last;
	if (o->has_theme && look->theme == o->theme)
		look->theme = last_look->theme;
	if (o->large && look->text >= TEXT_LARGE)
		look->text = last_look->text;
	if (o->speed >= 0 && look->speed >= o->speed && look->speed <= o->speed)
		look->speed = last_look->speed;
}

static int with_window(const struct options *o)
{
	struct look last_look = look_default(), look;
	struct settings last = settings_load(&last_look);
	struct settings settings = o->width ? (struct settings){ o->width, o->height } : last;
	struct font *font = font_open(why, sizeof why);
	struct window *w;
	int status;

	if (!font)
		return failure();
	look = last_look;
	set_look(o, &look);
	w = window_open(&settings, o->scale, font, why, sizeof why);
	status = w ? with_sources(w, o, &look) : failure();
	if (w) {
		forget_options(o, &settings, &look, &last, &last_look);
		settings_save(settings, &look);
		window_close(w);
	}
	font_close(font);
	return status;
}

int main(int argc, char **argv)
{
	struct options o = { .speed = -1 };

	if (!parse(&o, argc, argv))
		return WRONG_USAGE;
	if (o.help || o.version) {
		fputs(o.help ? usage : "dmalab-view " VERSION "\n", stdout);
		return DONE;
	}
	if (!o.shot && !o.frames && !o.movie)
		return with_window(&o);
	if (!o.width) {
		o.width = 1280;
		o.height = 800;
	}
	return without_window(&o);
}
