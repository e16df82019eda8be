/* A student's file in a Lua state of its own: what crosses, what ends it, what does not stay. */
#include "harness.h"

#include "repl/session.h"

#include <lauxlib.h>

static struct session *session;

static int begin(void **state)
{
	(void)state;
	setenv("DMALAB_SCRIPTS", "scripts", 0);
	session = session_new();
	assert_non_null(session);
	assert_true(session_load(session));
	return 0;
}

static int end(void **state)
{
	(void)state;
	session_free(session);
	return 0;
}

/* Words every piece of Lua below has: a student with this file, and a claim. */
static const char words[] =
	"core.announce = nil\n"
	"function student(text, given)\n"
	"  core.student_open(16 << 20)\n"
	"  for name, fn in pairs(given or {}) do core.student_give(name, fn) end\n"
	"  assert(core.student_load(text, 'driver.lua'))\n"
	"  return core.student_reset(1000000)\n"
	"end\n"
	"function call(...) return core.student_call(...) end\n"
	"function same(got, want)\n"
	"  if got ~= want then error(('%s, not %s'):format(got, want), 2) end\n"
	"end\n"
	"function fails(words, fine, why)\n"
	"  if fine then error('it did not fail', 2) end\n"
	"  if not tostring(why):find(words, 1, true) then error(why, 2) end\n"
	"end\n";

static void play(const char *text)
{
	lua_State *L = session->lua;

	if (luaL_dostring(L, words) || luaL_dostring(L, text))
		fail_msg("%s", lua_tostring(L, -1));
	lua_settop(L, 0);
}

static void copies_cross_and_nothing_else(void **state)
{
	(void)state;
	play("local t = { 1, 2.5, 'x\\0y', { k = true }, [dev] = dev }\n"
	     "student([[function same_again(t) t[1] = t[1] + 1 return t end\n"
	     "          function device(d) return d, d == dev end]])\n"
	     "local fine, back = call('same_again', t)\n"
	     "same(t[1], 1) same(back[1], 2) same(back[2], 2.5) same(back[3], 'x\\0y')\n"
	     "same(back[4].k, true) same(back[dev], dev)\n"
	     "same(math.type(back[1]), 'integer')\n"
	     "local fine, d, equal = call('device', dev)\n"
	     "same(d, dev) same(equal, true)\n");
}

static void metatables_functions_and_what_has_no_end_stay_where_they_are(void **state)
{
	(void)state;
	play("student([[function a() return setmetatable({}, { __index = { x = 1 }, __len = 5 }) end\n"
	     "          function b() return print end\n"
	     "          function c() local t = {} t[1] = t return t end\n"
	     "          function d() return ('x'):rep(5 << 20) end\n"
	     "          function e() return coroutine.create(print) end\n"
	     "          function f() local t = {} for i = 1, 20000 do t[i] = 1 end\n"
	     "            return table.unpack(t) end]])\n"
	     "local fine, t = call('a') same(t.x, nil) same(getmetatable(t), nil)\n"
	     "for name in ('bcdef'):gmatch('.') do fails('cannot be handed over', call(name)) end\n"
	     "fails('cannot be handed over', call('a', print))\n"
	     "same(select('#', call('a', nil, nil)), 2)\n");
}

static void given_functions_answer_and_their_errors_end_the_lab(void **state)
{
	(void)state;
	play("local heard = {}\n"
	     "student([[function a() return given(1, { 2 }) end\n"
	     "          function b() return pcall(wrong) end\n"
	     "          function c() pcall(wrong) return given(1) end\n"
	     "          function d() return coroutine.wrap(function() return given('in') end)() end\n"
	     "          function e() return pcall(given, print) end]],\n"
	     "        { given = function(...) heard = { ... } return 'answer', {} end,\n"
	     "          wrong = function() error('the lab is over', 0) end })\n"
	     "local fine, answer = call('a') same(answer, 'answer') same(heard[2][1], 2)\n"
	     "for name in ('bc'):gmatch('.') do\n"
	     "  fails('the lab is over', pcall(call, name))\n"
	     "end\n"
	     "local fine, answer = call('d') same(answer, 'answer') same(heard[1], 'in')\n"
	     "local fine, inner, why = call('e') same(fine, true) same(inner, false)\n"
	     "fails('cannot be handed over', inner, why)\n");
}

