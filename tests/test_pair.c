/*
 * Two boards side by side: a session beside a session plays the same lines, and each moment of the
 * first has its moment of the second.
 */
#include "harness.h"

#include "repl/api.h"
#include "repl/viewer.h"
#include "viz/beside.h"
#include "viz/pair.h"

#include <signal.h>
#include <unistd.h>

/* Both sessions as recordings, and the players of these. */
struct two {
	struct session *session;
	struct recording *recording[2];
	struct player *player[2];
	struct pair *pair;
};

static const char same[] = "The CPU sees the same on both boards so far.";

static const char stale[] =
	"buf = kmalloc(64)\n"
	"store(buf, 0x11)\n"
	"h = map(buf, 'from_device')\n"
	"dev:dma_write(h, 'fresh from the device')\n"
	"load(buf)\n"
	"unmap(h)\n"
	"load(buf)\n"
	"free = kfree(buf)\n";

static void play_line(struct session *s, const char *line)
{
	lua_pushstring(s->lua, line);
	if (!session_call(s, "line", 1, 1))
		fail_msg("%s: %s", line, lua_tostring(s->lua, -1));
	lua_pop(s->lua, 1);
}

static void play_lines(struct session *s, const char *lines)
{
	char line[256];
	size_t n;

	for (; *lines; lines += n + (lines[n] == '\n')) {
		n = strcspn(lines, "\n");
		snprintf(line, sizeof line, "%.*s", (int)n, lines);
		play_line(s, line);
	}
}

static struct session *start(const char *board)
{
	struct session *s;

	setenv("DMALAB_SCRIPTS", "scripts", 0);
	s = session_new();
	assert_non_null(s);
	assert_true(session_load(s));
	assert_int_equal(luaL_dostring(s->lua, "io.stdout = io.open('/dev/null', 'w')"), LUA_OK);
	lua_newtable(s->lua);
	lua_pushstring(s->lua, "stdin");
	assert_true(session_call(s, "start", 2, 0));
	assert_true(viewer_beside(s, board));
	return s;
}

/* A variable that is another one there. */
static void set_both(struct session *s, const char *name, lua_Integer here, lua_Integer there)
{
	lua_pushinteger(s->lua, here);
	lua_setglobal(s->lua, name);
	lua_pushinteger(s->beside->lua, there);
	lua_setglobal(s->beside->lua, name);
}

static struct recording *recorded(struct session *s)
{
	char path[] = "/tmp/dmalab-beside-XXXXXX", why[256];
	int fd = mkstemp(path);
	struct recorder *to;
	struct recording *r;

	assert_true(fd >= 0);
	close(fd);
	to = recorder_open(path, why, sizeof why);
	assert_non_null(to);
	session_tell(s, to, false);
	assert_true(recorder_close(to, &s->bench->trace));
	r = recording_open(path, why, sizeof why);
	unlink(path);
	assert_non_null(r);
	return r;
}

/* The two sessions as they are now. */
static void look(struct two *t)
{
	struct session *side[] = { t->session, t->session->beside };

	for (int i = 0; i < 2; i++) {
		t->recording[i] = recorded(side[i]);
		t->player[i] = player_new(t->recording[i]);
		while (player_read(t->player[i], 1000))
			;
		player_seek(t->player[i], player_count(t->player[i]));
	}
	t->pair = pair_new(t->player[0], t->player[1]);
}

static void away(struct two *t)
{
	pair_free(t->pair);
	for (int i = 0; i < 2; i++) {
		player_free(t->player[i]);
		recording_close(t->recording[i]);
	}
	session_free(t->session->beside);
	session_free(t->session);
}

static struct two play_both(const char *board, const char *lines)
{
	struct two t = { .session = start(board) };

	play_lines(t.session, lines);
	look(&t);
	return t;
}

/* Position right after the i-th (0 is the first) event of a kind. */
static uint64_t after(const struct player *p, enum event_kind kind, uint64_t i)
{
	for (uint64_t at = 0; at < player_count(p); at++)
		if (player_event(p, at)->kind == kind && !i--)
			return at + 1;
	fail_msg("no such %s", event_info[kind].name);
	return 0;
}

/* What is said of the moment. */
static const char *difference(struct two *t, uint64_t at)
{
	static char text[256];

	player_seek(t->player[0], at);
	pair_seek(t->pair);
	beside_differs(player_model(t->player[0]), player_model(t->player[1]), text, sizeof text);
	return text;
}

static void the_same_call_is_the_same_moment(void **state)
{
	static const enum event_kind kinds[] = {
		EV_MEM_ALLOC, EV_DMA_MAP, EV_DMA_UNMAP, EV_MEM_FREE
	};
	struct two t = play_both("x86", stale);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		uint64_t here = after(t.player[0], kinds[i], 0);
		uint64_t there = pair_position(t.pair, here);

		assert_true(there >= after(t.player[1], kinds[i], 0));
		assert_true(pair_position(t.pair, here - 1) < after(t.player[1], kinds[i], 0));
	}
	assert_int_equal(pair_position(t.pair, 0), 0);
	assert_int_equal(pair_position(t.pair, player_count(t.player[0])),
			 player_count(t.player[1]));
	away(&t);
}

