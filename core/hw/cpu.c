#include "hw/cpu.h"

#include <assert.h>
#include <string.h>

/* The part of an access that lies in one line (cached) or one aligned word (not). */
struct piece {
	vaddr_t va;
	paddr_t pa;
	enum attr attr;
	size_t size;
};

enum status cpu_fault(struct hw *h, vaddr_t va, uint64_t size, bool store, enum status why)
{
	bus_tell(&h->bus, &(struct event){ .kind = EV_CPU_FAULT, .addr = va,
		.size = (uint32_t)min_u64(size, UINT32_MAX), .a = why, .b = store });
	return why;
}

static bool answers(const struct hw *h, paddr_t pa, size_t n)
{
	return board_is_ram(&h->board, pa, n) || (pa >= DEVICE_BASE &&
	       inside(pa, n, DEVICE_BASE, device_count * DEVICE_WINDOW));
}

static enum status find_piece(const struct hw *h, vaddr_t va, size_t size, struct piece *p)
{
	enum status s = mmu_translate(&h->mmu, va, &p->pa, &p->attr);

	p->va = va;
	p->size = min_u64(size, h->l1.line - (va & (h->l1.line - 1)));
	if (s != OK)
		return s;
	if (p->attr != ATTR_CACHED && (va & (size - 1)))
		return FAULT_ALIGN;
	return answers(h, p->pa, p->size) ? OK : FAULT_BUS;
}

/* Cut an access of at most 8 bytes into its one or two pieces. */
static enum status cut(const struct hw *h, vaddr_t va, size_t size, struct piece piece[2],
		       size_t *count)
{
	enum status s;

	if (va + size - 1 < va)
		return FAULT_RANGE;
	s = find_piece(h, va, size, &piece[0]);
	*count = 1;
	if (s == OK && piece[0].size < size) {
		s = find_piece(h, va + piece[0].size, size - piece[0].size, &piece[1]);
		*count = 2;
		if (s == OK && (piece[0].attr != ATTR_CACHED || piece[1].attr != ATTR_CACHED))
			return FAULT_ALIGN;
	}
	return s;
}

void cpu_tell_hit(struct hw *h, const struct spot *s, enum event_kind kind, vaddr_t va, size_t size,
		  uint64_t value)
{
	if (size < 8)
		value &= ((uint64_t)1 << 8 * size) - 1;
	bus_tell(&h->bus, &(struct event){ .kind = (uint16_t)kind, .addr = va,
		.addr2 = s->pa + (va - s->va), .value = value, .size = (uint32_t)size,
		.a = AT_L1, .b = h->kernel_at_work });
}

/* Remember a hit on the linear map for next time. */
static void remember(struct hw *h, const struct piece *p)
{
	struct spot *s = &h->spots[(p->va >> h->l1.line_shift) & (SPOTS - 1)];

	if (p->va - LINEAR_BASE == p->pa && nature_calm(&h->bus.nature))
		*s = cache_spot(&h->l1, p->va, p->pa);
}

static uint64_t tell_access(struct hw *h, enum event_kind kind, const struct piece *p,
			    uint64_t value, enum where at, bool kernel)
{
	if (!bus_sees(&h->bus, p->pa))
		return 0;
	return bus_tell(&h->bus, &(struct event){ .kind = (uint16_t)kind, .addr = p->va,
			.addr2 = p->pa, .value = value, .size = (uint32_t)p->size, .a = at,
			.b = kernel || h->kernel_at_work });
}

/*
 * An uncached access sees the CPU's own earlier stores: those up to the last that overlaps leave.
 */
static void drain_overlapping(struct hw *h, paddr_t pa, size_t n)
{
	uint32_t leave = 0;

	for (uint32_t i = 0; i < h->stores.count; i++) {
		const struct pending_store *p = store_buffer_peek(&h->stores, i);

		if (overlaps(p->pa, p->size, pa, n))
			leave = i + 1;
	}
	while (leave--)
		hw_drain_one(h);
}

static void drain_all(struct hw *h)
{
	while (h->stores.count)
		hw_drain_one(h);
}

