/*
 * The part of `core` behind explore: play a function again and again, each time on the same machine
 * and with other deviations of nature. What to play, and in which order, scripts/explore.lua
 * decides.
 *
 * A run restores the snapshot (the trace is cut there), lets nature follow the list, calls the
 * function and looks at what came of it. Nobody records or views the runs, and no rule is
 * announced.
 */
#include "api.h"
#include "core_table.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEVIATIONS_MAX 64
#define QUESTIONS_MAX  16384               /* of one run that are kept */
#define EVENTS_MAX     (TRACE_KEEP / 2)    /* of one run; then it goes on for ever */
#define CYCLES_MAX     ((uint64_t)20000000000)
#define STEPS_MAX      20000000            /* instructions of Lua in one run, likewise */

struct explorer {
	struct bench *aside;               /* the session's own, where a fresh machine is explored */
	struct recorder *recorder, *view;  /* they wait */
	uint32_t announced;
	struct snapshot *start;            /* each run begins here */
	struct plan plan;
	struct deviation deviation[DEVIATIONS_MAX];
	struct question *question;         /* QUESTIONS_MAX; not cleared, for most runs ask few */
	bool interrupted;
};

static struct explorer *explorer_of(lua_State *L)
{
	struct explorer *e = session_of(L)->explorer;

	if (!e)
		luaL_error(L, "nothing is being explored");
	return e;
}

/* core.explore_open(fresh): nobody looks from now on; fresh: the machine stands aside as well. */
static int l_open(lua_State *L)
{
	struct session *s = session_of(L);
	struct explorer *e;

	if (s->explorer) {
		lua_pushliteral(L, "explore cannot be called in what explore plays\n"
			"  give it the driver alone");
		return lua_error(L);
	}
	session_bench(s);
	session_settle(L);
	e = core_alloc(sizeof *e);
	e->question = core_alloc_rough(QUESTIONS_MAX * sizeof *e->question);
	e->recorder = s->recorder;
	e->view = s->view;
	e->announced = s->announced;
	s->recorder = s->view = NULL;
	if (lua_toboolean(L, 1)) {
		e->aside = s->bench;
		s->bench = NULL;
	}
	s->explorer = e;
	return 0;
}

/* core.explore_start(): where this machine is now, each run begins. The number of its next event. */
static int l_start(lua_State *L)
{
	struct explorer *e = explorer_of(L);

	if (e->start)
		bench_forget(e->start);
	e->start = bench_snapshot(session_bench(session_of(L)));
	lua_pushinteger(L, (lua_Integer)e->start->seq);
	return 1;
}

static int l_close(lua_State *L)
{
	struct session *s = session_of(L);
	struct explorer *e = explorer_of(L);

	if (e->start && s->bench && !e->aside)
		bench_restore(s->bench, e->start);
	if (e->start)
		bench_forget(e->start);
	if (e->aside) {
		bench_free(s->bench);
		s->bench = e->aside;
	}
	s->recorder = e->recorder;
	s->view = e->view;
	s->announced = e->announced;
	s->explorer = NULL;
	s->last_event = 0;
	s->interrupted = false;
	free(e->question);
	free(e);
	return 0;
}

/* A list of deviations as a string: 4 bytes question, 1 byte answer each, least significant first. */
#define PACKED 5

static size_t unpack_deviations(lua_State *L, int i, struct deviation *to)
{
	size_t n;
	const uint8_t *p = (const uint8_t *)luaL_checklstring(L, i, &n);

	luaL_argcheck(L, n % PACKED == 0 && n / PACKED <= DEVIATIONS_MAX, i, "a list of deviations");
	for (size_t k = 0; k < n / PACKED; k++, p += PACKED)
		to[k] = (struct deviation){ .question = bytes_get(p, 4), .answer = p[4] };
	return n / PACKED;
}

static void make_plan(lua_State *L, struct explorer *e)
{
	e->plan = (struct plan){ .deviation = e->deviation,
		.count = unpack_deviations(L, 2, e->deviation),
		.question = e->question, .room = QUESTIONS_MAX };
}

