#include "api.h"
#include "api_sg.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES "dmalab.devices"     /* in the registry: the global of that name */

const struct api_group api_groups[] = {
	{ "memory", api_memory },
	{ "addresses", api_addresses },
	{ "cpu", api_cpu },
	{ "cache", api_cache },
	{ "registers", api_registers },
	{ "dma", api_dma },
	{ "scatterlist", api_sg },
	{ "dma memory", api_dma_alloc },
	{ "dma limits", api_dma_mask },
	{ "dma pools", api_dma_pool },
	{ "device", api_device },
	{ "time", api_time },
	{ "context", api_context },
	{ "interrupts", api_irq },
	{ NULL, NULL },
};

const struct constant api_constants[] = {
	{ "GFP_KERNEL", GFP_KERNEL, "an ordinary allocation, which may sleep" },
	{ "GFP_ATOMIC", GFP_ATOMIC, "an allocation that may not sleep (interrupt context)" },
	{ "GFP_NOWAIT", GFP_NOWAIT,
	  "an allocation that may not sleep, fails readily and without a line in dmesg" },
	{ "GFP_NOIO", GFP_NOIO, "may sleep, but starts no I/O: for what I/O itself waits for" },
	{ "GFP_NOFS", GFP_NOFS, "may sleep, but calls no file system" },
	{ "GFP_USER", GFP_USER, "may sleep: memory that user space will see" },
	{ "GFP_DMA", GFP_DMA, "from ZONE_DMA only" },
	{ "GFP_DMA32", GFP_DMA32, "from ZONE_DMA32 or below" },
	{ "__GFP_ZERO", GFP_ZERO, "zeroed; add it to another: GFP_KERNEL | __GFP_ZERO" },
	{ "__GFP_HIGHMEM", GFP_HIGHMEM, "from high memory; nothing here, where there is none" },
	{ "__GFP_COMP", GFP_COMP, "a compound page; the DMA API takes it for a mistake" },
	{ "__GFP_NOWARN", GFP_NOWARN, "no line in dmesg when it fails" },
	{ "DMA_BIDIRECTIONAL", DMA_BIDIRECTIONAL, "the device reads and writes the buffer" },
	{ "DMA_TO_DEVICE", DMA_TO_DEVICE, "the device reads the buffer" },
	{ "DMA_FROM_DEVICE", DMA_FROM_DEVICE, "the device writes the buffer" },
	{ "DMA_NONE", DMA_NONE, "no direction: for debugging; no call takes it" },
	{ "DMA_MAPPING_ERROR", -1,
	  "what dma_map_single answers when it cannot map; ask dma_mapping_error" },
	{ "DMA_ATTR_WEAK_ORDERING", DMA_ATTR_WEAK_ORDERING,
	  "the device's accesses may be reordered; does nothing here" },
	{ "DMA_ATTR_WRITE_COMBINE", DMA_ATTR_WRITE_COMBINE,
	  "dma_alloc_attrs: the CPU's stores may wait and merge" },
	{ "DMA_ATTR_NO_KERNEL_MAPPING", DMA_ATTR_NO_KERNEL_MAPPING,
	  "dma_alloc_attrs: the answer is a cookie for dma_free_attrs, no address; not zeroed" },
	{ "DMA_ATTR_SKIP_CPU_SYNC", DMA_ATTR_SKIP_CPU_SYNC,
	  "map or unmap without cache operation and without copying back from a bounce buffer: "
	  "the driver syncs what it needs itself" },
	{ "DMA_ATTR_FORCE_CONTIGUOUS", DMA_ATTR_FORCE_CONTIGUOUS,
	  "dma_alloc_attrs: one block of RAM, even where an IOMMU could do with pieces" },
	{ "DMA_ATTR_ALLOC_SINGLE_PAGES", DMA_ATTR_ALLOC_SINGLE_PAGES,
	  "dma_alloc_noncontiguous: small pages will do; does nothing here" },
	{ "DMA_ATTR_NO_WARN", DMA_ATTR_NO_WARN, "no line in dmesg when there is no room" },
	{ "DMA_ATTR_PRIVILEGED", DMA_ATTR_PRIVILEGED,
	  "for the device's privileged accesses alone; does nothing here" },
	{ "DMA_ATTR_MMIO", DMA_ATTR_MMIO, "dma_map_phys: these are registers, not RAM" },
	{ "DMA_ATTR_DEBUGGING_IGNORE_CACHELINES", DMA_ATTR_DEBUGGING_IGNORE_CACHELINES,
	  "the driver looks after a line that several mappings share; where all of them have it, "
	  "neither overlap nor line-shared is said" },
	{ "DMA_ATTR_REQUIRE_COHERENT", DMA_ATTR_REQUIRE_COHERENT,
	  "fail where the mapping would need a bounce buffer or cache operations" },
	{ "IRQ_NONE", 0, "what a handler answers: my device did not ask" },
	{ "IRQ_HANDLED", 1, "what a handler answers: my device asked, and was heard" },
	{ "PAGE_SIZE", (lua_Integer)PAGE_SIZE, "bytes of a page" },
	{ NULL, 0, NULL },
};

