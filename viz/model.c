#include "viz/model.h"

#include <string.h>

const char *const page_use_name[PAGE_USE_COUNT] = {
	"free", "kernel", "hidden", "slab", "kmalloc", "pages", "vmalloc", "coherent", "bounce"
};

/* What a page is used for, and by how many blocks. */
struct page_note {
	uint8_t use;             /* enum page_use */
	uint32_t blocks;
	uint32_t block;          /* 1 + slot of the block that fills the page, 0 for none */
	uint64_t va;             /* of an area page, 0 for none */
};

#define BUCKETS_LEAF 64
#define AREAS_LEAF   64
#define AREA_PAGES   (2 * WINDOW_PAGES)      /* vmalloc's and ioremap's windows are neighbours */

/* Of the size the machine has. */
static void open_tables(struct model *m, uint64_t pages)
{
	const struct shadow *s = model_shadow(m);

	cow_init(&m->buffers, DEVICE_BUFFER, MODEL_DEVICES);
	cow_init(&m->uses, sizeof(struct page_note), pages);
	for (uint32_t level = 1; level <= 2; level++)
		cow_init(&m->used[level], sizeof(struct used), s->cache[level].sets);
	cow_init(&m->received, DEVICE_BUFFER, (size_t)MODEL_DEVICES * MODEL_TRANSFERS);
	cow_init(&m->allocations, sizeof(struct allocation), ALLOCATIONS_MAX);
	cow_init(&m->buckets, BUCKETS_LEAF * sizeof(uint32_t), BUCKETS / BUCKETS_LEAF);
	cow_init(&m->areas, AREAS_LEAF * sizeof(uint64_t), AREA_PAGES / AREAS_LEAF);
	cow_init(&m->stand_ins, sizeof(struct stand_in), STAND_INS_MAX);
	m->allocation_end = m->stand_in_end = 0;
	m->allocation_free = m->stand_in_free = 0;
}

static void close_tables(struct model *m)
{
	cow_release(&m->buffers);
	cow_release(&m->received);
	cow_release(&m->uses);
	cow_release(&m->used[1]);
	cow_release(&m->used[2]);
	cow_release(&m->allocations);
	cow_release(&m->buckets);
	cow_release(&m->areas);
	cow_release(&m->stand_ins);
}

void model_init(struct model *m)
{
	memset(m, 0, sizeof *m);
	checker_init(&m->checker);
	m->event.kind = m->access.kind = m->call.kind = EV_COUNT;
	open_tables(m, 0);
}

void model_release(struct model *m)
{
	close_tables(m);
	checker_release(&m->checker);
}

void model_copy(struct model *to, const struct model *from)
{
	*to = *from;
	checker_copy(&to->checker, &from->checker);
	cow_copy(&to->buffers, &from->buffers);
	cow_copy(&to->received, &from->received);
	cow_copy(&to->uses, &from->uses);
	cow_copy(&to->used[1], &from->used[1]);
	cow_copy(&to->used[2], &from->used[2]);
	cow_copy(&to->allocations, &from->allocations);
	cow_copy(&to->buckets, &from->buckets);
	cow_copy(&to->areas, &from->areas);
	cow_copy(&to->stand_ins, &from->stand_ins);
}

/* Everything before is forgotten; what the machine is like follows. */
static void machine_on(struct model *m, const struct event *e)
{
	struct event event = m->event;

	close_tables(m);
	m->access.kind = m->call.kind = EV_COUNT;
	m->context = CONTEXT_PROCESS;
	m->irqs_off = false;
	m->touched = 0;
	m->missed = 0;
	m->ahead = m->fetched[1] = m->fetched[2] = UINT64_MAX;
	m->iommu = false;
	m->bounce_pool.size = 0;
	m->devices = 0;
	memset(m->device, 0, sizeof m->device);
	open_tables(m, (e->addr + PAGE_SIZE - 1) >> PAGE_SHIFT);
	for (uint64_t pfn = 0; pfn < e->unit; pfn++)
		((struct page_note *)cow_write(&m->uses, pfn))->use = PAGE_KERNEL;
	m->event = event;
}

static void machine_cache(struct model *m, const struct event *e)
{
	cow_release(&m->used[e->unit]);
	cow_init(&m->used[e->unit], sizeof(struct used), e->size);
}

