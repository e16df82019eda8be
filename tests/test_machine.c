/*
 * The machine as a value: what the same script does twice, in two machines at once, after a copy,
 * after undo, and as the trace alone tells it.
 */
#include "harness.h"

#include "bench.h"
#include "random_driver.h"

/* A machine, its trace, and who drives it. */
struct stand {
	struct machine machine;
	struct trace trace;
	struct script script;
};

static struct stand *stand_new(struct board b, uint64_t seed)
{
	struct stand *s = core_alloc(sizeof *s);

	assert_null(board_mistake(&b));
	trace_init(&s->trace);
	machine_init(&s->machine, &b, &s->trace);
	s->script.random = seed;
	return s;
}

/* A copy with a trace of its own, as if it had always been alone. */
static struct stand *stand_copy(struct stand *from)
{
	struct stand *s = core_alloc(sizeof *s);

	trace_init(&s->trace);
	machine_copy(&s->machine, &from->machine);
	hw_wire(&s->machine.hw, &s->trace);
	s->script = from->script;
	return s;
}

static void stand_free(struct stand *s)
{
	machine_release(&s->machine);
	trace_release(&s->trace);
	free(s);
}

static void run(struct stand *s, uint64_t times)
{
	operate_often(&s->machine, &s->script, times);
}

/* n events of two traces are the same but for their numbers. */
static void assert_same_events(const struct trace *a, uint64_t from_a, const struct trace *b, uint64_t from_b)
{
	assert_int_equal(a->next - from_a, b->next - from_b);
	for (uint64_t i = 0; from_a + i < a->next; i++) {
		struct event x = *trace_at(a, from_a + i), y = *trace_at(b, from_b + i);

		assert_int_equal(x.kind, y.kind);
		x.seq = y.seq = 0;
		x.cause = x.cause != 0, y.cause = y.cause != 0;
		assert_memory_equal(&x, &y, sizeof x);
	}
}

/* Both tell the same of themselves, and do the same from now on. */
static void assert_same_machines(struct machine *a, struct script *sa, struct machine *b, struct script *sb)
{
	const struct trace *ta = a->hw.bus.trace, *tb = b->hw.bus.trace;
	uint64_t from_a = ta->next, from_b = tb->next;

	machine_keyframe(a);
	machine_keyframe(b);
	operate_often(a, sa, 300);
	operate_often(b, sb, 300);
	machine_keyframe(a);
	machine_keyframe(b);
	assert_same_events(ta, from_a, tb, from_b);
}

static void a_machine_first_tells_what_it_is(void **state)
{
	struct stand *s = stand_new(test_with(tiny_board(), "l2_sets", 16), 1);
	const struct event *on = trace_at(&s->trace, 1), *l2 = trace_at(&s->trace, 3);

	(void)state;
	assert_int_equal(on->kind, EV_MACHINE);
	assert_int_equal(on->addr, 256 * KIB);
	assert_int_equal(on->addr2, 2 * GIB);
	assert_int_equal(on->size, 16);
	assert_int_equal(on->a, 2);
	assert_int_equal(trace_at(&s->trace, 2)->kind, EV_MACHINE_CACHE);
	assert_int_equal(l2->kind, EV_MACHINE_CACHE);
	assert_int_equal(l2->unit, 2);
	assert_int_equal(l2->size, 16);
	assert_int_equal(l2->a, s->machine.hw.board.l2_ways);
	stand_free(s);
}

static void the_script_does_all_it_is_meant_to(void **state)
{
	static const enum event_kind kinds[] = {
		EV_MEM_ALLOC, EV_MEM_FREE, EV_VM_MAP, EV_IO_MAP, EV_DMA_MAP, EV_DMA_UNMAP, EV_DMA_MAP_FAIL,
		EV_DMA_SYNC_CPU, EV_DMA_SYNC_DEVICE, EV_DMA_ALLOC, EV_DMA_FREE, EV_DEV_READ, EV_DEV_WRITE,
		EV_DEV_DONE, EV_CPU_LOAD, EV_CPU_STORE, EV_SB_DRAIN, EV_CACHE_WRITEBACK, EV_IRQ_RAISE, EV_CHOICE };
	struct stand *s = stand_new(board_number(1), test_seed(0xd0e5));

	(void)state;
	run(s, 5000);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (!test_count(&s->trace, 1, kinds[i]))
			fail_msg("no %s", event_info[kinds[i]].name);
	stand_free(s);
}