const char *const status_words[] = { "ok", "unmapped", "align", "bus", "range" };

int api_most(const struct api *row)
{
	int most = *row->args != '\0';

	for (const char *c = row->args; *c; c++)
		most += *c == ',';
	return most;
}

void api_argument(const struct api *row, int i, char *name, size_t room)
{
	const char *at = row->args;
	size_t n = 0;

	for (int comma = 1; comma < i && *at; at++)
		comma += *at == ',';
	while (*at && !isalpha((unsigned char)*at))
		at++;
	while (isalnum((unsigned char)at[n]) || at[n] == '_')
		n++;
	snprintf(name, room, "%.*s", (int)n, at);
}

static bool is_method(const struct api *row)
{
	return strchr(row->name, ':') != NULL;
}

static const struct api *running_row(lua_State *L)
{
	return lua_touserdata(L, lua_upvalueindex(1));
}

void arg_wrong(lua_State *L, int i, const char *why)
{
	const struct api *row = running_row(L);
	char name[32];

	i -= is_method(row);
	if (i == 0)
		luaL_error(L, "%s is a method: write %s(%s)", row->name, row->name, row->args);
	api_argument(row, i, name, sizeof name);
	luaL_error(L, "bad argument #%d '%s' to '%s' (%s); write %s(%s)", i, name, row->name, why,
		   row->name, row->args);
	abort();    /* luaL_error does not come back, but is not declared so */
}

/* What a value is called in a message: an object of ours by its own name, sg or pool. */
static const char *type_word(lua_State *L, int i)
{
	static const char prefix[] = "dmalab.";
	const char *name;

	if (lua_isnone(L, i))
		return "no value";
	if (luaL_getmetafield(L, i, "__name") != LUA_TSTRING)
		return luaL_typename(L, i);
	name = lua_tostring(L, -1);
	return strncmp(name, prefix, sizeof prefix - 1) == 0 ? name + sizeof prefix - 1 : name;
}

void arg_wrong_type(lua_State *L, int i, const char *expected)
{
	char why[96];

	snprintf(why, sizeof why, "%s expected, got %s", expected, type_word(L, i));
	arg_wrong(L, i, why);
}

static uint64_t number_from_float(lua_State *L, int i)
{
	int exact;
	lua_Integer n;

	if (lua_type(L, i) != LUA_TNUMBER)
		arg_wrong_type(L, i, "number");
	n = lua_tointegerx(L, i, &exact);
	if (!exact)
		arg_wrong(L, i, "number has no integer representation");
	return (uint64_t)n;
}

uint64_t arg_number(lua_State *L, int i)
{
	return lua_isinteger(L, i) ? (uint64_t)lua_tointeger(L, i) : number_from_float(L, i);
}

uint64_t arg_number_or(lua_State *L, int i, uint64_t normal)
{
	return lua_isnoneornil(L, i) ? normal : arg_number(L, i);
}

