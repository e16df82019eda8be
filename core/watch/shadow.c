#include "watch/shadow.h"

#include <string.h>

#define PAGES_PER_LEAF 32768     /* bits of `unseen` */
#define BUS_BYTES      8         /* of a beat; one never crosses a multiple of it */

/* A run of bytes inside one copy, with their stamps: to be written, to be read. */
struct bytes {
	uint8_t *byte;
	stamp_t *stamp;
};

struct source {
	const uint8_t *byte;
	const stamp_t *stamp;
};

/* Of the geometry it has, and of lines of this many bytes. */
static void init_cache(struct shadow_cache *c, uint32_t line)
{
	cow_init(&c->lines, offsetof(struct shadow_line, stamp) + line * sizeof(stamp_t),
		 (size_t)c->sets * c->ways);
	cow_init(&c->tags, sizeof(struct shadow_tags), c->sets);
}

static void release_cache(struct shadow_cache *c)
{
	cow_release(&c->lines);
	cow_release(&c->tags);
}

void shadow_init(struct shadow *s)
{
	*s = (struct shadow){ .line = 64 };
	cow_init(&s->ram, sizeof(struct shadow_page), 0);
	cow_init(&s->unseen, PAGES_PER_LEAF / 8, 1);
	for (uint32_t level = 1; level <= 2; level++)
		init_cache(&s->cache[level], s->line);
}

void shadow_release(struct shadow *s)
{
	cow_release(&s->ram);
	cow_release(&s->unseen);
	for (uint32_t level = 1; level <= 2; level++)
		release_cache(&s->cache[level]);
}

void shadow_copy(struct shadow *to, const struct shadow *from)
{
	*to = *from;
	cow_copy(&to->ram, &from->ram);
	cow_copy(&to->unseen, &from->unseen);
	for (uint32_t level = 1; level <= 2; level++) {
		cow_copy(&to->cache[level].lines, &from->cache[level].lines);
		cow_copy(&to->cache[level].tags, &from->cache[level].tags);
	}
}

size_t shadow_apart(const struct shadow *s, const struct shadow *from)
{
	size_t bytes = cow_apart(&s->ram, &from->ram) + cow_apart(&s->unseen, &from->unseen);

	for (uint32_t level = 1; level <= 2; level++)
		bytes += cow_apart(&s->cache[level].lines, &from->cache[level].lines) +
			 cow_apart(&s->cache[level].tags, &from->cache[level].tags);
	return bytes;
}

static stamp_t stamp(const struct event *e, uint64_t writer)
{
	return e->seq << 8 | writer;
}

static bool is_ram(const struct shadow *s, uint64_t pa, uint64_t n)
{
	return inside(pa, n, 0, s->ram_bytes);
}

bool shadow_sees(const struct shadow *s, uint64_t pa)
{
	uint64_t page = pa >> PAGE_SHIFT;
	const uint8_t *bits;

	if (!is_ram(s, pa, 1))
		return false;
	bits = cow_read(&s->unseen, page / PAGES_PER_LEAF);
	return !(bits[page % PAGES_PER_LEAF / 8] >> (page & 7) & 1);
}

const struct shadow_page *shadow_page(const struct shadow *s, uint64_t pa)
{
	return cow_read(&s->ram, pa >> PAGE_SHIFT);
}

uint64_t shadow_transfer(const struct shadow *s, uint64_t pa)
{
	return shadow_page(s, pa)->transfer[(pa & PAGE_MASK) / BUS_BYTES];
}

static uint64_t tag_of(const struct shadow *s, uint64_t pa)
{
	return (pa & ~(uint64_t)(s->line - 1)) + 1;
}

static uint32_t set_of(const struct shadow *s, uint32_t level, uint64_t pa)
{
	return (uint32_t)(pa >> s->line_shift) & (s->cache[level].sets - 1);
}

static void set_tag(struct shadow *s, uint32_t level, uint64_t pa, uint32_t way, uint64_t tag)
{
	struct shadow_tags *tags = cow_write(&s->cache[level].tags, set_of(s, level, pa));

	tags->tag[way] = tag;
}

bool shadow_slot(const struct shadow *s, uint32_t level, uint64_t pa, uint32_t *slot)
{
	const struct shadow_cache *c = &s->cache[level];
	const struct shadow_tags *tags;
	uint64_t tag = tag_of(s, pa);
	uint32_t set;

	if (!c->sets)
		return false;
	set = set_of(s, level, pa);
	tags = cow_read(&c->tags, set);
	for (uint32_t way = 0; way < c->ways; way++)
		if (tags->tag[way] == tag) {
			*slot = set * c->ways + way;
			return true;
		}
	return false;
}

