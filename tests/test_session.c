/* The bindings as the prompt sees them: arguments, faults, sizes, sessions side by side, Ctrl-C. */
#include "repl/api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Play Lua code; the error's text, or NULL. */
static const char *play(struct session *s, const char *code)
{
	static char error[1024];

	if (luaL_loadbuffer(s->lua, code, strlen(code), "=test") == LUA_OK && session_call(s, NULL, 0, 0))
		return NULL;
	snprintf(error, sizeof error, "%s", lua_tostring(s->lua, -1));
	lua_pop(s->lua, 1);
	return error;
}

static void must_play(struct session *s, const char *code)
{
	const char *error = play(s, code);

	if (error)
		fail_msg("%s", error);
}

static void must_fail(struct session *s, const char *code, const char *with)
{
	const char *error = play(s, code);

	if (!error)
		fail_msg("no error: %s", code);
	if (!strstr(error, with))
		fail_msg("%s\n  said: %s\n  want: %s", code, error, with);
}

static int begin(void **state)
{
	alarm(60);
	*state = session_new();
	return *state ? 0 : -1;
}

static int end(void **state)
{
	session_free(*state);
	return 0;
}

static const char rows_tools[] =
	"function find(name)\n"
	"  local owner, field = name:match('^(%w+)[.:](.+)$')\n"
	"  return owner and _G[owner][field] or _G[name]\n"
	"end\n"
	"function parse(row)\n"
	"  local args, optional = {}, false\n"
	"  for part in row.args:gmatch('[^,]+') do\n"
	"    if part:find('^ *%[') then optional = true end\n"
	"    args[#args + 1] = { name = part:match('[%a_][%w_]*'), optional = optional }\n"
	"    if part:find('%[ *$') then optional = true end\n"
	"  end\n"
	"  return args\n"
	"end\n"
	"samples = { dev = dev, dir = 'to_device', string = 'x', name = 'x', width = 8 }\n"
	"samples.lock, samples.handler, samples.completion = 'lock', print, init_completion()\n"
	"samples.sg, samples.sgt = scatterlist(1), sg_alloc_table(1)\n"
	"sg_set_buf(samples.sgt.sgl, kmalloc(64), 64)\n"
	"samples.pool = dma_pool_create('samples', dev, 64)\n"
	"function sample(name) return samples[name] or 0 end\n"
	"function call(row, args)\n"
	"  if row.name:find(':') then return pcall(find(row.name), dev, table.unpack(args, 1, args.n)) end\n"
	"  return pcall(find(row.name), table.unpack(args, 1, args.n))\n"
	"end\n";

static void every_row_has_a_function_help_and_named_arguments(void **state)
{
	must_play(*state, rows_tools);
	must_play(*state,
		"assert(#core.api > 60)\n"
		"for _, row in ipairs(core.api) do\n"
		"  assert(type(find(row.name)) == 'function', row.name)\n"
		"  assert(#row.help > 10, row.name)\n"
		"  assert(row.returns and row.group, row.name)\n"
		"  for _, arg in ipairs(parse(row)) do assert(arg.name, row.name) end\n"
		"end");
}

static void an_argument_of_a_wrong_type_is_named(void **state)
{
	must_play(*state, rows_tools);
	must_play(*state,
		"for _, row in ipairs(core.api) do\n"
		"  local names = parse(row)\n"
		"  for i, arg in ipairs(names) do\n"
		"    local args = { n = i }\n"
		"    for j = 1, i - 1 do args[j] = sample(names[j].name) end\n"
		"    args[i] = {}\n"
		"    local fine, message = call(row, args)\n"
		"    local want = \"bad argument #\" .. i .. \" '\" .. arg.name .. \"' to '\" .. row.name .. \"'\"\n"
		"    assert(not fine, row.name)\n"
		"    assert(message:find(want, 1, true), row.name .. ': ' .. message)\n"
		"    assert(message:find('; write ' .. row.name .. '(', 1, true), message)\n"
		"  end\n"
		"end");
}

