#include "watch/ownership.h"

#define GRANULE   8      /* bytes; the allocators' smallest block */
#define WORD      64     /* bits */
#define LIVE_LEAF 64     /* words of `live` */
#define SLOTS_PER_LEAF 16
#define DEAD_KEPT 64     /* slots filled before an ended mapping's is used again */

enum { LIVES, ENDED };   /* groups of by_pa */

/* What is known of one page besides its bytes. */
struct note {
	uint64_t owned[4096 / WORD];         /* one bit a byte: a device owns it */
	uint64_t freed[4096 / GRANULE];      /* number of the mem.free event, 0: not freed */
	uint32_t owned_bytes;                /* bits set above */
	uint32_t marks;                      /* enum page_mark */
};

/* Stores a call dropped, in one page. */
struct gone {
	uint64_t stamp[4096];
	uint8_t value[4096];
};

void ownership_init(struct ownership *o, uint64_t ram_bytes)
{
	*o = (struct ownership){ .ram_bytes = ram_bytes };
	cow_init(&o->slots, SLOTS_PER_LEAF * sizeof(struct mapping),
		 ram_bytes ? MAPPINGS_MAX / SLOTS_PER_LEAF : 0);
	cow_init(&o->live, LIVE_LEAF * sizeof(uint64_t),
		 ram_bytes ? MAPPINGS_MAX / (LIVE_LEAF * WORD) : 0);
	ranges_init(&o->by_dma, ram_bytes ? MAPPINGS_MAX : 0);
	ranges_init(&o->by_pa, ram_bytes ? MAPPINGS_MAX : 0);
	cow_init(&o->notes, sizeof(struct note), ram_bytes >> PAGE_SHIFT);
	cow_init(&o->gone, sizeof(struct gone), ram_bytes >> PAGE_SHIFT);
}

void ownership_release(struct ownership *o)
{
	cow_release(&o->slots);
	cow_release(&o->live);
	ranges_release(&o->by_dma);
	ranges_release(&o->by_pa);
	cow_release(&o->notes);
	cow_release(&o->gone);
}

void ownership_copy(struct ownership *to, const struct ownership *from)
{
	*to = *from;
	cow_copy(&to->slots, &from->slots);
	cow_copy(&to->live, &from->live);
	ranges_copy(&to->by_dma, &from->by_dma);
	ranges_copy(&to->by_pa, &from->by_pa);
	cow_copy(&to->notes, &from->notes);
	cow_copy(&to->gone, &from->gone);
}

static struct mapping *slot_write(struct ownership *o, uint32_t i)
{
	return (struct mapping *)cow_write(&o->slots, i / SLOTS_PER_LEAF) + i % SLOTS_PER_LEAF;
}

size_t ownership_apart(const struct ownership *o, const struct ownership *from)
{
	return cow_apart(&o->slots, &from->slots) + cow_apart(&o->live, &from->live) +
	       ranges_apart(&o->by_dma, &from->by_dma) + ranges_apart(&o->by_pa, &from->by_pa) +
	       cow_apart(&o->notes, &from->notes) + cow_apart(&o->gone, &from->gone);
}

const struct mapping *ownership_mapping(const struct ownership *o, uint32_t i)
{
	return (const struct mapping *)cow_read(&o->slots, i / SLOTS_PER_LEAF) + i % SLOTS_PER_LEAF;
}

uint32_t ownership_live(const struct ownership *o, uint32_t from)
{
	for (; from < o->end; from = (uint32_t)round_down(from, WORD) + WORD) {
		const uint64_t *leaf = cow_read(&o->live, from / WORD / LIVE_LEAF);
		uint64_t word = leaf[from / WORD % LIVE_LEAF] >> from % WORD;

		if (word)
			return from + (uint32_t)__builtin_ctzll(word);
	}
	return o->end;
}

static void set_live(struct ownership *o, uint32_t slot, bool live)
{
	uint64_t *leaf = cow_write(&o->live, slot / WORD / LIVE_LEAF);
	uint64_t *word = &leaf[slot / WORD % LIVE_LEAF], bit = (uint64_t)1 << slot % WORD;

	*word = live ? *word | bit : *word & ~bit;
}

void ownership_end(struct ownership *o, struct mapping *m)
{
	m->live = false;
	m->ended_next = 0;
	set_live(o, m->slot, false);
	ranges_remove(&o->by_dma, m->slot);
	ranges_remove(&o->by_pa, m->slot);
	ranges_add(&o->by_pa, m->slot, ENDED, m->pa, m->size);
	if (o->ended)
		ownership_change(o, o->ended_last - 1)->ended_next = m->slot + 1;
	else
		o->ended = m->slot + 1;
	o->ended_last = m->slot + 1;
}

/* The slot to reuse: of the mapping that ended first, once a few are kept; or `end`. */
static uint32_t slot_for_new(struct ownership *o)
{
	uint32_t slot = o->ended - 1;

	if (o->end < DEAD_KEPT || !o->ended)
		return o->end;
	o->ended = ownership_mapping(o, slot)->ended_next;
	ranges_remove(&o->by_pa, slot);
	return slot;
}

