#include "viz/model.h"

#include <string.h>

const char *const page_use_name[PAGE_USE_COUNT] = {
	"free", "kernel", "hidden", "slab", "kmalloc", "pages", "vmalloc", "coherent", "bounce"
};

/* What a page is used for, and by how many blocks. */
struct page_note {
	uint8_t use;             /* enum page_use, PAGE_FREE: see model_use */
	uint32_t blocks;
	uint64_t va;             /* of an area page, 0 for none */
};

/* Of the size the machine has. */
static void open_tables(struct model *m, uint64_t pages)
{
	const struct shadow *s = model_shadow(m);

	cow_init(&m->buffers, DEVICE_BUFFER, MODEL_DEVICES);
	cow_init(&m->uses, sizeof(struct page_note), pages);
	for (uint32_t level = 1; level <= 2; level++)
		cow_init(&m->used[level], sizeof(struct used), s->cache[level].sets);
	cow_init(&m->allocations, sizeof(struct allocation), MAPPINGS_MAX);
	cow_init(&m->areas, sizeof(struct area_page), MAPPINGS_MAX);
	cow_init(&m->stand_ins, sizeof(struct stand_in), MAPPINGS_MAX);
	m->allocation_end = m->area_end = m->stand_in_end = 0;
}

static void close_tables(struct model *m)
{
	cow_release(&m->buffers);
	cow_release(&m->uses);
	cow_release(&m->used[1]);
	cow_release(&m->used[2]);
	cow_release(&m->allocations);
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
	cow_copy(&to->uses, &from->uses);
	cow_copy(&to->used[1], &from->used[1]);
	cow_copy(&to->used[2], &from->used[2]);
	cow_copy(&to->allocations, &from->allocations);
	cow_copy(&to->areas, &from->areas);
	cow_copy(&to->stand_ins, &from->stand_ins);
}

