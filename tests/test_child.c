/* Work done by processes of their own: who is heard, how each ends, and that none is left. */
#include "harness.h"

#include "repl/session.h"

#include <errno.h>
#include <lauxlib.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct session *session;

static int begin(void **state)
{
	(void)state;
	alarm(60);
	setenv("DMALAB_SCRIPTS", "scripts", 0);
	session = session_new();
	assert_non_null(session);
	assert_true(session_load(session));
	return 0;
}

static bool no_child_is_left(void)
{
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

static int end(void **state)
{
	(void)state;
	session_free(session);
	return no_child_is_left() ? 0 : -1;
}

static const char words[] =
	"function same(got, want)\n"
	"  if got ~= want then error(('%s, not %s'):format(got, want), 2) end\n"
	"end\n"
	"confined = { seconds = 1, memory = 64 << 20 }\n"
	"function forever() while true do end end\n"
	"function ended(n)\n"                   /* how each child ended, and all it said */
	"  local how, said = {}, {}\n"
	"  while n > 0 do\n"
	"    local who, what, word = core.child_next()\n"
	"    said[who] = said[who] or {}\n"
	"    if what == 'said' then table.insert(said[who], word) else how[who], n = word, n - 1 end\n"
	"  end\n"
	"  return how, said\n"
	"end\n";

static void play(const char *text)
{
	lua_State *L = session->lua;

	if (luaL_dostring(L, words) || luaL_dostring(L, text))
		fail_msg("%s", lua_tostring(L, -1));
	lua_settop(L, 0);
}

static void what_a_child_says_comes_whole_and_in_order(void **state)
{
	(void)state;
	play("local a = core.child(function()\n"
	     "  for i = 1, 1000 do core.say(i .. ' ' .. ('x\\0'):rep(i)) end core.say('') end)\n"
	     "local how, said = ended(1)\n"
	     "same(how[a], 'done') same(#said[a], 1001) same(said[a][1001], '')\n"
	     "for i = 1, 1000 do same(said[a][i], i .. ' ' .. ('x\\0'):rep(i)) end\n");
}

static void as_many_as_there_are_places_work_side_by_side(void **state)
{
	(void)state;
	play("local ids = {}\n"
	     "for i = 1, 64 do ids[core.child(function() core.say('I am ' .. i) end, confined)] = i end\n"
	     "local none, why = core.child(function() end)\n"
	     "same(none, nil) same(why, 'too many children')\n"
	     "local how, said = ended(64)\n"
	     "for id, i in pairs(ids) do same(how[id], 'done') same(said[id][1], 'I am ' .. i) end\n"
	     "same(core.child_next(), nil)\n"
	     "same(core.child(function() end), 1) ended(1)\n");
}

static void each_end_has_its_word(void **state)
{
	(void)state;
	play("local failed = core.child(function() core.say('before') error('no') end, confined)\n"
	     "local late = core.child(forever, confined)\n"
	     "local killed = core.child(forever)\n"
	     "core.child_end(killed)\n"
	     "local how, said = ended(3)\n"
	     "same(how[failed], 'failed') same(said[failed][1], 'before')\n"
	     "same(how[late], 'late') same(how[killed], 'killed')\n");
}

static void who_says_too_much_is_ended(void **state)
{
	(void)state;
	play("local block = ('x'):rep(1 << 20)\n"
	     "local loud = core.child(function() while true do core.say(block) end end, confined)\n"
	     "local quiet = core.child(function() core.say('a word') end, confined)\n"
	     "local how, said = ended(2)\n"
	     "same(how[loud], 'loud') same(#said[loud] <= 65, true)\n"
	     "same(how[quiet], 'done') same(said[quiet][1], 'a word')\n");
}

static void a_late_child_has_said_what_it_said(void **state)
{
	(void)state;
	play("local late = core.child(function() core.say('one') core.say('two') forever() end, confined)\n"
	     "local how, said = ended(1)\n"
	     "same(how[late], 'late') same(table.concat(said[late], ' '), 'one two')\n");
}

static void nobody_has_to_be_heard(void **state)
{
	(void)state;
	play("same(core.child_next(0), nil)\n"
	     "local slow = core.child(forever, confined)\n"
	     "same(core.child_next(0.01), nil)\n"
	     "core.child_end(slow) same(ended(1)[slow], 'killed')\n"
	     "same(pcall(core.child_end, 0), false) same(pcall(core.child_end, 65), false)\n"
	     "same(pcall(core.say, 'x'), false)\n");
}

static void a_child_has_none_of_its_brothers(void **state)
{
	(void)state;
	play("local slow = core.child(forever)\n"
	     "local other = core.child(function()\n"
	     "  same(core.child_next(0), nil)\n"
	     "  core.child_end(1)\n"
	     "end)\n"
	     "local who, what, word = core.child_next() same(who, other) same(word, 'done')\n"
	     "same(core.child_next(0.05), nil)\n"
	     "core.child_end(slow) ended(1)\n");
}

static void press(int signal_number)
{
	(void)signal_number;
	session_interrupt(session);
}

static void ctrl_c_leaves_no_child(void **state)
{
	struct sigaction stop = { .sa_handler = press };

	(void)state;
	assert_int_equal(luaL_dostring(session->lua, words), LUA_OK);
	assert_int_equal(luaL_loadstring(session->lua,
		"for _ = 1, 5 do core.child(forever, { seconds = 50, memory = 64 << 20 }) end\n"
		"core.child_next()"), LUA_OK);
	sigaction(SIGALRM, &stop, NULL);
	alarm(1);
	assert_int_not_equal(lua_pcall(session->lua, 0, 0, 0), LUA_OK);
	assert_true(no_child_is_left());
	signal(SIGALRM, SIG_DFL);
}

/* A process that leaves by exit() with children at work. */
static void who_leaves_takes_them_along(void **state)
{
	int ends[2], status;
	pid_t parent;
	char c;

	(void)state;
	assert_int_equal(luaL_dostring(session->lua, words), LUA_OK);
	assert_int_equal(pipe(ends), 0);
	parent = fork();
	if (!parent) {
		(void)luaL_dostring(session->lua, "for _ = 1, 5 do core.child(forever) end");
		exit(0);
	}
	close(ends[1]);
	waitpid(parent, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(read(ends[0], &c, 1), 0);     /* nobody has its other end any more */
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
		TEST(what_a_child_says_comes_whole_and_in_order),
		TEST(as_many_as_there_are_places_work_side_by_side),
		TEST(each_end_has_its_word),
		TEST(who_says_too_much_is_ended),
		TEST(a_late_child_has_said_what_it_said),
		TEST(nobody_has_to_be_heard),
		TEST(a_child_has_none_of_its_brothers),
		TEST(ctrl_c_leaves_no_child),
		TEST(who_leaves_takes_them_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
