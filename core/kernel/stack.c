#include "kernel/stack.h"

#include "kernel/pages.h"
#include "kernel/vmalloc.h"

#define STACK_ALIGN 16     /* of the stack pointer (AAPCS64, System V AMD64) */

static void tell_stack(struct kernel *k, vaddr_t va, uint64_t size)
{
	enum attr attr;
	paddr_t pa;

	if (mmu_translate(&k->hw->mmu, va, &pa, &attr) == OK)
		kernel_tell(k, &(struct event){ .kind = EV_MEM_ALLOC, .addr = va, .addr2 = pa,
			.value = size, .size = (uint32_t)size, .a = MEM_STACK });
}

/* Each page of a vmalloc area lies somewhere else. */
static vaddr_t make_stack(struct kernel *k)
{
	vaddr_t va;

	if (!k->hw->board.vmap_stack) {
		va = pages_alloc(k, GFP_KERNEL, pages_order(THREAD_SIZE));
		if (va)
			tell_stack(k, va, THREAD_SIZE);
		return va;
	}
	va = vmalloc(k, THREAD_SIZE, GFP_KERNEL);
	for (uint64_t at = 0; va && at < THREAD_SIZE; at += PAGE_SIZE)
		tell_stack(k, va + at, PAGE_SIZE);
	return va;
}

vaddr_t stack_array(struct kernel *k, uint64_t n)
{
	if (!n || n > THREAD_SIZE)
		return 0;
	if (!k->stack.va)
		k->stack.va = make_stack(k);
	if (!k->stack.va)
		return 0;
	if (k->stack.used + round_up(n, STACK_ALIGN) > THREAD_SIZE)
		k->stack.used = 0;
	k->stack.used += round_up(n, STACK_ALIGN);
	return k->stack.va + THREAD_SIZE - k->stack.used;
}
