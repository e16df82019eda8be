/*
 * What the CPU is doing: locks, interrupts on and off, waiting. Locks are names, or nothing for one
 * without a name; there is one CPU, so a lock marks a section and nobody ever waits for it.
 */
#include "api.h"

#include "kernel/context.h"

#define COMPLETION_TYPE "dmalab.completion"
#define WAIT_SLICE ((uint64_t)100000)        /* cycles between two looks at what is due */

/* struct completion: an object of Lua's; at the prompt undo puts it back (object_keep). */
struct completion {
	uint32_t done;           /* complete without a wait that used it up */
};

/* Locks. */

static const char *arg_lock(lua_State *L, int i)
{
	size_t n;

	return lua_isnoneornil(L, i) ? "lock" : arg_bytes(L, i, &n);
}

/* On one CPU who finds a lock taken would wait for himself. */
static void lock(lua_State *L, struct bench *b, const char *name)
{
	struct kernel *k = &b->machine.kernel;

	if (context_holds(k, name))
		luaL_error(L, "deadlock: the spinlock \"%s\" is held already, and the CPU would "
			   "wait for itself for ever\n  %s", name, context_in_interrupt(k)
			   ? "a lock a handler takes too is taken with spin_lock_irqsave elsewhere"
			   : "spin_unlock first");
	if (!context_lock(k, name))
		luaL_error(L, "%d spinlocks are held already: more are not kept here", LOCKS_MAX);
}

static void unlock(lua_State *L, struct bench *b, const char *name)
{
	if (!context_unlock(&b->machine.kernel, name))
		luaL_error(L, "the spinlock \"%s\" is not held: spin_lock first, and unlock once",
			   name);
}

static int l_spin_lock(lua_State *L, struct bench *b)
{
	lock(L, b, arg_lock(L, 1));
	return 0;
}

static int l_spin_unlock(lua_State *L, struct bench *b)
{
	unlock(L, b, arg_lock(L, 1));
	return 0;
}

static int push_flags(lua_State *L, bool off)
{
	lua_pushinteger(L, off);
	return 1;
}

static bool arg_flags(lua_State *L, int i)
{
	uint64_t flags = arg_number(L, i);

	if (flags > 1)
		arg_wrong(L, i, "the flags that spin_lock_irqsave or local_irq_save answered "
			  "expected");
	return flags;
}

static int l_spin_lock_irqsave(lua_State *L, struct bench *b)
{
	const char *name = arg_lock(L, 1);
	bool off = context_irqs_off(&b->machine.kernel);

	lock(L, b, name);
	context_set_irqs(&b->machine.kernel, true);
	return push_flags(L, off);
}

/* spin_unlock_irqrestore(flags) is the form for the lock without a name. */
static int l_spin_unlock_irqrestore(lua_State *L, struct bench *b)
{
	bool unnamed = lua_isinteger(L, 1) && lua_isnone(L, 2), flags;
	const char *name;

	if (lua_isnone(L, 1))
		arg_wrong_type(L, 1, "name, or the flags alone,");
	name = unnamed ? "lock" : arg_lock(L, 1);
	flags = arg_flags(L, unnamed ? 1 : 2);
	unlock(L, b, name);
	context_set_irqs(&b->machine.kernel, flags);
	return 0;
}

static int l_local_irq_save(lua_State *L, struct bench *b)
{
	return push_flags(L, context_set_irqs(&b->machine.kernel, true));
}

static int l_local_irq_restore(lua_State *L, struct bench *b)
{
	context_set_irqs(&b->machine.kernel, arg_flags(L, 1));
	return 0;
}

static int l_local_irq_disable(lua_State *L, struct bench *b)
{
	(void)L;
	context_set_irqs(&b->machine.kernel, true);
	return 0;
}

static int l_local_irq_enable(lua_State *L, struct bench *b)
{
	(void)L;
	context_set_irqs(&b->machine.kernel, false);
	return 0;
}