/* The questions asked, packed likewise: number, and options or the answer given. */
static void push_questions(lua_State *L, const struct explorer *e, bool answers)
{
	size_t count = min_u64(e->plan.asked, e->plan.room);
	luaL_Buffer text;

	luaL_buffinit(L, &text);
	for (size_t i = 0; i < count; i++) {
		const struct question *q = &e->question[i];
		char *to;

		if (answers && !q->answer)
			continue;
		to = luaL_prepbuffsize(&text, PACKED);
		bytes_put((uint8_t *)to, 4, q->number);
		to[4] = (char)(answers ? q->answer : q->options);
		luaL_addsize(&text, PACKED);
	}
	luaL_pushresult(&text);
}

/* Again at the next instruction: a pcall of the driver's must not keep it going. */
static void too_long(lua_State *L, lua_Debug *frame)
{
	(void)frame;
	lua_sethook(L, too_long, LUA_MASKCOUNT, 1);
	luaL_error(L, "this would wait for ever: the driver goes round and round");
}

_Static_assert(RULE_COUNT <= 64, "a set of rules is a mask of 64 bits");

/* The first violation of this run whose rule is in the mask, or NULL. */
static const struct violation *first_violation(const struct session *s, uint64_t rules)
{
	const struct violations *vs = &s->bench->checker.facts.violations;

	for (uint32_t i = 0; i < vs->count; i++)
		if (rules >> violations_at(vs, i)->rule & 1)
			return violations_at(vs, i);
	return NULL;
}

/* Ctrl-C ends the search, which says so itself; the rest of the script goes on. */
static bool take_interrupt(lua_State *L, struct session *s)
{
	lua_sethook(L, NULL, 0, 0);
	if (!s->interrupted)
		return false;
	s->interrupted = s->stopping = false;
	return s->explorer->interrupted = true;
}

/* What was broken before is not the run's own, and nothing of it is counted there. */
static void begin(struct session *s, struct explorer *e, uint64_t seed)
{
	struct bench *b = s->bench;

	bench_restore(b, e->start);
	violations_take_back(&b->checker.facts.violations, 0);
	s->announced = UINT32_MAX;
	s->last_event = b->trace.next + EVENTS_MAX;
	s->last_cycle = b->machine.hw.bus.cycle + CYCLES_MAX;
	machine_follow(&b->machine, &e->plan, seed);
}

/* Then it comes to rest, and everybody looks once more. */
static bool play(lua_State *L, struct session *s, int function)
{
	bool fine;

	lua_sethook(L, too_long, LUA_MASKCOUNT, STEPS_MAX);
	lua_pushvalue(L, function);
	fine = lua_pcall(L, 0, 0, 0) == LUA_OK;
	if (fine)
		machine_end(&s->bench->machine);
	bench_settle(s->bench);
	s->last_event = 0;
	return fine;
}

/* The words of an error; where it has none, the address of a table would be another each time. */
static void push_message(lua_State *L, int i)
{
	if (luaL_callmeta(L, i, "__tostring"))
		return;
	if (lua_isstring(L, i))
		lua_pushvalue(L, i);
	else
		lua_pushfstring(L, "error was called with a %s, not with words", luaL_typename(L, i));
}

/* What it came to, and why; an error's message stands at index 7. */
static void push_verdict(lua_State *L, struct session *s, const struct violation *v, bool fine)
{
	const char *verdict = v ? "violation" : fine ? "fine" : "error";

	if (s->bench->machine.hw.bus.nature.next < s->explorer->plan.count)
		verdict = "unsteady";
	if (take_interrupt(L, s))
		verdict = "interrupted";
	lua_pushstring(L, verdict);
	if (v)
		lua_pushstring(L, rule_info[v->rule].name);
	else if (fine)
		lua_pushnil(L);
	else
		push_message(L, 7);
}

/*
 * core.explore_run(function, deviations, odds, seed, thorough, rules): what it came to ("fine",
 * "violation", "error", "interrupted", "unsteady"); of a violation the rule, of an error the
 * message; how many events; the questions asked behind the last deviation, with their options
 * (odds: those answered otherwise than calm, with the answers), and whether that is all of them.
 * rules: the broken rules that count, a bit each in the order of core.rules; none when left out.
 */