static struct page_note *note_write(struct model *m, uint64_t pa)
{
	return cow_write(&m->uses, pa >> PAGE_SHIFT);
}

static const struct page_note *note_of(const struct model *m, uint64_t pa)
{
	return cow_read(&m->uses, pa >> PAGE_SHIFT);
}

/* Where [pa, pa+size) ends, as far as there is RAM; 0: none of it is. */
static uint64_t end_in_ram(const struct model *m, uint64_t pa, uint64_t size)
{
	uint64_t ram = m->uses.count << PAGE_SHIFT;

	return pa < ram ? pa + min_u64(size, ram - pa) : 0;
}

static void use_page(struct page_note *note, enum page_use use, bool on)
{
	if (note->use == PAGE_KERNEL)
		return;
	note->blocks = on ? note->blocks + 1 : note->blocks ? note->blocks - 1 : 0;
	note->use = (uint8_t)(note->blocks ? on ? use : note->use : PAGE_FREE);
}

static void use_pages(struct model *m, uint64_t pa, uint64_t size, enum page_use use, bool on)
{
	uint64_t end = end_in_ram(m, pa, size);

	for (pa = round_down(pa, PAGE_SIZE); pa < end; pa += PAGE_SIZE)
		use_page(note_write(m, pa), use, on);
}

/* The pages this block fills know it: `block` is its slot + 1, 0 when it goes. */
static void fill_pages(struct model *m, uint64_t pa, uint64_t size, uint32_t was, uint32_t block)
{
	uint64_t end = end_in_ram(m, pa, size);

	for (; size >= PAGE_SIZE && pa < end; pa += PAGE_SIZE)
		if (block || note_of(m, pa)->block == was)
			note_write(m, pa)->block = block;
}

static uint32_t bucket_of(uint64_t va)
{
	return (uint32_t)(va >> 3 ^ va >> 17) % BUCKETS;
}

static uint32_t *bucket_write(struct model *m, uint64_t va)
{
	return (uint32_t *)cow_write(&m->buckets, bucket_of(va) / BUCKETS_LEAF) +
	       bucket_of(va) % BUCKETS_LEAF;
}

static uint32_t bucket_read(const struct model *m, uint64_t va)
{
	const uint32_t *leaf = cow_read(&m->buckets, bucket_of(va) / BUCKETS_LEAF);

	return leaf[bucket_of(va) % BUCKETS_LEAF];
}

static const struct allocation *block_at(const struct model *m, uint32_t i)
{
	return cow_read(&m->allocations, i - 1);
}

static struct allocation *block_write(struct model *m, uint32_t i)
{
	return cow_write(&m->allocations, i - 1);
}

/* 1 + slot of the block of this kind at this address, 0 when there is none. */
static uint32_t block_named(const struct model *m, uint64_t va, uint32_t kind)
{
	uint32_t i = bucket_read(m, va);

	while (i && (block_at(m, i)->va != va || block_at(m, i)->kind != kind))
		i = block_at(m, i)->next;
	return i;
}

/* 1 + a free slot, 0 when there are too many blocks. */
static uint32_t block_new(struct model *m)
{
	uint32_t i = m->allocation_free;

	if (i)
		m->allocation_free = block_at(m, i)->next;
	else if (m->allocation_end < ALLOCATIONS_MAX)
		i = ++m->allocation_end;
	return i;
}

static void block_add(struct model *m, const struct event *e)
{
	uint32_t i = block_new(m);

	if (!i)
		return;
	*block_write(m, i) = (struct allocation){ .seq = e->seq, .va = e->addr, .pa = e->addr2,
		.asked = e->value, .size = e->size, .kind = e->a,
		.next = bucket_read(m, e->addr) };
	*bucket_write(m, e->addr) = i;
	if (e->a != MEM_VMALLOC && e->a != MEM_STACK)
		fill_pages(m, e->addr2, e->size, 0, i);
}

static void unlink_block(struct model *m, uint32_t i)
{
	uint64_t va = block_at(m, i)->va;
	uint32_t before = bucket_read(m, va), next = block_at(m, i)->next;

	if (before == i) {
		*bucket_write(m, va) = next;
		return;
	}
	while (block_at(m, before)->next != i)
		before = block_at(m, before)->next;
	block_write(m, before)->next = next;
}

