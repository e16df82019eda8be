/* Measures the picture: frames a second of the painter, which needs no display. */
#include "bench.h"
#include "measure.h"

#include "viz/recorder.h"
#include "viz/sdl/paint.h"
#include "viz/view.h"

#include <unistd.h>

#define STEPS  400           /* frames, each one event on */
#define WORDS  30000         /* stores, so that caches and pages are full */
#define WIDTH  1280
#define HEIGHT 800

static char path[] = "/tmp/dmalab-bench-XXXXXX";

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "bench_view: %s\n", what);
	exit(1);
}

/* The default board (8192 pages, 512 and 4096 lines) with everything in use. */
static void record(void)
{
	struct board board = board_default();
	struct bench *b = bench_new(&board);
	struct recorder *r;
	char why[256];

	close(mkstemp(path));
	r = recorder_open(path, why, sizeof why);
	must(b && r, "no machine");
	machine_watch_all(&b->machine, true);
	for (uint64_t i = 0; i < WORDS; i++) {
		must(cpu_store(&b->machine.hw, LINEAR_BASE + 4 * MIB + 64 * (i * 7 % 8192), 8, i) == OK,
		     "a store failed");
		bench_settle(b);
		recorder_follow(r, &b->trace);
	}
	must(recorder_finish(r, &b->trace) && recorder_close(r, &b->trace), "not recorded");
	bench_free(b);
}

struct studio {
	struct view view;
	struct canvas canvas;
	struct font *font;
	double draw, paint;      /* seconds spent so far */
};

static void frame(struct studio *s)
{
	double start = now(), drawn;

	s->view.changed = true;
	view_draw(&s->view);
	drawn = now();
	paint(&s->canvas, s->font, &s->view.scene, s->view.look.theme, 1);
	s->draw += drawn - start;
	s->paint += now() - drawn;
}

static void measure(struct studio *s, const char *what)
{
	char line[64];
	double start;

	frame(s);
	s->draw = s->paint = 0;
	start = now();
	for (int i = 0; i < STEPS; i++) {
		view_key(&s->view, "left");
		frame(s);
	}
	start = now() - start;
	snprintf(line, sizeof line, "%s, %u shapes at %dx%d", what, s->view.scene.count, WIDTH, HEIGHT);
	show(line, STEPS / start, "fps", "aim 60");
	show("  laying it out", s->draw * 1e3 / STEPS, "ms", "");
	show("  painting it", s->paint * 1e3 / STEPS, "ms", "");
}

/* As many cells as a picture ever has, each with a border, a mark and two letters. */
static void cells(struct scene *scene)
{
	scene_clear(scene, WIDTH, HEIGHT);
	for (int i = 0; i < 4000; i++) {
		struct box b = { (float)(i % 80) * 16, (float)(i / 80) * 16, 15, 15 };

		scene_rect(scene, b, ROLE_FRESH, ROLE_EDGE, i % 4 ? 0 : MARK_HATCH);
		scene_text(scene, b.x, b.y + 8, 0, TEXT_MIN, ROLE_INK, 0, "%02x", i % 256);
	}
}

static void measure_cells(struct studio *s)
{
	double start = now();

	for (int i = 0; i < STEPS; i++) {
		cells(&s->view.scene);
		paint(&s->canvas, s->font, &s->view.scene, THEME_LIGHT, 1);
	}
	show("4000 cells with two letters each, laid out and painted", STEPS / (now() - start), "fps",
	     "aim 60");
}

int main(void)
{
	char why[256];
	struct studio s = { .font = font_open(why, sizeof why) };
	struct recording *recording;
	struct player *player;

	if (!s.font) {
		printf("  no picture is measured: %s\n", why);
		return 0;
	}
	puts("the picture, default board, caches full:");
	record();
	recording = recording_open(path, why, sizeof why);
	must(recording, why);
	player = player_new(recording);
	while (player_read(player, 1 << 20))
		;
	view_init(&s.view, player, NULL);
	view_size(&s.view, WIDTH, HEIGHT);
	canvas_resize(&s.canvas, WIDTH, HEIGHT);
	view_go(&s.view, player_count(player));
	measure(&s, "all of it");
	for (int i = 0; i < PANEL_COUNT; i++)
		s.view.look.zoom[i].scale = 4;
	measure(&s, "near");
	measure_cells(&s);
	canvas_release(&s.canvas);
	view_release(&s.view);
	player_free(player);
	recording_close(recording);
	font_close(s.font);
	unlink(path);
	return 0;
}
