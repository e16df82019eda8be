/*
 * Device registers (asm-generic/io.h). writel orders earlier stores before the register write; the
 * write itself is posted, it waits in the store buffer. readl orders later loads after the read.
 * The _relaxed forms leave the barrier out.
 */
#include "api.h"

static int read_register(lua_State *L, struct bench *b, size_t width, bool ordered)
{
	vaddr_t va = arg_pointer(L, 1);
	uint64_t value = 0;

	api_fault(L, cpu_load(&b->machine.hw, va, width, &value), va, width, false);
	if (ordered)
		cpu_barrier(&b->machine.hw, BARRIER_RMB);
	lua_pushinteger(L, (lua_Integer)value);
	return 1;
}

static int write_register(lua_State *L, struct bench *b, size_t width, bool ordered)
{
	uint64_t value = arg_number(L, 1);
	vaddr_t va = arg_pointer(L, 2);

	if (ordered)
		cpu_barrier(&b->machine.hw, BARRIER_WMB);
	api_fault(L, cpu_store(&b->machine.hw, va, width, value), va, width, true);
	return 0;
}

#define ACCESSOR(name, does, width, ordered) \
	static int l_##name(lua_State *L, struct bench *b) { return does(L, b, width, ordered); }
#define ACCESSORS(suffix, width) \
	ACCESSOR(read##suffix, read_register, width, true) \
	ACCESSOR(write##suffix, write_register, width, true) \
	ACCESSOR(read##suffix##_relaxed, read_register, width, false) \
	ACCESSOR(write##suffix##_relaxed, write_register, width, false)

ACCESSORS(b, 1)
ACCESSORS(w, 2)
ACCESSORS(l, 4)
ACCESSORS(q, 8)

#define ROWS(suffix, bytes) \
	{ "read" #suffix, l_read##suffix, "va", "value", \
	  "read a device register of " bytes ", then a read barrier" }, \
	{ "write" #suffix, l_write##suffix, "value, va", "", \
	  "a write barrier, then write a device register of " \
	  bytes "; value first, address second" }, \
	{ "read" #suffix "_relaxed", l_read##suffix##_relaxed, "va", "value", \
	  "read" #suffix " without the barrier" }, \
	{ "write" #suffix "_relaxed", l_write##suffix##_relaxed, "value, va", "", \
	  "write" #suffix " without the barrier: earlier stores to memory may arrive later" }

const struct api api_registers[] = {
	ROWS(b, "1 byte"),
	ROWS(w, "2 bytes"),
	ROWS(l, "4 bytes"),
	ROWS(q, "8 bytes"),
	{ NULL, NULL, NULL, NULL, NULL },
};
