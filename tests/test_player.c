/* Any moment of a recording, however one comes there; and what lies along the way. */
#include "model_rig.h"
#include "random_driver.h"

#include "bench.h"
#include "viz/moment.h"
#include "viz/player.h"
#include "viz/recorder.h"
#include "viz/recording_format.h"

#include <unistd.h>

#define FILE_MAX (32u << 20)

/* What a recorder wrote, in memory. */
struct bytes_of_a_file {
	uint8_t *at;
	size_t n;
};

static struct recorder *record_to(char path[64])
{
	char why[256];
	struct recorder *r;

	strcpy(path, "/tmp/dmalab-player-XXXXXX");
	close(mkstemp(path));
	r = recorder_open(path, why, sizeof why);
	assert_non_null(r);
	return r;
}

static struct bytes_of_a_file take_file(const char *path)
{
	struct bytes_of_a_file b = { core_alloc(FILE_MAX), 0 };
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	b.n = fread(b.at, 1, FILE_MAX, f);
	assert_true(b.n < FILE_MAX);
	fclose(f);
	unlink(path);
	return b;
}

static struct recording *recording_of(struct bytes_of_a_file b)
{
	char why[256];
	struct recording *r = recording_open_bytes(b.at, b.n, why, sizeof why);

	assert_non_null(r);
	return r;
}

static struct bytes_of_a_file record(struct bench *b)
{
	char path[64];
	struct recorder *r = record_to(path);

	bench_settle(b);
	assert_true(recorder_close(r, &b->trace));
	return take_file(path);
}

/* A random session with commands that are undone now and then. */
static void play(struct bench *b, struct script *s, uint64_t commands)
{
	while (commands--) {
		struct script before = *s;

		bench_mark(b);
		operate_often(&b->machine, s, 40);
		bench_keep(b, false);
		if (commands % 10 == 3 && bench_undo(b, 1))
			before.random = s->random, *s = before;
	}
}

/* Two machines, one after the other, in one recording. */
static struct bytes_of_a_file record_two(uint64_t seed, uint64_t commands)
{
	char path[64];
	struct recorder *r = record_to(path);

	for (uint64_t i = 0; i < 2; i++) {
		struct board board = board_number(3 * i + 1);
		struct bench *b = bench_new(&board);
		struct script s = { .random = seed + i };

		play(b, &s, commands);
		bench_settle(b);
		assert_true(recorder_follow(r, &b->trace));
		if (i)
			assert_true(recorder_close(r, &b->trace));
		else
			recorder_restart(r);
		bench_free(b);
	}
	return take_file(path);
}

static struct player *read_all(struct recording *r)
{
	struct player *p = player_new(r);

	while (player_read(p, 10000))
		;
	assert_int_equal(player_count(p), recording_count(r));
	return p;
}

#define PLACES 12

static void any_way_to_a_moment_leads_to_the_same_model(void **state)
{
	uint64_t seed = test_seed(0x5eec), place[PLACES], random = seed;
	struct bytes_of_a_file file = record_two(seed, 16);
	struct recording *r = recording_of(file);
	struct player *p = read_all(r);
	static struct model straight[PLACES];

	(void)state;
	print_message("seed %llu, %llu events\n", (unsigned long long)seed,
		      (unsigned long long)player_count(p));
	assert_true(player_count(p) > 120000);
	for (uint32_t i = 0; i < PLACES; i++)
		place[i] = player_count(p) * i / PLACES + test_below(&random, 5000);
	place[PLACES - 1] = player_count(p);
	for (uint32_t i = 0; i < PLACES; i++) {      /* one step after the other: no keyframe is used */
		for (uint64_t at = player_at(p); at <= place[i]; at += 500)
			player_seek(p, at);
		player_seek(p, place[i]);
		model_copy(&straight[i], player_model(p));
	}
	for (uint32_t n = 0; n < 3 * PLACES; n++) {
		uint32_t i = (uint32_t)test_below(&random, PLACES);

		player_seek(p, place[i] - test_below(&random, min_u64(place[i] + 1, 3000)));
		player_seek(p, place[i]);
		assert_int_equal(player_at(p), place[i]);
		assert_same_models(player_model(p), &straight[i]);
	}
	for (uint32_t i = 0; i < PLACES; i++)
		model_release(&straight[i]);
	player_free(p);
	recording_close(r);
	free(file.at);
}

