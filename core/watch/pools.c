#include "watch/pools.h"

#define HEADS_PER_LEAF 512     /* pages */

void pools_watch(struct pool_notes *p, uint64_t ram_bytes)
{
	uint64_t pages = ram_bytes >> PAGE_SHIFT;

	*p = (struct pool_notes){ .ram_bytes = ram_bytes };
	cow_init(&p->heads, HEADS_PER_LEAF * sizeof(uint32_t),
		 (pages + HEADS_PER_LEAF - 1) / HEADS_PER_LEAF);
	cow_init(&p->chunk, sizeof(struct chunk_note), pages);
}

void pools_forget(struct pool_notes *p)
{
	cow_release(&p->heads);
	cow_release(&p->chunk);
}

void pools_copy(struct pool_notes *to, const struct pool_notes *from)
{
	*to = *from;
	cow_copy(&to->heads, &from->heads);
	cow_copy(&to->chunk, &from->chunk);
}

/* Its place in the table; POOL_NOTES when it is not there. */
static uint32_t slot_of(const struct pool_notes *p, uint32_t number)
{
	uint32_t i = 0;

	while (i < POOL_NOTES && (!p->pool[i].seq || p->pool[i].number != number))
		i++;
	return i;
}

static struct pool_note *find(struct pool_notes *p, uint32_t number)
{
	uint32_t i = slot_of(p, number);

	return i < POOL_NOTES ? &p->pool[i] : NULL;
}

/* Chunks and their blocks. */

static uint32_t head_of(const struct pool_notes *p, uint64_t page)
{
	const uint32_t *leaf = cow_read(&p->heads, page / HEADS_PER_LEAF);

	return leaf[page % HEADS_PER_LEAF];
}

static void set_heads(struct pool_notes *p, const struct chunk_note *c, uint32_t head)
{
	uint64_t end = min_u64(c->pa + c->bytes, p->ram_bytes);

	for (uint64_t page = c->pa >> PAGE_SHIFT; page << PAGE_SHIFT < end; page++) {
		uint32_t *leaf = cow_write(&p->heads, page / HEADS_PER_LEAF);

		leaf[page % HEADS_PER_LEAF] = head;
	}
}

/* The chunk this byte is part of, or NULL. */
static const struct chunk_note *chunk_of(const struct pool_notes *p, uint64_t pa)
{
	uint32_t head = p->chunks && pa < p->ram_bytes ? head_of(p, pa >> PAGE_SHIFT) : 0;
	const struct chunk_note *c = head ? cow_read(&p->chunk, head - 1) : NULL;

	return c && inside(pa, 1, c->pa, c->bytes) ? c : NULL;
}

static struct chunk_note *chunk_write(struct pool_notes *p, const struct chunk_note *c)
{
	return cow_write(&p->chunk, c->pa >> PAGE_SHIFT);
}

static uint32_t blocks_between(const struct chunk_note *c)
{
	return c->boundary / c->size;
}

/* Where block i of the chunk begins. */
static uint64_t block_at(const struct chunk_note *c, uint32_t i)
{
	uint32_t n = blocks_between(c);

	return (uint64_t)(i / n) * c->boundary + i % n * c->size;
}

/* The block the byte at this offset is part of. False: it lies in a gap before a boundary. */
static bool block_of(const struct chunk_note *c, uint64_t at, uint32_t *i)
{
	uint32_t n = blocks_between(c), in = (uint32_t)(at % c->boundary / c->size);

	*i = (uint32_t)(at / c->boundary) * n + in;
	return in < n && *i < BLOCKS_NOTED;
}

static void add_chunk(struct pool_notes *p, const struct event *e)
{
	const struct pool_note *pool = find(p, e->a);
	struct chunk_note *c;

	if (!pool || !inside(e->addr2, e->size, 0, p->ram_bytes))
		return;
	c = cow_write(&p->chunk, e->addr2 >> PAGE_SHIFT);
	*c = (struct chunk_note){ .seq = e->seq, .dma = e->addr, .pa = e->addr2, .va = e->value,
		.bytes = e->size, .size = pool->size, .boundary = pool->boundary, .pool = e->a,
		.device = e->unit };
	for (uint32_t i = 0; i < BLOCKS_NOTED; i++)
		c->block[i].seq = e->seq;
	set_heads(p, c, 1 + (uint32_t)(c->pa >> PAGE_SHIFT));
	p->chunks++;
}

/* The memory went back to where it came from, whoever freed it. */
static void memory_freed(struct pool_notes *p, const struct event *e)
{
	const struct chunk_note *c = chunk_of(p, e->addr2);

	if (!c || c->pa != e->addr2)
		return;
	set_heads(p, c, 0);
	chunk_write(p, c)->seq = 0;
	p->chunks--;
}

/* Create and destroy. */

