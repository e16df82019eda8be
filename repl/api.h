#pragma once
/*
 * The globals of the prompt, one row each. A row is the function, its arguments, its results and
 * its help; argument checks, error messages, completion, `help` and the reference come from it.
 *
 * A binding checks its arguments, calls one function of the core and pushes the result. All checks
 * come first: they leave by a jump. Addresses are Lua integers and NULL is nil.
 */
#include "session.h"

#include <lauxlib.h>

struct api {
	const char *name;         /* "kmalloc", "cache.clean", "dev:busy" */
	int (*call)(lua_State *L, struct bench *b);   /* pushes results, returns how many */
	const char *args;         /* "size [, gfp=GFP_KERNEL]" */
	const char *returns;      /* "va or nil"; "" for none */
	const char *help;
};

struct api_group {
	const char *name;
	const struct api *rows;   /* ends with a row without a name */
};

/* One table a subject; each in its own file. */
extern const struct api api_memory[], api_addresses[], api_cpu[], api_cache[], api_registers[],
	api_dma[], api_sg[], api_dma_alloc[], api_dma_mask[], api_dma_pool[],
	api_device[], api_time[], api_context[], api_irq[];

extern const struct api_group api_groups[];   /* ends with a group without a name */

struct constant {
	const char *name;
	lua_Integer value;
	const char *help;
};

extern const struct constant api_constants[]; /* ends with one without a name */

/* The metatable of a device: its fields; its methods are rows. */
void device_type_open(lua_State *L);

/* The metatable of a DMA pool. */
void pool_type_open(lua_State *L);

/* Make all rows globals (cache.clean becomes a field of `cache`, dev:busy a method of `dev`). */
void api_open(lua_State *L);

/* How many arguments a row takes at most, and the name of argument i (from 1) in room bytes. */
int api_most(const struct api *row);
void api_argument(const struct api *row, int i, char *name, size_t room);

/* Argument checks. i counts from 1; a method's own arguments start at 2, after the device. */
_Noreturn void arg_wrong(lua_State *L, int i, const char *why);
_Noreturn void arg_wrong_type(lua_State *L, int i, const char *expected);
uint64_t arg_number(lua_State *L, int i);
uint64_t arg_number_or(lua_State *L, int i, uint64_t normal);

/* What an allocation may do: GFP_KERNEL when missing. nil is none: it stands for a misspelt name. */
uint32_t arg_gfp(lua_State *L, int i);
vaddr_t arg_pointer(lua_State *L, int i);             /* an integer; nil is NULL */
uint64_t arg_count(lua_State *L, int i, uint64_t most);     /* 0 .. most */
size_t arg_width(lua_State *L, int i);                /* 1, 2, 4 or 8; 8 when missing */
const char *arg_bytes(lua_State *L, int i, size_t *n);      /* a string */
enum direction arg_direction(lua_State *L, int i);    /* one of the three real ones */
uint32_t arg_device(lua_State *L, int i);             /* its number */

/* A time in units of so many cycles, as cycles: one that ends before the clock does. */
uint64_t arg_time(lua_State *L, struct bench *b, int i, uint64_t unit);

/* Let n cycles pass, or fewer when *enough is no longer 0; handlers run, Ctrl-C is heard. */
void api_pass(lua_State *L, uint64_t n, const uint32_t *enough);

#define STRING_MAX ((uint64_t)64 << 20)   /* longest string a read makes, bytes */
#define DEVICE_TYPE "dmalab.device"

void push_pointer(lua_State *L, vaddr_t va);          /* nil for 0 */
void push_device(lua_State *L, uint32_t unit);        /* always the same object */

/* struct page is an integer: where it would be in vmemmap. */
uint64_t api_page_of(paddr_t pa);
paddr_t api_page_address(uint64_t page);

/* A guest fault: settle, then raise what core.oops says. Returns only when all went well. */
void api_fault(lua_State *L, enum status status, vaddr_t va, uint64_t size, bool store);

/* api_fault for an access of many bytes: names the first byte nobody answers. */
void api_fault_in(lua_State *L, enum status status, vaddr_t va, uint64_t n, bool store);

/* The words of enum status, for messages. */
extern const char *const status_words[];

/*
 * The object on top of the stack changes by itself, beside the machine: a table, or a userdata with
 * a metatable of ours and without pointers to memory of C. Undo puts its contents back.
 */
void object_keep(lua_State *L);

/* Build the table `core` and leave it in the global of that name. */
void core_table_open(lua_State *L);

/* Push violation i as the table scripts see. */
void core_push_violation(lua_State *L, struct bench *b, uint32_t i);
