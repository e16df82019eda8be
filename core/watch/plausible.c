#include "watch/plausible.h"

#define RAM_MAX  ((uint64_t)1 << 30)     /* bytes; boards reach up to 576 MiB */
#define SETS_MAX 16384

static bool machine(const struct event *e)
{
	return e->addr <= RAM_MAX && !(e->addr & PAGE_MASK) && e->a <= 2 &&
	       (uint64_t)e->unit << PAGE_SHIFT <= e->addr && e->addr &&
	       power_of_two(e->size) && e->size >= BUS_WIDTH && e->size <= SHADOW_LINE;
}

static bool machine_cache(const struct event *e)
{
	return e->unit >= 1 && e->unit <= 2 && power_of_two(e->size) && e->size <= SETS_MAX &&
	       e->a >= 1 && e->a <= SHADOW_WAYS;
}

/* Bytes that lie in RAM and in one page. */
static bool in_page(const struct shadow *s, uint64_t pa, uint64_t n)
{
	return n && inside(pa, n, 0, s->ram_bytes) && (pa & PAGE_MASK) + n <= PAGE_SIZE;
}

static bool in_line(const struct shadow *s, uint64_t pa, uint64_t n)
{
	return n <= s->line && (pa & (s->line - 1)) + n <= s->line && in_page(s, pa, n);
}

static bool has_cache(const struct shadow *s, uint32_t level)
{
	return level >= 1 && level <= s->levels && s->cache[level].sets;
}

/* A whole line, in this way of its set. */
static bool placed(const struct shadow *s, const struct event *e)
{
	return has_cache(s, e->unit) && e->b < s->cache[e->unit].ways &&
	       in_line(s, e->addr, s->line);
}

static bool beat(const struct shadow *s, const struct event *e)
{
	return e->size <= BUS_WIDTH && in_page(s, e->addr2, e->size) &&
	       (e->addr2 & (BUS_WIDTH - 1)) + e->size <= BUS_WIDTH;
}

/* In a cache the bytes lie in one line, in the store buffer they are a word; the rest is no RAM. */
static bool cpu_access(const struct shadow *s, const struct event *e)
{
	if (e->a == AT_L1 || e->a == AT_L2)
		return has_cache(s, e->a - AT_RAM) && in_line(s, e->addr2, e->size);
	if (e->a == AT_STORE_BUFFER && e->kind == EV_CPU_STORE && e->size > 8)
		return false;
	return e->a < WHERE_COUNT && (e->addr2 >= s->ram_bytes || in_page(s, e->addr2, e->size));
}

static bool codes(const struct event *e)
{
	if (e->kind == EV_DEV_START || e->kind == EV_DEV_DONE)
		return e->a < DIRECTION_COUNT;
	return event_info[e->kind].lane != LANE_DMA || *event_info[e->kind].field[FIELD_A] != 'd' ||
	       (e->a < DIRECTION_COUNT && e->b < FORM_COUNT);
}

/* What devices do, and what is done with them, names one that there can be. */
static bool of_device(const struct event *e)
{
	enum lane lane = event_info[e->kind].lane;
	bool names = lane == LANE_BUS || lane == LANE_DEVICE || lane == LANE_DMA;

	return (!names || e->unit < UNITS_MAX) && codes(e);
}

bool plausible(const struct shadow *s, const struct event *e)
{
	if (!s->ram_bytes)
		return e->kind == EV_MACHINE && machine(e);
	switch (e->kind) {
	case EV_CPU_LOAD:
	case EV_CPU_STORE:       return cpu_access(s, e);
	case EV_CACHE_FILL:
	case EV_CACHE_TAKE:
	case EV_KEY_LINE:        return placed(s, e);
	case EV_CACHE_WRITEBACK:
	case EV_CACHE_DROP:      return has_cache(s, e->unit) && in_line(s, e->addr, s->line);
	case EV_CACHE_THROUGH:
	case EV_KEY_WORD:        return has_cache(s, e->unit) && in_line(s, e->addr, e->size);
	case EV_DEV_READ:
	case EV_DEV_WRITE:       return e->unit < UNITS_MAX && beat(s, e);
	case EV_MACHINE:         return machine(e);
	case EV_MACHINE_CACHE:   return machine_cache(e);
	case EV_SB_DRAIN:
	case EV_KEY_STORE:       return e->size <= 8;
	case EV_KEY_RAM:
	case EV_WATCH:           return inside(e->addr, e->size, 0, s->ram_bytes);
	case EV_POOL_CREATE:
		return of_device(e) && e->size && e->value >= e->size && e->value <= UINT32_MAX;
	case EV_POOL_CHUNK:
		return of_device(e) && !(e->addr2 & PAGE_MASK) &&
		       inside(e->addr2, e->size, 0, s->ram_bytes);
	case EV_BOUNCE_COPY:
		return inside(e->addr, e->size, 0, s->ram_bytes) &&
		       inside(e->addr2, e->size, 0, s->ram_bytes);
	case EV_CPU_CONTEXT:     return e->a < CONTEXT_COUNT;
	default:
		return of_device(e);
	}
}
