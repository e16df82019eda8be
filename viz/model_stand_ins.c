/* Bounce buffers and entries of the IOMMU: what stands in for a buffer. */
#include "viz/model_parts.h"

void stand_ins_open(struct model *m)
{
	cow_init(&m->stand_ins, sizeof(struct stand_in), STAND_INS_MAX);
	ranges_init(&m->stand_in_dma, STAND_INS_MAX);
	ranges_init(&m->stand_in_pa, STAND_INS_MAX);
	m->stand_in_end = m->stand_in_free = 0;
}

void stand_ins_close(struct model *m)
{
	cow_release(&m->stand_ins);
	ranges_release(&m->stand_in_dma);
	ranges_release(&m->stand_in_pa);
}

void stand_ins_copy(struct model *to, const struct model *from)
{
	cow_copy(&to->stand_ins, &from->stand_ins);
	ranges_copy(&to->stand_in_dma, &from->stand_in_dma);
	ranges_copy(&to->stand_in_pa, &from->stand_in_pa);
}

size_t stand_ins_apart(const struct model *m, const struct model *from)
{
	return cow_apart(&m->stand_ins, &from->stand_ins) +
	       ranges_apart(&m->stand_in_dma, &from->stand_in_dma) +
	       ranges_apart(&m->stand_in_pa, &from->stand_in_pa);
}

static const struct stand_in *read_at(const struct model *m, uint32_t i)
{
	return cow_read(&m->stand_ins, i);
}

static struct stand_in *write_at(struct model *m, uint32_t i)
{
	return cow_write(&m->stand_ins, i);
}

/* A free slot, STAND_INS_MAX when there are too many. */
static uint32_t new_slot(struct model *m)
{
	uint32_t i = m->stand_in_free - 1;

	if (m->stand_in_free)
		m->stand_in_free = read_at(m, i)->next;
	else
		i = m->stand_in_end < STAND_INS_MAX ? m->stand_in_end++ : STAND_INS_MAX;
	return i;
}

static void add(struct model *m, struct stand_in s)
{
	uint32_t i = new_slot(m);

	if (i == STAND_INS_MAX)
		return;
	*write_at(m, i) = s;
	ranges_add(&m->stand_in_dma, i, s.device, s.dma, s.size);
	ranges_add(&m->stand_in_pa, i, 0, s.pa, s.size);
}

/* It stands in for nothing any more. */
static void set_removed(struct model *m, uint32_t i)
{
	if (read_at(m, i)->removed)
		return;
	write_at(m, i)->removed = true;
	ranges_remove(&m->stand_in_pa, i);
}

static void forget(struct model *m, uint32_t i)
{
	set_removed(m, i);
	ranges_remove(&m->stand_in_dma, i);
	*write_at(m, i) = (struct stand_in){ .next = m->stand_in_free };
	m->stand_in_free = i + 1;
}

/* Those of the device that begin in the range. */
static void for_each_of(struct model *m, uint32_t device, uint64_t dma, uint64_t size,
			void (*act)(struct model *m, uint32_t i))
{
	struct ranges_walk w = ranges_walk(&m->stand_in_dma, device, dma, size);

	while (ranges_next(&w))
		if (inside(read_at(m, w.number)->dma, 1, dma, size ? size : 1))
			act(m, w.number);
}

static void forget_removed(struct model *m, uint32_t i)
{
	if (read_at(m, i)->removed)
		forget(m, i);
}

/* Size 0: it forgets all, of every device. */
static void iotlb_flush(struct model *m, const struct event *e)
{
	if (e->size) {
		for_each_of(m, e->unit, e->addr, e->size, forget_removed);
		return;
	}
	for (uint32_t i = 0; i < m->stand_in_end; i++)
		forget_removed(m, i);
}

void stand_ins_event(struct model *m, const struct event *e)
{
	switch (e->kind) {
	case EV_BOUNCE_MAP:
		add(m, (struct stand_in){ .seq = e->seq, .dma = e->value, .pa = e->addr,
			.to = e->addr2, .size = e->size, .device = e->unit, .prot = IOMMU_BOTH });
		break;
	case EV_IOMMU_MAP:
		add(m, (struct stand_in){ .seq = e->seq, .dma = e->addr, .pa = e->addr2,
			.size = e->size, .device = e->unit, .prot = e->a });
		break;
	case EV_BOUNCE_UNMAP: for_each_of(m, e->unit, e->value, e->size, forget); break;
	/* Entries stay, as removed, until the IOTLB forgets them. */
	case EV_IOMMU_UNMAP:  for_each_of(m, e->unit, e->addr, e->size, set_removed); break;
	case EV_IOTLB_FLUSH:  iotlb_flush(m, e); break;
	default: break;
	}
}

/* Of several the one in the lowest slot. */
const struct stand_in *model_stand_in(const struct model *m, uint64_t pa)
{
	struct ranges_walk w = ranges_walk(&m->stand_in_pa, 0, pa, 1);
	uint32_t best = UINT32_MAX;

	while (ranges_next(&w))
		if (w.number < best && read_at(m, w.number)->size)
			best = w.number;
	return best < UINT32_MAX ? read_at(m, best) : NULL;
}