const struct shadow_line *shadow_line(const struct shadow *s, uint32_t level, uint64_t pa)
{
	uint32_t slot;

	return shadow_slot(s, level, pa, &slot) ? cow_read(&s->cache[level].lines, slot) : NULL;
}

/* The same line to be changed, or NULL. */
static struct shadow_line *line_write(struct shadow *s, uint32_t level, uint64_t pa)
{
	uint32_t slot;

	return shadow_slot(s, level, pa, &slot) ? cow_write(&s->cache[level].lines, slot) : NULL;
}

/* The line that holds pa, if any does, is not there any more. */
static void let_go(struct shadow *s, uint32_t level, uint64_t pa)
{
	uint32_t slot;
	struct shadow_line *l;

	if (!shadow_slot(s, level, pa, &slot))
		return;
	l = cow_write(&s->cache[level].lines, slot);
	l->valid = 0;
	set_tag(s, level, pa, slot % s->cache[level].ways, 0);
}

static struct bytes ram_bytes(struct shadow *s, uint64_t pa)
{
	struct shadow_page *page = cow_write(&s->ram, pa >> PAGE_SHIFT);

	return (struct bytes){ page->bytes + (pa & PAGE_MASK), page->stamp + (pa & PAGE_MASK) };
}

static struct bytes line_bytes(struct shadow_line *l, uint64_t pa)
{
	return (struct bytes){ l->bytes + (pa - l->pa), l->stamp + (pa - l->pa) };
}

/* What the level below says of this line: the second level's copy, else RAM's. */
static struct source source_below(const struct shadow *s, uint32_t level, uint64_t pa,
				  const struct shadow_line **line)
{
	const struct shadow_page *page = shadow_page(s, pa);

	*line = level == 1 ? shadow_line(s, 2, pa) : NULL;
	if (*line)
		return (struct source){ (*line)->bytes + (pa - (*line)->pa),
					(*line)->stamp + (pa - (*line)->pa) };
	return (struct source){ page->bytes + (pa & PAGE_MASK), page->stamp + (pa & PAGE_MASK) };
}

/* The same copy, to be changed. */
static struct bytes below(struct shadow *s, uint32_t level, uint64_t pa, struct shadow_line **line)
{
	*line = level == 1 ? line_write(s, 2, pa) : NULL;
	return *line ? line_bytes(*line, pa) : ram_bytes(s, pa);
}

/* Write n bytes: the 8 of value, again and again. */
static void put(struct bytes to, uint64_t value, size_t n, stamp_t by)
{
	for (size_t i = 0; i < n; i += 8)
		memcpy(to.byte + i, &value, min_u64(n - i, 8));
	for (size_t i = 0; i < n; i++)
		to.stamp[i] = by;
}

static struct source as_source(struct bytes b)
{
	return (struct source){ b.byte, b.stamp };
}

static void move(struct bytes to, struct source from, size_t n)
{
	memcpy(to.byte, from.byte, n);
	memcpy(to.stamp, from.stamp, n * sizeof *to.stamp);
}

/* A range of RAM, page by page. */
static void put_ram(struct shadow *s, uint64_t pa, uint64_t value, uint64_t n, stamp_t by)
{
	while (n) {
		uint64_t part = min_u64(n, PAGE_SIZE - (pa & PAGE_MASK));

		put(ram_bytes(s, pa), value, part, by);
		pa += part, n -= part;
	}
}

static void machine_on(struct shadow *s, const struct event *e)
{
	uint64_t pages = e->addr >> PAGE_SHIFT;

	shadow_release(s);
	shadow_init(s);
	s->ram_bytes = e->addr;
	s->bus_offset = e->addr2;
	s->hidden = e->value;
	s->line = e->size;
	while ((uint32_t)1 << s->line_shift < s->line)
		s->line_shift++;
	s->levels = e->a;
	s->coherent = e->b;
	cow_release(&s->ram);
	cow_release(&s->unseen);
	cow_init(&s->ram, sizeof(struct shadow_page), pages);
	cow_init(&s->unseen, PAGES_PER_LEAF / 8, pages / PAGES_PER_LEAF + 1);
}

static void machine_cache(struct shadow *s, const struct event *e)
{
	struct shadow_cache *c = &s->cache[e->unit];

	release_cache(c);
	*c = (struct shadow_cache){ .sets = e->size, .ways = e->a, .write_through = e->b };
	init_cache(c, s->line);
}

static void wait_in_buffer(struct shadow *s, uint64_t pa, const struct event *e, stamp_t by)
{
	if (s->stores < SHADOW_STORES)
		s->store[s->stores++] = (struct shadow_store){ pa, e->value, e->size, by };
}

/* A store that is the doing of a call is one of its zeros (__GFP_ZERO). */
static enum writer storer(const struct event *e)
{
	if (e->b)
		return WROTE_KERNEL;
	return e->cause ? WROTE_ZEROS : WROTE_CPU;
}

