#include "hw/cache.h"

#include <assert.h>
#include <string.h>

/* A set in memory: the order word (PLRU's tree, FIFO's next way), then its lines. */
#define SET_HEAD sizeof(uint64_t)

static uint32_t log2_of(uint64_t n)
{
	uint32_t shift = 0;

	while ((uint64_t)1 << (shift + 1) <= n)
		shift++;
	return shift;
}

void cache_init(struct cache *c, uint32_t level, const struct board *b)
{
	bool first = level == 1;

	*c = (struct cache){
		.level = level,
		.sets = (uint32_t)(first ? b->l1_sets : b->l2_sets),
		.ways = (uint32_t)(first ? b->l1_ways : b->l2_ways),
		.line = (uint32_t)b->line,
		.policy = (enum policy)(first ? b->l1_policy : b->l2_policy),
		.write_through = (first ? b->l1_write : b->l2_write) == WRITE_THROUGH,
		.allocate = first ? b->l1_allocate : b->l2_allocate,
		.line_shift = log2_of(b->line),
		.lfsr = 0xace1,
		.spotted = true,      /* whatever the memory held */
	};
	c->stride = sizeof(struct line) + c->line;
	c->set_bytes = SET_HEAD + c->ways * c->stride;
	if (2 * c->set_bytes <= 4096)
		c->leaf_shift = log2_of(4096 / c->set_bytes);
	cow_init(&c->store, c->set_bytes << c->leaf_shift, (c->sets >> c->leaf_shift) + 1);
}

void cache_release(struct cache *c)
{
	cow_release(&c->store);
}

void cache_copy(struct cache *to, const struct cache *from)
{
	*to = *from;
	cow_copy(&to->store, &from->store);
}

static uint32_t set_of(const struct cache *c, paddr_t pa)
{
	return (uint32_t)(pa >> c->line_shift) & (c->sets - 1);
}

static size_t set_offset(const struct cache *c, uint32_t set)
{
	return (set & ((1u << c->leaf_shift) - 1)) * c->set_bytes;
}

static const uint8_t *set_read(const struct cache *c, uint32_t set)
{
	return (const uint8_t *)cow_read(&c->store, set >> c->leaf_shift) + set_offset(c, set);
}

static uint8_t *set_write(struct cache *c, uint32_t set)
{
	return (uint8_t *)cow_write(&c->store, set >> c->leaf_shift) + set_offset(c, set);
}

static const struct line *way_read(const struct cache *c, const uint8_t *set, uint32_t way)
{
	return (const struct line *)(const void *)(set + SET_HEAD + way * c->stride);
}

static struct line *way_write(const struct cache *c, uint8_t *set, uint32_t way)
{
	return (struct line *)(void *)(set + SET_HEAD + way * c->stride);
}

const struct line *cache_line(const struct cache *c, uint32_t set, uint32_t way)
{
	return way_read(c, set_read(c, set), way);
}

/* The way that holds pa in its set, or ways when none does. */
static uint32_t way_of(const struct cache *c, paddr_t pa)
{
	const uint8_t *set = set_read(c, set_of(c, pa));
	paddr_t base = cache_line_base(c, pa);

	for (uint32_t way = 0; way < c->ways; way++) {
		const struct line *l = way_read(c, set, way);

		if (l->state != LINE_INVALID && l->pa == base)
			return way;
	}
	return c->ways;
}

const struct line *cache_find(const struct cache *c, paddr_t pa)
{
	uint32_t way = cache_exists(c) ? way_of(c, pa) : c->ways;

	return way < c->ways ? cache_line(c, set_of(c, pa), way) : NULL;
}

/* A line changes its state or leaves: no remembered hit may lead to it. */
static void forget_spot(struct cache *c, paddr_t pa)
{
	if (c->spots)
		c->spots[(pa >> c->line_shift) & (SPOTS - 1)].va = SPOT_EMPTY;
}