static void a_missing_argument_is_named(void **state)
{
	must_play(*state, rows_tools);
	must_play(*state,
		"for _, row in ipairs(core.api) do\n"
		"  local names, args = parse(row), { n = 0 }\n"
		"  for i, arg in ipairs(names) do\n"
		"    if not arg.optional then\n"
		"      local fine, message = call(row, args)\n"
		"      local want = \"#\" .. i .. \" '\" .. arg.name .. \"' to '\" .. row.name .. \"'\"\n"
		"      assert(not fine and message:find(want, 1, true) and message:find('no value'), row.name)\n"
		"    end\n"
		"    args[i], args.n = sample(arg.name), i\n"
		"  end\n"
		"end");
}

static void one_argument_too_many_is_an_error(void **state)
{
	must_play(*state, rows_tools);
	must_play(*state,
		"for _, row in ipairs(core.api) do\n"
		"  local names = parse(row)\n"
		"  local args = { n = #names + 1 }\n"
		"  for i = 1, #names + 1 do args[i] = names[i] and sample(names[i].name) or 0 end\n"
		"  local fine, message = call(row, args)\n"
		"  assert(not fine and message:find('too many arguments', 1, true), row.name)\n"
		"end");
}

static void a_number_is_an_integer_or_a_float_without_a_fraction(void **state)
{
	must_play(*state, "assert(kmalloc(64.0))");
	must_fail(*state, "kmalloc(64.5)", "number has no integer representation");
	must_fail(*state, "kmalloc('64')", "number expected, got string");
	must_fail(*state, "kmalloc(0/0)", "number has no integer representation");
}

static void null_is_nil(void **state)
{
	must_play(*state, "kfree(nil) vfree(nil) iounmap(nil) __free_pages(nil, 0) dma_free_coherent(dev, 1, nil, 0)");
	must_fail(*state, "load(nil)", "virtual address 0000000000000000");
}

static void bad_addresses_are_an_oops(void **state)
{
	must_play(*state,
		"bar, area = dev.bar, vmalloc(4096)\n"
		"for _, va in ipairs { 0, 1, 4096, 0x1234, -1, -8, area + 4096, area + 4093, bar + 1, 1 << 62 } do\n"
		"  for _, f in ipairs {\n"
		"    function() return load(va) end, function() store(va, 1) end,\n"
		"    function() return read(va, 64) end, function() write(va, ('x'):rep(64)) end,\n"
		"    function() memset(va, 0, 64) end, function() memcpy(va, area, 64) end,\n"
		"    function() return readl(va) end, function() writel(1, va) end } do\n"
		"    local fine, message = pcall(f)\n"
		"    if va ~= bar + 1 then\n"
		"      assert(not fine and message:find('Unable to handle kernel paging request'), va)\n"
		"    end\n"
		"  end\n"
		"end\n"
		"assert(load(area) ~= nil)");
}

static void a_range_that_cannot_be_written_whole_is_not_written_at_all(void **state)
{
	must_play(*state,
		"local area = vzalloc(4096)\n"
		"assert(not pcall(memset, area, 255, 8192))\n"
		"assert(not pcall(write, area + 4088, ('x'):rep(16)))\n"
		"assert(load(area) == 0 and load(area + 4088) == 0)");
}

/* Every combination of a few hostile numbers; whatever comes back, the session goes on. */
static void hostile_numbers_end_in_an_answer_or_an_error(void **state)
{
	must_play(*state, rows_tools);
	must_play(*state,
		"local skip = { run = true }\n"
		"local function try(row, names, args, i)\n"
		"  if i > #names then call(row, args) return end\n"
		"  local name = names[i].name\n"
		"  local values = samples[name] and { samples[name] }\n"
		"    or { 0, -1, 1 << 62, math.mininteger, buf, h, 1 }\n"
		"  for _, value in ipairs(values) do\n"
		"    args[i] = value\n"
		"    try(row, names, args, i + 1)\n"
		"  end\n"
		"end\n"
		"for _, row in ipairs(core.api) do\n"
		"  core.power_on { ram = 1 << 20, kernel_image = 65536 }\n"
		"  buf = kmalloc(4096)\n"
		"  h = dma_map_single(dev, buf, 4096, 'bidirectional')\n"
		"  local names = parse(row)\n"
		"  if not skip[row.name] then try(row, names, { n = #names }, 1) end\n"
		"end\n"
		"assert(kmalloc(64))");
}