static void assert_same_life(const struct player *a, const struct player *b, uint32_t i)
{
	const struct life *l = player_life(a, i), *m = player_life(b, i);

	assert_int_equal(l->seq, m->seq);
	assert_int_equal(l->from, m->from);
	assert_int_equal(l->to, m->to);
	assert_int_equal(l->turns, m->turns);
	for (uint32_t k = 0; k < l->turns; k++) {
		assert_int_equal(l->turn[k].at, m->turn[k].at);
		assert_int_equal(l->turn[k].device, m->turn[k].device);
	}
}

static void assert_same_players(struct player *a, struct player *b)
{
	assert_int_equal(player_count(a), player_count(b));
	assert_int_equal(player_flags(a), player_flags(b));
	for (uint32_t i = 0; i < player_flags(a); i++) {
		assert_int_equal(player_flag(a, i)->at, player_flag(b, i)->at);
		assert_int_equal(player_flag(a, i)->rule, player_flag(b, i)->rule);
	}
	assert_int_equal(player_lives(a), player_lives(b));
	for (uint32_t i = 0; i < player_lives(a); i++)
		assert_same_life(a, b, i);
	for (uint64_t i = 0; player_density(a, i); i++)
		assert_memory_equal(player_density(a, i), player_density(b, i), sizeof(struct density));
	player_seek(a, player_count(a));
	player_seek(b, player_count(b));
	assert_same_models(player_model(a), player_model(b));
}

static void reading_in_slices_is_reading_at_once(void **state)
{
	struct bytes_of_a_file file = record_two(77, 6);
	struct recording *r = recording_of(file);
	struct player *p = read_all(r), *sliced = player_new(r);
	uint64_t random = 5;

	(void)state;
	while (player_read(sliced, 1 + test_below(&random, 300)))
		player_seek(sliced, test_below(&random, player_count(sliced)));
	assert_same_players(p, sliced);
	player_free(p);
	player_free(sliced);
	recording_close(r);
	free(file.at);
}

static void a_recording_that_grows_is_followed(void **state)
{
	struct bytes_of_a_file file = record_two(78, 6);
	struct recording *r = recording_of(file), *live = recording_live();
	struct player *p = read_all(r), *along = player_new(live);
	uint64_t random = 5;

	(void)state;
	for (size_t at = 0, n; at < file.n; at += n) {
		n = min_u64(1 + test_below(&random, 40000), file.n - at);
		assert_true(recording_feed(live, file.at + at, n));
		while (player_read(along, 1000))
			;
		player_seek(along, player_count(along));
	}
	assert_same_players(p, along);
	player_free(p);
	player_free(along);
	recording_close(r);
	recording_close(live);
	free(file.at);
}

/* Attributes of a call are the event behind it: here it is the first of a block. */
static struct bytes_of_a_file record_attrs_in_the_next_block(void)
{
	struct trace t;
	char path[64];
	struct recorder *r = record_to(path);
	struct event machine = { .kind = EV_MACHINE, .addr = MIB, .size = 64 };

	trace_init(&t);
	trace_append(&t, 0, &machine);
	while (t.next < RECORDING_BLOCK)
		trace_append(&t, 0, &(struct event){ .kind = EV_CPU_BARRIER });
	trace_append(&t, 0, &(struct event){ .kind = EV_DMA_MAP, .addr = 0x4000, .addr2 = 0x4000,
		.value = LINEAR_BASE + 0x4000, .size = 64, .a = DMA_FROM_DEVICE });
	trace_append(&t, 0, &(struct event){ .kind = EV_DMA_ATTRS, .cause = RECORDING_BLOCK,
		.value = ATTR_SKIP_CPU_SYNC });
	assert_true(recorder_close(r, &t));
	trace_release(&t);
	return take_file(path);
}

static void a_call_waits_for_its_attributes_in_the_next_block(void **state)
{
	struct bytes_of_a_file file = record_attrs_in_the_next_block();
	struct recording *r = recording_of(file), *live = recording_live();
	struct player *p = read_all(r), *along = player_new(live);

	(void)state;
	for (size_t at = 0; at < file.n; at++) {
		assert_true(recording_feed(live, file.at + at, 1));
		while (player_read(along, 1000))
			;
		player_seek(along, player_count(along));
		assert_true(player_count(along) < RECORDING_BLOCK ||
			    player_count(along) == recording_count(live));
	}
	assert_int_equal(ownership_of(model_ownership(player_model(along)), 0x4000)->attrs,
			 ATTR_SKIP_CPU_SYNC);
	assert_same_players(p, along);
	player_free(p);
	player_free(along);
	recording_close(r);
	recording_close(live);
	free(file.at);
}