static void the_same_board_script_and_seed_give_the_same_trace_byte_for_byte(void **state)
{
	uint64_t seed = test_seed(0x5a3e);

	(void)state;
	for (uint64_t i = 0; i < 10; i++) {
		struct stand *a = stand_new(board_number(i), seed + i), *b = stand_new(board_number(i), seed + i);

		run(a, 500);
		run(b, 500);
		assert_int_equal(a->trace.next, b->trace.next);
		for (uint64_t seq = 1; seq < a->trace.next; seq++)
			assert_memory_equal(trace_at(&a->trace, seq), trace_at(&b->trace, seq), sizeof(struct event));
		stand_free(a);
		stand_free(b);
	}
}

static void another_seed_of_nature_gives_another_trace(void **state)
{
	struct stand *a = stand_new(test_with(board_number(1), "seed", 1), 5),
		     *b = stand_new(test_with(board_number(1), "seed", 2), 5);

	(void)state;
	run(a, 1000);
	run(b, 1000);
	assert_int_not_equal(a->machine.hw.bus.nature.random, b->machine.hw.bus.nature.random);
	assert_int_not_equal(a->machine.hw.bus.cycle, b->machine.hw.bus.cycle);
	stand_free(a);
	stand_free(b);
}

static void two_machines_side_by_side_do_not_disturb_each_other(void **state)
{
	uint64_t seed = test_seed(0x2b2b);

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		struct stand *s[4];

		for (uint64_t k = 0; k < 4; k++)
			s[k] = stand_new(board_number(i + k % 2), seed + k % 2);
		run(s[0], 400);
		run(s[1], 400);
		for (int step = 0; step < 400; step++)
			run(s[2], 1), run(s[3], 1);
		assert_same_events(&s[0]->trace, 1, &s[2]->trace, 1);
		assert_same_events(&s[1]->trace, 1, &s[3]->trace, 1);
		for (uint64_t k = 0; k < 4; k++)
			stand_free(s[k]);
	}
}

static void a_copy_goes_on_as_the_original_would_have_whatever_that_does(void **state)
{
	uint64_t seed = test_seed(0xc0c0);

	(void)state;
	for (uint64_t i = 0; i < 10; i++) {
		struct stand *s = stand_new(board_number(i), seed + i), *copy,
			     *fresh = stand_new(board_number(i), seed + i);

		run(s, 200);
		copy = stand_copy(s);
		s->script.random ^= 0xabcdef;
		run(s, 200);
		run(copy, 200);
		run(fresh, 400);
		assert_same_machines(&copy->machine, &copy->script, &fresh->machine, &fresh->script);
		stand_free(s), stand_free(copy), stand_free(fresh);
	}
}

static void a_keyframe_changes_nothing(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		struct stand *a = stand_new(board_number(i), 77), *b = stand_new(board_number(i), 77);
		uint64_t from_a, from_b;

		run(a, 500), run(b, 500);
		machine_keyframe(&a->machine);
		from_a = a->trace.next, from_b = b->trace.next;
		run(a, 500), run(b, 500);
		assert_same_events(&a->trace, from_a, &b->trace, from_b);
		stand_free(a), stand_free(b);
	}
}

/* Fold all events from number `from` on. */
static void fold(struct shadow *s, const struct trace *t, uint64_t from)
{
	for (uint64_t seq = from; seq < t->next; seq++)
		shadow_event(s, trace_at(t, seq));
}

