#include "harness.h"

static void every_setting_is_found_by_its_name_and_begins_in_range(void **state)
{
	struct board b = board_default();

	(void)state;
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &settings[i];

		assert_ptr_equal(setting_named(s->key), s);
		assert_true(strlen(s->sentence) > 0);
		assert_int_equal(board_get(&b, s), s->normal);
		assert_true(board_set(&b, s, s->normal));
	}
	assert_null(setting_named("rum"));
	assert_null(setting_named(""));
}

static void a_setting_takes_its_smallest_and_largest_value_and_none_beyond(void **state)
{
	struct board b = board_default();

	(void)state;
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &settings[i];

		assert_true(board_set(&b, s, s->max));
		assert_false(board_set(&b, s, s->max + 1));
		assert_false(board_set(&b, s, UINT64_MAX));
		assert_int_equal(board_get(&b, s), s->max);
		assert_true(board_set(&b, s, s->min));
		assert_true(!s->min || !board_set(&b, s, s->min - 1));
		assert_int_equal(board_get(&b, s), s->min);
	}
}

static void setting_one_leaves_all_others_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < setting_count; i++) {
		struct board b = board_default();

		assert_true(board_set(&b, &settings[i], settings[i].max));
		for (size_t k = 0; k < setting_count; k++)
			if (k != i)
				assert_int_equal(board_get(&b, &settings[k]), settings[k].normal);
	}
}

static void a_size_of_the_cache_is_a_power_of_two(void **state)
{
	static const char *const keys[] = { "line", "l1_sets", "l2_sets" };
	struct board b = board_default();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct setting *s = setting_named(keys[i]);

		assert_false(board_set(&b, s, 24));
		assert_int_equal(board_get(&b, s), s->normal);
		assert_true(board_set(&b, s, 32));
	}
	assert_true(board_set(&b, setting_named("l2_sets"), 0));
	assert_false(board_set(&b, setting_named("l1_sets"), 0));
}

static void a_word_setting_has_a_word_for_every_number(void **state)
{
	(void)state;
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &settings[i];

		assert_int_equal(s->words != NULL, s->type == SETTING_WORD);
		for (uint64_t w = 0; s->words && w <= s->max; w++)
			assert_true(strlen(s->words[w]) > 0);
		assert_true(!s->words || !s->words[s->max + 1]);
	}
	assert_int_equal(setting_named("arch")->max, ARCH_COUNT - 1);
	assert_string_equal(setting_named("arch")->words[ARCH_X86], "x86");
	assert_string_equal(setting_named("l1_policy")->words[POLICY_FIFO], "fifo");
	assert_string_equal(setting_named("nature")->words[NATURE_RANDOM], "random");
}

struct change {
	const char *key;
	uint64_t value;
};

static struct board changed(const struct change *change, size_t n)
{
	struct board b = board_default();

	for (size_t i = 0; i < n; i++)
		if (change[i].key)
			test_set(&b, change[i].key, change[i].value);
	return b;
}

static void settings_that_do_not_fit_together_are_named(void **state)
{
	static const struct { struct change change[3]; const char *says; } rows[] = {
		{ { { 0 } }, NULL },
		{ { { "ram", 64 * KIB + 1 } }, "whole pages" },
		{ { { "mem", 4097 } }, "whole pages" },
		{ { { "ram2", 4095 } }, "whole pages" },
		{ { { "kernel_image", 4097 } }, "whole pages" },
		{ { { "ram2_at", MIB + 512 } }, "whole pages" },
		{ { { "ram", 64 * KIB }, { "kernel_image", 36 * KIB } }, "fewer than 8 pages" },
		{ { { "ram", 64 * KIB }, { "kernel_image", 32 * KIB } }, NULL },
		{ { { "mem", MIB } }, "fewer than 8 pages" },
		{ { { "mem", 1 * GIB } }, NULL },
		{ { { "mem", 30 * MIB } }, NULL },
		{ { { "ram2", MIB }, { "ram2_at", 31 * MIB } }, "overlaps" },
		{ { { "ram2", MIB }, { "ram2_at", 32 * MIB } }, NULL },
		{ { { "ram2_at", 1 * MIB } }, NULL },
		{ { { "l1_policy", POLICY_PLRU }, { "l1_ways", 3 } }, "power of two ways" },
		{ { { "l2_policy", POLICY_PLRU }, { "l2_ways", 12 } }, "power of two ways" },
		{ { { "l1_policy", POLICY_LRU }, { "l1_ways", 3 } }, NULL },
		{ { { "l1_policy", POLICY_PLRU }, { "l1_ways", 16 } }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct board b = changed(rows[i].change, 3);
		const char *mistake = board_mistake(&b);

		if (rows[i].says)
			assert_non_null(mistake);
		else
			assert_null(mistake);
		assert_true(!mistake || strstr(mistake, rows[i].says));
	}
}

static void ram_is_where_the_banks_are_and_nowhere_else(void **state)
{
	static const struct { paddr_t pa; uint64_t n; bool is; } rows[] = {
		{ 0, 1, true }, { 0, MIB, true }, { 0, MIB + 1, false }, { MIB - 1, 1, true },
		{ MIB - 1, 2, false }, { MIB, 1, false }, { 2 * MIB - 1, 1, false },
		{ 2 * MIB, 4096, true }, { 2 * MIB + 4095, 1, true }, { 2 * MIB + 4096, 1, false },
		{ 2 * MIB + 4095, 2, false }, { UINT64_MAX, 2, false }, { 4096, UINT64_MAX, false },
	};
	static const struct change two_banks[] = {
		{ "ram", MIB }, { "kernel_image", 4096 }, { "ram2", 4096 }, { "ram2_at", 2 * MIB } };
	struct board b = changed(two_banks, 4);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(board_is_ram(&b, rows[i].pa, rows[i].n), rows[i].is);
	assert_int_equal(board_ram_end(&b), 2 * MIB + 4096);
	b.ram2 = 0;
	assert_int_equal(board_ram_end(&b), MIB);
	assert_false(board_is_ram(&b, 2 * MIB, 1));
}

static void the_kernel_ends_where_mem_says(void **state)
{
	struct board b = board_default();

	(void)state;
	assert_int_equal(board_kernel_end(&b), UINT64_MAX);
	b.mem = 30 * MIB;
	assert_int_equal(board_kernel_end(&b), 30 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setting_is_found_by_its_name_and_begins_in_range),
		cmocka_unit_test(a_setting_takes_its_smallest_and_largest_value_and_none_beyond),
		cmocka_unit_test(setting_one_leaves_all_others_alone),
		cmocka_unit_test(a_size_of_the_cache_is_a_power_of_two),
		cmocka_unit_test(a_word_setting_has_a_word_for_every_number),
		cmocka_unit_test(settings_that_do_not_fit_together_are_named),
		cmocka_unit_test(ram_is_where_the_banks_are_and_nowhere_else),
		cmocka_unit_test(the_kernel_ends_where_mem_says),
	};

	return cmocka_run_group_tests_name("board", tests, NULL, NULL);
}
