#include "viz/player.h"

#include "viz/list.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_BACK     8192               /* events before the present one, for who looks back */
#define AHEAD         1024               /* events read ahead at a time */
#define KEYFRAMES_MAX 128
#define KEPT_MAX      ((size_t)512 << 20)      /* bytes of all keyframes but the last */
#define SPACING_FIRST 32768              /* positions from one keyframe to the next, at first */
#define COPY_WORTH    2048               /* following so many events costs as much as a copy */
#define NUMBER_MAX    ((uint64_t)1 << 55)      /* a stamp has no room for more */

/* A model that goes along the recording, and the part of it that the watchers look at. */
struct fold {
	struct model model;
	struct trace trace;
	uint64_t at;             /* so many events were followed */
	uint64_t filled;         /* so many came into the trace; never fewer */
	uint64_t ready;          /* how far it may go before more have to come */
};

struct keyframe {
	uint64_t at;
	size_t bytes;            /* what the next one does not share with it, 0 for the last */
	struct model model;
};

/* In order. */
struct positions {
	uint64_t *at;
	uint64_t count, room;
};

struct player {
	struct recording *recording;
	struct fold read;        /* what was read: flags, lives and keyframes come from here */
	struct fold shown;
	struct keyframe keyframe[KEYFRAMES_MAX];
	uint32_t keyframes;
	uint64_t spacing;
	size_t kept;             /* bytes of all keyframes */
	struct flag *flag;
	uint64_t flags, flag_room;
	struct lives lives;
	struct positions landmarks[LANDMARK_COUNT];
	struct density *density;
	uint64_t steps, density_room;
};

static void fold_init(struct fold *f)
{
	*f = (struct fold){ 0 };
	model_init(&f->model);
	trace_init(&f->trace);
}

static void fold_release(struct fold *f)
{
	model_release(&f->model);
	trace_release(&f->trace);
}

/* Nobody has such a number but in a recording gone mad: those are shown and not followed. */
static bool is_numbered(const struct event *e)
{
	return e->seq - 1 < NUMBER_MAX;
}

/* The next event into the trace, which holds one piece of the recording without a gap. */
static bool fill_one(struct fold *f, struct recording *r)
{
	const struct event *e = recording_at(r, f->filled);

	if (!e || !is_numbered(e) || (e->seq != f->trace.next && f->filled > f->at))
		return false;
	if (e->seq != f->trace.next)
		trace_resume(&f->trace, e->seq);
	trace_append(&f->trace, e->cycle, e);
	f->filled++;
	return true;
}

static void fill(struct fold *f, struct recording *r)
{
	bool more = true;

	while (more && f->filled < f->at + AHEAD)
		more = fill_one(f, r);
	f->ready = f->filled > CHECKER_AHEAD ? f->filled - CHECKER_AHEAD : 0;
	trace_trim(&f->trace, LOOK_BACK + (f->filled - f->at));
}

/* One event on: NULL when there is none. The trace reaches back as far, however we came here. */
static const struct event *step(struct fold *f, struct recording *r)
{
	const struct event *e;
	uint64_t seq;

	if (f->at >= f->ready)
		fill(f, r);
	if (f->at == f->filled) {
		e = recording_at(r, f->at);
		f->filled = f->at += e != NULL;
		return e;
	}
	seq = f->trace.next - (f->filled - f->at++);
	if (seq - f->trace.first > LOOK_BACK)
		f->trace.first = seq - LOOK_BACK;
	e = trace_at(&f->trace, seq);
	model_event(&f->model, &f->trace, e);
	return e;
}

/* Go on from a copy of this model, which stands at `at`. */
static void jump(struct fold *f, struct recording *r, const struct model *from, uint64_t at)
{
	fold_release(f);
	*f = (struct fold){ .at = at, .filled = at > LOOK_BACK ? at - LOOK_BACK : 0 };
	model_copy(&f->model, from);
	trace_init(&f->trace);
	while (f->filled < at) {
		const struct event *e = recording_at(r, f->filled++);

		if (!e || !is_numbered(e))
			continue;
		if (e->seq != f->trace.next)
			trace_resume(&f->trace, e->seq);
		trace_append(&f->trace, e->cycle, e);
	}
}

