#include "hw/mmu.h"

#include <assert.h>

#define ENTRIES (4096 / sizeof(uint64_t))   /* of one leaf */
#define PRESENT ((uint64_t)1)
#define ATTR_SHIFT 1

void mmu_init(struct mmu *m, const struct board *board, bool uncached_window)
{
	*m = (struct mmu){ .uncached_window = uncached_window, .board = board };
	cow_init(&m->table, 4096, 2 * WINDOW_PAGES / ENTRIES);
}

void mmu_release(struct mmu *m)
{
	cow_release(&m->table);
}

void mmu_copy(struct mmu *to, const struct mmu *from)
{
	*to = *from;
	cow_copy(&to->table, &from->table);
}

static bool in_table(vaddr_t va)
{
	return va >= VMALLOC_BASE && va < MAPPED_END;
}

static uint64_t page_index(vaddr_t va)
{
	assert(in_table(va));
	return (va - VMALLOC_BASE) >> PAGE_SHIFT;
}

static void set_entry(struct mmu *m, vaddr_t va, uint64_t entry)
{
	uint64_t *entries = cow_write(&m->table, page_index(va) / ENTRIES);

	entries[page_index(va) % ENTRIES] = entry;
}

void mmu_map(struct mmu *m, vaddr_t va, paddr_t pa, enum attr attr)
{
	set_entry(m, va, round_down(pa, PAGE_SIZE) | (uint64_t)attr << ATTR_SHIFT | PRESENT);
}

void mmu_unmap(struct mmu *m, vaddr_t va)
{
	set_entry(m, va, 0);
}

/* A window that shows all RAM the kernel manages, one to one. */
static bool shows_ram(const struct mmu *m, vaddr_t base, vaddr_t va, paddr_t *pa)
{
	paddr_t at = va - base;

	if (va < base || at >= board_kernel_end(m->board) || !board_is_ram(m->board, at, 1))
		return false;
	*pa = at;
	return true;
}

enum status mmu_translate(const struct mmu *m, vaddr_t va, paddr_t *pa, enum attr *attr)
{
	const uint64_t *entries;
	uint64_t entry;

	if (shows_ram(m, LINEAR_BASE, va, pa)) {
		*attr = ATTR_CACHED;
		return OK;
	}
	if (m->uncached_window && shows_ram(m, UNCACHED_BASE, va, pa)) {
		*attr = ATTR_UNCACHED;
		return OK;
	}
	if (!in_table(va))
		return FAULT_UNMAPPED;
	entries = cow_read(&m->table, page_index(va) / ENTRIES);
	entry = entries[page_index(va) % ENTRIES];
	if (!(entry & PRESENT))
		return FAULT_UNMAPPED;
	*pa = round_down(entry, PAGE_SIZE) | (va & PAGE_MASK);
	*attr = (enum attr)(entry >> ATTR_SHIFT & 3);
	return OK;
}
