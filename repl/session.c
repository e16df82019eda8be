#include "api.h"
#include "program.h"
#include "student.h"
#include "viewer.h"

#include <lualib.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The session whose script runs: the one Ctrl-C means. */
static struct session *volatile playing;

static volatile sig_atomic_t output_closed;

/* Lua's memory, with an end: a script that wants too much gets an error, not the host. */
static void *lua_memory(void *session, void *block, size_t old, size_t size)
{
	struct session *s = session;
	void *fresh;

	if (!block)
		old = 0;
	if (!size) {
		free(block);
		s->memory -= old;
		return NULL;
	}
	if (size > old && size - old > s->memory_limit - s->memory)
		return NULL;
	fresh = realloc(block, size);
	if (fresh)
		s->memory += size - old;
	return fresh;
}

/* Is code of the user on the stack: a Lua function that is not from the scripts' own folder? */
static bool users_code_runs(lua_State *L, const struct session *s)
{
	size_t n = strlen(s->scripts);
	lua_Debug frame;

	for (int level = 0; lua_getstack(L, level, &frame); level++) {
		lua_getinfo(L, "S", &frame);
		if (*frame.what == 'C')
			continue;
		if (!n || *frame.source != '@' || strncmp(frame.source + 1, s->scripts, n) != 0)
			return true;
	}
	return false;
}

/*
 * The hook of an interrupted state. A script may catch the error with pcall and go on, so it is
 * raised again until the user's code is gone; then the prompt's own scripts may speak.
 */
static void raise_interrupt(lua_State *L, lua_Debug *frame)
{
	struct session *s = session_of(L);

	(void)frame;
	if (output_closed)
		exit(EXIT_SUCCESS);      /* nobody listens any more */
	if (s->interrupted && (!s->stopping || users_code_runs(L, s))) {
		s->stopping = true;
		luaL_error(L, "interrupted");
	}
	lua_sethook(L, NULL, 0, 0);
	if (L == s->lua)
		s->interrupted = s->stopping = false;
}

static void watch_instructions(lua_State *L)
{
	int all = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT;

	lua_sethook(L, raise_interrupt, all, 1);
}

void session_interrupt(struct session *s)
{
	s->interrupted++;
	if (s->explorer && !s->last_event)
		return;      /* between two runs: the search asks, and keeps what it has */
	watch_instructions(s->lua);
	if (s->running)
		watch_instructions(s->running);
}

/* A script deaf to three of them (in one long call of a library) may be ended by a fourth. */
static void on_interrupt(int signal_number)
{
	struct session *s = playing;

	if (!s)
		return;
	session_interrupt(s);
	if (s->interrupted >= 3)
		signal(signal_number, SIG_DFL);
}

/* Whose pipe broke? A recorder's says so by itself; without a reader of our output we are done. */
static void on_broken_pipe(int signal_number)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	(void)signal_number;
	if (poll(&out, 1, 0) <= 0 || !(out.revents & POLLERR))
		return;
	output_closed = true;
	if (playing)
		session_interrupt(playing);
}

bool session_output_closed(void)
{
	return output_closed;
}

/* coroutine.resume and its kin, called through here: while one runs, it is the one to stop. */
static int resume(lua_State *L)
{
	struct session *s = session_of(L);
	lua_State *before = s->running, *inner = lua_tothread(L, lua_upvalueindex(2));
	int status;

	if (!inner)
		inner = lua_tothread(L, 1);
	s->running = inner;
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
	s->running = before;
	if (s->interrupted)
		watch_instructions(L);
	return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* coroutine.wrap: what the library's own answers, with its coroutine known. */
static int wrap(lua_State *L)
{
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 1);
	if (!lua_getupvalue(L, -1, 1))
		lua_pushnil(L);
	lua_pushcclosure(L, resume, 2);
	return 1;
}

/* Put `with` in front of library function `name`; the table is on top. */
static void stand_before(lua_State *L, const char *name, lua_CFunction with)
{
	lua_getfield(L, -1, name);
	lua_pushnil(L);
	lua_pushcclosure(L, with, 2);
	lua_setfield(L, -2, name);
}

static void open_libraries(lua_State *L)
{
	luaL_openlibs(L);
	lua_getglobal(L, "coroutine");
	stand_before(L, "resume", resume);
	stand_before(L, "close", resume);
	stand_before(L, "wrap", wrap);
	lua_getglobal(L, "debug");
	lua_pushnil(L);
	lua_setfield(L, -2, "sethook");    /* the hook is Ctrl-C's */
	lua_pop(L, 2);
}