static void a_flag_stands_where_the_checker_found_a_broken_rule(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 10; i++) {
		struct board board = board_number(i);
		struct bench *b = bench_new(&board);
		struct script s = { .random = 3 + i };
		const struct violations *vs = &b->checker.facts.violations;
		struct bytes_of_a_file file;
		struct recording *r;
		struct player *p;

		operate_often(&b->machine, &s, 3000);
		file = record(b);
		r = recording_of(file);
		p = read_all(r);
		assert_true(vs->count > 0);
		assert_int_equal(player_flags(p), vs->count);
		for (uint32_t k = 0; k < vs->count; k++) {
			assert_int_equal(player_flag(p, k)->at, violations_at(vs, k)->seq);
			assert_int_equal(player_flag(p, k)->rule, violations_at(vs, k)->rule);
		}
		player_seek(p, player_count(p));
		assert_same_violations(model_violations(player_model(p)), vs);
		player_free(p);
		recording_close(r);
		free(file.at);
		bench_free(b);
	}
}

/* A small session of exact calls, and a player at its end. */
struct scene_of_calls {
	struct bench *b;
	struct kernel *k;
	struct bytes_of_a_file file;
	struct recording *r;
	struct player *p;
};

static struct scene_of_calls begin(uint64_t coherent)
{
	struct board board = test_with(tiny_board(), "coherent", coherent);
	struct scene_of_calls s = { .b = bench_new(&board) };

	s.k = &s.b->machine.kernel;
	return s;
}

static void finish(struct scene_of_calls *s)
{
	s->file = record(s->b);
	s->r = recording_of(s->file);
	s->p = read_all(s->r);
}

static void end(struct scene_of_calls *s)
{
	player_free(s->p);
	recording_close(s->r);
	free(s->file.at);
	bench_free(s->b);
}

static uint64_t position_of(const struct scene_of_calls *s, enum event_kind kind)
{
	return test_event(&s->b->trace, 1, kind, 0)->seq;
}

static void a_mapping_lives_and_its_owner_takes_turns(void **state)
{
	struct scene_of_calls s = begin(0);
	vaddr_t va = kmalloc(s.k, 64, GFP_KERNEL);
	dma_addr_t dma = dma_map_single(s.k, 0, va, 64, DMA_FROM_DEVICE);
	const struct life *l;

	(void)state;
	dma_sync_single_for_cpu(s.k, 0, dma, 64, DMA_FROM_DEVICE);
	dma_sync_single_for_cpu(s.k, 0, dma, 64, DMA_FROM_DEVICE);
	dma_sync_single_for_device(s.k, 0, dma, 64, DMA_FROM_DEVICE);
	dma_unmap_single(s.k, 0, dma, 64, DMA_FROM_DEVICE);
	finish(&s);
	assert_int_equal(player_lives(s.p), 1);
	l = player_life(s.p, 0);
	assert_int_equal(l->from, position_of(&s, EV_DMA_MAP));
	assert_int_equal(l->to, position_of(&s, EV_DMA_UNMAP));
	assert_int_equal(l->dma, dma);
	assert_int_equal(l->pa, va - LINEAR_BASE);
	assert_int_equal(l->turns, 3);
	assert_true(l->turn[0].device);
	assert_int_equal(l->turn[0].at, l->from);
	assert_false(l->turn[1].device);
	assert_int_equal(l->turn[1].at, position_of(&s, EV_DMA_SYNC_CPU));
	assert_true(l->turn[2].device);
	end(&s);
}

static void coherent_memory_lives_without_turns(void **state)
{
	struct scene_of_calls s = begin(0);
	dma_addr_t dma;
	vaddr_t va = dma_alloc_coherent(s.k, 0, 100, &dma, GFP_KERNEL);

	(void)state;
	dma_free_coherent(s.k, 0, 100, va, dma);
	va = dma_alloc_coherent(s.k, 0, 100, &dma, GFP_KERNEL);
	finish(&s);
	assert_int_equal(player_lives(s.p), 2);
	assert_int_equal(player_life(s.p, 0)->to, position_of(&s, EV_DMA_FREE));
	assert_int_equal(player_life(s.p, 1)->to, UINT64_MAX);
	assert_int_equal(player_life(s.p, 1)->turns, 0);
	end(&s);
}

static void calls_are_found_in_both_directions(void **state)
{
	struct bytes_of_a_file file = record_two(79, 8);
	struct recording *r = recording_of(file);
	struct player *p = read_all(r);
	uint64_t at = 0, before = 0, calls = 0, all = 0;

	(void)state;
	for (uint64_t i = 0; i < player_count(p); i++)
		all += event_is_call(player_event(p, i));
	while ((at = player_next_call(p, at, 1)) != UINT64_MAX) {
		assert_true(event_is_call(player_event(p, at - 1)));
		assert_int_equal(player_next_call(p, at, -1), calls ? before : UINT64_MAX);
		before = at;
		calls++;
	}
	assert_int_equal(calls, all);
	player_free(p);
	recording_close(r);
	free(file.at);
}

