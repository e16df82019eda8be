#include "watch/difference.h"
#include "watch/rules.h"

/* How the bytes came to be mapped, and last changed hands. */
void rules_link_mapping(const struct facts *f, struct violation *v)
{
	const struct mapping *m = ownership_of(&f->ownership, v->pa);

	if (!m)
		return;
	violation_link(v, m->seq);
	violation_link(v, m->handover);
}

/* Is every byte of the line this one is in part of the mapping? */
static bool has_line_alone(const struct facts *f, const struct mapping *m, uint64_t pa)
{
	return inside(round_down(pa, f->shadow.line), f->shadow.line, m->pa, m->size);
}

/* When the CPU asked for a transfer: the store that rang the doorbell, else its own beginning. */
uint64_t rules_asked_for(const struct facts *f, uint64_t transfer)
{
	for (uint32_t unit = 0; unit < FACTS_DEVICES; unit++)
		if (f->transfer[unit].seq == transfer)
			return f->transfer[unit].ordered;
	return transfer;
}

static enum advice advice_stale_read(const struct facts *f, uint64_t pa, stamp_t device_wrote)
{
	const struct mapping *m = ownership_of(&f->ownership, pa);

	if (!m || m->seq > stamp_event(device_wrote))
		return ADVICE_NEVER_MAPPED_IN;
	if (m->coherent_memory)
		return ADVICE_COHERENT_ALIAS;
	if (m->dir == DMA_TO_DEVICE)
		return ADVICE_WRONG_DIRECTION_IN;
	if (ownership_is_device(&f->ownership, pa))
		return ADVICE_SYNC_FOR_CPU;
	if (m->taken > m->given && m->taken < stamp_event(device_wrote))
		return rules_asked_for(f, shadow_transfer(&f->shadow, pa)) < m->taken
			? ADVICE_UNMAPPED_EARLY : ADVICE_GIVE_AGAIN;
	if (m->returned_attrs & ATTR_SKIP_CPU_SYNC)
		return ADVICE_SYNC_SKIPPED;
	if (m->returned_dir != m->dir)
		return ADVICE_OTHER_DIRECTION;
	if (!inside(pa, 1, m->returned, m->returned_size))
		return ADVICE_SIZE_TOO_SMALL;
	return has_line_alone(f, m, pa) ? ADVICE_SYNC_FOR_CPU : ADVICE_LINE_SHARED;
}

/* Was the byte synced for the device when it was the CPU's turn? Then that call is at fault. */
static void blame_wrong_sync(const struct facts *f, struct violation *v)
{
	const struct mapping *m = ownership_of(&f->ownership, v->pa);

	if (!m || !m->live || !m->skipped.seq || !inside(v->pa, 1, m->skipped.pa, m->skipped.size))
		return;
	v->rule = RULE_WRONG_SYNC;
	v->advice = ADVICE_FOR_CPU_WANTED;
	v->cause = m->skipped.seq;
	violation_link(v, m->wrote);
}

/* Did a cache answer, with a line a device may have written behind since it was read from RAM? */
static bool may_be_stale(const struct facts *f, const struct event *e)
{
	uint64_t device_wrote = shadow_page(&f->shadow, e->addr2)->device_wrote;
	const struct shadow_line *l =
		e->a == AT_RAM || e->a == AT_EARLY || !device_wrote
		? NULL : shadow_line(&f->shadow, 1, e->addr2);

	return l && l->as_of < device_wrote && inside(e->addr2, e->size, l->pa, f->shadow.line);
}

/* A load that a cache answered, while the device has written RAM since. */
static bool stale_read(struct facts *f, const struct event *e)
{
	const struct shadow_line *l = shadow_line(&f->shadow, 1, e->addr2);
	const struct shadow_page *ram = shadow_page(&f->shadow, e->addr2);
	struct difference d = { 0 };
	struct violation v = { .rule = RULE_STALE_READ, .va = e->addr };

	for (uint32_t i = 0; i < e->size; i++) {
		uint64_t in_page = (e->addr2 + i) & PAGE_MASK, in_line = e->addr2 + i - l->pa;

		if (ram->stamp[in_page] > l->stamp[in_line] && stamp_by_device(ram->stamp[in_page]))
			difference_note(&d, i, l->bytes[in_line], l->stamp[in_line],
					ram->bytes[in_page], ram->stamp[in_page]);
	}
	if (!d.found)
		return false;
	difference_describe(&v, &d, e->addr2);
	v.cause = shadow_transfer(&f->shadow, v.pa);
	v.advice = advice_stale_read(f, v.pa, d.new_stamp);
	blame_wrong_sync(f, &v);
	violation_link(&v, l->filled);
	rules_link_mapping(f, &v);
	violations_report(&f->violations, &v, e);
	return true;
}

