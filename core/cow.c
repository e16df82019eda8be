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

static size_t branches(const struct cow *c)
{
	return (c->count + BRANCH - 1) / BRANCH;
}

void cow_init(struct cow *c, size_t leaf_size, size_t count)
{
	assert(leaf_size <= LEAF_MAX);
	*c = (struct cow){ .leaf_size = leaf_size, .count = count };
	c->branch = core_alloc((branches(c) + 1) * sizeof *c->branch);
}

static void let_leaf_go(struct leaf *l)
{
	if (l && --l->refs == 0)
		free(l);
}

static void let_branch_go(struct branch *b)
{
	if (!b || --b->refs)
		return;
	for (size_t i = 0; i < BRANCH; i++)
		let_leaf_go(b->leaf[i]);
	free(b);
}

void cow_release(struct cow *c)
{
	for (size_t i = 0; i < branches(c); i++)
		let_branch_go(c->branch[i]);
	free(c->branch);
	*c = (struct cow){ 0 };
}

void cow_copy(struct cow *to, const struct cow *from)
{
	cow_init(to, from->leaf_size, from->count);
	for (size_t i = 0; i < branches(from); i++)
		if ((to->branch[i] = from->branch[i]))
			to->branch[i]->refs++;
}

/* The branch of leaf i, present and this array's alone. */
static struct branch *own_branch(struct cow *c, size_t i)
{
	struct branch *old = c->branch[i / BRANCH], *own;

	if (old && old->refs == 1)
		return old;
	own = core_alloc(sizeof *own);
	own->refs = 1;
	for (size_t j = 0; old && j < BRANCH; j++)
		if ((own->leaf[j] = old->leaf[j]))
			own->leaf[j]->refs++;
	let_branch_go(old);
	return c->branch[i / BRANCH] = own;
}

void *cow_unshare(struct cow *c, size_t i)
{
	struct leaf **place, *old, *own;

	assert(i < c->count);
	place = &own_branch(c, i)->leaf[i % BRANCH];
	old = *place;
	if (old && old->refs == 1)
		return old->bytes;
	own = core_alloc(sizeof *own + c->leaf_size);
	own->refs = 1;
	if (old)
		memcpy(own->bytes, old->bytes, c->leaf_size);
	let_leaf_go(old);
	*place = own;
	return own->bytes;
}

size_t cow_owned(const struct cow *c)
{
	size_t bytes = 0;

	for (size_t i = 0; i < c->count; i++)
		if (cow_present(c, i) && cow_leaf(c, i)->refs == 1 &&
		    c->branch[i / BRANCH]->refs == 1)
			bytes += c->leaf_size;
	return bytes;
}

size_t cow_apart(const struct cow *c, const struct cow *from)
{
	size_t bytes = 0;

	for (size_t i = 0; i < branches(c); i++) {
		const struct branch *b = c->branch[i];
		const struct branch *other = i < branches(from) ? from->branch[i] : NULL;

		for (size_t j = 0; b && b != other && j < BRANCH; j++)
			if (b->leaf[j] && (!other || b->leaf[j] != other->leaf[j]))
				bytes += c->leaf_size;
	}
	return bytes;
}