static void cpu_store(struct shadow *s, const struct event *e)
{
	stamp_t by = stamp(e, storer(e));
	struct shadow_line *l;

	if (e->a == AT_STORE_BUFFER)
		wait_in_buffer(s, e->addr2, e, by);
	if (e->a == AT_RAM && is_ram(s, e->addr2, e->size))
		put_ram(s, e->addr2, e->value, e->size, by);
	if (e->a != AT_L1 && e->a != AT_L2)
		return;
	l = line_write(s, e->a - AT_RAM, e->addr2);
	if (!l)
		return;
	put(line_bytes(l, e->addr2), e->value, e->size, by);
	l->dirty |= !s->cache[e->a - AT_RAM].write_through;
}

static void forget_store(struct shadow *s, uint32_t i)
{
	s->stores--;
	memmove(s->store + i, s->store + i + 1, (s->stores - i) * sizeof s->store[0]);
}

static void drain(struct shadow *s, const struct event *e)
{
	stamp_t by = stamp(e, WROTE_CPU);
	uint32_t i = 0;

	while (i < s->stores && s->store[i].pa != e->addr)
		i++;
	if (i < s->stores) {
		by = s->store[i].stamp;
		forget_store(s, i);
	}
	if (is_ram(s, e->addr, e->size))
		put_ram(s, e->addr, e->value, e->size, by);
}

/* A place in a cache is taken by a line; its bytes come from below, or from above in a moment. */
static struct shadow_line *take(struct shadow *s, const struct event *e)
{
	const struct shadow_cache *c = &s->cache[e->unit];
	uint32_t slot = set_of(s, e->unit, e->addr) * c->ways + e->b;
	struct shadow_line *l = cow_write(&s->cache[e->unit].lines, slot);

	set_tag(s, e->unit, e->addr, e->b, tag_of(s, e->addr));
	l->pa = e->addr;
	l->filled = l->as_of = e->seq;
	l->valid = 1;
	l->dirty = 0;
	return l;
}

static void fill(struct shadow *s, const struct event *e)
{
	const struct shadow_line *from;
	struct source source = source_below(s, e->unit, e->addr, &from);
	struct shadow_line *l;

	l = take(s, e);
	move(line_bytes(l, e->addr), source, s->line);
	if (from)
		l->as_of = from->as_of;
}

static void write_back(struct shadow *s, const struct event *e)
{
	struct shadow_line *to, *l = line_write(s, e->unit, e->addr);
	struct bytes target;

	if (!l)
		return;
	target = below(s, e->unit, e->addr, &to);
	move(target, as_source(line_bytes(l, e->addr)), s->line);
	l->dirty = 0;
	if (!to)
		return;
	to->dirty = 1;
	to->as_of = l->as_of;
}

static void pass_through(struct shadow *s, const struct event *e)
{
	struct shadow_line *to, *l = line_write(s, e->unit, e->addr);
	struct bytes target;

	if (!l)
		return;
	target = below(s, e->unit, e->addr, &to);
	move(target, as_source(line_bytes(l, e->addr)), e->size);
	if (to)
		to->dirty |= !s->cache[2].write_through;
}

static void device_write(struct shadow *s, const struct event *e)
{
	struct shadow_page *page = cow_write(&s->ram, e->addr2 >> PAGE_SHIFT);

	put_ram(s, e->addr2, e->value, e->size, stamp(e, (uint64_t)WROTE_DEVICE + e->unit));
	page->device_wrote = e->seq;
	page->transfer[(e->addr2 & PAGE_MASK) / BUS_BYTES] = e->cause;
}

static void key_line(struct shadow *s, const struct event *e)
{
	fill(s, e);
	line_write(s, e->unit, e->addr)->dirty = e->value != 0;
}

/* A line differs from below: dirty, its bytes are the newer ones; clean, those below are. */
static void key_word(struct shadow *s, const struct event *e)
{
	struct shadow_line *to, *l = line_write(s, e->unit, e->addr);
	struct bytes older;

	if (!l)
		return;
	put(line_bytes(l, e->addr), e->value, e->size, l->dirty ? stamp(e, WROTE_CPU) : 0);
	if (l->dirty)
		return;
	older = below(s, e->unit, e->addr, &to);
	((struct shadow_page *)cow_write(&s->ram, e->addr >> PAGE_SHIFT))->device_wrote = e->seq;
	for (uint32_t i = 0; i < e->size; i++)
		older.stamp[i] = stamp(e, WROTE_DEVICE);
}