static int l_run(lua_State *L)
{
	struct session *s = session_of(L);
	struct explorer *e = explorer_of(L);
	const struct violation *v;
	bool fine;

	make_plan(L, e);
	e->plan.odds = (uint32_t)luaL_optinteger(L, 3, 0);
	e->plan.thorough = lua_toboolean(L, 5);
	lua_settop(L, 6);
	begin(s, e, (uint64_t)luaL_optinteger(L, 4, 1));
	fine = play(L, s, 1);
	v = first_violation(s, (uint64_t)luaL_optinteger(L, 6, 0));
	push_verdict(L, s, v, fine);
	lua_pushinteger(L, (lua_Integer)(s->bench->trace.next - e->start->seq));
	push_questions(L, e, e->plan.odds != 0);
	lua_pushboolean(L, e->plan.asked <= e->plan.room);
	return 5;
}

static struct recorder *open_recorder(lua_State *L, int i, char *why, size_t n)
{
	struct recorder *r;

	if (!lua_isinteger(L, i))
		return recorder_open(luaL_checkstring(L, i), why, n);
	r = recorder_open_file((int)lua_tointeger(L, i));
	snprintf(why, n, "out of memory");
	return r;
}

/* core.explore_record(function, deviations, file): play it once more with a recording; the file is
 * a path, or a descriptor, which is closed. */
static int l_record(lua_State *L)
{
	struct session *s = session_of(L);
	struct explorer *e = explorer_of(L);
	struct recorder *r;
	struct trace nothing;
	char why[256];

	make_plan(L, e);
	r = open_recorder(L, 3, why, sizeof why);
	if (!r) {
		lua_pushstring(L, why);
		return lua_error(L);
	}
	begin(s, e, 1);
	session_tell(s, r, s->bench->trace.first > 1);
	s->recorder = r;
	play(L, s, 1);
	s->recorder = NULL;
	recorder_finish(r, &s->bench->trace);
	trace_init(&nothing);
	recorder_close(r, &nothing);
	take_interrupt(L, s);
	return 0;
}

/* The choices of one call, for nature to follow while the user plays it. */
struct follow {
	struct plan plan;
	struct deviation deviation[DEVIATIONS_MAX];
};

/*
 * core.follow(deviations): nature follows the list; core.follow(): what it began is over, nature is
 * what the board says again. How many of the list were never asked for.
 */
static int l_follow(lua_State *L)
{
	struct machine *m = &session_bench(session_of(L))->machine;
	struct follow *f;

	if (lua_isnoneornil(L, 1)) {
		const struct nature *n = &m->hw.bus.nature;

		machine_end(m);
		lua_pushinteger(L, n->plan ? (lua_Integer)(n->plan->count - n->next) : 0);
		machine_follow(m, NULL, 0);
		session_settle(L);
		return 1;
	}
	f = lua_newuserdatauv(L, sizeof *f, 0);
	f->plan = (struct plan){ .deviation = f->deviation,
		.count = unpack_deviations(L, 1, f->deviation) };
	lua_setfield(L, LUA_REGISTRYINDEX, "dmalab.follow");
	machine_follow(m, &f->plan, 1);
	return 0;
}

/* core.explore_interrupted(): has somebody pressed Ctrl-C since explore_open? */
static int l_interrupted(lua_State *L)
{
	struct explorer *e = explorer_of(L);

	lua_pushboolean(L, take_interrupt(L, session_of(L)) || e->interrupted);
	return 1;
}

static int l_cores(lua_State *L)
{
	lua_pushinteger(L, (lua_Integer)sysconf(_SC_NPROCESSORS_ONLN));
	return 1;
}

static int l_seconds(lua_State *L)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	lua_pushnumber(L, (lua_Number)t.tv_sec + (lua_Number)t.tv_nsec / 1e9);
	return 1;
}

static const luaL_Reg functions[] = {
	{ "explore_open", l_open }, { "explore_start", l_start }, { "explore_run", l_run },
	{ "explore_record", l_record }, { "explore_close", l_close },
	{ "explore_interrupted", l_interrupted }, { "follow", l_follow },
 { "cores", l_cores }, { "seconds", l_seconds },
	{ NULL, NULL },
};

void core_explore_open(lua_State *L)
{
	luaL_setfuncs(L, functions, 0);
}
