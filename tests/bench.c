/*
 * Measures what the design promises, each figure the median of several rounds beside its aim.
 *
 * usage: bench DMALAB BENCH.LUA
 */
#include "bench.h"
#include "measure.h"
#include "repl/session.h"

#include <fcntl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 7
#define STARTS 25            /* runs of each program */
#define SPAN   2048u         /* bytes the loads go round in: they stay in the first level */

extern char **environ;

/* A fresh default machine with `va` in its cache. */
static struct bench *warm_bench(bool watched, vaddr_t *va)
{
	struct board board = board_default();
	struct bench *b = bench_new(&board);

	*va = LINEAR_BASE + 4 * MIB;
	machine_watch_all(&b->machine, watched);
	if (cpu_fill(&b->machine.hw, *va, 1, SPAN, false) != OK)
		abort();
	bench_settle(b);
	return b;
}

/* Seconds for n loads that hit. */
static double load_hits(struct bench *b, vaddr_t va, uint64_t n)
{
	double start = now();
	uint64_t value, sum = 0;

	for (uint64_t i = 0; i < n; i++) {
		if (cpu_load(&b->machine.hw, va + i * 8 % SPAN, 8, &value) != OK)
			abort();
		sum += value;
	}
	start = now() - start;
	if (sum != n * 0x0101010101010101)
		abort();
	return start;
}

static double unwatched_hits(void)
{
	double rate[ROUNDS];
	vaddr_t va;
	struct bench *b = warm_bench(false, &va);

	for (int i = 0; i < ROUNDS; i++)
		rate[i] = 2e7 / load_hits(b, va, 20000000) / 1e6;
	bench_free(b);
	return median(rate, ROUNDS);
}

/* Watched hits in millions a second, and what the watchers take to read one such event. */
static double watched_hits(double *settle_ns)
{
	double rate[ROUNDS], settle[ROUNDS], start;
	const uint64_t n = 100000;
	vaddr_t va;
	struct bench *b = warm_bench(true, &va);

	for (int i = 0; i < ROUNDS; i++) {
		rate[i] = (double)n / load_hits(b, va, n) / 1e6;
		start = now();
		bench_settle(b);
		settle[i] = (now() - start) / (double)n * 1e9;
		trace_trim(&b->trace, 0);
	}
	bench_free(b);
	*settle_ns = median(settle, ROUNDS);
	return median(rate, ROUNDS);
}

static double event_ns(void)
{
	double ns[ROUNDS];
	const uint64_t n = 1000000;
	struct trace t;

	trace_init(&t);
	for (int i = 0; i < ROUNDS; i++) {
		double start = now();

		for (uint64_t k = 0; k < n; k++) {
			trace_append(&t, k, &(struct event){ .kind = EV_CPU_LOAD, .addr = k, .size = 8 });
			if (k % 1024 == 0)
				trace_trim(&t, 0);
		}
		ns[i] = (now() - start) / (double)n * 1e9;
	}
	trace_release(&t);
	return median(ns, ROUNDS);
}

/* bench_mark on a machine with this many bytes written, and perhaps the first store after it. */
static double snapshot_us(uint64_t used, bool with_store)
{
	double us[25];
	vaddr_t va;
	struct bench *b = warm_bench(false, &va);

	if (cpu_fill(&b->machine.hw, va, 1, used, false) != OK)
		abort();
	for (int i = 0; i < 25; i++) {
		double start = now();

		bench_mark(b);
		if (with_store && cpu_store(&b->machine.hw, va, 8, (uint64_t)i) != OK)
			abort();
		us[i] = (now() - start) * 1e6;
		bench_keep(b, false);
	}
	bench_free(b);
	return median(us, 25);
}

static int l_empty(lua_State *lua)
{
	luaL_checkudata(lua, 1, "bench.empty");
	return 0;
}

static int l_clock(lua_State *lua)
{
	lua_pushnumber(lua, now());
	return 1;
}

/* From now on nobody reads the trace of the machine that is on. */
static int l_blind(lua_State *lua)
{
	session_bench(session_of(lua))->checker.cursor.next = UINT64_MAX;
	return 0;
}

/*
 * bench.lua gets an object with one empty method, a clock, and a way to send the checker away; it
 * returns named figures.
 */