void cache_forget_spots(struct cache *c)
{
	for (size_t i = 0; c->spotted && i < SPOTS; i++)
		c->spots[i].va = SPOT_EMPTY;
	c->spotted = false;
}

/* Tell what happened to the line at pa in `way`. CACHE_DROP names a reason instead of the set. */
static void tell(struct cache *c, enum event_kind kind, paddr_t pa, uint32_t a, uint32_t way,
		 uint64_t value)
{
	if (bus_sees(c->bus, pa))
		bus_tell(c->bus, &(struct event){ .kind = (uint16_t)kind,
			.addr = cache_line_base(c, pa), .value = value, .size = c->line,
			.a = a, .b = way, .unit = (uint16_t)c->level });
}

/* Point every node on the way to `way` at the other half: the tree's leaf pointed at is oldest. */
void cache_touch_plru(uint64_t *order, uint32_t ways, uint32_t way)
{
	uint32_t node = 1;

	for (uint32_t half = ways / 2; half; half /= 2) {
		bool right = way & half;

		*order = right ? *order & ~((uint64_t)1 << node) : *order | (uint64_t)1 << node;
		node = 2 * node + right;
	}
}

static uint32_t plru_victim(uint64_t order, uint32_t ways)
{
	uint32_t node = 1, way = 0;

	for (uint32_t half = ways / 2; half; half /= 2) {
		bool right = order >> node & 1;

		way |= right ? half : 0;
		node = 2 * node + right;
	}
	return way;
}

static uint32_t lru_victim(const struct cache *c, const uint8_t *set)
{
	uint32_t oldest = 0;

	for (uint32_t way = 1; way < c->ways; way++)
		if (way_read(c, set, way)->used < way_read(c, set, oldest)->used)
			oldest = way;
	return oldest;
}

static uint32_t random_victim(struct cache *c)
{
	c->lfsr = c->lfsr >> 1 ^ (c->lfsr & 1 ? 0xb400u : 0);
	return c->lfsr % c->ways;
}

/* The way to replace: a free one, else the one the policy gives up. */
static uint32_t victim(struct cache *c, uint32_t index)
{
	uint8_t *set = set_write(c, index);
	uint64_t *order = (uint64_t *)(void *)set;

	for (uint32_t way = 0; way < c->ways; way++)
		if (way_read(c, set, way)->state == LINE_INVALID)
			return way;
	switch (c->policy) {
	case POLICY_PLRU:   return plru_victim(*order, c->ways);
	case POLICY_FIFO:   return (uint32_t)((*order)++ % c->ways);
	case POLICY_RANDOM: return random_victim(c);
	default:            return lru_victim(c, set);
	}
}

static void touch(struct cache *c, paddr_t pa, uint32_t way)
{
	uint8_t *set = set_write(c, set_of(c, pa));

	way_write(c, set, way)->used = ++c->clock;
	if (c->policy == POLICY_PLRU)
		cache_touch_plru((uint64_t *)(void *)set, c->ways, way);
}

static void take_line(struct cache *c, paddr_t pa, const uint8_t *bytes);

/* The bytes of a line go to the level below, or to RAM. */
static void write_below(struct cache *c, const struct line *l)
{
	if (c->below && cache_exists(c->below)) {
		take_line(c->below, l->pa, l->bytes);
	} else {
		bus_take(c->bus, 0, c->line);
		bus_ram_write(c->bus, l->pa, l->bytes, c->line);
	}
}

/* Does the level below have, or will it make, a place for this line? If so it is there now. */
static void make_room_below(struct cache *c, paddr_t pa);

static void clean_way(struct cache *c, paddr_t pa, uint32_t way)
{
	struct line *l = way_write(c, set_write(c, set_of(c, pa)), way);

	if (l->state != LINE_MODIFIED)
		return;
	forget_spot(c, pa);
	make_room_below(c, l->pa);
	tell(c, EV_CACHE_WRITEBACK, l->pa, set_of(c, pa), way, 0);
	l->state = LINE_EXCLUSIVE;
	write_below(c, l);
}

