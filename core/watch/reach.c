/* Where devices go: is it a mapping of theirs, alive, and in its direction? */
#include "watch/rules.h"

/* A beat of a transfer: the addresses as the device was told, before its mask cut them. */
struct beat {
	const struct event *event;
	uint64_t dma, pa;        /* of the beat; pa is ~0 where there is no RAM */
	/* what the trace knows of its transfer (look_back) */
	uint64_t start, size;
	uint64_t asked;          /* when the CPU asked for it */
};

/* RAM the kernel leaves alone (mem=) is the driver's own to hand out. */
static bool not_the_kernels(const struct facts *f, uint64_t pa)
{
	return facts_is_ram(f, pa) && pa >= f->shadow.hidden;
}

/* What the device's mask took from the addresses of this transfer. */
static uint64_t cut_off(const struct facts *f, uint64_t transfer)
{
	return f->clamped.transfer == transfer ? f->clamped.from - f->clamped.to : 0;
}

static struct beat beat_of(const struct facts *f, const struct event *e, uint64_t pa)
{
	return (struct beat){ .event = e, .dma = e->addr + cut_off(f, e->cause), .pa = pa };
}

/* Only where something is wrong does it matter how the transfer began. */
static void look_back(const struct facts *f, const struct trace *t, struct beat *b)
{
	const struct event *e = b->event, *start = trace_at(t, e->cause);

	if (!start)
		start = e;      /* so long ago that the trace has lost it */
	b->start = start->addr + cut_off(f, e->cause);
	b->size = start->size;
	b->asked = start->kind == EV_DEV_START && start->cause ? start->cause : e->cause;
}

static bool holds(const struct mapping *m, const struct beat *b)
{
	return m->live && m->device == b->event->unit &&
	       inside(b->dma, b->event->size, m->dma, m->size);
}

static bool allows(const struct mapping *m, enum direction dir)
{
	return m->coherent_memory || m->dir == DMA_BIDIRECTIONAL || m->dir == (uint32_t)dir;
}

/* Was it there when the transfer began? */
static bool is_older(const struct mapping *m, const struct beat *b)
{
	return m->seq < b->event->cause;
}

/* The mapping a beat lies in; of several one that allows it, and of those an older one. */
static uint32_t slot_reached(const struct facts *f, const struct beat *b, enum direction dir)
{
	const struct ownership *o = &f->ownership;
	struct ranges_walk w = ownership_on_bus(o, b->event->unit, b->dma, 1);
	uint32_t best = o->end;
	int best_rank = -1;

	while (ranges_next(&w)) {
		const struct mapping *m = ownership_mapping(o, w.number);
		int rank = 2 * allows(m, dir) + is_older(m, b);

		if (!holds(m, b))
			continue;
		if (rank > best_rank || (rank == best_rank && w.number < best)) {
			best = w.number;
			best_rank = rank;
		}
	}
	return best;
}

/* Beat after beat goes to the same mapping. */
static const struct mapping *reached(struct facts *f, const struct beat *b, enum direction dir)
{
	const struct mapping *m = ownership_mapping(&f->ownership, f->reached);

	if (f->reached < f->ownership.end && holds(m, b) && allows(m, dir) && is_older(m, b))
		return m;
	f->reached = slot_reached(f, b, dir);
	return f->reached < f->ownership.end ? ownership_mapping(&f->ownership, f->reached) : NULL;
}

/* A mapping of the device that covers the address and has ended: the last to do so. */
static const struct mapping *ended_at(const struct facts *f, const struct beat *b)
{
	const struct mapping *best = NULL;

	for (uint32_t i = 0; i < f->ownership.end; i++) {
		const struct mapping *m = ownership_mapping(&f->ownership, i);

		if (m->seq && !m->live && m->device == b->event->unit &&
		    inside(b->dma, 1, m->dma, m->size) &&
		    (!best || m->handover > best->handover))
			best = m;
	}
	return best;
}

/* Did the mapping end while this transfer was under way, or on its way to the device? */
static bool ended_under_way(const struct mapping *m, const struct beat *b)
{
	return m && is_older(m, b) && m->handover > b->asked;
}

/* A live mapping, of this device or of another, with a byte of [dma, dma+n). */
static bool any_live(const struct facts *f, const struct beat *b, bool own, uint64_t dma,
		     uint64_t n)
{
	for (uint32_t i = 0; i < f->ownership.end; i++) {
		const struct mapping *m = ownership_mapping(&f->ownership, i);

		if (m->live && (m->device == b->event->unit) == own &&
		    overlaps(dma, n, m->dma, m->size))
			return true;
	}
	return false;
}

