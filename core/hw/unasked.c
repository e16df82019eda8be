#include "hw/unasked.h"

#include <string.h>

/* No line begins here: the lists are empty where they hold it. */
#define NO_LINE 1

static bool holds(const struct unasked_lines *list, paddr_t line)
{
	for (uint32_t i = 0; i < list->used; i++)
		if (list->line[i] == line + NO_LINE)
			return true;
	return false;
}

static void add(struct unasked_lines *list, paddr_t line)
{
	if (holds(list, line))
		return;
	list->line[list->next++] = line + NO_LINE;
	if (list->used < list->next)
		list->used = list->next;
	list->next %= UNASKED_LINES;
}

static void take(struct unasked_lines *list, paddr_t line)
{
	for (uint32_t i = 0; i < list->used; i++)
		if (list->line[i] == line + NO_LINE)
			list->line[i] = 0;
}

static bool is_dirty_in(const struct cache *c, paddr_t line)
{
	const struct line *l = cache_find(c, line);

	return l && l->state == LINE_MODIFIED;
}

static bool is_dirty(const struct unasked *u, paddr_t line)
{
	return is_dirty_in(u->l1, line) || is_dirty_in(u->l2, line);
}

/* What the CPU would find in its caches, or NULL. */
static const struct line *nearest(const struct unasked *u, paddr_t line)
{
	const struct line *l = cache_find(u->l1, line);

	return l ? l : cache_find(u->l2, line);
}

static bool differs_from_ram(const struct unasked *u, const struct line *l)
{
	uint8_t ram[LINE_MAX];

	bus_ram_read(u->bus, l->pa, ram, u->l1->line);
	return memcmp(l->bytes, ram, u->l1->line) != 0;
}

static void fetch(struct unasked *u, paddr_t line)
{
	bus_tell(u->bus, &(struct event){ .kind = EV_CACHE_PREFETCH, .addr = line,
		.size = u->l1->line });
	cache_fetch(u->l1, line);
}

/* Out of every level, down to RAM if it is dirty. */
static void leave(struct unasked *u, paddr_t line)
{
	cache_evict(u->l1, line);
	if (cache_exists(u->l2))
		cache_evict(u->l2, line);
}

/* Ask; and if nature likes, do it, when the wires are idle and nobody has to wait. */
static void offer(struct unasked *u, enum choice what, paddr_t line)
{
	uint64_t owed = u->bus->owed, free_at = u->bus->free_at;

	if (!bus_ask(u->bus, what, line, 2, 8))
		return;
	if (what == CHOICE_PREFETCH)
		fetch(u, line);
	else
		leave(u, line);
	u->bus->owed = owed;
	u->bus->free_at = free_at;
}

static bool can_prefetch(const struct unasked *u, paddr_t line)
{
	return u->bus->board->speculates && !nearest(u, line) &&
	       board_is_ram(u->bus->board, line, u->l1->line);
}

/* Whatever the caches can do with this line. */
static void offer_all(struct unasked *u, paddr_t line)
{
	if (can_prefetch(u, line))
		offer(u, CHOICE_PREFETCH, line);
	if (nearest(u, line) && !is_dirty(u, line))
		offer(u, CHOICE_EVICT, line);
	if (is_dirty(u, line))
		offer(u, CHOICE_WRITEBACK, line);
}

static bool noticed_before(const struct unasked *u, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (u->recent[k] == u->recent[i])
			return true;
	return false;
}

void unasked_step(struct unasked *u)
{
	if (!unasked_matters(u) || nature_spares(&u->bus->nature))
		return;
	for (uint32_t i = 0; i < RECENT; i++)
		if (u->recent[i] && !noticed_before(u, i))
			offer_all(u, u->recent[i]);
}

void unasked_notice(struct unasked *u, paddr_t pa)
{
	paddr_t line = cache_line_base(u->l1, pa);

	if (u->recent[(u->recent_next + RECENT - 1) % RECENT] == line)
		return;
	u->recent[u->recent_next] = line;
	u->recent_next = (u->recent_next + 1) % RECENT;
}

/*
 * Something is about to touch this line. Thorough nature is asked about all lines; true: the
 * sparing one has to be asked about this one, if it matters.
 */
static bool asks_sparingly(struct unasked *u, paddr_t line)
{
	if (nature_spares(&u->bus->nature))
		return true;
	unasked_notice(u, line);
	unasked_step(u);
	return false;
}

/* Written back now, or later, when it is too late, or somebody else has written. */
static void offer_writeback(struct unasked *u, paddr_t line)
{
	if (is_dirty(u, line) && differs_from_ram(u, nearest(u, line)))
		offer(u, CHOICE_WRITEBACK, line);
}

void unasked_before_write_slow(struct unasked *u, paddr_t pa)
{
	paddr_t line = cache_line_base(u->l1, pa);

	if (!asks_sparingly(u, line) || holds(&u->offered, line))
		return;
	add(&u->offered, line);
	offer_writeback(u, line);
	if (can_prefetch(u, line))
		offer(u, CHOICE_PREFETCH, line);
	if (is_dirty(u, line))
		add(&u->buried, line);
}

void unasked_before_read_slow(struct unasked *u, paddr_t pa)
{
	paddr_t line = cache_line_base(u->l1, pa);

	if (asks_sparingly(u, line))
		offer_writeback(u, line);
}

void unasked_before_use_slow(struct unasked *u, paddr_t pa)
{
	paddr_t line = cache_line_base(u->l1, pa);
	const struct line *l;

	take(&u->offered, line);
	if (!asks_sparingly(u, line))
		return;
	l = nearest(u, line);
	if (l && l->state != LINE_MODIFIED && differs_from_ram(u, l) && !is_dirty(u, line))
		offer(u, CHOICE_EVICT, line);
}

void unasked_before_drop_slow(struct unasked *u, paddr_t pa, bool lost)
{
	paddr_t line = cache_line_base(u->l1, pa);

	take(&u->offered, line);
	if (!asks_sparingly(u, line))
		return;
	if (lost)
		offer_writeback(u, line);
	take(&u->buried, line);
}

void unasked_at_end(struct unasked *u)
{
	if (!unasked_matters(u))
		return;
	unasked_step(u);
	for (uint32_t i = 0; i < u->buried.used; i++)
		if (u->buried.line[i])
			offer_writeback(u, u->buried.line[i] - NO_LINE);
}
