#include "viz/lives.h"

#include "cow.h"

#include <stdlib.h>

#define ALIVE_MAX 65536      /* lives followed at a time, as many as the checker follows */

void *list_grown(void *list, uint64_t count, uint64_t *room, size_t size)
{
	if (count < *room)
		return list;
	*room = *room ? 2 * *room : 2;
	list = realloc(list, *room * size);
	if (!list)
		abort();
	return list;
}

void lives_init(struct lives *ls)
{
	*ls = (struct lives){ .living = core_alloc(ALIVE_MAX * sizeof *ls->living) };
}

void lives_release(struct lives *ls)
{
	for (uint64_t i = 0; i < ls->count; i++)
		free(ls->life[i].turn);
	free(ls->life);
	free(ls->living);
}

static void turn(struct life *l, uint64_t at, bool device)
{
	if (l->form == FORM_COHERENT || (l->turns && l->turn[l->turns - 1].device == device))
		return;
	l->turn = list_grown(l->turn, l->turns, &l->room, sizeof *l->turn);
	l->turn[l->turns++] = (struct turn){ at, device };
}

static void begin(struct lives *ls, const struct event *e, uint64_t at)
{
	if (ls->alive == ALIVE_MAX)
		return;
	ls->life = list_grown(ls->life, ls->count, &ls->room, sizeof *ls->life);
	ls->life[ls->count] = (struct life){ .seq = e->seq, .from = at, .to = UINT64_MAX,
		.dma = e->addr, .pa = e->addr2, .va = e->value, .size = e->size,
		.device = e->unit, .dir = e->a, .form = e->b };
	turn(&ls->life[ls->count], at, e->kind == EV_DMA_MAP);
	ls->living[ls->alive++] = (uint32_t)ls->count++;
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

/* The place in `living` of the life that an unmap or free means, or `alive`. */
static uint32_t named(const struct lives *ls, const struct event *e)
{
	const struct life *best = NULL;
	uint32_t place = ls->alive;

	for (uint32_t i = 0; i < ls->alive; i++) {
		const struct life *l = &ls->life[ls->living[i]];

		if (l->device == e->unit && l->dma == e->addr &&
		    (l->form == FORM_COHERENT) == (e->b == FORM_COHERENT) &&
		    fits_better(l, best, e->size)) {
			best = l;
			place = i;
		}
	}
	return place;
}

static void end(struct lives *ls, const struct event *e, uint64_t at)
{
	uint32_t i = named(ls, e);

	if (i == ls->alive)
		return;
	ls->life[ls->living[i]].to = at;
	ls->living[i] = ls->living[--ls->alive];
}

static void sync(struct lives *ls, const struct event *e, uint64_t at, bool device)
{
	for (uint32_t i = 0; i < ls->alive; i++) {
		struct life *l = &ls->life[ls->living[i]];

		if (l->device == e->unit && inside(e->addr, 1, l->dma, l->size)) {
			turn(l, at, device);
			return;
		}
	}
}

static void end_all(struct lives *ls, uint64_t at)
{
	while (ls->alive)
		ls->life[ls->living[--ls->alive]].to = at;
}

void lives_event(struct lives *ls, const struct event *e, uint64_t at)
{
	switch (e->kind) {
	case EV_MACHINE:         end_all(ls, at); break;
	case EV_DMA_MAP:
	case EV_DMA_ALLOC:       begin(ls, e, at); break;
	case EV_DMA_PIECE:       piece(ls, e); break;
	case EV_DMA_UNMAP:
	case EV_DMA_FREE:        end(ls, e, at); break;
	case EV_DMA_SYNC_CPU:    sync(ls, e, at, false); break;
	case EV_DMA_SYNC_DEVICE: sync(ls, e, at, true); break;
	default: break;
	}
}
