#include "kernel/vmalloc.h"

#include "kernel/context.h"
#include "kernel/pages.h"

#include <assert.h>
#include <string.h>

#define GUARD PAGE_SIZE      /* unmapped, after each area: running over its end faults at once */
#define PA_BITS 48           /* physical addresses are no wider */

void vmalloc_init(struct kernel *k)
{
	cow_init(&k->vm_starts, WINDOW_PAGES / 8, 1);
}

bool is_vmalloc_addr(vaddr_t va)
{
	return va >= VMALLOC_BASE && va < MAPPED_END;
}

/* An area began here once: what is not there any more was freed, what never was is foreign. */
static void remember_start(struct kernel *k, vaddr_t va)
{
	uint64_t page = (va - VMALLOC_BASE) >> PAGE_SHIFT;
	uint8_t *bits = cow_write(&k->vm_starts, 0);

	bits[page / 8] = (uint8_t)(bits[page / 8] | 1u << page % 8);
}

static bool started_once(const struct kernel *k, vaddr_t va)
{
	uint64_t page = (va - VMALLOC_BASE) >> PAGE_SHIFT;
	const uint8_t *bits = cow_read(&k->vm_starts, 0);

	return va >= VMALLOC_BASE && va < IOREMAP_BASE && !(va & PAGE_MASK) &&
	       bits[page / 8] >> page % 8 & 1;
}

static uint32_t area_count(const struct kernel *k)
{
	uint32_t count = 0;

	while (count < VM_AREAS_MAX && k->area[count].kind != VM_NONE)
		count++;
	return count;
}

const struct vm_area *vm_area_at(const struct kernel *k, vaddr_t va)
{
	for (uint32_t i = 0; i < VM_AREAS_MAX && k->area[i].kind != VM_NONE; i++)
		if (inside(va, 1, k->area[i].va, k->area[i].size))
			return &k->area[i];
	return NULL;
}

/*
 * The lowest free addresses of a window, for `size` bytes and a guard page; 0 when there are none.
 */
static vaddr_t find_room(const struct kernel *k, vaddr_t base, uint64_t size, uint64_t align)
{
	vaddr_t at = base, end = base + WINDOW_PAGES * PAGE_SIZE;

	if (size > WINDOW_PAGES * PAGE_SIZE - GUARD)
		return 0;
	for (uint32_t i = 0; i < VM_AREAS_MAX && k->area[i].kind != VM_NONE; i++) {
		const struct vm_area *a = &k->area[i];

		if (a->va >= at + size + GUARD)
			break;
		if (a->va + a->size >= at)
			at = round_up(a->va + a->size + GUARD, align);
	}
	return inside(at, size + GUARD, base, end - base) ? at : 0;
}

/* Give the area an address in its window and a slot in the table. Not mapped yet. */
static const struct vm_area *area_new(struct kernel *k, vaddr_t base, struct vm_area area)
{
	uint32_t count = area_count(k), slot = 0;
	uint64_t align = area.kind == VM_COHERENT ? PAGE_SIZE << pages_order(area.size) : PAGE_SIZE;

	area.va = find_room(k, base, area.size, align);
	if (!area.va || count == VM_AREAS_MAX) {
		kernel_log(k, KLOG_VMALLOC_ROOM, area.size, 0, 0);
		return NULL;
	}
	while (slot < count && k->area[slot].va < area.va)
		slot++;
	memmove(&k->area[slot + 1], &k->area[slot], (count - slot) * sizeof area);
	k->area[slot] = area;
	return &k->area[slot];
}

static void area_drop(struct kernel *k, const struct vm_area *area)
{
	uint32_t slot = (uint32_t)(area - k->area), count = area_count(k);

	memmove(&k->area[slot], &k->area[slot + 1], (count - slot - 1) * sizeof *area);
	k->area[count - 1] = (struct vm_area){ .kind = VM_NONE };
}

/* Page table entries for `size` bytes, one physical page after another. */
static void tell_map(struct kernel *k, enum event_kind kind, vaddr_t va, paddr_t pa, uint64_t size,
		     enum attr attr)
{
	kernel_tell(k, &(struct event){ .kind = (uint16_t)kind, .addr = va, .addr2 = pa,
		.size = event_size(size), .a = attr });
}

