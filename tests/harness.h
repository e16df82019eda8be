#pragma once
/* What every C test wants: cmocka, a seeded generator that prints its seed, and a board to try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "board.h"
#include "trace.h"

/* xorshift64*; the seed is never 0. */
static inline uint64_t test_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

static inline uint64_t test_below(uint64_t *state, uint64_t n)
{
	return (test_random(state) >> 11) % n;
}

/* SEED=n in the environment repeats a run that failed. */
static inline uint64_t test_seed(uint64_t normal)
{
	const char *given = getenv("SEED");

	return given ? strtoull(given, NULL, 0) : normal;
}

/* The first thing to print when a random run fails. */
#define assert_seeded(claim, seed, step) do { \
	if (!(claim)) { \
		print_error("seed %llu, step %llu: not true: %s\n", (unsigned long long)(seed), \
			    (unsigned long long)(step), #claim); \
		fail(); \
	} \
} while (0)

/* Change one setting by name; the value is known to be fine. */
static inline void test_set(struct board *b, const char *key, uint64_t value)
{
	const struct setting *s = setting_named(key);

	assert_non_null(s);
	assert_true(board_set(b, s, value));
}

/* The board with one setting changed. */
static inline struct board test_with(struct board b, const char *key, uint64_t value)
{
	test_set(&b, key, value);
	return b;
}

/* How many events of this kind the trace has from number `from` on. */
static inline uint64_t test_count(const struct trace *t, uint64_t from, enum event_kind kind)
{
	uint64_t n = 0;

	for (uint64_t seq = from; seq < t->next; seq++)
		n += trace_at(t, seq)->kind == kind;
	return n;
}

/* Event i (0 is the first) of this kind from number `from` on; the test fails when there is none. */
static inline const struct event *test_event(const struct trace *t, uint64_t from,
					     enum event_kind kind, uint64_t i)
{
	for (uint64_t seq = from; seq < t->next; seq++)
		if (trace_at(t, seq)->kind == kind && !i--)
			return trace_at(t, seq);
	fail_msg("no such %s event", event_info[kind].name);
	return NULL;
}

/* 64 pages, no second level, 4 sets of 2 ways of 16 bytes: every byte can be named. */
static inline struct board tiny_board(void)
{
	struct board b = board_default();

	test_set(&b, "ram", 256 * KIB);
	test_set(&b, "kernel_image", 16 * KIB);
	test_set(&b, "line", 16);
	test_set(&b, "l1_sets", 4);
	test_set(&b, "l1_ways", 2);
	test_set(&b, "l2_sets", 0);
	return b;
}
