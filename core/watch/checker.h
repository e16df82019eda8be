#pragma once
/*
 * Names every broken rule of the DMA API that shows in the trace (rules.def).
 *
 * It reads events alone: a shadow of every copy of every byte, the live mappings with their owner,
 * what the allocators handed out. It never changes a result. A violation is reported once per
 * cause (one transfer, one handover, one call), not once per byte, and counts how often.
 */
#include "trace.h"
#include "watch/ownership.h"
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
	uint64_t cause;              /* number of the event (transfer, handover, call) that is at fault */
	uint64_t seq, cycle;         /* the first access: when */
	uint64_t va;                 /* of it, 0 when a device or a cache did it */
	uint64_t pa;                 /* of the first byte concerned; where pa means nothing, the bus address */
	uint64_t size;               /* bytes concerned: from pa to the end of the last */
	uint32_t width;              /* how many bytes of the first access are in the values below */
	uint64_t old_value, new_value;   /* the stale bytes and the newest, least significant first */
	stamp_t old_stamp, new_stamp;    /* who wrote each */
	uint64_t chain[CHAIN_MAX];   /* event numbers, in order: how it came about */
	uint32_t chain_length;
};

struct checker {
	struct cursor cursor;
	uint64_t lost;               /* events trimmed before they were read */
	bool strict;                 /* ownership rules on coherent boards too */
	struct shadow shadow;
	struct ownership ownership;
	struct cow violations;       /* struct violation, one a leaf, in order of first appearance */
	uint32_t violation_count;
	uint64_t dropped;            /* violations beyond VIOLATIONS_MAX */
	struct { uint64_t call, pa, size; } excused;   /* bytes the call in progress may drop */
	struct { uint64_t from, to; } clamped;         /* the last address a device's mask cut */
	uint64_t last_op;            /* number of the last cache.op event */
};

#define VIOLATIONS_MAX 4096

void checker_init(struct checker *c);
void checker_release(struct checker *c);
void checker_copy(struct checker *to, const struct checker *from);

/* Read what is new in the trace. */
void checker_read(struct checker *c, const struct trace *t);

const struct violation *checker_violation(const struct checker *c, uint32_t i);   /* i < violation_count */

/* The transfer or call the event a stamp names belongs to; its own number when to none. */
uint64_t checker_cause(const struct trace *t, stamp_t s);

/*
 * For the rules (rules.c): report a violation found at event e, or count it to the one with the same
 * rule and cause. Fields about the first access are filled in here.
 */
void checker_report(struct checker *c, struct violation *v, const struct event *e);

/* Add an event to the chain of a violation, in order of number; 0 and repeats are left out. */
void violation_link(struct violation *v, uint64_t seq);

/*
 * The rules, by the event they judge. A write-back or a drop is judged before the shadow follows it,
 * for it destroys what is compared.
 */
void rules_load(struct checker *c, const struct trace *t, const struct event *e);
void rules_store(struct checker *c, const struct event *e);
void rules_device_read(struct checker *c, const struct trace *t, const struct event *e);
void rules_device_write(struct checker *c, const struct trace *t, const struct event *e);
void rules_bus_fault(struct checker *c, const struct trace *t, const struct event *e);
void rules_write_back(struct checker *c, const struct trace *t, const struct event *e);
void rules_drop(struct checker *c, const struct event *e);
void rules_bad_free(struct checker *c, const struct event *e);
