#include "watch/checker.h"

#include <string.h>

const struct rule_info rule_info[RULE_COUNT] = {
#define RULE(NAME, name, severity, misconception, sentence, remedy) \
	{ name, severity, misconception, sentence, remedy },
#define ADVICE(...)
#include "watch/rules.def"
#undef RULE
#undef ADVICE
};

const char *const advice_sentence[ADVICE_COUNT] = {
#define RULE(...)
#define ADVICE(NAME, sentence) sentence,
#include "watch/rules.def"
#undef RULE
#undef ADVICE
};

void checker_init(struct checker *c)
{
	memset(c, 0, sizeof *c);
	c->cursor.next = 1;
	shadow_init(&c->shadow);
	ownership_init(&c->ownership, 0);
	cow_init(&c->violations, sizeof(struct violation), VIOLATIONS_MAX);
}

void checker_release(struct checker *c)
{
	shadow_release(&c->shadow);
	ownership_release(&c->ownership);
	cow_release(&c->violations);
}

void checker_copy(struct checker *to, const struct checker *from)
{
	*to = *from;
	shadow_copy(&to->shadow, &from->shadow);
	ownership_copy(&to->ownership, &from->ownership);
	cow_copy(&to->violations, &from->violations);
}

const struct violation *checker_violation(const struct checker *c, uint32_t i)
{
	return cow_read(&c->violations, i);
}

uint64_t checker_cause(const struct trace *t, stamp_t s)
{
	const struct event *e = trace_at(t, stamp_event(s));

	return e && e->cause ? e->cause : stamp_event(s);
}

void violation_link(struct violation *v, uint64_t seq)
{
	uint32_t at = 0;

	while (at < v->chain_length && v->chain[at] < seq)
		at++;
	if (!seq || v->chain_length == CHAIN_MAX || (at < v->chain_length && v->chain[at] == seq))
		return;
	memmove(v->chain + at + 1, v->chain + at, (v->chain_length - at) * sizeof v->chain[0]);
	v->chain[at] = seq;
	v->chain_length++;
}

/* The one with this rule and cause, if it has been reported. Newest first: it is nearly always that. */
static struct violation *reported(struct checker *c, enum rule rule, uint64_t cause)
{
	for (uint32_t i = c->violation_count; i--; ) {
		const struct violation *v = checker_violation(c, i);

		if (v->rule == rule && v->cause == cause)
			return cow_write(&c->violations, i);
	}
	return NULL;
}

/* Another access for the same cause: counted, and its bytes added. */
static void extend(struct violation *v, const struct violation *more)
{
	uint64_t end = v->pa + v->size, more_end = more->pa + more->size;

	v->count++;
	v->pa = min_u64(v->pa, more->pa);
	v->size = (end > more_end ? end : more_end) - v->pa;
}

void checker_report(struct checker *c, struct violation *v, const struct event *e)
{
	struct violation *known = reported(c, v->rule, v->cause);

	if (known) {
		extend(known, v);
		return;
	}
	if (c->violation_count == VIOLATIONS_MAX) {
		c->dropped++;
		return;
	}
	v->count = 1;
	v->seq = e->seq;
	v->cycle = e->cycle;
	violation_link(v, stamp_event(v->old_stamp));
	violation_link(v, stamp_event(v->new_stamp));
	violation_link(v, v->cause);
	violation_link(v, e->seq);
	memcpy(cow_write(&c->violations, c->violation_count++), v, sizeof *v);
}

static void excuse(struct checker *c, const struct event *call, uint64_t pa, uint64_t size)
{
	c->excused.call = call->seq;
	c->excused.pa = pa;
	c->excused.size = size;
}

/* Does owning matter on this machine? Where devices snoop, both sides see the same bytes. */
static bool ownership_matters(const struct checker *c)
{
	return !c->shadow.coherent || c->strict;
}

static void map(struct checker *c, const struct event *e)
{
	ownership_add(&c->ownership, &(struct mapping){ .seq = e->seq, .handover = e->seq, .dma = e->addr,
		.pa = e->addr2, .va = e->value, .size = e->size, .device = e->unit, .dir = e->a,
		.device_owns = true, .live = true });
	if (ownership_matters(c))
		ownership_hand_over(&c->ownership, e->addr2, e->size, true);
	if (e->a == DMA_FROM_DEVICE)     /* the old contents are given up: the device will write */
		excuse(c, e, e->addr2, e->size);
}

static void alloc_coherent(struct checker *c, const struct event *e)
{
	ownership_add(&c->ownership, &(struct mapping){ .seq = e->seq, .handover = e->seq, .dma = e->addr,
		.pa = e->addr2, .va = e->value, .size = e->size, .device = e->unit,
		.dir = DMA_BIDIRECTIONAL, .coherent_memory = true, .live = true });
	ownership_set_freed(&c->ownership, e->addr2, e->size, 0);
}