static void drop_way(struct cache *c, paddr_t pa, uint32_t way, enum drop_reason why)
{
	struct line *l = way_write(c, set_write(c, set_of(c, pa)), way);

	forget_spot(c, l->pa);
	tell(c, EV_CACHE_DROP, l->pa, why, way, l->state == LINE_MODIFIED);
	l->state = LINE_INVALID;
}

/* An empty way for the line at pa; what was there has been written back and dropped. */
static uint32_t make_room(struct cache *c, paddr_t pa)
{
	uint32_t set = set_of(c, pa), way = victim(c, set);
	paddr_t old = cache_line(c, set, way)->pa;

	if (cache_line(c, set, way)->state != LINE_INVALID) {
		clean_way(c, old, way);
		drop_way(c, old, way, DROP_EVICT);
	}
	return way;
}

static void read_below(struct cache *c, paddr_t base, uint8_t *bytes)
{
	if (c->below && cache_exists(c->below)) {
		cache_read(c->below, base, bytes, c->line);
	} else {
		bus_take(c->bus, c->bus->board->cycles_ram, c->line);
		bus_ram_read(c->bus, base, bytes, c->line);
	}
}

static uint32_t fill(struct cache *c, paddr_t pa)
{
	uint8_t bytes[LINE_MAX];
	paddr_t base = cache_line_base(c, pa);
	uint32_t way;
	struct line *l;

	c->misses++;
	way = make_room(c, pa);
	read_below(c, base, bytes);
	l = way_write(c, set_write(c, set_of(c, pa)), way);
	l->pa = base;
	l->state = LINE_EXCLUSIVE;
	memcpy(l->bytes, bytes, c->line);
	tell(c, EV_CACHE_FILL, pa, set_of(c, pa), way, 0);
	return way;
}

/* Way of a line that is here, filled if it was not. */
static uint32_t present(struct cache *c, paddr_t pa)
{
	uint32_t way = way_of(c, pa);

	if (way == c->ways)
		way = fill(c, pa);
	touch(c, pa, way);
	return way;
}

static enum where holder(const struct cache *c, paddr_t pa)
{
	if (way_of(c, pa) < c->ways)
		return (enum where)(AT_RAM + c->level);
	return c->below && cache_exists(c->below) ? holder(c->below, pa) : AT_RAM;
}

enum where cache_read(struct cache *c, paddr_t pa, void *bytes, size_t n)
{
	enum where at = holder(c, pa);
	uint32_t way = present(c, pa);

	if (c->level == 2)
		c->bus->owed += c->bus->board->cycles_l2;
	memcpy(bytes, cache_line(c, set_of(c, pa), way)->bytes + (pa - cache_line_base(c, pa)), n);
	return at;
}

static void store_below(struct cache *c, paddr_t pa, const void *bytes, size_t n)
{
	if (c->below && cache_exists(c->below)) {
		cache_write(c->below, pa, bytes, n);
		return;
	}
	bus_take(c->bus, 0, n);
	bus_ram_write(c->bus, pa, bytes, n);
}

enum where cache_ready(struct cache *c, paddr_t pa)
{
	if (c->allocate)
		present(c, pa);
	if (way_of(c, pa) < c->ways)
		return (enum where)(AT_RAM + c->level);
	return c->below && cache_exists(c->below) ? cache_ready(c->below, pa) : AT_RAM;
}

/* The line has the store already; the level below gets it too. */
static void pass_through(struct cache *c, paddr_t pa, const void *bytes, size_t n)
{
	uint64_t value = 0;

	if (c->below && cache_exists(c->below))
		cache_ready(c->below, pa);
	memcpy(&value, bytes, n);
	if (bus_sees(c->bus, pa))
		bus_tell(c->bus, &(struct event){ .kind = EV_CACHE_THROUGH, .addr = pa,
			.value = value, .size = (uint32_t)n, .unit = (uint16_t)c->level });
	store_below(c, pa, bytes, n);
}

