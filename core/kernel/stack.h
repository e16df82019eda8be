#pragma once
/*
 * The stack of the task that runs the driver: where C keeps `char buffer[8]` of a function. It is
 * THREAD_SIZE bytes, made when somebody first asks. With vmap_stack (CONFIG_VMAP_STACK, the default
 * of x86, arm64 and riscv) it lies in the vmalloc area, so no map takes it; without, in the linear
 * map, where a map works, and the device shares its lines with other locals.
 */
#include "kernel/kernel.h"

#define THREAD_SIZE ((uint64_t)16 * KIB)     /* include/asm/thread_info.h, arm64 and x86 */

/*
 * An array of n bytes, one below the other as calls nest; where there is no room left the functions
 * have returned, and the next begins at the top again. 0: n is 0, beyond THREAD_SIZE, or no memory.
 */
vaddr_t stack_array(struct kernel *k, uint64_t n);
