#include "machine.h"

#include "kernel/context.h"
#include "kernel/pages.h"
#include "kernel/slab.h"
#include "kernel/swiotlb.h"
#include "kernel/vmalloc.h"

#include <assert.h>
#include <string.h>

static uint64_t tell(struct machine *m, const struct event *e)
{
	return bus_tell(&m->hw.bus, e);
}

/* What the board says about who watches, and about what stands between devices and RAM. */
static void tell_company(struct machine *m)
{
	const struct board *b = &m->hw.board;

	tell(m, &(struct event){ .kind = EV_MACHINE_CHECKER,
		.size = (uint32_t)b->dma_debug_entries, .a = b->strict != 0,
		.b = b->dma_debug != 0 });
	if (board_translates(b))
		tell(m, &(struct event){ .kind = EV_MACHINE_IOMMU, .a = b->iommu == IOMMU_LAZY });
}

static void tell_board(struct machine *m)
{
	const struct board *b = &m->hw.board;

	tell(m, &(struct event){ .kind = EV_MACHINE, .addr = board_ram_end(b),
		.addr2 = b->bus_offset, .value = board_kernel_end(b), .size = (uint32_t)b->line,
		.a = hw_cache(&m->hw, 2) ? 2 : 1, .b = b->coherent != 0,
		.unit = (uint16_t)(board_kernel_code(b) >> PAGE_SHIFT) });
	for (uint32_t level = 1; level <= 2; level++) {
		const struct cache *c = hw_cache(&m->hw, level);

		if (c)
			tell(m, &(struct event){ .kind = EV_MACHINE_CACHE, .size = c->sets,
				.a = c->ways, .b = c->write_through, .unit = (uint16_t)level });
	}
	tell_company(m);
}

void machine_init(struct machine *m, const struct board *board, struct trace *trace)
{
	hw_init(&m->hw, board, trace);
	tell_board(m);
	kernel_init(&m->kernel, &m->hw);
}

void machine_release(struct machine *m)
{
	kernel_release(&m->kernel);
	hw_release(&m->hw);
}

void machine_copy(struct machine *to, struct machine *from)
{
	hw_copy(&to->hw, &from->hw);
	kernel_copy(&to->kernel, &from->kernel, &to->hw);
}

void machine_run(struct machine *m, uint64_t n)
{
	hw_pass(&m->hw, n);
}

static bool wait(struct machine *m, uint32_t dev, uint64_t end)
{
	struct hw *h = &m->hw;

	while (h->device[dev].ops->busy(hw_device_state(h, dev))) {
		uint64_t due = min_u64(h->device[dev].due, store_buffer_due(&h->stores));
		uint32_t other;

		if (context_pending(&m->kernel, &other))
			return false;
		if (due > end) {
			hw_pass(h, end - h->bus.cycle);
			return false;
		}
		hw_pass(h, due > h->bus.cycle ? due - h->bus.cycle : 0);
	}
	return true;
}

bool machine_wait(struct machine *m, uint32_t dev, uint64_t limit)
{
	struct hw *h = &m->hw;
	bool idle;

	h->bus.cpu_waits = !hw_at_work(h, dev);
	idle = wait(m, dev, h->bus.cycle + limit);
	h->bus.cpu_waits = false;
	return idle;
}

void machine_follow(struct machine *m, struct plan *plan, uint64_t seed)
{
	const struct board *b = &m->hw.board;

	if (plan)
		nature_follow(&m->hw.bus.nature, plan, seed);
	else
		nature_init(&m->hw.bus.nature, b->nature, b->seed);
	hw_plan(&m->hw);
}

void machine_end(struct machine *m)
{
	hw_end(&m->hw);
}

/* What RAM holds in one page: runs of equal words, zeros left out. */
static void tell_page(struct machine *m, uint64_t page)
{
	const uint64_t *word = cow_read(&m->hw.bus.ram, page);
	size_t words = PAGE_SIZE / sizeof *word, run;

	for (size_t i = 0; i < words; i += run) {
		for (run = 1; i + run < words && word[i + run] == word[i]; run++)
			;
		if (word[i])
			tell(m, &(struct event){ .kind = EV_KEY_RAM,
				.addr = (page << PAGE_SHIFT) + 8 * i, .value = word[i],
				.size = (uint32_t)(8 * run) });
	}
}

