#include "api.h"

#include "kernel/context.h"
#include "kernel/pages.h"
#include "kernel/resource.h"
#include "kernel/slab.h"
#include "kernel/stack.h"
#include "kernel/vmalloc.h"

#include <string.h>

static int l_kmalloc(lua_State *L, struct bench *b)
{
	uint64_t size = arg_number(L, 1);

	push_pointer(L, kmalloc(&b->machine.kernel, size, arg_gfp(L, 2)));
	return 1;
}

static int l_kzalloc(lua_State *L, struct bench *b)
{
	uint64_t size = arg_number(L, 1);

	push_pointer(L, kmalloc(&b->machine.kernel, size, arg_gfp(L, 2) | GFP_ZERO));
	return 1;
}

static int l_krealloc(lua_State *L, struct bench *b)
{
	vaddr_t va = arg_pointer(L, 1);
	uint64_t size = arg_number(L, 2);

	push_pointer(L, krealloc(&b->machine.kernel, va, size, arg_gfp(L, 3)));
	return 1;
}

static int l_kfree(lua_State *L, struct bench *b)
{
	kfree(&b->machine.kernel, arg_pointer(L, 1));
	return 0;
}

static int l_ksize(lua_State *L, struct bench *b)
{
	lua_pushinteger(L, (lua_Integer)ksize(&b->machine.kernel, arg_pointer(L, 1)));
	return 1;
}

static int l_vmalloc(lua_State *L, struct bench *b)
{
	push_pointer(L, vmalloc(&b->machine.kernel, arg_number(L, 1), GFP_KERNEL));
	return 1;
}

static int l_stack_array(lua_State *L, struct bench *b)
{
	push_pointer(L, stack_array(&b->machine.kernel, arg_count(L, 1, THREAD_SIZE)));
	return 1;
}

static int l_vzalloc(lua_State *L, struct bench *b)
{
	push_pointer(L, vmalloc(&b->machine.kernel, arg_number(L, 1), GFP_KERNEL | GFP_ZERO));
	return 1;
}

static int l_vfree(lua_State *L, struct bench *b)
{
	vfree(&b->machine.kernel, arg_pointer(L, 1));
	return 0;
}

/* An order no profile has is as good as any other too large one. */
static uint32_t arg_order(lua_State *L, int i)
{
	return (uint32_t)min_u64(arg_number(L, i), ORDER_MAX + 1);
}

static int l_get_free_pages(lua_State *L, struct bench *b)
{
	uint32_t gfp = (uint32_t)arg_number(L, 1);

	push_pointer(L, pages_alloc(&b->machine.kernel, gfp, arg_order(L, 2)));
	return 1;
}

static int l_free_pages(lua_State *L, struct bench *b)
{
	vaddr_t va = arg_pointer(L, 1);

	pages_free(&b->machine.kernel, va, arg_order(L, 2));
	return 0;
}

static int l_alloc_pages(lua_State *L, struct bench *b)
{
	uint32_t gfp = (uint32_t)arg_number(L, 1);
	vaddr_t va = pages_alloc(&b->machine.kernel, gfp, arg_order(L, 2));

	push_pointer(L, va ? api_page_of(va - LINEAR_BASE) : 0);
	return 1;
}

static int l_free_alloced_pages(lua_State *L, struct bench *b)
{
	uint64_t page = arg_pointer(L, 1);
	uint32_t order = arg_order(L, 2);

	if (page)
		pages_free(&b->machine.kernel, phys_to_virt(api_page_address(page)), order);
	return 0;
}

static int map_io(lua_State *L, struct bench *b, enum attr attr)
{
	paddr_t pa = arg_number(L, 1);
	uint64_t size = arg_number(L, 2);

	/* here, for dev.bar is mapped when it is first used, wherever that is */
	context_might_sleep(&b->machine.kernel, SLEEPER_IOREMAP);
	push_pointer(L, ioremap(&b->machine.kernel, pa, size, attr));
	return 1;
}

static int l_ioremap(lua_State *L, struct bench *b)
{
	return map_io(L, b, ATTR_DEVICE);
}

