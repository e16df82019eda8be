#include "kernel/pages.h"

#include "kernel/context.h"

#include <assert.h>

uint32_t pages_max_order(const struct kernel *k)
{
	return k->hw->board.profile == PROFILE_SLIDES ? ORDER_MAX : ORDER_MAX - 1;
}

uint32_t pages_order(uint64_t size)
{
	uint32_t order = 0;

	for (uint64_t pages = (size - 1) >> PAGE_SHIFT; pages; pages >>= 1)
		order++;
	return order;
}

const struct frame *frame_read(const struct kernel *k, uint64_t pfn)
{
	static const struct frame absent = { .kind = FRAME_ABSENT };
	const struct frame *leaf;

	if (pfn / FRAMES_PER_LEAF >= k->frames.count)
		return &absent;
	leaf = cow_read(&k->frames, pfn / FRAMES_PER_LEAF);
	return &leaf[pfn % FRAMES_PER_LEAF];
}

struct frame *frame_write(struct kernel *k, uint64_t pfn)
{
	struct frame *leaf = cow_write(&k->frames, pfn / FRAMES_PER_LEAF);

	return &leaf[pfn % FRAMES_PER_LEAF];
}

static bool is_head(const struct frame *f)
{
	return f->kind != FRAME_ABSENT && f->kind != FRAME_TAIL;
}

/* A block is aligned to its size, so its head is one of a few frames, and the first found is it. */
uint64_t frame_head(const struct kernel *k, uint64_t pfn)
{
	for (uint32_t order = 0; order <= ORDER_MAX; order++) {
		uint64_t head = round_down(pfn, (uint64_t)1 << order);
		const struct frame *f = frame_read(k, head);

		if (is_head(f))
			return pfn - head < (uint64_t)1 << f->order ? head : pfn;
	}
	return pfn;
}

bool virt_range_valid(const struct kernel *k, vaddr_t va, uint64_t n)
{
	const struct board *b = &k->hw->board;
	paddr_t pa = va - LINEAR_BASE;

	if (va < LINEAR_BASE || !inside(pa, n, 0, board_kernel_end(b)))
		return false;
	return board_is_ram(b, pa, n);
}

bool virt_addr_valid(const struct kernel *k, vaddr_t va)
{
	return virt_range_valid(k, va, 1);
}

/* Pfn at which a zone ends. Each begins where the one before ends. */
static uint64_t zone_end(const struct kernel *k, enum zone zone)
{
	uint64_t dma = k->hw->board.zone_dma >> PAGE_SHIFT;
	uint64_t dma32 = k->hw->board.zone_dma32 >> PAGE_SHIFT;

	if (zone == ZONE_DMA)
		return dma;
	if (zone == ZONE_DMA32)
		return dma > dma32 ? dma : dma32;
	return UINT64_MAX;
}

static enum zone zone_of(const struct kernel *k, uint64_t pfn)
{
	enum zone zone = ZONE_DMA;

	while (pfn >= zone_end(k, zone))
		zone++;
	return zone;
}

static void list_add(struct kernel *k, uint64_t pfn, uint32_t order)
{
	enum zone zone = zone_of(k, pfn);
	uint32_t *first = &k->free_list[zone][order];
	struct frame *f = frame_write(k, pfn);

	f->kind = FRAME_FREE;
	f->order = (uint8_t)order;
	f->zone = (uint8_t)zone;
	f->next = *first;
	f->prev = 0;
	if (*first)
		frame_write(k, *first)->prev = (uint32_t)pfn;
	*first = (uint32_t)pfn;
	k->free_blocks[zone][order]++;
}

/* Out of its free list; a TAIL until somebody makes it a head again. */
static void list_remove(struct kernel *k, uint64_t pfn)
{
	struct frame *f = frame_write(k, pfn);

	if (f->prev)
		frame_write(k, f->prev)->next = f->next;
	else
		k->free_list[f->zone][f->order] = f->next;
	if (f->next)
		frame_write(k, f->next)->prev = f->prev;
	k->free_blocks[f->zone][f->order]--;
	f->kind = FRAME_TAIL;
	f->next = f->prev = 0;
}

/*
 * Free [start, end), of one zone, as the largest aligned blocks:
 * from above, so the lowest is first.
 */
static void seed_zone(struct kernel *k, enum zone zone, uint64_t start, uint64_t end)
{
	while (end > start) {
		uint32_t order = pages_max_order(k);

		while (end & (((uint64_t)1 << order) - 1) || end - start < (uint64_t)1 << order)
			order--;
		end -= (uint64_t)1 << order;
		list_add(k, end, order);
		k->managed[zone] += (uint64_t)1 << order;
	}
}

static void seed(struct kernel *k, paddr_t start, paddr_t end)
{
	uint64_t from = start >> PAGE_SHIFT;
	uint64_t last = min_u64(end, board_kernel_end(&k->hw->board)) >> PAGE_SHIFT;

	for (enum zone zone = ZONE_DMA; zone < ZONE_COUNT && from < last; zone++) {
		uint64_t to = min_u64(last, zone_end(k, zone));

		if (to <= from)
			continue;
		seed_zone(k, zone, from, to);
		from = to;
	}
}

void pages_init(struct kernel *k)
{
	const struct board *b = &k->hw->board;

	for (uint64_t pfn = 0; pfn < k->reserved_end >> PAGE_SHIFT; pfn++)
		frame_write(k, pfn)->kind = FRAME_RESERVED;
	if (b->ram2)
		seed(k, b->ram2_at, b->ram2_at + b->ram2);
	seed(k, k->reserved_end, k->cma.pages ? k->cma.start << PAGE_SHIFT : b->ram);
}