static void tell_ram(struct machine *m, paddr_t pa, uint64_t n)
{
	for (uint64_t page = pa >> PAGE_SHIFT; page << PAGE_SHIFT < pa + n; page++)
		if (cow_present(&m->hw.bus.ram, page) && bus_sees(&m->hw.bus, page << PAGE_SHIFT))
			tell_page(m, page);
}

/* The bytes the level below would give for this line. */
static void bytes_below(const struct machine *m, const struct cache *c, paddr_t pa, uint8_t *bytes)
{
	const struct line *below =
		c->below && cache_exists(c->below) ? cache_find(c->below, pa) : NULL;

	if (below)
		memcpy(bytes, below->bytes, c->line);
	else
		bus_ram_read(&m->hw.bus, pa, bytes, c->line);
}

static void tell_line(struct machine *m, const struct cache *c, uint32_t set, uint32_t way)
{
	const struct line *l = cache_line(c, set, way);
	uint8_t below[LINE_MAX];

	bytes_below(m, c, l->pa, below);
	tell(m, &(struct event){ .kind = EV_KEY_LINE, .addr = l->pa,
		.value = l->state == LINE_MODIFIED, .size = c->line, .a = set, .b = way,
		.unit = (uint16_t)c->level });
	for (uint32_t i = 0; i < c->line; i += 8) {
		struct event e = { .kind = EV_KEY_WORD, .addr = l->pa + i, .size = 8,
			.a = set, .b = way, .unit = (uint16_t)c->level };

		memcpy(&e.value, l->bytes + i, 8);
		if (memcmp(below + i, l->bytes + i, 8))
			tell(m, &e);
	}
}

/*
 * The lines of pages that are watched, lowest level first,
 * for a line is told against the one below.
 */
static void tell_lines(struct machine *m, paddr_t pa, uint64_t n)
{
	for (uint32_t level = 2; level; level--) {
		const struct cache *c = hw_cache(&m->hw, level);

		for (uint32_t i = 0; c && i < c->sets * c->ways; i++) {
			const struct line *l = cache_line(c, i / c->ways, i % c->ways);

			if (l->state != LINE_INVALID && inside(l->pa, 1, pa, n) &&
			    bus_sees(&m->hw.bus, l->pa))
				tell_line(m, c, i / c->ways, i % c->ways);
		}
	}
}

static void tell_stores(struct machine *m, paddr_t pa, uint64_t n)
{
	for (uint32_t i = 0; i < m->hw.stores.count; i++) {
		const struct pending_store *p = store_buffer_peek(&m->hw.stores, i);

		if (inside(p->pa, 1, pa, n))
			tell(m, &(struct event){ .kind = EV_KEY_STORE, .addr = p->pa,
				.value = p->value, .size = p->size });
	}
}

static void tell_block(struct machine *m, paddr_t pa, uint64_t size, enum mem_kind kind)
{
	tell(m, &(struct event){ .kind = EV_MEM_ALLOC, .addr = phys_to_virt(pa), .addr2 = pa,
		.value = size, .size = (uint32_t)size, .a = kind });
}

static void tell_objects(struct machine *m, paddr_t page, uint64_t bytes)
{
	paddr_t start;
	uint32_t size;
	bool live;

	for (paddr_t pa = page;
	     pa < page + bytes && slab_object(&m->kernel, pa, &start, &size, &live);
	     pa = start + size)
		if (live)
			tell_block(m, start, size, MEM_KMALLOC);
}

static void tell_blocks(struct machine *m)
{
	uint64_t pages = board_ram_end(&m->hw.board) >> PAGE_SHIFT;

	for (uint64_t pfn = 0; pfn < pages; pfn++) {
		const struct frame *f = frame_read(&m->kernel, pfn);
		uint64_t bytes = PAGE_SIZE << f->order;

		if (f->kind == FRAME_SLAB)
			tell_objects(m, pfn << PAGE_SHIFT, bytes);
		else if (f->kind == FRAME_KMALLOC || f->kind == FRAME_PAGES)
			tell_block(m, pfn << PAGE_SHIFT, bytes,
				   f->kind == FRAME_PAGES ? MEM_PAGES : MEM_KMALLOC);
	}
}

static void tell_entries(struct machine *m, const struct vm_area *area)
{
	uint64_t step = area->pages ? PAGE_SIZE : area->size;
	enum attr attr;
	paddr_t pa;

	for (vaddr_t va = area->va; va < area->va + area->size; va += step)
		if (mmu_translate(&m->hw.mmu, va, &pa, &attr) == OK)
			tell(m, &(struct event){ .kind = EV_VM_MAP, .addr = va, .addr2 = pa,
				.size = (uint32_t)step, .a = attr });
}

