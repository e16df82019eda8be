/* The part of `core` behind the grader: the student's Lua state (student.h). */
#include "student.h"

#include "api.h"
#include "core_table.h"

#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULE  "dmalab.student"     /* in the student's registry: what student.lua returns */
#define GIVEN   "dmalab.given"       /* in the judge's: functions the lab gives, by name */
#define FAILED  "dmalab.failed"      /* in the judge's: the error of one that failed */
#define LOOK    1000                 /* instructions between two looks at what is left */
#define DEEP    16                   /* tables in tables that are handed over */
#define MANY    10000                /* values handed over at once */
#define LONG    ((size_t)4 << 20)    /* bytes of their strings */
#define SAID    8192                 /* bytes printed in a run that are kept */
#define LARGE   4096                 /* bytes of a block that has to be paid for, */
#define ERROR   2000                 /* bytes of an error's message that are kept */
#define USED_UP "this run has used up its instructions of Lua"
#define PRICE   64                   /* an instruction for so many */

struct student {
	lua_State *lua, *judge;      /* judge: who called, while the student's code runs; else NULL */
	lua_State *running;          /* the student's coroutine that called the judge, or lua */
	size_t memory, limit;        /* of Lua, bytes */
	int64_t steps;               /* instructions left of this run */
	bool judge_failed;           /* a given function raised: its error is in the judge's registry */
	size_t said;                 /* bytes printed in this run; more than SAID: the rest is lost */
	char text[SAID];
};

/*
 * One instruction can ask for megabytes, so large blocks cost instructions too, and there are none
 * for who has no instructions left.
 */
static bool may_grow(struct student *st, size_t size, size_t more)
{
	if (st->memory > st->limit || more > st->limit - st->memory)
		return false;
	if (size <= LARGE)
		return true;
	st->steps -= (int64_t)(more / PRICE);
	return st->steps > 0;
}

static void *student_memory(void *of, void *block, size_t old, size_t size)
{
	struct student *st = of;
	void *fresh;

	if (!block)
		old = 0;
	if (!size) {
		free(block);
		st->memory -= old;
		return NULL;
	}
	if (size > old && !may_grow(st, size, size - old))
		return NULL;
	fresh = realloc(block, size);
	if (fresh)
		st->memory += size - old;
	return fresh;
}

static struct student *student_of(lua_State *L)
{
	struct student *st = session_of(L)->student;

	if (!st)
		luaL_error(L, "there is no student");
	return st;
}

/* The student, who is not at work: a given function of the judge's cannot call it. */
static struct student *idle_student(lua_State *L)
{
	struct student *st = student_of(L);

	if (st->judge)
		luaL_error(L, "the student's code is at work already");
	return st;
}

static lua_State *main_thread(lua_State *L)
{
	lua_State *main;

	lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
	main = lua_tothread(L, -1);
	lua_pop(L, 1);
	return main;
}

bool student_judged(lua_State *L)
{
	const struct student *st = session_of(L)->student;

	return st && main_thread(L) != st->lua;
}

void student_free(struct student *st)
{
	if (!st)
		return;
	lua_sethook(st->lua, NULL, 0, 0);
	lua_close(st->lua);
	free(st);
}

static void count_steps(lua_State *L, lua_Debug *frame);

/* From here on each instruction raises, so no pcall of the student can hold it. */
static void out_of_steps(lua_State *L)
{
	lua_sethook(L, count_steps, LUA_MASKCOUNT, 1);
	lua_pushliteral(L, USED_UP);
	lua_error(L);
}

static void count_steps(lua_State *L, lua_Debug *frame)
{
	struct student *st = session_of(L)->student;

	(void)frame;
	st->steps -= LOOK;
	if (st->steps <= 0)
		out_of_steps(L);
}

/*
 * core.charge([n]): instructions that nobody counts are paid for: those of a function of C, and those
 * of a new coroutine, which counts from the beginning.
 */
static int l_charge(lua_State *L)
{
	struct student *st = session_of(L)->student;
	lua_Integer n = luaL_optinteger(L, 1, LOOK);

	st->steps = n < st->steps ? st->steps - n : 0;
	if (st->steps <= 0)
		out_of_steps(L);
	return 0;
}

static int l_say(lua_State *L)
{
	struct student *st = session_of(L)->student;
	size_t n, room = st->said < SAID ? SAID - st->said : 0;
	const char *text = luaL_checklstring(L, 1, &n);

	if (room)
		memcpy(st->text + st->said, text, n < room ? n : room);
	st->said = n > room ? SAID + 1 : st->said + n;
	return 0;
}

