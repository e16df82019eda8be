/*
 * One line, or one piece of memory, with two owners. Where devices snoop, a line may be shared:
 * kmalloc itself puts small blocks of two owners into one.
 */
#include "watch/rules.h"

/* DMA_ATTR_ bits by which a driver answers for the lines itself (include/linux/dma-mapping.h). */
#define IGNORE_CACHELINES (1u << 11)
#define REQUIRE_COHERENT  (1u << 12)
#define LINES_CLEAN       (IGNORE_CACHELINES | REQUIRE_COHERENT)

/* Is the mapping's own memory what the device reaches, through the caches' backs? */
static bool is_shared(const struct mapping *m)
{
	return m->live && !m->coherent_memory && !m->bounced && m->form != FORM_RESOURCE;
}

static uint64_t first_line(const struct facts *f, uint64_t pa)
{
	return round_down(pa, f->shadow.line);
}

/* Do the lines of the two have one in common? */
static bool meet(const struct facts *f, const struct mapping *a, const struct mapping *b)
{
	uint64_t from = first_line(f, a->pa), other = first_line(f, b->pa);

	return overlaps(from, round_up(a->pa + a->size, f->shadow.line) - from, other,
			round_up(b->pa + b->size, f->shadow.line) - other);
}

/* One buffer, mapped twice for what the device writes: dma-debug names that (overlap). */
static bool is_overlap(const struct mapping *a, const struct mapping *b)
{
	return a->dir != DMA_TO_DEVICE && b->dir != DMA_TO_DEVICE && a->pa == b->pa;
}

/*
 * Bytes of both that the device only writes for one of them are no question of lines: the same
 * buffer goes out and comes in. Segments of one list come and go together.
 */
static bool collide(const struct facts *f, const struct mapping *a, const struct mapping *b)
{
	bool a_written = a->dir != DMA_TO_DEVICE, b_written = b->dir != DMA_TO_DEVICE;

	if (!is_shared(a) || !is_shared(b) || !meet(f, a, b) || (a->list && a->list == b->list) ||
	    is_overlap(a, b))
		return false;
	return overlaps(a->pa, a->size, b->pa, b->size) ? a_written && b_written
							: a_written || b_written;
}

/* The bytes of `m` in the first line it has in common with the other. */
static void in_common_line(const struct facts *f, struct violation *v, const struct mapping *m,
			   const struct mapping *other)
{
	uint64_t later = m->pa > other->pa ? m->pa : other->pa, line = first_line(f, later);

	v->pa = line > m->pa ? line : m->pa;
	v->size = min_u64(line + f->shadow.line, m->pa + m->size) - v->pa;
	v->beside.pa = other->pa;
	v->beside.size = other->size;
}

static void report_meeting(struct facts *f, const struct event *e, const struct mapping *m,
			   const struct mapping *other)
{
	struct violation v = { .rule = RULE_LINE_SHARED, .advice = ADVICE_TWO_MAPPINGS,
		.cause = m->list ? m->list : e->seq };

	in_common_line(f, &v, m, other);
	violation_link(&v, other->seq);
	violation_link(&v, e->seq);
	violations_report(&f->violations, &v, e);
}

/* All mappings of a line have to say that it is looked after. */
static bool is_vouched_for(const struct mapping *m, const struct mapping *other)
{
	return m->attrs & ATTR_SKIP_CPU_SYNC ||
	       (m->attrs & LINES_CLEAN && other->attrs & LINES_CLEAN);
}

/* Coherent memory has been mapped, or should have been. */
static void report_coherent(struct facts *f, const struct event *e, const struct mapping *memory,
			    uint64_t pa, uint64_t va)
{
	struct violation v = { .rule = RULE_COHERENT_ALIAS, .advice = ADVICE_MAPPED_AGAIN,
		.cause = e->seq, .pa = pa, .va = va, .size = e->size };

	violation_link(&v, memory->seq);
	violations_report(&f->violations, &v, e);
}