static void create(struct pool_notes *p, const struct event *e)
{
	for (uint32_t i = 0; i < POOL_NOTES; i++) {
		if (p->pool[i].seq)
			continue;
		p->pool[i] = (struct pool_note){ .seq = e->seq, .name = { e->addr, e->addr2 },
			.number = e->a, .device = e->unit, .size = e->size,
			.boundary = (uint32_t)e->value, .chunk = e->b };
		return;
	}
}

/* Names the first block that is out; the chain leads to the calls that handed out the first few. */
static void name_blocks_out(const struct pool_notes *p, uint32_t pool, struct violation *v)
{
	uint64_t pages = p->ram_bytes >> PAGE_SHIFT;

	for (uint64_t page = 0; page < pages; page++) {
		const struct chunk_note *c = cow_read(&p->chunk, page);

		for (uint32_t i = 0; c->seq && c->pool == pool && i < BLOCKS_NOTED; i++) {
			if (!c->block[i].out)
				continue;
			if (!v->va) {
				v->va = c->va + block_at(c, i);
				v->pa = c->pa + block_at(c, i);
				v->size = c->size;
			}
			if (v->chain_length < CHAIN_MAX / 2)
				violation_link(v, c->block[i].seq);
		}
	}
}

static void destroy(struct pool_notes *p, struct violations *vs, const struct event *e)
{
	struct pool_note *pool = find(p, e->a);
	struct violation v = { .rule = RULE_POOL_BUSY, .cause = e->seq, .pa = UINT64_MAX };

	if (!pool)
		return;
	if (pool->out) {
		violation_link(&v, pool->seq);
		name_blocks_out(p, pool->number, &v);
		violations_report(vs, &v, e);
	}
	pool->seq = 0;
}

/* Whoever named a pool that is gone wanted a block of it, gave one back, or destroyed it again. */
static void gone(struct violations *vs, const struct event *e)
{
	static const enum rule rules[POOL_CALL_COUNT] = {
		RULE_USE_AFTER_FREE, RULE_POOL_DOUBLE_FREE, RULE_DOUBLE_FREE
	};

	if (e->b < POOL_CALL_COUNT)
		violations_report(vs, &(struct violation){ .rule = rules[e->b],
			.advice = ADVICE_POOL_GONE, .cause = e->seq, .va = e->value,
			.pa = UINT64_MAX }, e);
}

/* Blocks. */

static void set_block(struct pool_notes *p, const struct chunk_note *c, uint32_t i,
		      const struct event *e, bool out)
{
	struct pool_note *pool = find(p, c->pool);

	if (pool && c->block[i].out != out)
		pool->out += out ? 1 : UINT32_MAX;
	chunk_write(p, c)->block[i] = (struct block_note){ .seq = e->seq, .out = out };
}

/* A spoilt list hands out what is no block; what spoilt it has been named. */
static void alloc(struct pool_notes *p, const struct event *e)
{
	const struct chunk_note *c = chunk_of(p, e->addr2);
	uint32_t i;

	if (c && block_of(c, e->addr2 - c->pa, &i) && c->pa + block_at(c, i) == e->addr2)
		set_block(p, c, i, e, true);
}

/* What is wrong with a free, ADVICE_NONE for nothing. i: the block it names, when it names one. */
static enum advice mistake_of(const struct chunk_note *c, const struct event *e, uint32_t *i)
{
	if (!c || !block_of(c, e->addr2 - c->pa, i))
		return ADVICE_POOL_FOREIGN;
	if (c->pool != e->a)
		return ADVICE_POOL_OTHER;
	if (c->pa + block_at(c, *i) != e->addr2)
		return ADVICE_POOL_INSIDE;
	if (!c->block[*i].out)
		return ADVICE_POOL_TWICE;
	if (c->va + block_at(c, *i) != e->value || c->dma + block_at(c, *i) != e->addr)
		return ADVICE_POOL_HANDLE;
	return ADVICE_NONE;
}

static void free_block(struct pool_notes *p, struct violations *vs, const struct event *e)
{
	const struct chunk_note *c = chunk_of(p, e->addr2);
	uint32_t i = 0;
	enum advice mistake = mistake_of(c, e, &i);
	struct violation v = { .rule = RULE_POOL_DOUBLE_FREE, .advice = mistake, .cause = e->seq,
		.va = e->value, .pa = e->addr2, .size = e->size };

	if (mistake == ADVICE_POOL_TWICE || mistake == ADVICE_POOL_HANDLE)
		violation_link(&v, c->block[i].seq);
	if (mistake != ADVICE_NONE)
		violations_report(vs, &v, e);
	if (mistake == ADVICE_NONE || mistake == ADVICE_POOL_HANDLE)
		set_block(p, c, i, e, false);
}

/* The block this byte is in, false for a gap; n: bytes from here to the end of it. */
static bool block_here(const struct chunk_note *c, uint64_t pa, uint32_t *i, uint64_t *n)
{
	uint64_t at = pa - c->pa;
	bool found = block_of(c, at, i);
	uint64_t end = found ? block_at(c, *i) + c->size : at - at % c->boundary + c->boundary;

	*n = end - at;
	return found;
}

