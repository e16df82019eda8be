/*
 * DMA pools. A pool is an object that knows its number; the little kernel knows the rest, so undo
 * takes back what happened to it.
 */
#include "api.h"
#include "core_table.h"

#include "kernel/pool.h"

#include <stdio.h>

#define POOL_TYPE "dmalab.pool"

struct pool_handle {
	uint32_t number;         /* the kernel's */
	uint32_t boot;           /* whose: session.boots */
};

static int create(lua_State *L, struct bench *b, bool managed)
{
	size_t n;
	const char *name = arg_bytes(L, 1, &n);
	uint32_t dev = lua_isnil(L, 2) ? 0 : arg_device(L, 2);
	uint64_t size = arg_number(L, 3), align = arg_number_or(L, 4, 0);
	uint64_t boundary = arg_number_or(L, 5, 0);
	struct pool_handle *pool = lua_newuserdatauv(L, sizeof *pool, 0);
	uint32_t number = 0;

	if (!lua_isnil(L, 2))
		number = dma_pool_create(&b->machine.kernel, name, dev, size, align, boundary,
					 managed);
	*pool = (struct pool_handle){ number, session_of(L)->boots };
	luaL_setmetatable(L, POOL_TYPE);
	if (!number)
		lua_pushnil(L);
	return 1;
}

static uint32_t arg_pool(lua_State *L, int i)
{
	const struct pool_handle *pool = luaL_testudata(L, i, POOL_TYPE);

	if (!pool)
		arg_wrong_type(L, i, "pool, as dma_pool_create makes one,");
	if (pool->boot != session_of(L)->boots)
		arg_wrong(L, i, "this pool belongs to a machine that was switched off");
	return pool->number;
}

/* NULL is no pool, and nothing is done. */
static uint32_t arg_pool_or_nil(lua_State *L, int i)
{
	return lua_isnil(L, i) ? 0 : arg_pool(L, i);
}

static int l_create(lua_State *L, struct bench *b)
{
	return create(L, b, false);
}

static int l_create_managed(lua_State *L, struct bench *b)
{
	return create(L, b, true);
}

static int alloc(lua_State *L, struct bench *b, uint32_t more)
{
	uint32_t pool = arg_pool(L, 1), gfp = arg_gfp(L, 2) | more;
	struct pool_block block;
	enum status s = dma_pool_alloc(&b->machine.kernel, pool, gfp, &block);

	api_fault_in(L, s, block.va, sizeof(struct pool_link), block.write);
	push_pointer(L, block.va);
	if (!block.va)
		return 1;
	lua_pushinteger(L, (lua_Integer)block.dma);
	return 2;
}

static int l_alloc(lua_State *L, struct bench *b)
{
	return alloc(L, b, 0);
}

static int l_zalloc(lua_State *L, struct bench *b)
{
	return alloc(L, b, GFP_ZERO);
}

static int l_free(lua_State *L, struct bench *b)
{
	uint32_t pool = arg_pool(L, 1);
	vaddr_t va = arg_pointer(L, 2);
	dma_addr_t dma = arg_pointer(L, 3);
	enum status s = dma_pool_free(&b->machine.kernel, pool, va, dma);

	api_fault_in(L, s, va, sizeof(struct pool_link), true);
	return 0;
}

static int l_destroy(lua_State *L, struct bench *b)
{
	dma_pool_destroy(&b->machine.kernel, arg_pool_or_nil(L, 1));
	return 0;
}

static int l_destroy_managed(lua_State *L, struct bench *b)
{
	dmam_pool_destroy(&b->machine.kernel, arg_pool_or_nil(L, 1));
	return 0;
}

const struct api api_dma_pool[] = {
	{ "dma_pool_create", l_create, "name, dev, size [, align=0 [, boundary=0]]", "pool or nil",
	  "a pool of blocks of coherent memory, each of size bytes and aligned to align, none of "
	  "which crosses a multiple of boundary" },
	{ "dma_pool_alloc", l_alloc, "pool [, gfp=GFP_KERNEL]", "va, dma or nil",
	  "a block of the pool, the one given back last; what is in it is left over" },
	{ "dma_pool_zalloc", l_zalloc, "pool [, gfp=GFP_KERNEL]", "va, dma or nil",
	  "dma_pool_alloc, and the block is zeroed" },
	{ "dma_pool_free", l_free, "pool, va, dma", "",
	  "give a block back to its pool, with the address and handle it came with" },
	{ "dma_pool_destroy", l_destroy, "pool", "",
	  "destroy a pool and give its memory back; every block must be back" },
	{ "dmam_pool_create", l_create_managed, "name, dev, size [, align=0 [, boundary=0]]",
	  "pool or nil",
	  "dma_pool_create, destroyed by itself when the driver leaves the device" },
	{ "dmam_pool_destroy", l_destroy_managed, "pool", "",
	  "destroy a pool of dmam_pool_create early" },
	{ NULL, NULL, NULL, NULL, NULL },
};

/* A name as it is kept: packed bytes, ended by a zero unless it fills them. */
static void push_name(lua_State *L, const struct pool *p)
{
	char name[POOL_NAME + 1] = "";

	for (uint32_t i = 0; i < POOL_NAME; i++)
		name[i] = (char)(p->name[i / 8] >> 8 * (i % 8));
	lua_pushstring(L, name);
}

static int pool_tostring(lua_State *L)
{
	const struct pool_handle *pool = luaL_checkudata(L, 1, POOL_TYPE);
	const struct bench *b = session_bench(session_of(L));
	const struct pool *p = pool_named(&b->machine.kernel, pool->number);

	if (pool->boot != session_of(L)->boots) {
		lua_pushliteral(L, "dma_pool of a machine that was switched off");
		return 1;
	}
	if (!p) {
		lua_pushliteral(L, "dma_pool, destroyed");
		return 1;
	}
	push_name(L, p);
	lua_pushfstring(L, "dma_pool \"%s\" of %s: blocks of %d bytes, %d out, %d free",
			lua_tostring(L, -1), device_ops[p->dev]->name, (int)p->size,
			(int)p->active, (int)(p->blocks - p->active));
	return 1;
}

void pool_type_open(lua_State *L)
{
	luaL_newmetatable(L, POOL_TYPE);
	lua_pushcfunction(L, pool_tostring);
	lua_setfield(L, -2, "__tostring");
	lua_pop(L, 1);
}

/* Newest first, as a device's list of pools is. */
int core_pools(lua_State *L)
{
	const struct kernel *k = &session_bench(session_of(L))->machine.kernel;

	lua_newtable(L);
	for (uint32_t number = k->pools.made; number; number--) {
		const struct pool *p = pool_named(k, number);

		if (!p)
			continue;
		lua_createtable(L, 0, 6);
		push_name(L, p);
		lua_setfield(L, -2, "name");
		set_integer(L, "device", p->dev);
		set_integer(L, "active", p->active);
		set_integer(L, "blocks", p->blocks);
		set_integer(L, "size", p->size);
		set_integer(L, "pages", p->chunks);
		append(L);
	}
	return 1;
}