/*
 * Old: the newest copy of each byte before this access.
 * New: what the access itself carries, if it stores.
 */
static void describe_access(const struct facts *f, struct violation *v, const struct event *e,
			    uint64_t from)
{
	bool stores = e->kind == EV_CPU_STORE;
	struct difference d = { 0 };

	for (uint64_t at = from; at < e->size; at++) {
		uint8_t value;
		stamp_t by;

		shadow_newest(&f->shadow, e->addr2 + at, &value, &by);
		difference_note(&d, at, value, by, (uint8_t)(e->value >> 8 * (at & 7)),
				stores ? e->seq << 8 | WROTE_CPU : by);
	}
	difference_describe(v, &d, e->addr2);
}

/* The range holds a byte the device owns. */
static void owned_access(struct facts *f, const struct event *e, enum rule rule)
{
	struct violation v = { .rule = rule, .va = e->addr };
	const struct mapping *m;
	uint64_t at = 0;

	while (!ownership_is_device(&f->ownership, e->addr2 + at))
		at++;
	m = ownership_of(&f->ownership, e->addr2 + at);
	describe_access(f, &v, e, at);
	v.cause = m ? m->handover : 0;
	v.advice = rule == RULE_CPU_READ_DEVICE_OWNED ? ADVICE_DEVICE_OWNS : ADVICE_STORE_TOO_LATE;
	if (rule == RULE_CPU_READ_DEVICE_OWNED)
		blame_wrong_sync(f, &v);
	if (m && m->freed) {
		v.rule = RULE_FREE_MAPPED;
		v.advice = ADVICE_UNMAP_FIRST;
		v.cause = m->freed;
	}
	rules_link_mapping(f, &v);
	violations_report(&f->violations, &v, e);
}

static void freed_access(struct facts *f, const struct event *e, uint64_t freed)
{
	struct violation v = { .rule = RULE_USE_AFTER_FREE, .va = e->addr, .cause = freed };

	describe_access(f, &v, e, 0);
	violations_report(&f->violations, &v, e);
}

/* What the device only reads the CPU may read, too (a packet that is also shown to tcpdump). */
static bool reads_along(const struct facts *f, const struct event *e)
{
	for (uint64_t pa = e->addr2; pa < e->addr2 + e->size; pa++) {
		const struct mapping *m = ownership_of(&f->ownership, pa);

		if (ownership_is_device(&f->ownership, pa) && (!m || m->dir != DMA_TO_DEVICE))
			return false;
	}
	return true;
}

/* Nearly every access is beyond reproach, and leaves here quickly. */
static bool is_beyond_reproach(struct facts *f, const struct event *e)
{
	uint64_t freed = ownership_freed(&f->ownership, e->addr2);

	if (freed)
		freed_access(f, e, freed);
	return !ownership_is_notable(&f->ownership, e->addr2);
}

void rules_load(struct facts *f, const struct event *e)
{
	bool harmless;

	if (e->b || !shadow_sees(&f->shadow, e->addr2))
		return;
	harmless = is_beyond_reproach(f, e);
	if (!harmless)
		rules_alias(f, e);
	if ((may_be_stale(f, e) && stale_read(f, e)) || harmless)
		return;
	if (ownership_any_device(&f->ownership, e->addr2, e->size) && !reads_along(f, e))
		owned_access(f, e, RULE_CPU_READ_DEVICE_OWNED);
	else if (ownership_is_marked(&f->ownership, e->addr2, PAGE_PENDING))
		rules_bounced_load(f, e);
}

void rules_store(struct facts *f, const struct event *e)
{
	if (e->b || !shadow_sees(&f->shadow, e->addr2) || is_beyond_reproach(f, e))
		return;
	rules_alias(f, e);
	if (ownership_any_device(&f->ownership, e->addr2, e->size))
		owned_access(f, e, RULE_CPU_WRITE_DEVICE_OWNED);
	else
		rules_store_beside(f, e);
}

static enum advice advice_device_read(const struct facts *f, uint64_t pa, stamp_t stored)
{
	const struct mapping *m = ownership_of(&f->ownership, pa);

