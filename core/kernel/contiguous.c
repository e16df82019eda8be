#include "kernel/contiguous.h"

#include "kernel/pages.h"

#define PAGES_SPARED 8     /* the region leaves the kernel at least so many */

static void set_kind(struct kernel *k, uint64_t pfn, uint64_t n, enum frame_kind kind)
{
	for (uint64_t i = 0; i < n; i++)
		frame_write(k, pfn + i)->kind = (uint8_t)kind;
}

void cma_init(struct kernel *k)
{
	const struct board *b = &k->hw->board;
	paddr_t end = min_u64(b->ram, board_kernel_end(b));
	uint64_t size = round_up(b->cma, PAGE_SIZE);

	if (!size)
		return;
	if (size > end - k->reserved_end - PAGES_SPARED * PAGE_SIZE) {
		kernel_log(k, KLOG_CMA_NO_ROOM, size / MIB, 0, 0);
		return;
	}
	k->cma.start = (end - size) >> PAGE_SHIFT;
	k->cma.pages = size >> PAGE_SHIFT;
	set_kind(k, k->cma.start, k->cma.pages, FRAME_RESERVED);
	kernel_log(k, KLOG_CMA_RESERVED, size / MIB, end - size, 0);
}

bool cma_holds(const struct kernel *k, uint64_t pfn)
{
	return inside(pfn, 1, k->cma.start, k->cma.pages);
}

/* The free ones are those that are still reserved. */
static bool is_free(const struct kernel *k, uint64_t pfn, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (frame_read(k, pfn + i)->kind != FRAME_RESERVED)
			return false;
	return true;
}

/* The first place for n pages, aligned to their order; 0 when there is none. */
static uint64_t find(const struct kernel *k, uint64_t n, uint32_t order)
{
	uint64_t step = (uint64_t)1 << order, end = k->cma.start + k->cma.pages;

	for (uint64_t pfn = round_up(k->cma.start, step); inside(pfn, n, 0, end); pfn += step)
		if (is_free(k, pfn, n))
			return pfn;
	return 0;
}

bool cma_take(struct kernel *k, uint32_t gfp, uint64_t size, enum frame_kind kind, uint64_t *pfn)
{
	uint64_t n = (size + PAGE_MASK) >> PAGE_SHIFT;
	uint32_t order = n ? pages_order(size) : 0;

	if (!k->cma.pages || n < 2 || !(gfp & GFP_DIRECT_RECLAIM))
		return false;
	*pfn = n > k->cma.pages ? 0 : find(k, n, order);
	if (!*pfn) {
		if (!(gfp & GFP_NOWARN))
			kernel_log(k, KLOG_CMA_FAILED, n, 0, 0);
		return false;
	}
	set_kind(k, *pfn, n, FRAME_TAIL);
	frame_write(k, *pfn)->kind = (uint8_t)kind;
	frame_write(k, *pfn)->order = (uint8_t)order;
	return true;
}

uint64_t cma_size(const struct kernel *k, uint64_t pfn)
{
	uint64_t n = 1;

	while (cma_holds(k, pfn + n) && frame_read(k, pfn + n)->kind == FRAME_TAIL)
		n++;
	return n << PAGE_SHIFT;
}

void cma_give(struct kernel *k, uint64_t pfn)
{
	frame_write(k, pfn)->was = frame_read(k, pfn)->kind;
	set_kind(k, pfn, cma_size(k, pfn) >> PAGE_SHIFT, FRAME_RESERVED);
}

uint64_t cma_free_pages(const struct kernel *k)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < k->cma.pages; i++)
		n += is_free(k, k->cma.start + i, 1);
	return n;
}