/* An address of the CPU's RAM: one that no bus address equals, or that is mapped as another. */
static bool is_physical(const struct facts *f, uint64_t start)
{
	if ((f->shadow.bus_offset || f->translates) && facts_is_ram(f, start))
		return true;
	for (uint32_t i = 0; i < f->ownership.end; i++) {
		const struct mapping *m = ownership_mapping(&f->ownership, i);

		if (m->live && m->dma != m->pa && inside(start, 1, m->pa, m->size))
			return true;
	}
	return false;
}

/* A transfer that begins in a mapping, or closely behind one, and goes on where it has ended. */
static bool runs_out(const struct facts *f, const struct beat *b)
{
	uint64_t behind = b->dma < PAGE_SIZE ? 0 : b->dma - PAGE_SIZE;

	return any_live(f, b, true, b->start, 1) ||
	       any_live(f, b, true, behind, b->dma - behind + 1);
}

/* What is wrong with a beat that no live mapping holds: rule, advice and cause of the violation. */
static void diagnose(const struct facts *f, const struct beat *b, struct violation *v)
{
	const struct mapping *ended = ended_at(f, b);

	v->rule = RULE_DEVICE_UNMAPPED;
	v->advice = ADVICE_NO_MAPPING;
	if (b->start == DMA_MAPPING_ERROR) {
		v->rule = RULE_USE_BEFORE_CHECK;
		v->advice = ADVICE_MAPPING_FAILED;
	} else if (b->start >> 47 == 0x1ffff) {
		v->rule = RULE_ADDRESS_NOT_DMA;
		v->advice = ADVICE_VIRTUAL_ADDRESS;
	} else if (ended_under_way(ended, b)) {
		v->rule = RULE_UNMAP_ACTIVE;
		v->advice = ADVICE_STILL_RUNNING;
		v->cause = ended->handover;
	} else if (any_live(f, b, true, b->start, 1) || (!ended && runs_out(f, b))) {
		v->rule = RULE_DEVICE_OUTSIDE;
		v->advice = ADVICE_OUTSIDE;
	} else if (ended) {
		v->rule = RULE_DEVICE_AFTER_UNMAP;
		v->advice = ADVICE_MAPPING_OVER;
		violation_link(v, ended->handover);
	} else if (any_live(f, b, false, b->dma, b->event->size)) {
		v->advice = ADVICE_OTHER_DEVICE;
	} else if (is_physical(f, b->start)) {
		v->rule = RULE_ADDRESS_NOT_DMA;
		v->advice = ADVICE_PHYSICAL_ADDRESS;
	}
}

/* Where there is no RAM, or the address was none for a device, the whole transfer is meant. */
static void locate(const struct facts *f, const struct beat *b, struct violation *v)
{
	bool no_address = v->rule == RULE_ADDRESS_NOT_DMA || v->rule == RULE_USE_BEFORE_CHECK;

	v->pa = b->pa;
	v->size = b->event->size;
	if (facts_is_ram(f, b->pa) && !no_address)
		return;
	v->on_bus = true;
	v->dma = b->start;
	v->pa = UINT64_MAX;
	v->size = b->size;
}

static struct violation violation_of(const struct beat *b)
{
	return (struct violation){ .cause = b->event->cause, .new_value = b->event->value,
		.width = (uint32_t)min_u64(b->event->size, 8) };
}

static void astray(struct facts *f, const struct beat *b)
{
	struct violation v = violation_of(b);

	diagnose(f, b, &v);
	locate(f, b, &v);
	violations_report(&f->violations, &v, b->event);
}

/* The driver's own byte behind the beat, also where a bounce buffer stands in for it. */
static uint64_t own_byte(const struct mapping *m, const struct beat *b)
{
	return m->pa + (b->dma - m->dma);
}

static void wrong_way(struct facts *f, const struct beat *b, const struct mapping *m,
		      enum direction dir)
{
	struct violation v = violation_of(b);

	v.rule = RULE_DEVICE_DIRECTION;
	v.advice = dir == DMA_FROM_DEVICE ? ADVICE_DEVICE_WRITES : ADVICE_DEVICE_READS;
	v.pa = own_byte(m, b);
	v.size = b->event->size;
	violation_link(&v, m->seq);
	violations_report(&f->violations, &v, b->event);
}

/* What the device wrote; in a bounce buffer it waits for somebody to copy it back. */
static void note_written(struct facts *f, const struct beat *b, const struct mapping *m)
{
	struct mapping *to;

	if (m->wrote == b->event->cause && !m->skipped.seq && !m->bounced)
		return;
	to = ownership_change(&f->ownership, f->reached);
	to->wrote = b->event->cause;
	to->skipped.seq = 0;
	if (!to->bounced)
		return;
	if (to->pending.pa == to->pending.end)
		to->pending.pa = to->pending.end = own_byte(to, b);
	to->pending.pa = min_u64(to->pending.pa, own_byte(to, b));
	if (to->pending.end < own_byte(to, b) + b->event->size)
		to->pending.end = own_byte(to, b) + b->event->size;
}