/* The words around this one may come along, but for those the CPU itself has stores under way to. */
static void read_ahead(struct hw *h, const struct piece *p)
{
	uint64_t line = h->l1.line;
	paddr_t base = round_down(p->pa, line);

	if (!h->board.speculates || h->board.coherent || nature_calm(&h->bus.nature))
		return;
	if (nature_spares(&h->bus.nature)) {
		if (h->early.line == base && h->early.words)
			return;      /* what was there first is the oldest */
	} else if (!bus_ask(&h->bus, CHOICE_EARLY, p->pa, 2, 4)) {
		return;
	}
	h->early.line = base;
	h->early.words = ~(uint64_t)0 >> (64 - line / EARLY_WORD);
	bus_ram_read(&h->bus, base, h->early.bytes, line);
	for (uint32_t i = 0; i < h->stores.count; i++) {
		const struct pending_store *s = store_buffer_peek(&h->stores, i);

		early_drop(&h->early, s->pa, s->size);
	}
}

/*
 * Was this word read before its turn? Who searches keeps the words around always, and asks here,
 * where it shows.
 */
static bool was_read_early(struct hw *h, const struct piece *p)
{
	uint64_t old = 0, now = 0;

	if (h->kernel_at_work || !early_has(&h->early, p->pa, p->size))
		return false;
	if (!nature_spares(&h->bus.nature))
		return true;
	early_read(&h->early, p->pa, &old, p->size);
	bus_ram_read(&h->bus, p->pa, &now, p->size);
	return old != now && bus_ask(&h->bus, CHOICE_EARLY, p->pa, 2, 4);
}

static uint64_t load_early(struct hw *h, const struct piece *p)
{
	uint64_t value = 0;

	early_read(&h->early, p->pa, &value, p->size);
	early_drop(&h->early, p->pa, p->size);
	tell_access(h, EV_CPU_LOAD, p, value, AT_EARLY, false);
	return value;
}

static uint64_t load_uncached(struct hw *h, const struct piece *p)
{
	uint64_t value = 0;

	if (was_read_early(h, p))
		return load_early(h, p);
	drain_overlapping(h, p->pa, p->size);
	port_snoop(&h->port, p->pa, true);
	bus_take(&h->bus, h->board.cycles_ram, p->size);
	bus_ram_read(&h->bus, p->pa, &value, p->size);
	tell_access(h, EV_CPU_LOAD, p, value, AT_RAM, false);
	read_ahead(h, p);
	bus_note_uncached(&h->bus, p->pa);
	early_drop(&h->early, p->pa, p->size);
	return value;
}

/* Register accesses stay in order among themselves: earlier writes arrive first. */
static uint64_t load_device(struct hw *h, const struct piece *p)
{
	uint64_t value = 0;
	bool known;

	drain_all(h);
	bus_take(&h->bus, h->board.cycles_ram, p->size);
	known = hw_mmio_read(h, p->pa, p->size, &value);
	assert(known);
	(void)known;
	tell_access(h, EV_CPU_LOAD, p, value, AT_DEVICE, false);
	return value;
}

static uint64_t load_cached(struct hw *h, const struct piece *p)
{
	uint64_t value = 0;
	enum where at;

	unasked_before_use(&h->unasked, p->pa);
	at = cache_read(&h->l1, p->pa, &value, p->size);
	tell_access(h, EV_CPU_LOAD, p, value, at, false);
	unasked_notice(&h->unasked, p->pa);
	remember(h, p);
	return value;
}

static uint64_t load_piece(struct hw *h, const struct piece *p)
{
	if (p->attr == ATTR_CACHED)
		return load_cached(h, p);
	return board_is_ram(&h->board, p->pa, p->size) ? load_uncached(h, p) : load_device(h, p);
}

enum status cpu_load_slow(struct hw *h, vaddr_t va, size_t size, uint64_t *value)
{
	struct piece piece[2];
	size_t count;
	enum status s = cut(h, va, size, piece, &count);

	if (s != OK)
		return cpu_fault(h, va, size, false, s);
	*value = load_piece(h, &piece[0]);
	if (count == 2)
		*value |= load_piece(h, &piece[1]) << 8 * piece[0].size;
	hw_pass(h, h->board.cycles_l1);
	return OK;
}