static void block_remove(struct model *m, uint64_t va, uint32_t kind)
{
	uint32_t i = block_named(m, va, kind);

	if (!i)
		return;
	unlink_block(m, i);
	fill_pages(m, block_at(m, i)->pa, block_at(m, i)->size, i, 0);
	*block_write(m, i) = (struct allocation){ .next = m->allocation_free };
	m->allocation_free = i;
}

static enum page_use use_of(const struct event *e)
{
	if (e->a == MEM_KMALLOC)
		return e->size < PAGE_SIZE ? PAGE_SLAB : PAGE_KMALLOC;
	return e->a == MEM_COHERENT ? PAGE_COHERENT : PAGE_PAGES;
}

/* The pages of a vmalloc area come with its page table entries. */
static bool has_own_pages(const struct event *e)
{
	return e->a != MEM_VMALLOC && e->a != MEM_STACK;
}

static void mem_alloc(struct model *m, const struct event *e)
{
	block_add(m, e);
	if (has_own_pages(e))
		use_pages(m, e->addr2, e->size, use_of(e), true);
}

static void mem_free(struct model *m, const struct event *e)
{
	block_remove(m, e->addr, e->a);
	if (has_own_pages(e))
		use_pages(m, e->addr2, e->size, PAGE_FREE, false);
}

static uint64_t area_read(const struct model *m, uint64_t va)
{
	uint64_t page = (va - VMALLOC_BASE) >> PAGE_SHIFT;
	const uint64_t *leaf;

	if (page >= AREA_PAGES)
		return 0;
	leaf = cow_read(&m->areas, page / AREAS_LEAF);
	return leaf[page % AREAS_LEAF];
}

static void area_write(struct model *m, uint64_t va, uint64_t entry)
{
	uint64_t page = (va - VMALLOC_BASE) >> PAGE_SHIFT;

	if (page < AREA_PAGES)
		((uint64_t *)cow_write(&m->areas, page / AREAS_LEAF))[page % AREAS_LEAF] = entry;
}

static void set_va(struct model *m, uint64_t pa, uint64_t va)
{
	if (pa >> PAGE_SHIFT < m->uses.count)
		note_write(m, pa)->va = va;
}

static void vm_map(struct model *m, const struct event *e)
{
	enum page_use use = e->a == ATTR_CACHED ? PAGE_VMALLOC : PAGE_COHERENT;

	for (uint64_t at = 0; at < e->size; at += PAGE_SIZE) {
		area_write(m, e->addr + at, e->addr2 + at + 1);
		set_va(m, e->addr2 + at, e->addr + at);
	}
	use_pages(m, e->addr2, e->size, use, true);
}

static void vm_unmap(struct model *m, const struct event *e)
{
	for (uint64_t at = 0; at < e->size; at += PAGE_SIZE) {
		uint64_t entry = area_read(m, e->addr + at);

		if (!entry)
			continue;
		set_va(m, entry - 1, 0);
		use_pages(m, entry - 1, PAGE_SIZE, PAGE_FREE, false);
		area_write(m, e->addr + at, 0);
	}
}

static void stand_in_add(struct model *m, struct stand_in s)
{
	uint32_t i = m->stand_in_free;

	if (i)
		m->stand_in_free = ((const struct stand_in *)cow_read(&m->stand_ins, i - 1))->next;
	else if (m->stand_in_end < STAND_INS_MAX)
		i = ++m->stand_in_end;
	if (i)
		*(struct stand_in *)cow_write(&m->stand_ins, i - 1) = s;
}

static bool is_of(const struct stand_in *s, uint32_t device, uint64_t dma, uint64_t size)
{
	return s->seq && s->device == device && inside(s->dma, 1, dma, size ? size : 1);
}

static void stand_in_remove(struct model *m, uint32_t i)
{
	*(struct stand_in *)cow_write(&m->stand_ins, i) =
		(struct stand_in){ .next = m->stand_in_free };
	m->stand_in_free = i + 1;
}

static void bounce_unmap(struct model *m, const struct event *e)
{
	for (uint32_t i = 0; i < m->stand_in_end; i++)
		if (is_of(cow_read(&m->stand_ins, i), e->unit, e->value, e->size))
			stand_in_remove(m, i);
}