struct player *player_new(struct recording *r)
{
	struct player *p = core_alloc(sizeof *p);

	p->recording = r;
	p->spacing = SPACING_FIRST;
	fold_init(&p->read);
	fold_init(&p->shown);
	lives_init(&p->lives);
	return p;
}

void player_free(struct player *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; i < p->keyframes; i++)
		model_release(&p->keyframe[i].model);
	fold_release(&p->read);
	fold_release(&p->shown);
	lives_release(&p->lives);
	free(p->flag);
	for (enum landmark i = 0; i < LANDMARK_COUNT; i++)
		free(p->landmarks[i].at);
	free(p->density);
	free(p);
}

/* What keyframe i keeps in memory that the next one does not. */
static void weigh(struct player *p, uint32_t i)
{
	struct keyframe *k = &p->keyframe[i];

	p->kept -= k->bytes;
	k->bytes = i + 1 < p->keyframes ? model_apart(&k->model, &k[1].model) : 0;
	p->kept += k->bytes;
}

/* Every other one goes, and from now on half as many come. */
static void thin_out(struct player *p)
{
	uint32_t kept = 0;

	p->spacing *= 2;
	for (uint32_t i = 0; i < p->keyframes; i++) {
		if (p->keyframe[i].at % p->spacing) {
			p->kept -= p->keyframe[i].bytes;
			model_release(&p->keyframe[i].model);
		} else
			p->keyframe[kept++] = p->keyframe[i];
	}
	p->keyframes = kept;
	for (uint32_t i = 0; i < kept; i++)
		weigh(p, i);
}

static void keep_keyframe(struct player *p)
{
	if (p->keyframes == KEYFRAMES_MAX)
		thin_out(p);
	if (p->read.at % p->spacing)
		return;
	p->keyframe[p->keyframes].at = p->read.at;
	p->keyframe[p->keyframes].bytes = 0;
	model_copy(&p->keyframe[p->keyframes++].model, &p->read.model);
	if (p->keyframes > 1)
		weigh(p, p->keyframes - 2);
	while (p->kept > KEPT_MAX)
		thin_out(p);
}

/* Rules that this event broke for the first time. */
static void note_flags(struct player *p, uint32_t known)
{
	const struct violations *vs = model_violations(&p->read.model);

	for (uint32_t i = known; i < vs->count; i++) {
		const struct violation *v = violations_at(vs, i);

		p->flag = list_grown(p->flag, p->flags, &p->flag_room, sizeof *p->flag);
		p->flag[p->flags++] = (struct flag){ .at = p->read.at, .violation = i,
			.machine = p->read.model.machines, .seq = v->seq,
			.rule = (uint16_t)v->rule, .error = *rule_info[v->rule].severity == 'e' };
	}
}

static void note_landmark(struct player *p, const struct event *e)
{
	bool choice = e->kind == EV_CHOICE;
	struct positions *l = &p->landmarks[choice ? LANDMARK_CHOICE : LANDMARK_BREAK];

	if (!choice && e->kind != EV_MACHINE && e->kind != EV_UNDO)
		return;
	l->at = list_grown(l->at, l->count, &l->room, sizeof *l->at);
	l->at[l->count++] = p->read.at;
}

static void note_density(struct player *p, const struct event *e)
{
	struct density *d;

	if (p->read.at - 1 == p->steps * DENSITY_STEP) {
		p->density = list_grown(p->density, p->steps, &p->density_room,
					sizeof *p->density);
		p->density[p->steps++] = (struct density){ 0 };
	}
	d = &p->density[p->steps - 1];
	d->lane[event_lane(e)]++;
	d->calls += event_is_call(e);
	d->cycle = e->cycle > d->cycle ? e->cycle : d->cycle;
}

