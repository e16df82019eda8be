#include "viz/lives.h"

#include "viz/list.h"

#include <stdlib.h>

#define ALIVE_MAX 65536      /* lives followed at a time, as many as the checker follows */

void lives_init(struct lives *ls)
{
	*ls = (struct lives){ .at = core_alloc(ALIVE_MAX * sizeof *ls->at) };
	ranges_init(&ls->living, ALIVE_MAX);
}

void lives_release(struct lives *ls)
{
	for (uint64_t i = 0; i < ls->count; i++)
		free(ls->life[i].turn);
	free(ls->life);
	free(ls->at);
	ranges_release(&ls->living);
}

static void turn(struct life *l, uint64_t at, bool device)
{
	if (l->form == FORM_COHERENT || (l->turns && l->turn[l->turns - 1].device == device))
		return;
	l->turn = list_grown(l->turn, l->turns, &l->room, sizeof *l->turn);
	l->turn[l->turns++] = (struct turn){ at, device };
}

/* A place for one that lives, ALIVE_MAX when there are too many. */
static uint32_t new_place(struct lives *ls)
{
	uint32_t place = ls->free - 1;

	if (ls->free)
		ls->free = ls->at[place];
	else
		place = ls->places < ALIVE_MAX ? ls->places++ : ALIVE_MAX;
	return place;
}

static void begin(struct lives *ls, const struct event *e, uint64_t at, uint64_t machine)
{
	uint32_t place = new_place(ls);

	if (place == ALIVE_MAX)
		return;
	ls->life = list_grown(ls->life, ls->count, &ls->room, sizeof *ls->life);
	ls->life[ls->count] = (struct life){ .machine = machine, .seq = e->seq, .from = at,
		.to = UINT64_MAX, .dma = e->addr, .pa = e->addr2, .va = e->value, .size = e->size,
		.device = e->unit, .dir = e->a, .form = e->b };
	turn(&ls->life[ls->count], at, e->kind == EV_DMA_MAP);
	ls->at[place] = (uint32_t)ls->count++;
	ranges_add(&ls->living, place, e->unit, e->addr, e->size);
}

/* Where the bytes of the newest life begin, if they do not lie together. */
static void piece(struct lives *ls, const struct event *e)
{
	struct life *l = ls->count ? &ls->life[ls->count - 1] : NULL;

	if (!l || l->seq != e->cause || l->pa != UINT64_MAX)
		return;
	l->pa = e->addr2;
	l->va = l->va ? l->va : e->value;
}

/* Of two lives an unmap may mean: the one of its size, and of those the newer one. */
static bool fits_better(const struct life *l, const struct life *than, uint64_t size)
{
	if (!than)
		return true;
	return (l->size == size) == (than->size == size) ? l->seq > than->seq : l->size == size;
}

/* The place of the life that an unmap or free means, or ALIVE_MAX. */
static uint32_t named(const struct lives *ls, const struct event *e)
{
	struct ranges_walk w = ranges_walk(&ls->living, e->unit, e->addr, 1);
	const struct life *best = NULL;
	uint32_t place = ALIVE_MAX;

	while (ranges_next(&w)) {
		const struct life *l = &ls->life[ls->at[w.number]];

		if (l->dma == e->addr &&
		    (l->form == FORM_COHERENT) == (e->b == FORM_COHERENT) &&
		    fits_better(l, best, e->size)) {
			best = l;
			place = w.number;
		}
	}
	return place;
}

static void end(struct lives *ls, const struct event *e, uint64_t at)
{
	uint32_t place = named(ls, e);

	if (place == ALIVE_MAX)
		return;
	ls->life[ls->at[place]].to = at;
	ranges_remove(&ls->living, place);
	ls->at[place] = ls->free;
	ls->free = place + 1;
}

/* The oldest life that has the first byte. */
static void sync(struct lives *ls, const struct event *e, uint64_t at, bool device)
{
	struct ranges_walk w = ranges_walk(&ls->living, e->unit, e->addr, 1);
	uint32_t oldest = UINT32_MAX;

	while (ranges_next(&w))
		if (ls->at[w.number] < oldest)
			oldest = ls->at[w.number];
	if (oldest != UINT32_MAX)
		turn(&ls->life[oldest], at, device);
}

/* Those that live are among the newest: nobody lives from before the last time. */
static void end_all(struct lives *ls, uint64_t at)
{
	for (uint64_t i = ls->ended_all; i < ls->count; i++)
		if (ls->life[i].to == UINT64_MAX)
			ls->life[i].to = at;
	ls->ended_all = ls->count;
	ls->places = ls->free = 0;
	ranges_release(&ls->living);
	ranges_init(&ls->living, ALIVE_MAX);
}

void lives_event(struct lives *ls, const struct event *e, uint64_t at, uint64_t machine)
{
	switch (e->kind) {
	case EV_MACHINE:         end_all(ls, at); break;
	case EV_DMA_MAP:
	case EV_DMA_ALLOC:       begin(ls, e, at, machine); break;
	case EV_DMA_PIECE:       piece(ls, e); break;
	case EV_DMA_UNMAP:
	case EV_DMA_FREE:        end(ls, e, at); break;
	case EV_DMA_SYNC_CPU:    sync(ls, e, at, false); break;
	case EV_DMA_SYNC_DEVICE: sync(ls, e, at, true); break;
	default: break;
	}
}

static bool is_before(const struct life *l, uint64_t machine, uint64_t seq)
{
	return l->machine == machine ? l->seq < seq : l->machine < machine;
}

const struct life *lives_find(const struct lives *ls, uint64_t machine, uint64_t seq)
{
	uint64_t low = 0, high = ls->count;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (is_before(&ls->life[middle], machine, seq))
			low = middle + 1;
		else
			high = middle;
	}
	return low < ls->count && ls->life[low].machine == machine && ls->life[low].seq == seq ?
		&ls->life[low] : NULL;
}
