#include "harness.h"

/* n events whose addr is their number. */
static void append(struct trace *t, uint64_t n)
{
	while (n--) {
		uint64_t seq = t->next;

		assert_int_equal(trace_append(t, 10 * seq, &(struct event){ .kind = EV_KEY_END, .addr = seq }), seq);
	}
}

static void assert_holds(const struct trace *t, uint64_t first, uint64_t next)
{
	assert_int_equal(t->first, first);
	assert_int_equal(t->next, next);
	assert_null(trace_at(t, first - 1));
	assert_null(trace_at(t, next));
	for (uint64_t seq = first; seq < next; seq++)
		assert_int_equal(trace_at(t, seq)->addr, seq);
}

static void an_empty_trace_has_nothing_to_read(void **state)
{
	struct cursor c = { 1 };
	struct trace t;
	uint64_t lost = 0;

	(void)state;
	trace_init(&t);
	assert_null(trace_read(&t, &c, &lost));
	assert_holds(&t, 1, 1);
	trace_trim(&t, 0);
	assert_holds(&t, 1, 1);
	assert_int_equal(lost, 0);
	trace_release(&t);
}

static void append_fills_in_number_cycle_and_cause(void **state)
{
	struct event e = { .kind = EV_CPU_LOAD, .addr = 1, .value = 0xfeed, .seq = 99, .cycle = 99 };
	const struct event *told;
	struct trace t;

	(void)state;
	trace_init(&t);
	t.cause = 5;
	assert_int_equal(trace_append(&t, 1234, &e), 1);
	e.cause = 7;
	assert_int_equal(trace_append(&t, 1235, &e), 2);
	told = trace_at(&t, 1);
	assert_int_equal(told->seq, 1);
	assert_int_equal(told->cycle, 1234);
	assert_int_equal(told->value, 0xfeed);
	assert_int_equal(told->cause, 5);
	assert_int_equal(trace_at(&t, 2)->cause, 7);
	trace_release(&t);
}

static void a_kind_nobody_wants_is_not_appended(void **state)
{
	struct trace t;

	(void)state;
	trace_init(&t);
	t.kinds[EV_CPU_LOAD / 64] &= ~((uint64_t)1 << EV_CPU_LOAD % 64);
	assert_false(trace_wants(&t, EV_CPU_LOAD));
	assert_true(trace_wants(&t, EV_CPU_STORE));
	assert_int_equal(trace_append(&t, 0, &(struct event){ .kind = EV_CPU_LOAD }), 0);
	assert_int_equal(trace_append(&t, 0, &(struct event){ .kind = EV_CPU_STORE }), 1);
	assert_int_equal(t.next, 2);
	trace_release(&t);
}

static void each_cursor_reads_every_event_once_and_in_order(void **state)
{
	struct cursor early = { 1 }, late = { 1 };
	const struct event *e;
	struct trace t;
	uint64_t lost = 0;

	(void)state;
	trace_init(&t);
	for (uint64_t round = 0; round < 3; round++) {
		append(&t, TRACE_CHUNK - 1);
		for (uint64_t want = early.next; (e = trace_read(&t, &early, &lost)); want++)
			assert_int_equal(e->seq, want);
		assert_int_equal(early.next, t.next);
	}
	for (uint64_t want = 1; (e = trace_read(&t, &late, &lost)); want++)
		assert_int_equal(e->seq, want);
	assert_int_equal(late.next, t.next);
	assert_int_equal(lost, 0);
	trace_release(&t);
}

static void a_cursor_that_fell_behind_learns_how_much_it_lost(void **state)
{
	struct cursor c = { 1 };
	struct trace t;
	uint64_t lost = 100;

	(void)state;
	trace_init(&t);
	append(&t, 10);
	trace_trim(&t, 4);
	assert_int_equal(trace_read(&t, &c, &lost)->seq, 7);
	assert_int_equal(lost, 106);
	assert_int_equal(trace_read(&t, &c, &lost)->seq, 8);
	assert_int_equal(lost, 106);
	trace_release(&t);
}

/* Chunks begin and end in every possible place. */
static void trimming_leaves_the_newest_and_the_trace_goes_on(void **state)
{
	static const uint64_t counts[] = { 1, TRACE_CHUNK - 1, TRACE_CHUNK, TRACE_CHUNK + 1, 3 * TRACE_CHUNK },
			      keeps[] = { 0, 1, TRACE_CHUNK - 1, TRACE_CHUNK, TRACE_CHUNK + 1, 5 * TRACE_CHUNK };

	(void)state;
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < 6; k++) {
			uint64_t n = counts[i], kept = min_u64(n, keeps[k]);
			struct trace t;

			trace_init(&t);
			append(&t, n);
			trace_trim(&t, keeps[k]);
			assert_holds(&t, n - kept + 1, n + 1);
			append(&t, TRACE_CHUNK + 2);
			assert_holds(&t, n - kept + 1, n + TRACE_CHUNK + 3);
			trace_release(&t);
		}
}

static void a_trace_trimmed_at_every_safe_point_stays_small(void **state)
{
	struct trace t;

	(void)state;
	trace_init(&t);
	for (int i = 0; i < 200; i++) {
		append(&t, TRACE_CHUNK / 2 + 3);
		trace_trim(&t, TRACE_CHUNK);
		assert_true(t.chunks <= 3);
	}
	assert_holds(&t, t.next - TRACE_CHUNK, t.next);
	assert_true(t.room <= 64);
	trace_release(&t);
}

static void a_released_trace_begins_anew(void **state)
{
	struct trace t;

	(void)state;
	trace_init(&t);
	append(&t, 100 * TRACE_CHUNK);
	trace_release(&t);
	assert_holds(&t, 1, 1);
	append(&t, 1);
	assert_holds(&t, 1, 2);
	trace_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_trace_has_nothing_to_read),
		cmocka_unit_test(append_fills_in_number_cycle_and_cause),
		cmocka_unit_test(a_kind_nobody_wants_is_not_appended),
		cmocka_unit_test(each_cursor_reads_every_event_once_and_in_order),
		cmocka_unit_test(a_cursor_that_fell_behind_learns_how_much_it_lost),
		cmocka_unit_test(trimming_leaves_the_newest_and_the_trace_goes_on),
		cmocka_unit_test(a_trace_trimmed_at_every_safe_point_stays_small),
		cmocka_unit_test(a_released_trace_begins_anew),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
