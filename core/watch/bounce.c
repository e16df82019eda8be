/* A bounce buffer is a second copy of every byte, on any machine: which of the two is old? */
#include "watch/difference.h"
#include "watch/rules.h"

static enum advice advice_left_behind(const struct mapping *m)
{
	if (m->returned_attrs & ATTR_SKIP_CPU_SYNC)
		return ADVICE_SYNC_SKIPPED;
	if (m->dir == DMA_TO_DEVICE)
		return ADVICE_WRONG_DIRECTION_IN;
	return m->returned_dir != m->dir ? ADVICE_BOUNCE_DIRECTION : ADVICE_SIZE_TOO_SMALL;
}

/* The bytes of the access that nobody wrote since the device wrote others to the bounce buffer. */
static struct difference left_behind(const struct facts *f, const struct event *e,
				     const struct mapping *m)
{
	struct difference d = { 0 };

	for (uint32_t i = 0; i < e->size; i++) {
		uint64_t pa = e->addr2 + i, bounce = m->dma - f->shadow.bus_offset + (pa - m->pa);
		uint8_t value, other;
		stamp_t by, device;

		if (!inside(pa, 1, m->pending.pa, m->pending.end - m->pending.pa))
			continue;
		shadow_newest(&f->shadow, pa, &value, &by);
		if (stamp_event(by) < m->wrote &&
		    shadow_byte(&f->shadow, AT_RAM, bounce, &other, &device))
			difference_note(&d, i, value, by, other, device);
	}
	return d;
}

/* Of these mappings: does anything of the page wait, and did the CPU read of what waits? */
static bool judge_waiting(struct facts *f, struct ranges_walk w, const struct event *e)
{
	bool waiting = false;

	while (ranges_next(&w)) {
		const struct mapping *m = ownership_mapping(&f->ownership, w.number);
		struct violation v = { .rule = RULE_STALE_READ, .va = e->addr };
		struct difference d;

		waiting |= overlaps(round_down(e->addr2, PAGE_SIZE), PAGE_SIZE, m->pending.pa,
				    m->pending.end - m->pending.pa);
		if (!overlaps(e->addr2, e->size, m->pending.pa,
					 m->pending.end - m->pending.pa))
			continue;
		d = left_behind(f, e, m);
		if (!d.found)
			continue;
		difference_describe(&v, &d, e->addr2);
		v.cause = m->handover;
		v.advice = advice_left_behind(m);
		violation_link(&v, m->seq);
		violations_report(&f->violations, &v, e);
	}
	return waiting;
}

/* The CPU's turn, and the device's bytes were never copied out of the bounce buffer. */
void rules_bounced_load(struct facts *f, const struct event *e)
{
	uint64_t page = round_down(e->addr2, PAGE_SIZE);
	bool live = judge_waiting(f, ownership_in(&f->ownership, page, PAGE_SIZE), e);
	bool ended = judge_waiting(f, ownership_ended_in(&f->ownership, page, PAGE_SIZE), e);

	if (!live && !ended)
		ownership_unmark(&f->ownership, e->addr2, PAGE_PENDING);
}

/* Somebody gets [bounce, bounce+size): is a byte of it what a copy has put over the device's? */
static void judge_overwritten(struct facts *f, const struct event *e, uint64_t bounce, uint64_t size)
{
	uint64_t lost = f->overwritten.bounce, n = f->overwritten.violation.size;
	uint64_t from = bounce > lost ? bounce : lost, end = min_u64(bounce + size, lost + n);

	for (uint64_t pa = from; pa < end; pa++) {
		uint8_t value;
		stamp_t by;

		shadow_newest(&f->shadow, pa, &value, &by);
		if (stamp_by_device(by))
			continue;
		violations_report(&f->violations, &f->overwritten.violation, e);
		f->overwritten.violation.size = 0;
		return;
	}
}

static enum advice advice_bounced_read(const struct facts *f, const struct mapping *m,
				       uint64_t pa, stamp_t stored)
{
	if (m->handover > stamp_event(stored))
		return ADVICE_BOUNCE_DIRECTION;
	return ownership_is_device(&f->ownership, pa) ? ADVICE_STORE_TOO_LATE
						       : ADVICE_SYNC_FOR_DEVICE;
}