static int l_preempt_disable(lua_State *L, struct bench *b)
{
	(void)L;
	if (!context_preempt(&b->machine.kernel, true))
		luaL_error(L, "preemption cannot be turned off");
	return 0;
}

static int l_preempt_enable(lua_State *L, struct bench *b)
{
	if (!context_preempt(&b->machine.kernel, false))
		luaL_error(L, "preemption is on already: preempt_disable comes first");
	return 0;
}

static int l_in_interrupt(lua_State *L, struct bench *b)
{
	lua_pushboolean(L, context_in_interrupt(&b->machine.kernel));
	return 1;
}

static int l_in_atomic(lua_State *L, struct bench *b)
{
	lua_pushboolean(L, context_in_atomic(&b->machine.kernel));
	return 1;
}

static int l_irqs_disabled(lua_State *L, struct bench *b)
{
	lua_pushboolean(L, context_irqs_off(&b->machine.kernel));
	return 1;
}

/* Waiting. */

static int l_might_sleep(lua_State *L, struct bench *b)
{
	(void)L;
	context_might_sleep(&b->machine.kernel, SLEEPER_MIGHT_SLEEP);
	return 0;
}

static int sleep(lua_State *L, struct bench *b, uint64_t n)
{
	context_might_sleep(&b->machine.kernel, SLEEPER_MSLEEP);
	api_pass(L, n, NULL);
	return 0;
}

static int l_msleep(lua_State *L, struct bench *b)
{
	return sleep(L, b, arg_time(L, b, 1, 1000 * CYCLES_PER_US));
}

static int l_usleep_range(lua_State *L, struct bench *b)
{
	uint64_t least = arg_time(L, b, 1, CYCLES_PER_US), most = arg_time(L, b, 2, CYCLES_PER_US);

	if (most < least)
		arg_wrong(L, 2, "at least as much as min expected");
	return sleep(L, b, least);
}

static int l_udelay(lua_State *L, struct bench *b)
{
	api_pass(L, arg_time(L, b, 1, CYCLES_PER_US), NULL);
	return 0;
}

static struct completion *arg_completion(lua_State *L, int i)
{
	struct completion *c = luaL_testudata(L, i, COMPLETION_TYPE);

	if (!c)
		arg_wrong_type(L, i, "completion, made by init_completion(),");
	return c;
}

static int completion_text(lua_State *L)
{
	const struct completion *c = luaL_checkudata(L, 1, COMPLETION_TYPE);

	lua_pushstring(L, c->done ? "a completion, done" : "a completion, not done");
	return 1;
}

static int l_init_completion(lua_State *L, struct bench *b)
{
	struct completion *c = lua_newuserdatauv(L, sizeof *c, 0);

	(void)b;
	c->done = 0;
	if (luaL_newmetatable(L, COMPLETION_TYPE)) {
		lua_pushcfunction(L, completion_text);
		lua_setfield(L, -2, "__tostring");
	}
	lua_setmetatable(L, -2);
	object_keep(L);
	return 1;
}

static int l_reinit_completion(lua_State *L, struct bench *b)
{
	(void)b;
	arg_completion(L, 1)->done = 0;
	return 0;
}

static int l_complete(lua_State *L, struct bench *b)
{
	struct completion *c = arg_completion(L, 1);

	(void)b;
	c->done += c->done < UINT32_MAX;
	return 0;
}

static int l_completion_done(lua_State *L, struct bench *b)
{
	(void)b;
	lua_pushboolean(L, arg_completion(L, 1)->done != 0);
	return 1;
}

static int l_wait_for_completion(lua_State *L, struct bench *b)
{
	struct completion *c = arg_completion(L, 1);

	context_might_sleep(&b->machine.kernel, SLEEPER_COMPLETION);
	session_handlers(L, session_of(L));
	while (!c->done) {
		if (!context_expects(&b->machine.kernel) || context_irqs_off(&b->machine.kernel))
			luaL_error(L, "this would wait for ever: %s\n  wait_for_completion_timeout "
				   "gives up after some time", context_irqs_off(&b->machine.kernel)
				   ? "interrupts are off, so no handler can call complete()"
				   : "no device is at work, so nobody will call complete()");
		api_pass(L, WAIT_SLICE, &c->done);
	}
	c->done--;
	return 0;
}