static void store_later(struct hw *h, const struct piece *p, uint64_t value, bool kernel)
{
	uint64_t told;

	if (h->stores.count >= h->board.store_buffer)
		hw_drain_one(h);
	early_drop(&h->early, p->pa, p->size);
	told = tell_access(h, EV_CPU_STORE, p, value, AT_STORE_BUFFER, kernel);
	bus_note_uncached(&h->bus, p->pa);
	store_buffer_push(&h->stores, (struct pending_store){ .pa = p->pa, .value = value,
		.told = told, .size = (uint32_t)p->size,
		.due = h->bus.cycle + h->bus.owed + h->board.cycles_store });
	hw_plan(h);
}

static void store_cached(struct hw *h, const struct piece *p, uint64_t value, bool kernel)
{
	enum where at;

	unasked_before_use(&h->unasked, p->pa);
	at = cache_ready(&h->l1, p->pa);
	tell_access(h, EV_CPU_STORE, p, value, at, kernel);
	cache_write(&h->l1, p->pa, &value, p->size);
	unasked_notice(&h->unasked, p->pa);
	remember(h, p);
}

static void store_piece(struct hw *h, const struct piece *p, uint64_t value, bool kernel)
{
	if (p->size < 8)
		value &= ((uint64_t)1 << 8 * p->size) - 1;
	if (p->attr == ATTR_CACHED)
		store_cached(h, p, value, kernel);
	else
		store_later(h, p, value, kernel);
}

enum status cpu_store_slow(struct hw *h, vaddr_t va, size_t size, uint64_t value)
{
	struct piece piece[2];
	size_t count;
	enum status s = cut(h, va, size, piece, &count);

	if (s != OK)
		return cpu_fault(h, va, size, true, s);
	store_piece(h, &piece[0], value, false);
	if (count == 2)
		store_piece(h, &piece[1], value >> 8 * piece[0].size, false);
	hw_pass(h, h->board.cycles_l1);
	return OK;
}

/* The longest access that is aligned at va and fits n. */
static size_t stride(vaddr_t va, size_t n)
{
	size_t size = 8;

	while (size > n || va & (size - 1))
		size /= 2;
	return size;
}

enum status cpu_read(struct hw *h, vaddr_t va, void *bytes, size_t n)
{
	for (uint8_t *to = bytes; n; ) {
		size_t size = stride(va, n);
		uint64_t value;
		enum status s = cpu_load(h, va, size, &value);

		if (s != OK)
			return s;
		memcpy(to, &value, size);
		va += size, to += size, n -= size;
	}
	return OK;
}

enum status cpu_write(struct hw *h, vaddr_t va, const void *bytes, size_t n)
{
	for (const uint8_t *from = bytes; n; ) {
		size_t size = stride(va, n);
		uint64_t value = 0;
		enum status s;

		memcpy(&value, from, size);
		s = cpu_store(h, va, size, value);
		if (s != OK)
			return s;
		va += size, from += size, n -= size;
	}
	return OK;
}

/* Fill a run of bytes inside one cached line: one event, then its stores. */
static void fill_line(struct hw *h, struct piece p, uint64_t pattern, bool kernel)
{
	uint64_t stores = 0;
	enum where at;

	unasked_before_use(&h->unasked, p.pa);
	at = cache_ready(&h->l1, p.pa);
	tell_access(h, EV_CPU_STORE, &p, pattern, at, kernel);
	unasked_notice(&h->unasked, p.pa);
	for (; p.size; stores++) {
		size_t size = stride(p.pa, p.size);

		cache_write(&h->l1, p.pa, &pattern, size);
		p.pa += size, p.size -= size;
	}
	hw_pass(h, stores * h->board.cycles_l1);
}

enum status cpu_fill(struct hw *h, vaddr_t va, uint8_t byte, size_t n, bool kernel)
{
	uint64_t pattern = byte * 0x0101010101010101u;

	while (n) {
		struct piece p;
		size_t whole = min_u64(n, h->l1.line - (va & (h->l1.line - 1)));
		enum status s = find_piece(h, va, stride(va, n), &p);

		if (s != OK)
			return cpu_fault(h, va, n, true, s);
		if (p.attr == ATTR_CACHED && !h->l1.write_through && h->l1.allocate) {
			p.size = whole;
			fill_line(h, p, pattern, kernel);
		} else {
			store_piece(h, &p, pattern, kernel);
			hw_pass(h, h->board.cycles_l1);
		}
		va += p.size, n -= p.size;
	}
	return OK;
}