static void sizes_nobody_can_have_get_linuxs_own_answer(void **state)
{
	must_play(*state,
		"assert(kmalloc(-1) == nil and kmalloc(1 << 62) == nil and kmalloc(0) == 16)\n"
		"assert(vmalloc(0) == nil and vmalloc(-1) == nil)\n"
		"assert(__get_free_pages(GFP_KERNEL, 63) == nil and __get_free_pages(GFP_KERNEL, -1) == nil)\n"
		"assert(dma_map_single(dev, kmalloc(8), 1 << 62, 'to_device') == DMA_MAPPING_ERROR)\n"
		"assert(dma_alloc_coherent(dev, -1) == nil and ioremap(0x50000000, -1) == nil)\n"
		"assert(select('#', dma_alloc_coherent(dev, 64)) == 2)");
	must_fail(*state, "read(kmalloc(8), 1 << 62)", "0 to 67108864 expected");
	must_fail(*state, "run(-1)", "bad argument #1 'cycles' to 'run'");
	must_play(*state, "run(10^15) assert(cycles() >= 10^15)");
	must_fail(*state, "run(1 << 62)", "past its end");
}

static void the_device_reads_and_writes_memory(void **state)
{
	must_play(*state,
		"assert(tostring(dev) == 'edu (device 0)' and dev.name == 'edu')\n"
		"local text = ('abcdefgh'):rep(1200)\n"
		"local buf = __get_free_pages(GFP_KERNEL, 2)\n"
		"write(buf, text)\n"
		"local h = dma_map_single(dev, buf, #text, DMA_TO_DEVICE)\n"
		"assert(dma_mapping_error(dev, h) == 0 and dev:dma_read(h, #text) == text)\n"
		"dma_unmap_single(dev, h, #text, DMA_TO_DEVICE)\n"
		"h = dma_map_single(dev, buf, 9000, DMA_FROM_DEVICE)\n"
		"assert(dma_mapping_error(dev, h) == 0)\n"
		"dev:dma_write(h, ('z'):rep(9000))\n"
		"dma_unmap_single(dev, h, 9000, DMA_FROM_DEVICE)\n"
		"assert(read(buf, 9000) == ('z'):rep(9000) and #core.violations() == 0)");
}

static void a_busy_device_says_to_wait(void **state)
{
	must_play(*state, "h = dma_map_single(dev, kmalloc(64), 64, 'to_device') dev:start_read(h, 64) assert(dev:busy())");
	must_fail(*state, "dev:start_read(h, 64)", "dev:wait() first");
	must_fail(*state, "dev:dma_write(h, 'x')", "dev:wait() first");
	must_play(*state, "dev:wait() assert(not dev:busy())");
	must_fail(*state, "dev:start_write(h, ('x'):rep(4097))", "at most 4096 bytes");
	must_fail(*state, "dev.busy()", "dev:busy is a method");
}

/* A driver that forgets to give the buffer back reads old bytes. */
static const char stale[] =
	"buf = kmalloc(64)\n"
	"h = dma_map_single(dev, buf, 64, DMA_FROM_DEVICE)\n"
	"load(buf)\n"
	"dev:dma_write(h, ('x'):rep(64))\n"
	"value = load(buf)\n";

static void a_violation_is_announced_once_by_the_call_that_made_it(void **state)
{
	must_play(*state, "heard = {} core.announce = function(v) heard[#heard + 1] = v.rule end");
	must_play(*state, stale);
	must_play(*state,
		"local stale = 0\n"
		"for _, rule in ipairs(heard) do if rule == 'stale-read' then stale = stale + 1 end end\n"
		"assert(value == 0 and stale == 1, stale)\n"
		"assert(#heard == #core.violations())\n"
		"load(buf) assert(#heard == #core.violations())");
}

