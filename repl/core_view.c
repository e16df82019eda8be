/* The part of `core` behind the commands `view` and `draw`. */
#include "api.h"
#include "core_table.h"
#include "viewer.h"

#include <lauxlib.h>

static int l_viewer(lua_State *L)
{
	static const char *const words[] = { "open", "ready", "not installed", "no display" };

	lua_pushstring(L, words[viewer_state(session_of(L))]);
	return 1;
}

static int l_view_open(lua_State *L)
{
	char why[256];

	if (!viewer_open(session_of(L), why, sizeof why))
		return luaL_error(L, "%s", why);
	return 0;
}

/* The error of the other session is one of this. */
static int l_beside(lua_State *L)
{
	return viewer_beside(session_of(L), luaL_optstring(L, 1, NULL)) ? 0 : lua_error(L);
}

static int l_beside_play(lua_State *L)
{
	viewer_beside_play(session_of(L), luaL_checkstring(L, 1), lua_toboolean(L, 2));
	return 0;
}

static int l_flush(lua_State *L)
{
	viewer_flush(session_of(L));
	return 0;
}

static const luaL_Reg functions[] = {
	{ "viewer", l_viewer }, { "view_open", l_view_open },
	{ "beside", l_beside }, { "beside_play", l_beside_play },
	{ "flush", l_flush },
	{ NULL, NULL },
};

void core_view_open(lua_State *L)
{
	luaL_setfuncs(L, functions, 0);
}
