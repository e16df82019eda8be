#include "viz/beside.h"
#include "viz/text.h"

#include <inttypes.h>
#include <stdio.h>

void beside_name(const struct model *m, char *text, size_t n)
{
	const struct shadow *s = model_shadow(m);
	const char *unit = s->ram_bytes >> 20 ? "MiB" : "KiB";

	snprintf(text, n, "%" PRIu64 " %s RAM, %" PRIu32 " cache level%s of %" PRIu32
		 " byte lines%s: devices %s", s->ram_bytes >> (s->ram_bytes >> 20 ? 20 : 10), unit,
		 s->levels, s->levels == 1 ? "" : "s", s->line, m->iommu ? ", an IOMMU" : "",
		 s->coherent ? "snoop the caches" : "do not snoop the caches");
}

static bool values_differ(const struct event *a, const struct event *b, struct text *t)
{
	if (a->kind != EV_CPU_LOAD || b->kind != EV_CPU_LOAD || a->addr != b->addr ||
	    a->value == b->value)
		return false;
	text_add(t, "The CPU read 0x%" PRIx64 " on the first board and 0x%" PRIx64 " on the second. ",
		 a->value, b->value);
	return true;
}

static void add_count(struct text *t, uint64_t n)
{
	if (n)
		text_add(t, "%" PRIu64, n);
	else
		text_add(t, "none");
}

static bool rules_differ(const struct model *a, const struct model *b, struct text *t)
{
	uint64_t first = model_violations(a)->count, second = model_violations(b)->count;

	if (first == second)
		return false;
	text_add(t, "Broken rules: ");
	add_count(t, first);
	text_add(t, " on the first board, ");
	add_count(t, second);
	text_add(t, " on the second.");
	return true;
}

bool beside_differs(const struct model *first, const struct model *second, char *text, size_t n)
{
	struct text t = { text, 0, n };
	bool differ = values_differ(&first->access, &second->access, &t);

	differ |= rules_differ(first, second, &t);
	if (!differ)
		text_add(&t, "The CPU sees the same on both boards so far.");
	return differ;
}