const struct mapping *rules_beat(struct facts *f, const struct trace *t, const struct event *e,
				 enum direction dir, uint64_t pa)
{
	const struct mapping *m;
	struct beat b;

	if (f->ownership.crowded || not_the_kernels(f, pa) ||
	    (f->clamped.mapped && f->clamped.transfer == e->cause))
		return NULL;
	b = beat_of(f, e, pa);
	m = reached(f, &b, dir);
	if (!m || !is_older(m, &b)) {
		look_back(f, t, &b);
		if (!m || ended_under_way(ended_at(f, &b), &b)) {
			astray(f, &b);
			return NULL;
		}
	}
	if (!allows(m, dir))
		wrong_way(f, &b, m, dir);
	if (dir == DMA_FROM_DEVICE && e->kind != EV_IOMMU_FAULT)
		note_written(f, &b, m);
	return m;
}

/* Why the IOMMU stopped a beat that lies in mapping m, or in none. */
static enum advice advice_stopped(const struct facts *f, const struct trace *t,
				  const struct event *e, const struct mapping *m)
{
	struct beat b = beat_of(f, e, UINT64_MAX);
	struct violation v = { 0 };

	look_back(f, t, &b);
	if (m && e->b == IOMMU_UNMAPPED)
		return m->coherent_memory ? ADVICE_NOT_TRANSLATED : ADVICE_UNMAPPED_WITH;
	if (m)
		return e->a ? ADVICE_NOT_WRITABLE : ADVICE_NOT_READABLE;
	diagnose(f, &b, &v);
	return v.advice;
}

/* Stopped, so no byte of RAM is meant. What the driver did wrong is said beside it, as of any beat. */
void rules_iommu_fault(struct facts *f, const struct trace *t, const struct event *e)
{
	enum direction dir = e->a ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
	const struct mapping *m = rules_beat(f, t, e, dir, UINT64_MAX);
	struct beat b = beat_of(f, e, UINT64_MAX);
	struct violation v = { .rule = RULE_IOMMU_FAULT, .cause = e->cause, .on_bus = true,
		.pa = UINT64_MAX };

	look_back(f, t, &b);
	v.dma = b.start;
	v.size = b.size;
	v.advice = advice_stopped(f, t, e, m);
	if (!m)
		m = ended_at(f, &b);
	if (m) {
		violation_link(&v, m->seq);
		violation_link(&v, m->handover);
	}
	violations_report(&f->violations, &v, e);
}

/* The place for one more transfer: a free one, else that of the oldest. */
static struct running *place(struct facts *f)
{
	struct running *oldest = f->running;

	for (uint32_t i = 1; i < FACTS_RUNNING; i++)
		if (f->running[i].seq < oldest->seq)
			oldest = &f->running[i];
	return oldest;
}

/* A device begins a transfer. An address its mask has just cut is this one's. */
void rules_start(struct facts *f, const struct event *e)
{
	if (!f->clamped.transfer && f->clamped.unit == e->unit)
		f->clamped.transfer = e->seq;
	*place(f) = (struct running){ .seq = e->seq, .dma = e->addr + cut_off(f, e->seq),
		.size = e->size, .unit = e->unit };
	if (e->unit >= FACTS_DEVICES)
		return;
	f->transfer[e->unit].seq = e->seq;
	f->transfer[e->unit].ordered = e->cause ? e->cause : e->seq;
}

void rules_done(struct facts *f, const struct event *e)
{
	for (uint32_t i = 0; i < FACTS_RUNNING; i++)
		if (f->running[i].seq == e->cause)
			f->running[i].seq = 0;
}

/* The mapping whose address this is, a live one first. */
static const struct mapping *mapped_at(const struct facts *f, uint32_t device, uint64_t dma)
{
	const struct mapping *best = NULL;

	for (uint32_t i = 0; i < f->ownership.end; i++) {
		const struct mapping *m = ownership_mapping(&f->ownership, i);

		if (m->seq && m->device == device && inside(dma, 1, m->dma, m->size) &&
		    (!best || m->live > best->live))
			best = m;
	}
	return best;
}

/*
 * A device has too few bits for an address. One that the DMA API gave out is named here; the beats
 * that follow go astray for no other reason. Others are judged beat by beat, as they were told.
 */
void rules_clamp(struct facts *f, const struct event *e)
{
	const struct mapping *m = mapped_at(f, e->unit, e->addr);
	struct violation v = { .rule = RULE_ADDRESS_TRUNCATED, .advice = ADVICE_TRUNCATED,
		.cause = e->seq, .on_bus = true, .dma = e->addr, .pa = UINT64_MAX };

	f->clamped.from = e->addr;
	f->clamped.to = e->addr2;
	f->clamped.transfer = 0;
	f->clamped.unit = e->unit;
	f->clamped.mapped = m != NULL;
	if (!m)
		return;
	violation_link(&v, m->seq);
	violations_report(&f->violations, &v, e);
}