struct mapping *ownership_add(struct ownership *o, const struct mapping *m)
{
	uint32_t slot = slot_for_new(o);
	struct mapping *to;

	if (slot == MAPPINGS_MAX) {
		o->crowded = true;
		return NULL;
	}
	o->end += slot == o->end;
	to = slot_write(o, slot);
	*to = *m;
	to->slot = slot;
	set_live(o, slot, true);
	ranges_add(&o->by_dma, slot, to->device, to->dma, to->size);
	ranges_add(&o->by_pa, slot, LIVES, to->pa, to->size);
	return to;
}

struct ranges_walk ownership_on_bus(const struct ownership *o, uint32_t device, uint64_t dma,
				    uint64_t n)
{
	return ranges_walk(&o->by_dma, device, dma, n);
}

struct ranges_walk ownership_in(const struct ownership *o, uint64_t pa, uint64_t n)
{
	return ranges_walk(&o->by_pa, LIVES, pa, n);
}

struct ranges_walk ownership_ended_in(const struct ownership *o, uint64_t pa, uint64_t n)
{
	return ranges_walk(&o->by_pa, ENDED, pa, n);
}

uint32_t ownership_met(const struct ownership *o, struct ranges_walk w, uint32_t from)
{
	uint32_t best = o->end;

	while (ranges_next(&w))
		if (w.number >= from && w.number < best)
			best = w.number;
	return best;
}

/* Of several the one with the lowest number, `end` when there is none. */
static uint32_t slot_of(const struct ownership *o, uint32_t device, uint64_t dma, uint64_t n)
{
	struct ranges_walk w = ownership_on_bus(o, device, dma, 1);
	uint32_t best = o->end;

	while (ranges_next(&w)) {
		const struct mapping *m = ownership_mapping(o, w.number);

		if (w.number < best && inside(dma, n, m->dma, m->size))
			best = w.number;
	}
	return best;
}

const struct mapping *ownership_find(const struct ownership *o, uint32_t device, uint64_t dma,
				     uint64_t n)
{
	uint32_t slot = slot_of(o, device, dma, n);

	return slot < o->end ? ownership_mapping(o, slot) : NULL;
}

struct mapping *ownership_find_write(struct ownership *o, uint32_t device, uint64_t dma, uint64_t n)
{
	uint32_t slot = slot_of(o, device, dma, n);

	return slot < o->end ? slot_write(o, slot) : NULL;
}

struct mapping *ownership_change(struct ownership *o, uint32_t i)
{
	return slot_write(o, i);
}

uint32_t ownership_overwritten(const struct ownership *o, uint32_t device)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < o->end; i++) {
		const struct mapping *m = ownership_mapping(o, i);

		n += m->live && m->again && m->device == device;
	}
	return n;
}

/* Of two mappings an unmap may mean: the one of its size, and of those the newer one. */
static bool fits_better(const struct mapping *m, const struct mapping *than, uint64_t size)
{
	return (m->size == size) == (than->size == size) ? m->seq > than->seq : m->size == size;
}

struct mapping *ownership_named(struct ownership *o, uint32_t device, uint64_t dma, uint64_t size,
				bool coherent_memory)
{
	struct ranges_walk w = ownership_on_bus(o, device, dma, 1);
	uint32_t best = o->end;

	while (ranges_next(&w)) {
		const struct mapping *m = ownership_mapping(o, w.number);

		if (m->dma != dma || m->coherent_memory != coherent_memory)
			continue;
		if (best == o->end || fits_better(m, ownership_mapping(o, best), size))
			best = w.number;
	}
	return best < o->end ? slot_write(o, best) : NULL;
}

bool ownership_covers(const struct mapping *m, uint64_t pa)
{
	return m->seq && inside(pa, 1, m->pa, m->size);
}

/* Of those that hold the byte the one that changed hands last, and of those the lowest slot's. */
static const struct mapping *newest(const struct ownership *o, struct ranges_walk w, uint64_t pa)
{
	const struct mapping *best = NULL;

	while (ranges_next(&w)) {
		const struct mapping *m = ownership_mapping(o, w.number);

		if (!ownership_covers(m, pa))
			continue;
		if (!best || m->handover > best->handover ||
		    (m->handover == best->handover && m->slot < best->slot))
			best = m;
	}
	return best;
}

const struct mapping *ownership_of(const struct ownership *o, uint64_t pa)
{
	const struct mapping *m = newest(o, ownership_in(o, pa, 1), pa);

	return m ? m : newest(o, ownership_ended_in(o, pa, 1), pa);
}

/* The bits of bytes first to last of a page in the word that holds the first. */
static uint64_t bits(uint64_t first, uint64_t last)
{
	uint64_t from = ~(uint64_t)0 << first % WORD;

	return last / WORD > first / WORD ? from : from & ~(uint64_t)0 >> (WORD - 1 - last % WORD);
}

