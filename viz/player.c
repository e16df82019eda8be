#include "viz/player.h"

#include <stdlib.h>

struct player {
	struct recording *recording;
	struct model model;
	uint64_t at, count;
};

struct player *player_new(struct recording *r)
{
	struct player *p = core_alloc(sizeof *p);

	*p = (struct player){ .recording = r };
	model_init(&p->model);
	return p;
}

void player_free(struct player *p)
{
	if (!p)
		return;
	model_release(&p->model);
	free(p);
}

bool player_read(struct player *p, uint64_t most)
{
	uint64_t there = recording_count(p->recording);

	p->count = min_u64(there, p->count + most);
	return p->count < there;
}

uint64_t player_count(const struct player *p)
{
	return p->count;
}

void player_seek(struct player *p, uint64_t at)
{
	at = min_u64(at, p->count);
	if (at < p->at) {
		model_release(&p->model);
		model_init(&p->model);
		p->at = 0;
	}
	for (; p->at < at; p->at++)
		model_event(&p->model, recording_at(p->recording, p->at));
}

uint64_t player_at(const struct player *p)
{
	return p->at;
}

const struct model *player_model(const struct player *p)
{
	return &p->model;
}

const struct event *player_event(const struct player *p, uint64_t i)
{
	return recording_at(p->recording, i);
}

uint64_t player_find(const struct player *p, uint64_t seq)
{
	uint64_t i = recording_find(p->recording, seq, p->at ? p->at - 1 : 0);

	return i == UINT64_MAX ? i : i + 1;
}

bool event_is_call(const struct event *e)
{
	enum lane lane = event_info[e->kind].lane;

	if (e->cause && e->cause != e->seq)
		return false;
	return lane == LANE_MEMORY || lane == LANE_DMA || e->kind == EV_CPU_LOAD ||
	       e->kind == EV_CPU_STORE || e->kind == EV_CPU_BARRIER || e->kind == EV_CACHE_OP;
}

uint64_t player_next_call(const struct player *p, uint64_t from, int direction)
{
	for (uint64_t at = from; direction > 0 ? at < p->count : at > 1;) {
		at += direction > 0 ? 1 : UINT64_MAX;
		if (event_is_call(recording_at(p->recording, at - 1)))
			return at;
	}
	return UINT64_MAX;
}

uint64_t player_next_flag(const struct player *p, uint64_t from, int direction)
{
	(void)p, (void)from, (void)direction;
	return UINT64_MAX;
}

uint32_t player_flags(const struct player *p) { (void)p; return 0; }
const struct flag *player_flag(const struct player *p, uint32_t i) { (void)p, (void)i; return NULL; }
uint32_t player_lives(const struct player *p) { (void)p; return 0; }
const struct life *player_life(const struct player *p, uint32_t i) { (void)p, (void)i; return NULL; }
const struct turn *player_turn(const struct player *p, const struct life *l, uint32_t i)
{
	(void)p, (void)l, (void)i;
	return NULL;
}
const struct density *player_density(const struct player *p, uint64_t step)
{
	(void)p, (void)step;
	return NULL;
}
