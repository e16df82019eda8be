#include "viz/beside.h"
#include "viz/text.h"

#include <inttypes.h>
#include <stdio.h>

void beside_name(const struct model *m, char *text, size_t n)
{
	const struct shadow *s = model_shadow(m);
	const char *unit = s->ram_bytes >> 20 ? "MiB" : "KiB";

	snprintf(text, n, "devices %s%s; %" PRIu64 " %s RAM, %" PRIu32 " cache level%s of %" PRIu32
		 " byte lines", s->coherent ? "snoop the caches" : "do not snoop the caches",
		 m->iommu ? ", an IOMMU between" : "",
		 s->ram_bytes >> (s->ram_bytes >> 20 ? 20 : 10), unit, s->levels,
		 s->levels == 1 ? "" : "s", s->line);
}

/* Boards have their memory at different addresses: a place is a block, and how far into it. */
static bool same_place(const struct model *a, const struct model *b)
{
	uint64_t x = a->access.addr2, y = b->access.addr2;
	struct allocation in_a = model_allocation(a, x), in_b = model_allocation(b, y);

	if (!in_a.seq || !in_b.seq)
		return x == y && !in_a.seq && !in_b.seq;
	return in_a.asked == in_b.asked && in_a.kind == in_b.kind && x - in_a.pa == y - in_b.pa;
}

/* A device may answer as it likes. */
bool beside_reads_differ(const struct model *first, const struct model *second)
{
	const struct event *a = &first->access, *b = &second->access;

	return a->kind == EV_CPU_LOAD && b->kind == EV_CPU_LOAD && a->size == b->size &&
		a->a != AT_DEVICE && b->a != AT_DEVICE && a->value != b->value &&
		same_place(first, second);
}

static bool values_differ(const struct model *first, const struct model *second, struct text *t)
{
	bool differ = beside_reads_differ(first, second);

	if (differ)
		text_add(t, "The CPU read 0x%" PRIx64 " on the first board and 0x%" PRIx64
			 " on the second. ", first->access.value, second->access.value);
	return differ;
}

static uint32_t broken(const struct model *m, enum rule rule)
{
	const struct violations *vs = model_violations(m);
	uint32_t n = 0;

	for (uint32_t i = 0; i < vs->count; i++)
		n += violations_at(vs, i)->rule == rule;
	return n;
}

/* The rules that one board alone has seen broken. */
static bool rules_differ(const struct model *a, const struct model *b, struct text *t)
{
	static const char *const boards[] = { "first", "second" };
	bool differ = false;

	for (enum rule r = 0; r < RULE_COUNT; r++) {
		bool first = broken(a, r), second = broken(b, r);

		if (first == second)
			continue;
		text_add(t, "%s on the %s board, not on the %s. ", rule_info[r].name,
			 boards[second], boards[first]);
		differ = true;
	}
	return differ;
}

/* The n-th live mapping; NULL: there are fewer. Both boards number them alike. */
static const struct mapping *live_mapping(const struct model *m, uint32_t n)
{
	const struct ownership *o = model_ownership(m);
	uint32_t i = ownership_live(o, 0);

	for (; n && i < o->end; n--)
		i = ownership_live(o, i + 1);
	return i < o->end ? ownership_mapping(o, i) : NULL;
}

static bool owners_differ(const struct model *a, const struct model *b, struct text *t)
{
	const struct mapping *first, *second;
	uint32_t i = 0;

	while ((first = live_mapping(a, i)) && (second = live_mapping(b, i)) &&
	       first->device_owns == second->device_owns)
		i++;
	if (!first || !second)
		return false;
	text_add(t, "The %s owns the buffer at 0x%" PRIx64 " on the first board, the %s on the "
		 "second. ", first->device_owns ? "device" : "CPU", first->va,
		 second->device_owns ? "device" : "CPU");
	return true;
}

bool beside_differs(const struct model *first, const struct model *second, char *text, size_t n)
{
	struct text t = { text, 0, n };
	bool differ = values_differ(first, second, &t);

	differ |= rules_differ(first, second, &t);
	differ |= owners_differ(first, second, &t);
	if (!differ)
		text_add(&t, "The CPU sees the same on both boards so far.");
	return differ;
}
