/*
 * The part of `core` behind work that is done by processes of their own: a child is forked, calls a
 * function of Lua and says strings to its parent through a pipe, of which nobody else knows. The
 * parent waits for whichever speaks next, and looks at the clock.
 *
 * A child has all there was when it was forked, so nothing is loaded twice: what it shall not have
 * must be gone before.
 */
#include "api.h"
#include "confine.h"
#include "core_table.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN_MAX 64
#define SAYS_MAX ((size_t)64 << 20)    /* bytes a child with limits may say */
#define PATIENCE 3                     /* seconds of the clock for one of the processor */

struct child {
	pid_t process;               /* 0: this place is free */
	int from;                    /* its end of the pipe; -1: it has nothing more to say */
	double until;                /* when its time is over, seconds of the clock; 0: never */
	bool late, loud;             /* it was ended: out of time, too much to say */
	uint8_t *text;               /* what it has sent that is not taken yet */
	size_t used, room, all;
};

struct children {
	struct child child[CHILDREN_MAX];
	int next;                    /* whose turn it is to be heard */
};

static struct children family;       /* of this process */
static int to_parent = -1;           /* in a child: where it says */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Now, all of them, and nobody hears of it. */
static void end_all(struct children *all)
{
	for (int i = 0; i < CHILDREN_MAX; i++)
		if (all->child[i].process)
			kill(all->child[i].process, SIGKILL);
	for (int i = 0; i < CHILDREN_MAX; i++) {
		struct child *c = &all->child[i];

		if (!c->process)
			continue;
		while (waitpid(c->process, NULL, 0) < 0 && errno == EINTR)
			;
		if (c->from >= 0)
			close(c->from);
		free(c->text);
		memset(c, 0, sizeof *c);
	}
}

/* Whoever leaves, leaves no child behind. */
static void leave(void)
{
	end_all(&family);
}

/* The child's side. */

