#pragma once
/*
 * Everything hardware is free to do, decided in one place.
 *
 * Whenever the machine may legally go more than one way it asks nature, naming the choice
 * (nature.def). Calm nature always answers 0: nothing unasked happens. Random nature draws from a
 * seeded generator (xorshift64*), so the same board, script and seed give the same trace. Replaying
 * nature has a list of deviations, (number of the question, answer), and is calm otherwise. An
 * answer other than 0 is told in the trace with the number of the question, which is enough to
 * replay it.
 *
 * Random nature is asked at every step, and most answers change nothing anybody could see. Who
 * replays, and searches, is asked sparingly: each choice where something is about to happen that
 * would come out otherwise, at the last moment before it (nature_spares; hw/unasked.h for the
 * caches). The numbers of the questions depend on that, so a list is good for the policy, and the
 * board, it was found with.
 */
#include "board.h"
#include "trace.h"

enum choice {
#define CHOICE(NAME, name, options, sentence) CHOICE_##NAME,
#include "nature.def"
#undef CHOICE
	CHOICE_COUNT
};

struct choice_info {
	const char *name;
	uint32_t options;
	const char *sentence;
};

extern const struct choice_info choice_info[CHOICE_COUNT];

/* An answer other than 0. Questions are counted from 1. */
struct deviation {
	uint64_t question, answer;
};

/* What was asked, for whoever searches: kept from the last deviation of the list on. */
struct question {
	uint64_t number;
	uint64_t about;          /* physical address of the line, word or device (its registers) */
	uint64_t seq, cycle;     /* number of the event that would have come next; when */
	uint32_t what, options;  /* enum choice */
	uint64_t answer;
};

/* What replaying nature follows. The caller's, and so are its arrays; they outlive its use. */
struct plan {
	const struct deviation *deviation;       /* by number of the question */
	size_t count;
	uint32_t odds;           /* 0: calm behind the list; else about one in so many deviates */
	bool thorough;           /* ask at every step, whether it can matter or not */
	struct question *question;               /* the log: `room` of them, NULL for none */
	size_t room, asked;      /* asked: may be more than there is room for */
};

struct nature {
	uint64_t policy;         /* enum nature_policy */
	uint64_t random;         /* state of the generator, never 0 */
	uint64_t questions;      /* asked so far */
	size_t next;             /* REPLAY: the deviation that comes next */
	struct plan *plan;       /* REPLAY: wired by nature_follow */
};

void nature_init(struct nature *n, uint64_t policy, uint64_t seed);

/* Follow a plan from now on; questions are counted anew. */
void nature_follow(struct nature *n, struct plan *plan, uint64_t seed);

/* Does nature ever do anything unasked? Parts need not ask a calm one. */
static inline bool nature_calm(const struct nature *n)
{
	return n->policy == NATURE_CALM;
}

/* Is every step asked about, or only what can matter, at the last moment? */
static inline bool nature_thorough(const struct nature *n)
{
	return n->policy == NATURE_RANDOM || (n->policy == NATURE_REPLAY && n->plan->thorough);
}

static inline bool nature_spares(const struct nature *n)
{
	return n->policy == NATURE_REPLAY && !nature_thorough(n);
}

/*
 * How long a delay is, in notches, that was picked from 4. Random nature waits 1, 2 or 3; who
 * searches wants few answers, each an order of magnitude apart: a little, longer than a call,
 * longer than a transfer.
 */
static inline uint64_t nature_notches(const struct nature *n, uint32_t picked)
{
	static const uint64_t far[] = { 0, 1, 16, 256 };

	return n->policy == NATURE_REPLAY ? far[picked & 3] : picked;
}

/*
 * 0 .. options-1, 0 when calm. odds: random nature answers other than 0 about once in `odds`
 * questions; with 1, every answer is equally likely. about: see struct question; 0 for nothing.
 */
uint32_t nature_choose(struct nature *n, struct trace *t, uint64_t cycle, enum choice what,
		       uint64_t about, uint32_t options, uint32_t odds);