static void a_long_call_announces_before_it_returns(void **state)
{
	must_play(*state,
		"core.announce = function(v) heard = v.rule end\n"
		"dev:dma_read(0x80100000, 8192)\n"
		"assert(heard == 'device-unmapped')");
}

static void whoever_hears_of_a_violation_may_switch_the_machine_off(void **state)
{
	must_play(*state, "core.announce = function() core.power_on { ram = 1 << 20, kernel_image = 65536 } end");
	must_fail(*state, stale, "virtual address");      /* the buffer went with its machine */
	must_play(*state, "assert(core.board().ram == 1 << 20 and kmalloc(64))");
}

static void two_sessions_do_not_disturb_each_other(void **state)
{
	struct session *a = *state, *b = session_new();

	must_play(a, "core.announce = function() heard = true end x = kmalloc(64) store(x, 1)");
	must_play(b, "core.power_on { coherent = true } core.announce = function() heard = true end");
	must_play(b, "assert(x == nil) x = kmalloc(64) store(x, 2) c = cycles()");
	must_play(a, stale);
	must_play(a, "assert(heard and load(x) == 1)");
	must_play(b, "assert(not heard and load(x) == 2 and #core.violations() == 0 and core.board().coherent)");
	session_free(a);
	must_play(b, "assert(load(x) == 2)");
	*state = b;
}

static void undo_takes_back_what_a_marked_line_did(void **state)
{
	must_play(*state,
		"x = kmalloc(64) store(x, 1)\n"
		"core.mark() store(x, 2) assert(core.keep())\n"
		"core.mark() assert(not core.keep())\n"
		"assert(core.undo(1) == 1 and load(x) == 1)\n"
		"core.mark() core.power_on {} assert(not core.keep())");
}

static void undo_keeps_a_line_that_changed_only_an_object(void **state)
{
	must_play(*state,
		"core.objects = setmetatable({}, { __mode = 'k' })\n"
		"local sg, c = scatterlist(2), init_completion()\n"
		"assert(core.objects[c])\n"
		"local array, copies = 0, {}\n"
		"for o in pairs(core.objects) do copies[#copies + 1], array = core.copy(o), array + 1 end\n"
		"assert(array == 2)\n"
		"local function changed()\n"
		"  local n = 0\n"
		"  for _, copy in ipairs(copies) do n = n + (core.changed(copy) and 1 or 0) end\n"
		"  return n\n"
		"end\n"
		"core.mark() assert(not core.keep(false))\n"
		"core.mark() complete(c) assert(changed() == 1 and core.keep(true) == 1)\n"
		"sg[1].length = 5 assert(changed() == 2)\n"
		"for _, copy in ipairs(copies) do core.put_back(copy) end\n"
		"assert(changed() == 0 and sg[1].length == 0 and not completion_done(c))\n"
		"assert(core.undo(1) == 1)\n"
		"for _, other in ipairs { io.stdout, {}, 5, print } do\n"
		"  assert(not pcall(core.copy, other) and not pcall(core.put_back, other))\n"
		"end");
}

static void an_address_says_what_it_is(void **state)
{
	must_play(*state,
		"local function is(n, kind, key, value)\n"
		"  local w = core.what(n)\n"
		"  assert(w and w.kind == kind, kind)\n"
		"  if key then assert(w[key] == value, key) end\n"
		"end\n"
		"local other = kmalloc(200)\n"
		"local k, p, v = kmalloc(200), __get_free_pages(GFP_KERNEL, 1), vmalloc(8192)\n"
		"local c, ch = dma_alloc_coherent(dev, 64)\n"
		"is(k + 8, 'kmalloc', 'cache', 'kmalloc-256') is(k + 8, 'kmalloc', 'offset', 8)\n"
		"is(p + 4096, 'pages', 'start', p) is(v + 5000, 'vmalloc', 'size', 8192)\n"
		"is(c, 'coherent') is(ch, 'dma') is(dev.bar + 0x80, 'register', 'offset', 0x80)\n"
		"is(virt_to_page(k), 'page', 'pa', virt_to_phys(k) & ~4095) is(-1, 'error')\n"
		"local h = dma_map_single(dev, k, 200, 'to_device')\n"
		"is(h + 4, 'dma', 'offset', 4) assert(core.what(h).mapping.owner == 'device')\n"
		"kfree(k) is(k, 'kmalloc', 'freed', true) assert(core.what(5) == nil)");
}