/* Entries stay, as removed, until the IOTLB forgets them. */
static void iommu_unmap(struct model *m, const struct event *e)
{
	for (uint32_t i = 0; i < m->stand_in_end; i++)
		if (is_of(cow_read(&m->stand_ins, i), e->unit, e->addr, e->size))
			((struct stand_in *)cow_write(&m->stand_ins, i))->removed = true;
}

/* Size 0: it forgets all, of every device. */
static void iotlb_flush(struct model *m, const struct event *e)
{
	for (uint32_t i = 0; i < m->stand_in_end; i++) {
		const struct stand_in *s = cow_read(&m->stand_ins, i);

		if (s->removed && (!e->size || is_of(s, e->unit, e->addr, e->size)))
			stand_in_remove(m, i);
	}
}

static void use_line(struct model *m, uint32_t level, uint64_t pa, uint64_t seq)
{
	uint32_t ways = model_shadow(m)->cache[level].ways, slot;

	if (shadow_slot(model_shadow(m), level, pa, &slot))
		((struct used *)cow_write(&m->used[level], slot / ways))->way[slot % ways] = seq;
}

/* This transfer is the one heard of last. */
static void turn_to(struct device_model *d, uint32_t slot)
{
	const struct transfer_model *t = &d->transfer[slot];

	d->slot = slot;
	d->start = t->start;
	d->dma = t->dma;
	d->size = t->size;
	d->moved = t->moved;
	d->dir = t->dir;
}

/* The place of the transfer with this number, MODEL_TRANSFERS when there is none. */
static uint32_t transfer_named(const struct device_model *d, uint64_t start)
{
	uint32_t i = 0;

	while (i < MODEL_TRANSFERS && (!start || d->transfer[i].start != start))
		i++;
	return i;
}

static bool under_way(const struct transfer_model *t)
{
	return t->start && !t->done;
}

/* The place of the oldest transfer, of those that are done if there are any. */
static uint32_t place(const struct device_model *d)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < MODEL_TRANSFERS; i++) {
		const struct transfer_model *t = &d->transfer[i], *than = &d->transfer[best];

		if (under_way(t) == under_way(than) ? t->start < than->start : under_way(than))
			best = i;
	}
	return best;
}

static uint8_t *received_write(struct model *m, uint32_t unit, uint32_t slot)
{
	return cow_write(&m->received, unit * MODEL_TRANSFERS + slot);
}

static void transfer_begins(struct model *m, struct device_model *d, const struct event *e)
{
	uint32_t slot = place(d);

	d->transfer[slot] = (struct transfer_model){ .start = e->seq, .dma = e->addr,
		.size = e->size, .dir = e->a };
	if (e->a == DMA_TO_DEVICE)
		memset(received_write(m, e->unit, slot), 0, min_u64(e->size, DEVICE_BUFFER));
	turn_to(d, slot);
	d->busy = true;
}

/* One beat: its bytes lie where they belong in the transfer, whatever beats were lost. */
static void transfer_moves(struct model *m, struct device_model *d, const struct event *e)
{
	uint32_t slot = transfer_named(d, e->cause);
	struct transfer_model *t = &d->transfer[slot];
	uint64_t at;

	if (slot == MODEL_TRANSFERS || !inside(e->addr, e->size, t->dma, t->size))
		return;
	at = e->addr - t->dma;
	if (e->kind == EV_DEV_READ && at + 8 <= DEVICE_BUFFER)
		memcpy(received_write(m, e->unit, slot) + at, &e->value, e->size);
	t->moved = at + e->size;
	turn_to(d, slot);
}

static void transfer_ends(struct device_model *d, const struct event *e)
{
	uint32_t slot = transfer_named(d, e->cause);

	if (slot < MODEL_TRANSFERS) {
		d->transfer[slot].done = true;
		turn_to(d, slot);
	}
	d->busy = false;
	for (uint32_t i = 0; i < MODEL_TRANSFERS; i++)
		d->busy |= under_way(&d->transfer[i]);
}

/* Switched on, or off: the ring that begins there, else a free place, else the last. */
static void set_ring(struct device_model *d, const struct event *e)
{
	uint32_t i = 0;

	while (i < MODEL_RINGS && (!d->ring[i].size || d->ring[i].dma != e->addr))
		i++;
	if (i == MODEL_RINGS && e->a)
		for (i = 0; i < MODEL_RINGS - 1 && d->ring[i].size;)
			i++;
	if (i == MODEL_RINGS)
		return;
	d->ring[i].dma = e->addr;
	d->ring[i].size = e->a ? e->size : 0;
}

