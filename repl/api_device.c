/*
 * `dev`, device 0, and what one can ask of it. A transfer is started as a driver starts it: by the
 * register writes the device's row names, through dev.bar, so the trace shows a driver at work.
 * What a real driver gets from outside (a wire, a disk) is put in the device's own memory directly.
 */
#include "api.h"

#include "kernel/dma.h"
#include "kernel/driver.h"
#include "kernel/vmalloc.h"

#include <string.h>


#define WAIT_SLICE 100000u       /* cycles between two looks at Ctrl-C */
#define WAIT_FOREVER UINT64_MAX

/* Where the registers are mapped, 0 when they are not (yet, or no more). */
static vaddr_t mapped_bar(const struct kernel *k, uint32_t unit)
{
	for (size_t i = 0; i < VM_AREAS_MAX; i++) {
		const struct vm_area *a = &k->area[i];

		if (a->kind == VM_IOREMAP && a->attr == ATTR_DEVICE &&
		    a->pa == hw_device_bar(unit) && a->size == DEVICE_WINDOW)
			return a->va;
	}
	return 0;
}

static vaddr_t bar(lua_State *L, struct bench *b, uint32_t unit)
{
	vaddr_t va = mapped_bar(&b->machine.kernel, unit);

	if (!va)
		va = ioremap(&b->machine.kernel, hw_device_bar(unit), DEVICE_WINDOW, ATTR_DEVICE);
	if (!va)
		luaL_error(L, "the registers of the device cannot be mapped: no room for ioremap");
	return va;
}

static void write_register(lua_State *L, struct bench *b, vaddr_t va, uint64_t value, size_t size)
{
	cpu_barrier(&b->machine.hw, BARRIER_WMB);
	api_fault(L, cpu_store(&b->machine.hw, va, size, value), va, size, true);
}

static const struct device_ops *ops_of(const struct bench *b, uint32_t unit)
{
	return b->machine.hw.device[unit].ops;
}

static bool busy(lua_State *L, struct bench *b, uint32_t unit)
{
	vaddr_t va = bar(L, b, unit) + ops_of(b, unit)->busy_offset;
	uint64_t bits = 0;

	api_fault(L, cpu_load(&b->machine.hw, va, 4, &bits), va, 4, false);
	return bits & ops_of(b, unit)->busy_bits;
}

/* The device's own memory and its size: what one transfer can carry. */
static uint8_t *own_memory(struct bench *b, uint32_t unit, size_t *room)
{
	struct device_io io = hw_device(&b->machine.hw, unit);

	return io.dev->ops->buffer(io.state, room);
}

static size_t room_of(struct bench *b, uint32_t unit)
{
	size_t room;

	own_memory(b, unit, &room);
	return room;
}

/* A device that is told by descriptors, or does more than move bytes, has no such transfer. */
static void refuse_ring(lua_State *L, const struct bench *b, uint32_t unit)
{
	const struct device_ops *ops = ops_of(b, unit);

	if (!ops->program)
		luaL_error(L, "%s has no such transfer, its registers start what it does: help %s", ops->name,
			   ops->name);
}

static void program(lua_State *L, struct bench *b, uint32_t unit, enum direction dir,
		    dma_addr_t dma, uint64_t n)
{
	struct register_write writes[PROGRAM_MAX];
	size_t count = ops_of(b, unit)->program(dir, dma, n, writes);
	vaddr_t va = bar(L, b, unit);

	for (size_t i = 0; i < count; i++)
		write_register(L, b, va + writes[i].offset, writes[i].value, writes[i].size);
}

static void refuse_busy(lua_State *L, struct bench *b, uint32_t unit)
{
	refuse_ring(L, b, unit);
	if (busy(L, b, unit))
		luaL_error(L, "the device is busy with a transfer: dev:wait() first");
}

static void start_read(lua_State *L, struct bench *b, uint32_t unit, dma_addr_t dma, uint64_t n)
{
	program(L, b, unit, DMA_TO_DEVICE, dma, n);
}

/* Data from outside, then the transfer that carries it to memory. */
static void start_write(lua_State *L, struct bench *b, uint32_t unit, dma_addr_t dma,
			const char *bytes, size_t n)
{
	if (!hw_device_fill(&b->machine.hw, unit, 0, bytes, n))
		luaL_error(L, "the device's own memory holds %d bytes", (int)room_of(b, unit));
	program(L, b, unit, DMA_FROM_DEVICE, dma, n);
}

/* Nothing will come of it any more: a transfer stalled, and no store is on its way to the device. */
static bool hangs(const struct bench *b, uint32_t unit)
{
	const struct hw *h = &b->machine.hw;

	return ops_of(b, unit)->busy(hw_device_state(h, unit)) &&
	       h->device[unit].due == UINT64_MAX && store_buffer_due(&h->stores) == UINT64_MAX;
}

/*
 * Reading the register pushes out the posted write that started the transfer. The last look at it is
 * a readl: what the driver loads from then on is no older.
 */