static void assert_same_shadow_lines(const struct shadow_cache *a, const struct shadow_cache *b,
				     uint32_t line, uint64_t seed)
{
	assert_int_equal(a->sets * a->ways, b->sets * b->ways);
	for (uint32_t i = 0; i < a->sets * a->ways; i++) {
		const struct shadow_line *l = cow_read(&a->lines, i), *m = cow_read(&b->lines, i);

		assert_seeded(l->valid == m->valid, seed, i);
		if (!l->valid)
			continue;
		assert_seeded(l->pa == m->pa && l->dirty == m->dirty, seed, i);
		assert_seeded(!memcmp(l->bytes, m->bytes, line), seed, i);
	}
}

/* RAM, lines and pending stores; who wrote a byte is known only to who was there. */
static void assert_same_shadows(const struct shadow *a, const struct shadow *b, uint64_t seed)
{
	assert_int_equal(a->ram_bytes, b->ram_bytes);
	for (uint64_t pa = 0; pa < a->ram_bytes; pa += PAGE_SIZE)
		assert_seeded(!memcmp(shadow_page(a, pa)->bytes, shadow_page(b, pa)->bytes, PAGE_SIZE), seed, pa);
	assert_same_shadow_lines(&a->cache[1], &b->cache[1], a->line, seed);
	assert_same_shadow_lines(&a->cache[2], &b->cache[2], a->line, seed);
	assert_int_equal(a->stores, b->stores);
	for (uint32_t i = 0; i < a->stores; i++) {
		assert_seeded(a->store[i].pa == b->store[i].pa && a->store[i].size == b->store[i].size, seed, i);
		assert_seeded(a->store[i].value == b->store[i].value, seed, i);
	}
}

/* What the shadow says of a level's lines, where somebody watches, is what the cache holds. */
static void assert_lines_are_true(struct hw *h, const struct shadow *told, uint32_t level, uint64_t seed)
{
	for (paddr_t pa = 0; hw_cache(h, level) && pa < told->ram_bytes; pa += told->line) {
		const struct shadow_line *l = shadow_line(told, level, pa);
		const struct line *m = cache_find(hw_cache(h, level), pa);

		if (!bus_sees(&h->bus, pa))
			continue;
		assert_seeded(!l == !m, seed, pa);
		assert_seeded(!l || !memcmp(l->bytes, m->bytes, told->line), seed, pa);
		assert_seeded(!l || (m->state == LINE_MODIFIED) == l->dirty, seed, pa);
	}
}

static void assert_shadow_is_true_where_somebody_looks(struct stand *s, const struct shadow *told, uint64_t seed)
{
	struct bus *bus = &s->machine.hw.bus;

	for (paddr_t pa = 0; pa < told->ram_bytes; pa += PAGE_SIZE) {
		const void *page = cow_read(&bus->ram, pa >> PAGE_SHIFT);

		assert_seeded(shadow_sees(told, pa) == bus_sees(bus, pa), seed, pa);
		assert_seeded(!bus_sees(bus, pa) || !memcmp(shadow_page(told, pa)->bytes, page, PAGE_SIZE), seed, pa);
	}
	assert_lines_are_true(&s->machine.hw, told, 1, seed);
	assert_lines_are_true(&s->machine.hw, told, 2, seed);
}

/* Run, and hold what the trace told against the machine now and then. */
static void run_and_fold(struct stand *s, struct shadow *told, uint64_t times, uint64_t seed)
{
	for (uint64_t done = 0; done < times; done += 50) {
		uint64_t from = s->trace.next;

		run(s, 50);
		fold(told, &s->trace, from);
		assert_shadow_is_true_where_somebody_looks(s, told, seed);
	}
}

