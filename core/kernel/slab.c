#include "kernel/slab.h"

#include "kernel/context.h"
#include "kernel/pages.h"

#include <assert.h>

const struct kmalloc_cache kmalloc_caches[KMALLOC_CACHES] = {
	{ "kmalloc-8", 8 }, { "kmalloc-16", 16 }, { "kmalloc-32", 32 }, { "kmalloc-64", 64 },
	{ "kmalloc-96", 96 }, { "kmalloc-128", 128 }, { "kmalloc-192", 192 },
	{ "kmalloc-256", 256 }, { "kmalloc-512", 512 }, { "kmalloc-1k", 1024 },
	{ "kmalloc-2k", 2048 }, { "kmalloc-4k", 4096 }, { "kmalloc-8k", 8192 },
};

#define OBJECTS_MIN 4    /* a slab has room for so many: 8 KiB objects come in slabs of 8 pages */

/* What an address is to kfree. */
struct object {
	paddr_t pa;              /* where it begins */
	uint64_t size;           /* bytes usable */
	uint64_t head;           /* pfn of its slab, or of its own block of pages */
	bool in_slab;
	uint32_t index;          /* in its slab */
};

uint32_t kmalloc_minalign(const struct kernel *k)
{
	return k->hw->board.coherent ? 8 : (uint32_t)k->hw->board.line;
}

uint64_t kmalloc_max(const struct kernel *k)
{
	return k->hw->board.profile == PROFILE_SLIDES ? 128 * KIB : 4 * MIB;
}

int kmalloc_cache_of(const struct kernel *k, uint64_t size)
{
	uint32_t align = kmalloc_minalign(k);

	for (int i = 0; i < KMALLOC_CACHES; i++)
		if (kmalloc_caches[i].size >= size && kmalloc_caches[i].size % align == 0)
			return i;
	return -1;
}

static uint32_t slab_order(uint32_t cache)
{
	return pages_order((uint64_t)OBJECTS_MIN * kmalloc_caches[cache].size);
}

static uint32_t per_slab(uint32_t cache)
{
	return (uint32_t)((PAGE_SIZE << slab_order(cache)) / kmalloc_caches[cache].size);
}

static const struct slab *slab_read(const struct kernel *k, uint64_t pfn)
{
	const struct slab *leaf = cow_read(&k->slabs, pfn / SLABS_PER_LEAF);

	return &leaf[pfn % SLABS_PER_LEAF];
}

static struct slab *slab_write(struct kernel *k, uint64_t pfn)
{
	struct slab *leaf = cow_write(&k->slabs, pfn / SLABS_PER_LEAF);

	return &leaf[pfn % SLABS_PER_LEAF];
}

static bool object_live(const struct slab *s, uint32_t index)
{
	return s->live[index / 64] >> index % 64 & 1;
}

/* Slabs with a free object: the last to get one is the first to be used. */
static void partial_add(struct kernel *k, uint64_t pfn)
{
	struct frame *f = frame_write(k, pfn);
	uint32_t *first = &k->partial[f->cache];

	f->next = *first;
	f->prev = 0;
	if (*first)
		frame_write(k, *first)->prev = (uint32_t)pfn;
	*first = (uint32_t)pfn;
}

static void partial_remove(struct kernel *k, uint64_t pfn)
{
	struct frame *f = frame_write(k, pfn);

	if (f->prev)
		frame_write(k, f->prev)->next = f->next;
	else
		k->partial[f->cache] = f->next;
	if (f->next)
		frame_write(k, f->next)->prev = f->prev;
	f->next = f->prev = 0;
}

static bool slab_new(struct kernel *k, uint32_t cache, uint32_t gfp, uint64_t *pfn)
{
	if (!pages_take(k, gfp, slab_order(cache), FRAME_SLAB, pfn))
		return false;
	frame_write(k, *pfn)->cache = (uint8_t)cache;
	*slab_write(k, *pfn) = (struct slab){ 0 };
	k->slab_count[cache]++;
	partial_add(k, *pfn);
	return true;
}

/* A slab with a free object, in a zone the request may use. */
static bool slab_for(struct kernel *k, uint32_t cache, uint32_t gfp, uint64_t *pfn)
{
	for (*pfn = k->partial[cache]; *pfn; *pfn = frame_read(k, *pfn)->next)
		if (pages_zone_allowed(k, gfp, (enum zone)frame_read(k, *pfn)->zone))
			return true;
	return slab_new(k, cache, gfp, pfn);
}

