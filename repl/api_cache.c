#include "api.h"

static int maintain(lua_State *L, struct bench *b, enum cache_op op)
{
	vaddr_t va = arg_pointer(L, 1);
	uint64_t n = arg_number(L, 2);

	api_fault_in(L, cpu_cache(&b->machine.hw, op, va, n), va, n, op != CACHE_CLEAN);
	return 0;
}

static int l_clean(lua_State *L, struct bench *b)
{
	return maintain(L, b, CACHE_CLEAN);
}

static int l_invalidate(lua_State *L, struct bench *b)
{
	return maintain(L, b, CACHE_INVALIDATE);
}

static int l_flush(lua_State *L, struct bench *b)
{
	return maintain(L, b, CACHE_FLUSH);
}

static int l_clean_all(lua_State *L, struct bench *b)
{
	(void)L;
	cpu_cache_all(&b->machine.hw, CACHE_CLEAN);
	return 0;
}

static int l_invalidate_all(lua_State *L, struct bench *b)
{
	(void)L;
	cpu_cache_all(&b->machine.hw, CACHE_INVALIDATE);
	return 0;
}

static int l_flush_all(lua_State *L, struct bench *b)
{
	(void)L;
	cpu_cache_all(&b->machine.hw, CACHE_FLUSH);
	return 0;
}

const struct api api_cache[] = {
	{ "cache.clean", l_clean, "va, n", "",
	  "write the dirty lines of a range to memory and keep them, clean, in the cache" },
	{ "cache.invalidate", l_invalidate, "va, n", "",
	  "drop the lines of a range without writing them: dirty data in them is lost" },
	{ "cache.flush", l_flush, "va, n", "",
	  "clean, then invalidate: write dirty lines to memory and drop them" },
	{ "cache.clean_all", l_clean_all, "", "", "clean every line of every cache" },
	{ "cache.invalidate_all", l_invalidate_all, "", "",
	  "drop every line of every cache, dirty or not" },
	{ "cache.flush_all", l_flush_all, "", "", "clean and drop every line of every cache" },
	{ NULL, NULL, NULL, NULL, NULL },
};