static void the_copies_of_a_byte_are_told_newest_first(void **state)
{
	must_play(*state,
		"local x = kmalloc(64)\n"
		"store(x, 0x11, 1)\n"
		"local copies = core.copies(virt_to_phys(x))\n"
		"assert(copies[1].at == 'l1' and copies[1].value == 0x11 and copies[1].by == 'cpu')\n"
		"assert(not copies[1].stale and copies[#copies].at == 'ram' and copies[#copies].stale)\n"
		"assert(core.copies(1 << 40) == nil)");
}

static void a_setting_out_of_range_is_refused_by_name(void **state)
{
	must_play(*state,
		"x = kmalloc(64)\n"
		"local on, key = core.power_on { l1_ways = 99 } assert(not on and key == 'l1_ways')\n"
		"on, key = core.power_on { nonsense = 1 } assert(not on and key == 'nonsense')\n"
		"local _, _, why = core.power_on { ram = 65536, kernel_image = 65536 } assert(#why > 10)\n"
		"store(x, 1)");
}

static void memory_without_end_is_an_error_and_the_session_goes_on(void **state)
{
	struct session *s = *state;

	s->memory_limit = (size_t)16 << 20;
	must_fail(s, "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(100000) .. i end", "not enough memory");
	must_fail(s, "return ('x'):rep(1 << 30)", "not enough memory");
	must_play(s, "assert(1 + 1 == 2 and kmalloc(64))");
}

static void an_interrupt_stops_every_kind_of_endless_script(void **state)
{
	static const char *const scripts[] = {
		"core.interrupt() while true do end",
		"core.interrupt() while true do pcall(function() while true do end end) end",
		"core.interrupt() local function f() pcall(f) return f() end f()",
		"coroutine.wrap(function() core.interrupt() while true do end end)()",
		"c = coroutine.create(function() core.interrupt() while true do end end) while true do coroutine.resume(c) end",
		"core.interrupt() run(10^15) while true do end",
		"local x <close> = setmetatable({}, { __close = function() while true do end end }) core.interrupt()",
	};

	must_play(*state, "x = kmalloc(64) store(x, 7)");
	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		must_fail(*state, scripts[i], "interrupted");
		must_play(*state, "for i = 1, 1000 do assert(load(x) == 7) end");
	}
}

static void coroutines_work_as_ever(void **state)
{
	must_play(*state,
		"local c = coroutine.create(function(a) local b = coroutine.yield(a + 1) error('e' .. b, 0) end)\n"
		"local ok, v = coroutine.resume(c, 1) assert(ok and v == 2)\n"
		"ok, v = coroutine.resume(c, 3) assert(not ok and v == 'e3')\n"
		"assert(coroutine.status(c) == 'dead' and coroutine.close(c) == false)\n"
		"local w = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i, load(kmalloc(8))) end end)\n"
		"assert(w() == 1 and w() == 2 and w() == 3 and w() == nil and not pcall(w))\n"
		"assert(not pcall(coroutine.resume, 5) and not pcall(coroutine.wrap))");
}

/* Handlers. The device is told to raise its line, and time to let the register write arrive. */
static const char ring[] = "function ring() writel(1, dev.bar + 0x60) run(100) end "
			   "function hush(d) writel(1, d.bar + 0x64) end";

static void a_handler_runs_behind_the_call_in_which_its_line_went_up(void **state)
{
	must_play(*state, ring);
	must_play(*state, "n = 0 assert(request_irq(dev, function(d) n = n + 1 hush(d) "
			  "assert(d == dev and in_interrupt()) return IRQ_HANDLED end) == 0)");
	must_play(*state, "ring() assert(n == 1 and not in_interrupt() and not dev:irq())");
	must_play(*state, "f = local_irq_save() ring() assert(n == 1) local_irq_restore(f) assert(n == 2)");
	must_play(*state, "disable_irq(dev) ring() assert(n == 2) enable_irq(dev) assert(n == 3)");
	must_play(*state, "free_irq(dev) ring() assert(n == 3 and dev:irq())");
}