/*
 * Bytes of an access that lie in a free block. One that was never given out is most often hit by
 * who runs over the end of the one before it.
 */
static void used_free(struct violations *vs, const struct event *e, const struct chunk_note *c,
		      uint32_t i, uint64_t at, uint64_t n)
{
	bool cpu = e->kind == EV_CPU_LOAD || e->kind == EV_CPU_STORE;
	bool never = c->block[i].seq == c->seq;
	struct violation v = { .rule = RULE_POOL_USE_AFTER_FREE, .cause = c->block[i].seq,
		.advice = never ? ADVICE_POOL_OVERRUN : ADVICE_NONE, .va = cpu ? e->addr + at : 0,
		.pa = e->addr2 + at, .size = n };

	if (!cpu)
		violation_link(&v, e->cause);
	violations_report(vs, &v, e);
}

static void access(const struct pool_notes *p, struct violations *vs, const struct event *e)
{
	uint64_t n;

	for (uint64_t at = 0; at < e->size; at += n) {
		uint64_t pa = e->addr2 + at;
		const struct chunk_note *c = chunk_of(p, pa);
		uint32_t i;

		n = PAGE_SIZE - (pa & PAGE_MASK);
		if (c && block_here(c, pa, &i, &n) && !c->block[i].out)
			used_free(vs, e, c, i, at, min_u64(n, e->size - at));
	}
}

bool pools_event(struct pool_notes *p, struct violations *vs, const struct event *e)
{
	switch (e->kind) {
	case EV_CPU_LOAD:
	case EV_CPU_STORE:
		if (p->chunks && !e->b)
			access(p, vs, e);
		break;
	case EV_DEV_READ:
	case EV_DEV_WRITE:
		if (p->chunks)
			access(p, vs, e);
		break;
	case EV_POOL_CREATE:  create(p, e); break;
	case EV_POOL_CHUNK:   add_chunk(p, e); break;
	case EV_POOL_ALLOC:   alloc(p, e); break;
	case EV_POOL_FREE:    free_block(p, vs, e); break;
	case EV_POOL_DESTROY: destroy(p, vs, e); break;
	case EV_POOL_GONE:    gone(vs, e); break;
	case EV_DMA_FREE:     memory_freed(p, e); break;
	case EV_MACHINE:
		pools_forget(p);
		pools_watch(p, e->addr);
		break;
	default:              return false;
	}
	return true;
}

/* Keyframe. */

static struct event create_of(const struct pool_note *pool)
{
	return (struct event){ .kind = EV_POOL_CREATE, .addr = pool->name[0],
		.addr2 = pool->name[1], .value = pool->boundary, .size = pool->size,
		.a = pool->number, .b = pool->chunk, .unit = (uint16_t)pool->device };
}

static struct event chunk_event(const struct chunk_note *c)
{
	return (struct event){ .kind = EV_POOL_CHUNK, .addr = c->dma, .addr2 = c->pa,
		.value = c->va, .size = c->bytes, .a = c->pool, .unit = (uint16_t)c->device };
}

static struct event block_event(const struct chunk_note *c, uint32_t i)
{
	uint64_t at = block_at(c, i);

	return (struct event){ .kind = EV_POOL_ALLOC, .addr = c->dma + at, .addr2 = c->pa + at,
		.value = c->va + at, .size = c->size, .a = c->pool, .unit = (uint16_t)c->device };
}

/* What the place `at` has to tell: a pool, a chunk or one of its blocks. False: nothing. */
static bool tells(const struct pool_notes *p, uint64_t at, struct event *e)
{
	const struct chunk_note *c;
	uint64_t i = (at - POOL_NOTES) % (1 + BLOCKS_NOTED);

	if (at < POOL_NOTES) {
		*e = create_of(&p->pool[at]);
		return p->pool[at].seq;
	}
	c = cow_read(&p->chunk, (at - POOL_NOTES) / (1 + BLOCKS_NOTED));
	if (!c->seq || slot_of(p, c->pool) == POOL_NOTES)
		return false;
	*e = i ? block_event(c, (uint32_t)i - 1) : chunk_event(c);
	e->b = i ? p->pool[slot_of(p, c->pool)].out : 0;
	return !i || c->block[i - 1].out;
}

bool pools_retell(const struct pool_notes *p, uint64_t *at, struct event *e)
{
	uint64_t places = POOL_NOTES + (p->ram_bytes >> PAGE_SHIFT) * (1 + BLOCKS_NOTED);

	while (*at < places) {
		uint64_t here = (*at)++;

		if (tells(p, here, e))
			return true;
		if (here >= POOL_NOTES && !cow_present(&p->chunk,
						       (here - POOL_NOTES) / (1 + BLOCKS_NOTED)))
			*at = here + 1 + BLOCKS_NOTED;
	}
	return false;
}