/* The CPU's stores in what a device owned were reported when made; dropping them is no second fault. */
static void excuse_owned(struct checker *c, const struct event *e, const struct mapping *m)
{
	if (m->dir != DMA_TO_DEVICE && e->addr2 < c->ownership.ram_bytes && ownership_is_device(&c->ownership, e->addr2))
		excuse(c, e, e->addr2, e->size);
}

static void give_back(struct mapping *m, const struct event *e)
{
	m->handover = e->seq;
	m->returned = e->addr2;
	m->returned_size = e->size;
	m->device_owns = false;
}

static void unmap(struct checker *c, const struct event *e)
{
	struct mapping *m = ownership_named(&c->ownership, e->unit, e->addr, e->size, false);

	if (!m)
		return;
	excuse_owned(c, e, m);
	give_back(m, e);
	m->live = false;
	ownership_hand_over(&c->ownership, m->pa, m->size, false);
}

static void sync_for_cpu(struct checker *c, const struct event *e)
{
	struct mapping *m = ownership_find_write(&c->ownership, e->unit, e->addr, e->size);

	if (!m)
		return;
	excuse_owned(c, e, m);
	give_back(m, e);
	ownership_hand_over(&c->ownership, e->addr2, e->size, false);
}

static void sync_for_device(struct checker *c, const struct event *e)
{
	struct mapping *m = ownership_find_write(&c->ownership, e->unit, e->addr, e->size);

	if (!m || m->coherent_memory)
		return;
	m->handover = e->seq;
	m->device_owns = true;
	if (ownership_matters(c))
		ownership_hand_over(&c->ownership, e->addr2, e->size, true);
	if (m->dir == DMA_FROM_DEVICE)
		excuse(c, e, e->addr2, e->size);
}

static void check_error(struct checker *c, const struct event *e)
{
	struct mapping *m = ownership_find_write(&c->ownership, e->unit, e->addr, 1);

	if (m)
		m->checked = true;
}

static void free_coherent(struct checker *c, const struct event *e)
{
	struct mapping *m = ownership_named(&c->ownership, e->unit, e->addr, e->size, true);

	if (!m)
		return;
	m->live = false;
	m->handover = e->seq;
}

static void freed(struct checker *c, const struct event *e)
{
	if (e->a != MEM_VMALLOC)      /* its pages are unmapped: a touch is an oops of its own */
		ownership_set_freed(&c->ownership, e->addr2, e->size, e->seq);
}

/*
 * One event. Copies are compared before the shadow follows a write-back or a drop, for those destroy
 * what is compared; a store or a beat is judged by the state it found.
 */
static void follow(struct checker *c, const struct trace *t, const struct event *e)
{
	switch (e->kind) {
	case EV_CPU_LOAD:        rules_load(c, t, e); break;
	case EV_CPU_STORE:       rules_store(c, e); break;
	case EV_CACHE_WRITEBACK: rules_write_back(c, t, e); break;
	case EV_CACHE_DROP:      rules_drop(c, e); break;
	case EV_CACHE_OP:        c->last_op = e->seq; break;
	case EV_DEV_READ:        rules_device_read(c, t, e); break;
	case EV_DEV_WRITE:       rules_device_write(c, t, e); break;
	case EV_BUS_FAULT:       rules_bus_fault(c, t, e); break;
	case EV_DEV_CLAMP:       c->clamped.from = e->addr; c->clamped.to = e->addr2; break;
	case EV_MEM_ALLOC:       ownership_set_freed(&c->ownership, e->addr2, e->a == MEM_VMALLOC ? 0 : e->size, 0); break;
	case EV_VM_MAP:          ownership_set_freed(&c->ownership, e->addr2, e->size, 0); break;
	case EV_MEM_FREE:        freed(c, e); break;
	case EV_MEM_BAD_FREE:    rules_bad_free(c, e); break;
	case EV_DMA_MAP:         map(c, e); break;
	case EV_DMA_ALLOC:       alloc_coherent(c, e); break;
	case EV_DMA_CHECK:       check_error(c, e); break;
	case EV_DMA_UNMAP:       unmap(c, e); break;
	case EV_DMA_SYNC_CPU:    sync_for_cpu(c, e); break;
	case EV_DMA_SYNC_DEVICE: sync_for_device(c, e); break;
	case EV_DMA_FREE:        free_coherent(c, e); break;
	default:                 break;
	}
	shadow_event(&c->shadow, e);
	if (e->kind == EV_MACHINE) {     /* of the old one only the violations remain */
		ownership_release(&c->ownership);
		ownership_init(&c->ownership, e->addr);
	}
}

void checker_read(struct checker *c, const struct trace *t)
{
	const struct event *e;

	while ((e = trace_read(t, &c->cursor, &c->lost)))
		follow(c, t, e);
}