uint32_t arg_gfp(lua_State *L, int i)
{
	if (lua_isnone(L, i))
		return GFP_KERNEL;
	if (lua_isnil(L, i))
		arg_wrong_type(L, i, "GFP_KERNEL or GFP_ATOMIC");
	return (uint32_t)arg_number(L, i);
}

vaddr_t arg_pointer(lua_State *L, int i)
{
	if (lua_isnil(L, i))
		return 0;
	return arg_number(L, i);
}

uint64_t arg_count(lua_State *L, int i, uint64_t most)
{
	uint64_t n = arg_number(L, i);
	char why[96];

	if (n <= most)
		return n;
	snprintf(why, sizeof why, "0 to %" PRIu64 " expected, got %" PRId64, most, (int64_t)n);
	arg_wrong(L, i, why);
}

size_t arg_width(lua_State *L, int i)
{
	uint64_t width = arg_number_or(L, i, 8);

	if (width != 1 && width != 2 && width != 4 && width != 8)
		arg_wrong(L, i, "1, 2, 4 or 8 bytes expected");
	return width;
}

const char *arg_bytes(lua_State *L, int i, size_t *n)
{
	if (lua_type(L, i) != LUA_TSTRING)
		arg_wrong_type(L, i, "string");
	return lua_tolstring(L, i, n);
}

enum direction arg_direction(lua_State *L, int i)
{
	static const char *const words[] = { "bidirectional", "to_device", "from_device" };

	if (lua_type(L, i) == LUA_TSTRING)
		for (enum direction d = 0; d < DMA_NONE; d++)
			if (!strcmp(lua_tostring(L, i), words[d]))
				return d;
	if (lua_type(L, i) == LUA_TNUMBER && arg_number(L, i) < DMA_NONE)
		return (enum direction)arg_number(L, i);
	if (lua_type(L, i) == LUA_TNUMBER || lua_type(L, i) == LUA_TSTRING)
		arg_wrong(L, i, "DMA_TO_DEVICE, DMA_FROM_DEVICE or DMA_BIDIRECTIONAL expected, "
			  "or \"to_device\", \"from_device\", \"bidirectional\"");
	arg_wrong_type(L, i, "direction");
}

uint32_t arg_device(lua_State *L, int i)
{
	const uint32_t *unit = luaL_testudata(L, i, DEVICE_TYPE);

	if (!unit)
		arg_wrong_type(L, i, "device, such as dev,");
	return *unit;
}

void push_pointer(lua_State *L, vaddr_t va)
{
	if (va)
		lua_pushinteger(L, (lua_Integer)va);
	else
		lua_pushnil(L);
}

void push_device(lua_State *L, uint32_t unit)
{
	lua_getfield(L, LUA_REGISTRYINDEX, DEVICES);
	lua_getfield(L, -1, device_ops[unit]->name);
	lua_remove(L, -2);
}

/* The details of a fault, for scripts that want to say more than the plain line. */
static void push_fault(lua_State *L, enum status status, vaddr_t va, uint64_t size, bool store)
{
	lua_createtable(L, 0, 4);
	lua_pushstring(L, status_words[status]);
	lua_setfield(L, -2, "why");
	lua_pushinteger(L, (lua_Integer)va);
	lua_setfield(L, -2, "va");
	lua_pushinteger(L, (lua_Integer)size);
	lua_setfield(L, -2, "size");
	lua_pushboolean(L, store);
	lua_setfield(L, -2, "store");
}

void api_fault(lua_State *L, enum status status, vaddr_t va, uint64_t size, bool store)
{
	char text[96];

	if (status == OK)
		return;
	session_settle(L);
	snprintf(text, sizeof text, "Unable to handle kernel paging request at virtual address %016"
		 PRIx64, va);
	luaL_where(L, 1);
	lua_getfield(L, LUA_REGISTRYINDEX, "dmalab.core");
	lua_getfield(L, -1, "oops");
	lua_remove(L, -2);
	if (lua_isfunction(L, -1)) {
		lua_pushstring(L, text);
		push_fault(L, status, va, size, store);
		lua_call(L, 2, 1);
	}
	if (!lua_isstring(L, -1)) {
		lua_pop(L, 1);
		lua_pushstring(L, text);
	}
	lua_concat(L, 2);
	lua_error(L);
}

