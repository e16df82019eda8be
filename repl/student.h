#pragma once
/*
 * A student's file in a Lua state of its own, beside the state of the session, which judges it. Both
 * work on the same machine. What crosses between them are copies of plain values (nil, booleans,
 * numbers, strings, tables of those, devices), so neither can change, or even see, what the other
 * has. scripts/student.lua says which names the student's state has.
 *
 * Lua's memory, the instructions of a run, what is printed and what is handed over all have an end.
 * The time of one long call of Lua's library has none here: whoever called us in a process of its
 * own looks at the clock (child.c).
 */
#include <stdbool.h>
#include <stdint.h>

struct lua_State;
struct session;
struct student;

void student_free(struct student *st);

/* Is L the state of a judge, with a student whose handlers run in the state of their own? */
bool student_judged(struct lua_State *L);

/*
 * fn(n) in the student's state, under the limits of its run: for a handler, where a call of the
 * judge's raised the interrupt. LUA_OK, or else the error is on top of J.
 */
int student_run(struct lua_State *J, int (*fn)(struct lua_State *), uint32_t n);