	if (!m)
		return ADVICE_NEVER_MAPPED_OUT;
	if (!m->live)
		return ADVICE_MAPPING_OVER;
	if (m->coherent_memory)
		return ADVICE_COHERENT_ALIAS;
	if (m->dir == DMA_FROM_DEVICE)
		return ADVICE_WRONG_DIRECTION_OUT;
	if (m->handover < stamp_event(stored) && ownership_is_device(&f->ownership, pa))
		return ADVICE_STORE_TOO_LATE;
	return ADVICE_SYNC_FOR_DEVICE;
}

/*
 * The newest copy of a byte; or, newer still,
 * a store that mapping the buffer for the device's writes dropped.
 */
static enum where newest_store(const struct facts *f, uint64_t pa, uint8_t *value, stamp_t *by)
{
	enum where where = shadow_newest(&f->shadow, pa, value, by);
	uint8_t lost;
	stamp_t dropped = ownership_dropped(&f->ownership, pa, &lost);

	if (dropped > *by) {
		*by = dropped;
		*value = lost;
	}
	return where;
}

/* Most beats find RAM as new as any copy. */
static bool is_up_to_date(const struct facts *f, const struct event *e)
{
	return shadow_ram_is_newest(&f->shadow, e->addr2, e->size) &&
	       !ownership_any_dropped(&f->ownership, e->addr2);
}

/*
 * A beat reads RAM while a newer store sits in a cache. A store made after the one that started the
 * transfer is no part of what the device was asked to read; one that still is in the store buffer
 * lacks a barrier (order.c).
 */
static void device_read(struct facts *f, const struct event *e)
{
	struct difference d = { 0 };
	struct violation v;
	uint64_t asked;

	if (!shadow_sees(&f->shadow, e->addr2) || is_up_to_date(f, e))
		return;
	asked = rules_asked_for(f, e->cause);
	for (uint32_t i = 0; i < e->size; i++) {
		const struct shadow_page *ram = shadow_page(&f->shadow, e->addr2 + i);
		uint64_t at = (e->addr2 + i) & PAGE_MASK;
		uint8_t value;
		stamp_t by;
		enum where where = newest_store(f, e->addr2 + i, &value, &by);

		if (by <= ram->stamp[at] || !stamp_by_cpu(by) || stamp_event(by) > asked ||
		    where == AT_STORE_BUFFER)
			continue;
		difference_note(&d, i, ram->bytes[at], ram->stamp[at], value, by);
	}
	if (!d.found)
		return;
	v = (struct violation){ .rule = RULE_DEVICE_READ_STALE, .cause = e->cause };
	difference_describe(&v, &d, e->addr2);
	v.advice = advice_device_read(f, v.pa, d.new_stamp);
	rules_link_mapping(f, &v);
	violations_report(&f->violations, &v, e);
}

static enum advice advice_lost(const struct facts *f, const struct shadow_line *l, uint64_t pa)
{
	const struct mapping *m = ownership_of(&f->ownership, pa);
	stamp_t line_by = l->stamp[pa - l->pa];

	if (m && !has_line_alone(f, m, pa))
		return ADVICE_LINE_SHARED;
	return m && m->seq < stamp_event(line_by) ? ADVICE_STORE_TOO_LATE : ADVICE_DIRTY_LINE;
}

/*
 * A line of a bounce buffer that leaves while a call fills it: what that costs is said of the copy
 * (bounce.c).
 */
static bool is_being_filled(const struct facts *f, const struct event *e)
{
	return e->cause && inside(e->addr + f->shadow.bus_offset, 1, f->pool.dma, f->pool.size);
}

/* A line reaches RAM: does it carry older bytes than the device's that are there? */
void rules_write_back(struct facts *f, const struct event *e)
{
	const struct shadow_line *l = shadow_line(&f->shadow, e->unit, e->addr);
	const struct shadow_page *ram = shadow_page(&f->shadow, e->addr);
	struct difference d = { 0 };
	struct violation v;

	if (!l || !shadow_sees(&f->shadow, e->addr) || ram->device_wrote <= l->as_of ||
	    is_being_filled(f, e) || (e->unit == 1 && shadow_line(&f->shadow, 2, e->addr)))
		return;
	for (uint32_t i = 0; i < f->shadow.line; i++) {
		uint64_t at = (l->pa + i) & PAGE_MASK;

		if (ram->stamp[at] > l->stamp[i] && stamp_by_device(ram->stamp[at]))
			difference_note(&d, i, l->bytes[i], l->stamp[i], ram->bytes[at],
					ram->stamp[at]);
	}
	if (!d.found)
		return;
	v = (struct violation){ .rule = RULE_DEVICE_DATA_LOST };
	difference_describe(&v, &d, l->pa);
	v.cause = shadow_transfer(&f->shadow, v.pa);
	v.advice = advice_lost(f, l, v.pa);
	violation_link(&v, l->filled);
	violations_report(&f->violations, &v, e);
}