static bool has_main(const char *folder)
{
	char path[SESSION_PATH + 16];

	snprintf(path, sizeof path, "%s/main.lua", folder);
	return access(path, R_OK) == 0;
}

/* Where the scripts are: told, beside the program (installed, then in the tree), or compiled in. */
static void find_scripts(char *folder, size_t room)
{
	static const char *const beside[] = { "/../share/dmalab/scripts", "/../scripts" };
	const char *told = getenv("DMALAB_SCRIPTS");
	char program[PROGRAM_PATH], joined[PROGRAM_PATH + 32], clean[SESSION_PATH];

	snprintf(folder, room, "%s", told ? told : SCRIPTS);
	if (told || !program_folder(program, sizeof program))
		return;
	for (size_t i = 0; i < 2; i++) {
		snprintf(joined, sizeof joined, "%s%s", program, beside[i]);
		if (realpath(joined, clean) && has_main(clean)) {
			snprintf(folder, room, "%s", clean);
			return;
		}
	}
}

struct session *session_new(void)
{
	struct session *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->memory_limit = SESSION_MEMORY;
	s->lua = lua_newstate(lua_memory, s);
	if (!s->lua) {
		free(s);
		return NULL;
	}
	*(struct session **)lua_getextraspace(s->lua) = s;
	find_scripts(s->scripts, sizeof s->scripts);
	lua_gc(s->lua, LUA_GCSTOP);      /* until the scripts are loaded: nothing to collect */
	open_libraries(s->lua);
	core_table_open(s->lua);
	api_open(s->lua);
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	student_free(s->student);
	lua_close(s->lua);
	bench_free(s->bench);
	free(s);
}

/* A searcher for require: scripts/NAME.lua, opened once (Lua's own opens twice, to look first). */
static int search_scripts(lua_State *L)
{
	const struct session *s = session_of(L);

	lua_pushfstring(L, "%s/%s.lua", s->scripts, luaL_checkstring(L, 1));
	switch (luaL_loadfile(L, lua_tostring(L, -1))) {
	case LUA_OK:
		lua_insert(L, -2);
		return 2;
	case LUA_ERRFILE:
		lua_pushfstring(L, "no file '%s'", lua_tostring(L, -2));
		return 1;
	default:
		return lua_error(L);
	}
}

/* Before Lua's own searchers for files: a library installed on the host hides no script. */
void session_searcher(lua_State *L)
{
	lua_getglobal(L, "package");
	lua_getfield(L, -1, "searchers");
	for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i >= 2; i--) {
		lua_rawgeti(L, -1, i);
		lua_rawseti(L, -2, i + 1);
	}
	lua_pushcfunction(L, search_scripts);
	lua_rawseti(L, -2, 2);
	lua_pop(L, 2);
}

static int load_main(lua_State *L)
{
	const struct session *s = session_of(L);

	session_searcher(L);
	lua_pushfstring(L, "%s/main.lua", s->scripts);
	if (luaL_loadfile(L, lua_tostring(L, -1)) != LUA_OK)
		return lua_error(L);
	lua_call(L, 0, 1);
	luaL_checktype(L, -1, LUA_TTABLE);
	lua_setfield(L, LUA_REGISTRYINDEX, "dmalab.main");
	return 0;
}

/* Whatever was raised, as text. */
static int message(lua_State *L)
{
	luaL_tolstring(L, 1, NULL);
	return 1;
}

/* pcall with SIGINT meaning this session; whatever it asked for is over when we are back. */
static int call_interruptibly(struct session *s, int args, int results)
{
	struct sigaction stop = { .sa_handler = on_interrupt }, before;
	struct session *outer = playing;
	int handler = lua_gettop(s->lua) - args, status;

	lua_pushcfunction(s->lua, message);
	lua_insert(s->lua, handler);
	playing = s;
	sigaction(SIGINT, &stop, &before);
	status = lua_pcall(s->lua, args, results, handler);
	sigaction(SIGINT, &before, NULL);
	playing = outer;
	lua_remove(s->lua, handler);
	lua_sethook(s->lua, NULL, 0, 0);
	s->running = NULL;
	s->interrupted = s->stopping = false;
	return status;
}