/* core.copy(table): its fields in a table of their own. */
static int l_copy(lua_State *L)
{
	int fields = 0;

	luaL_checktype(L, 1, LUA_TTABLE);
	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1))
		fields++;
	lua_createtable(L, 0, fields);
	for (lua_pushnil(L); lua_next(L, 1); ) {
		lua_pushvalue(L, -2);
		lua_insert(L, -2);
		lua_rawset(L, 2);
	}
	return 1;
}

/* Handing over. */

struct parcel {
	lua_State *from, *to;
	size_t values, bytes;        /* that may still be in it */
};

static bool hand(struct parcel *p, int i, int depth);

static bool hand_string(struct parcel *p, int i)
{
	size_t n;
	const char *text = lua_tolstring(p->from, i, &n);

	if (n > p->bytes)
		return false;
	p->bytes -= n;
	lua_pushlstring(p->to, text, n);
	return true;
}

/* Its metatable is not asked: what a table seems to hold is nothing that can be handed over. */
static bool hand_table(struct parcel *p, int i, int depth)
{
	if (depth == DEEP)
		return false;
	lua_newtable(p->to);
	lua_pushnil(p->from);
	while (lua_next(p->from, i)) {
		int top = lua_gettop(p->from);

		if (!hand(p, top - 1, depth + 1) || !hand(p, top, depth + 1))
			return false;
		lua_rawset(p->to, -3);
		lua_pop(p->from, 1);
	}
	return true;
}

/* A device stays the same device. */
static bool hand_object(struct parcel *p, int i)
{
	const uint32_t *unit = luaL_testudata(p->from, i, DEVICE_TYPE);

	if (!unit)
		return false;
	push_device(p->to, *unit);
	return true;
}

static bool hand(struct parcel *p, int i, int depth)
{
	if (!p->values-- || !lua_checkstack(p->from, 8) || !lua_checkstack(p->to, 8)) {
		p->values = 0;
		return false;
	}
	switch (lua_type(p->from, i)) {
	case LUA_TNIL:
		lua_pushnil(p->to);
		return true;
	case LUA_TBOOLEAN:
		lua_pushboolean(p->to, lua_toboolean(p->from, i));
		return true;
	case LUA_TNUMBER:
		if (lua_isinteger(p->from, i))
			lua_pushinteger(p->to, lua_tointeger(p->from, i));
		else
			lua_pushnumber(p->to, lua_tonumber(p->from, i));
		return true;
	case LUA_TSTRING:
		return hand_string(p, i);
	case LUA_TTABLE:
		return hand_table(p, i, depth);
	default:
		return hand_object(p, i);
	}
}

/*
 * Copies of the values from stack place `first` of one state on, pushed on the other. Each side can
 * run out of memory, and that of the student must not jump through the judge: so this runs under a
 * pcall of the side that takes.
 */
struct delivery {
	lua_State *from;
	int first, count;
};

static int take_delivery(lua_State *L)
{
	const struct delivery *d = lua_touserdata(L, 1);
	struct parcel p = { .from = d->from, .to = L, .values = MANY, .bytes = LONG };
	int top = lua_gettop(d->from);

	lua_settop(L, 0);
	luaL_checkstack(L, d->count + 8, "values");
	for (int i = 0; i < d->count; i++)
		if (!hand(&p, d->first + i, 0)) {
			lua_settop(d->from, top);
			return luaL_error(L, "a value cannot be handed over: plain values can, numbers, "
					  "strings, booleans and tables of them, at most %d", MANY);
		}
	return d->count;
}

/* LUA_OK: the values are on top of `to`. Else an error is. */
static int deliver(lua_State *from, lua_State *to, int first, int count)
{
	struct delivery d = { from, first, count };
	int top = lua_gettop(from), status;

	lua_pushcfunction(to, take_delivery);
	lua_pushlightuserdata(to, &d);
	status = lua_pcall(to, 1, LUA_MULTRET, 0);
	lua_settop(from, top);
	return status;
}

/* The student's error as a string of the judge's; an object of the student's has no say in it. */
static void push_error(lua_State *J, lua_State *L)
{
	size_t n = 0;
	const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : NULL;

	if (session_of(L)->student->steps <= 0)
		lua_pushliteral(J, USED_UP);
	else if (text)
		lua_pushlstring(J, text, n < ERROR ? n : ERROR);
	else
		lua_pushfstring(J, "error object is a %s value", luaL_typename(L, -1));
}

