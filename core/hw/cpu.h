#pragma once
/*
 * What the CPU can do: load, store, barriers, cache maintenance. Everything a driver does to memory
 * passes here, through MMU, caches and store buffer.
 *
 * The fast path is a load or store that hits the first level while no store or device is due: a
 * remembered translation, and a copy. On a page nobody watches it leaves no event. Everything else
 * goes the long way. Sizes are 1, 2, 4 or 8 bytes; values are little endian. A fault is returned
 * and told (cpu.fault), and nothing has changed.
 */
#include "hw/hw.h"

enum status cpu_load_slow(struct hw *h, vaddr_t va, size_t size, uint64_t *value);
enum status cpu_store_slow(struct hw *h, vaddr_t va, size_t size, uint64_t value);

/* [va, va+n) as bytes, up to 8 at a time. n may be 0. */
must_check enum status cpu_read(struct hw *h, vaddr_t va, void *bytes, size_t n);
must_check enum status cpu_write(struct hw *h, vaddr_t va, const void *bytes, size_t n);

/* memset. `kernel`: the little kernel's own doing (zeroing, poison), not the driver's. */
must_check enum status cpu_fill(struct hw *h, vaddr_t va, uint8_t byte, size_t n, bool kernel);

/* memcpy, forwards. The ranges must not overlap. */
must_check enum status cpu_copy(struct hw *h, vaddr_t to, vaddr_t from, size_t n);

/* OK when every byte of the range is mapped to something; touches nothing, tells nothing. */
must_check enum status cpu_check(const struct hw *h, vaddr_t va, uint64_t n);

/*
 * Write barriers: earlier stores leave before later ones. Read barriers: what was read early is
 * forgotten. mb is both.
 */
void cpu_barrier(struct hw *h, enum barrier barrier);

/* Cache maintenance by virtual address, all levels, whole lines (arm64: DC CVAC, IVAC, CIVAC). */
must_check enum status cpu_cache(struct hw *h, enum cache_op op, vaddr_t va, uint64_t n);

/*
 * The same by physical address. level: 1, 2, or 0 for all. spare_edges: an invalidate cleans a line
 * the range only partly covers before it drops it.
 */
void cpu_maintain(struct hw *h, enum cache_op op, paddr_t pa, uint64_t n, uint32_t level,
		  bool spare_edges);

/* Every line of every level. */
void cpu_cache_all(struct hw *h, enum cache_op op);

/* Tell the fault at va as an event. Returns why. */
enum status cpu_fault(struct hw *h, vaddr_t va, uint64_t size, bool store, enum status why);

static inline struct spot *cpu_spot(struct hw *h, vaddr_t va, size_t size)
{
	struct spot *s = &h->spots[(va >> h->l1.line_shift) & (SPOTS - 1)];
	uint64_t offset = va & (h->l1.line - 1);

	if (s->va != va - offset || offset + size > h->l1.line ||
	    h->bus.cycle + h->board.cycles_l1 >= h->due)
		return NULL;
	return s;
}

/* The bookkeeping of a hit: its time, and which line was used last. */
static inline void cpu_hit(struct hw *h, const struct spot *s)
{
	h->bus.cycle += h->board.cycles_l1;
	*s->used = ++h->l1.clock;
	if (h->l1.policy == POLICY_PLRU)
		cache_touch_plru(s->order, h->l1.ways, s->way);
}

/* The event of a hit, where somebody watches. */
void cpu_tell_hit(struct hw *h, const struct spot *s, enum event_kind kind, vaddr_t va, size_t size,
		  uint64_t value);

static inline uint64_t bytes_get(const uint8_t *from, size_t size)
{
	uint64_t v8;
	uint32_t v4;
	uint16_t v2;

	switch (size) {
	case 8:  __builtin_memcpy(&v8, from, 8); return v8;
	case 4:  __builtin_memcpy(&v4, from, 4); return v4;
	case 2:  __builtin_memcpy(&v2, from, 2); return v2;
	default: return *from;
	}
}

static inline void bytes_put(uint8_t *to, size_t size, uint64_t value)
{
	switch (size) {
	case 8:  __builtin_memcpy(to, &value, 8); break;
	case 4:  __builtin_memcpy(to, &value, 4); break;
	case 2:  __builtin_memcpy(to, &value, 2); break;
	default: *to = (uint8_t)value;
	}
}

must_check static inline enum status cpu_load(struct hw *h, vaddr_t va, size_t size,
					      uint64_t *value)
{
	const struct spot *s = cpu_spot(h, va, size);

	if (!s)
		return cpu_load_slow(h, va, size, value);
	*value = bytes_get(s->bytes + (va - s->va), size);
	if (s->watched)
		cpu_tell_hit(h, s, EV_CPU_LOAD, va, size, *value);
	cpu_hit(h, s);
	return OK;
}

must_check static inline enum status cpu_store(struct hw *h, vaddr_t va, size_t size,
					       uint64_t value)
{
	const struct spot *s = cpu_spot(h, va, size);

	if (!s || !s->writable)
		return cpu_store_slow(h, va, size, value);
	bytes_put(s->bytes + (va - s->va), size, value);
	if (s->watched)
		cpu_tell_hit(h, s, EV_CPU_STORE, va, size, value);
	cpu_hit(h, s);
	return OK;
}