bool session_load(struct session *s)
{
	struct sigaction pipe = { .sa_handler = on_broken_pipe };
	bool loaded;

	sigaction(SIGPIPE, &pipe, NULL);
	lua_pushcfunction(s->lua, load_main);
	loaded = call_interruptibly(s, 0, 0) == LUA_OK;
	lua_gc(s->lua, LUA_GCRESTART);
	return loaded;
}

bool session_call(struct session *s, const char *function, int args, int results)
{
	if (function) {
		lua_getfield(s->lua, LUA_REGISTRYINDEX, "dmalab.main");
		lua_getfield(s->lua, -1, function);
		lua_remove(s->lua, -2);
		lua_insert(s->lua, -1 - args);
	}
	return call_interruptibly(s, args, results) == LUA_OK;
}

static void recording_ends(const struct session *s)
{
	fprintf(stderr, "dmalab: the recording ends here: %s\n", recorder_error(s->recorder));
}

void session_save(struct session *s)
{
	if (s->recorder && !recorder_flush(s->recorder))
		recording_ends(s);
}

/* That a view has gone is noticed where it is flushed. */
static void record(struct session *s)
{
	if (s->recorder && s->bench && !recorder_follow(s->recorder, &s->bench->trace))
		recording_ends(s);
	if (s->view && s->bench)
		recorder_follow(s->view, &s->bench->trace);
}

static void tell_keyframe(struct bench *b, struct recorder *r)
{
	struct trace keyframe;

	trace_init(&keyframe);
	bench_retell(b, &keyframe);
	recorder_follow(r, &keyframe);
	recorder_resume(r, b->trace.next);
	trace_release(&keyframe);
}

void session_tell(struct session *s, struct recorder *r, bool keyframe)
{
	if (s->bench && keyframe)
		tell_keyframe(s->bench, r);
	else if (s->bench)
		recorder_follow(r, &s->bench->trace);
}

bool session_forgot(const struct session *s)
{
	return s && s->bench && s->bench->trace.first > 1;
}

void session_power_on(struct session *s, const struct board *board)
{
	record(s);
	if (s->recorder && s->bench)
		recorder_restart(s->recorder);
	if (s->view && s->bench)
		recorder_restart(s->view);
	bench_free(s->bench);
	s->bench = bench_new(board);
	s->boots++;
	s->announced = 0;
	s->marked = false;
	record(s);
}

struct bench *session_first_bench(struct session *s)
{
	struct board board = board_default();

	session_power_on(s, &board);
	return s->bench;
}

/* Say violation i. The scripts may switch on another machine, so nothing is kept across. */
static void announce(lua_State *L, struct session *s, uint32_t i)
{
	lua_getfield(L, LUA_REGISTRYINDEX, "dmalab.core");
	lua_getfield(L, -1, "announce");
	lua_remove(L, -2);
	if (!lua_isfunction(L, -1)) {
		lua_pop(L, 1);
		return;
	}
	core_push_violation(L, s->bench, i);
	lua_call(L, 1, 0);
}

/*
 * What explore plays ends here. The hook that counts its instructions comes at each one from now
 * on, so that no pcall of the driver's keeps it going.
 */
static void stop_at_limit(lua_State *L, const struct session *s)
{
	if (!s->last_event || (s->bench->trace.next <= s->last_event &&
			       s->bench->machine.hw.bus.cycle <= s->last_cycle))
		return;
	lua_sethook(L, lua_gethook(L), LUA_MASKCOUNT, 1);
	luaL_error(L, "this would wait for ever: it is still not over after %I cycles",
		   (LUAI_UACINT)s->bench->machine.hw.bus.cycle);
}

void session_settle(lua_State *L)
{
	struct session *s = session_of(L);

	record(s);
	bench_settle(s->bench);
	viewer_refresh(s);
	stop_at_limit(L, s);
	while (s->announced < s->bench->checker.facts.violations.count) {
		luaL_checkstack(L, 8, NULL);
		announce(L, s, s->announced++);
	}
}

static int settle(lua_State *L)
{
	session_settle(L);
	return 0;
}

void session_catch_up(struct session *s)
{
	if (!s->bench)
		return;
	lua_pushcfunction(s->lua, settle);
	if (call_interruptibly(s, 0, 0) != LUA_OK)
		lua_pop(s->lua, 1);
}

void session_pause(lua_State *L)
{
	struct session *s = session_of(L);

	record(s);
	bench_settle(s->bench);
	viewer_refresh(s);
	if (s->interrupted) {
		s->stopping = true;
		luaL_error(L, "interrupted");
	}
	stop_at_limit(L, s);
}
