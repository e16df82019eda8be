#include "cow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const uint8_t cow_zeros[LEAF_MAX];

void *core_alloc(size_t bytes)
{
	void *p = calloc(1, bytes);

	if (!p)
		abort();
	return p;
}

void *core_alloc_rough(size_t bytes)
{
	void *p = malloc(bytes);

	if (!p)
		abort();
	return p;
}

static size_t branches(const struct cow *c)
{
	return (c->count + BRANCH - 1) / BRANCH;
}

static size_t root_bytes(const struct cow *c)
{
	return sizeof *c->root + branches(c) * sizeof c->root->branch[0];
}

void cow_init(struct cow *c, size_t leaf_size, size_t count)
{
	assert(leaf_size <= LEAF_MAX);
	*c = (struct cow){ .leaf_size = leaf_size, .count = count };
	c->root = core_alloc(root_bytes(c));
	c->root->refs = 1;
}

static void let_leaf_go(struct leaf *l)
{
	if (l && --l->refs == 0)
		free(l);
}

/* The lowest bit of the mask goes. Which it was. */
static unsigned take_bit(uint64_t *mask)
{
	unsigned bit = (unsigned)__builtin_ctzll(*mask);

	*mask &= *mask - 1;
	return bit;
}

static void let_branch_go(struct branch *b)
{
	if (!b || --b->refs)
		return;
	for (uint64_t left = b->present; left; )
		let_leaf_go(b->leaf[take_bit(&left)]);
	free(b);
}

void cow_release(struct cow *c)
{
	if (c->root && !--c->root->refs) {
		for (size_t i = 0; i < branches(c); i++)
			let_branch_go(c->root->branch[i]);
		free(c->root);
	}
	*c = (struct cow){ 0 };
}

void cow_copy(struct cow *to, const struct cow *from)
{
	*to = *from;
	if (to->root)
		to->root->refs++;
}

static void *copy_of(const void *from, size_t bytes)
{
	return memcpy(core_alloc_rough(bytes), from, bytes);
}

/* A root that is this array's alone. */
static struct root *own_root(struct cow *c)
{
	struct root *old = c->root;

	if (old->refs == 1)
		return old;
	c->root = copy_of(old, root_bytes(c));
	c->root->refs = 1;
	for (size_t i = 0; i < branches(c); i++)
		if (old->branch[i])
			old->branch[i]->refs++;
	old->refs--;
	return c->root;
}

/* The branch of leaf i, present and this array's alone. */
static struct branch *own_branch(struct cow *c, size_t i)
{
	struct branch **place = &own_root(c)->branch[i / BRANCH], *old = *place;

	if (old && old->refs == 1)
		return old;
	*place = old ? copy_of(old, sizeof *old) : core_alloc(sizeof *old);
	(*place)->refs = 1;
	for (uint64_t left = (*place)->present; left; )
		old->leaf[take_bit(&left)]->refs++;
	let_branch_go(old);
	return *place;
}

void *cow_unshare(struct cow *c, size_t i)
{
	size_t bytes = sizeof(struct leaf) + c->leaf_size;
	struct branch *b;
	struct leaf *old;

	assert(i < c->count);
	b = own_branch(c, i);
	old = b->leaf[i % BRANCH];
	if (old && old->refs == 1)
		return old->bytes;
	b->leaf[i % BRANCH] = old ? copy_of(old, bytes) : core_alloc(bytes);
	b->leaf[i % BRANCH]->refs = 1;
	b->present |= (uint64_t)1 << i % BRANCH;
	let_leaf_go(old);
	return b->leaf[i % BRANCH]->bytes;
}

size_t cow_owned(const struct cow *c)
{
	size_t bytes = 0;

	for (size_t i = 0; i < c->count; i++)
		if (cow_present(c, i) && cow_leaf(c, i)->refs == 1 && c->root->refs == 1 &&
		    c->root->branch[i / BRANCH]->refs == 1)
			bytes += c->leaf_size;
	return bytes;
}

size_t cow_apart(const struct cow *c, const struct cow *from)
{
	size_t bytes = 0;

	for (size_t i = 0; c->root != from->root && i < branches(c); i++) {
		const struct branch *b = c->root->branch[i];
		const struct branch *other = i < branches(from) ? from->root->branch[i] : NULL;

		for (size_t j = 0; b && b != other && j < BRANCH; j++)
			if (b->leaf[j] && (!other || b->leaf[j] != other->leaf[j]))
				bytes += c->leaf_size;
	}
	return bytes;
}
