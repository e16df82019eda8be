#pragma once
/* Recordings for tests of the picture: a driver in Lua is played, and a player opened on it. */
#include "harness.h"

#include "repl/api.h"
#include "viz/player.h"
#include "viz/recorder.h"

#include <unistd.h>

struct rig {
	struct recording *recording;
	struct player *player;
};

/* Play the driver, without a word about the rules it breaks, and record it in the file. */
static inline void rig_play(const char *driver, const char *path)
{
	char why[256] = "";
	struct session *s;

	setenv("DMALAB_SCRIPTS", "scripts", 0);
	s = session_new();
	assert_non_null(s);
	assert_true(session_load(s));
	lua_getfield(s->lua, LUA_REGISTRYINDEX, "dmalab.core");
	lua_pushnil(s->lua);
	lua_setfield(s->lua, -2, "announce");
	s->recorder = recorder_open(path, why, sizeof why);
	assert_string_equal(why, "");
	assert_int_equal(luaL_loadstring(s->lua, driver), LUA_OK);
	if (!session_call(s, NULL, 0, 0))
		fail_msg("%s", lua_tostring(s->lua, -1));
	assert_true(recorder_close(s->recorder, &s->bench->trace));
	s->recorder = NULL;
	session_free(s);
}

static inline struct rig rig_open(const char *driver)
{
	char path[] = "/tmp/dmalab-picture-XXXXXX", why[256];
	struct rig r;

	close(mkstemp(path));
	rig_play(driver, path);
	r.recording = recording_open(path, why, sizeof why);
	unlink(path);
	assert_non_null(r.recording);
	r.player = player_new(r.recording);
	while (player_read(r.player, 100000))
		;
	return r;
}

static inline void rig_close(struct rig *r)
{
	player_free(r->player);
	recording_close(r->recording);
}

/* Go to right after event i (0 is the first) of this kind. */
static inline void rig_seek(struct rig *r, enum event_kind kind, uint64_t i)
{
	for (uint64_t at = 0; at < player_count(r->player); at++)
		if (player_event(r->player, at)->kind == kind && !i--) {
			player_seek(r->player, at + 1);
			return;
		}
	fail_msg("no such %s event", event_info[kind].name);
}