/* The lowest free object of a slab that has one becomes live. */
static uint32_t object_take(struct kernel *k, uint64_t pfn, uint32_t cache)
{
	struct slab *s = slab_write(k, pfn);
	uint32_t index = 0;

	while (object_live(s, index))
		index++;
	assert(index < per_slab(cache));
	s->live[index / 64] |= (uint64_t)1 << index % 64;
	k->slab_used[cache]++;
	if (++s->used == per_slab(cache))
		partial_remove(k, pfn);
	return index;
}

static void object_give(struct kernel *k, const struct object *o)
{
	uint32_t cache = frame_read(k, o->head)->cache;
	struct slab *s = slab_write(k, o->head);

	s->live[o->index / 64] &= ~((uint64_t)1 << o->index % 64);
	k->slab_used[cache]--;
	if (s->used-- == per_slab(cache))
		partial_add(k, o->head);
	if (!s->used) {
		partial_remove(k, o->head);
		k->slab_count[cache]--;
		pages_give(k, o->head, slab_order(cache));
	}
}

static bool take_small(struct kernel *k, uint32_t cache, uint32_t gfp, struct block *b)
{
	uint64_t pfn;

	if (!slab_for(k, cache, gfp, &pfn))
		return false;
	b->size = kmalloc_caches[cache].size;
	b->pa = (pfn << PAGE_SHIFT) + object_take(k, pfn, cache) * b->size;
	return true;
}

static bool take_large(struct kernel *k, uint32_t gfp, struct block *b)
{
	uint32_t order = pages_order(b->asked);
	uint64_t pfn;

	if (!pages_take(k, gfp, order, FRAME_KMALLOC, &pfn))
		return false;
	b->size = PAGE_SIZE << order;
	b->pa = pfn << PAGE_SHIFT;
	return true;
}

vaddr_t kmalloc(struct kernel *k, uint64_t size, uint32_t gfp)
{
	struct block b = { .kind = MEM_KMALLOC, .asked = size };
	int cache = kmalloc_cache_of(k, size);

	if (!size)
		return ZERO_SIZE_PTR;
	context_might_alloc(k, SLEEPER_KMALLOC, gfp);
	if (size > kmalloc_max(k)) {
		if (!(gfp & GFP_NOWARN))
			kernel_log(k, KLOG_KMALLOC_LIMIT, size, kmalloc_max(k), 0);
		return 0;
	}
	if (!(cache < 0 ? take_large(k, gfp, &b) : take_small(k, (uint32_t)cache, gfp, &b)))
		return 0;
	b.va = phys_to_virt(b.pa);
	kernel_tell_alloc(k, &b, gfp);
	return b.va;
}

/* The object of a cache that would cover pa in a slab that begins at frame `head`. */
static bool object_in(uint64_t head, uint32_t cache, paddr_t pa, struct object *o)
{
	uint32_t size = kmalloc_caches[cache].size;

	*o = (struct object){ .size = size, .head = head, .in_slab = true,
		.index = (uint32_t)((pa - (head << PAGE_SHIFT)) / size) };
	o->pa = (head << PAGE_SHIFT) + (uint64_t)o->index * size;
	return o->index < per_slab(cache);
}

/* Free memory: did something kmalloc had handed out begin at pa? */
static bool was_object(const struct kernel *k, paddr_t pa)
{
	uint64_t pfn = pa >> PAGE_SHIFT;

	if (frame_read(k, pfn)->was == FRAME_KMALLOC && !(pa & PAGE_MASK))
		return true;
	for (uint32_t order = 0; order <= slab_order(KMALLOC_CACHES - 1); order++) {
		uint64_t head = round_down(pfn, (uint64_t)1 << order);
		const struct frame *f = frame_read(k, head);
		struct object o;

		if (f->was == FRAME_SLAB && slab_order(f->cache) == order &&
		    object_in(head, f->cache, pa, &o) && o.pa == pa)
			return true;
	}
	return false;
}