enum status cpu_copy(struct hw *h, vaddr_t to, vaddr_t from, size_t n)
{
	while (n) {
		size_t size = stride(to | from, n);
		uint64_t value;
		enum status s = cpu_load(h, from, size, &value);

		if (s == OK)
			s = cpu_store(h, to, size, value);
		if (s != OK)
			return s;
		to += size, from += size, n -= size;
	}
	return OK;
}

enum status cpu_check(const struct hw *h, vaddr_t va, uint64_t n)
{
	if (n && va + n - 1 < va)
		return FAULT_RANGE;
	for (uint64_t done = 0; done < n; done += PAGE_SIZE - ((va + done) & PAGE_MASK)) {
		paddr_t pa;
		enum attr attr;
		enum status s = mmu_translate(&h->mmu, va + done, &pa, &attr);

		if (s != OK)
			return s;
		if (!answers(h, pa, 1))
			return FAULT_BUS;
	}
	return OK;
}

void cpu_barrier(struct hw *h, enum barrier barrier)
{
	bool reads_only = barrier == BARRIER_RMB || barrier == BARRIER_DMA_RMB;
	bool writes_only = barrier == BARRIER_WMB || barrier == BARRIER_DMA_WMB;

	bus_tell(&h->bus, &(struct event){ .kind = EV_CPU_BARRIER, .a = barrier });
	if (!reads_only)
		drain_all(h);
	if (!writes_only)
		early_forget(&h->early);
	hw_pass(h, h->board.cycles_l1);
}

static void maintain_line(struct hw *h, enum cache_op op, paddr_t pa, uint32_t level)
{
	for (uint32_t l = 1; l <= 2; l++) {
		struct cache *c = hw_cache(h, l);

		if (!c || (level && level != l))
			continue;
		if (op != CACHE_INVALIDATE)
			cache_clean(c, pa);
		if (op != CACHE_CLEAN)
			cache_invalidate(c, pa);
	}
	hw_pass(h, h->board.cycles_l1);
}

void cpu_maintain(struct hw *h, enum cache_op op, paddr_t pa, uint64_t n, uint32_t level,
		  bool spare_edges)
{
	uint64_t line = h->l1.line;

	for (paddr_t at = round_down(pa, line); op != CACHE_CLEAN && at < pa + n; at += line)
		unasked_before_drop(&h->unasked, at, op == CACHE_INVALIDATE);
	early_forget(&h->early);      /* maintenance ends with a barrier of its own (dsb) */
	if (!n)
		return;
	bus_tell(&h->bus, &(struct event){ .kind = EV_CACHE_OP, .addr = pa,
		.size = (uint32_t)min_u64(n, UINT32_MAX), .a = op, .b = level });
	for (paddr_t at = round_down(pa, line); at < pa + n; at += line) {
		bool partial = !inside(at, line, pa, n);

		maintain_line(h,
			      spare_edges && partial && op == CACHE_INVALIDATE ? CACHE_FLUSH : op,
			      at, level);
	}
}

enum status cpu_cache(struct hw *h, enum cache_op op, vaddr_t va, uint64_t n)
{
	enum status s = cpu_check(h, va, n);

	if (s != OK)
		return cpu_fault(h, va, n, false, s);
	while (n) {
		uint64_t part = min_u64(n, PAGE_SIZE - (va & PAGE_MASK));
		paddr_t pa;
		enum attr attr;

		s = mmu_translate(&h->mmu, va, &pa, &attr);
		if (s != OK)
			return s;
		if (board_is_ram(&h->board, pa, part))
			cpu_maintain(h, op, pa, part, 0, false);
		va += part, n -= part;
	}
	return OK;
}

static void op_on_cache(struct hw *h, struct cache *c, enum cache_op op)
{
	for (uint32_t set = 0; set < c->sets; set++)
		for (uint32_t way = 0; way < c->ways; way++) {
			const struct line *l = cache_line(c, set, way);

			if (l->state != LINE_INVALID)
				maintain_line(h, op, l->pa, c->level);
		}
}

void cpu_cache_all(struct hw *h, enum cache_op op)
{
	early_forget(&h->early);
	bus_tell(&h->bus, &(struct event){ .kind = EV_CACHE_OP, .a = op });
	for (uint32_t level = 1; level <= 2; level++)
		if (hw_cache(h, level))
			op_on_cache(h, hw_cache(h, level), op);
}
