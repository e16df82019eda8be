#include "viz/sdl/source.h"

#include <SDL.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLICE 20000      /* events folded between two looks at the clock */

struct source {
	int fd;                  /* -1: all has been read */
	bool live;
	struct recording *recording;
	struct player *player;
	SDL_Thread *thread;
	SDL_sem *taken;          /* what was there has been taken: the thread may look again */
	int stop[2];             /* a pipe: closing its second end ends the thread */
	void (*ready)(void *);
	void *whom;
};

/* Tell of everything new until the end, or until nobody wants to know. */
static int watch(void *data)
{
	struct source *s = data;
	struct pollfd fds[2] = { { .fd = s->fd, .events = POLLIN },
				 { .fd = s->stop[0], .events = POLLIN } };

	for (;;) {
		int n = poll(fds, 2, -1);

		if (fds[1].revents || (n < 0 && errno != EINTR))
			return 0;
		if (n <= 0)
			continue;
		s->ready(s->whom);
		SDL_SemWait(s->taken);
	}
}

static bool start_watching(struct source *s)
{
	s->taken = SDL_CreateSemaphore(0);
	if (!s->taken || pipe(s->stop))
		return false;
	s->thread = SDL_CreateThread(watch, "stream", s);
	return s->thread;
}

/* What somebody else opened stays as it is: every read of ours comes after a poll. */
static int open_path(const char *path)
{
	if (!strcmp(path, "-"))
		return dup(STDIN_FILENO);
	if (!strncmp(path, "/dev/fd/", 8))
		return dup(atoi(path + 8));
	return open(path, O_RDONLY | O_NONBLOCK);
}

struct source *source_open(const char *path, void (*ready)(void *), void *whom, char *why,
			   size_t n)
{
	struct source *s;
	struct stat about;
	int fd = open_path(path);

	if (fd < 0 || fstat(fd, &about) || S_ISDIR(about.st_mode)) {
		SDL_snprintf(why, n, "%s cannot be read: %s", path,
			     fd < 0 ? strerror(errno) : "it is a folder");
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	s = core_alloc(sizeof *s);
	*s = (struct source){ .fd = fd, .live = !S_ISREG(about.st_mode), .stop = { -1, -1 },
			      .recording = recording_live(), .ready = ready, .whom = whom };
	s->player = s->recording ? player_new(s->recording) : NULL;
	if (s->player && (!ready || start_watching(s)))
		return s;
	SDL_snprintf(why, n, "no memory to read %s", path);
	source_close(s);
	return NULL;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	close(s->stop[1]);
	if (s->taken)
		SDL_SemPost(s->taken);
	SDL_WaitThread(s->thread, NULL);
	if (s->taken)
		SDL_DestroySemaphore(s->taken);
	close(s->stop[0]);
	close(s->fd);
	player_free(s->player);
	recording_close(s->recording);
	free(s);
}

struct player *source_player(struct source *s)
{
	return s->player;
}

bool source_live(const struct source *s)
{
	return s->live && s->fd >= 0;
}

static bool readable(const struct source *s)
{
	struct pollfd fd = { .fd = s->fd, .events = POLLIN };

	return s->fd >= 0 && poll(&fd, 1, 0) > 0;
}

/* One read. False: nothing is there now. */
static bool read_once(struct source *s)
{
	if (!readable(s))
		return false;
	if (recording_read(s->recording, s->fd))
		return true;
	close(s->stop[1]);
	s->stop[1] = -1;
	close(s->fd);
	s->fd = -1;
	return false;
}

bool source_read(struct source *s, uint32_t ms)
{
	uint32_t end = SDL_GetTicks() + ms;
	bool more = true;

	while (more && (int32_t)(end - SDL_GetTicks()) > 0) {
		bool bytes = read_once(s), events = player_read(s->player, SLICE);

		more = bytes || events;
	}
	if (s->taken && !more && !SDL_SemValue(s->taken))
		SDL_SemPost(s->taken);
	return more;
}

void source_read_all(struct source *s)
{
	struct pollfd fd = { .fd = s->fd, .events = POLLIN };

	while (s->fd >= 0) {
		poll(&fd, 1, -1);
		read_once(s);
	}
	while (player_read(s->player, SLICE))
		;
}

const char *source_end(const struct source *s)
{
	if (s->fd >= 0)
		return NULL;
	if (recording_error(s->recording))
		return recording_error(s->recording);
	return s->live ? "the session has ended; what was seen of it stays" : NULL;
}
