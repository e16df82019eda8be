#include "watch/checker.h"

void checker_init(struct checker *c)
{
	*c = (struct checker){ .cursor.next = 1 };
	shadow_init(&c->facts.shadow);
	ownership_init(&c->facts.ownership, 0);
	violations_init(&c->facts.violations);
}

void checker_release(struct checker *c)
{
	shadow_release(&c->facts.shadow);
	ownership_release(&c->facts.ownership);
	violations_release(&c->facts.violations);
}

void checker_copy(struct checker *to, const struct checker *from)
{
	*to = *from;
	shadow_copy(&to->facts.shadow, &from->facts.shadow);
	ownership_copy(&to->facts.ownership, &from->facts.ownership);
	violations_copy(&to->facts.violations, &from->facts.violations);
}

static void excuse(struct facts *f, const struct event *call, uint64_t pa, uint64_t size)
{
	f->excused.call = call->seq;
	f->excused.pa = pa;
	f->excused.size = size;
}

/* Does owning matter on this machine? Where devices snoop, both sides see the same bytes. */
static bool ownership_matters(const struct facts *f)
{
	return !f->shadow.coherent || f->strict;
}

static void map(struct facts *f, const struct event *e)
{
	ownership_add(&f->ownership, &(struct mapping){ .seq = e->seq, .handover = e->seq, .dma = e->addr,
		.pa = e->addr2, .va = e->value, .size = e->size, .device = e->unit, .dir = e->a,
		.device_owns = true, .live = true });
	if (ownership_matters(f))
		ownership_hand_over(&f->ownership, e->addr2, e->size, true);
	if (e->a == DMA_FROM_DEVICE)     /* the old contents are given up: the device will write */
		excuse(f, e, e->addr2, e->size);
}

static void alloc_coherent(struct facts *f, const struct event *e)
{
	ownership_add(&f->ownership, &(struct mapping){ .seq = e->seq, .handover = e->seq, .dma = e->addr,
		.pa = e->addr2, .va = e->value, .size = e->size, .device = e->unit,
		.dir = DMA_BIDIRECTIONAL, .coherent_memory = true, .live = true });
	ownership_set_freed(&f->ownership, e->addr2, e->size, 0);
}

/* The CPU's stores in what a device owned were reported when made; dropping them is no second fault. */
static void excuse_owned(struct facts *f, const struct event *e, const struct mapping *m)
{
	if (m->dir != DMA_TO_DEVICE && e->addr2 < f->ownership.ram_bytes && ownership_is_device(&f->ownership, e->addr2))
		excuse(f, e, e->addr2, e->size);
}

static void give_back(struct mapping *m, const struct event *e)
{
	m->handover = e->seq;
	m->returned = e->addr2;
	m->returned_size = e->size;
	m->device_owns = false;
}

static void unmap(struct facts *f, const struct event *e)
{
	struct mapping *m = ownership_named(&f->ownership, e->unit, e->addr, e->size, false);

	if (!m)
		return;
	excuse_owned(f, e, m);
	give_back(m, e);
	m->live = false;
	ownership_hand_over(&f->ownership, m->pa, m->size, false);
}

static void sync_for_cpu(struct facts *f, const struct event *e)
{
	struct mapping *m = ownership_find_write(&f->ownership, e->unit, e->addr, e->size);

	if (!m)
		return;
	excuse_owned(f, e, m);
	give_back(m, e);
	ownership_hand_over(&f->ownership, e->addr2, e->size, false);
}

static void sync_for_device(struct facts *f, const struct event *e)
{
	struct mapping *m = ownership_find_write(&f->ownership, e->unit, e->addr, e->size);

	if (!m || m->coherent_memory)
		return;
	m->handover = e->seq;
	m->device_owns = true;
	if (ownership_matters(f))
		ownership_hand_over(&f->ownership, e->addr2, e->size, true);
	if (m->dir == DMA_FROM_DEVICE)
		excuse(f, e, e->addr2, e->size);
}

static void check_error(struct facts *f, const struct event *e)
{
	struct mapping *m = ownership_find_write(&f->ownership, e->unit, e->addr, 1);

	if (m)
		m->checked = true;
}

static void free_coherent(struct facts *f, const struct event *e)
{
	struct mapping *m = ownership_named(&f->ownership, e->unit, e->addr, e->size, true);

	if (!m)
		return;
	m->live = false;
	m->handover = e->seq;
}

static void freed(struct facts *f, const struct event *e)
{
	if (e->a != MEM_VMALLOC)      /* its pages are unmapped: a touch is an oops of its own */
		ownership_set_freed(&f->ownership, e->addr2, e->size, e->seq);
}

/*
 * One event. Copies are compared before the shadow follows a write-back or a drop, for those destroy
 * what is compared; a store or a beat is judged by the state it found.
 */
static void follow(struct facts *f, const struct trace *t, const struct event *e)
{
	switch (e->kind) {
	case EV_CPU_LOAD:        rules_load(f, t, e); break;
	case EV_CPU_STORE:       rules_store(f, e); break;
	case EV_CACHE_WRITEBACK: rules_write_back(f, t, e); break;
	case EV_CACHE_DROP:      rules_drop(f, e); break;
	case EV_CACHE_OP:        f->last_op = e->seq; break;
	case EV_DEV_READ:        rules_device_read(f, t, e); break;
	case EV_DEV_WRITE:       rules_device_write(f, t, e); break;
	case EV_BUS_FAULT:       rules_bus_fault(f, t, e); break;
	case EV_DEV_CLAMP:       f->clamped.from = e->addr; f->clamped.to = e->addr2; break;
	case EV_MEM_ALLOC:       ownership_set_freed(&f->ownership, e->addr2, e->a == MEM_VMALLOC ? 0 : e->size, 0); break;
	case EV_VM_MAP:          ownership_set_freed(&f->ownership, e->addr2, e->size, 0); break;
	case EV_MEM_FREE:        freed(f, e); break;
	case EV_MEM_BAD_FREE:    rules_bad_free(f, e); break;
	case EV_DMA_MAP:         map(f, e); break;
	case EV_DMA_ALLOC:       alloc_coherent(f, e); break;
	case EV_DMA_CHECK:       check_error(f, e); break;
	case EV_DMA_UNMAP:       unmap(f, e); break;
	case EV_DMA_SYNC_CPU:    sync_for_cpu(f, e); break;
	case EV_DMA_SYNC_DEVICE: sync_for_device(f, e); break;
	case EV_DMA_FREE:        free_coherent(f, e); break;
	default:                 break;
	}
	shadow_event(&f->shadow, e);
	if (e->kind == EV_MACHINE) {     /* of the old one only the violations remain */
		ownership_release(&f->ownership);
		ownership_init(&f->ownership, e->addr);
	}
}

void checker_read(struct checker *c, const struct trace *t)
{
	const struct event *e;

	while ((e = trace_read(t, &c->cursor, &c->lost)))
		follow(&c->facts, t, e);
}
