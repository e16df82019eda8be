#include "viz/sdl/shot.h"
#include "cow.h"

#include <errno.h>
#include <png.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Three bytes a pixel: as every program takes them, on machines of either byte order. */
static uint8_t *bytes_of(const struct canvas *c, size_t *n)
{
	size_t count = (size_t)c->width * (size_t)c->height;
	uint8_t *bytes = core_alloc(count * 3);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < 3; j++)
			bytes[i * 3 + j] = (uint8_t)(c->pixel[i] >> (16 - 8 * j));
	*n = count * 3;
	return bytes;
}

bool shot_save(const struct canvas *c, const char *path, char *why, size_t n)
{
	png_image image = { .version = PNG_IMAGE_VERSION, .width = (uint32_t)c->width,
			    .height = (uint32_t)c->height, .format = PNG_FORMAT_RGB };
	size_t size;
	uint8_t *bytes = bytes_of(c, &size);
	bool fine = png_image_write_to_file(&image, path, 0, bytes, 0, NULL);

	free(bytes);
	if (!fine)
		snprintf(why, n, "%s cannot be written: %s", path, image.message);
	return fine;
}

struct reel {
	const char *folder;      /* NULL: a movie */
	int count;
	int pipe;                /* to ffmpeg */
	pid_t ffmpeg;
};

struct reel *reel_folder(const char *folder, char *why, size_t n)
{
	struct reel *r;

	if (mkdir(folder, 0777) && errno != EEXIST) {
		snprintf(why, n, "%s cannot be made: %s", folder, strerror(errno));
		return NULL;
	}
	r = core_alloc(sizeof *r);
	*r = (struct reel){ .folder = folder };
	return r;
}

/* Becomes ffmpeg, which reads raw pictures from `from`; ends with 127 where there is none. */
static void become_ffmpeg(int from, const char *path, int width, int height, int rate)
{
	char size[32], speed[16];

	snprintf(size, sizeof size, "%dx%d", width, height);
	snprintf(speed, sizeof speed, "%d", rate);
	dup2(from, STDIN_FILENO);
	execlp("ffmpeg", "ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
	       "-s", size, "-r", speed, "-i", "-", "-pix_fmt", "yuv420p",
	       "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", path, (char *)NULL);
	_exit(127);
}

struct reel *reel_movie(const char *path, int width, int height, int rate, char *why, size_t n)
{
	int ends[2];
	struct reel *r;
	pid_t child;

	if (pipe(ends) || (child = fork()) < 0) {
		snprintf(why, n, "ffmpeg cannot be started: %s", strerror(errno));
		return NULL;
	}
	if (!child) {
		close(ends[1]);
		become_ffmpeg(ends[0], path, width, height, rate);
	}
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	r = core_alloc(sizeof *r);
	*r = (struct reel){ .pipe = ends[1], .ffmpeg = child };
	return r;
}

static bool add_to_folder(struct reel *r, const struct canvas *c, char *why, size_t n)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%06d.png", r->folder, ++r->count);
	return shot_save(c, path, why, n);
}

bool reel_add(struct reel *r, const struct canvas *c, char *why, size_t n)
{
	size_t size, sent = 0;
	uint8_t *bytes;
	ssize_t taken = 1;

	if (r->folder)
		return add_to_folder(r, c, why, n);
	bytes = bytes_of(c, &size);
	while (sent < size && (taken > 0 || errno == EINTR)) {
		taken = write(r->pipe, bytes + sent, size - sent);
		sent += taken > 0 ? (size_t)taken : 0;
	}
	free(bytes);
	if (sent < size)
		snprintf(why, n, "ffmpeg took no more pictures");
	return sent == size;
}

static bool end_movie(const struct reel *r, char *why, size_t n)
{
	int status = -1;

	close(r->pipe);
	while (waitpid(r->ffmpeg, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		snprintf(why, n, "a movie needs ffmpeg, which is not installed (apt-get, dnf, pacman or "
			 "brew install ffmpeg); --frames DIR saves the pictures without it");
	else if (status)
		snprintf(why, n, "ffmpeg could not make the movie");
	return !status;
}

bool reel_end(struct reel *r, char *why, size_t n)
{
	bool fine = r->folder || end_movie(r, why, n);

	free(r);
	return fine;
}
