#pragma once
/*
 * A student's file in a Lua state of its own, beside the state of the session, which judges it. Both
 * work on the same machine. What crosses between them are copies of plain values (nil, booleans,
 * numbers, strings, tables of those, devices), so neither can change, or even see, what the other
 * has. scripts/student.lua says which names the student's state has.
 *
 * Lua's memory, the instructions of a run, what is printed and what is handed over all have an end.
 * The time of one long call of Lua's library has none here: whoever called us in a process of its
 * own looks at the clock (children.h).
 */
#include <stdbool.h>

struct lua_State;
struct session;
struct student;

void student_free(struct student *st);

/*
 * Where a handler of the student runs when a call of the judge raised its interrupt: the state, or
 * NULL where nobody is judged or L is the student's own already.
 */
struct lua_State *student_state(struct lua_State *L);
