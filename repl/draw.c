#include "draw.h"

#include "viz/moment.h"
#include "viz/options.h"
#include "viz/svg.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A recording and who plays it. */
struct board {
	struct recording *recording;
	struct player *player;
};

static bool open_board(struct board *b, const char *path, char *why, size_t n)
{
	if (!path)
		return true;
	b->recording = recording_open(path, why, n);
	if (!b->recording)
		return false;
	if (!recording_count(b->recording)) {
		snprintf(why, n, "%s holds no event to draw", path);
		return false;
	}
	if (recording_error(b->recording))
		fprintf(stderr, "dmalab: %s is %s\n", path, recording_error(b->recording));
	b->player = player_new(b->recording);
	while (player_read(b->player, 1 << 20))
		;
	return true;
}

static void close_board(struct board *b)
{
	player_free(b->player);
	recording_close(b->recording);
}

static bool set_size(struct view *v, const char *size, char *why, size_t n)
{
	int width = 1280, height = 800;

	if (size && !option_size(size, &width, &height)) {
		snprintf(why, n, "%s is no size: write one as 1280x800, at least 200x150", size);
		return false;
	}
	view_size(v, (float)width, (float)height);
	return true;
}

static bool set_theme(struct look *look, const char *theme, char *why, size_t n)
{
	if (!theme || option_theme(theme, &look->theme))
		return true;
	snprintf(why, n, "there is no theme %s: it is light or dark", theme);
	return false;
}

static bool set_view(struct view *v, const struct drawing *d, char *why, size_t n)
{
	uint64_t at = moment_find(v->player, d->at ? d->at : "end", why, n);

	if (at == UINT64_MAX)
		return false;
	view_go(v, at);
	if (d->large)
		v->look.text = TEXT_LARGE;
	return set_size(v, d->size, why, n) && set_theme(&v->look, d->theme, why, n) &&
	       option_select(v, d->select, why, n);
}

static bool write_picture(const struct view *v, const char *path, char *why, size_t n)
{
	bool to_stdout = !path || !strcmp(path, "-"), fine;
	FILE *to = to_stdout ? stdout : fopen(path, "w");

	fine = to && svg_paint(&v->scene, v->look.theme, to);
	if (to)
		fine = (to_stdout ? fflush(to) : fclose(to)) == 0 && fine;
	if (!fine)
		snprintf(why, n, "cannot write %s: %s", to_stdout ? "the picture" : path,
			 strerror(errno));
	return fine;
}

/* Who asks for a PNG is told who makes one. */
static bool is_svg(const char *path, char *why, size_t n)
{
	size_t length = path ? strlen(path) : 0;

	if (length < 4 || strcmp(path + length - 4, ".png"))
		return true;
	snprintf(why, n, "draw makes SVG; dmalab-view --shot %s FILE makes a PNG of a recording", path);
	return false;
}

bool draw(const struct drawing *d, char *why, size_t n)
{
	struct board first = { 0 }, second = { 0 };
	struct view v;
	bool fine = is_svg(d->output, why, n) && open_board(&first, d->recording, why, n) &&
		    open_board(&second, d->beside, why, n);

	if (fine) {
		view_init(&v, first.player, second.player);
		fine = set_view(&v, d, why, n);
		if (fine) {
			view_draw(&v);
			fine = write_picture(&v, d->output, why, n);
		}
		view_release(&v);
	}
	close_board(&second);
	close_board(&first);
	return fine;
}