static void the_fold_of_a_long_run_is_the_machine_and_the_fold_of_a_keyframe(void **state)
{
	uint64_t seed = test_seed(0xf01d);

	(void)state;
	for (uint64_t i = 0; i < 20; i++) {
		struct stand *s = stand_new(board_number(i), seed + i);
		struct shadow all, late;
		uint64_t from;

		shadow_init(&all), shadow_init(&late);
		fold(&all, &s->trace, 1);
		run_and_fold(s, &all, 1000, seed + i);
		from = s->trace.next;
		machine_keyframe(&s->machine);
		fold(&late, &s->trace, from);
		assert_same_shadows(&all, &late, seed + i);
		run_and_fold(s, &late, 100, seed + i);
		shadow_release(&all), shadow_release(&late);
		stand_free(s);
	}
}

static void pages_watched_now_and_then_are_told_truly_while_they_are(void **state)
{
	uint64_t seed = test_seed(0x3a7c);

	(void)state;
	for (uint64_t i = 0; i < 10; i++) {
		struct stand *s = stand_new(board_number(i), seed + i);
		uint64_t random = seed + i, from = 1;
		struct shadow told;

		shadow_init(&told);
		for (int round = 0; round < 20; round++) {
			uint64_t n = 1 + test_below(&random, 8 * PAGE_SIZE);

			machine_watch(&s->machine, test_below(&random, 256 * KIB), n, test_below(&random, 2));
			fold(&told, &s->trace, from);
			run_and_fold(s, &told, 50, seed + i);
			from = s->trace.next;
		}
		machine_watch_all(&s->machine, true);
		fold(&told, &s->trace, from);
		run_and_fold(s, &told, 50, seed + i);
		shadow_release(&told);
		stand_free(s);
	}
}

static void a_page_nobody_watches_leaves_no_access_in_the_trace(void **state)
{
	static const enum event_kind kinds[] = {
		EV_CPU_LOAD, EV_CPU_STORE, EV_CACHE_FILL, EV_CACHE_DROP, EV_CACHE_WRITEBACK };
	struct stand *s = stand_new(board_number(2), 9);
	uint64_t from;

	(void)state;
	machine_watch_all(&s->machine, false);
	assert_int_equal(trace_at(&s->trace, s->trace.next - 1)->kind, EV_WATCH);
	from = s->trace.next;
	run(s, 2000);
	for (size_t i = 0; i < 5; i++)
		for (uint64_t k = 0, n = test_count(&s->trace, from, kinds[i]); k < n; k++)
			assert_true(test_event(&s->trace, from, kinds[i], k)->addr2 >= DEVICE_BASE);
	assert_true(test_count(&s->trace, from, EV_DMA_MAP) > 0 && test_count(&s->trace, from, EV_DEV_WRITE) > 0);
	stand_free(s);
}

/* Accesses that hit are told, or not, as soon as somebody looks, or no more. */
static void a_hit_is_told_from_the_moment_its_page_is_watched(void **state)
{
	static const struct { bool all, on; uint64_t told; } rows[] = {
		{ true, true, 1 }, { true, false, 0 }, { false, true, 1 }, { false, false, 0 }, { false, true, 1 } };
	struct stand *s = stand_new(tiny_board(), 1);
	struct machine *m = &s->machine;
	vaddr_t va = LINEAR_BASE + 0x8000;
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		uint64_t from;

		if (rows[i].all)
			machine_watch_all(m, rows[i].on);
		else
			machine_watch(m, 0x8000, 1, rows[i].on);
		from = s->trace.next;
		assert_int_equal(cpu_store(&m->hw, va, 8, i), OK);
		assert_int_equal(cpu_load(&m->hw, va, 8, &value), OK);
		assert_int_equal(value, i);
		assert_int_equal(test_count(&s->trace, from, EV_CPU_STORE), rows[i].told);
		assert_int_equal(test_count(&s->trace, from, EV_CPU_LOAD), rows[i].told);
	}
	stand_free(s);
}

static void watching_changes_no_result(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 6; i++) {
		struct stand *seen = stand_new(board_number(i), 31 + i), *unseen = stand_new(board_number(i), 31 + i);

		machine_watch_all(&unseen->machine, false);
		run(seen, 500), run(unseen, 500);
		machine_watch_all(&unseen->machine, true);
		assert_same_machines(&seen->machine, &seen->script, &unseen->machine, &unseen->script);
		stand_free(seen), stand_free(unseen);
	}
}

