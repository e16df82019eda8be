/* Ranges of addresses: who is met is who has a byte there, whatever the sizes. */
#include "harness.h"

#include "ranges.h"

#define MOST 300

/* The same, kept so simply that it is right. */
struct plain {
	bool used;
	uint32_t group;
	uint64_t from, size;
};

static uint64_t dice(uint64_t n)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % n;
}

/* From single bytes to more than all of what is there; a few at the far end. */
static struct plain any_range(void)
{
	static const uint64_t most[] = { 2, 300, 5000, 70000, 9 * MIB, UINT64_MAX };
	struct plain p = { .used = true, .group = (uint32_t)dice(3), .from = dice(16 * MIB) };

	p.size = dice(most[dice(6)]);
	if (dice(8) == 0)
		p.from = UINT64_MAX - dice(MIB);
	return p;
}

/* The last byte, past no end. */
static uint64_t last(const struct plain *p)
{
	uint64_t more = p->size ? p->size - 1 : 0;

	return p->from + more < p->from ? UINT64_MAX : p->from + more;
}

static void check(const struct ranges *r, const struct plain *all, const struct plain *asked)
{
	struct ranges_walk w = ranges_walk(r, asked->group, asked->from, asked->size);
	bool met[MOST] = { false };

	while (ranges_next(&w)) {
		assert_false(met[w.number]);
		met[w.number] = true;
	}
	for (uint32_t i = 0; i < MOST; i++)
		assert_int_equal(met[i], all[i].used && all[i].group == asked->group &&
				 all[i].from <= last(asked) && last(&all[i]) >= asked->from);
}

static void change(struct ranges *r, struct plain *all, uint32_t i)
{
	if (all[i].used) {
		ranges_remove(r, i);
		all[i].used = false;
		return;
	}
	all[i] = any_range();
	ranges_add(r, i, all[i].group, all[i].from, all[i].size);
}

static void those_that_have_a_byte_there_are_met_once(void **state)
{
	struct plain all[MOST] = { 0 };
	struct ranges r;

	(void)state;
	ranges_init(&r, MOST);
	for (int round = 0; round < 3000; round++) {
		struct plain asked = any_range();

		change(&r, all, (uint32_t)dice(MOST));
		check(&r, all, &asked);
	}
	ranges_release(&r);
}

static void a_copy_goes_its_own_way(void **state)
{
	struct plain asked = { .size = UINT64_MAX }, all[MOST] = { 0 }, none[MOST] = { 0 };
	struct ranges r, copy;

	(void)state;
	ranges_init(&r, MOST);
	ranges_copy(&copy, &r);
	for (uint32_t i = 0; i < MOST; i++)
		change(&r, all, i);
	check(&r, all, &asked);
	check(&copy, none, &asked);
	ranges_release(&r);
	ranges_release(&copy);
}

static void the_one_just_met_may_go(void **state)
{
	struct ranges_walk w;
	struct ranges r;
	uint32_t n = 0;

	(void)state;
	ranges_init(&r, MOST);
	for (uint32_t i = 0; i < MOST; i++)
		ranges_add(&r, i, 0, i * 64, 64);
	w = ranges_walk(&r, 0, 0, MOST * 64);
	for (; ranges_next(&w); n++)
		ranges_remove(&r, w.number);
	assert_int_equal(n, MOST);
	w = ranges_walk(&r, 0, 0, UINT64_MAX);
	assert_false(ranges_next(&w));
	ranges_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_that_have_a_byte_there_are_met_once),
		cmocka_unit_test(a_copy_goes_its_own_way),
		cmocka_unit_test(the_one_just_met_may_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