static void device_event(struct model *m, const struct event *e)
{
	struct device_model *d = &m->device[e->unit];

	d->told = true;
	if (e->unit >= m->devices)
		m->devices = e->unit + 1u;
	switch (e->kind) {
	case EV_DEV_START:   transfer_begins(m, d, e); break;
	case EV_DEV_READ:
	case EV_DEV_WRITE:   transfer_moves(m, d, e); break;
	case EV_DEV_DONE:    transfer_ends(d, e); break;
	case EV_DEV_BUFFER:
		if (inside(e->addr, 8, 0, DEVICE_BUFFER))
			memcpy((uint8_t *)cow_write(&m->buffers, e->unit) + e->addr, &e->value,
			       min_u64(e->size, 8));
		break;
	case EV_DEV_RING:    set_ring(d, e); break;
	case EV_DEV_TAKE:
	case EV_DEV_GIVE:    d->descriptor = *e; break;
	case EV_MMIO_READ:
	case EV_MMIO_WRITE:  d->registers = *e; break;
	case EV_IRQ_RAISE:   d->irq_up = true; break;
	case EV_IRQ_LOWER:   d->irq_up = false; break;
	case EV_IRQ_REQUEST: d->irq_wanted = e->b != 0; break;
	default: break;
	}
}

static bool of_a_device(const struct event *e)
{
	enum lane lane = event_info[e->kind].lane;

	return e->unit < MODEL_DEVICES && (lane == LANE_DEVICE || e->kind == EV_MMIO_READ ||
					   e->kind == EV_MMIO_WRITE);
}

static bool is_line_of(const struct model *m, uint64_t line, const struct event *e)
{
	uint64_t n = model_shadow(m)->line;

	return line != UINT64_MAX && overlaps(line, n, e->addr2, e->size);
}

/* An access: did its line have to be fetched first, by whom? What was read ahead does not count. */
static void cpu_access(struct model *m, const struct event *e)
{
	m->missed = 0;
	for (uint32_t level = 1; level <= 2; level++) {
		m->missed |= (uint32_t)is_line_of(m, m->fetched[level], e) << level;
		m->fetched[level] = UINT64_MAX;
	}
	m->access = *e;
	if (e->a == AT_L1 || e->a == AT_L2)
		use_line(m, e->a - AT_RAM, e->addr2, e->seq);
}

static void line_comes(struct model *m, const struct event *e)
{
	if (e->kind == EV_CACHE_FILL && e->addr != m->ahead)
		m->fetched[e->unit] = e->addr;
	use_line(m, e->unit, e->addr, e->seq);
}

/* The byte of RAM an event is about, where a person would look next. */
static uint64_t touched(const struct model *m, const struct event *e)
{
	uint64_t pa = m->touched;

	switch (e->kind) {
	case EV_CPU_LOAD:
	case EV_CPU_STORE:
	case EV_DEV_READ:
	case EV_DEV_WRITE:
	case EV_MEM_ALLOC:
	case EV_BOUNCE_COPY:
	case EV_DMA_MAP:
	case EV_DMA_UNMAP:
	case EV_DMA_SYNC_CPU:
	case EV_DMA_SYNC_DEVICE:
	case EV_DMA_ALLOC:    pa = e->addr2; break;
	case EV_SB_DRAIN:     pa = e->addr; break;
	default: break;
	}
	return pa < model_shadow(m)->ram_bytes ? pa : m->touched;
}

static void cpu_context(struct model *m, const struct event *e)
{
	m->context = e->a;
	m->irqs_off = e->b != 0;
	m->handler = e->unit;
}

