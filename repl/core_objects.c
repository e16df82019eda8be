/*
 * What Lua keeps of the machine's world and the machine does not: scatterlists, completions. At the
 * prompt such an object is known in the weak table core.objects, which the scripts put there, and
 * around each line they copy its bytes, as bench_mark copies the machine.
 */
#include "api.h"
#include "core_table.h"

#include <string.h>

#define COPY_TYPE "dmalab.copy"     /* a userdata with the bytes; its user value is the object */
#define OURS      "dmalab."

void object_keep(lua_State *L)
{
	int object = lua_gettop(L);

	lua_getfield(L, LUA_REGISTRYINDEX, "dmalab.core");
	lua_pushliteral(L, "objects");
	if (lua_rawget(L, -2) == LUA_TTABLE) {
		lua_pushvalue(L, object);
		lua_pushboolean(L, true);
		lua_rawset(L, -3);
	}
	lua_settop(L, object);
}

/* Files and the like are not ours, and hold more than their bytes. */
static void check_ours(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TUSERDATA);
	luaL_argcheck(L, luaL_getmetafield(L, 1, "__name") == LUA_TSTRING &&
		      !strncmp(lua_tostring(L, -1), OURS, strlen(OURS)), 1, "an object of ours");
}

static int l_copy(lua_State *L)
{
	size_t n;

	check_ours(L);
	n = lua_rawlen(L, 1);
	memcpy(lua_newuserdatauv(L, n, 1), lua_touserdata(L, 1), n);
	lua_pushvalue(L, 1);
	lua_setiuservalue(L, -2, 1);
	luaL_newmetatable(L, COPY_TYPE);
	lua_setmetatable(L, -2);
	return 1;
}

/* The object of the copy that is argument 1. */
static void *object_of(lua_State *L)
{
	luaL_checkudata(L, 1, COPY_TYPE);
	lua_getiuservalue(L, 1, 1);
	return lua_touserdata(L, -1);
}

static int l_changed(lua_State *L)
{
	const void *object = object_of(L);

	lua_pushboolean(L, memcmp(object, lua_touserdata(L, 1), lua_rawlen(L, 1)) != 0);
	return 1;
}

static int l_put_back(lua_State *L)
{
	void *object = object_of(L);

	memcpy(object, lua_touserdata(L, 1), lua_rawlen(L, 1));
	return 0;
}

void core_objects_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "copy", l_copy }, { "changed", l_changed }, { "put_back", l_put_back },
		{ NULL, NULL },
	};

	luaL_setfuncs(L, functions, 0);
}
