/* What ends too early, or never: mappings under a device at work, and memory under a mapping. */
#include "watch/rules.h"

static bool works_on(const struct running *r, const struct mapping *m)
{
	return r->seq > m->seq && r->unit == m->device && overlaps(r->dma, r->size, m->dma, m->size);
}

static void ended_under(struct facts *f, const struct event *e, const struct mapping *m,
			const struct running *r)
{
	struct violation v = { .rule = RULE_UNMAP_ACTIVE, .advice = ADVICE_STILL_RUNNING,
		.cause = e->seq, .pa = m->pa, .size = m->size };

	violation_link(&v, m->seq);
	violation_link(&v, r->seq);
	violations_report(&f->violations, &v, e);
}

/* Its device was switched on to use it whenever it likes, and is not off yet. */
static void ended_while_on(struct facts *f, const struct event *e, const struct mapping *m)
{
	struct violation v = { .rule = RULE_UNMAP_ACTIVE, .advice = ADVICE_STILL_ON,
		.cause = e->seq, .pa = m->pa, .size = m->size };

	violation_link(&v, m->seq);
	violation_link(&v, m->on);
	violations_report(&f->violations, &v, e);
}

void rules_end(struct facts *f, const struct event *e, const struct mapping *m)
{
	if (m->on)
		ended_while_on(f, e, m);
	for (uint32_t i = 0; i < FACTS_RUNNING; i++)
		if (works_on(&f->running[i], m))
			ended_under(f, e, m, &f->running[i]);
}

/* Its buffer was mapped again while it lived: whoever did that has but the newer handle. */
static void overwritten(struct facts *f, const struct event *e, const struct mapping *m)
{
	struct violation v = { .rule = RULE_MAPPING_LEAK_OVERWRITTEN, .cause = m->again,
		.pa = m->pa, .size = m->size };

	violation_link(&v, m->seq);
	violations_report(&f->violations, &v, e);
}

static void freed_under(struct facts *f, const struct event *e, uint64_t cause,
			const struct mapping *m)
{
	struct violation v = { .rule = RULE_FREE_MAPPED, .advice = ADVICE_UNMAP_FIRST,
		.cause = cause, .pa = m->pa, .size = m->size };

	violation_link(&v, m->seq);
	violations_report(&f->violations, &v, e);
}

/* Was the mapping made of memory that somebody else may free? Registers are no memory. */
static bool is_streaming(const struct mapping *m)
{
	return m->live && m->form < FORM_COHERENT && m->form != FORM_RESOURCE;
}

/* What a device wrote there and nobody copied back is of no use to anybody any more. */
static void drop_pending(struct facts *f, struct ranges_walk w, const struct event *e)
{
	while (ranges_next(&w)) {
		const struct mapping *m = ownership_mapping(&f->ownership, w.number);

		if (overlaps(e->addr2, e->size, m->pending.pa, m->pending.end - m->pending.pa))
			ownership_change(&f->ownership, w.number)->pending.end = m->pending.pa;
	}
}

void rules_free(struct facts *f, const struct event *e, uint64_t cause)
{
	struct ranges_walk w = ownership_in(&f->ownership, e->addr2, e->size);

	drop_pending(f, w, e);
	drop_pending(f, ownership_ended_in(&f->ownership, e->addr2, e->size), e);
	for (uint32_t i = ownership_met(&f->ownership, w, 0); i < f->ownership.end;
	     i = ownership_met(&f->ownership, w, i + 1)) {
		const struct mapping *m = ownership_mapping(&f->ownership, i);

		if (!is_streaming(m) || !overlaps(e->addr2, e->size, m->pa, m->size))
			continue;
		rules_end(f, e, m);
		if (m->again)
			overwritten(f, e, m);
		else
			freed_under(f, e, cause, m);
		ownership_change(&f->ownership, i)->freed = cause;
	}
}

/* What else was left behind dma-debug counts (leak). */
void rules_unbind(struct facts *f, const struct event *e)
{
	for (uint32_t i = 0; i < f->ownership.end; i++) {
		const struct mapping *m = ownership_mapping(&f->ownership, i);

		if (m->live && m->again && m->device == e->unit)
			overwritten(f, e, m);
	}
}
