#include "hw/hw.h"

#include <assert.h>
#include <string.h>

static void reset_devices(struct hw *h)
{
	for (uint32_t i = 0; i < device_count; i++) {
		h->device[i] = (struct device){ .ops = device_ops[i], .unit = (uint16_t)i,
			.due = UINT64_MAX, .irq_due = UINT64_MAX };
		device_ops[i]->reset(&(struct device_io){ &h->device[i],
			cow_write(&h->device_state, i), &h->port });
	}
}

/* Has the CPU a window on all RAM that goes round the cache (arch.def: ALIAS)? */
static bool has_uncached_window(const struct board *b)
{
	enum { REMAP = 0, ALIAS = 1, CACHED = 0 };
	static const bool window[] = {
#define ARCH(NAME, name, dTO, dFROM, dBIDI, cTO, cFROM, cBIDI, outer, COHERENT, ...) \
	[ARCH_##NAME] = COHERENT,
#include "arch.def"
#undef ARCH
	};

	return window[b->arch];
}

void hw_init(struct hw *h, const struct board *board, struct trace *trace)
{
	assert(!board_mistake(board) && device_count <= DEVICE_MAX);
	memset(h, 0, sizeof *h);
	h->board = *board;
	bus_init(&h->bus, &h->board);
	cache_init(&h->l1, 1, &h->board);
	cache_init(&h->l2, 2, &h->board);
	mmu_init(&h->mmu, &h->board, has_uncached_window(board));
	iommu_init(&h->iommu, &h->board);
	cow_init(&h->device_state, DEVICE_STATE_MAX, DEVICE_MAX);
	hw_wire(h, trace);
	reset_devices(h);
	hw_plan(h);
}

void hw_release(struct hw *h)
{
	bus_release(&h->bus);
	cache_release(&h->l1);
	cache_release(&h->l2);
	mmu_release(&h->mmu);
	iommu_release(&h->iommu);
	cow_release(&h->device_state);
}

void hw_wire(struct hw *h, struct trace *trace)
{
	h->bus.board = h->mmu.board = &h->board;
	h->bus.trace = trace;
	h->l1.below = &h->l2;
	h->l2.below = NULL;
	h->l1.bus = h->l2.bus = &h->bus;
	h->l1.spots = h->spots;
	h->l2.spots = NULL;
	h->iommu.bus = &h->bus;
	h->unasked.bus = &h->bus;
	h->unasked.l1 = &h->l1;
	h->unasked.l2 = &h->l2;
	h->port = (struct port){ .bus = &h->bus, .l1 = &h->l1, .l2 = &h->l2, .iommu = &h->iommu,
		.unasked = &h->unasked };
	cache_forget_spots(&h->l1);
}

void hw_copy(struct hw *to, struct hw *from)
{
	cache_forget_spots(&from->l1);    /* they point into leaves that are shared from now on */
	memcpy(to, from, offsetof(struct hw, spots));
	bus_copy(&to->bus, &from->bus);
	cache_copy(&to->l1, &from->l1);
	cache_copy(&to->l2, &from->l2);
	to->l1.spotted = true;            /* whatever it held before */
	mmu_copy(&to->mmu, &from->mmu);
	iommu_copy(&to->iommu, &from->iommu);
	cow_copy(&to->device_state, &from->device_state);
	hw_wire(to, from->bus.trace);
}

struct device_io hw_device(struct hw *h, uint32_t unit)
{
	return (struct device_io){ &h->device[unit], cow_write(&h->device_state, unit), &h->port };
}

const void *hw_device_state(const struct hw *h, uint32_t unit)
{
	return cow_read(&h->device_state, unit);
}

/* Find the device whose window holds pa. */
static bool device_at(const struct hw *h, paddr_t pa, uint32_t *unit)
{
	if (pa < DEVICE_BASE || (pa - DEVICE_BASE) / DEVICE_WINDOW >= device_count)
		return false;
	*unit = (uint32_t)((pa - DEVICE_BASE) / DEVICE_WINDOW);
	return h->device[*unit].ops != NULL;
}

static void tell_mmio(struct hw *h, enum event_kind kind, uint32_t unit, paddr_t pa, uint64_t value,
		      size_t size)
{
	bus_tell(&h->bus, &(struct event){ .kind = (uint16_t)kind, .addr = pa, .value = value,
		.size = (uint32_t)size, .unit = (uint16_t)unit });
}

bool hw_mmio_read(struct hw *h, paddr_t pa, size_t size, uint64_t *value)
{
	struct device_io io;
	uint32_t unit;

	if (!device_at(h, pa, &unit))
		return false;
	io = hw_device(h, unit);
	*value = io.dev->ops->read(&io, pa - hw_device_bar(unit), size);
	if (size < 8)
		*value &= ((uint64_t)1 << 8 * size) - 1;
	tell_mmio(h, EV_MMIO_READ, unit, pa, *value, size);
	hw_plan(h);
	return true;
}

bool hw_mmio_write(struct hw *h, paddr_t pa, uint64_t value, size_t size)
{
	struct device_io io;
	uint32_t unit;

	if (!device_at(h, pa, &unit))
		return false;
	io = hw_device(h, unit);
	tell_mmio(h, EV_MMIO_WRITE, unit, pa, value, size);
	io.dev->ops->write(&io, pa - hw_device_bar(unit), value, size);
	hw_plan(h);
	return true;
}

bool hw_device_fill(struct hw *h, uint32_t unit, uint64_t at, const void *bytes, size_t n)
{
	struct device_io io = hw_device(h, unit);
	size_t room;
	uint8_t *buffer = io.dev->ops->buffer(io.state, &room);

	if (!inside(at, n, 0, room))
		return false;
	memcpy(buffer + at, bytes, n);
	device_tell_buffer(&io, buffer, at, n);
	return true;
}

/* Devices that poll may see it before anybody tells them. */
static void show_store(struct hw *h, paddr_t pa)
{
	for (uint32_t i = 0; i < device_count; i++) {
		struct device_io io = hw_device(h, i);

		if (io.dev->ops->stored)
			io.dev->ops->stored(&io, pa);
	}
	hw_plan(h);
}

/* A store reaches RAM or a device. What follows from it is its doing. */
static void drain(struct hw *h, const struct pending_store *p)
{
	if (bus_sees(&h->bus, p->pa))
		bus_tell(&h->bus, &(struct event){ .kind = EV_SB_DRAIN, .addr = p->pa,
			.value = p->value, .size = p->size });
	bus_take(&h->bus, 0, p->size);
	if (hw_mmio_write(h, p->pa, p->value, p->size))
		return;
	port_snoop(&h->port, p->pa, true);
	bus_ram_write(&h->bus, p->pa, &p->value, p->size);
	if (h->board.ring_polling && !nature_calm(&h->bus.nature))
		show_store(h, p->pa);
}

static void let_leave(struct hw *h, struct pending_store p)
{
	uint64_t before = h->bus.trace->cause;

	h->bus.trace->cause = p.told ? p.told : before;
	drain(h, &p);
	h->bus.trace->cause = before;
}

void hw_drain_one(struct hw *h)
{
	let_leave(h, store_buffer_pop(&h->stores));
}

/* One of the lines that matter, as nature likes. */
static paddr_t pick_line(struct hw *h)
{
	return h->unasked.recent[bus_ask(&h->bus, CHOICE_VICTIM, 0, RECENT, 1)];
}

static void prefetch(struct hw *h)
{
	paddr_t pa = pick_line(h);

	if (!board_is_ram(&h->board, pa, h->l1.line) || cache_find(&h->l1, pa))
		return;
	bus_tell(&h->bus, &(struct event){ .kind = EV_CACHE_PREFETCH, .addr = pa,
		.size = h->l1.line });
	cache_fetch(&h->l1, pa);
}

static void let_go(struct hw *h, bool dirty)
{
	paddr_t pa = pick_line(h);
	struct cache *c = cache_find(&h->l1, pa) ? &h->l1 : &h->l2;
	const struct line *l = cache_find(c, pa);

	if (l && (l->state == LINE_MODIFIED) == dirty)
		cache_evict(c, pa);
}

/*
 * What the caches do unasked, when nobody else has the wires. Their traffic costs the CPU nothing.
 */
static void nature_plays(struct hw *h)
{
	if (h->bus.free_at > h->bus.cycle)
		return;
	if (h->board.speculates && bus_ask(&h->bus, CHOICE_PREFETCH, 0, 2, 8))
		prefetch(h);
	if (bus_ask(&h->bus, CHOICE_EVICT, 0, 2, 8))
		let_go(h, false);
	if (bus_ask(&h->bus, CHOICE_WRITEBACK, 0, 2, 8))
		let_go(h, true);
	h->bus.owed = 0;
}

void hw_plan(struct hw *h)
{
	uint64_t due = store_buffer_due(&h->stores);

	for (uint32_t i = 0; i < device_count; i++)
		due = min_u64(due, min_u64(h->device[i].due, h->device[i].irq_due));
	h->due = nature_calm(&h->bus.nature) ? due : 0;
}

static void raise_line(struct hw *h, struct device *d)
{
	d->irq_due = UINT64_MAX;
	if (!d->irq_bits)
		return;
	d->irq = true;
	bus_tell(&h->bus, &(struct event){ .kind = EV_IRQ_RAISE, .a = d->unit, .unit = d->unit });
}

/* May entry i pass all older ones? Register writes keep their order, and so do overlapping stores. */
static bool may_pass(const struct hw *h, uint32_t i)
{
	const struct pending_store *p = store_buffer_peek(&h->stores, i);

	for (uint32_t k = 0; k < i; k++) {
		const struct pending_store *older = store_buffer_peek(&h->stores, k);

		if (overlaps(p->pa, p->size, older->pa, older->size) ||
		    (p->pa >= DEVICE_BASE && older->pa >= DEVICE_BASE))
			return false;
	}
	return true;
}

bool hw_at_work(const struct hw *h, uint32_t unit)
{
	for (uint32_t i = 0; i < device_count; i++)
		if (i != unit && h->device[i].due != UINT64_MAX)
			return true;
	return false;
}

static bool is_register(paddr_t pa)
{
	return pa >= DEVICE_BASE;
}

/* Can a device see in which order, and when, these stores arrive? */
static bool stores_are_seen(const struct hw *h)
{
	for (uint32_t i = 0; i < h->stores.count; i++)
		if (is_register(store_buffer_peek(&h->stores, i)->pa))
			return true;
	return hw_at_work(h, DEVICE_MAX);
}

/* The one of the stores that may pass the oldest that was picked: 1 is the first of them. */
static uint32_t passing(const struct hw *h, uint32_t picked)
{
	uint32_t i = 0;

	while (picked && ++i < h->stores.count)
		picked -= may_pass(h, i);
	return i < h->stores.count ? i : 0;
}

static uint32_t how_many_may_pass(const struct hw *h)
{
	uint32_t n = 0;

	for (uint32_t i = 1; i < h->stores.count; i++)
		n += may_pass(h, i);
	return n;
}

/*
 * The entry that leaves next: 0, the oldest, unless nature picks another that may pass it. Where
 * devices snoop, stores stay in order as on a PC (TSO).
 */
static uint32_t next_to_leave(struct hw *h)
{
	paddr_t oldest = store_buffer_peek(&h->stores, 0)->pa;
	uint32_t i;

	if (h->board.coherent || nature_calm(&h->bus.nature))
		return 0;
	if (h->bus.nature.policy == NATURE_REPLAY) {
		if (nature_spares(&h->bus.nature) && !stores_are_seen(h))
			return 0;
		return passing(h, bus_ask(&h->bus, CHOICE_REORDER, oldest,
					  1 + how_many_may_pass(h), 4));
	}
	i = bus_ask(&h->bus, CHOICE_REORDER, oldest, h->stores.count, 4);
	return may_pass(h, i) ? i : 0;
}

/* How much longer the oldest store waits, in notches of cycles_store. */
static uint64_t held_back(struct hw *h)
{
	paddr_t pa = store_buffer_peek(&h->stores, 0)->pa;
	enum choice what = is_register(pa) ? CHOICE_POST : CHOICE_DRAIN;

	if (nature_spares(&h->bus.nature) && !stores_are_seen(h))
		return 0;
	return nature_notches(&h->bus.nature, bus_ask(&h->bus, what, pa, 4, 4));
}

#define PASSED_WAITS 4     /* cycles_store that a store waits on which another has passed */

/*
 * The oldest store leaves because its time has come, unless nature holds it back or lets another go
 * first.
 */
static void drain_due(struct hw *h)
{
	uint64_t wait = held_back(h);
	uint32_t i = wait ? 0 : next_to_leave(h);
	struct pending_store *oldest = store_buffer_at(&h->stores, 0);

	if (i)
		wait = PASSED_WAITS;
	if (wait)
		oldest->due += wait * h->board.cycles_store;
	if (i)
		let_leave(h, store_buffer_take(&h->stores, i));
	else if (!wait)
		hw_drain_one(h);
	h->bus.owed = 0;
}

/*
 * Whatever is due earliest, if it is by `end`: does it and returns true. Stores go before devices.
 */
static bool do_earliest(struct hw *h, uint64_t end)
{
	uint64_t stores = store_buffer_due(&h->stores), due = stores;
	struct device *next = NULL;

	for (uint32_t i = 0; i < device_count; i++) {
		uint64_t at = min_u64(h->device[i].due, h->device[i].irq_due);

		if (at < due) {
			due = at;
			next = &h->device[i];
		}
	}
	if (due > end)
		return false;
	if (due > h->bus.cycle)
		h->bus.cycle = due;
	if (!next) {
		drain_due(h);
	} else if (next->irq_due <= due) {
		raise_line(h, next);
	} else {
		struct device_io io = hw_device(h, next->unit);

		next->ops->step(&io);
		h->bus.owed = 0;      /* what a snoop wrote back is the device's to wait for */
	}
	return true;
}

#define END_CYCLES 5000    /* enough for a posted write and a beat of whatever is at work */

void hw_end(struct hw *h)
{
	hw_pass(h, END_CYCLES);
	unasked_at_end(&h->unasked);
}

void hw_pass(struct hw *h, uint64_t n)
{
	uint64_t end = h->bus.cycle + h->bus.owed + n;

	h->bus.owed = 0;
	if (end >= h->due) {
		h->bus.pass++;
		while (do_earliest(h, end))
			;
		h->bus.cycle = end;
		if (h->bus.nature.policy == NATURE_RANDOM)
			nature_plays(h);
		unasked_step(&h->unasked);
		hw_plan(h);
	}
	h->bus.cycle = end;
}