/* Read one event for the first time. */
static bool read_one(struct player *p)
{
	const struct violations *vs = model_violations(&p->read.model);
	uint32_t known = vs->count;
	const struct event *e = step(&p->read, p->recording);

	if (!e)
		return false;
	note_flags(p, known);
	note_density(p, e);
	note_landmark(p, e);
	lives_event(&p->lives, e, p->read.at, p->read.model.machines);
	if (p->read.at % p->spacing == 0)
		keep_keyframe(p);
	return true;
}

/* How far it may be read: an event whose next ones are still to come has to wait for them. */
static uint64_t readable(const struct player *p)
{
	uint64_t count = recording_count(p->recording);

	return recording_breaks_off(p->recording) ? count - min_u64(count, CHECKER_AHEAD) : count;
}

bool player_read(struct player *p, uint64_t most)
{
	uint64_t there = readable(p);
	bool more = true;

	for (; most && p->read.at < there && more; most--)
		more = read_one(p);
	return more && p->read.at < there;
}

uint64_t player_count(const struct player *p)
{
	return p->read.at;
}

/* The keyframe at or before a position; NULL: there is none but the beginning. */
static const struct keyframe *keyframe_before(const struct player *p, uint64_t at)
{
	uint32_t i = p->keyframes;

	while (i && p->keyframe[i - 1].at > at)
		i--;
	return i ? &p->keyframe[i - 1] : NULL;
}

/* Start from where the way is shortest: where we are, a keyframe, or what was read last. */
static void come_near(struct player *p, uint64_t at)
{
	const struct keyframe *k = keyframe_before(p, at);
	uint64_t from = p->shown.at <= at ? p->shown.at + COPY_WORTH : 0;

	if (at == p->read.at && from < at)
		jump(&p->shown, p->recording, &p->read.model, at);
	else if (k && from < k->at)
		jump(&p->shown, p->recording, &k->model, k->at);
	else if (p->shown.at > at) {
		fold_release(&p->shown);
		fold_init(&p->shown);
	}
}

void player_seek(struct player *p, uint64_t at)
{
	at = min_u64(at, p->read.at);
	come_near(p, at);
	while (p->shown.at < at && step(&p->shown, p->recording))
		;
}

uint64_t player_at(const struct player *p)
{
	return p->shown.at;
}

const struct model *player_model(const struct player *p)
{
	return &p->shown.model;
}

const struct event *player_event(const struct player *p, uint64_t i)
{
	return recording_at(p->recording, i);
}

uint64_t player_find_cycle(const struct player *p, uint64_t cycle)
{
	uint64_t step = 0, at;

	while (step < p->steps && p->density[step].cycle < cycle)
		step++;
	for (at = step * DENSITY_STEP; at < p->read.at; at++)
		if (player_event(p, at)->cycle >= cycle)
			return at + 1;
	return UINT64_MAX;
}

/* On the machine that is on at event `near`. */
static uint64_t find_near(const struct player *p, uint64_t seq, uint64_t near)
{
	uint64_t at = recording_find(p->recording, seq, near);

	return at < p->read.at ? at + 1 : UINT64_MAX;
}

uint64_t player_find(const struct player *p, uint64_t seq)
{
	return find_near(p, seq, p->shown.at ? p->shown.at - 1 : 0);
}

uint64_t player_find_last(const struct player *p, uint64_t seq)
{
	uint64_t near = p->read.at, at = UINT64_MAX;

	while (near && near != UINT64_MAX && at == UINT64_MAX) {
		uint64_t first = find_near(p, 1, --near);

		at = find_near(p, seq, near);
		near = first == UINT64_MAX ? first : first - 1;
	}
	return at;
}

enum lane event_lane(const struct event *e)
{
	bool beat = e->kind == EV_DEV_READ || e->kind == EV_DEV_WRITE;

	return beat ? LANE_BUS : event_info[e->kind].lane;
}

