#include "ranges.h"

#define CHAINS     16384
#define HEADS_LEAF 64
#define NODES_LEAF 16

struct node {
	uint64_t from, last;         /* first and last byte */
	uint32_t group, size;
	uint32_t next, before;       /* 1 + number; 0: none */
};

void ranges_init(struct ranges *r, uint32_t most)
{
	*r = (struct ranges){ 0 };
	cow_init(&r->heads, HEADS_LEAF * sizeof(uint32_t), most ? CHAINS / HEADS_LEAF : 0);
	cow_init(&r->nodes, NODES_LEAF * sizeof(struct node),
		 (most + NODES_LEAF - 1) / NODES_LEAF);
}

void ranges_release(struct ranges *r)
{
	cow_release(&r->heads);
	cow_release(&r->nodes);
}

void ranges_copy(struct ranges *to, const struct ranges *from)
{
	*to = *from;
	cow_copy(&to->heads, &from->heads);
	cow_copy(&to->nodes, &from->nodes);
}

size_t ranges_apart(const struct ranges *r, const struct ranges *from)
{
	return cow_apart(&r->heads, &from->heads) + cow_apart(&r->nodes, &from->nodes);
}

static const struct node *node_at(const struct ranges *r, uint32_t number)
{
	const struct node *leaf = cow_read(&r->nodes, number / NODES_LEAF);

	return &leaf[number % NODES_LEAF];
}

static struct node *node_write(struct ranges *r, uint32_t number)
{
	struct node *leaf = cow_write(&r->nodes, number / NODES_LEAF);

	return &leaf[number % NODES_LEAF];
}

static uint32_t head_at(const struct ranges *r, uint32_t chain)
{
	const uint32_t *leaf = cow_read(&r->heads, chain / HEADS_LEAF);

	return leaf[chain % HEADS_LEAF];
}

static uint32_t *head_write(struct ranges *r, uint32_t chain)
{
	uint32_t *leaf = cow_write(&r->heads, chain / HEADS_LEAF);

	return &leaf[chain % HEADS_LEAF];
}

/* A cell of this size is 1 << cell_bits bytes. */
static uint32_t cell_bits(uint32_t size)
{
	return 8 + 4 * size;
}

static uint32_t size_of(uint64_t bytes)
{
	uint32_t size = 0;

	while (size < RANGES_SIZES - 1 && bytes > (uint64_t)1 << cell_bits(size))
		size++;
	return size;
}

/* Cells side by side lie in chains side by side. */
static uint32_t chain_of(uint32_t group, uint32_t size, uint64_t cell)
{
	uint64_t far = (cell >> 14) * 0x9e3779b97f4a7c15u >> 50;

	return (uint32_t)(cell + far + group * 1031 + size * 4099) % CHAINS;
}

static uint32_t chain_of_node(const struct node *n)
{
	return chain_of(n->group, n->size, n->from >> cell_bits(n->size));
}

/* The last of so many bytes, at least one, or the last there is. */
static uint64_t last_of(uint64_t from, uint64_t bytes)
{
	uint64_t more = bytes ? bytes - 1 : 0;

	return more > UINT64_MAX - from ? UINT64_MAX : from + more;
}

void ranges_add(struct ranges *r, uint32_t number, uint32_t group, uint64_t from, uint64_t size)
{
	struct node n = { .from = from, .last = last_of(from, size), .group = group,
		.size = size_of(size) };
	uint32_t *head = head_write(r, chain_of_node(&n));

	n.next = *head;
	if (*head)
		node_write(r, *head - 1)->before = number + 1;
	*head = number + 1;
	*node_write(r, number) = n;
	r->count[n.size]++;
}

void ranges_remove(struct ranges *r, uint32_t number)
{
	const struct node n = *node_at(r, number);

	if (n.before)
		node_write(r, n.before - 1)->next = n.next;
	else
		*head_write(r, chain_of_node(&n)) = n.next;
	if (n.next)
		node_write(r, n.next - 1)->before = n.before;
	r->count[n.size]--;
}

/* Begin with the ranges of this size: those that begin in the cell before may reach over. */
static void enter_size(struct ranges_walk *w)
{
	uint32_t bits = cell_bits(w->size);

	w->cell = w->from >> bits;
	w->cell -= w->cell > 0;
	w->last_cell = w->last >> bits;
	w->all = w->last_cell - w->cell >= CHAINS;
	if (w->all) {
		w->cell = 0;
		w->last_cell = CHAINS - 1;
	}
}

static void enter_cell(struct ranges_walk *w)
{
	uint32_t chain = w->all ? (uint32_t)w->cell : chain_of(w->group, w->size, w->cell);

	w->next = head_at(w->ranges, chain);
}

/* Go to the next cell, or the next size there is any range of. */
static bool go_on(struct ranges_walk *w)
{
	if (w->size < RANGES_SIZES && w->cell < w->last_cell) {
		w->cell++;
		enter_cell(w);
		return true;
	}
	do
		w->size++;
	while (w->size < RANGES_SIZES && !w->ranges->count[w->size]);
	if (w->size >= RANGES_SIZES)
		return false;
	enter_size(w);
	enter_cell(w);
	return true;
}

/* Chains are shared by cells: each range is met in its own. */
static bool is_met(const struct ranges_walk *w, const struct node *n)
{
	return n->group == w->group && n->size == w->size &&
	       (w->all || n->from >> cell_bits(n->size) == w->cell) &&
	       n->from <= w->last && n->last >= w->from;
}

struct ranges_walk ranges_walk(const struct ranges *r, uint32_t group, uint64_t from,
			       uint64_t size)
{
	return (struct ranges_walk){ .ranges = r, .from = from, .last = last_of(from, size),
		.group = group, .size = UINT32_MAX };
}

bool ranges_next(struct ranges_walk *w)
{
	do {
		while (w->next) {
			const struct node *n = node_at(w->ranges, w->next - 1);

			w->number = w->next - 1;
			w->next = n->next;
			if (is_met(w, n))
				return true;
		}
	} while (go_on(w));
	return false;
}