/* What is known of a page that is no longer traced, or is told anew, is worth nothing. */
static void forget_page(struct shadow *s, uint64_t page, bool unseen)
{
	uint8_t *bits = cow_write(&s->unseen, page / PAGES_PER_LEAF);
	uint8_t bit = (uint8_t)(1u << (page & 7));

	bits += page % PAGES_PER_LEAF / 8;
	*bits = unseen ? *bits | bit : *bits & (uint8_t)~bit;
	memset(cow_write(&s->ram, page), 0, sizeof(struct shadow_page));
	for (uint32_t i = s->stores; i--; )
		if (s->store[i].pa >> PAGE_SHIFT == page)
			forget_store(s, i);
	for (uint64_t pa = page << PAGE_SHIFT; pa < (page + 1) << PAGE_SHIFT; pa += s->line)
		for (uint32_t level = 1; level <= s->levels; level++)
			let_go(s, level, pa);
}

static void watch(struct shadow *s, const struct event *e)
{
	for (uint64_t page = e->addr >> PAGE_SHIFT; page << PAGE_SHIFT < e->addr + e->size; page++)
		forget_page(s, page, !e->a);
}

bool shadow_event(struct shadow *s, const struct event *e)
{
	switch (e->kind) {
	case EV_MACHINE:         machine_on(s, e); break;
	case EV_MACHINE_CACHE:   machine_cache(s, e); break;
	case EV_CPU_STORE:       cpu_store(s, e); break;
	case EV_SB_DRAIN:        drain(s, e); break;
	case EV_CACHE_FILL:      fill(s, e); break;
	case EV_CACHE_TAKE:      take(s, e); break;
	case EV_CACHE_WRITEBACK: write_back(s, e); break;
	case EV_CACHE_THROUGH:   pass_through(s, e); break;
	case EV_CACHE_DROP:      let_go(s, e->unit, e->addr); break;
	case EV_DEV_WRITE:       device_write(s, e); break;
	case EV_KEY_RAM:         put_ram(s, e->addr, e->value, e->size, 0); break;
	case EV_KEY_LINE:        key_line(s, e); break;
	case EV_KEY_WORD:        key_word(s, e); break;
	case EV_KEY_STORE:       wait_in_buffer(s, e->addr, e, stamp(e, WROTE_CPU)); break;
	case EV_WATCH:           watch(s, e); break;
	default:                 return false;
	}
	return true;
}

static bool store_byte(const struct shadow *s, uint64_t pa, uint8_t *value, stamp_t *by)
{
	for (uint32_t i = s->stores; i--; ) {
		const struct shadow_store *p = &s->store[i];

		if (inside(pa, 1, p->pa, p->size)) {
			*value = (uint8_t)(p->value >> 8 * (pa - p->pa));
			*by = p->stamp;
			return true;
		}
	}
	return false;
}

bool shadow_byte(const struct shadow *s, enum where at, uint64_t pa, uint8_t *value, stamp_t *by)
{
	const struct shadow_line *l;

	if (at == AT_STORE_BUFFER)
		return store_byte(s, pa, value, by);
	if (at == AT_RAM && is_ram(s, pa, 1)) {
		*value = shadow_page(s, pa)->bytes[pa & PAGE_MASK];
		*by = shadow_page(s, pa)->stamp[pa & PAGE_MASK];
		return true;
	}
	if ((at != AT_L1 && at != AT_L2) || (uint32_t)at > s->levels)
		return false;
	l = shadow_line(s, at - AT_RAM, pa);
	if (!l)
		return false;
	*value = l->bytes[pa - l->pa];
	*by = l->stamp[pa - l->pa];
	return true;
}

bool shadow_ram_is_newest(const struct shadow *s, uint64_t pa, uint64_t n)
{
	const stamp_t *ram = shadow_page(s, pa)->stamp + (pa & PAGE_MASK);

	if (!inside(pa, n, round_down(pa, s->line), s->line))
		return false;
	for (uint32_t i = 0; i < s->stores; i++)
		if (overlaps(pa, n, s->store[i].pa, s->store[i].size))
			return false;
	for (uint32_t level = 1; level <= s->levels; level++) {
		const struct shadow_line *l = shadow_line(s, level, pa);

		for (uint64_t i = 0; l && i < n; i++)
			if (l->stamp[pa - l->pa + i] > ram[i])
				return false;
	}
	return true;
}

enum where shadow_newest(const struct shadow *s, uint64_t pa, uint8_t *value, stamp_t *by)
{
	static const enum where upwards[] = { AT_L2, AT_L1, AT_STORE_BUFFER };
	enum where newest = AT_RAM;

	*value = shadow_page(s, pa)->bytes[pa & PAGE_MASK];
	*by = shadow_page(s, pa)->stamp[pa & PAGE_MASK];
	for (size_t i = 0; i < 3; i++) {
		uint8_t v;
		stamp_t other;

		if (shadow_byte(s, upwards[i], pa, &v, &other) && other > *by) {
			newest = upwards[i];
			*value = v;
			*by = other;
		}
	}
	return newest;
}