static void a_given_function_cannot_call_the_student(void **state)
{
	(void)state;
	play("student('function a() again() end function b() end', { again = function()\n"
	     "  for _, name in ipairs { 'student_call', 'student_reset', 'student_load',\n"
	     "      'student_close', 'student_open' } do\n"
	     "    fails('at work already', pcall(core[name], 1, 'x'))\n"
	     "  end\n"
	     "end })\n"
	     "same(call('a'), true)\n"
	     "same(call('b'), true)\n");
}

static void errors_come_as_words_and_not_too_many(void **state)
{
	(void)state;
	play("student([[function a() error('plain', 0) end function b() error({}) end\n"
	     "          function c() error(('x'):rep(1 << 20), 0) end function d() error(5) end\n"
	     "          function e() error() end function f() local x = nil; x() end\n"
	     "          function g() return g() + 1 end]])\n"
	     "fails('plain', call('a')) fails('error object is a table', call('b'))\n"
	     "fails('error object is a nil', call('e')) fails('driver.lua:3: ', call('f'))\n"
	     "fails('error object is a number', call('d'))\n"
	     "fails('there is no function nobody', call('nobody'))\n"
	     "local fine, why = call('c') same(#why, 2000)\n"
	     "fails('not enough memory', call('g'))\n");
}

static void steps_end_whatever_a_student_catches(void **state)
{
	(void)state;
	play("student([[function a() while true do pcall(function() while true do end end) end end\n"
	     "          function b() return 1 end\n"
	     "          function c() for i = 1, 20 do local s = ('x'):rep(5 << 20) end end]])\n"
	     "fails('used up its instructions', call('a'))\n"
	     "fails('used up its instructions', call('b'))\n"
	     "same(core.student_reset(1000000), true)\n"
	     "same(call('b'), true)\n"
	     "fails('used up its instructions', call('c'))\n");
}

static void memory_has_an_end_and_is_there_again(void **state)
{
	(void)state;
	play("student([[function a() kept = {} for i = 1, 1 << 30 do kept[i] = {} end end\n"
	     "          function b() return pcall(a) end function c() return ('x'):rep(1 << 20) end]])\n"
	     "core.student_reset(1 << 40)\n"
	     "fails('not enough memory', call('a'))\n"
	     "core.student_reset(1 << 40)\n"
	     "local fine, inner = call('b') same(fine, true) same(inner, false)\n"
	     "same(core.student_reset(1000000), true)\n"
	     "local fine, text = call('c') same(#text, 1 << 20)\n");
}

static void a_reset_leaves_nothing_of_the_run_before(void **state)
{
	(void)state;
	play("student([[local n = 0\n"
	     "  function count() n = n + 1 x = (x or 0) + 1 string.y = (string.y or 0) + 1\n"
	     "    cache.y = (cache.y or 0) + 1 return n, x, string.y, cache.y end\n"
	     "  function left() bind({ name = 'mine', remove = function() error('called') end }, dev)\n"
	     "    usb_answer(dev, 'x') end\n"
	     "  function gone() unbind(dev) end]])\n"
	     "for _ = 1, 3 do\n"
	     "  core.student_reset(100000)\n"
	     "  local _, a, b, c, d = call('count') same(a + b + c + d, 4)\n"
	     "end\n"
	     "same(call('left'), true)\n"
	     "core.student_reset(100000)\n"
	     "same(call('gone'), true)\n");
}

