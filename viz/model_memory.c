/* What RAM is used for: pages, the blocks handed out of them, the windows they are seen in. */
#include "viz/model_parts.h"

const char *const page_use_name[PAGE_USE_COUNT] = {
	"free", "kernel", "hidden", "slab", "kmalloc", "pages", "vmalloc", "coherent", "bounce"
};

/* What a page is used for, and by how many blocks. */
struct page_note {
	uint8_t use;             /* enum page_use */
	uint32_t blocks;
	uint32_t block;          /* 1 + slot of the block that fills the page, 0 for none */
	uint64_t va;             /* of an area page, 0 for none */
};

#define BUCKETS_LEAF 64
#define AREAS_LEAF   64
#define AREA_PAGES   (2 * WINDOW_PAGES)      /* vmalloc's and ioremap's windows are neighbours */

void memory_open(struct model *m, uint64_t pages)
{
	cow_init(&m->uses, sizeof(struct page_note), pages);
	cow_init(&m->allocations, sizeof(struct allocation), ALLOCATIONS_MAX);
	cow_init(&m->buckets, BUCKETS_LEAF * sizeof(uint32_t), BUCKETS / BUCKETS_LEAF);
	cow_init(&m->areas, AREAS_LEAF * sizeof(uint64_t), AREA_PAGES / AREAS_LEAF);
	m->allocation_end = m->allocation_free = 0;
}

void memory_close(struct model *m)
{
	cow_release(&m->uses);
	cow_release(&m->allocations);
	cow_release(&m->buckets);
	cow_release(&m->areas);
}

void memory_copy(struct model *to, const struct model *from)
{
	cow_copy(&to->uses, &from->uses);
	cow_copy(&to->allocations, &from->allocations);
	cow_copy(&to->buckets, &from->buckets);
	cow_copy(&to->areas, &from->areas);
}

size_t memory_apart(const struct model *m, const struct model *from)
{
	return cow_apart(&m->uses, &from->uses) + cow_apart(&m->allocations, &from->allocations) +
	       cow_apart(&m->buckets, &from->buckets) + cow_apart(&m->areas, &from->areas);
}

static struct page_note *note_write(struct model *m, uint64_t pa)
{
	return cow_write(&m->uses, pa >> PAGE_SHIFT);
}

static const struct page_note *note_of(const struct model *m, uint64_t pa)
{
	return cow_read(&m->uses, pa >> PAGE_SHIFT);
}

/* Where [pa, pa+size) ends, as far as there is RAM; 0: none of it is. */
static uint64_t end_in_ram(const struct model *m, uint64_t pa, uint64_t size)
{
	uint64_t ram = m->uses.count << PAGE_SHIFT;

	return pa < ram ? pa + min_u64(size, ram - pa) : 0;
}

static void use_page(struct page_note *note, enum page_use use, bool on)
{
	if (note->use == PAGE_KERNEL)
		return;
	note->blocks = on ? note->blocks + 1 : note->blocks ? note->blocks - 1 : 0;
	note->use = (uint8_t)(note->blocks ? on ? use : note->use : PAGE_FREE);
}

static void use_pages(struct model *m, uint64_t pa, uint64_t size, enum page_use use, bool on)
{
	uint64_t end = end_in_ram(m, pa, size);

	for (pa = round_down(pa, PAGE_SIZE); pa < end; pa += PAGE_SIZE)
		use_page(note_write(m, pa), use, on);
}

/* The pages this block fills know it: `block` is its slot + 1, 0 when it goes. */
static void fill_pages(struct model *m, uint64_t pa, uint64_t size, uint32_t was, uint32_t block)
{
	uint64_t end = end_in_ram(m, pa, size);

	for (; size >= PAGE_SIZE && pa < end; pa += PAGE_SIZE)
		if (block || note_of(m, pa)->block == was)
			note_write(m, pa)->block = block;
}

static uint32_t bucket_of(uint64_t va)
{
	return (uint32_t)(va >> 3 ^ va >> 17) % BUCKETS;
}

static uint32_t *bucket_write(struct model *m, uint64_t va)
{
	return (uint32_t *)cow_write(&m->buckets, bucket_of(va) / BUCKETS_LEAF) +
	       bucket_of(va) % BUCKETS_LEAF;
}

