#include "viz/beside.h"
#include "viz/text.h"
#include "cow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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

/* One of the two boards, its blocks by kind, then by size, then from old to new. */
struct side {
	const struct model *model;
	const char *name;
	const struct allocation **block;
	size_t blocks;
};

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_blocks(const void *first, const void *second)
{
	const struct allocation *a = *(const struct allocation *const *)first;
	const struct allocation *b = *(const struct allocation *const *)second;
	int by_kind = compare(a->kind, b->kind), by_size = compare(a->asked, b->asked);

	return by_kind ? by_kind : by_size ? by_size : compare(a->seq, b->seq);
}

static struct side side_of(const struct model *m, const char *name)
{
	struct side s = { m, name, core_alloc((m->allocation_end + 1) * sizeof *s.block), 0 };

	for (uint32_t i = 0; i < m->allocation_end; i++) {
		const struct allocation *a = cow_read(&m->allocations, i);

		if (a->seq)
			s.block[s.blocks++] = a;
	}
	qsort(s.block, s.blocks, sizeof *s.block, compare_blocks);
	return s;
}

/* The first block that does not come before this one. */
static size_t block_from(const struct side *s, struct allocation like)
{
	const struct allocation *key = &like;
	size_t low = 0, high = s->blocks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_blocks(&s->block[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The same block on the other board: the n-th of its kind and size is so on both. NULL: none. */
static const struct allocation *twin(const struct side *s, const struct side *other,
				     struct allocation block)
{
	struct allocation first = { .kind = block.kind, .asked = block.asked };
	size_t i = block_from(other, first) + block_from(s, block) - block_from(s, first);
	const struct allocation *t = i < other->blocks ? other->block[i] : NULL;

	return t && t->kind == block.kind && t->asked == block.asked ? t : NULL;
}

/* Does the other board know this buffer, and has it another owner there or is it not mapped? */
static bool owner_differs(const struct side *s, const struct side *other, const struct mapping *m,
			  struct text *t)
{
	struct allocation block = model_allocation(s->model, m->pa);
	const struct allocation *there = block.seq ? twin(s, other, block) : NULL;
	const struct mapping *of;

	if (!there || m->coherent_memory || !inside(m->pa, m->size, block.pa, block.size))
		return false;
	of = ownership_of(model_ownership(other->model), there->pa + (m->pa - block.pa));
	if (!of || !of->live)
		text_add(t, "The buffer at 0x%" PRIx64 " is mapped on the %s board, not on the %s. ",
			 m->va, s->name, other->name);
	else if (of->device_owns != m->device_owns)
		text_add(t, "The %s owns the buffer at 0x%" PRIx64 " on the %s board, the %s on the "
			 "%s. ", m->device_owns ? "device" : "CPU", m->va, s->name,
			 of->device_owns ? "device" : "CPU", other->name);
	else
		return false;
	return true;
}

static bool any_owner_differs(const struct side *s, const struct side *other, struct text *t)
{
	const struct ownership *o = model_ownership(s->model);

	for (uint32_t i = ownership_live(o, 0); i < o->end; i = ownership_live(o, i + 1))
		if (owner_differs(s, other, ownership_mapping(o, i), t))
			return true;
	return false;
}

static bool owners_differ(const struct model *a, const struct model *b, struct text *t)
{
	struct side first = side_of(a, "first"), second = side_of(b, "second");
	bool differ = any_owner_differs(&first, &second, t) ||
		      any_owner_differs(&second, &first, t);

	free(first.block);
	free(second.block);
	return differ;
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
