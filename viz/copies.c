#include "viz/copies.h"
#include "viz/version.h"

const struct stand_in *bounce_of(const struct model *m, uint64_t pa)
{
	for (uint32_t i = 0; i < m->stand_in_end; i++) {
		const struct stand_in *s = cow_read(&m->stand_ins, i);

		if (s->seq && s->to && inside(pa, 1, s->to, s->size))
			return s;
	}
	return NULL;
}

bool device_owns(const struct model *m, uint64_t pa)
{
	const struct stand_in *bounce = bounce_of(m, pa);
	const struct mapping *of;

	if (bounce)
		pa = bounce->pa + (pa - bounce->to);
	if (ownership_is_device(model_ownership(m), pa))
		return true;
	of = ownership_of(model_ownership(m), pa);
	return of && of->live && of->device_owns && !ownership_counts(&m->checker.facts);
}

/* The newest copy of a byte, wherever it is. */
static stamp_t newest(const struct model *m, uint64_t pa, uint8_t *value)
{
	stamp_t stamp;

	shadow_newest(model_shadow(m), pa, value, &stamp);
	return stamp;
}

static void add_copy(struct copies *to, const struct model *m, const char *name, enum where at)
{
	struct copy c = { .name = name, .thing = thing_of(THING_BYTE, at, to->pa),
			  .letter = versions_of(m, to->pa).letter[at],
			  .age = model_age(m, at, to->pa) };

	if (shadow_byte(model_shadow(m), at, to->pa, &c.value, &c.stamp))
		to->copy[to->count++] = c;
}

/*
 * What a device wrote into a bounce buffer and nobody copied back makes all other copies old. The
 * kernel's copies between the two are writes of its own: of those, equal values are equally new.
 */
static void add_bounced(struct copies *to, const struct model *m, uint64_t slot)
{
	uint8_t value, ignored;
	stamp_t ours = newest(m, to->pa, &value), its = newest(m, slot, &ignored);
	struct copy c = { .name = "bounce", .thing = thing_of(THING_BYTE, AT_RAM, slot) };

	if (!shadow_byte(model_shadow(m), AT_RAM, slot, &c.value, &c.stamp))
		return;
	c.age = its >= ours || c.value == value ? AGE_FRESH : AGE_BEHIND;
	c.letter = version_letter(c.stamp);
	for (uint32_t i = 0; its > ours && stamp_by_device(its) && i < to->count; i++)
		to->copy[i].age = AGE_STALE;
	to->copy[to->count++] = c;
}

/* What the device of the mapping read into its own buffer, in its last transfer. */
static void add_received(struct copies *to, const struct model *m)
{
	uint32_t unit = to->mapping ? to->mapping->device : MODEL_DEVICES;
	const struct device_model *d = unit < MODEL_DEVICES ? &m->device[unit] : NULL;
	uint64_t dma = d ? to->mapping->dma + (to->pa - to->mapping->pa) : 0;
	struct copy c = { .name = "device", .thing = thing_of(THING_DEVICE, unit, unit),
			  .letter = ' ' };
	uint8_t value;

	if (!d || d->dir != DMA_TO_DEVICE || !inside(dma, 1, d->dma, d->moved) ||
	    dma - d->dma >= DEVICE_BUFFER)
		return;
	c.value = model_received(m, unit)[dma - d->dma];
	c.transfer = d->start;
	newest(m, to->pa, &value);
	c.age = c.value == value ? AGE_FRESH : AGE_STALE;
	to->copy[to->count++] = c;
}

struct copies copies_of(const struct model *m, uint64_t pa)
{
	const struct stand_in *s = model_stand_in(m, pa);
	struct copies to = { .pa = pa, .mapping = ownership_of(model_ownership(m), pa) };

	add_copy(&to, m, "buffer", AT_STORE_BUFFER);
	add_copy(&to, m, "L1", AT_L1);
	add_copy(&to, m, "L2", AT_L2);
	add_copy(&to, m, "RAM", AT_RAM);
	to.device = model_shadow(m)->coherent ? to.cpu : to.count - 1;
	if (s && s->to && s->to + (pa - s->pa) < model_shadow(m)->ram_bytes) {
		add_bounced(&to, m, s->to + (pa - s->pa));
		to.device = to.count - 1;
	}
	add_received(&to, m);
	return to;
}