/* A reader that arrives late must not take silence for a page where nothing happens. */
static void a_keyframe_tells_which_pages_nobody_watches(void **state)
{
	struct stand *s = stand_new(board_number(2), 3);
	struct shadow late;
	uint64_t from;

	(void)state;
	run(s, 300);
	machine_watch_all(&s->machine, false);
	machine_watch(&s->machine, 0x8000, 4 * PAGE_SIZE, true);
	from = s->trace.next;
	machine_keyframe(&s->machine);
	shadow_init(&late);
	fold(&late, &s->trace, from);
	assert_shadow_is_true_where_somebody_looks(s, &late, 3);
	shadow_release(&late);
	stand_free(s);
}

static size_t owned(const struct machine *m)
{
	return cow_owned(&m->hw.bus.ram) + cow_owned(&m->hw.l1.store) + cow_owned(&m->hw.l2.store) +
	       cow_owned(&m->hw.mmu.table) + cow_owned(&m->hw.device_state) + cow_owned(&m->kernel.frames) +
	       cow_owned(&m->kernel.slabs);
}

static void a_snapshot_shares_its_pages_and_pays_for_what_changes(void **state)
{
	struct stand *s = stand_new(board_default(), 4);
	struct machine copy[20];
	size_t all;

	(void)state;
	for (uint64_t pa = 2 * MIB; pa < 10 * MIB; pa += 64)
		assert_int_equal(cpu_store(&s->machine.hw, LINEAR_BASE + pa, 8, pa), OK);
	all = owned(&s->machine);
	assert_true(all > 7 * MIB);
	for (uint64_t i = 0; i < 20; i++) {
		machine_copy(&copy[i], &s->machine);
		assert_int_equal(owned(&copy[i]) + owned(&s->machine), 0);
		assert_int_equal(cpu_store(&s->machine.hw, LINEAR_BASE + 4 * MIB + i * PAGE_SIZE, 8, i), OK);
		assert_true(owned(&s->machine) < 64 * KIB);
	}
	for (uint64_t i = 0; i < 20; i++) {
		assert_true(owned(&copy[i]) < 64 * KIB);
		machine_release(&copy[i]);
	}
	assert_true(owned(&s->machine) >= all);
	stand_free(s);
}

static struct stand *stand_with_busy_device(void)
{
	struct stand *s = stand_new(test_with(tiny_board(), "cycles_device", 500), 1);
	struct script *script = &s->script;

	script->bar = ioremap(&s->machine.kernel, hw_device_bar(0), PAGE_SIZE, ATTR_DEVICE);
	set_reg(&s->machine, script, 0x80, 2 * GIB + 0x8000);
	set_reg(&s->machine, script, 0x88, 0x40000);
	set_reg(&s->machine, script, 0x90, 16);
	set_reg(&s->machine, script, 0x98, 1);
	cpu_barrier(&s->machine.hw, BARRIER_MB);
	return s;
}

static void waiting_lets_time_pass_until_the_device_is_idle(void **state)
{
	struct stand *s = stand_with_busy_device();

	(void)state;
	assert_true(machine_wait(&s->machine, 0, 1000));
	assert_int_equal(test_count(&s->trace, 1, EV_DEV_DONE), 1);
	assert_int_equal(s->machine.hw.bus.cycle, test_event(&s->trace, 1, EV_DEV_START, 0)->cycle + 504);
	assert_true(machine_wait(&s->machine, 0, 0));
	stand_free(s);
}

/* So that waiting again and again, a little at a time, comes to an end. */
static void waiting_in_vain_takes_as_long_as_it_was_given(void **state)
{
	struct stand *s = stand_with_busy_device();
	uint64_t begun = s->machine.hw.bus.cycle;

	(void)state;
	assert_false(machine_wait(&s->machine, 0, 100));
	assert_int_equal(s->machine.hw.bus.cycle, begun + 100);
	stand_free(s);
}