static uint32_t bucket_read(const struct model *m, uint64_t va)
{
	const uint32_t *leaf = cow_read(&m->buckets, bucket_of(va) / BUCKETS_LEAF);

	return leaf[bucket_of(va) % BUCKETS_LEAF];
}

static const struct allocation *block_at(const struct model *m, uint32_t i)
{
	return cow_read(&m->allocations, i - 1);
}

static struct allocation *block_write(struct model *m, uint32_t i)
{
	return cow_write(&m->allocations, i - 1);
}

/* 1 + slot of the block of this kind at this address, 0 when there is none. */
static uint32_t block_named(const struct model *m, uint64_t va, uint32_t kind)
{
	uint32_t i = bucket_read(m, va);

	while (i && (block_at(m, i)->va != va || block_at(m, i)->kind != kind))
		i = block_at(m, i)->next;
	return i;
}

/* 1 + a free slot, 0 when there are too many blocks. */
static uint32_t block_new(struct model *m)
{
	uint32_t i = m->allocation_free;

	if (i)
		m->allocation_free = block_at(m, i)->next;
	else if (m->allocation_end < ALLOCATIONS_MAX)
		i = ++m->allocation_end;
	return i;
}

static void block_add(struct model *m, const struct event *e)
{
	uint32_t i = block_new(m);

	if (!i)
		return;
	*block_write(m, i) = (struct allocation){ .seq = e->seq, .va = e->addr, .pa = e->addr2,
		.asked = e->value, .size = e->size, .kind = e->a,
		.next = bucket_read(m, e->addr) };
	*bucket_write(m, e->addr) = i;
	if (e->a != MEM_VMALLOC && e->a != MEM_STACK)
		fill_pages(m, e->addr2, e->size, 0, i);
}

static void unlink_block(struct model *m, uint32_t i)
{
	uint64_t va = block_at(m, i)->va;
	uint32_t before = bucket_read(m, va), next = block_at(m, i)->next;

	if (before == i) {
		*bucket_write(m, va) = next;
		return;
	}
	while (block_at(m, before)->next != i)
		before = block_at(m, before)->next;
	block_write(m, before)->next = next;
}

static void block_remove(struct model *m, uint64_t va, uint32_t kind)
{
	uint32_t i = block_named(m, va, kind);

	if (!i)
		return;
	unlink_block(m, i);
	fill_pages(m, block_at(m, i)->pa, block_at(m, i)->size, i, 0);
	*block_write(m, i) = (struct allocation){ .next = m->allocation_free };
	m->allocation_free = i;
}

static enum page_use use_of(const struct event *e)
{
	if (e->a == MEM_KMALLOC)
		return e->size < PAGE_SIZE ? PAGE_SLAB : PAGE_KMALLOC;
	return e->a == MEM_COHERENT ? PAGE_COHERENT : PAGE_PAGES;
}

/* The pages of a vmalloc area come with its page table entries. */
static bool has_own_pages(const struct event *e)
{
	return e->a != MEM_VMALLOC && e->a != MEM_STACK;
}

static void mem_alloc(struct model *m, const struct event *e)
{
	block_add(m, e);
	if (has_own_pages(e))
		use_pages(m, e->addr2, e->size, use_of(e), true);
}

static void mem_free(struct model *m, const struct event *e)
{
	block_remove(m, e->addr, e->a);
	if (has_own_pages(e))
		use_pages(m, e->addr2, e->size, PAGE_FREE, false);
}

static uint64_t area_read(const struct model *m, uint64_t va)
{
	uint64_t page = (va - VMALLOC_BASE) >> PAGE_SHIFT;
	const uint64_t *leaf;

	if (page >= AREA_PAGES)
		return 0;
	leaf = cow_read(&m->areas, page / AREAS_LEAF);
	return leaf[page % AREAS_LEAF];
}

static void area_write(struct model *m, uint64_t va, uint64_t entry)
{
	uint64_t page = (va - VMALLOC_BASE) >> PAGE_SHIFT;

	if (page < AREA_PAGES)
		((uint64_t *)cow_write(&m->areas, page / AREAS_LEAF))[page % AREAS_LEAF] = entry;
}

static void set_va(struct model *m, uint64_t pa, uint64_t va)
{
	if (pa >> PAGE_SHIFT < m->uses.count)
		note_write(m, pa)->va = va;
}