static int l_ioremap_wc(lua_State *L, struct bench *b)
{
	return map_io(L, b, ATTR_WRITE_COMBINE);
}

/* Linux's iounmap answers nothing; a wrong address is in the kernel's log. */
static int l_iounmap(lua_State *L, struct bench *b)
{
	vaddr_t va = arg_pointer(L, 1);
	bool ignored;

	if (va)
		context_might_sleep(&b->machine.kernel, SLEEPER_IOUNMAP);
	ignored = !va || iounmap(&b->machine.kernel, va);
	(void)ignored;
	return 0;
}

static int l_request_mem_region(lua_State *L, struct bench *b)
{
	paddr_t start = arg_number(L, 1);
	uint64_t size = arg_number(L, 2);
	size_t n;
	const char *name = arg_bytes(L, 3, &n);
	int error = resource_request(&b->machine.kernel, start, size, name);

	if (!error) {
		lua_pushboolean(L, true);
		return 1;
	}
	lua_pushnil(L);
	lua_pushinteger(L, error);
	return 2;
}

static int l_release_mem_region(lua_State *L, struct bench *b)
{
	paddr_t start = arg_number(L, 1);

	if (resource_release(&b->machine.kernel, start, arg_number(L, 2)))
		lua_pushboolean(L, true);
	else
		lua_pushnil(L);
	return 1;
}

const struct api api_memory[] = {
	{ "kmalloc", l_kmalloc, "size [, gfp=GFP_KERNEL]", "va or nil",
	  "allocate physically contiguous memory from the size class that fits; not zeroed" },
	{ "kzalloc", l_kzalloc, "size [, gfp=GFP_KERNEL]", "va or nil", "kmalloc, zeroed" },
	{ "krealloc", l_krealloc, "va, size [, gfp=GFP_KERNEL]", "va or nil",
	  "change the size of a kmalloc block, moving it when it must; nil leaves the old "
	  "block as it was" },
	{ "kfree", l_kfree, "va", "", "give back a kmalloc block; nil is fine" },
	{ "ksize", l_ksize, "va", "bytes",
	  "bytes really usable at a kmalloc block; 0 when va is the start of none" },
	{ "vmalloc", l_vmalloc, "size", "va or nil",
	  "allocate memory that is contiguous for the CPU only: its page frames are scattered" },
	{ "vzalloc", l_vzalloc, "size", "va or nil", "vmalloc, zeroed" },
	{ "vfree", l_vfree, "va", "", "give back a vmalloc area; nil is fine" },
	{ "stack_array", l_stack_array, "size", "va or nil",
	  "an array on the stack, as C's char buffer[size] in a function: never to be mapped for "
	  "a device" },
	{ "__get_free_pages", l_get_free_pages, "gfp, order", "va or nil",
	  "allocate 1 << order contiguous pages; order 0 is one page" },
	{ "free_pages", l_free_pages, "va, order", "",
	  "give back pages of __get_free_pages, with the same order" },
	{ "alloc_pages", l_alloc_pages, "gfp, order", "page or nil",
	  "as __get_free_pages, but answers the struct page of the first page" },
	{ "__free_pages", l_free_alloced_pages, "page, order", "",
	  "give back pages of alloc_pages, with the same order" },
	{ "ioremap", l_ioremap, "pa, size", "va or nil",
	  "make physical addresses that are not the kernel's RAM (device registers, RAM hidden by "
	  "mem=) visible to the CPU, uncached" },
	{ "ioremap_wc", l_ioremap_wc, "pa, size", "va or nil",
	  "ioremap with write-combining: stores may wait and merge" },
	{ "iounmap", l_iounmap, "va", "", "undo ioremap" },
	{ "request_mem_region", l_request_mem_region, "start, size, name",
	  "true, or nil and -EBUSY (-16) or another errno",
	  "claim a range of physical addresses, so that no other driver uses it; shown in "
	  "/proc/iomem" },
	{ "release_mem_region", l_release_mem_region, "start, size",
	  "true, or nil when nothing like it was claimed",
	  "give back what request_mem_region claimed" },
	{ NULL, NULL, NULL, NULL, NULL },
};