/* The student's code. */

/*
 * The function under `args` values on `in`, a thread of the student's, as lua_pcall. It has failed as
 * well when a given function did, whatever the student made of that.
 */
static int play(lua_State *J, struct student *st, lua_State *in, int args)
{
	lua_State *before = st->judge;
	int status;

	if (!before)
		st->judge_failed = false;
	st->judge = J;
	status = lua_pcall(in, args, LUA_MULTRET, 0);
	st->judge = before;
	return st->judge_failed ? LUA_ERRRUN : status;
}

/* Of a play that failed: the student's error as the judge's, or the judge's own, in a given function. */
static void push_failure(lua_State *J, const struct student *st, lua_State *in)
{
	if (st->judge_failed)
		lua_getfield(J, LUA_REGISTRYINDEX, FAILED);
	else
		push_error(J, in);
}

int student_run(lua_State *J, lua_CFunction fn, uint32_t n)
{
	struct student *st = session_of(J)->student;
	lua_State *in = st->running ? st->running : st->lua;
	int top = lua_gettop(in), status;

	if (!lua_checkstack(in, LUA_MINSTACK)) {
		lua_pushliteral(J, "stack overflow");
		return LUA_ERRMEM;
	}
	lua_pushcfunction(in, fn);
	lua_pushinteger(in, n);
	status = play(J, st, in, 1);
	if (status != LUA_OK)
		push_failure(J, st, in);
	lua_settop(in, top);
	return status;
}

/* A function of student.lua, on the student's stack. All names are known: it takes no memory. */
static void push_module(struct student *st, const char *name)
{
	lua_settop(st->lua, 0);
	lua_getfield(st->lua, LUA_REGISTRYINDEX, MODULE);
	lua_getfield(st->lua, -1, name);
	lua_remove(st->lua, 1);
}

/*
 * true and the results, or false and the message, on the judge's stack. What the judge's own function
 * raised is raised again.
 */
static int answer(lua_State *J, struct student *st, int status)
{
	int top = lua_gettop(J), results = lua_gettop(st->lua);

	if (status != LUA_OK && st->judge_failed) {
		lua_settop(st->lua, 0);
		lua_getfield(J, LUA_REGISTRYINDEX, FAILED);
		return lua_error(J);
	}

	lua_pushboolean(J, status == LUA_OK);
	if (status == LUA_OK)
		status = deliver(st->lua, J, 1, results);
	else
		push_error(J, st->lua);
	if (status != LUA_OK) {
		lua_pushboolean(J, false);
		lua_replace(J, top + 1);
	}
	lua_settop(st->lua, 0);
	return lua_gettop(J) - top;
}

/* core.student_load(text, name): true, or false and why it is no Lua. */
static int l_load(lua_State *J)
{
	struct student *st = idle_student(J);

	luaL_checkstring(J, 1);
	luaL_checkstring(J, 2);
	push_module(st, "load");
	st->steps = INT64_MAX;
	st->judge_failed = false;
	if (deliver(J, st->lua, 1, 2) != LUA_OK)
		return answer(J, st, LUA_ERRRUN);
	return answer(J, st, play(J, st, st->lua, 2));
}

/*
 * core.student_reset(steps): the file once more from its first line, with fresh globals; so many
 * instructions are there for it and all calls behind it. true, or false and its error.
 */
static int l_reset(lua_State *J)
{
	struct student *st = idle_student(J);

	st->steps = luaL_checkinteger(J, 1);
	st->said = 0;
	lua_sethook(st->lua, count_steps, LUA_MASKCOUNT, LOOK);
	push_module(st, "reset");
	return answer(J, st, play(J, st, st->lua, 0));
}

/* core.student_call(name, ...): true and what the student's function answers, or false and why not. */
static int l_call(lua_State *J)
{
	struct student *st = idle_student(J);
	int args = lua_gettop(J);

	luaL_checkstring(J, 1);
	push_module(st, "call");
	st->judge_failed = false;
	if (deliver(J, st->lua, 1, args) != LUA_OK)
		return answer(J, st, LUA_ERRRUN);
	return answer(J, st, play(J, st, st->lua, args));
}

/* core.student_said(): what the run has printed, and whether that is all of it. */
static int l_said(lua_State *J)
{
	const struct student *st = student_of(J);

	lua_pushlstring(J, st->text, st->said < SAID ? st->said : SAID);
	lua_pushboolean(J, st->said <= SAID);
	return 2;
}