static bool send_all(const void *bytes, size_t n)
{
	const char *at = bytes;

	while (n) {
		ssize_t done = write(to_parent, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		at += done;
		n -= (size_t)done;
	}
	return true;
}

/* core.say(text): the parent hears it. */
static int l_say(lua_State *L)
{
	size_t n;
	const char *text = luaL_checklstring(L, 1, &n);
	uint32_t size = (uint32_t)n;

	if (to_parent < 0)
		return luaL_error(L, "nobody listens: this is no child");
	if (!send_all(&size, sizeof size) || !send_all(text, n))
		_exit(2);
	return 0;
}

/* The child's whole life. Function at index 1. 0: it came to its end. Ctrl-C is its parent's. */
_Noreturn static void live(lua_State *L, const struct confinement *limits, bool confined)
{
	signal(SIGINT, SIG_IGN);
	session_of(L)->interrupted = false;
	memset(&family, 0, sizeof family);      /* those are its brothers */
	lua_sethook(L, NULL, 0, 0);
	if (confined ? !confine(limits) : !die_with(limits->parent))
		_exit(3);
	lua_pushvalue(L, 1);
	_exit(lua_pcall(L, 0, 0, 0) != LUA_OK);
}

static lua_Integer field(lua_State *L, const char *name, lua_Integer normal)
{
	lua_Integer n = normal;

	if (lua_istable(L, 2) && lua_getfield(L, 2, name) != LUA_TNIL)
		n = luaL_checkinteger(L, -1);
	lua_settop(L, 2);
	return n;
}

static int free_place(const struct children *all)
{
	for (int i = 0; i < CHILDREN_MAX; i++)
		if (!all->child[i].process)
			return i;
	return -1;
}

/*
 * core.child(function [, { seconds =, memory =, file =, keep = }]): its number, from 1, or nil and
 * why there can be none. With a table it is confined (confine.h): seconds of the processor (three
 * times that of the clock, for a machine that has other work must not change what comes out), bytes
 * it may grow by, a descriptor it may write and how far.
 */
static int l_child(lua_State *L)
{
	static bool leaves;
	struct children *all = &family;
	int ends[2], at = free_place(all);
	bool confined = lua_istable(L, 2);
	lua_Integer seconds = field(L, "seconds", 0);
	struct confinement limits = { .memory = (size_t)field(L, "memory", 0),
		.seconds = (unsigned)seconds, .file = (size_t)field(L, "file", 0),
		.keep = { -1, (int)field(L, "keep", -1) }, .parent = getpid() };
	struct child *c = &all->child[at < 0 ? 0 : at];

	luaL_checktype(L, 1, LUA_TFUNCTION);
	if (at < 0 || pipe(ends)) {
		lua_pushnil(L);
		lua_pushstring(L, at < 0 ? "too many children" : strerror(errno));
		return 2;
	}
	if (!leaves)
		leaves = atexit(leave) == 0;
	fflush(NULL);
	*c = (struct child){ .process = fork(), .from = ends[0],
		.until = seconds ? now() + (double)seconds * PATIENCE : 0 };
	if (!c->process) {
		close(ends[0]);
		limits.keep[0] = to_parent = ends[1];
		live(L, &limits, confined);
	}
	close(ends[1]);
	if (c->process < 0) {
		c->process = 0;
		close(ends[0]);
		lua_pushnil(L);
		lua_pushstring(L, strerror(errno));
		return 2;
	}
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	lua_pushinteger(L, at + 1);
	return 1;
}

/* The parent's side. */

static bool make_room(struct child *c)
{
	uint8_t *wider;

	if (c->room - c->used >= 65536)
		return true;
	wider = realloc(c->text, c->room * 2 + 131072);
	if (!wider)
		return false;
	c->text = wider;
	c->room = c->room * 2 + 131072;
	return true;
}

static void silence(struct child *c)
{
	close(c->from);
	c->from = -1;
}

/* What has come. At the end of the pipe it has nothing more to say. */
static void listen_to(struct child *c)
{
	ssize_t n = make_room(c) ? read(c->from, c->text + c->used, c->room - c->used) : 0;

	if (n > 0) {
		c->used += (size_t)n;
		c->all += (size_t)n;
	} else if (n == 0 || errno != EINTR) {
		silence(c);
	}
	if (c->until > 0 && c->all > SAYS_MAX && c->from >= 0) {
		c->loud = true;
		kill(c->process, SIGKILL);
		silence(c);
	}
}

/* One whole string of it on the stack, if there is one. */
static bool take(lua_State *L, struct child *c)
{
	uint32_t size;

	if (c->used < sizeof size)
		return false;
	memcpy(&size, c->text, sizeof size);
	if (c->used - sizeof size < size)
		return false;
	lua_pushlstring(L, (const char *)c->text + sizeof size, size);
	c->used -= sizeof size + size;
	memmove(c->text, c->text + sizeof size + size, c->used);
	return true;
}

/*
 * Its status. Whoever has closed its pipe ends; one that does not is no longer what we forked, and
 * has as long as any other.
 */
static int wait_for_end(struct child *c)
{
	const struct timespec moment = { .tv_nsec = 100000 };
	int status = 0;
	pid_t gone;

	while ((gone = waitpid(c->process, &status, c->until > 0 ? WNOHANG : 0)) <= 0) {
		if (gone < 0 && errno != EINTR)
			break;
		if (c->until > 0 && now() >= c->until && !c->late) {
			c->late = true;
			kill(c->process, SIGKILL);
		}
		nanosleep(&moment, NULL);
	}
	return status;
}

/* How it ended, in a word: done, failed (its function raised), late, loud, or killed. */
static const char *bury(struct child *c)
{
	int status = wait_for_end(c);
	const char *word = c->late ? "late" : c->loud ? "loud" : WIFSIGNALED(status) ?
	       WTERMSIG(status) == SIGXCPU ? "late" : "killed" :
	       WEXITSTATUS(status) ? "failed" : "done";
	free(c->text);
	memset(c, 0, sizeof *c);
	return word;
}

static void end_the_late(struct children *all, double time)
{
	for (int i = 0; i < CHILDREN_MAX; i++) {
		struct child *c = &all->child[i];

		if (c->process && c->until > 0 && time >= c->until && !c->late) {
			c->late = true;
			kill(c->process, SIGKILL);
		}
	}
}

/* Milliseconds until somebody's time is over or `end` has come. */
static int patience(const struct children *all, double time, double end)
{
	for (int i = 0; i < CHILDREN_MAX; i++)
		if (all->child[i].process && all->child[i].until > 0 && !all->child[i].late &&
		    all->child[i].until < end)
			end = all->child[i].until;
	return end <= time ? 0 : end - time > 1000 ? 1000 : (int)((end - time) * 1000) + 1;
}

/* Wait for any of them to speak, at most until `end`. */
static void wait_for_any(struct children *all, double end)
{
	struct pollfd ready[CHILDREN_MAX];

	for (int i = 0; i < CHILDREN_MAX; i++)
		ready[i] = (struct pollfd){ .events = POLLIN,
			.fd = all->child[i].process ? all->child[i].from : -1 };
	if (poll(ready, CHILDREN_MAX, patience(all, now(), end)) > 0)
		for (int i = 0; i < CHILDREN_MAX; i++)
			if (ready[i].fd >= 0 && ready[i].revents)
				listen_to(&all->child[i]);
	end_the_late(all, now());
}

/* Somebody's string or end on the stack, if there is any; those with the longest wait first. */
static int news(lua_State *L, struct children *all)
{
	for (int i = 0; i < CHILDREN_MAX; i++) {
		int at = (all->next + i) % CHILDREN_MAX;
		struct child *c = &all->child[at];

		if (!c->process)
			continue;
		lua_settop(L, 0);
		lua_pushinteger(L, at + 1);
		lua_pushliteral(L, "said");
		if (take(L, c)) {
			all->next = (at + 1) % CHILDREN_MAX;
			return 3;
		}
		if (c->from < 0) {
			lua_pop(L, 1);
			lua_pushliteral(L, "ended");
			lua_pushstring(L, bury(c));
			return 3;
		}
	}
	return 0;
}

static bool anybody(const struct children *all)
{
	for (int i = 0; i < CHILDREN_MAX; i++)
		if (all->child[i].process)
			return true;
	return false;
}

/*
 * core.child_next([seconds]): who, "said", the string; or who, "ended", how (done, failed, late,
 * loud, killed). Nothing: nobody has said anything in that time, or there is nobody. Ctrl-C ends them
 * all.
 */
static int l_next(lua_State *L)
{
	struct children *all = &family;
	double end = now() + luaL_optnumber(L, 1, 1e9);
	int results;

	while (!(results = news(L, all)) && anybody(all) && now() < end &&
	       !session_of(L)->interrupted)
		wait_for_any(all, end);
	if (session_of(L)->interrupted)
		end_all(all);
	return results;
}

/* core.child_end(number): now, whatever it does. child_next tells of it as of one killed. */
static int l_end(lua_State *L)
{
	lua_Integer at = luaL_checkinteger(L, 1);

	luaL_argcheck(L, at >= 1 && at <= CHILDREN_MAX, 1, "no child");
	if (family.child[at - 1].process)
		kill(family.child[at - 1].process, SIGKILL);
	return 0;
}

/* core.confine_lacks(): what a child's confinement does not have here, "" for nothing. */
static int l_lacks(lua_State *L)
{
	lua_pushstring(L, confine_lacks());
	return 1;
}

/* The next number, of all processes that were forked since the counter was made. */
static int l_count(lua_State *L)
{
	_Atomic lua_Integer *counter = lua_touserdata(L, lua_upvalueindex(1));

	lua_pushinteger(L, ++*counter);
	return 1;
}

static int l_counter_end(lua_State *L)
{
	munmap(*(void **)lua_touserdata(L, 1), sizeof(_Atomic lua_Integer));
	return 0;
}

/*
 * core.counter(): a function that answers 1, 2, 3, ...: each number once, whichever child asks. It
 * is made before they are forked.
 */
static int l_counter(lua_State *L)
{
	void **owner = lua_newuserdatauv(L, sizeof *owner, 0);

	*owner = mmap(NULL, sizeof(_Atomic lua_Integer), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (*owner == MAP_FAILED)
		return luaL_error(L, "not enough memory");
	if (luaL_newmetatable(L, "dmalab.counter")) {
		lua_pushcfunction(L, l_counter_end);
		lua_setfield(L, -2, "__gc");
	}
	lua_setmetatable(L, -2);
	lua_pushlightuserdata(L, *owner);
	lua_insert(L, -2);
	lua_pushcclosure(L, l_count, 2);     /* the second keeps the memory */
	return 1;
}

static const luaL_Reg functions[] = {
	{ "child", l_child }, { "child_next", l_next }, { "child_end", l_end }, { "say", l_say },
	{ "counter", l_counter }, { "confine_lacks", l_lacks }, { NULL, NULL },
};

void core_child_open(lua_State *L)
{
	luaL_setfuncs(L, functions, 0);
}