static bool wait_until_idle(lua_State *L, struct bench *b, uint32_t unit, uint64_t limit)
{
	bool wait = busy(L, b, unit);
	uint64_t start = b->machine.hw.bus.cycle, past = 0;

	while (wait && !machine_wait(&b->machine, unit, min_u64(limit - past, WAIT_SLICE))) {
		session_pause(L);
		session_handlers(L, session_of(L));
		past = b->machine.hw.bus.cycle - start;
		if (past >= limit || (limit == WAIT_FOREVER && hangs(b, unit)))
			return false;
	}
	cpu_barrier(&b->machine.hw, BARRIER_RMB);
	return true;
}

static void wait_for_transfer(lua_State *L, struct bench *b, uint32_t unit)
{
	if (!wait_until_idle(L, b, unit, WAIT_FOREVER))
		luaL_error(L, "%s hangs: its transfer stalled and will never end\n"
			   "  help %s tells which register stops it",
			   ops_of(b, unit)->name, ops_of(b, unit)->name);
}

static int l_dma_read(lua_State *L, struct bench *b)
{
	uint32_t unit = arg_device(L, 1);
	dma_addr_t dma = arg_pointer(L, 2);
	uint64_t n = arg_count(L, 3, STRING_MAX);
	size_t room = room_of(b, unit);
	luaL_Buffer text;

	refuse_busy(L, b, unit);
	luaL_buffinit(L, &text);
	for (uint64_t done = 0; done < n; done += room) {
		size_t size = (size_t)min_u64(n - done, room);

		start_read(L, b, unit, dma + done, size);
		wait_for_transfer(L, b, unit);
		luaL_addlstring(&text, (const char *)own_memory(b, unit, &room), size);
		session_pause(L);
	}
	luaL_pushresult(&text);
	return 1;
}

static int l_dma_write(lua_State *L, struct bench *b)
{
	uint32_t unit = arg_device(L, 1);
	dma_addr_t dma = arg_pointer(L, 2);
	size_t n, room = room_of(b, unit);
	const char *bytes = arg_bytes(L, 3, &n);

	refuse_busy(L, b, unit);
	for (uint64_t done = 0; done < n; done += room) {
		size_t size = (size_t)min_u64(n - done, room);

		start_write(L, b, unit, dma + done, bytes + done, size);
		wait_for_transfer(L, b, unit);
		session_pause(L);
	}
	return 0;
}

static int l_start_read(lua_State *L, struct bench *b)
{
	uint32_t unit = arg_device(L, 1);
	dma_addr_t dma = arg_pointer(L, 2);
	uint64_t n = arg_count(L, 3, room_of(b, unit));

	refuse_busy(L, b, unit);
	start_read(L, b, unit, dma, n);
	return 0;
}

static int l_start_write(lua_State *L, struct bench *b)
{
	uint32_t unit = arg_device(L, 1);
	dma_addr_t dma = arg_pointer(L, 2);
	size_t n;
	const char *bytes = arg_bytes(L, 3, &n);

	if (n > room_of(b, unit))
		arg_wrong(L, 3, lua_pushfstring(L,
			"at most %d bytes fit one transfer; dev:dma_write makes several",
			(int)room_of(b, unit)));
	refuse_busy(L, b, unit);
	start_write(L, b, unit, dma, bytes, n);
	return 0;
}

static int l_busy(lua_State *L, struct bench *b)
{
	lua_pushboolean(L, busy(L, b, arg_device(L, 1)));
	cpu_barrier(&b->machine.hw, BARRIER_RMB);
	return 1;
}

static int l_wait(lua_State *L, struct bench *b)
{
	uint32_t unit = arg_device(L, 1);
	uint64_t limit = arg_number_or(L, 2, WAIT_FOREVER);

	lua_pushboolean(L, wait_until_idle(L, b, unit, limit));
	return 1;
}

static int l_buffer(lua_State *L, struct bench *b)
{
	size_t room;
	const char *bytes = (const char *)own_memory(b, arg_device(L, 1), &room);

	lua_pushlstring(L, bytes, room);
	return 1;
}

static int l_irq(lua_State *L, struct bench *b)
{
	lua_pushboolean(L, b->machine.hw.device[arg_device(L, 1)].irq);
	return 1;
}

/* What comes from outside comes after the stores made before: a posted one arrives first. */
static void let_stores_arrive(struct hw *h)
{
	while (store_buffer_due(&h->stores) != UINT64_MAX) {
		uint64_t due = store_buffer_due(&h->stores);

		hw_pass(h, due > h->bus.cycle ? due - h->bus.cycle : 0);
	}
}

