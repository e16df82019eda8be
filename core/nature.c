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

static uint32_t draw(struct nature *n)
{
	n->random ^= n->random >> 12;
	n->random ^= n->random << 25;
	n->random ^= n->random >> 27;
	return (uint32_t)((n->random * 0x2545f4914f6cdd1d) >> 32);
}

uint32_t nature_choose(struct nature *n, struct trace *t, uint64_t cycle, enum choice what,
		       uint32_t options, uint32_t odds)
{
	uint32_t picked;

	n->questions++;
	if (nature_calm(n) || options < 2 || draw(n) % odds)
		return 0;
	picked = odds == 1 ? draw(n) % options : 1 + draw(n) % (options - 1);
	if (!picked)
		return 0;
	trace_append(t, cycle, &(struct event){
		.kind = EV_CHOICE, .addr = n->questions, .size = options, .a = what, .b = picked });
	return picked;
}