void cache_write(struct cache *c, paddr_t pa, const void *bytes, size_t n)
{
	uint32_t way = way_of(c, pa);
	struct line *l;

	assert(n <= BUS_WIDTH && !((pa ^ (pa + n - 1)) & ~(uint64_t)(c->line - 1)));
	if (c->level == 2)
		c->bus->owed += c->bus->board->cycles_l2;
	if (way == c->ways) {
		store_below(c, pa, bytes, n);
		return;
	}
	touch(c, pa, way);
	l = way_write(c, set_write(c, set_of(c, pa)), way);
	memcpy(l->bytes + (pa - l->pa), bytes, n);
	forget_spot(c, pa);
	if (c->write_through)
		pass_through(c, pa, bytes, n);
	else
		l->state = LINE_MODIFIED;
}

static void make_room_below(struct cache *c, paddr_t pa)
{
	struct cache *below = c->below;
	uint32_t way;
	struct line *l;

	if (!below || !cache_exists(below) || !below->allocate || way_of(below, pa) < below->ways)
		return;
	way = make_room(below, pa);
	l = way_write(below, set_write(below, set_of(below, pa)), way);
	l->pa = cache_line_base(below, pa);
	l->state = LINE_EXCLUSIVE;
	tell(below, EV_CACHE_TAKE, pa, set_of(below, pa), way, 0);
}

/* A whole line arrives from above. Its place was made by make_room_below, if it gets one. */
static void take_line(struct cache *c, paddr_t pa, const uint8_t *bytes)
{
	uint32_t way = way_of(c, pa);
	struct line *l;

	c->bus->owed += c->bus->board->cycles_l2;
	if (way == c->ways) {
		bus_take(c->bus, 0, c->line);
		bus_ram_write(c->bus, pa, bytes, c->line);
		return;
	}
	l = way_write(c, set_write(c, set_of(c, pa)), way);
	memcpy(l->bytes, bytes, c->line);
	l->state = LINE_MODIFIED;
	touch(c, pa, way);
	if (c->write_through)
		clean_way(c, pa, way);
}

void cache_clean(struct cache *c, paddr_t pa)
{
	uint32_t way = way_of(c, pa);

	if (way < c->ways)
		clean_way(c, pa, way);
}

void cache_invalidate(struct cache *c, paddr_t pa)
{
	uint32_t way = way_of(c, pa);

	if (way < c->ways)
		drop_way(c, pa, way, DROP_INVALIDATE);
}

void cache_evict(struct cache *c, paddr_t pa)
{
	uint32_t way = way_of(c, pa);

	if (way < c->ways) {
		clean_way(c, pa, way);
		drop_way(c, pa, way, DROP_EVICT);
	}
}

void cache_fetch(struct cache *c, paddr_t pa)
{
	present(c, pa);
}

void cache_snoop(struct cache *c, paddr_t pa, bool write)
{
	uint32_t way = way_of(c, pa);

	if (way == c->ways)
		return;
	clean_way(c, pa, way);
	if (write) {
		drop_way(c, pa, way, DROP_SNOOP);
	} else if (cache_line(c, set_of(c, pa), way)->state != LINE_SHARED) {
		forget_spot(c, pa);
		way_write(c, set_write(c, set_of(c, pa)), way)->state = LINE_SHARED;
		tell(c, EV_CACHE_SHARE, pa, set_of(c, pa), way, 0);
	}
}

struct spot cache_spot(struct cache *c, vaddr_t va, paddr_t pa)
{
	uint32_t way = way_of(c, pa);
	uint8_t *set;
	struct line *l;

	if (way == c->ways)
		return (struct spot){ .va = SPOT_EMPTY };
	set = set_write(c, set_of(c, pa));
	l = way_write(c, set, way);
	c->spotted = true;
	return (struct spot){ .va = cache_line_base(c, va), .pa = l->pa, .bytes = l->bytes,
		.used = &l->used, .order = (uint64_t *)(void *)set, .way = way,
		.writable = l->state == LINE_MODIFIED && !c->write_through,
		.watched = bus_sees(c->bus, pa) };
}
