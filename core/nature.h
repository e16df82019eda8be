#pragma once
/*
 * Everything hardware is free to do, decided in one place.
 *
 * Whenever the machine may legally go more than one way it asks nature, naming the choice
 * (nature.def). Calm nature always answers 0: nothing unasked happens. Random nature draws from a
 * seeded generator (xorshift64*), so the same board, script and seed give the same trace. An answer
 * other than 0 is told in the trace with the number of the question, which is enough to replay it.
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

struct nature {
	uint64_t policy;      /* enum nature_policy */
	uint64_t random;      /* state of the generator, never 0 */
	uint64_t questions;   /* asked so far */
};

void nature_init(struct nature *n, uint64_t policy, uint64_t seed);

/* Does nature ever do anything unasked? Parts need not ask a calm one. */
static inline bool nature_calm(const struct nature *n)
{
	return n->policy == NATURE_CALM;
}

/*
 * 0 .. options-1, 0 when calm. odds: the answer is other than 0 about once in `odds` questions;
 * with 1, every answer is equally likely.
 */
uint32_t nature_choose(struct nature *n, struct trace *t, uint64_t cycle, enum choice what,
		       uint32_t options, uint32_t odds);