/* Everything before is forgotten; what the machine is like follows. */
static void machine_on(struct model *m, const struct event *e)
{
	struct event event = m->event;

	close_tables(m);
	m->machines++;
	m->access.kind = m->call.kind = EV_COUNT;
	m->context = CONTEXT_PROCESS;
	m->irqs_off = false;
	m->touched = 0;
	m->ahead = UINT64_MAX;
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

static void use_pages(struct model *m, uint64_t pa, uint64_t size, enum page_use use, bool on)
{
	uint64_t end = min_u64((pa + size + PAGE_SIZE - 1) >> PAGE_SHIFT, m->uses.count);

	for (uint64_t pfn = pa >> PAGE_SHIFT; pfn < end; pfn++) {
		struct page_note *note = cow_write(&m->uses, pfn);

		if (note->use == PAGE_KERNEL)
			continue;
		note->blocks = on ? note->blocks + 1 : note->blocks ? note->blocks - 1 : 0;
		note->use = (uint8_t)(note->blocks ? on ? use : note->use : PAGE_FREE);
	}
}

static void set_va(struct model *m, uint64_t pa, uint64_t va)
{
	if (pa >> PAGE_SHIFT < m->uses.count)
		((struct page_note *)cow_write(&m->uses, pa >> PAGE_SHIFT))->va = va;
}

/* The first slot for which `seq` is 0, counted into *end; past the last there is no room. */
static uint32_t free_slot(const struct cow *slots, uint32_t *end)
{
	for (uint32_t i = 0; i < *end; i++)
		if (!cow_present(slots, i) || !*(const uint64_t *)cow_read(slots, i))
			return i;
	return *end < slots->count ? (*end)++ : UINT32_MAX;
}

static enum page_use use_of(const struct event *e)
{
	if (e->a == MEM_KMALLOC)
		return e->size < PAGE_SIZE ? PAGE_SLAB : PAGE_KMALLOC;
	return e->a == MEM_COHERENT ? PAGE_COHERENT : PAGE_PAGES;
}

static void mem_alloc(struct model *m, const struct event *e)
{
	uint32_t slot = free_slot(&m->allocations, &m->allocation_end);

	if (slot != UINT32_MAX)
		*(struct allocation *)cow_write(&m->allocations, slot) = (struct allocation){ .seq = e->seq,
			.va = e->addr, .pa = e->addr2, .asked = e->value, .size = e->size,
			.kind = e->a };
	if (e->a != MEM_VMALLOC && e->a != MEM_STACK)
		use_pages(m, e->addr2, e->size, use_of(e), true);
}

static void mem_free(struct model *m, const struct event *e)
{
	for (uint32_t i = 0; i < m->allocation_end; i++) {
		const struct allocation *b = cow_read(&m->allocations, i);

		if (b->seq && b->va == e->addr)
			((struct allocation *)cow_write(&m->allocations, i))->seq = 0;
	}
	if (e->a != MEM_VMALLOC && e->a != MEM_STACK)
		use_pages(m, e->addr2, e->size, PAGE_FREE, false);
}

static void vm_map(struct model *m, const struct event *e)
{
	enum page_use use = e->a == ATTR_CACHED ? PAGE_VMALLOC : PAGE_COHERENT;

	for (uint64_t at = 0; at < e->size; at += PAGE_SIZE) {
		uint32_t slot = free_slot(&m->areas, &m->area_end);

		if (slot != UINT32_MAX)
			*(struct area_page *)cow_write(&m->areas, slot) = (struct area_page){
				.va = e->addr + at, .pa = e->addr2 + at, .attr = e->a };
		set_va(m, e->addr2 + at, e->addr + at);
	}
	use_pages(m, e->addr2, e->size, use, true);
}

static void vm_unmap(struct model *m, const struct event *e)
{
	for (uint32_t i = 0; i < m->area_end; i++) {
		const struct area_page *p = cow_read(&m->areas, i);

		if (p->va && inside(p->va, 1, e->addr, e->size)) {
			set_va(m, p->pa, 0);
			use_pages(m, p->pa, PAGE_SIZE, PAGE_FREE, false);
			((struct area_page *)cow_write(&m->areas, i))->va = 0;
		}
	}
}

static void stand_in_add(struct model *m, struct stand_in s)
{
	uint32_t slot = free_slot(&m->stand_ins, &m->stand_in_end);

	if (slot != UINT32_MAX)
		*(struct stand_in *)cow_write(&m->stand_ins, slot) = s;
}

static void stand_in_remove(struct model *m, uint32_t device, uint64_t dma, uint64_t size)
{
	for (uint32_t i = 0; i < m->stand_in_end; i++) {
		const struct stand_in *s = cow_read(&m->stand_ins, i);

		if (s->seq && s->device == device && inside(s->dma, 1, dma, size ? size : 1))
			((struct stand_in *)cow_write(&m->stand_ins, i))->seq = 0;
	}
}

/* Entries stay, as removed, until the IOTLB forgets them; size 0 of a flush: all, of every device. */
static void iommu_unmap(struct model *m, const struct event *e)
{
	for (uint32_t i = 0; i < m->stand_in_end; i++) {
		const struct stand_in *s = cow_read(&m->stand_ins, i);

		if (s->seq && !s->to && s->device == e->unit && inside(s->dma, 1, e->addr, e->size))
			((struct stand_in *)cow_write(&m->stand_ins, i))->removed = true;
	}
}

static void iotlb_flush(struct model *m, const struct event *e)
{
	for (uint32_t i = 0; i < m->stand_in_end; i++) {
		const struct stand_in *s = cow_read(&m->stand_ins, i);

		if (s->seq && s->removed && (!e->size || (s->device == e->unit &&
							  inside(s->dma, 1, e->addr, e->size))))
			((struct stand_in *)cow_write(&m->stand_ins, i))->seq = 0;
	}
}

static void use_line(struct model *m, uint32_t level, uint64_t pa, uint64_t seq)
{
	uint32_t ways = model_shadow(m)->cache[level].ways, slot;

	if (shadow_slot(model_shadow(m), level, pa, &slot))
		((struct used *)cow_write(&m->used[level], slot / ways))->way[slot % ways] = seq;
}

static void device_moves(struct model *m, struct device_model *d, const struct event *e)
{
	uint8_t *buffer = cow_write(&m->buffers, e->unit);

	if (e->kind == EV_DEV_READ && d->moved + e->size <= DEVICE_BUFFER)
		memcpy(buffer + d->moved, &e->value, e->size < 8 ? e->size : 8);
	d->moved += e->size;
}

static void device_event(struct model *m, const struct event *e)
{
	struct device_model *d = &m->device[e->unit];

	d->told = true;
	if (e->unit >= m->devices)
		m->devices = e->unit + 1u;
	switch (e->kind) {
	case EV_DEV_START:
		*d = (struct device_model){ .told = true, .busy = true, .start = e->seq,
			.dma = e->addr, .size = e->size, .dir = e->a, .irq_up = d->irq_up,
			.irq_wanted = d->irq_wanted, .ring = d->ring, .ring_size = d->ring_size,
			.registers = d->registers, .descriptor = d->descriptor };
		break;
	case EV_DEV_READ:
	case EV_DEV_WRITE:   device_moves(m, d, e); break;
	case EV_DEV_DONE:    d->busy = false; break;
	case EV_DEV_BUFFER:
		if (e->addr + 8 <= DEVICE_BUFFER)
			memcpy((uint8_t *)cow_write(&m->buffers, e->unit) + e->addr, &e->value, 8);
		break;
	case EV_DEV_RING:    d->ring = e->addr; d->ring_size = e->a ? e->size : 0; break;
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

/* The levels that fetched the line since the access before this one, and were asked to. */
static uint32_t missed(const struct model *m, const struct event *e)
{
	const struct shadow *s = model_shadow(m);
	uint64_t before = m->access.kind == EV_COUNT ? 0 : m->access.seq;
	uint32_t levels = 0;

	for (uint32_t level = 1; level <= s->levels; level++) {
		const struct shadow_line *l = shadow_line(s, level, e->addr2);

		if (l && l->filled > before && l->pa != m->ahead)
			levels |= 1u << level;
	}
	return levels;
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
	case EV_CPU_STORE:
		m->missed = missed(m, e);
		m->access = *e;
		if (e->a == AT_L1 || e->a == AT_L2)
			use_line(m, e->a == AT_L2 ? 2 : 1, e->addr2, e->seq);
		break;
	case EV_CACHE_FILL:
	case EV_CACHE_TAKE:   use_line(m, e->unit, e->addr, e->seq); break;
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
		stand_in_add(m, (struct stand_in){ e->seq, e->value, e->addr, e->addr2, e->size,
						   e->unit, IOMMU_BOTH, false });
		break;
	case EV_BOUNCE_UNMAP:
		stand_in_remove(m, e->unit, e->value, e->size);
		break;
	case EV_IOMMU_MAP:
		stand_in_add(m, (struct stand_in){ e->seq, e->addr, e->addr2, 0, e->size,
						   e->unit, e->a, false });
		break;
	case EV_IOMMU_UNMAP:  iommu_unmap(m, e); break;
	case EV_IOTLB_FLUSH:  iotlb_flush(m, e); break;
	default: break;
	}
}

/* Numbers begin again: nothing of the old machine is left. */
static void forget(struct model *m)
{
	uint64_t machines = m->machines;

	model_release(m);
	model_init(m);
	m->machines = machines;
}

void model_event(struct model *m, const struct trace *t, const struct event *e)
{
	if (e->seq <= m->event.seq)
		forget(m);
	m->event = *e;
	checker_event(&m->checker, t, e);
	picture_event(m, e);
}

uint64_t model_pages(const struct model *m)
{
	return m->uses.count;
}

enum page_use model_use(const struct model *m, uint64_t pfn)
{
	const struct page_note *note = cow_read(&m->uses, pfn);

	if (pfn << PAGE_SHIFT >= model_shadow(m)->hidden)
		return PAGE_HIDDEN;
	return note->use;
}

struct allocation model_allocation(const struct model *m, uint64_t pa)
{
	for (uint32_t i = 0; i < m->allocation_end; i++) {
		const struct allocation *b = cow_read(&m->allocations, i);

		if (b->seq && b->kind != MEM_VMALLOC && inside(pa, 1, b->pa, b->size))
			return *b;
	}
	return (struct allocation){ 0 };
}

uint64_t model_va(const struct model *m, uint64_t pa)
{
	const struct page_note *note = cow_read(&m->uses, pa >> PAGE_SHIFT);

	return note->va ? note->va + (pa & PAGE_MASK) : LINEAR_BASE + pa;
}

bool model_pa(const struct model *m, uint64_t va, uint64_t *pa)
{
	if (inside(va, 1, LINEAR_BASE, model_shadow(m)->ram_bytes)) {
		*pa = va - LINEAR_BASE;
		return true;
	}
	for (uint32_t i = 0; i < m->area_end; i++) {
		const struct area_page *p = cow_read(&m->areas, i);

		if (p->va && inside(va, 1, p->va, PAGE_SIZE)) {
			*pa = p->pa + (va - p->va);
			return true;
		}
	}
	return false;
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

enum age model_age_of(const struct model *m, enum where at, uint64_t pa, uint64_t n)
{
	enum age worst = AGE_FRESH;

	for (uint64_t i = 0; i < n; i++) {
		enum age age = model_age(m, at, pa + i);

		if (age == AGE_ABSENT)
			return age;
		if (age > worst)
			worst = age;
	}
	return worst;
}
