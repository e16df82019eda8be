#include "nature.h"

const struct choice_info choice_info[CHOICE_COUNT] = {
#define CHOICE(NAME, name, options, sentence) { name, options, sentence },
#include "nature.def"
#undef CHOICE
};

void nature_init(struct nature *n, uint64_t policy, uint64_t seed)
{
	*n = (struct nature){ .policy = policy, .random = seed * 0x9e3779b97f4a7c15 + 0x1234567 };
	if (!n->random)
		n->random = 1;
}

void nature_follow(struct nature *n, struct plan *plan, uint64_t seed)
{
	nature_init(n, NATURE_REPLAY, seed);
	n->plan = plan;
	plan->asked = 0;
}

static uint32_t draw(struct nature *n)
{
	n->random ^= n->random >> 12;
	n->random ^= n->random << 25;
	n->random ^= n->random >> 27;
	return (uint32_t)((n->random * 0x2545f4914f6cdd1d) >> 32);
}

static uint32_t draw_answer(struct nature *n, uint32_t options, uint32_t odds)
{
	if (draw(n) % odds)
		return 0;
	return odds == 1 ? draw(n) % options : 1 + draw(n) % (options - 1);
}

/* What the plan says; an answer there is no such way to go for is the last way. */
static uint32_t planned(struct nature *n, uint32_t options)
{
	const struct plan *p = n->plan;

	if (n->next == p->count && !p->odds)
		return 0;
	if (n->next == p->count)
		return draw_answer(n, options, p->odds);
	if (p->deviation[n->next].question != n->questions)
		return 0;
	return (uint32_t)min_u64(p->deviation[n->next++].answer, options - 1);
}

static void log_question(const struct nature *n, const struct question *q)
{
	struct plan *p = n->plan;

	if (n->next < p->count)
		return;
	if (p->asked < p->room)
		p->question[p->asked] = *q;
	p->asked++;
}

uint32_t nature_choose(struct nature *n, struct trace *t, uint64_t cycle, enum choice what,
		       uint64_t about, uint32_t options, uint32_t odds)
{
	uint32_t picked;

	if (n->policy == NATURE_REPLAY && options < 2)
		return 0;
	n->questions++;
	if (nature_calm(n) || options < 2)
		return 0;
	if (n->policy == NATURE_RANDOM) {
		picked = draw_answer(n, options, odds);
	} else {
		picked = planned(n, options);
		log_question(n, &(struct question){ .number = n->questions, .about = about,
			.seq = t->next, .cycle = cycle, .what = what, .options = options,
			.answer = picked });
	}
	if (picked)
		trace_append(t, cycle, &(struct event){ .kind = EV_CHOICE, .addr = n->questions,
			.addr2 = about, .size = options, .a = what, .b = picked });
	return picked;
}
