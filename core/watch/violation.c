#include "watch/violation.h"

#include <string.h>

const struct rule_info rule_info[RULE_COUNT] = {
#define RULE(NAME, name, severity, misconception, sentence, remedy) \
	{ name, severity, misconception, sentence, remedy },
#define ADVICE(...)
#include "watch/rules.def"
#undef RULE
#undef ADVICE
};

const char *const advice_sentence[ADVICE_COUNT] = {
#define RULE(...)
#define ADVICE(NAME, sentence) sentence,
#include "watch/rules.def"
#undef RULE
#undef ADVICE
};

void violations_init(struct violations *vs)
{
	*vs = (struct violations){ .count = 0 };
	cow_init(&vs->list, sizeof(struct violation), VIOLATIONS_MAX);
}

void violations_release(struct violations *vs)
{
	cow_release(&vs->list);
}

void violations_copy(struct violations *to, const struct violations *from)
{
	*to = *from;
	cow_copy(&to->list, &from->list);
}

const struct violation *violations_at(const struct violations *vs, uint32_t i)
{
	return cow_read(&vs->list, i);
}

void violation_link(struct violation *v, uint64_t seq)
{
	uint32_t at = 0;

	while (at < v->chain_length && v->chain[at] < seq)
		at++;
	if (!seq || v->chain_length == CHAIN_MAX || (at < v->chain_length && v->chain[at] == seq))
		return;
	memmove(v->chain + at + 1, v->chain + at, (v->chain_length - at) * sizeof v->chain[0]);
	v->chain[at] = seq;
	v->chain_length++;
}

/*
 * The one with this rule and cause, if it has been reported.
 * Newest first: it is nearly always that.
 */
static struct violation *reported(struct violations *vs, enum rule rule, uint64_t cause)
{
	for (uint32_t i = vs->count; i--; ) {
		const struct violation *v = violations_at(vs, i);

		if (v->rule == rule && v->cause == cause)
			return cow_write(&vs->list, i);
	}
	return NULL;
}

/* Another access for the same cause: counted, and its bytes added. */
static void extend(struct violation *v, const struct violation *more)
{
	uint64_t end = v->pa + v->size, more_end = more->pa + more->size;

	v->count++;
	if (v->pa == UINT64_MAX)
		return;
	v->pa = min_u64(v->pa, more->pa);
	v->size = (end > more_end ? end : more_end) - v->pa;
}

void violations_report(struct violations *vs, struct violation *v, const struct event *e)
{
	struct violation *known;

	if (vs->muted)
		return;
	known = reported(vs, v->rule, v->cause);
	if (known) {
		extend(known, v);
		return;
	}
	if (vs->count == VIOLATIONS_MAX) {
		vs->dropped++;
		return;
	}
	v->count = 1;
	v->seq = e->seq;
	v->cycle = e->cycle;
	violation_link(v, stamp_event(v->old_stamp));
	violation_link(v, stamp_event(v->new_stamp));
	violation_link(v, v->cause);
	violation_link(v, e->seq);
	memcpy(cow_write(&vs->list, vs->count++), v, sizeof *v);
}

static void keep_events(struct violation *v, const struct trace *t)
{
	for (uint32_t i = 0; i < v->chain_length; i++) {
		const struct event *e = trace_at(t, v->chain[i]);

		v->events[i] = e ? *e : (struct event){ .seq = 0 };
	}
}

void violations_keep_events(struct violations *vs, const struct trace *t)
{
	for (; vs->kept < vs->count; vs->kept++)
		keep_events(cow_write(&vs->list, vs->kept), t);
}

void violations_take_back(struct violations *vs, uint64_t seq)
{
	while (vs->count && violations_at(vs, vs->count - 1)->seq >= seq)
		vs->count--;
	if (vs->kept > vs->count)
		vs->kept = vs->count;
}
