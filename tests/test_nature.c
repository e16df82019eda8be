#include "hw_rig.h"

#include "nature.h"

#define ASKED 4000

struct asked {
	struct trace trace;
	struct nature nature;
	uint32_t count[16];      /* how often each answer came */
};

/* Ask the same question many times. */
static struct asked *ask(enum nature_policy policy, uint64_t seed, uint32_t options, uint32_t odds)
{
	struct asked *a = core_alloc(sizeof *a);

	trace_init(&a->trace);
	nature_init(&a->nature, policy, seed);
	for (uint64_t i = 0; i < ASKED; i++) {
		uint32_t picked = nature_choose(&a->nature, &a->trace, 10 * i, CHOICE_PACE, 0, options, odds);

		assert_true(picked < options || (!picked && !options));
		a->count[picked]++;
	}
	return a;
}

static void done(struct asked *a)
{
	trace_release(&a->trace);
	free(a);
}

static void calm_nature_does_nothing_and_tells_nothing(void **state)
{
	struct asked *a = ask(NATURE_CALM, 1, 16, 1);

	(void)state;
	assert_true(nature_calm(&a->nature));
	assert_int_equal(a->count[0], ASKED);
	assert_int_equal(a->trace.next, 1);
	assert_int_equal(a->nature.questions, ASKED);
	done(a);
}

static void a_question_with_one_answer_is_no_choice(void **state)
{
	(void)state;
	for (uint32_t options = 0; options < 2; options++) {
		struct asked *a = ask(NATURE_RANDOM, 1, options, 1);

		assert_int_equal(a->count[0], ASKED);
		assert_int_equal(a->trace.next, 1);
		done(a);
	}
}

static void random_nature_gives_every_answer_about_as_often_as_the_odds_say(void **state)
{
	static const struct { uint32_t options, odds; } rows[] = {
		{ 2, 8 }, { 2, 4 }, { 4, 4 }, { 4, 8 }, { 16, 2 } };

	(void)state;
	for (size_t i = 0; i < 5; i++)
		for (uint64_t seed = 0; seed < 5; seed++) {
			struct asked *a = ask(NATURE_RANDOM, seed, rows[i].options, rows[i].odds);
			uint32_t other = ASKED - a->count[0], want = ASKED / rows[i].odds;

			assert_true(other > want * 8 / 10 && other < want * 12 / 10);
			for (uint32_t k = 1; k < rows[i].options; k++)
				assert_true(a->count[k] > other / (rows[i].options - 1) / 2);
			done(a);
		}
}

static void a_question_of_odds_1_has_equal_answers(void **state)
{
	struct asked *a = ask(NATURE_RANDOM, 3, 16, 1);

	(void)state;
	for (uint32_t k = 0; k < 16; k++)
		assert_true(a->count[k] > ASKED / 16 / 2 && a->count[k] < ASKED / 16 * 2);
	done(a);
}

static void an_answer_other_than_0_is_told_with_the_number_of_its_question(void **state)
{
	struct asked *a = ask(NATURE_RANDOM, 7, 4, 4);
	uint64_t told = test_count(&a->trace, 1, EV_CHOICE);

	(void)state;
	assert_int_equal(told, ASKED - a->count[0]);
	assert_int_equal(told, a->trace.next - 1);
	for (uint64_t i = 0; i < told; i++) {
		const struct event *e = test_event(&a->trace, 1, EV_CHOICE, i);

		assert_int_equal(e->cycle, 10 * (e->addr - 1));
		assert_int_equal(e->size, 4);
		assert_int_equal(e->a, CHOICE_PACE);
		assert_true(e->b >= 1 && e->b < 4);
	}
	done(a);
}

