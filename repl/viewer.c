#include "viewer.h"
#include "program.h"
#include "viz/display.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REFRESH 50               /* milliseconds between two pictures of a long call */

/* Does nobody hold the other end of the pipe any more? */
static bool reader_gone(const struct session *s)
{
	struct pollfd out = { .fd = s->view_pipe, .events = POLLOUT };

	return poll(&out, 1, 0) > 0 && out.revents & (POLLERR | POLLHUP);
}

/* Write the rest and the end. A trace without events where the machine was never switched on. */
static void end_stream(struct session *s)
{
	struct trace nothing;

	if (!s->view)
		return;
	trace_init(&nothing);
	recorder_close(s->view, s->bench ? &s->bench->trace : &nothing);
	s->view = NULL;
}

/* End what both sessions tell. */
static void let_go(struct session *s)
{
	end_stream(s);
	if (s->beside)
		end_stream(s->beside);
	if (s->view_process > 0 && waitpid(s->view_process, NULL, WNOHANG))
		s->view_process = 0;
}

/* The window is to go, at the latest in a fifth of a second: another one takes its place. */
static void end_process(struct session *s)
{
	const struct timespec step = { .tv_nsec = 10 * 1000 * 1000 };
	int left = 20;

	if (s->view_process <= 0)
		return;
	kill(s->view_process, SIGTERM);
	while (left-- && !waitpid(s->view_process, NULL, WNOHANG))
		nanosleep(&step, NULL);
	if (left < 0) {
		kill(s->view_process, SIGKILL);
		waitpid(s->view_process, NULL, 0);
	}
	s->view_process = 0;
}

enum viewer_state viewer_state(struct session *s)
{
	char path[PROGRAM_PATH];

	if (s->view && !recorder_error(s->view) && !reader_gone(s))
		return VIEWER_OPEN;
	if (!program_viewer(path, sizeof path))
		return VIEWER_NOT_INSTALLED;
	return display_there() ? VIEWER_READY : VIEWER_NO_DISPLAY;
}

/* A pipe that no other program of ours inherits, and who writes into it. */
static bool start_stream(struct session *s, int *reading)
{
	int ends[2];

	if (pipe(ends))
		return false;
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	*reading = ends[0];
	s->view_pipe = ends[1];
	s->view = recorder_open_pipe(ends[1]);
	return s->view != NULL;
}

/*
 * In the child. In a session of its own neither Ctrl-C nor the end of the terminal reaches it, and
 * it keeps nobody waiting who reads our output; on a terminal it may say why it cannot start.
 */
static void become_viewer(char *const *words, int in)
{
	int nowhere = open("/dev/null", O_WRONLY);

	setsid();
	dup2(in, STDIN_FILENO);
	dup2(nowhere, STDOUT_FILENO);
	if (!isatty(STDERR_FILENO))
		dup2(nowhere, STDERR_FILENO);
	execv(words[0], words);
	_exit(127);
}

static bool start_process(struct session *s, char *path, int in, int beside)
{
	char second[32];
	char *words[] = { path, "-", beside < 0 ? NULL : "--beside", second, NULL };

	snprintf(second, sizeof second, "/dev/fd/%d", beside);
	s->view_process = fork();
	if (!s->view_process) {
		if (beside >= 0)
			fcntl(beside, F_SETFD, 0);
		become_viewer(words, in);
	}
	return s->view_process > 0;
}

bool viewer_show(char *file)
{
	char path[PROGRAM_PATH];
	char *words[] = { path, "--", file, NULL };
	pid_t between;

	if (!program_viewer(path, sizeof path))
		return false;
	between = fork();
	if (!between) {
		if (!fork())
			become_viewer(words, open("/dev/null", O_RDONLY));
		_exit(0);
	}
	return between > 0 && waitpid(between, NULL, 0) == between;
}

/* What has happened so far. Where one has to begin with a keyframe both do: calls are counted. */
static void tell_both(struct session *s)
{
	bool keyframe = session_forgot(s) || session_forgot(s->beside);

	session_tell(s, s->view, keyframe);
	if (s->beside)
		session_tell(s->beside, s->beside->view, keyframe);
	viewer_flush(s);
}

bool viewer_open(struct session *s, char *why, size_t n)
{
	int in = -1, beside = -1;
	char path[PROGRAM_PATH];
	bool started;

	let_go(s);
	end_process(s);
	started = program_viewer(path, sizeof path) && start_stream(s, &in) &&
		  (!s->beside || start_stream(s->beside, &beside)) &&
		  start_process(s, path, in, beside);
	snprintf(why, n, "the view cannot be started: %s", strerror(errno));
	close(in);
	close(beside);
	if (started)
		tell_both(s);
	else
		let_go(s);
	return started;
}

static void forget_beside(struct session *s)
{
	if (!s->beside)
		return;
	end_stream(s->beside);
	session_free(s->beside);
	s->beside = NULL;
}

/* One that was closed is no news; one that was too slow is. */
static void notice_end(struct session *s)
{
	if (!reader_gone(s))
		fprintf(stderr, "dmalab: the view did not keep up and gets no more; "
			"`view` opens another one\n");
	let_go(s);
	forget_beside(s);
}

void viewer_flush(struct session *s)
{
	if (!s->view)
		return;
	recorder_flush(s->view);
	if (s->beside && s->beside->view)
		recorder_flush(s->beside->view);
	viewer_push(s);
}

void viewer_refresh(struct session *s)
{
	static struct timespec last;
	struct timespec now;

	if (!s->view)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - last.tv_sec) * 1000 + (now.tv_nsec - last.tv_nsec) / 1000000 < REFRESH)
		return;
	last = now;
	viewer_flush(s);
}

/* In a set for select there is no room for every file. */
static int wants(const struct session *s, fd_set *pipes)
{
	if (!s || !s->view || !recorder_waiting(s->view) || s->view_pipe >= FD_SETSIZE)
		return -1;
	FD_SET(s->view_pipe, pipes);
	return s->view_pipe;
}

int viewer_wants(const struct session *s, fd_set *pipes)
{
	int own = wants(s, pipes), second = wants(s->beside, pipes);

	return own > second ? own : second;
}

void viewer_push(struct session *s)
{
	if (!s->view)
		return;
	recorder_push(s->view);
	if (s->beside && s->beside->view)
		recorder_push(s->beside->view);
	if (recorder_error(s->view))
		notice_end(s);
}

void viewer_leave(struct session *s)
{
	let_go(s);
}

/* The error on top of one state moves to another. */
static bool blame(struct session *s, struct session *of)
{
	lua_pushstring(s->lua, lua_tostring(of->lua, -1));
	session_free(of);
	return false;
}

bool viewer_beside(struct session *s, const char *board)
{
	struct session *beside;

	if (!board) {
		forget_beside(s);
		return true;
	}
	beside = session_new();
	if (!beside) {
		lua_pushliteral(s->lua, "not enough memory for a second machine");
		return false;
	}
	if (!session_load(beside))
		return blame(s, beside);
	lua_pushstring(beside->lua, board);
	if (!session_call(beside, "stand_beside", 1, 0))
		return blame(s, beside);
	forget_beside(s);
	s->beside = beside;
	return true;
}

void viewer_beside_play(struct session *s, const char *line, bool step)
{
	if (!s->beside)
		return;
	lua_pushstring(s->beside->lua, line);
	lua_pushboolean(s->beside->lua, step);
	if (!session_call(s->beside, "play_beside", 2, 0))
		lua_pop(s->beside->lua, 1);
}