/* Bytes first to last of a page. */
static void own_bytes(struct note *n, uint64_t first, uint64_t last, bool device)
{
	for (uint64_t at = first; at <= last; at = round_down(at, WORD) + WORD) {
		uint64_t *word = &n->owned[at / WORD], mask = bits(at, last);

		n->owned_bytes -= (uint32_t)__builtin_popcountll(*word & mask);
		*word = device ? *word | mask : *word & ~mask;
		n->owned_bytes += (uint32_t)__builtin_popcountll(*word & mask);
	}
}

static void set_owner(struct ownership *o, uint64_t pa, uint64_t size, bool device)
{
	for (uint64_t end = min_u64(pa + size, o->ram_bytes); pa < end; ) {
		uint64_t stop = min_u64(end, round_down(pa, PAGE_SIZE) + PAGE_SIZE);

		own_bytes(cow_write(&o->notes, pa >> PAGE_SHIFT), pa & PAGE_MASK,
			  (stop - 1) & PAGE_MASK, device);
		pa = stop;
	}
}

void ownership_hand_over(struct ownership *o, uint64_t pa, uint64_t size, bool device)
{
	struct ranges_walk w = ownership_in(o, pa, size);

	set_owner(o, pa, size, device);
	while (!device && ranges_next(&w)) {
		const struct mapping *m = ownership_mapping(o, w.number);
		uint64_t from = m->pa > pa ? m->pa : pa, end = min_u64(m->pa + m->size, pa + size);

		if (m->device_owns && from < end)
			set_owner(o, from, end - from, true);
	}
}

bool ownership_is_device(const struct ownership *o, uint64_t pa)
{
	const struct note *n;

	if (pa >= o->ram_bytes)
		return false;
	n = cow_read(&o->notes, pa >> PAGE_SHIFT);
	return n->owned[(pa & PAGE_MASK) / WORD] >> pa % WORD & 1;
}

void ownership_mark(struct ownership *o, uint64_t pa, uint64_t size, enum page_mark mark)
{
	uint64_t end = min_u64(pa + size, o->ram_bytes);

	for (pa = round_down(pa, PAGE_SIZE); pa < end; pa += PAGE_SIZE) {
		struct note *n = cow_write(&o->notes, pa >> PAGE_SHIFT);

		n->marks |= mark;
	}
}

void ownership_unmark(struct ownership *o, uint64_t pa, enum page_mark mark)
{
	struct note *n = cow_write(&o->notes, pa >> PAGE_SHIFT);

	n->marks &= ~(uint32_t)mark;
}

bool ownership_is_marked(const struct ownership *o, uint64_t pa, enum page_mark mark)
{
	const struct note *n = cow_read(&o->notes, pa >> PAGE_SHIFT);

	return n->marks & mark;
}

bool ownership_is_notable(const struct ownership *o, uint64_t pa)
{
	const struct note *n = cow_read(&o->notes, pa >> PAGE_SHIFT);

	return n->owned_bytes || n->marks;
}

bool ownership_any_device(const struct ownership *o, uint64_t pa, uint64_t n)
{
	const struct note *note = cow_read(&o->notes, pa >> PAGE_SHIFT);
	uint64_t first = pa & PAGE_MASK, last = first + n - 1;

	for (uint64_t at = first; at <= last; at = round_down(at, WORD) + WORD)
		if (note->owned[at / WORD] & bits(at, last))
			return true;
	return false;
}

void ownership_set_freed(struct ownership *o, uint64_t pa, uint64_t size, uint64_t event)
{
	for (uint64_t end = min_u64(pa + size, o->ram_bytes); pa < end; ) {
		uint64_t stop = min_u64(end, round_down(pa, PAGE_SIZE) + PAGE_SIZE);

		if (event || cow_present(&o->notes, pa >> PAGE_SHIFT)) {
			struct note *n = cow_write(&o->notes, pa >> PAGE_SHIFT);

			for (; pa < stop; pa += GRANULE)
				n->freed[(pa & PAGE_MASK) / GRANULE] = event;
		}
		pa = stop;
	}
}

uint64_t ownership_freed(const struct ownership *o, uint64_t pa)
{
	const struct note *n = cow_read(&o->notes, pa >> PAGE_SHIFT);

	return n->freed[(pa & PAGE_MASK) / GRANULE];
}

void ownership_set_dropped(struct ownership *o, uint64_t pa, uint8_t value, uint64_t stamp)
{
	struct gone *g = cow_write(&o->gone, pa >> PAGE_SHIFT);

	g->stamp[pa & PAGE_MASK] = stamp;
	g->value[pa & PAGE_MASK] = value;
}

bool ownership_any_dropped(const struct ownership *o, uint64_t pa)
{
	return cow_present(&o->gone, pa >> PAGE_SHIFT);
}

uint64_t ownership_dropped(const struct ownership *o, uint64_t pa, uint8_t *value)
{
	const struct gone *g = cow_read(&o->gone, pa >> PAGE_SHIFT);

	*value = g->value[pa & PAGE_MASK];
	return g->stamp[pa & PAGE_MASK];
}
