#include "hw/iommu.h"

#include <assert.h>

#define LEAF_ENTRIES 512
#define LEAVES       ((uint64_t)1 << (IOVA_BITS - PAGE_SHIFT - 9))     /* of one device */

void iommu_init(struct iommu *i, const struct board *board)
{
	*i = (struct iommu){ 0 };
	cow_init(&i->tables, LEAF_ENTRIES * sizeof(uint64_t),
		 board_translates(board) ? LEAVES * DEVICE_MAX : 0);
}

void iommu_release(struct iommu *i)
{
	cow_release(&i->tables);
}

void iommu_copy(struct iommu *to, const struct iommu *from)
{
	*to = *from;
	cow_copy(&to->tables, &from->tables);
}

static size_t leaf_of(uint16_t unit, dma_addr_t dma)
{
	return unit * LEAVES + (dma >> PAGE_SHIFT) / LEAF_ENTRIES;
}

static uint64_t entry_at(const struct iommu *i, uint16_t unit, dma_addr_t dma)
{
	const uint64_t *leaf;

	if (dma >= IOVA_END || !i->tables.count)
		return 0;
	leaf = cow_read(&i->tables, leaf_of(unit, dma));
	return leaf[(dma >> PAGE_SHIFT) % LEAF_ENTRIES];
}

static void set_entry(struct iommu *i, uint16_t unit, dma_addr_t dma, uint64_t entry)
{
	uint64_t *leaf = cow_write(&i->tables, leaf_of(unit, dma));
	uint64_t *place = &leaf[(dma >> PAGE_SHIFT) % LEAF_ENTRIES];

	i->used = i->used + (entry != 0) - (*place != 0);
	*place = entry;
}

static void tell(struct iommu *i, enum event_kind kind, const struct event *e)
{
	struct event told = *e;

	told.kind = (uint16_t)kind;
	bus_tell(i->bus, &told);
}

static void tell_map(struct iommu *i, uint16_t unit, dma_addr_t dma, uint64_t size)
{
	tell(i, EV_IOMMU_MAP, &(struct event){ .addr = dma, .addr2 = iommu_phys(i, unit, dma),
		.size = (uint32_t)min_u64(size, UINT32_MAX), .a = iommu_prot(i, unit, dma),
		.unit = unit });
}

bool iommu_map(struct iommu *i, uint16_t unit, dma_addr_t dma, paddr_t pa, uint64_t size,
	       enum iommu_prot prot)
{
	uint64_t room = i->bus->board->iommu_entries;

	assert(!((dma | pa | size) & PAGE_MASK) && inside(dma, size, 0, IOVA_END));
	if (room && (i->used > room || size >> PAGE_SHIFT > room - i->used))
		return false;
	for (uint64_t at = 0; at < size; at += PAGE_SIZE)
		set_entry(i, unit, dma + at, (pa + at) | prot);
	tell_map(i, unit, dma, size);
	return true;
}

uint64_t iommu_unmap(struct iommu *i, uint16_t unit, dma_addr_t dma, uint64_t size)
{
	uint64_t unmapped = 0;

	assert(!((dma | size) & PAGE_MASK) && inside(dma, size, 0, IOVA_END));
	for (uint64_t at = 0; at < size; at += PAGE_SIZE) {
		if (!entry_at(i, unit, dma + at))
			continue;
		set_entry(i, unit, dma + at, 0);
		unmapped += PAGE_SIZE;
	}
	tell(i, EV_IOMMU_UNMAP, &(struct event){ .addr = dma,
		.size = (uint32_t)min_u64(size, UINT32_MAX), .unit = unit });
	return unmapped;
}

void iommu_flush(struct iommu *i, uint16_t unit, dma_addr_t dma, uint64_t size)
{
	for (uint32_t slot = 0; slot < IOTLB_ENTRIES; slot++)
		if (i->iotlb[slot].unit == unit &&
		    inside(i->iotlb[slot].page << PAGE_SHIFT, PAGE_SIZE, dma, size))
			i->iotlb[slot].entry = 0;
	tell(i, EV_IOTLB_FLUSH, &(struct event){ .addr = dma,
		.size = (uint32_t)min_u64(size, UINT32_MAX), .unit = unit });
}

void iommu_flush_all(struct iommu *i)
{
	for (uint32_t slot = 0; slot < IOTLB_ENTRIES; slot++)
		i->iotlb[slot].entry = 0;
	tell(i, EV_IOTLB_FLUSH, &(struct event){ 0 });
}