static void tell_area(struct machine *m, const struct vm_area *area)
{
	struct event e = { .addr = area->va, .addr2 = area->pa, .size = (uint32_t)area->size };

	if (area->kind == VM_VMALLOC) {
		enum attr attr;
		enum status s = mmu_translate(&m->hw.mmu, area->va, &e.addr2, &attr);

		assert(s == OK);
		(void)s;
		e.kind = EV_MEM_ALLOC;
		e.value = area->size;
		e.a = MEM_VMALLOC;
	} else if (area->kind == VM_IOREMAP) {
		e.kind = EV_IO_MAP;
		e.a = area->attr;
	}
	if (area->kind != VM_COHERENT)      /* that is told as a mapping, by who knows the handle */
		tell(m, &e);
	tell_entries(m, area);
}

/* Runs of pages whose accesses nobody sees. */
static void tell_unwatched(struct machine *m)
{
	uint64_t end = board_ram_end(&m->hw.board), run;

	for (paddr_t pa = 0; pa < end; pa += run ? run : PAGE_SIZE) {
		for (run = 0; pa + run < end && !bus_sees(&m->hw.bus, pa + run); run += PAGE_SIZE)
			;
		if (run)
			tell(m, &(struct event){ .kind = EV_WATCH, .addr = pa,
				.size = (uint32_t)run });
	}
}

static void tell_device(struct machine *m, uint32_t unit)
{
	struct device_io io = hw_device(&m->hw, unit);
	size_t n;
	const uint8_t *bytes = io.dev->ops->buffer(io.state, &n);

	for (size_t i = 0; i + 8 <= n; i += 8) {
		struct event e = { .kind = EV_DEV_BUFFER, .addr = i, .size = 8,
			.unit = (uint16_t)unit };

		memcpy(&e.value, bytes + i, 8);
		if (e.value)
			tell(m, &e);
	}
}

void machine_keyframe(struct machine *m)
{
	uint64_t end = board_ram_end(&m->hw.board);

	tell_board(m);
	tell_unwatched(m);
	tell_ram(m, 0, end);
	tell_lines(m, 0, end);
	tell_stores(m, 0, DEVICE_BASE + DEVICE_MAX * DEVICE_WINDOW);
	tell_blocks(m);
	for (uint32_t i = 0; i < VM_AREAS_MAX; i++)
		if (m->kernel.area[i].kind != VM_NONE)
			tell_area(m, &m->kernel.area[i]);
	swiotlb_keyframe(&m->kernel);
	context_keyframe(&m->kernel);
	iommu_keyframe(&m->hw.iommu);
	for (uint32_t i = 0; i < device_count; i++)
		tell_device(m, i);
	tell(m, &(struct event){ .kind = EV_KEY_END });
}

static void tell_watch(struct machine *m, paddr_t pa, uint64_t n, bool on)
{
	cache_forget_spots(&m->hw.l1);     /* they know who watched */
	tell(m, &(struct event){ .kind = EV_WATCH, .addr = pa, .size = (uint32_t)n, .a = on });
	if (!on)
		return;
	tell_ram(m, pa, n);
	tell_lines(m, pa, n);
	tell_stores(m, pa, n);
}

void machine_watch(struct machine *m, paddr_t pa, uint64_t n, bool on)
{
	struct bus *bus = &m->hw.bus;
	uint64_t end = min_u64(round_up(pa + n, PAGE_SIZE), board_ram_end(&m->hw.board));

	pa = round_down(pa, PAGE_SIZE);
	if (pa >= end || (on && bus->watch_all))
		return;
	if (bus->watch_all)
		bus_watch(bus, 0, board_ram_end(&m->hw.board), true);
	bus->watch_all = false;
	bus_watch(bus, pa, end - pa, on);
	tell_watch(m, pa, end - pa, on);
}

void machine_watch_all(struct machine *m, bool on)
{
	uint64_t end = board_ram_end(&m->hw.board);

	if (on && m->hw.bus.watch_all)
		return;
	m->hw.bus.watch_all = on;
	bus_watch(&m->hw.bus, 0, end, on);
	tell_watch(m, 0, end, on);
}