static void vm_map(struct model *m, const struct event *e)
{
	enum page_use use = e->a == ATTR_CACHED ? PAGE_VMALLOC : PAGE_COHERENT;

	for (uint64_t at = 0; at < e->size; at += PAGE_SIZE) {
		area_write(m, e->addr + at, e->addr2 + at + 1);
		set_va(m, e->addr2 + at, e->addr + at);
	}
	use_pages(m, e->addr2, e->size, use, true);
}

static void vm_unmap(struct model *m, const struct event *e)
{
	for (uint64_t at = 0; at < e->size; at += PAGE_SIZE) {
		uint64_t entry = area_read(m, e->addr + at);

		if (!entry)
			continue;
		set_va(m, entry - 1, 0);
		use_pages(m, entry - 1, PAGE_SIZE, PAGE_FREE, false);
		area_write(m, e->addr + at, 0);
	}
}

/* The first pages are the kernel's own. */
static void machine_on(struct model *m, const struct event *e)
{
	for (uint64_t pa = 0; pa < (uint64_t)e->unit << PAGE_SHIFT; pa += PAGE_SIZE)
		note_write(m, pa)->use = PAGE_KERNEL;
}

static void bounce_pool(struct model *m, const struct event *e)
{
	m->bounce_pool.pa = e->addr;
	m->bounce_pool.size = e->size;
	use_pages(m, e->addr, e->size, PAGE_BOUNCE, true);
}

void memory_event(struct model *m, const struct event *e)
{
	switch (e->kind) {
	case EV_MACHINE:     machine_on(m, e); break;
	case EV_BOUNCE_POOL: bounce_pool(m, e); break;
	case EV_MEM_ALLOC:   mem_alloc(m, e); break;
	case EV_MEM_FREE:    mem_free(m, e); break;
	case EV_VM_MAP:      vm_map(m, e); break;
	case EV_VM_UNMAP:    vm_unmap(m, e); break;
	case EV_DMA_ALLOC:   use_pages(m, e->addr2, e->size, PAGE_COHERENT, true); break;
	case EV_DMA_FREE:    use_pages(m, e->addr2, e->size, PAGE_FREE, false); break;
	default: break;
	}
}

uint64_t model_pages(const struct model *m)
{
	return m->uses.count;
}

enum page_use model_use(const struct model *m, uint64_t pfn)
{
	const struct page_note *note = note_of(m, pfn << PAGE_SHIFT);

	if (pfn << PAGE_SHIFT >= model_shadow(m)->hidden)
		return PAGE_HIDDEN;
	return note->use;
}

/* The block this byte lies in, if it begins here. */
static const struct allocation *block_here(const struct model *m, uint64_t at, uint64_t pa)
{
	uint32_t i = bucket_read(m, LINEAR_BASE + at);

	for (; i; i = block_at(m, i)->next) {
		const struct allocation *b = block_at(m, i);

		if (b->pa == at && b->kind != MEM_VMALLOC && inside(pa, 1, b->pa, b->size))
			return b;
	}
	return NULL;
}

/* A block fills its pages, or is smaller than one and begins at a multiple of 8 bytes. */
struct allocation model_allocation(const struct model *m, uint64_t pa)
{
	uint64_t at = round_down(pa, 8);

	if (pa >> PAGE_SHIFT >= m->uses.count)
		return (struct allocation){ 0 };
	if (note_of(m, pa)->block)
		return *block_at(m, note_of(m, pa)->block);
	for (uint64_t n = 0; n <= PAGE_SIZE && n <= at; n += 8) {
		const struct allocation *b = block_here(m, at - n, pa);

		if (b)
			return *b;
	}
	return (struct allocation){ 0 };
}

uint64_t model_va(const struct model *m, uint64_t pa)
{
	uint64_t va = pa >> PAGE_SHIFT < m->uses.count ? note_of(m, pa)->va : 0;

	return va ? va + (pa & PAGE_MASK) : LINEAR_BASE + pa;
}

bool model_pa(const struct model *m, uint64_t va, uint64_t *pa)
{
	uint64_t ram = model_shadow(m)->ram_bytes, entry = area_read(m, va);

	if (entry)
		*pa = entry - 1 + (va & PAGE_MASK);
	else if (inside(va, 1, LINEAR_BASE, ram))
		*pa = va - LINEAR_BASE;
	else if (inside(va, 1, UNCACHED_BASE, ram))
		*pa = va - UNCACHED_BASE;
	else
		return false;
	return *pa < ram;
}