paddr_t iommu_phys(const struct iommu *i, uint16_t unit, dma_addr_t dma)
{
	uint64_t entry = entry_at(i, unit, dma);

	return entry ? round_down(entry, PAGE_SIZE) + (dma & PAGE_MASK) : IOMMU_NOTHING;
}

enum iommu_prot iommu_prot(const struct iommu *i, uint16_t unit, dma_addr_t dma)
{
	return entry_at(i, unit, dma) & IOMMU_BOTH;
}

dma_addr_t iommu_next(const struct iommu *i, uint16_t unit, dma_addr_t dma)
{
	dma = round_up(dma, PAGE_SIZE);
	while (dma < IOVA_END && !entry_at(i, unit, dma)) {
		uint64_t step = PAGE_SIZE;

		if (!i->tables.count)
			return IOVA_END;
		if (!cow_present(&i->tables, leaf_of(unit, dma)))
			step = LEAF_ENTRIES * PAGE_SIZE - dma % (LEAF_ENTRIES * PAGE_SIZE);
		dma += step;
	}
	return dma;
}

uint64_t iommu_run(const struct iommu *i, uint16_t unit, dma_addr_t dma)
{
	uint64_t entry = entry_at(i, unit, dma), n = PAGE_SIZE - (dma & PAGE_MASK);

	for (; entry && entry_at(i, unit, dma + n) == entry + PAGE_SIZE; n += PAGE_SIZE)
		entry += PAGE_SIZE;
	return n;
}

static struct iotlb_entry *find(struct iommu *i, const struct iommu_access *a)
{
	for (uint32_t slot = 0; slot < IOTLB_ENTRIES; slot++) {
		struct iotlb_entry *e = &i->iotlb[slot];

		if (e->entry && e->unit == a->unit && e->page == a->dma >> PAGE_SHIFT)
			return e;
	}
	return NULL;
}

/* What is remembered of this page, unless it is out of date and nature likes it forgotten. */
static const struct iotlb_entry *remembered(struct iommu *i, const struct iommu_access *a,
					    uint64_t now)
{
	struct iotlb_entry *e = find(i, a);

	if (!e || e->entry == now ||
	    !bus_ask(i->bus, CHOICE_IOTLB, round_down(e->entry, PAGE_SIZE), 2, 4))
		return e;
	e->entry = 0;
	return NULL;
}

static void remember(struct iommu *i, const struct iommu_access *a, uint64_t entry)
{
	i->iotlb[i->next] = (struct iotlb_entry){ .entry = entry, .unit = a->unit,
		.page = a->dma >> PAGE_SHIFT };
	i->next = (i->next + 1) % IOTLB_ENTRIES;
}

static void tell_beat(struct iommu *i, enum event_kind kind, const struct iommu_access *a,
		      paddr_t pa, enum iommu_why why)
{
	tell(i, kind, &(struct event){ .addr = a->dma, .addr2 = pa, .size = (uint32_t)a->size,
		.a = a->write, .b = why, .unit = a->unit, .cause = a->cause });
}

bool iommu_translate(struct iommu *i, const struct iommu_access *a, paddr_t *pa)
{
	uint64_t now = entry_at(i, a->unit, a->dma), entry;
	const struct iotlb_entry *old = remembered(i, a, now);

	entry = old ? old->entry : now;
	if (!(entry & (a->write ? IOMMU_WRITE : IOMMU_READ))) {
		tell_beat(i, EV_IOMMU_FAULT, a, 0, entry ? IOMMU_PERMISSION : IOMMU_UNMAPPED);
		return false;
	}
	*pa = round_down(entry, PAGE_SIZE) + (a->dma & PAGE_MASK);
	if (!old)
		remember(i, a, entry);
	else if (entry != now)
		tell_beat(i, EV_IOTLB_STALE, a, *pa, 0);
	return true;
}

static void tell_table(struct iommu *i, uint16_t unit)
{
	uint64_t size;

	for (dma_addr_t dma = iommu_next(i, unit, 0); dma < IOVA_END;
	     dma = iommu_next(i, unit, dma + size)) {
		size = iommu_run(i, unit, dma);
		tell_map(i, unit, dma, size);
	}
}

void iommu_keyframe(struct iommu *i)
{
	for (uint16_t unit = 0; unit < DEVICE_MAX && i->used; unit++)
		tell_table(i, unit);
}