void api_fault_in(lua_State *L, enum status status, vaddr_t va, uint64_t n, bool store)
{
	const struct hw *h = &session_of(L)->bench->machine.hw;
	uint64_t done = 0;

	if (status == OK)
		return;
	while (done < n && cpu_check(h, va + done, 1) == OK)
		done += PAGE_SIZE - ((va + done) & PAGE_MASK);
	api_fault(L, status, done < n ? va + done : va, n, store);
}

static void too_many(lua_State *L, const struct api *row, int most)
{
	int self = is_method(row);

	luaL_error(L, "too many arguments to '%s' (at most %d, got %d); write %s(%s)", row->name,
		   most - self, lua_gettop(L) - self, row->name, row->args);
}

/* The way into every row: too many arguments, the call, and what follows from it. */
static int enter(lua_State *L)
{
	const struct api *row = running_row(L);
	struct session *s = session_of(L);
	int most = (int)lua_tointeger(L, lua_upvalueindex(2)), n;

	if (lua_gettop(L) > most)
		too_many(L, row, most);
	n = row->call(L, session_bench(s));
	session_after(L, s);
	session_handlers(L, s);
	return n;
}

static void push_row(lua_State *L, const struct api *row)
{
	lua_pushlightuserdata(L, (void *)(uintptr_t)row);
	lua_pushinteger(L, api_most(row) + is_method(row));
	lua_pushcclosure(L, enter, 2);
}

/* cache.clean: a field of the global `cache`. Takes the function from the stack. */
static void set_field_of_global(lua_State *L, const char *name, const char *dot)
{
	char table[32];

	snprintf(table, sizeof table, "%.*s", (int)(dot - name), name);
	if (lua_getglobal(L, table) != LUA_TTABLE) {
		lua_pop(L, 1);
		lua_newtable(L);
		lua_pushvalue(L, -1);
		lua_setglobal(L, table);
	}
	lua_insert(L, -2);
	lua_setfield(L, -2, dot + 1);
	lua_pop(L, 1);
}

static void open_row(lua_State *L, const struct api *row)
{
	const char *dot = strchr(row->name, '.'), *colon = strchr(row->name, ':');

	push_row(L, row);
	if (colon) {
		luaL_getmetatable(L, DEVICE_TYPE);
		lua_insert(L, -2);
		lua_setfield(L, -2, colon + 1);
		lua_pop(L, 1);
	} else if (dot) {
		set_field_of_global(L, row->name, dot);
	} else {
		lua_setglobal(L, row->name);
	}
}

/* The table `devices`, each by its name; device 0 is `dev` as well. */
static void open_devices(lua_State *L)
{
	lua_createtable(L, 0, (int)device_count);
	for (uint32_t i = 0; i < device_count; i++) {
		uint32_t *unit = lua_newuserdatauv(L, sizeof *unit, 0);

		*unit = i;
		luaL_setmetatable(L, DEVICE_TYPE);
		lua_setfield(L, -2, device_ops[i]->name);
	}
	lua_pushvalue(L, -1);
	lua_setfield(L, LUA_REGISTRYINDEX, DEVICES);
	lua_getfield(L, -1, device_ops[0]->name);
	lua_setglobal(L, "dev");
	lua_setglobal(L, "devices");
}

void api_open(lua_State *L)
{
	device_type_open(L);
	sg_types_open(L);
	pool_type_open(L);
	for (const struct api_group *g = api_groups; g->name; g++)
		for (const struct api *row = g->rows; row->name; row++)
			open_row(L, row);
	for (const struct constant *c = api_constants; c->name; c++) {
		lua_pushinteger(L, c->value);
		lua_setglobal(L, c->name);
	}
	open_devices(L);
}