/* A command at the prompt: some operations, one step of undo. */
static void command(struct bench *b, struct script *s)
{
	bench_mark(b);
	operate_often(&b->machine, s, 20);
	bench_settle(b);
	assert_true(bench_keep(b, false));
}

static void undo_is_as_if_the_commands_had_never_been_typed(void **state)
{
	uint64_t seed = test_seed(0x04d0);

	(void)state;
	for (uint64_t i = 0; i < 10; i++) {
		struct board board = board_number(i);
		struct bench *b = bench_new(&board), *fresh = bench_new(&board);
		struct script at[30] = { { .random = seed + i } }, s = at[0], again = at[0];
		uint64_t random = seed + i;
		uint32_t done = 0;

		for (int round = 0; round < 6; round++) {
			uint32_t more = 1 + (uint32_t)test_below(&random, 4), back;

			for (; more--; command(b, &s))
				at[done++] = s;
			back = (uint32_t)test_below(&random, done + 1);
			assert_int_equal(bench_undo(b, back), back);
			done -= back;
			s = back ? at[done] : s;
		}
		for (uint32_t k = 0; k < done; k++)
			command(fresh, &again);
		assert_int_equal(b->checker.facts.violations.count, fresh->checker.facts.violations.count);
		assert_same_machines(&b->machine, &s, &fresh->machine, &again);
		bench_settle(b), bench_settle(fresh);
		assert_int_equal(b->checker.facts.violations.count, fresh->checker.facts.violations.count);
		bench_free(b), bench_free(fresh);
	}
}

static void undo_tells_the_trace_and_cuts_nothing(void **state)
{
	struct board board = tiny_board();
	struct bench *b = bench_new(&board);
	struct script s = { .random = 12 };
	uint64_t before = b->trace.next, typed;

	(void)state;
	command(b, &s);
	typed = b->trace.next;
	assert_int_equal(bench_undo(b, 1), 1);
	assert_int_equal(trace_at(&b->trace, typed)->kind, EV_UNDO);
	assert_int_equal(trace_at(&b->trace, typed)->addr, before);
	assert_int_equal(trace_at(&b->trace, typed + 1)->kind, EV_MACHINE);
	assert_int_equal(test_count(&b->trace, typed, EV_KEY_END), 1);
	assert_int_equal(b->trace.first, 1);
	assert_int_equal(bench_undo(b, 1), 0);
	assert_int_equal(bench_undo(b, 0), 0);
	bench_free(b);
}

static void a_command_that_did_nothing_is_no_step_of_undo(void **state)
{
	struct board board = tiny_board();
	struct bench *b = bench_new(&board);
	struct script s = { .random = 12 };

	(void)state;
	assert_false(bench_keep(b, false));
	bench_mark(b);
	assert_false(bench_keep(b, false));
	assert_int_equal(b->steps, 0);
	command(b, &s);
	bench_mark(b);
	assert_false(bench_keep(b, false));
	assert_int_equal(b->steps, 1);
	bench_mark(b);
	assert_true(bench_keep(b, true));      /* it did something the machine does not know */
	assert_int_equal(b->steps, 2);
	assert_false(bench_keep(b, true));     /* without a mark there is nothing to keep */
	bench_free(b);
}

static struct bench *bench_with_full_history(struct script *s)
{
	struct board board = tiny_board();
	struct bench *b = bench_new(&board);

	for (int i = 0; i < HISTORY_MAX + 6; i++)
		command(b, s);
	assert_int_equal(b->steps, HISTORY_MAX);
	return b;
}

static void the_oldest_steps_of_undo_are_forgotten(void **state)
{
	struct script s = { .random = 12 }, again = { .random = 12 };
	struct bench *b = bench_with_full_history(&s);
	struct board board = tiny_board();
	struct bench *fresh = bench_new(&board);

	(void)state;
	assert_int_equal(bench_undo(b, 1000), HISTORY_MAX);
	for (int i = 0; i < 6; i++)
		command(fresh, &again);
	s = again;
	assert_same_machines(&b->machine, &s, &fresh->machine, &again);
	bench_free(b), bench_free(fresh);
}

