#include "viz/pair.h"

#include "viz/list.h"

#include <stdlib.h>

#define STEP 1024                /* positions between two marks */

/* How far a driver has come: calls made since the machine with this number was switched on. */
struct progress {
	uint64_t machine, calls;
};

struct track {
	const struct player *player;
	struct progress *mark;   /* [i]: before position i * STEP */
	uint64_t marks, room;
	uint64_t read;           /* events counted */
	struct progress now;     /* after them */
};

struct pair {
	struct player *second;
	struct track track[2];
};

/* Which memory is used, not which registers or how often they are polled. */
static bool is_load(const struct event *e)
{
	return e->kind == EV_CPU_LOAD && e->a != AT_DEVICE && !e->b && event_is_call(e);
}

/* What every board does when it plays the same line. */
static bool is_counted(const struct event *e)
{
	switch (e->kind) {
	case EV_CPU_STORE:
		return !e->b && event_is_call(e);
	case EV_CACHE_OP:
	case EV_MEM_ALLOC: case EV_MEM_FREE:
	case EV_DMA_MAP: case EV_DMA_MAP_FAIL: case EV_DMA_UNMAP:
	case EV_DMA_SYNC_CPU: case EV_DMA_SYNC_DEVICE:
	case EV_DMA_MAP_SG: case EV_DMA_UNMAP_SG: case EV_DMA_SYNC_SG:
	case EV_DMA_ALLOC: case EV_DMA_FREE:
	case EV_POOL_ALLOC: case EV_POOL_FREE:
		return event_is_call(e);
	default:
		return false;
	}
}

static bool is_power_on(const struct event *e)
{
	return e->kind == EV_MACHINE && e->seq == 1;
}

static void advance(struct progress *p, const struct event *e)
{
	if (is_power_on(e))
		*p = (struct progress){ .machine = p->machine + 1 };
	else
		p->calls += is_counted(e);
}

static bool before(struct progress a, struct progress b)
{
	return a.machine != b.machine ? a.machine < b.machine : a.calls < b.calls;
}

static void add_mark(struct track *t)
{
	t->mark = list_grown(t->mark, t->marks, &t->room, sizeof *t->mark);
	t->mark[t->marks++] = t->now;
}

/* Count what the player has read since. */
static void catch_up(struct track *t)
{
	for (; t->read < player_count(t->player); t->read++) {
		if (t->read % STEP == 0)
			add_mark(t);
		advance(&t->now, player_event(t->player, t->read));
	}
}

static struct progress progress_at(const struct track *t, uint64_t at)
{
	struct progress p = t->now;

	if (at == t->read)
		return p;
	p = t->mark[at / STEP];
	for (uint64_t i = at / STEP * STEP; i < at; i++)
		advance(&p, player_event(t->player, i));
	return p;
}

/* The position right after the call that makes it so much; the end of the machine without it. */
static uint64_t reach(const struct track *t, struct progress wanted)
{
	uint64_t low = 0, high = t->marks, at;
	struct progress p = { 0 };

	while (low < high) {
		uint64_t middle = (low + high) / 2;

		if (before(t->mark[middle], wanted))
			low = middle + 1;
		else
			high = middle;
	}
	if (low)
		p = t->mark[low - 1];
	for (at = low ? (low - 1) * STEP : 0; at < t->read && before(p, wanted); at++) {
		const struct event *e = player_event(t->player, at);

		if (is_power_on(e) && p.machine == wanted.machine)
			break;
		advance(&p, e);
	}
	return at;
}

/* The first position from `at` on at which the driver is about to do something. */
static uint64_t next_act(const struct track *t, uint64_t at)
{
	for (; at < t->read; at++) {
		const struct event *e = player_event(t->player, at);

		if (is_load(e) || is_counted(e) || is_power_on(e))
			break;
	}
	return at;
}

/* From `at` on, right after the n-th load before the next call, or the last there is. */
static uint64_t after_loads(const struct track *t, uint64_t at, uint64_t n)
{
	while (n--) {
		uint64_t next = next_act(t, at);

		if (next == t->read || !is_load(player_event(t->player, next)))
			break;
		at = next + 1;
	}
	return at;
}

static uint64_t loads_between(const struct track *t, uint64_t from, uint64_t to, uint64_t *last)
{
	uint64_t n = 0;

	*last = from;
	for (uint64_t i = from; i < to; i++)
		if (is_load(player_event(t->player, i))) {
			*last = i + 1;
			n++;
		}
	return n;
}

/*
 * Where all that follows from the act before `at` is done. A fill that nothing caused belongs to
 * the load that comes next.
 */
static uint64_t settled(const struct track *t, uint64_t at)
{
	uint64_t end = next_act(t, at);

	while (end > at && end < t->read && !player_event(t->player, end - 1)->cause)
		end--;
	return end;
}

struct pair *pair_new(const struct player *first, struct player *second)
{
	struct pair *pair = core_alloc(sizeof *pair);

	*pair = (struct pair){ .second = second,
			       .track = { { .player = first }, { .player = second } } };
	return pair;
}

void pair_free(struct pair *pair)
{
	if (!pair)
		return;
	free(pair->track[0].mark);
	free(pair->track[1].mark);
	free(pair);
}

uint64_t pair_position(struct pair *pair, uint64_t at)
{
	struct track *first = &pair->track[0], *second = &pair->track[1];
	struct progress p;
	uint64_t here, there, loads, end;

	catch_up(first);
	catch_up(second);
	at = min_u64(at, first->read);
	p = progress_at(first, at);
	loads = loads_between(first, reach(first, p), at, &here);
	there = after_loads(second, reach(second, p), loads);
	end = settled(second, there);
	if (at >= settled(first, here))
		return end;
	return min_u64(there + (at - here), end);
}

void pair_seek(struct pair *pair)
{
	player_seek(pair->second, pair_position(pair, player_at(pair->track[0].player)));
}
