#pragma once
/* Scatterlists as Lua objects, for the bindings that take or make one. */
#include "api.h"

#include "kernel/scatterlist.h"

#define SG_ENTRIES_MAX 4096     /* of one list */

/* The metatables of sg and sgt. */
void sg_types_open(lua_State *L);

/*
 * A new table on the stack, its list of n entries initialised. The list lives as long as the table.
 */
struct sg_table *push_sg_table(lua_State *L, uint32_t n);

/* An argument that is a table with its list. */
struct sg_table *arg_sg_table(lua_State *L, int i);