static void flags_are_found_in_both_directions(void **state)
{
	struct bytes_of_a_file file = record_two(80, 8);
	struct recording *r = recording_of(file);
	struct player *p = read_all(r);
	uint32_t n = player_flags(p);
	uint64_t first = player_flag(p, 0)->at, last = player_flag(p, n - 1)->at;

	(void)state;
	assert_true(n > 2);
	assert_int_equal(player_next_flag(p, 0, 1), first);
	assert_int_equal(player_next_flag(p, 0, -1), UINT64_MAX);
	assert_int_equal(player_next_flag(p, first, -1), UINT64_MAX);
	assert_int_equal(player_next_flag(p, first + 1, -1), first);
	assert_int_equal(player_next_flag(p, last, 1), UINT64_MAX);
	assert_int_equal(player_next_flag(p, last - 1, 1), last);
	assert_int_equal(player_next_flag(p, UINT64_MAX, -1), last);
	player_free(p);
	recording_close(r);
	free(file.at);
}

/* Undone: the list has it no more, as at the prompt; the flag tells that it was there. */
static void undo_takes_a_violation_back_and_leaves_its_flag(void **state)
{
	struct scene_of_calls s = begin(0);
	vaddr_t va = kmalloc(s.k, 64, GFP_KERNEL);

	(void)state;
	bench_mark(s.b);
	kfree(s.k, va);
	kfree(s.k, va);
	bench_keep(s.b, false);
	bench_settle(s.b);
	assert_int_equal(s.b->checker.facts.violations.count, 1);
	bench_undo(s.b, 1);
	finish(&s);
	assert_int_equal(player_flags(s.p), 1);
	player_seek(s.p, player_flag(s.p, 0)->at);
	assert_int_equal(model_violations(player_model(s.p))->count, 1);
	player_seek(s.p, position_of(&s, EV_UNDO) - 1);
	assert_int_equal(model_violations(player_model(s.p))->count, 1);
	player_seek(s.p, player_count(s.p));
	assert_int_equal(model_violations(player_model(s.p))->count, 0);
	end(&s);
}

/* What is undone leaves its place in the list to the next one. */
static void a_flag_tells_of_its_own_violation_alone(void **state)
{
	struct scene_of_calls s = begin(0);
	vaddr_t va = kmalloc(s.k, 64, GFP_KERNEL);
	dma_addr_t dma;

	(void)state;
	bench_mark(s.b);
	kfree(s.k, va);
	kfree(s.k, va);
	bench_keep(s.b, false);
	bench_undo(s.b, 1);
	dma = dma_map_single(s.k, 0, va, 64, DMA_FROM_DEVICE);
	assert_true(dma != DMA_MAPPING_ERROR);
	kfree(s.k, va);
	finish(&s);
	assert_int_equal(player_flags(s.p), 2);
	assert_int_equal(player_flag(s.p, 0)->violation, player_flag(s.p, 1)->violation);
	assert_int_not_equal(player_flag(s.p, 0)->rule, player_flag(s.p, 1)->rule);
	player_seek(s.p, player_flag(s.p, 0)->at);
	assert_int_equal(player_violation(s.p, player_flag(s.p, 0))->rule, RULE_DOUBLE_FREE);
	player_seek(s.p, player_count(s.p));
	assert_null(player_violation(s.p, player_flag(s.p, 0)));
	assert_int_equal(player_violation(s.p, player_flag(s.p, 1))->rule, RULE_FREE_MAPPED);
	end(&s);
}

/* Numbers begin again with the second machine: the same number is two lives. */
static void a_life_is_found_by_the_machine_that_is_on(void **state)
{
	struct bytes_of_a_file file = record_two(83, 12);
	struct recording *r = recording_of(file);
	struct player *p = read_all(r);

	(void)state;
	assert_true(player_lives(p) > 1);
	for (uint32_t i = 0; i < player_lives(p); i++) {
		const struct life *l = player_life(p, i);

		player_seek(p, l->from);
		assert_ptr_equal(player_life_of(p, l->seq), l);
		assert_true(player_lives_until(p, l->from) > i);
		assert_true(player_lives_until(p, l->from - 1) <= i);
		assert_null(player_life_of(p, UINT64_MAX));
	}
	player_free(p);
	recording_close(r);
	free(file.at);
}