static void a_command_that_did_nothing_costs_no_step_of_a_full_history(void **state)
{
	struct script s = { .random = 12 };
	struct bench *b = bench_with_full_history(&s);

	(void)state;
	bench_mark(b);
	assert_false(bench_keep(b, false));
	assert_int_equal(b->steps, HISTORY_MAX);
	bench_free(b);
}

static bool knows(const struct ownership *o, const struct mapping *m)
{
	for (uint32_t i = 0; i < o->end; i++) {
		const struct mapping *l = ownership_mapping(o, i);

		if (l->live && l->dma == m->dma && l->pa == m->pa && l->va == m->va && l->size == m->size &&
		    l->dir == m->dir && l->coherent_memory == m->coherent_memory && l->device_owns == m->device_owns)
			return true;
	}
	return false;
}

static uint32_t live_mappings(const struct ownership *o)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < o->end; i++)
		n += ownership_mapping(o, i)->live;
	return n;
}

static void a_keyframe_of_the_bench_tells_the_mappings_and_their_owners(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		struct board board = board_number(i);
		struct bench *b = bench_new(&board);
		const struct ownership *o = &b->checker.facts.ownership;
		struct script s = { .random = 99 + i, .careful = true };
		struct checker late;

		operate_often(&b->machine, &s, 800);
		bench_settle(b);
		checker_init(&late);
		late.cursor.next = b->trace.next;
		bench_keyframe(b);
		checker_read(&late, &b->trace);
		assert_true(live_mappings(o) > 0);
		assert_int_equal(live_mappings(&late.facts.ownership), live_mappings(o));
		for (uint32_t k = 0; k < o->end; k++)
			assert_true(!ownership_mapping(o, k)->live || knows(&late.facts.ownership, ownership_mapping(o, k)));
		assert_int_equal(late.facts.violations.count, 0);
		checker_release(&late);
		bench_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_first_tells_what_it_is),
		cmocka_unit_test(the_script_does_all_it_is_meant_to),
		cmocka_unit_test(the_same_board_script_and_seed_give_the_same_trace_byte_for_byte),
		cmocka_unit_test(another_seed_of_nature_gives_another_trace),
		cmocka_unit_test(two_machines_side_by_side_do_not_disturb_each_other),
		cmocka_unit_test(a_copy_goes_on_as_the_original_would_have_whatever_that_does),
		cmocka_unit_test(a_keyframe_changes_nothing),
		cmocka_unit_test(the_fold_of_a_long_run_is_the_machine_and_the_fold_of_a_keyframe),
		cmocka_unit_test(pages_watched_now_and_then_are_told_truly_while_they_are),
		cmocka_unit_test(a_page_nobody_watches_leaves_no_access_in_the_trace),
		cmocka_unit_test(a_hit_is_told_from_the_moment_its_page_is_watched),
		cmocka_unit_test(watching_changes_no_result),
		cmocka_unit_test(a_keyframe_tells_which_pages_nobody_watches),
		cmocka_unit_test(a_snapshot_shares_its_pages_and_pays_for_what_changes),
		cmocka_unit_test(waiting_lets_time_pass_until_the_device_is_idle),
		cmocka_unit_test(waiting_in_vain_takes_as_long_as_it_was_given),
		cmocka_unit_test(undo_is_as_if_the_commands_had_never_been_typed),
		cmocka_unit_test(undo_tells_the_trace_and_cuts_nothing),
		cmocka_unit_test(a_command_that_did_nothing_is_no_step_of_undo),
		cmocka_unit_test(the_oldest_steps_of_undo_are_forgotten),
		cmocka_unit_test(a_command_that_did_nothing_costs_no_step_of_a_full_history),
		cmocka_unit_test(a_keyframe_of_the_bench_tells_the_mappings_and_their_owners),
	};

	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
