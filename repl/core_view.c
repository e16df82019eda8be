/* The part of `core` behind the commands `view` and `draw`. */
#include "api.h"
#include "core_table.h"
#include "draw.h"
#include "viewer.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static int l_view_file(lua_State *L)
{
	char *file = strdup(luaL_checkstring(L, 1));
	bool fine = file && viewer_show(file);

	free(file);
	return fine ? 0 : luaL_error(L, "the view cannot be started: %s", strerror(errno));
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

/* The session as a recording in a file that has just been made; its name is filled in. */
static bool save_moment(struct session *s, bool keyframe, char *path, char *why, size_t n)
{
	int fd = mkstemp(path);
	struct recorder *to;

	if (fd < 0) {
		snprintf(why, n, "cannot write %s: %s", path, strerror(errno));
		return false;
	}
	close(fd);
	session_bench(s);
	to = recorder_open(path, why, n);
	if (!to)
		return false;
	session_tell(s, to, keyframe);
	return recorder_close(to, &s->bench->trace);
}

/* A field of the table of options that is a text, or NULL. */
static const char *option(lua_State *L, const char *name)
{
	const char *text;

	lua_getfield(L, 1, name);
	text = lua_tostring(L, -1);
	return text;      /* the table keeps it: the stack may let go of it */
}

/* nil, or what is wrong. */
static int draw_file(lua_State *L, const struct drawing *d)
{
	char why[512] = "cannot write the picture: the disk is full?";

	if (draw(d, why, sizeof why))
		return 0;
	lua_pushstring(L, why);
	return 1;
}

/*
 * core.draw{ recording =, ... }: a moment of a file as a picture; without a file the present moment,
 * of both boards where there are two. nil, or what is wrong.
 */
static int l_draw(lua_State *L)
{
	char first[] = "/tmp/dmalab-XXXXXX", second[] = "/tmp/dmalab-XXXXXX";
	char why[512] = "cannot write the picture: the disk is full?";
	struct session *s = session_of(L);
	struct drawing d = { .recording = first, .beside = s->beside ? second : NULL,
		.at = option(L, "at"), .select = option(L, "select"), .size = option(L, "size"),
		.theme = option(L, "theme"), .large = option(L, "large") != NULL,
		.output = option(L, "output") };
	bool keyframe = session_forgot(s) || session_forgot(s->beside), fine;

	if (option(L, "recording")) {
		d.recording = option(L, "recording");
		d.beside = NULL;
		return draw_file(L, &d);
	}
	fine = save_moment(s, keyframe, first, why, sizeof why) &&
	       (!s->beside || save_moment(s->beside, keyframe, second, why, sizeof why)) &&
	       draw(&d, why, sizeof why);
	unlink(first);
	unlink(second);
	if (fine)
		return 0;
	lua_pushstring(L, why);
	return 1;
}

static const luaL_Reg functions[] = {
	{ "viewer", l_viewer }, { "view_open", l_view_open },
	{ "view_file", l_view_file },
	{ "beside", l_beside }, { "beside_play", l_beside_play },
	{ "flush", l_flush }, { "draw", l_draw },
	{ NULL, NULL },
};

void core_view_open(lua_State *L)
{
	luaL_setfuncs(L, functions, 0);
}
