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

/* The same, for what is filled at once. */
static void *alloc_rough(size_t bytes)
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

static struct root *new_root(const struct cow *c)
{
	struct root *r = core_alloc(sizeof *r + branches(c) * sizeof r->branch[0]);

	r->refs = 1;
	return r;
}

void cow_init(struct cow *c, size_t leaf_size, size_t count)
{
	assert(leaf_size <= LEAF_MAX);
	*c = (struct cow){ .leaf_size = leaf_size, .count = count };
	c->root = new_root(c);
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

/* A root that is this array's alone. */
static struct root *own_root(struct cow *c)
{
	struct root *old = c->root;

	if (old->refs == 1)
		return old;
	c->root = new_root(c);
	for (size_t i = 0; i < branches(c); i++)
		if ((c->root->branch[i] = old->branch[i]))
			old->branch[i]->refs++;
	old->refs--;
	return c->root;
}

/* The branch of leaf i, present and this array's alone. */
static struct branch *own_branch(struct cow *c, size_t i)
{
	struct branch **place = &own_root(c)->branch[i / BRANCH], *old = *place, *own;

	if (old && old->refs == 1)
		return old;
	own = core_alloc(sizeof *own);
	own->refs = 1;
	for (size_t j = 0; old && j < BRANCH; j++)
		if ((own->leaf[j] = old->leaf[j]))
			own->leaf[j]->refs++;
	let_branch_go(old);
	return *place = own;
}

void *cow_unshare(struct cow *c, size_t i)
{
	struct leaf **place, *old, *own;

	assert(i < c->count);
	place = &own_branch(c, i)->leaf[i % BRANCH];
	old = *place;
	if (old && old->refs == 1)
		return old->bytes;
	own = old ? alloc_rough(sizeof *own + c->leaf_size)
		  : core_alloc(sizeof *own + c->leaf_size);
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
