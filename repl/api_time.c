#include "api.h"

#include "kernel/context.h"

#define RUN_SLICE  ((uint64_t)100000)        /* cycles between two looks at Ctrl-C, at first */
#define TIME_MAX   ((uint64_t)1 << 62)       /* cycles; nothing can add up to more than 64 bits */

/* Slices grow while nothing happens, so that run(1e15) on an idle machine is done at once. */
void api_pass(lua_State *L, uint64_t n, const uint32_t *enough)
{
	struct session *s = session_of(L);
	struct bench *b = s->bench;
	uint64_t end = b->machine.hw.bus.cycle + n, slice = RUN_SLICE;
	const uint64_t *now = &b->machine.hw.bus.cycle;

	session_handlers(L, s);
	while (*now < end && !(enough && *enough)) {
		uint64_t before = b->trace.next;

		context_pass(&b->machine.kernel, *now + min_u64(end - *now, slice));
		slice = b->trace.next - before < TRACE_CHUNK ? slice * 2 : RUN_SLICE;
		session_handlers(L, s);
		if (*now < end)
			session_pause(L);
	}
}

uint64_t arg_time(lua_State *L, struct bench *b, int i, uint64_t unit)
{
	uint64_t n = arg_count(L, i, TIME_MAX / unit) * unit;

	if (n > TIME_MAX - b->machine.hw.bus.cycle)
		arg_wrong(L, i, "the clock would run past its end; switch on a fresh machine");
	return n;
}

static int l_run(lua_State *L, struct bench *b)
{
	api_pass(L, arg_time(L, b, 1, 1), NULL);
	return 0;
}

static int l_cycles(lua_State *L, struct bench *b)
{
	lua_pushinteger(L, (lua_Integer)b->machine.hw.bus.cycle);
	return 1;
}

static void watch_page(lua_State *L, struct bench *b, vaddr_t va, bool on)
{
	enum attr attr;
	paddr_t pa;

	if (mmu_translate(&b->machine.hw.mmu, va, &pa, &attr) != OK)
		arg_wrong(L, 1, "nothing is mapped in this range");
	machine_watch(&b->machine, round_down(pa, PAGE_SIZE), PAGE_SIZE, on);
}

/* In the linear map a range is one piece; elsewhere each page has a place of its own. */
static int watch(lua_State *L, struct bench *b, bool on)
{
	vaddr_t va, end;

	if (lua_isnoneornil(L, 1)) {
		machine_watch_all(&b->machine, on);
		return 0;
	}
	va = arg_pointer(L, 1);
	end = va + arg_number_or(L, 2, 1);
	if (cpu_check(&b->machine.hw, va, end - va) != OK)
		arg_wrong(L, 1, "nothing is mapped at some of these addresses");
	for (va = round_down(va, PAGE_SIZE); va < end; va += PAGE_SIZE)
		watch_page(L, b, va, on);
	return 0;
}

static int l_watch(lua_State *L, struct bench *b)
{
	return watch(L, b, true);
}

static int l_unwatch(lua_State *L, struct bench *b)
{
	return watch(L, b, false);
}

const struct api api_time[] = {
	{ "run", l_run, "cycles", "",
	  "let time pass: devices and the store buffer go on, and handlers run" },
	{ "cycles", l_cycles, "", "cycles", "the machine's clock" },
	{ "watch", l_watch, "[va] [, n=1]", "",
	  "trace what happens to the pages of a range from now on; without a range, to all (as "
	  "at the start)" },
	{ "unwatch", l_unwatch, "[va] [, n=1]", "",
	  "trace these pages no more: accesses run at full speed, and the checker does not see "
	  "them" },
	{ NULL, NULL, NULL, NULL, NULL },
};
