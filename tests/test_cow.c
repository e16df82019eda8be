#include "harness.h"

#include "cow.h"

#define LEAVES (2 * BRANCH + 5)    /* the last branch is not full */
#define LEAF   32

static void put(struct cow *c, size_t i, uint8_t value)
{
	*(uint8_t *)cow_write(c, i) = value;
}

static uint8_t get(const struct cow *c, size_t i)
{
	return *(const uint8_t *)cow_read(c, i);
}

static void a_leaf_nobody_wrote_is_absent_and_reads_as_zeros(void **state)
{
	struct cow c;

	(void)state;
	cow_init(&c, LEAF_MAX, LEAVES);
	for (size_t i = 0; i < LEAVES; i++) {
		assert_false(cow_present(&c, i));
		assert_memory_equal(cow_read(&c, i), cow_zeros, LEAF_MAX);
	}
	assert_int_equal(cow_owned(&c), 0);
	cow_release(&c);
}

static void a_leaf_written_is_present_and_stays_where_it_is(void **state)
{
	struct cow c;
	void *first;

	(void)state;
	cow_init(&c, LEAF, LEAVES);
	first = cow_write(&c, 3);
	assert_memory_equal(first, cow_zeros, LEAF);
	memset(first, 0x5a, LEAF);
	assert_true(cow_present(&c, 3));
	assert_ptr_equal(cow_write(&c, 3), first);
	assert_ptr_equal(cow_read(&c, 3), first);
	assert_int_equal(cow_owned(&c), LEAF);
	cow_release(&c);
}

static void a_copy_reads_the_same_and_owns_nothing(void **state)
{
	struct cow c, copy;

	(void)state;
	cow_init(&c, LEAF, LEAVES);
	put(&c, 1, 11);
	cow_copy(&copy, &c);
	assert_int_equal(get(&copy, 1), 11);
	assert_false(cow_present(&copy, 2));
	assert_ptr_equal(cow_read(&copy, 1), cow_read(&c, 1));
	assert_int_equal(cow_owned(&copy) + cow_owned(&c), 0);
	cow_release(&c);
	cow_release(&copy);
}

/* Whoever writes gets a leaf of its own, with the old bytes; the other keeps what it had. */
static void a_write_on_either_side_is_not_seen_by_the_other(void **state)
{
	(void)state;
	for (int writer = 0; writer < 2; writer++) {
		struct cow side[2];

		cow_init(&side[0], LEAF, LEAVES);
		memset(cow_write(&side[0], 1), 7, LEAF);
		put(&side[0], 2, 8);
		cow_copy(&side[1], &side[0]);
		put(&side[writer], 1, 99);
		assert_int_equal(get(&side[writer], 1), 99);
		assert_int_equal(((const uint8_t *)cow_read(&side[writer], 1))[LEAF - 1], 7);
		assert_int_equal(get(&side[!writer], 1), 7);
		assert_int_equal(cow_owned(&side[writer]), LEAF);
		assert_ptr_equal(cow_read(&side[0], 2), cow_read(&side[1], 2));
		cow_release(&side[0]);
		cow_release(&side[1]);
	}
}

static void a_leaf_outlives_those_who_let_it_go(void **state)
{
	struct cow c, copy, third;

	(void)state;
	cow_init(&c, LEAF, LEAVES);
	put(&c, 0, 42);
	cow_copy(&copy, &c);
	cow_release(&c);
	cow_copy(&third, &copy);
	cow_release(&copy);
	assert_int_equal(get(&third, 0), 42);
	assert_int_equal(cow_owned(&third), LEAF);
	cow_release(&third);
}

static void the_last_leaf_of_every_branch_is_a_place_of_its_own(void **state)
{
	static const size_t edges[] = { 0, BRANCH - 1, BRANCH, 2 * BRANCH - 1, 2 * BRANCH, LEAVES - 1 };
	struct cow c, copy;

	(void)state;
	cow_init(&c, LEAF, LEAVES);
	for (size_t i = 0; i < 6; i++)
		put(&c, edges[i], (uint8_t)(i + 1));
	cow_copy(&copy, &c);
	for (size_t i = 0; i < 6; i++) {
		put(&copy, edges[i], 99);
		assert_int_equal(get(&c, edges[i]), i + 1);
		assert_int_equal(cow_owned(&copy), (i + 1) * LEAF);
	}
	assert_int_equal(cow_owned(&c), 6 * LEAF);
	cow_release(&c);
	cow_release(&copy);
}

static void an_array_without_leaves_can_be_copied_and_released_twice(void **state)
{
	struct cow c, copy;

	(void)state;
	cow_init(&c, LEAF, 0);
	cow_copy(&copy, &c);
	for (int i = 0; i < 2; i++) {
		cow_release(&c);
		cow_release(&copy);
	}
	assert_int_equal(c.count, 0);
}

#define ARRAYS 6

struct side {
	struct cow cow;
	uint8_t flat[LEAVES];
};

static void copy_side(struct side *to, const struct side *from)
{
	if (to == from)
		return;
	cow_release(&to->cow);
	cow_copy(&to->cow, &from->cow);
	memcpy(to->flat, from->flat, LEAVES);
}

static void copies_of_copies_behave_like_plain_arrays(void **state)
{
	uint64_t seed = test_seed(0xc0b1e), random = seed;
	struct side side[ARRAYS] = { 0 };

	(void)state;
	for (int i = 0; i < ARRAYS; i++)
		cow_init(&side[i].cow, LEAF, LEAVES);
	for (uint64_t step = 0; step < 30000; step++) {
		struct side *s = &side[test_below(&random, ARRAYS)];
		size_t i = test_below(&random, LEAVES);

		assert_seeded(get(&s->cow, i) == s->flat[i], seed, step);
		if (test_below(&random, 4) == 0)
			copy_side(&side[test_below(&random, ARRAYS)], s);
		else
			put(&s->cow, i, s->flat[i] = (uint8_t)test_random(&random));
	}
	for (int i = 0; i < ARRAYS; i++)
		cow_release(&side[i].cow);
}

static void what_two_do_not_share_is_weighed(void **state)
{
	struct cow c, copy;

	(void)state;
	cow_init(&c, LEAF, LEAVES);
	put(&c, 0, 1);
	put(&c, BRANCH, 2);
	cow_copy(&copy, &c);
	assert_int_equal(cow_apart(&c, &copy), 0);
	put(&c, 0, 3);
	put(&c, 1, 4);
	assert_int_equal(cow_apart(&c, &copy), 2 * LEAF);
	assert_int_equal(cow_apart(&copy, &c), LEAF);
	cow_release(&copy);
	cow_init(&copy, LEAF, 1);
	assert_int_equal(cow_apart(&c, &copy), 3 * LEAF);
	cow_release(&copy);
	cow_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leaf_nobody_wrote_is_absent_and_reads_as_zeros),
		cmocka_unit_test(a_leaf_written_is_present_and_stays_where_it_is),
		cmocka_unit_test(a_copy_reads_the_same_and_owns_nothing),
		cmocka_unit_test(a_write_on_either_side_is_not_seen_by_the_other),
		cmocka_unit_test(a_leaf_outlives_those_who_let_it_go),
		cmocka_unit_test(what_two_do_not_share_is_weighed),
		cmocka_unit_test(the_last_leaf_of_every_branch_is_a_place_of_its_own),
		cmocka_unit_test(an_array_without_leaves_can_be_copied_and_released_twice),
		cmocka_unit_test(copies_of_copies_behave_like_plain_arrays),
	};

	return cmocka_run_group_tests_name("cow", tests, NULL, NULL);
}