static void picture_event(struct model *m, const struct event *e)
{
	m->touched = touched(m, e);
	if (of_a_device(e))
		device_event(m, e);
	if (event_info[e->kind].lane == LANE_DMA && (!e->cause || e->cause == e->seq))
		m->call = *e;
	switch (e->kind) {
	case EV_CPU_LOAD:
	case EV_CPU_STORE:    cpu_access(m, e); break;
	case EV_CACHE_FILL:
	case EV_CACHE_TAKE:   line_comes(m, e); break;
	case EV_CPU_CONTEXT:  cpu_context(m, e); break;
	case EV_CACHE_PREFETCH: m->ahead = e->addr; break;
	case EV_MACHINE:      machine_on(m, e); break;
	case EV_MACHINE_CACHE: machine_cache(m, e); break;
	case EV_MACHINE_IOMMU: m->iommu = true; break;
	case EV_BOUNCE_POOL:
		m->bounce_pool.pa = e->addr;
		m->bounce_pool.size = e->size;
		use_pages(m, e->addr, e->size, PAGE_BOUNCE, true);
		break;
	case EV_MEM_ALLOC:    mem_alloc(m, e); break;
	case EV_MEM_FREE:     mem_free(m, e); break;
	case EV_VM_MAP:       vm_map(m, e); break;
	case EV_VM_UNMAP:     vm_unmap(m, e); break;
	case EV_DMA_ALLOC:    use_pages(m, e->addr2, e->size, PAGE_COHERENT, true); break;
	case EV_DMA_FREE:     use_pages(m, e->addr2, e->size, PAGE_FREE, false); break;
	case EV_BOUNCE_MAP:
		stand_in_add(m, (struct stand_in){ .seq = e->seq, .dma = e->value, .pa = e->addr,
			.to = e->addr2, .size = e->size, .device = e->unit, .prot = IOMMU_BOTH });
		break;
	case EV_BOUNCE_UNMAP: bounce_unmap(m, e); break;
	case EV_IOMMU_MAP:
		stand_in_add(m, (struct stand_in){ .seq = e->seq, .dma = e->addr, .pa = e->addr2,
			.size = e->size, .device = e->unit, .prot = e->a });
		break;
	case EV_IOMMU_UNMAP:  iommu_unmap(m, e); break;
	case EV_IOTLB_FLUSH:  iotlb_flush(m, e); break;
	default: break;
	}
}

/* Numbers begin again: nothing of the old machine is left. */
static void forget(struct model *m)
{
	uint64_t machines = m->machines + 1;

	model_release(m);
	model_init(m);
	m->machines = machines;
}

void model_event(struct model *m, const struct trace *t, const struct event *e)
{
	if (m->event.kind == EV_COUNT || e->seq <= m->event.seq)
		forget(m);
	m->event = *e;
	if (checker_event(&m->checker, t, e))
		picture_event(m, e);
}

uint64_t model_pages(const struct model *m)
{
	return m->uses.count;
}

enum page_use model_use(const struct model *m, uint64_t pfn)
{
	const struct page_note *note = note_of(m, pfn << PAGE_SHIFT);

	if (pfn << PAGE_SHIFT >= model_shadow(m)->hidden)
		return PAGE_HIDDEN;
	return note->use;
}

/* The block this byte lies in, if it begins here. */
static const struct allocation *block_here(const struct model *m, uint64_t at, uint64_t pa)
{
	uint32_t i = bucket_read(m, LINEAR_BASE + at);

	for (; i; i = block_at(m, i)->next) {
		const struct allocation *b = block_at(m, i);

		if (b->pa == at && b->kind != MEM_VMALLOC && inside(pa, 1, b->pa, b->size))
			return b;
	}
	return NULL;
}

/* A block fills its pages, or is smaller than one and begins at a multiple of 8 bytes. */
struct allocation model_allocation(const struct model *m, uint64_t pa)
{
	uint64_t at = round_down(pa, 8);

	if (pa >> PAGE_SHIFT >= m->uses.count)
		return (struct allocation){ 0 };
	if (note_of(m, pa)->block)
		return *block_at(m, note_of(m, pa)->block);
	for (uint64_t n = 0; n <= PAGE_SIZE && n <= at; n += 8) {
		const struct allocation *b = block_here(m, at - n, pa);

		if (b)
			return *b;
	}
	return (struct allocation){ 0 };
}

uint64_t model_va(const struct model *m, uint64_t pa)
{
	uint64_t va = pa >> PAGE_SHIFT < m->uses.count ? note_of(m, pa)->va : 0;

	return va ? va + (pa & PAGE_MASK) : LINEAR_BASE + pa;
}

bool model_pa(const struct model *m, uint64_t va, uint64_t *pa)
{
	uint64_t ram = model_shadow(m)->ram_bytes, entry = area_read(m, va);

	if (entry)
		*pa = entry - 1 + (va & PAGE_MASK);
	else if (inside(va, 1, LINEAR_BASE, ram))
		*pa = va - LINEAR_BASE;
	else if (inside(va, 1, UNCACHED_BASE, ram))
		*pa = va - UNCACHED_BASE;
	else
		return false;
	return *pa < ram;
}