bool event_is_call(const struct event *e)
{
	enum lane lane = event_info[e->kind].lane;

	if (e->cause && e->cause != e->seq)
		return false;
	return lane == LANE_MEMORY || lane == LANE_DMA || e->kind == EV_CPU_LOAD ||
	       e->kind == EV_CPU_STORE || e->kind == EV_CPU_BARRIER || e->kind == EV_CACHE_OP;
}

/* The first position above `from` with a call behind it; steps without any are skipped. */
static uint64_t call_above(const struct player *p, uint64_t from)
{
	for (uint64_t i = from; i < p->read.at; i++) {
		if (i % DENSITY_STEP == 0 && !p->density[i / DENSITY_STEP].calls)
			i += DENSITY_STEP - 1;
		else if (event_is_call(player_event(p, i)))
			return i + 1;
	}
	return UINT64_MAX;
}

static uint64_t call_below(const struct player *p, uint64_t from)
{
	for (uint64_t i = from - 1; from && i > 0; i--) {
		if (i % DENSITY_STEP == 0 && !p->density[i / DENSITY_STEP - 1].calls)
			i -= DENSITY_STEP - 1;
		else if (event_is_call(player_event(p, i - 1)))
			return i;
	}
	return UINT64_MAX;
}

uint64_t player_next_call(const struct player *p, uint64_t from, int direction)
{
	from = min_u64(from, p->read.at);
	return direction > 0 ? call_above(p, from) : call_below(p, from);
}

/*
 * How many of n rows, each of `size` bytes with a position at `offset` and in order of it, stand at
 * a position or before it.
 */
static uint32_t until(const void *rows, size_t size, size_t offset, uint64_t n, uint64_t at)
{
	uint64_t low = 0, high = n;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2, position;

		memcpy(&position, (const char *)rows + middle * size + offset, sizeof position);
		if (position <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return (uint32_t)low;
}

uint32_t player_flags_until(const struct player *p, uint64_t at)
{
	return until(p->flag, sizeof *p->flag, offsetof(struct flag, at), p->flags, at);
}

uint64_t player_next_flag(const struct player *p, uint64_t from, int direction)
{
	uint32_t i;

	if (direction > 0) {
		i = player_flags_until(p, from);
		return i < p->flags ? p->flag[i].at : UINT64_MAX;
	}
	i = from ? player_flags_until(p, from - 1) : 0;
	return i ? p->flag[i - 1].at : UINT64_MAX;
}

uint32_t player_flags(const struct player *p)
{
	return (uint32_t)p->flags;
}

const struct flag *player_flag(const struct player *p, uint32_t i)
{
	return &p->flag[i];
}

const struct violation *player_violation(const struct player *p, const struct flag *f)
{
	const struct violations *vs = model_violations(&p->shown.model);
	const struct violation *v = NULL;

	if (f->violation < vs->count)
		v = violations_at(vs, f->violation);
	return v && v->seq == f->seq && p->shown.model.machines == f->machine ? v : NULL;
}

uint32_t player_lives(const struct player *p)
{
	return (uint32_t)p->lives.count;
}

const struct life *player_life(const struct player *p, uint32_t i)
{
	return &p->lives.life[i];
}

uint32_t player_lives_until(const struct player *p, uint64_t at)
{
	return until(p->lives.life, sizeof *p->lives.life, offsetof(struct life, from),
		     p->lives.count, at);
}

const struct life *player_life_of(const struct player *p, uint64_t seq)
{
	uint64_t machine = p->shown.at ? p->shown.model.machines : 1;

	return lives_find(&p->lives, machine, seq);
}

uint32_t player_landmarks(const struct player *p, enum landmark which)
{
	return (uint32_t)p->landmarks[which].count;
}

uint64_t player_landmark(const struct player *p, enum landmark which, uint32_t i)
{
	return p->landmarks[which].at[i];
}

uint32_t player_landmarks_until(const struct player *p, enum landmark which, uint64_t at)
{
	const struct positions *l = &p->landmarks[which];

	return until(l->at, sizeof *l->at, 0, l->count, at);
}

const struct density *player_density(const struct player *p, uint64_t step)
{
	return step < p->steps ? &p->density[step] : NULL;
}