/* Functions of the lab. */

/* Keep the judge's error; the student's pcall may hold its copy, and play raises it anyway. */
static int fail_given(lua_State *L, struct student *st)
{
	st->judge_failed = true;
	lua_setfield(st->judge, LUA_REGISTRYINDEX, FAILED);
	return luaL_error(L, "the lab ends here");
}

/* Called by the student's code: the judge's function of that name. */
static int call_given(lua_State *L)
{
	struct student *st = session_of(L)->student;
	lua_State *J = st->judge, *before = st->running;
	int top = lua_gettop(J), args = lua_gettop(L), status;

	if (st->judge_failed || !lua_checkstack(J, args + 8))
		return luaL_error(L, "the lab ends here");
	lua_getfield(J, LUA_REGISTRYINDEX, GIVEN);
	lua_getfield(J, -1, lua_tostring(L, lua_upvalueindex(1)));
	lua_remove(J, -2);
	if (deliver(L, J, 1, args) != LUA_OK) {
		lua_pushstring(L, lua_tostring(J, -1));
		lua_settop(J, top);
		return lua_error(L);
	}
	st->running = L;
	status = lua_pcall(J, args, LUA_MULTRET, 0);
	st->running = before;
	if (status != LUA_OK)
		return fail_given(L, st);
	lua_settop(L, 0);
	status = deliver(J, L, top + 1, lua_gettop(J) - top);
	lua_settop(J, top);
	return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* core.student_give(name, function): the student's code may call it. */
static int l_give(lua_State *J)
{
	struct student *st = student_of(J);
	const char *name = luaL_checkstring(J, 1);

	luaL_checktype(J, 2, LUA_TFUNCTION);
	lua_pushboolean(J, false);             /* the field is there: it takes no memory later */
	lua_setfield(J, LUA_REGISTRYINDEX, FAILED);
	luaL_getsubtable(J, LUA_REGISTRYINDEX, GIVEN);
	lua_pushvalue(J, 2);
	lua_setfield(J, -2, name);
	push_module(st, "give");
	lua_pushstring(st->lua, name);
	lua_pushstring(st->lua, name);
	lua_pushcclosure(st->lua, call_given, 1);
	lua_call(st->lua, 2, 0);
	return 0;
}

/* Opening. */

/* Runs in the student's state, before anything of the student is there. */
static int open_student(lua_State *L)
{
	luaL_openlibs(L);
	core_table_open(L);
	api_open(L);
	lua_getglobal(L, "core");
	lua_pushcfunction(L, l_charge);
	lua_setfield(L, -2, "charge");
	lua_pushcfunction(L, l_copy);
	lua_setfield(L, -2, "copy");
	lua_pushcfunction(L, l_say);
	lua_setfield(L, -2, "say");
	lua_pop(L, 1);
	session_searcher(L);
	lua_getglobal(L, "require");
	lua_pushliteral(L, "student");
	lua_call(L, 1, 1);
	lua_setfield(L, LUA_REGISTRYINDEX, MODULE);
	return 0;
}

/* core.student_open(memory): so many bytes of Lua for the student's own. */
static int l_open(lua_State *J)
{
	struct session *s = session_of(J);
	size_t memory = (size_t)luaL_checkinteger(J, 1);
	struct student *st;

	if (s->student)
		(void)idle_student(J);
	student_free(s->student);
	s->student = st = core_alloc(sizeof *st);
	st->limit = SIZE_MAX;
	st->steps = INT64_MAX;
	st->lua = lua_newstate(student_memory, st);
	if (!st->lua)
		return luaL_error(J, "not enough memory");
	*(struct session **)lua_getextraspace(st->lua) = s;
	lua_pushcfunction(st->lua, open_student);
	if (lua_pcall(st->lua, 0, 0, 0) != LUA_OK) {
		push_error(J, st->lua);
		return lua_error(J);
	}
	st->limit = st->memory + memory;
	return 0;
}

static int l_close(lua_State *J)
{
	student_free(idle_student(J));
	session_of(J)->student = NULL;
	return 0;
}

static const luaL_Reg functions[] = {
	{ "student_open", l_open }, { "student_close", l_close }, { "student_load", l_load },
	{ "student_give", l_give }, { "student_reset", l_reset }, { "student_call", l_call },
	{ "student_said", l_said }, { NULL, NULL },
};

void core_student_open(lua_State *L)
{
	luaL_setfuncs(L, functions, 0);
}