static void push_tools(lua_State *lua)
{
	lua_newuserdatauv(lua, 8, 0);
	luaL_newmetatable(lua, "bench.empty");
	lua_pushvalue(lua, -1);
	lua_setfield(lua, -2, "__index");
	lua_pushcfunction(lua, l_empty);
	lua_setfield(lua, -2, "empty");
	lua_setmetatable(lua, -2);
	lua_pushcfunction(lua, l_clock);
	lua_pushcfunction(lua, l_blind);
}

static double figure(lua_State *lua, const char *name)
{
	double value;

	lua_getfield(lua, -1, name);
	value = luaL_checknumber(lua, -1);
	lua_pop(lua, 1);
	return value;
}

static void measure_lua(const char *file)
{
	struct session *s = session_new();
	lua_State *lua = s ? s->lua : NULL;

	if (!lua || luaL_loadfile(lua, file)) {
		fprintf(stderr, "bench: %s\n", lua ? lua_tostring(lua, -1) : "no session");
		exit(1);
	}
	push_tools(lua);
	if (lua_pcall(lua, 3, 1, 0)) {
		fprintf(stderr, "bench: %s\n", lua_tostring(lua, -1));
		exit(1);
	}
	show("an empty method on a userdata, from Lua", figure(lua, "empty"), "ns", "");
	show("store() from Lua, hit, nobody watches", figure(lua, "unwatched"), "ns", "");
	show("  beside the empty method", figure(lua, "ratio"), "times", "aim: at most 1.5");
	show("store() from Lua, hit, watched and checked", figure(lua, "watched"), "ns", "");
	show("512 bytes by DMA from Lua, with all calls, checked", figure(lua, "checked"), "us", "");
	show("  beside the same without the checker", figure(lua, "checker"), "times", "aim: under 2");
	session_free(s);
}

/* Seconds until `program -e print(1)` has ended; below 0: it could not be run. */
static double start_up(const char *program)
{
	char *const argv[] = { (char *)(uintptr_t)program, "-e", "print(1)", NULL };
	posix_spawn_file_actions_t files;
	double start = now();
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, program, &files, NULL, argv, environ) == 0)
		waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&files);
	return status == 0 ? now() - start : -1;
}

static void measure_start(const char *dmalab)
{
	const char *lua = start_up("lua5.4") >= 0 ? "lua5.4" : "lua";
	double ours[STARTS], theirs[STARTS], a, b;

	for (int i = 0; i < STARTS; i++) {
		ours[i] = start_up(dmalab) * 1e3;
		theirs[i] = start_up(lua) * 1e3;
	}
	a = median(ours, STARTS);
	b = median(theirs, STARTS);
	show("dmalab -e 'print(1)', from start to end", a, "ms", "");
	if (b < 0)
		return;
	show("lua -e 'print(1)'", b, "ms", "");
	show("  beside it", a / b, "times", "aim: under 2");
}

static void name_machine(void)
{
	char line[256], *colon = NULL;
	FILE *f = fopen("/proc/cpuinfo", "r");
	struct utsname u;

	while (f && !colon && fgets(line, sizeof line, f))
		if (!strncmp(line, "model name", 10))
			colon = strchr(line, ':');
	if (f)
		fclose(f);
	if (uname(&u) == 0)
		printf("%s %s,%s", u.sysname, u.machine, colon ? colon + 1 : " processor unknown\n");
}

int main(int argc, char **argv)
{
	double settle;

	if (argc != 3) {
		fprintf(stderr, "usage: bench DMALAB BENCH.LUA\n");
		return 2;
	}
	name_machine();
	show("cached load that hits, from C, nobody watches", unwatched_hits(), "M/s", "aim: above 150");
	show("the same, watched", watched_hits(&settle), "M/s", "");
	show("one event appended to the trace", event_ns(), "ns", "");
	show("one event read by the watchers", settle, "ns", "");
	show("snapshot of the default machine", snapshot_us(SPAN, false), "us", "aim: under 100");
	show("the same with 8 MiB written, and a store after it", snapshot_us(8 * MIB, true), "us", "");
	measure_lua(argv[2]);
	measure_start(argv[1]);
	return 0;
}
