/* What the devices are at: their transfers, rings, registers, interrupts and own memory. */
#include "viz/model_parts.h"

#include <string.h>

void devices_open(struct model *m)
{
	memset(m->device, 0, sizeof m->device);
	m->devices = 0;
	cow_init(&m->buffers, DEVICE_BUFFER, MODEL_DEVICES);
	cow_init(&m->received, DEVICE_BUFFER, (size_t)MODEL_DEVICES * MODEL_TRANSFERS);
}

void devices_close(struct model *m)
{
	cow_release(&m->buffers);
	cow_release(&m->received);
}

void devices_copy(struct model *to, const struct model *from)
{
	cow_copy(&to->buffers, &from->buffers);
	cow_copy(&to->received, &from->received);
}

size_t devices_apart(const struct model *m, const struct model *from)
{
	return cow_apart(&m->buffers, &from->buffers) + cow_apart(&m->received, &from->received);
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

static void follow_device(struct model *m, const struct event *e)
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

void devices_event(struct model *m, const struct event *e)
{
	if (of_a_device(e))
		follow_device(m, e);
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