/* A live object that begins at pa, a page kmalloc has. If there is none, why not. */
static bool find_live(const struct kernel *k, const struct frame *f, paddr_t pa, struct object *o,
		      enum bad_free *why)
{
	if (f->kind == FRAME_SLAB) {
		bool one = object_in(o->head, f->cache, pa, o);

		*why = one && o->pa == pa ? BAD_FREE_TWICE : BAD_FREE_INSIDE;
		return *why == BAD_FREE_TWICE && object_live(slab_read(k, o->head), o->index);
	}
	o->pa = o->head << PAGE_SHIFT;
	o->size = PAGE_SIZE << f->order;
	*why = BAD_FREE_INSIDE;
	return o->pa == pa;
}

static bool find(const struct kernel *k, vaddr_t va, struct object *o, enum bad_free *why)
{
	paddr_t pa = va - LINEAR_BASE;
	const struct frame *f;

	*o = (struct object){ .head = frame_head(k, pa >> PAGE_SHIFT) };
	f = frame_read(k, o->head);
	*why = BAD_FREE_FOREIGN;
	if (!virt_addr_valid(k, va))
		return false;
	if (f->kind == FRAME_SLAB || f->kind == FRAME_KMALLOC)
		return find_live(k, f, pa, o, why);
	if (f->kind == FRAME_FREE && was_object(k, pa))
		*why = BAD_FREE_TWICE;
	return false;
}

static void complain(struct kernel *k, vaddr_t va, enum bad_free why)
{
	kernel_log(k, KLOG_BAD_FREE, va, 0, 0);
	kernel_tell_bad_free(k, MEM_KMALLOC, va, why);
}

static void poison(struct kernel *k, const struct object *o)
{
	vaddr_t va = phys_to_virt(o->pa);

	if (!o->in_slab) {
		kernel_fill(k, va, PAGE_POISON, o->size);
		return;
	}
	kernel_fill(k, va, POISON_FREE, o->size - 1);
	kernel_fill(k, va + o->size - 1, POISON_END, 1);
}

void kfree(struct kernel *k, vaddr_t va)
{
	struct object o;
	enum bad_free why;

	if (!va || va == ZERO_SIZE_PTR)
		return;
	if (!find(k, va, &o, &why)) {
		complain(k, va, why);
		return;
	}
	poison(k, &o);
	kernel_tell_free(k, &(struct block){ .kind = MEM_KMALLOC, .va = va, .pa = o.pa,
		.size = o.size });
	if (o.in_slab)
		object_give(k, &o);
	else
		pages_give(k, o.head, frame_read(k, o.head)->order);
}

uint64_t ksize(const struct kernel *k, vaddr_t va)
{
	struct object o;
	enum bad_free why;

	return find(k, va, &o, &why) ? o.size : 0;
}

/*
 * The old contents go over as the driver's own memcpy would take them, and the old block is freed.
 */
static void move(struct kernel *k, vaddr_t to, vaddr_t from, uint64_t n)
{
	enum status s = cpu_copy(k->hw, to, from, n);

	assert(s == OK);
	(void)s;
	kfree(k, from);
}

vaddr_t krealloc(struct kernel *k, vaddr_t va, uint64_t n, uint32_t gfp)
{
	bool nothing = !va || va == ZERO_SIZE_PTR;
	uint64_t size = nothing ? 0 : ksize(k, va);
	vaddr_t to;

	if (!nothing && !size) {
		kfree(k, va);    /* names the mistake */
		return 0;
	}
	if (!n) {
		kfree(k, va);
		return ZERO_SIZE_PTR;
	}
	if (n <= size)
		return va;
	to = kmalloc(k, n, gfp);
	if (to && size)
		move(k, to, va, size);
	return to;
}

struct slab_stats slab_stats(const struct kernel *k, uint32_t cache)
{
	return (struct slab_stats){ .used = k->slab_used[cache], .slabs = k->slab_count[cache],
		.objects = k->slab_count[cache] * per_slab(cache),
		.size = kmalloc_caches[cache].size,
		.per_slab = per_slab(cache), .pages_per_slab = 1u << slab_order(cache) };
}

bool slab_object(const struct kernel *k, paddr_t pa, paddr_t *start, uint32_t *size, bool *live)
{
	uint64_t head = frame_head(k, pa >> PAGE_SHIFT);
	const struct frame *f = frame_read(k, head);
	struct object o;

	if (f->kind != FRAME_SLAB || !object_in(head, f->cache, pa, &o))
		return false;
	*start = o.pa;
	*size = (uint32_t)o.size;
	*live = object_live(slab_read(k, head), o.index);
	return true;
}
