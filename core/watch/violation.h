#pragma once
/*
 * A broken rule: which one, whose bytes, who wrote what, what was missing, and the events that lead
 * there. One is kept for each cause (one transfer, one handover, one call), with its count.
 */
#include "trace.h"
#include "watch/shadow.h"

enum rule {
#define RULE(NAME, ...) RULE_##NAME,
#define ADVICE(...)
#include "watch/rules.def"
#undef RULE
#undef ADVICE
	RULE_COUNT
};

enum advice {
#define RULE(...)
#define ADVICE(NAME, sentence) ADVICE_##NAME,
#include "watch/rules.def"
#undef RULE
#undef ADVICE
	ADVICE_COUNT
};

struct rule_info {
	const char *name, *severity, *misconception, *sentence, *remedy;
};

extern const struct rule_info rule_info[RULE_COUNT];
extern const char *const advice_sentence[ADVICE_COUNT];

#define CHAIN_MAX 8

struct violation {
	enum rule rule;
	enum advice advice;
	uint32_t count;              /* accesses that broke it, for this cause */
	/* number of the event (transfer, handover, call) that is at fault */
	uint64_t cause;
	uint64_t seq, cycle;         /* the first access: when */
	uint64_t va;                 /* of it, 0 when a device or a cache did it */
	/* of the first byte concerned; the bus address where no RAM answers; ~0: of none */
	bool on_bus;                 /* no RAM is meant: dma says which bus address, pa is ~0 */
	uint64_t dma;
	uint64_t pa;
	uint64_t size;               /* bytes concerned: from pa to the end of the last */
	/* a mapping that shares a line with them; of 0 bytes where there is none */
	struct { uint64_t pa, size; } beside;
	/* how many bytes of the first access are in the values below */
	uint32_t width;
	/* the stale bytes and the newest, least significant first */
	uint64_t old_value, new_value;
	stamp_t old_stamp, new_stamp;    /* who wrote each */
	uint64_t chain[CHAIN_MAX];   /* event numbers, in order: how it came about */
	uint32_t chain_length;
	/* the same events whole; seq 0 where the trace had lost one */
	struct event events[CHAIN_MAX];
};

#define VIOLATIONS_MAX 4096

struct violations {
	/* struct violation, one a leaf, in order of first appearance */
	struct cow list;
	uint32_t count;
	uint32_t kept;               /* the first so many have their events */
	uint64_t dropped;            /* beyond VIOLATIONS_MAX */
	bool muted;                  /* what happens is no mistake: a keyframe tells it again */
};

void violations_init(struct violations *vs);
void violations_release(struct violations *vs);
void violations_copy(struct violations *to, const struct violations *from);

const struct violation *violations_at(const struct violations *vs, uint32_t i);   /* i < count */

/*
 * Report a violation found at event e, or count it to the one with the same rule and cause. What is
 * about the first access (count, seq, cycle, the ends of the chain) is filled in here.
 */
void violations_report(struct violations *vs, struct violation *v, const struct event *e);

/* Those found at event `seq` or later are taken back: it was undone. */
void violations_take_back(struct violations *vs, uint64_t seq);

/* Copy the events of new violations while the trace still has them. */
void violations_keep_events(struct violations *vs, const struct trace *t);

/* Add an event to the chain, in order of number; 0 and repeats are left out. */
void violation_link(struct violation *v, uint64_t seq);