/* The physical page behind a mapped page. */
static paddr_t page_behind(const struct kernel *k, vaddr_t va)
{
	paddr_t pa;
	enum attr attr;
	enum status s = mmu_translate(&k->hw->mmu, va, &pa, &attr);

	assert(s == OK);
	return s == OK ? pa : 0;
}

/* An area that is contiguous in physical memory as well: all of it, from its physical address. */
static void map_area(struct kernel *k, const struct vm_area *a)
{
	for (uint64_t at = 0; at < a->size; at += PAGE_SIZE)
		mmu_map(&k->hw->mmu, a->va + at, a->pa + at, (enum attr)a->attr);
	tell_map(k, EV_VM_MAP, a->va, a->pa, a->size, (enum attr)a->attr);
}

static void unmap_area(struct kernel *k, const struct vm_area *a)
{
	for (uint64_t at = 0; at < a->size; at += PAGE_SIZE)
		mmu_unmap(&k->hw->mmu, a->va + at);
	tell_map(k, EV_VM_UNMAP, a->va, a->pa, a->size, ATTR_CACHED);
}

/* Frames on their way into or out of an area hang together by frame.next. */
static void push(struct kernel *k, uint32_t *chain, uint64_t pfn)
{
	frame_write(k, pfn)->next = *chain;
	*chain = (uint32_t)pfn;
}

static bool pop(struct kernel *k, uint32_t *chain, uint64_t *pfn)
{
	if (!*chain)
		return false;
	*pfn = *chain;
	*chain = frame_read(k, *pfn)->next;
	frame_write(k, *pfn)->next = 0;
	return true;
}

static void give_chain(struct kernel *k, uint32_t chain)
{
	uint64_t pfn;

	while (pop(k, &chain, &pfn))
		pages_give(k, pfn, 0);
}

/*
 * One frame: of two neighbours the first, the other is spared; a single one only when that fails.
 */
static bool take_frame(struct kernel *k, uint32_t gfp, uint32_t *spare, uint64_t *pfn)
{
	if (pages_take(k, gfp | GFP_NOWARN, 1, FRAME_VMALLOC, pfn)) {
		pages_split(k, *pfn);
		push(k, spare, *pfn + 1);
		return true;
	}
	return pages_take(k, gfp | GFP_NOWARN, 0, FRAME_VMALLOC, pfn) || pop(k, spare, pfn);
}

