/*
 * From one kind of address to another. struct page is an integer here, the address it would have in
 * vmemmap; nobody can read what it points to.
 */
#include "api.h"

#include "kernel/pages.h"
#include "kernel/vmalloc.h"

#define PAGE_STRUCT 64   /* bytes of a struct page */

uint64_t api_page_of(paddr_t pa)
{
	return VMEMMAP_BASE + (pa >> PAGE_SHIFT) * PAGE_STRUCT;
}

paddr_t api_page_address(uint64_t page)
{
	return (page - VMEMMAP_BASE) / PAGE_STRUCT << PAGE_SHIFT;
}

static int push(lua_State *L, uint64_t n)
{
	lua_pushinteger(L, (lua_Integer)n);
	return 1;
}

/* As in Linux these two only add and subtract: of a wrong address they make a wrong address. */
static int l_virt_to_phys(lua_State *L, struct bench *b)
{
	(void)b;
	return push(L, arg_pointer(L, 1) - LINEAR_BASE);
}

static int l_phys_to_virt(lua_State *L, struct bench *b)
{
	(void)b;
	return push(L, phys_to_virt(arg_number(L, 1)));
}

static int l_virt_to_page(lua_State *L, struct bench *b)
{
	(void)b;
	return push(L, api_page_of(arg_pointer(L, 1) - LINEAR_BASE));
}

static int l_page_to_phys(lua_State *L, struct bench *b)
{
	(void)b;
	return push(L, api_page_address(arg_pointer(L, 1)));
}

static int l_page_address(lua_State *L, struct bench *b)
{
	(void)b;
	return push(L, phys_to_virt(api_page_address(arg_pointer(L, 1))));
}

static int l_vmalloc_to_page(lua_State *L, struct bench *b)
{
	vaddr_t va = arg_pointer(L, 1);
	enum attr attr;
	paddr_t pa;

	if (is_vmalloc_addr(va) && mmu_translate(&b->machine.hw.mmu, va, &pa, &attr) == OK &&
	    board_is_ram(&b->machine.hw.board, pa, 1))
		return push(L, api_page_of(pa));
	lua_pushnil(L);
	return 1;
}

static int l_is_vmalloc_addr(lua_State *L, struct bench *b)
{
	(void)b;
	lua_pushboolean(L, is_vmalloc_addr(arg_pointer(L, 1)));
	return 1;
}

static int l_virt_addr_valid(lua_State *L, struct bench *b)
{
	lua_pushboolean(L, virt_addr_valid(&b->machine.kernel, arg_pointer(L, 1)));
	return 1;
}

const struct api api_addresses[] = {
	{ "virt_to_phys", l_virt_to_phys, "va", "pa",
	  "physical address of a linear address (kmalloc, __get_free_pages); of any other "
	  "address it makes nonsense, as in Linux" },
	{ "phys_to_virt", l_phys_to_virt, "pa", "va", "linear address of a physical address" },
	{ "virt_to_page", l_virt_to_page, "va", "page", "struct page of a linear address" },
	{ "page_to_phys", l_page_to_phys, "page", "pa", "physical address of a page" },
	{ "page_address", l_page_address, "page", "va", "linear address of a page" },
	{ "vmalloc_to_page", l_vmalloc_to_page, "va", "page or nil",
	  "struct page behind a vmalloc address: each page of the area has its own" },
	{ "is_vmalloc_addr", l_is_vmalloc_addr, "va", "true or false",
	  "is va in the window of vmalloc and ioremap?" },
	{ "virt_addr_valid", l_virt_addr_valid, "va", "true or false",
	  "is va a linear address of RAM the kernel manages? Only then virt_to_phys makes sense" },
	{ NULL, NULL, NULL, NULL, NULL },
};
