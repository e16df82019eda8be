#include "viz/beside.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
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

struct beside {
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
	if (t->marks == t->room) {
		t->room = 2 * t->room + 64;
		t->mark = realloc(t->mark, t->room * sizeof *t->mark);
		if (!t->mark)
			abort();
	}
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

struct beside *beside_new(const struct player *first, struct player *second)
{
	struct beside *b = core_alloc(sizeof *b);

	*b = (struct beside){ .second = second, .track = { { .player = first }, { .player = second } } };
	return b;
}

void beside_free(struct beside *b)
{
	if (!b)
		return;
	free(b->track[0].mark);
	free(b->track[1].mark);
	free(b);
}

uint64_t beside_position(struct beside *b, uint64_t at)
{
	struct track *first = &b->track[0], *second = &b->track[1];
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

void beside_seek(struct beside *b)
{
	player_seek(b->second, beside_position(b, player_at(b->track[0].player)));
}

/* What differs. */

struct list {
	struct difference *at;
	uint32_t n;
};

__attribute__((format(printf, 3, 4)))
static void add(struct list *l, enum difference_kind kind, const char *format, ...)
{
	va_list args;

	if (l->n == DIFFERENCES_MAX)
		return;
	l->at[l->n].kind = kind;
	va_start(args, format);
	vsnprintf(l->at[l->n++].text, sizeof l->at->text, format, args);
	va_end(args);
}

static uint32_t broken(const struct model *m, enum rule rule)
{
	const struct violations *vs = model_violations(m);
	uint32_t n = 0;

	for (uint32_t i = 0; i < vs->count; i++)
		n += violations_at(vs, i)->rule == rule;
	return n;
}

static void compare_rules(struct list *l, const struct model *here, const struct model *there)
{
	for (enum rule r = 0; r < RULE_COUNT; r++) {
		uint32_t a = broken(here, r), b = broken(there, r);

		if (a != b && (!a || !b))
			add(l, DIFFERENCE_RULE, "%s was broken %s, not %s", rule_info[r].name,
			    a ? "here" : "there", a ? "there" : "here");
	}
}

/* Only what both read for the same line: the last access of each. */
static void compare_reads(struct list *l, const struct model *here, const struct model *there)
{
	const struct event *a = &here->access, *b = &there->access;

	if (a->kind == EV_CPU_LOAD && b->kind == EV_CPU_LOAD && a->size == b->size &&
	    is_load(a) && is_load(b) && a->value != b->value)
		add(l, DIFFERENCE_READ, "the CPU read 0x%" PRIx64 " here, 0x%" PRIx64 " there",
		    a->value, b->value);
}

/* The n-th live mapping that was made, by its number; NULL: there are fewer. */
static const struct mapping *live_mapping(const struct ownership *o, uint32_t n)
{
	uint32_t i = ownership_live(o, 0);

	for (; n && i < o->end; n--)
		i = ownership_live(o, i + 1);
	return i < o->end ? ownership_mapping(o, i) : NULL;
}

static void compare_owners(struct list *l, const struct model *here, const struct model *there)
{
	const struct mapping *a, *b;

	for (uint32_t i = 0; (a = live_mapping(model_ownership(here), i)) &&
			     (b = live_mapping(model_ownership(there), i)) && l->n < DIFFERENCES_MAX; i++)
		if (a->device_owns != b->device_owns)
			add(l, DIFFERENCE_OWNER, "the %s owns the buffer at 0x%" PRIx64
			    " here, the %s there", a->device_owns ? "device" : "CPU", a->va,
			    b->device_owns ? "device" : "CPU");
}

uint32_t beside_differences(const struct player *first, const struct player *second,
			    struct difference d[DIFFERENCES_MAX])
{
	const struct model *here = player_model(first), *there = player_model(second);
	struct list l = { .at = d };

	compare_rules(&l, here, there);
	compare_reads(&l, here, there);
	compare_owners(&l, here, there);
	return l.n;
}
