/*
 * Interrupts: a driver's handler is a Lua function. That a line has a handler is state of the
 * kernel; the function itself stays here, by device, until another one is requested. Undo takes
 * back both.
 *
 * A handler cannot run in the middle of a call of C. It runs at the next safe point: behind the
 * call during which its line went up, and inside those that let time pass.
 */
#include "api.h"
#include "student.h"

#include "kernel/context.h"

#include <string.h>

#define HANDLERS "dmalab.handlers"    /* in the registry: by device, { function, device } */
#define EINVAL 22

enum irqreturn { IRQ_NONE, IRQ_HANDLED, IRQ_WAKE_THREAD };

/* The function of the device, and the device, on the stack. */
static void push_handler(lua_State *L, uint32_t dev)
{
	luaL_getsubtable(L, LUA_REGISTRYINDEX, HANDLERS);
	lua_rawgeti(L, -1, dev);
	lua_rawgeti(L, -1, 1);
	lua_rawgeti(L, -2, 2);
	lua_remove(L, -3);
	lua_remove(L, -3);
}

static void keep_handler(lua_State *L, uint32_t dev)
{
	if (!luaL_getsubtable(L, LUA_REGISTRYINDEX, HANDLERS))
		object_keep(L);
	lua_createtable(L, 2, 0);
	lua_pushvalue(L, 2);
	lua_rawseti(L, -2, 1);
	lua_pushvalue(L, 1);
	lua_rawseti(L, -2, 2);
	lua_rawseti(L, -2, dev);
	lua_pop(L, 1);
}

/* Add the places the error passed on its way through the handler. Other values stay as they are. */
static int trace_back(lua_State *L)
{
	lua_Debug frame;
	luaL_Buffer text;
	int level = 1;

	if (lua_type(L, 1) != LUA_TSTRING || session_of(L)->stopping)
		return 1;
	luaL_buffinit(L, &text);
	lua_pushvalue(L, 1);
	luaL_addvalue(&text);
	while (lua_getstack(L, level, &frame) && lua_getinfo(L, "S", &frame) && *frame.what == 'C')
		level++;
	for (; lua_getstack(L, level, &frame); level++) {
		lua_getinfo(L, "Sl", &frame);
		if (*frame.what == 'C')
			break;
		if (*frame.source == '@' && strstr(frame.source, session_of(L)->scripts))
			continue;      /* the prompt's own */
		lua_pushfstring(L, "\n  in the handler, at %s:%d", frame.short_src,
				frame.currentline);
		luaL_addvalue(&text);
	}
	luaL_addstring(&text, "\n  its interrupt is off now; enable_irq(dev) turns it on again");
	luaL_pushresult(&text);
	return 1;
}

/* What a handler answers; nothing counts as handled. */
static bool is_answer(lua_State *L, int i)
{
	int exact;
	lua_Integer n = lua_tointegerx(L, i, &exact);

	return lua_isnil(L, i) || (exact && n >= IRQ_NONE && n <= IRQ_WAKE_THREAD);
}

/* Protected: whoever interrupts whom, an error goes on in the state that was interrupted. */
static int call_handler(lua_State *L)
{
	uint32_t dev = (uint32_t)lua_tointeger(L, 1);

	lua_pushcfunction(L, trace_back);
	push_handler(L, dev);
	if (lua_pcall(L, 1, 1, -3) != LUA_OK)
		return lua_error(L);
	if (!is_answer(L, -1))
		return luaL_error(L, "the handler of %s answered a %s; it answers IRQ_HANDLED, or "
				  "IRQ_NONE when its device did not ask", device_ops[dev]->name,
				  luaL_typename(L, -1));
	return 0;
}

/* Where a judge's call interrupts, the handler is the student's all the same. */
static int run_in_its_state(lua_State *L, uint32_t dev)
{
	if (student_judged(L))
		return student_run(L, call_handler, dev);
	lua_pushcfunction(L, call_handler);
	lua_pushinteger(L, dev);
	return lua_pcall(L, 1, 0, 0);
}

