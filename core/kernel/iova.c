#include "kernel/iova.h"

#define PAGES      (IOVA_END >> PAGE_SHIFT)      /* of one device */
#define LEAF_PAGES ((uint64_t)16384)
#define LEAVES     (PAGES / LEAF_PAGES)          /* of one device */

/* A bit a page. */
struct iova_leaf {
	uint64_t taken[LEAF_PAGES / 64], once[LEAF_PAGES / 64];
};

void iova_init(struct kernel *k)
{
	cow_init(&k->iova.pages, sizeof(struct iova_leaf),
		 board_translates(&k->hw->board) ? LEAVES * DEVICE_MAX : 0);
}

static const struct iova_leaf *leaf_of(const struct kernel *k, uint32_t dev, uint64_t page)
{
	return cow_read(&k->iova.pages, dev * LEAVES + page / LEAF_PAGES);
}

static uint64_t word_of(const struct kernel *k, uint32_t dev, uint64_t page)
{
	return leaf_of(k, dev, page)->taken[page % LEAF_PAGES / 64];
}

static bool is_taken(const struct kernel *k, uint32_t dev, uint64_t page)
{
	return word_of(k, dev, page) >> page % 64 & 1;
}

static void take(struct kernel *k, uint32_t dev, uint64_t first, uint64_t pages, bool taken)
{
	for (uint64_t page = first; page < first + pages; page++) {
		struct iova_leaf *leaf = cow_write(&k->iova.pages, dev * LEAVES + page / LEAF_PAGES);
		uint64_t word = page % LEAF_PAGES / 64, bit = (uint64_t)1 << page % 64;

		leaf->once[word] |= bit;
		leaf->taken[word] = taken ? leaf->taken[word] | bit : leaf->taken[word] & ~bit;
	}
}

/* The highest free page at or below this one, 0 when there is none. */
static uint64_t free_below(const struct kernel *k, uint32_t dev, uint64_t page)
{
	while (page && is_taken(k, dev, page))
		page = word_of(k, dev, page) == UINT64_MAX ? round_down(page, 64) - (page > 63)
							    : page - 1;
	return page;
}

/* The highest taken page of a range, 0 when all are free. */
static uint64_t last_taken(const struct kernel *k, uint32_t dev, uint64_t first, uint64_t pages)
{
	for (uint64_t page = first + pages; page-- > first; )
		if (is_taken(k, dev, page))
			return page;
	return 0;
}

dma_addr_t iova_alloc(struct kernel *k, uint32_t dev, uint64_t pages, dma_addr_t limit)
{
	uint64_t page = min_u64(limit, IOVA_END - 1) >> PAGE_SHIFT, align = 1, first, taken;

	if (min_u64(limit, IOVA_END - 1) % PAGE_SIZE != PAGE_MASK && page)
		page--;      /* the last page is not all within the limit */
	if (!pages || pages > PAGES)
		return 0;
	while (align < pages)
		align *= 2;
	for (;;) {
		page = free_below(k, dev, page);
		first = page + 1 < pages ? 0 : round_down(page + 1 - pages, align);
		if (!first)
			return 0;
		taken = last_taken(k, dev, first, pages);
		if (!taken)
			break;
		page = taken - 1;
	}
	take(k, dev, first, pages, true);
	return first << PAGE_SHIFT;
}

void iova_free(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t pages)
{
	take(k, dev, dma >> PAGE_SHIFT, pages, false);
}

bool iova_taken(const struct kernel *k, uint32_t dev, dma_addr_t dma)
{
	return k->iova.pages.count && dma < IOVA_END && is_taken(k, dev, dma >> PAGE_SHIFT);
}

bool iova_was_taken(const struct kernel *k, uint32_t dev, dma_addr_t dma)
{
	uint64_t page = dma >> PAGE_SHIFT;

	return k->iova.pages.count && dma < IOVA_END &&
	       leaf_of(k, dev, page)->once[page % LEAF_PAGES / 64] >> page % 64 & 1;
}
