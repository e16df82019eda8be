#pragma once
/* How C fills the tables that scripts see: one field of the table on top of the stack at a time. */
#include "types.h"

#include <lua.h>

static inline void set_integer(lua_State *L, const char *key, uint64_t value)
{
	lua_pushinteger(L, (lua_Integer)value);
	lua_setfield(L, -2, key);
}

static inline void set_string(lua_State *L, const char *key, const char *value)
{
	lua_pushstring(L, value);
	lua_setfield(L, -2, key);
}

static inline void set_boolean(lua_State *L, const char *key, bool value)
{
	lua_pushboolean(L, value);
	lua_setfield(L, -2, key);
}

/* The value on top becomes the next of the list below it. */
static inline void append(lua_State *L)
{
	lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

/* The words of the core's enums, as scripts read them. */
extern const char *const direction_words[], *const attr_words[];

/* The part of `core` that looks at the little kernel; adds to the table on top of the stack. */
void core_kernel_open(lua_State *L);

/* The part that looks at dma-debug, likewise. */
void core_dma_debug_open(lua_State *L);

/* Copies of what Lua keeps, likewise. */
void core_objects_open(lua_State *L);

/* The view and pictures, likewise. */
void core_view_open(lua_State *L);

/* Playing a driver again and again, likewise (explore.c). */
void core_explore_open(lua_State *L);

/* A student's file in a state of its own, likewise (student.c). */
void core_student_open(lua_State *L);

/* Work done by processes of their own, likewise (child.c). */
void core_child_open(lua_State *L);

/* What a grader writes and draws its numbers from, likewise (core_result.c). */
void core_result_open(lua_State *L);

/* core.pools(), which stands beside the bindings of DMA pools. */
int core_pools(lua_State *L);

struct mapping;
void core_push_mapping(lua_State *L, const struct mapping *m);