static void run_handler(lua_State *L, struct session *s, uint32_t dev)
{
	struct kernel *k = &s->bench->machine.kernel;
	int status;

	luaL_checkstack(L, LUA_MINSTACK, "an interrupt handler");
	context_enter_irq(k, dev);
	s->in_handler = true;
	status = run_in_its_state(L, dev);
	s->in_handler = false;
	context_exit_irq(k, dev);
	if (status != LUA_OK)
		context_disable_irq(k, dev);
	session_after(L, s);
	if (status != LUA_OK)
		lua_error(L);
}

void session_run_handlers(lua_State *L)
{
	struct session *s = session_of(L);
	uint32_t dev;

	while (context_pending(&s->bench->machine.kernel, &dev)) {
		session_pause(L);
		run_handler(L, s, dev);
	}
}

static int request(lua_State *L, struct bench *b, bool managed)
{
	uint32_t dev = arg_device(L, 1);
	const char *name = device_ops[dev]->name;
	size_t n;
	int error;

	if (!lua_isnoneornil(L, 3))
		name = arg_bytes(L, 3, &n);
	if (lua_isnil(L, 2)) {
		lua_pushinteger(L, -EINVAL);
		return 1;
	}
	if (!lua_isfunction(L, 2))
		arg_wrong_type(L, 2, "function");
	error = context_request_irq(&b->machine.kernel, dev, name);
	if (!error && managed)
		context_manage_irq(&b->machine.kernel, dev);
	if (!error)
		keep_handler(L, dev);
	lua_pushinteger(L, error);
	return 1;
}

static int l_request_irq(lua_State *L, struct bench *b)
{
	return request(L, b, false);
}

static int l_request_managed_irq(lua_State *L, struct bench *b)
{
	return request(L, b, true);
}

static int l_free_irq(lua_State *L, struct bench *b)
{
	context_free_irq(&b->machine.kernel, arg_device(L, 1));
	return 0;
}

static int l_enable_irq(lua_State *L, struct bench *b)
{
	context_enable_irq(&b->machine.kernel, arg_device(L, 1));
	return 0;
}

static int l_disable_irq(lua_State *L, struct bench *b)
{
	uint32_t dev = arg_device(L, 1);

	context_might_sleep(&b->machine.kernel, SLEEPER_DISABLE_IRQ);
	context_disable_irq(&b->machine.kernel, dev);
	return 0;
}

static int l_disable_irq_nosync(lua_State *L, struct bench *b)
{
	context_disable_irq(&b->machine.kernel, arg_device(L, 1));
	return 0;
}

/* With one CPU no handler is at work when a driver in process context asks. */
static int l_synchronize_irq(lua_State *L, struct bench *b)
{
	(void)arg_device(L, 1);
	context_might_sleep(&b->machine.kernel, SLEEPER_SYNC_IRQ);
	return 0;
}

const struct api api_irq[] = {
	{ "request_irq", l_request_irq, "dev, handler [, name]",
	  "0, or -EBUSY (-16), -EINVAL (-22)",
	  "from now on handler(dev) runs when the device raises its interrupt line, until it "
	  "lowers it; answers IRQ_HANDLED or IRQ_NONE" },
	{ "devm_request_irq", l_request_managed_irq, "dev, handler [, name]",
	  "0, or -EBUSY (-16), -EINVAL (-22)",
	  "request_irq, undone by itself when the driver leaves the device, after its remove" },
	{ "free_irq", l_free_irq, "dev", "", "undo request_irq: the handler runs no more" },
	{ "enable_irq", l_enable_irq, "dev", "",
	  "undo one disable_irq; a line that is up interrupts at once" },
	{ "disable_irq", l_disable_irq, "dev", "",
	  "the device's line does not interrupt until enable_irq; may sleep, to wait for a "
	  "handler" },
	{ "disable_irq_nosync", l_disable_irq_nosync, "dev", "",
	  "disable_irq without waiting: for a handler" },
	{ "synchronize_irq", l_synchronize_irq, "dev", "",
	  "wait until no handler of the device is at work; may sleep, so not in a handler" },
	{ NULL, NULL, NULL, NULL, NULL },
};