static int l_receive(lua_State *L, struct bench *b)
{
	uint32_t unit = arg_device(L, 1);
	size_t n;
	const char *bytes = arg_bytes(L, 2, &n);
	struct device_io io;

	if (!ops_of(b, unit)->receive)
		luaL_error(L, "nothing comes to %s from outside", ops_of(b, unit)->name);
	let_stores_arrive(&b->machine.hw);
	io = hw_device(&b->machine.hw, unit);
	lua_pushboolean(L, io.dev->ops->receive(&io, bytes, n));
	hw_plan(&b->machine.hw);
	return 1;
}

static int l_sent(lua_State *L, struct bench *b)
{
	uint32_t unit = arg_device(L, 1);
	const struct device_ops *ops = ops_of(b, unit);
	const uint8_t *bytes;
	size_t n;

	if (!ops->sent)
		luaL_error(L, "%s sends nothing outside", ops->name);
	bytes = ops->sent(hw_device_state(&b->machine.hw, unit), &n);
	lua_pushlstring(L, (const char *)bytes, n);
	return 1;
}

static int l_bind(lua_State *L, struct bench *b)
{
	uint32_t unit = arg_device(L, 1);
	size_t n;
	const char *name = arg_bytes(L, 2, &n);

	if (!n || n != strlen(name) || n >= DRIVER_NAME)
		arg_wrong(L, 2, "a name of 1 to 24 letters expected");
	lua_pushinteger(L, driver_bind(&b->machine.kernel, unit, name));
	return 1;
}

static int l_unbind(lua_State *L, struct bench *b)
{
	uint32_t unit = arg_device(L, 1);

	if (!lua_isnoneornil(L, 2) && !lua_isboolean(L, 2))
		arg_wrong_type(L, 2, "true or false");
	driver_unbind(&b->machine.kernel, unit, lua_toboolean(L, 2));
	return 0;
}

const struct api api_device[] = {
	{ "dev:dma_read", l_dma_read, "dma, n", "string",
	  "the device reads n bytes of memory, as after DMA_TO_DEVICE; waits, and answers what "
	  "the device got" },
	{ "dev:dma_write", l_dma_write, "dma, string", "",
	  "the device writes the bytes to memory, as after DMA_FROM_DEVICE; waits until it is "
	  "done" },
	{ "dev:start_read", l_start_read, "dma, n", "",
	  "as dev:dma_read, at most 4096 bytes, without waiting; the data is in dev:buffer() "
	  "when it is done" },
	{ "dev:start_write", l_start_write, "dma, string", "",
	  "as dev:dma_write, at most 4096 bytes, without waiting" },
	{ "dev:busy", l_busy, "", "true or false",
	  "is a transfer under way? Reads the command register" },
	{ "dev:wait", l_wait, "[cycles]", "true or false",
	  "let time pass until the device has nothing more to do, or that long; false: it is still "
	  "busy, or hangs" },
	{ "dev:buffer", l_buffer, "", "string", "the bytes of the device's own memory" },
	{ "dev:receive", l_receive, "string", "true or false",
	  "something arrives from outside, as a packet on the wire; false: the device had no room "
	  "and dropped it" },
	{ "dev:sent", l_sent, "", "string", "what the device sent outside last, as a packet" },
	{ "dev:bind", l_bind, "name", "0, or -EBUSY (-16)",
	  "the device gets a driver of this name; bind(driver) does it, and calls the probe" },
	{ "dev:unbind", l_unbind, "[probe_failed=false]", "",
	  "the driver lets go of the device: memory of dmam_alloc_coherent is given back, and what "
	  "is still mapped or allocated is named (leak)" },
	{ "dev:irq", l_irq, "", "true or false", "is the interrupt line raised?" },
	{ NULL, NULL, NULL, NULL, NULL },
};

/* dev.bar and dev.name; everything else is a method. */
static int device_index(lua_State *L)
{
	const uint32_t *unit = luaL_checkudata(L, 1, DEVICE_TYPE);
	struct session *s = session_of(L);
	struct bench *b = session_bench(s);
	const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";

	if (!strcmp(key, "bar")) {
		lua_pushinteger(L, (lua_Integer)bar(L, b, *unit));
		session_after(L, s);
	} else if (!strcmp(key, "name")) {
		lua_pushstring(L, b->machine.hw.device[*unit].ops->name);
	} else {
		lua_getmetatable(L, 1);
		lua_pushvalue(L, 2);
		lua_rawget(L, -2);
	}
	return 1;
}

static int device_tostring(lua_State *L)
{
	const uint32_t *unit = luaL_checkudata(L, 1, DEVICE_TYPE);
	const struct bench *b = session_bench(session_of(L));

	lua_pushfstring(L, "%s (device %d)", b->machine.hw.device[*unit].ops->name, (int)*unit);
	return 1;
}

void device_type_open(lua_State *L)
{
	static const luaL_Reg meta[] = {
		{ "__index", device_index }, { "__tostring", device_tostring }, { NULL, NULL },
	};

	luaL_newmetatable(L, DEVICE_TYPE);
	luaL_setfuncs(L, meta, 0);
	lua_pop(L, 1);
}
