#pragma once
/*
 * Any moment of a recording: a model folded up to a position, and what there is along the way.
 *
 * Position p is the moment after the first p events; 0 is before all. The first reading of an event
 * builds what makes every moment reachable at once: a keyframe (a copy of the model) now and then,
 * the flags of the timeline, the lives of the mappings. They are built while reading and not kept in
 * the file: the file stays a plain trace that a crash cannot spoil, and copies that share their
 * pages are far smaller than keyframes told as events.
 */
#include "viz/lives.h"
#include "viz/model.h"
#include "viz/recording.h"

/* Something to be flagged on the timeline. */
struct flag {
	uint64_t at;             /* position after the event that broke the rule */
	uint64_t machine, seq;   /* what broke it: the machine's and the event's number */
	uint32_t violation;      /* its index in the model's list at that moment */
	uint16_t rule;           /* enum rule */
	bool error;              /* or a warning */
};

/* What happened among so many positions: for a timeline far out. */
#define DENSITY_STEP 4096    /* positions */
struct density {
	uint32_t lane[LANE_COUNT];   /* events of each lane */
	uint32_t calls;              /* calls of the driver, see player_next_call */
	uint64_t cycle;              /* the highest */
};

struct player;

struct player *player_new(struct recording *r);      /* the recording stays the caller's */
void player_free(struct player *p);                  /* NULL is fine */

/*
 * Read on in what the recording has by now, for at most so many events. True: there is more to
 * read. Until then player_count is what was read; while more is to come for sure, it may stay a few
 * events behind recording_count.
 */
bool player_read(struct player *p, uint64_t most);
uint64_t player_count(const struct player *p);

/* Go to position `at`; past the end is the end. What `player_model` answered is changed. */
void player_seek(struct player *p, uint64_t at);
uint64_t player_at(const struct player *p);
const struct model *player_model(const struct player *p);

/* Event i < count; valid until the next call. */
const struct event *player_event(const struct player *p, uint64_t i);

/* The first position at which so many cycles have passed. UINT64_MAX: there is none. */
uint64_t player_find_cycle(const struct player *p, uint64_t cycle);

/*
 * Position right after event number seq of the machine that is on at the present position, or of the
 * last machine that has one. UINT64_MAX: not there.
 */
uint64_t player_find(const struct player *p, uint64_t seq);
uint64_t player_find_last(const struct player *p, uint64_t seq);

/*
 * The next moment, in that direction (1 or -1), at which a call of the driver has just been made or
 * a flag stands. UINT64_MAX when there is none. What a call is: an access of the CPU, a barrier, or
 * a call of the API, but nothing that caches, buses and devices do because of it.
 */
uint64_t player_next_call(const struct player *p, uint64_t from, int direction);
uint64_t player_next_flag(const struct player *p, uint64_t from, int direction);

uint32_t player_flags(const struct player *p);
const struct flag *player_flag(const struct player *p, uint32_t i);       /* in order of `at` */
uint32_t player_flags_until(const struct player *p, uint64_t at);         /* at it or before */

/* What the flag tells of, as the present model has it. NULL: undone since, or another machine's. */
const struct violation *player_violation(const struct player *p, const struct flag *f);

uint32_t player_lives(const struct player *p);
const struct life *player_life(const struct player *p, uint32_t i);       /* in order of `from` */
uint32_t player_lives_until(const struct player *p, uint64_t at);         /* begun by then */

/* The life that event number seq of the present position's machine began, or NULL. */
const struct life *player_life_of(const struct player *p, uint64_t seq);

/*
 * What a person looks for along the way, as positions in order. BREAK: a machine was switched on or a
 * command undone, another story begins; CHOICE: nature did what nobody asked for.
 */
enum landmark { LANDMARK_BREAK, LANDMARK_CHOICE, LANDMARK_COUNT };
uint32_t player_landmarks(const struct player *p, enum landmark which);
uint64_t player_landmark(const struct player *p, enum landmark which, uint32_t i);
/* How many stand there or before. */
uint32_t player_landmarks_until(const struct player *p, enum landmark which, uint64_t at);

const struct density *player_density(const struct player *p, uint64_t step);  /* NULL: beyond */

/* The lane an event is shown in: a beat of a device is the bus's affair. */
enum lane event_lane(const struct event *e);

/* Is this event a call of the driver, as player_next_call means it? */
bool event_is_call(const struct event *e);