static void the_same_seed_gives_the_same_answers_and_another_seed_others(void **state)
{
	struct asked *one = ask(NATURE_RANDOM, 0, 4, 4), *same = ask(NATURE_RANDOM, 0, 4, 4),
		     *other = ask(NATURE_RANDOM, 4294967295, 4, 4);

	(void)state;
	assert_int_equal(one->trace.next, same->trace.next);
	for (uint64_t seq = 1; seq < one->trace.next; seq++)
		assert_memory_equal(trace_at(&one->trace, seq), trace_at(&same->trace, seq), sizeof(struct event));
	assert_int_not_equal(one->nature.random, other->nature.random);
	assert_memory_not_equal(one->count, other->count, sizeof one->count);
	done(one), done(same), done(other);
}

/* One line alone has been touched; time passes and nature is free to play. */
static uint64_t events_while_time_passes(struct board b, enum event_kind kind, bool dirty)
{
	struct rig *r = rig_on(b);
	uint64_t n;

	rig_load(r, LINEAR_BASE + 0x5000, 8);
	if (dirty)
		rig_store(r, LINEAR_BASE + 0x5000, 8, 1);
	else if (kind == EV_CACHE_PREFETCH)
		cache_evict(&r->hw.l1, 0x5000);
	rig_mark(r);
	for (int i = 0; i < 5000; i++)
		hw_pass(&r->hw, 1);
	n = 0;
	for (uint64_t i = 0, all = rig_count(r, kind); i < all; i++)
		n += rig_event(r, kind, i)->addr == 0x5000;
	rig_off(r);
	return n;
}

static void what_nature_does_unasked(bool calm)
{
	static const struct { enum event_kind kind; bool dirty; } rows[] = {
		{ EV_CACHE_PREFETCH, false }, { EV_CACHE_DROP, false }, { EV_CACHE_WRITEBACK, true } };
	struct board b = test_with(tiny_board(), "nature", calm ? NATURE_CALM : NATURE_RANDOM);

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(events_while_time_passes(b, rows[i].kind, rows[i].dirty) > 0, !calm);
}

static void random_nature_prefetches_evicts_and_writes_back_even_the_only_line_in_use(void **state)
{
	(void)state;
	what_nature_does_unasked(false);
}

static void calm_nature_lets_lines_be(void **state)
{
	(void)state;
	what_nature_does_unasked(true);
}

static void a_cpu_that_does_not_speculate_never_prefetches(void **state)
{
	struct board b = test_with(test_with(tiny_board(), "nature", NATURE_RANDOM), "speculates", 0);

	(void)state;
	assert_int_equal(events_while_time_passes(b, EV_CACHE_PREFETCH, false), 0);
}

/* Ask the same questions of nature that follows a plan. */
static struct asked *follow(struct plan *plan, uint64_t seed, uint32_t picked[ASKED])
{
	struct asked *a = core_alloc(sizeof *a);

	trace_init(&a->trace);
	nature_follow(&a->nature, plan, seed);
	for (uint64_t i = 0; i < ASKED; i++) {
		picked[i] = nature_choose(&a->nature, &a->trace, 10 * i, CHOICE_PACE, i, 4, 4);
		a->count[picked[i]]++;
	}
	return a;
}

static void replaying_nature_deviates_where_its_list_says_and_is_calm_elsewhere(void **state)
{
	static const struct deviation list[] = { { 3, 1 }, { 17, 2 }, { ASKED, 9 } };
	struct plan plan = { .deviation = list, .count = 3 };
	uint32_t picked[ASKED];
	struct asked *a = follow(&plan, 1, picked);

	(void)state;
	assert_false(nature_calm(&a->nature));
	assert_true(nature_spares(&a->nature));
	assert_int_equal(a->count[0], ASKED - 3);
	assert_int_equal(picked[2], 1);
	assert_int_equal(picked[16], 2);
	assert_int_equal(picked[ASKED - 1], 3);      /* there are no more ways than that */
	assert_int_equal(test_count(&a->trace, 1, EV_CHOICE), 3);
	assert_int_equal(test_event(&a->trace, 1, EV_CHOICE, 1)->addr2, 16);
	done(a);
}