static void a_coroutine_is_interrupted_too(void **state)
{
	must_play(*state, ring);
	must_play(*state, "request_irq(dev, function(d) n = 1 hush(d) end)");
	must_play(*state, "c = coroutine.wrap(function() ring() coroutine.yield(5) end) assert(c() == 5 and n == 1)");
}

static void a_handler_that_fails_ends_the_call_and_is_off(void **state)
{
	must_play(*state, ring);
	must_play(*state, "request_irq(dev, function(d) error('oh no') end)");
	must_fail(*state, "ring()", "oh no\n  in the handler, at test:1");
	must_play(*state, "assert(dev:irq() and not in_interrupt() and not irqs_disabled()) kmalloc(8)");
	must_play(*state, "assert(#core.violations() == 0)");
	must_fail(*state, "enable_irq(dev)", "oh no");
	must_play(*state, "free_irq(dev) hush(dev) run(100) request_irq(dev, function(d) hush(d) return 'x' end)");
	must_fail(*state, "ring()", "answered a string");
}

static void a_handler_can_be_stopped_with_ctrl_c(void **state)
{
	must_play(*state, ring);
	must_play(*state, "request_irq(dev, function(d) core.interrupt() while true do end end)");
	must_fail(*state, "ring()", "interrupted");
	must_play(*state, "assert(not in_interrupt())");
}

static void the_machine_of_a_handler_stays(void **state)
{
	must_play(*state, ring);
	must_play(*state, "request_irq(dev, function(d) hush(d) core.power_on{} end)");
	must_fail(*state, "ring()", "inside an interrupt handler");
	must_play(*state, "free_irq(dev) request_irq(dev, function(d) hush(d) core.undo(1) end)");
	must_fail(*state, "ring()", "inside an interrupt handler");
}

static void another_machine_has_no_handlers(void **state)
{
	must_play(*state, ring);
	must_play(*state, "n = 0 request_irq(dev, function(d) n = n + 1 hush(d) end) spin_lock()");
	must_play(*state, "core.power_on{} ring() assert(n == 0 and not in_atomic())");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_handler_runs_behind_the_call_in_which_its_line_went_up),
		TEST(a_coroutine_is_interrupted_too),
		TEST(a_handler_that_fails_ends_the_call_and_is_off),
		TEST(a_handler_can_be_stopped_with_ctrl_c),
		TEST(the_machine_of_a_handler_stays),
		TEST(another_machine_has_no_handlers),
		TEST(every_row_has_a_function_help_and_named_arguments),
		TEST(an_argument_of_a_wrong_type_is_named),
		TEST(a_missing_argument_is_named),
		TEST(one_argument_too_many_is_an_error),
		TEST(a_number_is_an_integer_or_a_float_without_a_fraction),
		TEST(null_is_nil),
		TEST(bad_addresses_are_an_oops),
		TEST(a_range_that_cannot_be_written_whole_is_not_written_at_all),
		TEST(hostile_numbers_end_in_an_answer_or_an_error),
		TEST(sizes_nobody_can_have_get_linuxs_own_answer),
		TEST(the_device_reads_and_writes_memory),
		TEST(a_busy_device_says_to_wait),
		TEST(a_violation_is_announced_once_by_the_call_that_made_it),
		TEST(a_long_call_announces_before_it_returns),
		TEST(whoever_hears_of_a_violation_may_switch_the_machine_off),
		TEST(two_sessions_do_not_disturb_each_other),
		TEST(undo_takes_back_what_a_marked_line_did),
		TEST(undo_keeps_a_line_that_changed_only_an_object),
		TEST(an_address_says_what_it_is),
		TEST(the_copies_of_a_byte_are_told_newest_first),
		TEST(a_setting_out_of_range_is_refused_by_name),
		TEST(memory_without_end_is_an_error_and_the_session_goes_on),
		TEST(an_interrupt_stops_every_kind_of_endless_script),
		TEST(coroutines_work_as_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