void rules_map(struct facts *f, const struct event *e, const struct mapping *m)
{
	uint64_t from = first_line(f, m->pa);
	struct ranges_walk w = ownership_in(&f->ownership, from,
					    round_up(m->pa + m->size, f->shadow.line) - from);

	if (m->form == FORM_RESOURCE)
		return;
	for (uint32_t i = ownership_met(&f->ownership, w, 0); i < f->ownership.end;
	     i = ownership_met(&f->ownership, w, i + 1)) {
		const struct mapping *other = ownership_mapping(&f->ownership, i);

		if (other->seq == m->seq)
			continue;
		if (other->coherent_memory && overlaps(m->pa, m->size, other->pa, other->size))
			report_coherent(f, e, other, m->pa, 0);
		else if (!f->shadow.coherent && !is_vouched_for(m, other) && collide(f, m, other))
			report_meeting(f, e, m, other);
	}
}

/* The driver may well cope with it, but it will always be so. */
static void report_hopeless(struct facts *f, const struct event *e, enum rule rule)
{
	violations_report(&f->violations, &(struct violation){ .rule = rule, .cause = e->seq,
		.va = e->addr, .pa = UINT64_MAX, .size = e->size }, e);
}

/* The CPU's own address of coherent memory is often none that can be mapped. */
void rules_map_fail(struct facts *f, const struct event *e)
{
	if (e->value == MAP_TOO_LARGE)
		report_hopeless(f, e, RULE_MAP_TOO_LARGE);
	if (e->value == MAP_UNREACHABLE)
		report_hopeless(f, e, RULE_MAP_UNREACHABLE);
	for (uint32_t i = 0; i < f->ownership.end; i++) {
		const struct mapping *m = ownership_mapping(&f->ownership, i);

		if (m->live && m->coherent_memory && inside(e->addr, 1, m->va, m->size))
			report_coherent(f, e, m, m->pa + (e->addr - m->va), e->addr);
	}
}

/* Does the device own a byte of the mapping in this line, and may write it? */
static bool is_writable_in(const struct facts *f, const struct mapping *m, uint64_t line)
{
	uint64_t from = m->pa > line ? m->pa : line;
	uint64_t end = min_u64(m->pa + m->size, line + f->shadow.line);

	return is_shared(m) && m->dir != DMA_TO_DEVICE && m->device_owns && from < end &&
	       ownership_any_device(&f->ownership, from, end - from);
}

static void report_store(struct facts *f, const struct event *e, const struct mapping *m)
{
	struct violation v = { .rule = RULE_LINE_SHARED, .advice = ADVICE_LINE_SHARED,
		.cause = m->handover, .va = e->addr, .pa = e->addr2, .size = e->size,
		.width = (uint32_t)min_u64(e->size, 8), .new_value = e->value,
		.new_stamp = e->seq << 8 | WROTE_CPU, .beside = { m->pa, m->size } };

	violation_link(&v, m->seq);
	violations_report(&f->violations, &v, e);
}

/* A store that waits in the store buffer is for uncached memory, and brings no line. */
void rules_store_beside(struct facts *f, const struct event *e)
{
	uint64_t line = first_line(f, e->addr2);
	struct ranges_walk w = ownership_in(&f->ownership, line, f->shadow.line);

	if (e->a == AT_STORE_BUFFER || f->shadow.coherent ||
	    !ownership_any_device(&f->ownership, line, f->shadow.line))
		return;
	for (uint32_t i = ownership_met(&f->ownership, w, 0); i < f->ownership.end;
	     i = ownership_met(&f->ownership, w, i + 1)) {
		const struct mapping *m = ownership_mapping(&f->ownership, i);

		if (is_writable_in(f, m, line) && !overlaps(e->addr2, e->size, m->pa, m->size)) {
			report_store(f, e, m);
			return;
		}
	}
}

void rules_alias(struct facts *f, const struct event *e)
{
	const struct mapping *m;
	struct violation v = { .rule = RULE_COHERENT_ALIAS, .advice = ADVICE_COHERENT_ALIAS,
		.va = e->addr, .pa = e->addr2, .size = e->size };

	if (e->addr != LINEAR_BASE + e->addr2 ||
	    !ownership_is_marked(&f->ownership, e->addr2, PAGE_ALIASED))
		return;
	m = ownership_of(&f->ownership, e->addr2);
	if (!m || !m->live || !m->coherent_memory || m->va == LINEAR_BASE + m->pa)
		return;
	v.cause = m->seq;
	violations_report(&f->violations, &v, e);
}
