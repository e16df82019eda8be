#pragma once
/*
 * An array of equal leaves that is cheap to copy.
 *
 * A tree: a root, branches of 64 leaves, leaves. A leaf nobody wrote is not there and reads as
 * zeros; a copied array shares its root, and so all of it, until one side writes (reference counts,
 * not atomic: a machine belongs to one thread). RAM, cache lines, page descriptors and the
 * checker's shadow all live in such arrays, so a snapshot of the whole bench costs a pointer for
 * each now, and one root, branch and leaf for each leaf changed later.
 *
 * This is where the core allocates; when the host has no memory left there is nothing sensible to
 * answer, and the process ends (see out_of_memory).
 */
#include "types.h"

#define LEAF_MAX 65536   /* bytes; a longer leaf is a mistake in the caller */

struct leaf {
	uint32_t refs;
	uint32_t pad;
	_Alignas(16) uint8_t bytes[];
};

#define BRANCH 64        /* leaves, and bits of a word */

struct branch {
	uint32_t refs;
	uint64_t present;            /* a bit for each leaf that is there */
	struct leaf *leaf[BRANCH];   /* NULL: all zeros */
};

struct root {
	uint32_t refs;
	struct branch *branch[];     /* NULL: no leaf of it is there */
};

struct cow {
	size_t leaf_size;      /* bytes */
	size_t count;          /* leaves */
	struct root *root;
};

extern const uint8_t cow_zeros[LEAF_MAX];

void cow_init(struct cow *c, size_t leaf_size, size_t count);
void cow_release(struct cow *c);
void cow_copy(struct cow *to, const struct cow *from);   /* `to` holds nothing yet */
size_t cow_owned(const struct cow *c);                   /* bytes of leaves shared with nobody */
size_t cow_apart(const struct cow *c, const struct cow *from);   /* ... not shared with that one */

/* Leaf i made present and shared with nobody: the slow half of cow_write. */
void *cow_unshare(struct cow *c, size_t i);

static inline const struct leaf *cow_leaf(const struct cow *c, size_t i)
{
	const struct branch *b = c->root->branch[i / BRANCH];

	return b ? b->leaf[i % BRANCH] : NULL;
}

static inline bool cow_present(const struct cow *c, size_t i)
{
	return cow_leaf(c, i) != NULL;
}

static inline const void *cow_read(const struct cow *c, size_t i)
{
	const struct leaf *l = cow_leaf(c, i);

	return l ? l->bytes : cow_zeros;
}

static inline void *cow_write(struct cow *c, size_t i)
{
	struct branch *b = c->root->refs == 1 ? c->root->branch[i / BRANCH] : NULL;
	struct leaf *l = b && b->refs == 1 ? b->leaf[i % BRANCH] : NULL;

	return l && l->refs == 1 ? l->bytes : cow_unshare(c, i);
}

/* Memory, zeroed, or the process ends; rough: not zeroed, for what is written before it is read. */
void *core_alloc(size_t bytes);
void *core_alloc_rough(size_t bytes);