static void what_it_prints_is_kept_so_far(void **state)
{
	(void)state;
	play("student([[function a() print(1, nil, {}, print, 'x') end\n"
	     "          function b() for i = 1, 1000 do print(('x'):rep(1000)) end end]])\n"
	     "call('a')\n"
	     "local text, all = core.student_said()\n"
	     "same(text, '1\\tnil\\ttable\\tfunction\\tx\\n') same(all, true)\n"
	     "call('b')\n"
	     "local text, all = core.student_said() same(#text, 8192) same(all, false)\n");
}

/* The judge writes the device's registers; the handler is the student's. */
static const char irq[] =
	"local function start()\n"
	"  local h = dma_map_single(dev, kmalloc(64), 64, DMA_FROM_DEVICE)\n"
	"  writeq(0x40000, dev.bar + 0x80) writeq(h, dev.bar + 0x88)\n"
	"  writel(64, dev.bar + 0x90) writel(7, dev.bar + 0x98)\n"
	"  msleep(1)\n"
	"end\n"
	"student([[function ack()\n"
	"    writel(readl(dev.bar + 0x24), dev.bar + 0x64) readl(dev.bar + 0x24)   -- it is there\n"
	"  end\n"
	"  function ask(handler)\n"
	"    free_irq(dev) msleep(1) ack() request_irq(dev, handler)\n"
	"  end\n"
	"  function loops() ask(function() while true do end end) end\n"
	"  function gives() ask(function() given('from the handler') ack()\n"
	"    return IRQ_HANDLED end) end\n"
	"  function fails() ask(function() error('by the handler', 0) end) end\n"
	"  function object() ask(function() error({}) end) end\n"
	"  function ends() ask(function() pcall(wrong) end) end]],\n"
	"  { given = function(words) heard = words end,\n"
	"    wrong = function() error('the lab is over', 0) end })\n"
	"call('gives') start() same(heard, 'from the handler')\n"
	"call('fails') fails('by the handler', pcall(start))\n"
	"call('object') fails('error object is a table', pcall(start))\n"
	"call('ends') fails('the lab is over', pcall(start))\n"
	"call('loops') fails('used up its instructions', pcall(start))\n";

static void a_handler_runs_under_the_limits_wherever_its_interrupt_comes(void **state)
{
	(void)state;
	play(irq);
}

static void what_the_judge_has_is_not_there(void **state)
{
	(void)state;
	play("student([[function a() for _, name in ipairs { 'io', 'os', 'debug', 'require',\n"
	     "  'package', 'core', 'dofile', 'collectgarbage', 'session', 'undo', 'machine' } do\n"
	     "    if _G[name] ~= nil then return name end end\n"
	     "    return getmetatable('') or getmetatable(dev) end]])\n"
	     "local fine, what = call('a') same(what, nil)\n");
}

static void a_state_can_be_closed_whatever_is_left_in_it(void **state)
{
	(void)state;
	play("for _ = 1, 5 do\n"
	     "  student([[local meta = { __close = function() while true do end end }\n"
	     "    co = coroutine.wrap(function()\n"
	     "      local x <close> = setmetatable({}, meta) coroutine.yield() end)\n"
	     "    co()\n"
	     "    local gc = {} kept = setmetatable({}, gc)\n"
	     "    gc.__gc = function() while true do end end]])\n"
	     "  core.student_close()\n"
	     "end\n"
	     "fails('there is no student', pcall(core.student_reset, 1))\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
		TEST(copies_cross_and_nothing_else),
		TEST(metatables_functions_and_what_has_no_end_stay_where_they_are),
		TEST(given_functions_answer_and_their_errors_end_the_lab),
		TEST(a_given_function_cannot_call_the_student),
		TEST(errors_come_as_words_and_not_too_many),
		TEST(steps_end_whatever_a_student_catches),
		TEST(memory_has_an_end_and_is_there_again),
		TEST(a_reset_leaves_nothing_of_the_run_before),
		TEST(what_it_prints_is_kept_so_far),
		TEST(a_handler_runs_under_the_limits_wherever_its_interrupt_comes),
		TEST(what_the_judge_has_is_not_there),
		TEST(a_state_can_be_closed_whatever_is_left_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