/* The highest zone a request may use; the lowest there is when it asks for less than that. */
static enum zone highest_zone(const struct kernel *k, uint32_t gfp)
{
	enum zone asked = gfp & GFP_DMA ? ZONE_DMA : gfp & GFP_DMA32 ? ZONE_DMA32 : ZONE_NORMAL;
	enum zone lowest = ZONE_DMA;

	while (lowest < ZONE_NORMAL && !k->managed[lowest])
		lowest++;
	return asked > lowest ? asked : lowest;
}

bool pages_zone_allowed(const struct kernel *k, uint32_t gfp, enum zone zone)
{
	return zone <= highest_zone(k, gfp);
}

/* The first block of this zone that is large enough, cut down to size from its upper end. */
static bool take_block(struct kernel *k, enum zone zone, uint32_t order, uint64_t *pfn)
{
	uint32_t from = order;

	while (from <= ORDER_MAX && !k->free_list[zone][from])
		from++;
	if (from > ORDER_MAX)
		return false;
	*pfn = k->free_list[zone][from];
	list_remove(k, *pfn);
	while (from-- > order)
		list_add(k, *pfn + ((uint64_t)1 << from), from);
	return true;
}

bool pages_take(struct kernel *k, uint32_t gfp, uint32_t order, enum frame_kind kind, uint64_t *pfn)
{
	bool quiet = gfp & GFP_NOWARN;

	if (order > pages_max_order(k)) {
		if (!quiet)
			kernel_log(k, KLOG_ORDER_TOO_BIG, order, pages_max_order(k), 0);
		return false;
	}
	for (uint32_t zone = highest_zone(k, gfp) + 1u; zone-- > 0; ) {
		if (take_block(k, (enum zone)zone, order, pfn)) {
			frame_write(k, *pfn)->kind = (uint8_t)kind;
			frame_write(k, *pfn)->order = (uint8_t)order;
			return true;
		}
	}
	if (!quiet)
		kernel_log(k, KLOG_PAGE_FAILURE, order, gfp, 0);
	return false;
}

static bool free_block(const struct kernel *k, uint64_t pfn, uint32_t order, enum zone zone)
{
	const struct frame *f = frame_read(k, pfn);

	return f->kind == FRAME_FREE && f->order == order && f->zone == zone;
}

void pages_give(struct kernel *k, uint64_t pfn, uint32_t order)
{
	struct frame *f = frame_write(k, pfn);
	enum zone zone = (enum zone)f->zone;

	assert(is_head(f) && f->kind != FRAME_FREE && f->order == order);
	f->was = f->kind;
	f->kind = FRAME_TAIL;
	for (; order < pages_max_order(k); order++) {
		uint64_t buddy = pfn ^ (uint64_t)1 << order;

		if (!free_block(k, buddy, order, zone))
			break;
		list_remove(k, buddy);
		pfn = min_u64(pfn, buddy);
	}
	list_add(k, pfn, order);
}

void pages_split(struct kernel *k, uint64_t pfn)
{
	struct frame head = *frame_read(k, pfn);

	for (uint64_t i = 0; i < (uint64_t)1 << head.order; i++) {
		struct frame *f = frame_write(k, pfn + i);

		f->kind = head.kind;
		f->zone = head.zone;
		f->order = 0;
	}
}

static struct block block_at(uint64_t pfn, uint32_t order)
{
	paddr_t pa = pfn << PAGE_SHIFT;

	return (struct block){ .kind = MEM_PAGES, .va = phys_to_virt(pa), .pa = pa,
		.asked = PAGE_SIZE << order, .size = PAGE_SIZE << order };
}

vaddr_t pages_alloc(struct kernel *k, uint32_t gfp, uint32_t order)
{
	struct block b;
	uint64_t pfn;

	context_might_alloc(k, SLEEPER_PAGES, gfp);
	if (!pages_take(k, gfp, order, FRAME_PAGES, &pfn))
		return 0;
	b = block_at(pfn, order);
	kernel_tell_alloc(k, &b, gfp);
	return b.va;
}

/* Is va a block of __get_free_pages of this order? If not, why not. */
static bool may_free(const struct kernel *k, vaddr_t va, uint32_t order, enum bad_free *why)
{
	uint64_t pfn = (va - LINEAR_BASE) >> PAGE_SHIFT, head = frame_head(k, pfn);
	const struct frame *f = frame_read(k, head);
	bool start = !(va & PAGE_MASK);

	*why = BAD_FREE_FOREIGN;
	if (!virt_addr_valid(k, va))
		return false;
	if (f->kind == FRAME_FREE && start && frame_read(k, pfn)->was == FRAME_PAGES)
		*why = BAD_FREE_TWICE;
	if (f->kind != FRAME_PAGES)
		return false;
	*why = start && head == pfn ? BAD_FREE_ORDER : BAD_FREE_INSIDE;
	return *why == BAD_FREE_ORDER && f->order == order;
}

void pages_free(struct kernel *k, vaddr_t va, uint32_t order)
{
	enum bad_free why;
	struct block b;

	if (!va)
		return;
	if (!may_free(k, va, order, &why)) {
		kernel_tell_bad_free(k, MEM_PAGES, va, why);
		return;
	}
	b = block_at((va - LINEAR_BASE) >> PAGE_SHIFT, order);
	kernel_fill(k, va, PAGE_POISON, b.size);
	kernel_tell_free(k, &b);
	pages_give(k, b.pa >> PAGE_SHIFT, order);
}