static void a_position_never_goes_back(void **state)
{
	struct two t = play_both("x86", stale);
	uint64_t last = 0;

	(void)state;
	for (uint64_t at = 0; at <= player_count(t.player[0]); at++) {
		uint64_t there = pair_position(t.pair, at);

		assert_true(there >= last);
		last = there;
	}
	away(&t);
}

static void what_was_read_differs(void **state)
{
	struct two t = play_both("x86", stale);
	uint64_t load = 0;

	(void)state;
	for (uint64_t i = 0; load <= after(t.player[0], EV_DEV_DONE, 0); i++)
		load = after(t.player[0], EV_CPU_LOAD, i);
	assert_string_equal(difference(&t, load), "The CPU read 0x11 on the first board and "
			    "0x7266206873657266 on the second. stale-read on the first board, not "
			    "on the second. ");
	assert_string_equal(difference(&t, after(t.player[0], EV_DMA_MAP, 0)), same);
	away(&t);
}

/* How long a register is polled is the board's affair: what follows keeps its partner. */
static void polling_leads_astray_no_further_than_the_next_call(void **state)
{
	struct two t = { .session = start("x86") };
	uint64_t there;

	(void)state;
	set_both(t.session, "polls", 1, 9);
	play_lines(t.session, "for i = 1, polls do readl(dev.bar) end\nbuf = kmalloc(64)\n"
		   "store(buf, 1)\n");
	look(&t);
	there = pair_position(t.pair, after(t.player[0], EV_MEM_ALLOC, 0));
	assert_int_equal(there, after(t.player[1], EV_MEM_ALLOC, 0));
	away(&t);
}

/* Of two buffers alike the one that both boards know is compared, whichever is mapped where. */
static void owners_are_those_of_the_same_buffer(void **state)
{
	struct two t = { .session = start("x86") };
	uint64_t sync;

	(void)state;
	set_both(t.session, "first", 1, 0);
	play_lines(t.session, "a = kzalloc(64)\nb = kzalloc(64)\n"
		   "if first == 1 then map(a, 'from_device') end\nhb = map(b, 'from_device')\n"
		   "sync hb for_cpu\nif first == 1 then sync hb for_device end\n");
	look(&t);
	sync = after(t.player[0], EV_DMA_SYNC_CPU, 0);
	assert_non_null(strstr(difference(&t, sync), "is mapped on the first board, not on the "
			       "second"));
	assert_null(strstr(difference(&t, sync), "owns the buffer"));
	away(&t);
}

/* A fresh machine counts anew, whatever the first one did more or less. */
static void another_machine_counts_anew(void **state)
{
	struct two t = { .session = start("x86") };

	(void)state;
	play_lines(t.session, "kmalloc(64)\nmachine tiny\nbuf = kmalloc(64)\nstore(buf, 1)\n");
	look(&t);
	assert_int_equal(model_shadow(player_model(t.player[1]))->levels, 2);
	assert_int_equal(model_shadow(player_model(t.player[0]))->levels, 1);
	assert_true(pair_position(t.pair, after(t.player[0], EV_CPU_STORE, 0)) >=
		    after(t.player[1], EV_CPU_STORE, 0));
	assert_string_equal(difference(&t, player_count(t.player[0])), same);
	away(&t);
}

static void undo_goes_back_on_both(void **state)
{
	struct two t = { .session = start("x86") };

	(void)state;
	play_lines(t.session, stale);
	assert_int_equal(t.session->bench->steps, t.session->beside->bench->steps);
	play_line(t.session, "undo 3");
	assert_int_equal(t.session->bench->steps, t.session->beside->bench->steps);
	play_lines(t.session, "sync h for_cpu\nload(buf)\n");
	look(&t);
	assert_int_equal(pair_position(t.pair, player_count(t.player[0])),
			 player_count(t.player[1]));
	assert_true(pair_position(t.pair, after(t.player[0], EV_DMA_SYNC_CPU, 0)) >=
		    after(t.player[1], EV_DMA_SYNC_CPU, 0));
	away(&t);
}

static void a_board_there_is_not_is_an_error(void **state)
{
	struct session *s = start(NULL);

	(void)state;
	assert_false(viewer_beside(s, "x87"));
	assert_non_null(strstr(lua_tostring(s->lua, -1), "x87"));
	assert_null(s->beside);
	viewer_beside_play(s, "kmalloc(64)", true);
	session_free(s);
}

/* What did something on the first board alone is a step of undo on both. */
static void a_step_here_is_a_step_there(void **state)
{
	struct two t = { .session = start("x86") };

	(void)state;
	set_both(t.session, "first", 1, 0);
	play_lines(t.session, "buf = kmalloc(64)\nif first == 1 then store(buf, 1) end\nundo\n");
	assert_int_equal(t.session->bench->steps, 1);
	assert_int_equal(t.session->beside->bench->steps, 1);
	look(&t);
	away(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_call_is_the_same_moment),
		cmocka_unit_test(a_position_never_goes_back),
		cmocka_unit_test(what_was_read_differs),
		cmocka_unit_test(polling_leads_astray_no_further_than_the_next_call),
		cmocka_unit_test(owners_are_those_of_the_same_buffer),
		cmocka_unit_test(another_machine_counts_anew),
		cmocka_unit_test(undo_goes_back_on_both),
		cmocka_unit_test(a_step_here_is_a_step_there),
		cmocka_unit_test(a_board_there_is_not_is_an_error),
	};

	return cmocka_run_group_tests_name("beside", tests, NULL, NULL);
}
