#include "api.h"

#define SLICE ((uint64_t)64 << 10)   /* bytes between two looks at Ctrl-C */

static int l_load(lua_State *L, struct bench *b)
{
	vaddr_t va = arg_pointer(L, 1);
	size_t width = arg_width(L, 2);
	uint64_t value = 0;

	api_fault(L, cpu_load(&b->machine.hw, va, width, &value), va, width, false);
	lua_pushinteger(L, (lua_Integer)value);
	return 1;
}

static int l_store(lua_State *L, struct bench *b)
{
	vaddr_t va = arg_pointer(L, 1);
	uint64_t value = arg_number(L, 2);
	size_t width = arg_width(L, 3);

	api_fault(L, cpu_store(&b->machine.hw, va, width, value), va, width, true);
	return 0;
}

/* Bytes of the next slice of a long access. */
static size_t slice(uint64_t left)
{
	return (size_t)min_u64(left, SLICE);
}

/* A long access that cannot be done as a whole is not begun: the fault is told, nothing changes. */
static void check_range(lua_State *L, struct bench *b, vaddr_t va, uint64_t n, bool store)
{
	enum status status = cpu_check(&b->machine.hw, va, n);

	if (status != OK)
		api_fault_in(L, cpu_fault(&b->machine.hw, va, n, store, status), va, n, store);
}

/* After each slice but the last. */
static void between(lua_State *L, uint64_t left)
{
	if (left > SLICE)
		session_pause(L);
}

static int l_read(lua_State *L, struct bench *b)
{
	vaddr_t va = arg_pointer(L, 1);
	uint64_t n = arg_count(L, 2, STRING_MAX);
	luaL_Buffer text;
	char *to;

	check_range(L, b, va, n, false);
	to = luaL_buffinitsize(L, &text, n);
	for (uint64_t done = 0; done < n; done += SLICE) {
		size_t size = slice(n - done);

		api_fault_in(L, cpu_read(&b->machine.hw, va + done, to + done, size),
			     va + done, size, false);
		between(L, n - done);
	}
	luaL_pushresultsize(&text, n);
	return 1;
}

static int l_write(lua_State *L, struct bench *b)
{
	vaddr_t va = arg_pointer(L, 1);
	size_t n;
	const char *bytes = arg_bytes(L, 2, &n);

	check_range(L, b, va, n, true);
	for (uint64_t done = 0; done < n; done += SLICE) {
		size_t size = slice(n - done);

		api_fault_in(L, cpu_write(&b->machine.hw, va + done, bytes + done, size),
			     va + done, size, true);
		between(L, n - done);
	}
	return 0;
}

static int l_memset(lua_State *L, struct bench *b)
{
	vaddr_t va = arg_pointer(L, 1);
	uint8_t byte = (uint8_t)arg_number(L, 2);
	uint64_t n = arg_number(L, 3);

	check_range(L, b, va, n, true);
	for (uint64_t done = 0; done < n; done += SLICE) {
		size_t size = slice(n - done);

		api_fault_in(L, cpu_fill(&b->machine.hw, va + done, byte, size, false),
			     va + done, size, true);
		between(L, n - done);
	}
	return 0;
}

static int l_memcpy(lua_State *L, struct bench *b)
{
	vaddr_t to = arg_pointer(L, 1), from = arg_pointer(L, 2);
	uint64_t n = arg_number(L, 3);

	if (overlaps(to, n, from, n))
		arg_wrong(L, 3, "the two ranges overlap; memcpy needs separate ones");
	check_range(L, b, from, n, false);
	check_range(L, b, to, n, true);
	for (uint64_t done = 0; done < n; done += SLICE) {
		size_t size = slice(n - done);

		api_fault_in(L, cpu_copy(&b->machine.hw, to + done, from + done, size),
			     to + done, size, true);
		between(L, n - done);
	}
	return 0;
}

static int barrier(struct bench *b, enum barrier kind)
{
	cpu_barrier(&b->machine.hw, kind);
	return 0;
}

static int l_mb(lua_State *L, struct bench *b)      { (void)L; return barrier(b, BARRIER_MB); }
static int l_rmb(lua_State *L, struct bench *b)     { (void)L; return barrier(b, BARRIER_RMB); }
static int l_wmb(lua_State *L, struct bench *b)     { (void)L; return barrier(b, BARRIER_WMB); }
static int l_dma_rmb(lua_State *L, struct bench *b) { (void)L; return barrier(b, BARRIER_DMA_RMB); }
static int l_dma_wmb(lua_State *L, struct bench *b) { (void)L; return barrier(b, BARRIER_DMA_WMB); }
static int l_dma_mb(lua_State *L, struct bench *b)  { (void)L; return barrier(b, BARRIER_DMA_MB); }

const struct api api_cpu[] = {
	{ "load", l_load, "va [, width=8]", "value",
	  "read memory as the CPU does, through its caches; width is 1, 2, 4 or 8 bytes" },
	{ "store", l_store, "va, value [, width=8]", "",
	  "write memory as the CPU does, through its caches; the value is cut to width bytes" },
	{ "read", l_read, "va, n", "string",
	  "load n bytes (at most 64 MiB) and answer them as a string" },
	{ "write", l_write, "va, string", "", "store the bytes of a string" },
	{ "memset", l_memset, "va, byte, n", "", "store the same byte n times" },
	{ "memcpy", l_memcpy, "dst, src, n", "",
	  "load n bytes at src and store them at dst; the ranges must not overlap" },
	{ "mb", l_mb, "", "", "full barrier: all earlier accesses are done before any later one" },
	{ "rmb", l_rmb, "", "", "read barrier: earlier loads are done before later ones" },
	{ "wmb", l_wmb, "", "", "write barrier: earlier stores leave the CPU before later ones" },
	{ "dma_rmb", l_dma_rmb, "", "",
	  "read barrier for memory shared with a device: use it between reading the word that says "
	  "the device is done and reading the rest" },
	{ "dma_wmb", l_dma_wmb, "", "",
	  "write barrier for memory shared with a device: use it between filling a descriptor "
	  "and handing it over" },
	{ "dma_mb", l_dma_mb, "", "",
	  "full barrier for memory shared with a device: dma_rmb and dma_wmb at once, and loads "
	  "after it come after stores before it" },
	{ NULL, NULL, NULL, NULL, NULL },
};
