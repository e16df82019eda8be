#include "hw/bus.h"

#include <assert.h>
#include <string.h>

void bus_init(struct bus *b, const struct board *board)
{
	size_t pages = board_ram_end(board) >> PAGE_SHIFT;

	*b = (struct bus){ .board = board, .watch_all = true };
	cow_init(&b->ram, PAGE_SIZE, pages);
	cow_init(&b->watched, 4096, (pages >> 15) + 1);
	nature_init(&b->nature, board->nature, board->seed);
}

void bus_release(struct bus *b)
{
	cow_release(&b->ram);
	cow_release(&b->watched);
}

void bus_copy(struct bus *to, const struct bus *from)
{
	*to = *from;
	cow_copy(&to->ram, &from->ram);
	cow_copy(&to->watched, &from->watched);
}

void bus_ram_read(const struct bus *b, paddr_t pa, void *bytes, size_t n)
{
	assert(board_is_ram(b->board, pa, n));
	for (uint8_t *to = bytes; n; ) {
		size_t at = pa & PAGE_MASK, part = min_u64(n, PAGE_SIZE - at);

		memcpy(to, (const uint8_t *)cow_read(&b->ram, pa >> PAGE_SHIFT) + at, part);
		pa += part, to += part, n -= part;
	}
}

void bus_ram_write(struct bus *b, paddr_t pa, const void *bytes, size_t n)
{
	assert(board_is_ram(b->board, pa, n));
	for (const uint8_t *from = bytes; n; ) {
		size_t at = pa & PAGE_MASK, part = min_u64(n, PAGE_SIZE - at);

		memcpy((uint8_t *)cow_write(&b->ram, pa >> PAGE_SHIFT) + at, from, part);
		pa += part, from += part, n -= part;
	}
}

void bus_take(struct bus *b, uint64_t latency, size_t n)
{
	uint64_t beats = (n + BUS_WIDTH - 1) / BUS_WIDTH, start = b->cycle + b->owed;

	if (start < b->free_at)
		start = b->free_at;
	b->free_at = start + latency + beats * b->board->cycles_beat;
	b->owed = b->free_at - b->cycle;
}

static void watch_page(struct bus *b, uint64_t page, bool on)
{
	uint8_t *bits = cow_write(&b->watched, page >> 15);
	uint8_t bit = (uint8_t)(1u << (page & 7));

	if (on)
		bits[(page & 0x7fff) >> 3] |= bit;
	else
		bits[(page & 0x7fff) >> 3] &= (uint8_t)~bit;
}

static bool is_beside(const struct bus *b, paddr_t line)
{
	for (uint32_t i = 0; i < BESIDE_LINES; i++)
		if (b->beside[i] == line + 1)
			return true;
	return false;
}

void bus_note_uncached(struct bus *b, paddr_t pa)
{
	paddr_t line = round_down(pa, BESIDE_LINE);

	if (b->nature.policy != NATURE_REPLAY || is_beside(b, line))
		return;
	b->beside[b->beside_next] = line + 1;
	b->beside_next = (b->beside_next + 1) % BESIDE_LINES;
}

void bus_note_beat(struct bus *b, paddr_t pa)
{
	b->beat_is_beside = b->nature.policy == NATURE_REPLAY &&
			    is_beside(b, round_down(pa, BESIDE_LINE));
}

void bus_watch(struct bus *b, paddr_t pa, uint64_t n, bool on)
{
	for (uint64_t page = pa >> PAGE_SHIFT; n && page <= (pa + n - 1) >> PAGE_SHIFT; page++)
		watch_page(b, page, on);
}