static void breaks_are_machines_and_what_was_undone(void **state)
{
	struct bytes_of_a_file file = record_two(84, 16);
	struct recording *r = recording_of(file);
	struct player *p = read_all(r);
	uint32_t n = 0;

	(void)state;
	for (uint64_t at = 0; at < player_count(p); at++) {
		const struct event *e = player_event(p, at);

		if (e->kind != EV_MACHINE && e->kind != EV_UNDO)
			continue;
		assert_int_equal(player_landmarks_until(p, LANDMARK_BREAK, at), n);
		assert_int_equal(player_landmark(p, LANDMARK_BREAK, n++), at + 1);
	}
	assert_true(n > 2);
	assert_int_equal(player_landmarks(p, LANDMARK_BREAK), n);
	player_free(p);
	recording_close(r);
	free(file.at);
}

static void another_machine_knows_nothing_of_the_one_before(void **state)
{
	struct bytes_of_a_file file = record_two(81, 5);
	struct recording *r = recording_of(file);
	struct player *p = read_all(r);
	uint64_t on = 1;

	(void)state;
	while (player_event(p, on)->seq != 1)
		on++;
	player_seek(p, on + 1);
	assert_int_equal(player_model(p)->event.kind, EV_MACHINE);
	assert_int_equal(player_model(p)->machines, 2);
	assert_int_equal(model_violations(player_model(p))->count, 0);
	assert_int_equal(player_model(p)->allocation_end, 0);
	assert_int_equal(player_model(p)->devices, 0);
	for (uint32_t i = 0; i < player_lives(p); i++)
		assert_true(player_life(p, i)->from > on || player_life(p, i)->to <= on + 1);
	player_free(p);
	recording_close(r);
	free(file.at);
}

static void a_cycle_is_found(void **state)
{
	struct bytes_of_a_file file = record_two(82, 8);
	struct recording *r = recording_of(file);
	struct player *p = read_all(r);

	(void)state;
	for (uint64_t cycle = 0; cycle < 20000; cycle += 777) {
		uint64_t at = 1;

		while (player_event(p, at - 1)->cycle < cycle)
			at++;
		assert_int_equal(player_find_cycle(p, cycle), at);
	}
	assert_int_equal(player_find_cycle(p, UINT64_MAX), UINT64_MAX);
	player_free(p);
	recording_close(r);
	free(file.at);
}

/* Numbers begin at 1 on every machine; a person means the last one that has it. */
static void a_moment_is_named_as_a_person_names_it(void **state)
{
	struct bytes_of_a_file file = record_two(83, 5);
	struct recording *r = recording_of(file);
	struct player *p = read_all(r);
	uint64_t last = player_count(p), at;
	char why[128];

	(void)state;
	at = moment_find(p, "1", why, sizeof why);
	assert_true(at > 1);
	assert_int_equal(player_event(p, at - 1)->kind, EV_MACHINE);
	assert_int_equal(moment_find(p, "end", why, sizeof why), last);
	assert_int_equal(moment_find(p, "cycle:0", why, sizeof why), 1);
	assert_int_equal(moment_find(p, "violation:999999", why, sizeof why), UINT64_MAX);
	assert_string_equal(why, "there is no violation 999999 in this recording");
	assert_int_equal(moment_find(p, "soon", why, sizeof why), UINT64_MAX);
	assert_int_equal(moment_find(p, "12x", why, sizeof why), UINT64_MAX);
	player_free(p);
	recording_close(r);
	free(file.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_way_to_a_moment_leads_to_the_same_model),
		cmocka_unit_test(reading_in_slices_is_reading_at_once),
		cmocka_unit_test(a_recording_that_grows_is_followed),
		cmocka_unit_test(a_call_waits_for_its_attributes_in_the_next_block),
		cmocka_unit_test(a_flag_stands_where_the_checker_found_a_broken_rule),
		cmocka_unit_test(a_mapping_lives_and_its_owner_takes_turns),
		cmocka_unit_test(coherent_memory_lives_without_turns),
		cmocka_unit_test(calls_are_found_in_both_directions),
		cmocka_unit_test(flags_are_found_in_both_directions),
		cmocka_unit_test(undo_takes_a_violation_back_and_leaves_its_flag),
		cmocka_unit_test(a_flag_tells_of_its_own_violation_alone),
		cmocka_unit_test(a_life_is_found_by_the_machine_that_is_on),
		cmocka_unit_test(breaks_are_machines_and_what_was_undone),
		cmocka_unit_test(another_machine_knows_nothing_of_the_one_before),
		cmocka_unit_test(a_cycle_is_found),
		cmocka_unit_test(a_moment_is_named_as_a_person_names_it),
	};

	return cmocka_run_group_tests_name("player", tests, NULL, NULL);
}