static bool take_frames(struct kernel *k, uint32_t gfp, uint64_t n, uint32_t *chain)
{
	uint32_t spare = 0;
	uint64_t pfn, taken = 0;

	*chain = 0;
	for (; taken < n && take_frame(k, gfp, &spare, &pfn); taken++)
		push(k, chain, pfn);
	give_chain(k, spare);
	if (taken == n)
		return true;
	give_chain(k, *chain);
	return false;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* The i-th frame becomes page i * stride + n / 2 of n: physical addresses jump to and fro. */
static void map_mixed(struct kernel *k, vaddr_t va, uint64_t n, enum attr attr, uint32_t chain)
{
	uint64_t stride = 2 * n / 5 + 1, page = n / 2, pfn;

	while (common_divisor(stride, n) > 1)
		stride++;
	while (pop(k, &chain, &pfn)) {
		mmu_map(&k->hw->mmu, va + page * PAGE_SIZE, pfn << PAGE_SHIFT, attr);
		page = (page + stride) % n;
	}
}

/* mem.alloc, the pages that belong to it, and its zeroing. */
static void tell_vmalloc(struct kernel *k, const struct vm_area *a, uint64_t asked, uint32_t gfp)
{
	uint64_t seq = kernel_tell(k, &(struct event){ .kind = EV_MEM_ALLOC, .addr = a->va,
		.addr2 = page_behind(k, a->va), .value = asked, .size = event_size(a->size),
		.a = MEM_VMALLOC });
	uint64_t before = kernel_cause(k, seq);

	for (vaddr_t va = a->va; va < a->va + a->size; va += PAGE_SIZE)
		tell_map(k, EV_VM_MAP, va, page_behind(k, va), PAGE_SIZE, ATTR_CACHED);
	if (gfp & GFP_ZERO)
		kernel_zero(k, &(struct block){ .va = a->va, .asked = asked, .size = a->size });
	kernel_cause(k, before);
}

static bool too_big(const struct kernel *k, uint64_t size)
{
	uint64_t pages = 0;

	for (enum zone zone = ZONE_DMA; zone < ZONE_COUNT; zone++)
		pages += k->managed[zone];
	return size > pages * PAGE_SIZE;
}

/* An area with frames of its own, as many as its size wants. NULL: why is in the log. */
static const struct vm_area *area_of_frames(struct kernel *k, struct vm_area area, uint32_t gfp)
{
	const struct vm_area *a;
	uint32_t chain;

	area.pages = (uint32_t)(area.size >> PAGE_SHIFT);
	if (!take_frames(k, gfp, area.pages, &chain)) {
		if (!(gfp & GFP_NOWARN))
			kernel_log(k, KLOG_VMALLOC_PAGES, area.size, 0, 0);
		return NULL;
	}
	a = area_new(k, VMALLOC_BASE, area);
	if (a)
		map_mixed(k, a->va, a->pages, (enum attr)a->attr, chain);
	else
		give_chain(k, chain);
	return a;
}

vaddr_t vmalloc(struct kernel *k, uint64_t size, uint32_t gfp)
{
	struct vm_area area = { .kind = VM_VMALLOC, .attr = ATTR_CACHED };
	const struct vm_area *a;

	if (!size)
		return 0;
	context_might_sleep(k, SLEEPER_VMALLOC);
	if (too_big(k, size)) {
		kernel_log(k, KLOG_VMALLOC_TOTAL, size, 0, 0);
		return 0;
	}
	area.size = round_up(size, PAGE_SIZE);
	a = area_of_frames(k, area, gfp);
	if (!a)
		return 0;
	remember_start(k, a->va);
	tell_vmalloc(k, a, size, gfp);
	return a->va;
}

static void poison_frames(struct kernel *k, const struct vm_area *a)
{
	for (uint64_t at = 0; at < a->size; at += PAGE_SIZE)
		kernel_fill(k, phys_to_virt(page_behind(k, a->va + at)), PAGE_POISON, PAGE_SIZE);
}

static void take_apart(struct kernel *k, const struct vm_area *a)
{
	for (vaddr_t va = a->va; va < a->va + a->size; va += PAGE_SIZE) {
		paddr_t pa = page_behind(k, va);

		mmu_unmap(&k->hw->mmu, va);
		tell_map(k, EV_VM_UNMAP, va, pa, PAGE_SIZE, ATTR_CACHED);
		pages_give(k, pa >> PAGE_SHIFT, 0);
	}
	area_drop(k, a);
}

/* Poison while it is still there, then tell, then take it apart. */
static void free_area(struct kernel *k, const struct vm_area *a)
{
	struct block b = { .kind = MEM_VMALLOC, .va = a->va, .pa = page_behind(k, a->va),
		.size = a->size };
	uint64_t before;

	poison_frames(k, a);
	before = kernel_cause(k, kernel_tell_free(k, &b));
	take_apart(k, a);
	kernel_cause(k, before);
}

void vfree(struct kernel *k, vaddr_t va)
{
	const struct vm_area *a = vm_area_at(k, va);
	bool ours = a && a->kind == VM_VMALLOC;

	if (!va)
		return;
	if (!context_in_interrupt(k))      /* there it is put off until somebody may sleep */
		context_might_sleep(k, SLEEPER_VFREE);
	if (ours && a->va == va) {
		free_area(k, a);
		return;
	}
	kernel_log(k, KLOG_NOT_VMALLOC, va, 0, 0);
	kernel_tell_bad_free(k, MEM_VMALLOC, va, ours ? BAD_FREE_INSIDE :
			     !a && started_once(k, va) ? BAD_FREE_TWICE : BAD_FREE_FOREIGN);
}

/* The first page of [pa, pa+n) that is RAM the kernel manages. */
static bool touches_ram(const struct kernel *k, paddr_t pa, uint64_t n, paddr_t *at)
{
	const struct board *b = &k->hw->board;
	paddr_t end = board_kernel_end(b), start[2] = { 0, b->ram2_at };
	uint64_t bank[2] = { b->ram, b->ram2 };

	for (uint32_t i = 0; i < 2; i++) {
		uint64_t used = end > start[i] ? min_u64(bank[i], end - start[i]) : 0;

		if (overlaps(pa, n, start[i], used)) {
			*at = pa > start[i] ? pa : start[i];
			return true;
		}
	}
	return false;
}

vaddr_t ioremap(struct kernel *k, paddr_t pa, uint64_t size, enum attr attr)
{
	struct vm_area area = { .kind = VM_IOREMAP, .attr = (uint8_t)attr,
		.pa = round_down(pa, PAGE_SIZE) };
	const struct vm_area *a;
	uint64_t before;
	paddr_t ram;

	if (!size || !inside(pa, size, 0, (uint64_t)1 << PA_BITS))
		return 0;
	if (touches_ram(k, pa, size, &ram)) {
		kernel_log(k, KLOG_IOREMAP_RAM, ram >> PAGE_SHIFT, 0, 0);
		return 0;
	}
	area.size = round_up(pa + size, PAGE_SIZE) - area.pa;
	a = area_new(k, IOREMAP_BASE, area);
	if (!a)
		return 0;
	before = kernel_cause(k, kernel_tell(k, &(struct event){ .kind = EV_IO_MAP,
		.addr = a->va + (pa & PAGE_MASK), .addr2 = pa, .size = event_size(size),
		.a = attr }));
	map_area(k, a);
	kernel_cause(k, before);
	return a->va + (pa & PAGE_MASK);
}

bool iounmap(struct kernel *k, vaddr_t va)
{
	const struct vm_area *a = vm_area_at(k, va);
	uint64_t before;

	if (!a || a->kind != VM_IOREMAP || a->va != round_down(va, PAGE_SIZE)) {
		kernel_log(k, KLOG_NOT_VMALLOC, va, 0, 0);
		return false;
	}
	before = kernel_cause(k, kernel_tell(k, &(struct event){ .kind = EV_IO_UNMAP,
		.addr = a->va, .addr2 = a->pa, .size = event_size(a->size) }));
	unmap_area(k, a);
	kernel_cause(k, before);
	area_drop(k, a);
	return true;
}

vaddr_t vm_remap(struct kernel *k, paddr_t pa, uint64_t size, enum attr attr)
{
	const struct vm_area *a = area_new(k, VMALLOC_BASE, (struct vm_area){ .kind = VM_COHERENT,
		.pa = pa, .size = round_up(size, PAGE_SIZE), .attr = (uint8_t)attr });

	if (!a)
		return 0;
	map_area(k, a);
	return a->va;
}

void vm_unremap(struct kernel *k, vaddr_t va)
{
	const struct vm_area *a = vm_area_at(k, va);

	assert(a && a->kind == VM_COHERENT && a->va == va);
	unmap_area(k, a);
	area_drop(k, a);
}

vaddr_t vm_scatter(struct kernel *k, uint64_t size, uint32_t gfp, enum attr attr)
{
	const struct vm_area *a = area_of_frames(k, (struct vm_area){ .kind = VM_COHERENT,
		.size = size, .attr = (uint8_t)attr }, gfp);

	for (uint64_t at = 0; a && at < size; at += PAGE_SIZE)
		tell_map(k, EV_VM_MAP, a->va + at, page_behind(k, a->va + at), PAGE_SIZE, attr);
	return a ? a->va : 0;
}

void vm_unscatter(struct kernel *k, vaddr_t va)
{
	const struct vm_area *a = vm_area_at(k, va);

	assert(a && a->pages && a->va == va);
	poison_frames(k, a);
	take_apart(k, a);
}