/*
 * May the call in progress drop what the CPU stored here? The device owned it, and was to write it.
 */
static bool is_excused(const struct facts *f, const struct event *e, uint64_t pa)
{
	return e->cause && e->cause == f->call.seq && f->call.drops &&
	       ownership_is_device(&f->ownership, pa);
}

/* The newest copy of a byte, the line about to be dropped left aside. */
static stamp_t elsewhere(const struct facts *f, uint32_t level, uint64_t pa)
{
	static const enum where places[] = { AT_RAM, AT_L2, AT_L1, AT_STORE_BUFFER };
	stamp_t best = 0, by;
	uint8_t value;

	for (size_t i = 0; i < 4; i++)
		if ((uint32_t)places[i] != level &&
		    shadow_byte(&f->shadow, places[i], pa, &value, &by) && by > best)
			best = by;
	return best;
}

/* Which mapping did the call that drops the line act on, and was the byte part of it? */
static enum advice advice_dropped(const struct facts *f, const struct event *e, uint64_t pa)
{
	if (!e->cause)
		return ADVICE_DROPPED_BY_HAND;
	for (uint32_t i = 0; i < f->ownership.end; i++) {
		const struct mapping *m = ownership_mapping(&f->ownership, i);

		if (m->handover == e->cause && ownership_covers(m, pa))
			return ADVICE_STORED_BEFORE_UNMAP;
		if (m->handover == e->cause)
			return inside(pa, 1, m->returned, m->returned_size)
				? ADVICE_SIZE_TOO_BIG : ADVICE_LINE_SHARED;
	}
	return ADVICE_NO_LIVE_MAPPING;
}

/* A dirty line goes without being written: are its stores anywhere else? */
void rules_drop(struct facts *f, const struct event *e)
{
	const struct shadow_line *l = shadow_line(&f->shadow, e->unit, e->addr);
	const struct shadow_page *ram = shadow_page(&f->shadow, e->addr);
	struct difference d = { 0 };
	struct violation v;

	if (!l || !e->value || e->a != DROP_INVALIDATE || !shadow_sees(&f->shadow, e->addr))
		return;
	for (uint32_t i = 0; i < f->shadow.line; i++) {
		uint64_t at = (l->pa + i) & PAGE_MASK;

		if (!stamp_by_cpu(l->stamp[i]) || l->stamp[i] < elsewhere(f, e->unit, l->pa + i))
			continue;
		if (stamp_by_zeroing(l->stamp[i]) && !is_excused(f, e, l->pa + i))
			continue;
		if (is_excused(f, e, l->pa + i))
			ownership_set_dropped(&f->ownership, l->pa + i, l->bytes[i], l->stamp[i]);
		else
			difference_note(&d, i, ram->bytes[at], ram->stamp[at], l->bytes[i],
					l->stamp[i]);
	}
	if (!d.found)
		return;
	v = (struct violation){ .rule = RULE_CPU_DATA_LOST, .cause = f->last_op };
	difference_describe(&v, &d, l->pa);
	v.advice = advice_dropped(f, e, v.pa);
	violation_link(&v, e->cause);
	violations_report(&f->violations, &v, e);
}

void rules_device_read(struct facts *f, const struct trace *t, const struct event *e)
{
	const struct mapping *m = rules_beat(f, t, e, DMA_TO_DEVICE, e->addr2);

	if (m && m->bounced)
		rules_bounced_read(f, e, m);
	else
		device_read(f, e);
}

void rules_bad_free(struct facts *f, const struct event *e)
{
	enum rule rule = e->a == BAD_FREE_TWICE ? RULE_DOUBLE_FREE : RULE_BAD_FREE;

	violations_report(&f->violations,
			  &(struct violation){ .rule = rule, .va = e->addr, .cause = e->seq }, e);
}

/* The device's own memory was named wrongly; often source and destination are swapped. */
void rules_refuse(struct facts *f, const struct event *e)
{
	violations_report(&f->violations, &(struct violation){ .rule = RULE_DEVICE_REFUSED,
		.pa = UINT64_MAX, .cause = e->seq }, e);
}