static void the_questions_from_the_last_deviation_on_are_kept(void **state)
{
	static const struct deviation list[] = { { 3, 1 }, { 17, 2 } };
	struct question log[8];
	struct plan plan = { .deviation = list, .count = 2, .question = log, .room = 8 };
	uint32_t picked[ASKED];
	struct asked *a = follow(&plan, 1, picked);

	(void)state;
	assert_int_equal(plan.asked, ASKED - 16);    /* more than there is room for */
	assert_int_equal(log[0].number, 17);
	assert_int_equal(log[0].answer, 2);
	assert_int_equal(log[0].seq, 2);
	assert_int_equal(log[1].number, 18);
	assert_int_equal(log[1].answer, 0);
	assert_int_equal(log[1].options, 4);
	assert_int_equal(log[1].cycle, 170);
	assert_int_equal(log[7].number, 24);
	done(a);
}

static void what_was_drawn_at_random_can_be_replayed(void **state)
{
	static struct question log[ASKED];
	static struct deviation list[ASKED];
	struct plan drawn = { .odds = 100, .question = log, .room = ASKED };
	struct plan again = { .deviation = list };
	uint32_t first[ASKED], second[ASKED];
	struct asked *a = follow(&drawn, 5, first), *b;

	(void)state;
	for (size_t i = 0; i < drawn.asked; i++)
		if (log[i].answer)
			list[again.count++] = (struct deviation){ log[i].number, log[i].answer };
	assert_true(again.count > 20 && again.count < 80);
	b = follow(&again, 1, second);
	assert_memory_equal(first, second, sizeof first);
	assert_int_equal(a->trace.next, b->trace.next);
	for (uint64_t seq = 1; seq < a->trace.next; seq++)
		assert_memory_equal(trace_at(&a->trace, seq), trace_at(&b->trace, seq),
				    sizeof(struct event));
	done(a), done(b);
}

static uint64_t asked_by_hits(struct plan *plan, bool coherent)
{
	struct rig *r = rig_on(test_with(tiny_board(), "coherent", coherent));
	uint64_t questions;

	nature_follow(&r->hw.bus.nature, plan, 1);
	hw_plan(&r->hw);
	for (uint64_t i = 0; i < 20; i++)
		rig_store(r, LINEAR_BASE + 0x5000 + 8 * (i % 4), 8, i);
	questions = r->hw.bus.nature.questions;
	rig_off(r);
	return questions;
}

static void who_searches_is_asked_nothing_that_cannot_matter(void **state)
{
	struct plan sparing = { 0 }, thorough = { .thorough = true };

	(void)state;
	assert_int_equal(asked_by_hits(&sparing, false), 0);
	assert_true(asked_by_hits(&thorough, false) > 20);
	assert_int_equal(asked_by_hits(&thorough, true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calm_nature_does_nothing_and_tells_nothing),
		cmocka_unit_test(a_question_with_one_answer_is_no_choice),
		cmocka_unit_test(random_nature_gives_every_answer_about_as_often_as_the_odds_say),
		cmocka_unit_test(a_question_of_odds_1_has_equal_answers),
		cmocka_unit_test(an_answer_other_than_0_is_told_with_the_number_of_its_question),
		cmocka_unit_test(the_same_seed_gives_the_same_answers_and_another_seed_others),
		cmocka_unit_test(random_nature_prefetches_evicts_and_writes_back_even_the_only_line_in_use),
		cmocka_unit_test(calm_nature_lets_lines_be),
		cmocka_unit_test(a_cpu_that_does_not_speculate_never_prefetches),
		cmocka_unit_test(replaying_nature_deviates_where_its_list_says_and_is_calm_elsewhere),
		cmocka_unit_test(the_questions_from_the_last_deviation_on_are_kept),
		cmocka_unit_test(what_was_drawn_at_random_can_be_replayed),
		cmocka_unit_test(who_searches_is_asked_nothing_that_cannot_matter),
	};

	return cmocka_run_group_tests_name("nature", tests, NULL, NULL);
}