const struct stand_in *model_stand_in(const struct model *m, uint64_t pa)
{
	for (uint32_t i = 0; i < m->stand_in_end; i++) {
		const struct stand_in *s = cow_read(&m->stand_ins, i);

		if (s->seq && !s->removed && inside(pa, 1, s->pa, s->size))
			return s;
	}
	return NULL;
}

const uint8_t *model_buffer(const struct model *m, uint32_t device)
{
	return device < MODEL_DEVICES ? cow_read(&m->buffers, device) : NULL;
}

const uint8_t *model_received(const struct model *m, uint32_t device)
{
	if (device >= MODEL_DEVICES)
		return NULL;
	return cow_read(&m->received, device * MODEL_TRANSFERS + m->device[device].slot);
}

/* From RAM towards the CPU: who sees whose bytes. */
static const enum where outwards[] = { AT_STORE_BUFFER, AT_L1, AT_L2, AT_RAM };

enum age model_age(const struct model *m, enum where at, uint64_t pa)
{
	enum age age = AGE_FRESH;
	bool farther = false;
	uint8_t value;
	stamp_t mine, other;

	if (!shadow_byte(model_shadow(m), at, pa, &value, &mine))
		return AGE_ABSENT;
	for (size_t i = 0; i < sizeof outwards / sizeof outwards[0]; i++) {
		if (outwards[i] == at)
			farther = true;
		else if (shadow_byte(model_shadow(m), outwards[i], pa, &value, &other) &&
			 stamp_event(other) > stamp_event(mine))
			age = farther ? AGE_STALE : age == AGE_FRESH ? AGE_BEHIND : age;
	}
	return age;
}

/* The stamps of the copy in RAM or in a cache, from this byte to the end of its line, or NULL. */
static const stamp_t *stamps_at(const struct shadow *s, enum where at, uint64_t pa)
{
	const struct shadow_line *l;

	if (at == AT_RAM)
		return pa < s->ram_bytes ? shadow_page(s, pa)->stamp + (pa & PAGE_MASK) : NULL;
	l = (uint32_t)at <= s->levels ? shadow_line(s, at - AT_RAM, pa) : NULL;
	return l ? l->stamp + (pa - l->pa) : NULL;
}

static bool any_newer(const stamp_t *a, const stamp_t *than, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (stamp_event(a[i]) > stamp_event(than[i]))
			return true;
	return false;
}

/* Of bytes of one line for which no store waits: as model_age, a whole copy at a time. */
static enum age line_age(const struct shadow *s, enum where at, uint64_t pa, uint64_t n)
{
	const stamp_t *mine = stamps_at(s, at, pa), *other;
	enum age age = AGE_FRESH;
	bool farther = false;

	if (!mine)
		return AGE_ABSENT;
	for (size_t i = 1; i < sizeof outwards / sizeof outwards[0]; i++) {
		if (outwards[i] == at)
			farther = true;
		else if ((other = stamps_at(s, outwards[i], pa)) && any_newer(other, mine, n))
			age = farther ? AGE_STALE : age == AGE_FRESH ? AGE_BEHIND : age;
	}
	return age;
}

/* The more bytes at once the better: a map asks for every line there is. */
static uint64_t at_once(const struct shadow *s, enum where at, uint64_t pa, uint64_t n)
{
	uint64_t rest = min_u64(n, s->line - (pa & (s->line - 1)));

	for (uint32_t i = 0; i < s->stores; i++)
		if (overlaps(pa, rest, s->store[i].pa, s->store[i].size))
			return 1;
	return at == AT_STORE_BUFFER ? 1 : rest;
}

enum age model_age_of(const struct model *m, enum where at, uint64_t pa, uint64_t n)
{
	const struct shadow *s = model_shadow(m);
	enum age worst = AGE_FRESH;

	for (uint64_t step; n; pa += step, n -= step) {
		enum age age;

		step = at_once(s, at, pa, n);
		age = step > 1 ? line_age(s, at, pa, step) : model_age(m, at, pa);
		if (age == AGE_ABSENT)
			return age;
		if (age > worst)
			worst = age;
	}
	return worst;
}