/* The device reads the bounce buffer: is it an older copy of the driver's own bytes? */
void rules_bounced_read(struct facts *f, const struct event *e, const struct mapping *m)
{
	struct difference d = { 0 };
	struct violation v = { .rule = RULE_DEVICE_READ_STALE, .cause = e->cause };
	uint64_t asked = rules_asked_for(f, e->cause), own = m->pa + (e->addr - m->dma);

	judge_overwritten(f, e, e->addr2, e->size);
	if (!shadow_sees(&f->shadow, own) || !shadow_sees(&f->shadow, e->addr2))
		return;
	for (uint32_t i = 0; i < e->size; i++) {
		uint8_t value, copied;
		stamp_t by, copy;

		shadow_newest(&f->shadow, own + i, &value, &by);
		if (shadow_byte(&f->shadow, AT_RAM, e->addr2 + i, &copied, &copy) && by > copy &&
		    stamp_by_cpu(by) && stamp_event(by) <= asked)
			difference_note(&d, i, copied, copy, value, by);
	}
	if (!d.found)
		return;
	difference_describe(&v, &d, own);
	v.advice = advice_bounced_read(f, m, v.pa, d.new_stamp);
	rules_link_mapping(f, &v);
	violations_report(&f->violations, &v, e);
}

/*
 * A store from before the map has been copied in by it, whatever became of that; one that was made
 * while the device owned the byte was named then.
 */
static bool is_no_loss(const struct facts *f, uint64_t pa, stamp_t by)
{
	const struct mapping *m = ownership_of(&f->ownership, pa);

	return m && (stamp_event(by) < m->seq ||
		     (ownership_is_device(&f->ownership, pa) && stamp_event(by) > m->given));
}

/* The bounce buffer is about to be copied back: over what the CPU has stored in its turn? */
void rules_copied_back(struct facts *f, const struct event *e)
{
	struct difference d = { 0 };
	struct violation v = { .rule = RULE_CPU_DATA_LOST, .advice = ADVICE_STORED_BEFORE_COPY,
		.cause = e->cause };

	judge_overwritten(f, e, e->addr, e->size);
	if (!shadow_sees(&f->shadow, e->addr2) || !shadow_sees(&f->shadow, e->addr))
		return;
	for (uint32_t i = 0; i < e->size; i++) {
		uint8_t stored, copied;
		stamp_t by, copy;

		shadow_newest(&f->shadow, e->addr2 + i, &stored, &by);
		if (!stamp_by_cpu(by) || is_no_loss(f, e->addr2 + i, by))
			continue;
		shadow_newest(&f->shadow, e->addr + i, &copied, &copy);
		if (by > copy)
			difference_note(&d, i, copied, copy, stored, by);
	}
	if (!d.found)
		return;
	difference_describe(&v, &d, e->addr2);
	if (ownership_is_device(&f->ownership, v.pa))
		v.advice = ADVICE_BOUNCE_DIRECTION;
	rules_link_mapping(f, &v);
	violations_report(&f->violations, &v, e);
}

/* The mapping for whose bounce buffer this is: the driver's byte at pa has its copy at bounce. */
static const struct mapping *bounced_to(const struct facts *f, uint64_t pa, uint64_t bounce)
{
	const struct mapping *m = ownership_of(&f->ownership, pa);

	if (!m || !m->live || !m->bounced)
		return NULL;
	return m->dma - f->shadow.bus_offset + (pa - m->pa) == bounce ? m : NULL;
}

/*
 * The buffer is about to be copied out again: over what the device wrote and nobody has fetched? The
 * driver may have given that up, and the device write it anew; so it is named when somebody gets it.
 */
void rules_copied_out(struct facts *f, const struct event *e)
{
	const struct mapping *m = bounced_to(f, e->addr, e->addr2);
	struct difference d = { 0 };
	struct violation v = { .rule = RULE_DEVICE_DATA_LOST, .advice = ADVICE_SYNC_TOO_MUCH,
		.cause = e->cause };

	if (!m || !shadow_sees(&f->shadow, e->addr) || !shadow_sees(&f->shadow, e->addr2))
		return;
	for (uint32_t i = 0; i < e->size; i++) {
		uint8_t kept, written;
		stamp_t by, device;

		shadow_newest(&f->shadow, e->addr2 + i, &written, &device);
		shadow_newest(&f->shadow, e->addr + i, &kept, &by);
		if (stamp_by_device(device) && device > by && stamp_event(device) > m->seq)
			difference_note(&d, i, kept, by, written, device);
	}
	if (!d.found)
		return;
	difference_describe(&v, &d, e->addr);
	rules_link_mapping(f, &v);
	violation_link(&v, e->cause);
	f->overwritten.violation = v;
	f->overwritten.bounce = e->addr2 + d.first;
}