static int l_wait_for_completion_timeout(lua_State *L, struct bench *b)
{
	struct completion *c = arg_completion(L, 1);
	uint64_t n = arg_time(L, b, 2, 1), end = b->machine.hw.bus.cycle + n, now;

	context_might_sleep(&b->machine.kernel, SLEEPER_COMPLETION);
	api_pass(L, n, &c->done);
	now = b->machine.hw.bus.cycle;
	lua_pushinteger(L, !c->done ? 0 : now < end ? (lua_Integer)(end - now) : 1);
	c->done -= c->done != 0;
	return 1;
}

const struct api api_context[] = {
	{ "spin_lock", l_spin_lock, "[lock]", "",
	  "take the spinlock of this name: until spin_unlock nobody may sleep; handlers still "
	  "run" },
	{ "spin_unlock", l_spin_unlock, "[lock]", "", "give the spinlock back" },
	{ "spin_lock_irqsave", l_spin_lock_irqsave, "[lock]", "flags",
	  "interrupts off, then spin_lock: for a lock that a handler takes too" },
	{ "spin_unlock_irqrestore", l_spin_unlock_irqrestore, "lock, flags", "",
	  "spin_unlock, then interrupts as they were; the flags alone for the lock without a "
	  "name" },
	{ "local_irq_save", l_local_irq_save, "", "flags", "no handler runs from now on" },
	{ "local_irq_restore", l_local_irq_restore, "flags", "",
	  "interrupts as they were at local_irq_save" },
	{ "local_irq_disable", l_local_irq_disable, "", "", "no handler runs from now on" },
	{ "local_irq_enable", l_local_irq_enable, "", "",
	  "handlers run again, whoever had turned them off" },
	{ "preempt_disable", l_preempt_disable, "", "",
	  "keep the CPU: until preempt_enable nobody may sleep" },
	{ "preempt_enable", l_preempt_enable, "", "", "undo one preempt_disable" },
	{ "in_interrupt", l_in_interrupt, "", "true or false", "does an interrupt handler run?" },
	{ "in_atomic", l_in_atomic, "", "true or false",
	  "is a spinlock held, preemption off, or a handler running? Interrupts that are merely "
	  "off it does not see, as in Linux" },
	{ "irqs_disabled", l_irqs_disabled, "", "true or false", "are interrupts off?" },
	{ "might_sleep", l_might_sleep, "", "",
	  "says that here somebody may sleep: named where that is not allowed" },
	{ "msleep", l_msleep, "ms", "",
	  "sleep so many milliseconds, of a million cycles each; handlers run" },
	{ "usleep_range", l_usleep_range, "min, max", "",
	  "sleep min to max microseconds, of 1000 cycles each (here min); handlers run" },
	{ "udelay", l_udelay, "us", "",
	  "keep the CPU busy for so many microseconds, of 1000 cycles each; does not sleep" },
	{ "init_completion", l_init_completion, "", "completion",
	  "something to wait for: a handler calls complete, the driver wait_for_completion" },
	{ "reinit_completion", l_reinit_completion, "completion", "",
	  "forget what was completed, before it is used again" },
	{ "complete", l_complete, "completion", "", "let one waiter go on; handlers may call it" },
	{ "completion_done", l_completion_done, "completion", "true or false",
	  "would wait_for_completion return at once?" },
	{ "wait_for_completion", l_wait_for_completion, "completion", "",
	  "sleep until somebody calls complete; handlers run" },
	{ "wait_for_completion_timeout", l_wait_for_completion_timeout, "completion, cycles",
	  "cycles left, at least 1, or 0: it timed out",
	  "the same, but at most so many cycles (Linux counts jiffies)" },
	{ NULL, NULL, NULL, NULL, NULL },
};
