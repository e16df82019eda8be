/*
 * Random loads, stores, maintenance and device accesses on every cache geometry, held against two
 * references: a flat array of bytes (what a correct machine must answer) and the shadow (what the
 * trace alone tells).
 */
#include "harness.h"

#include "hw/cpu.h"
#include "watch/shadow.h"

#define SPAN 4096u        /* bytes played with: a few times the small caches */

struct run {
	struct board board;
	struct trace trace;
	struct hw hw;
	struct shadow shadow;
	struct cursor cursor;
	uint8_t flat[SPAN];
	uint64_t seed, random, step;
};

static void switch_on(struct run *r, const struct board *board, uint64_t seed)
{
	memset(r, 0, sizeof *r);
	r->board = *board;
	r->seed = r->random = seed;
	r->cursor.next = 1;
	trace_init(&r->trace);
	hw_init(&r->hw, &r->board, &r->trace);
	shadow_init(&r->shadow);
	bus_tell(&r->hw.bus, &(struct event){ .kind = EV_MACHINE, .addr = board->ram, .addr2 = board->bus_offset,
		.value = ~0ull, .size = (uint32_t)board->line, .a = board->l2_sets ? 2 : 1, .b = board->coherent != 0 });
	for (uint32_t level = 1; level <= 2; level++)
		if (hw_cache(&r->hw, level))
			bus_tell(&r->hw.bus, &(struct event){ .kind = EV_MACHINE_CACHE, .unit = (uint16_t)level,
				.size = hw_cache(&r->hw, level)->sets, .a = hw_cache(&r->hw, level)->ways,
				.b = hw_cache(&r->hw, level)->write_through });
}

static void switch_off(struct run *r)
{
	shadow_release(&r->shadow);
	hw_release(&r->hw);
	trace_release(&r->trace);
}

static void fold(struct run *r)
{
	const struct event *e;
	uint64_t lost = 0;

	while ((e = trace_read(&r->trace, &r->cursor, &lost)))
		shadow_event(&r->shadow, e);
	assert_int_equal(lost, 0);
	trace_trim(&r->trace, 0);
}

static void load(struct run *r)
{
	size_t size = (size_t)1 << test_below(&r->random, 4);
	uint64_t at = test_below(&r->random, SPAN - 8), value, want = 0;

	assert_seeded(cpu_load(&r->hw, LINEAR_BASE + at, size, &value) == OK, r->seed, r->step);
	memcpy(&want, r->flat + at, size);
	assert_seeded(value == want, r->seed, r->step);
}

static void store(struct run *r)
{
	size_t size = (size_t)1 << test_below(&r->random, 4);
	uint64_t at = test_below(&r->random, SPAN - 8), value = test_random(&r->random);

	assert_seeded(cpu_store(&r->hw, LINEAR_BASE + at, size, value) == OK, r->seed, r->step);
	memcpy(r->flat + at, &value, size);
}

static void fill(struct run *r)
{
	uint64_t at = test_below(&r->random, SPAN), n = test_below(&r->random, SPAN - at);
	uint8_t byte = (uint8_t)test_random(&r->random);

	assert_seeded(cpu_fill(&r->hw, LINEAR_BASE + at, byte, n, false) == OK, r->seed, r->step);
	memset(r->flat + at, byte, n);
}

/* A range of whole lines, so that dropping them takes nobody else's bytes along. */
static void pick_lines(struct run *r, uint64_t *at, uint64_t *n)
{
	uint64_t line = r->board.line, lines = SPAN / line;

	*at = test_below(&r->random, lines) * line;
	*n = (1 + test_below(&r->random, min_u64(lines - *at / line, 4))) * line;
}

static void maintain(struct run *r)
{
	enum cache_op op = test_below(&r->random, 2) ? CACHE_CLEAN : CACHE_FLUSH;
	uint64_t at, n;

	pick_lines(r, &at, &n);
	if (test_below(&r->random, 50) == 0)
		cpu_cache_all(&r->hw, op);
	else
		assert_seeded(cpu_cache(&r->hw, op, LINEAR_BASE + at, n) == OK, r->seed, r->step);
}

/* A device reads or writes whole lines, the CPU doing its part before and after as a driver would. */
static void device(struct run *r)
{
	bool write = test_below(&r->random, 2), coherent = r->board.coherent;
	uint64_t at, n;

	pick_lines(r, &at, &n);
	if (!coherent)
		cpu_maintain(&r->hw, CACHE_CLEAN, at, n, 0, false);
	for (uint64_t i = at; i < at + n; i += 8) {
		uint64_t value = test_random(&r->random), want;

		memcpy(&want, r->flat + i, 8);
		if (write) {
			assert_int_equal(port_write(&r->hw.port, 0, 0, i + r->board.bus_offset, &value, 8), OK);
			memcpy(r->flat + i, &value, 8);
		} else {
			assert_int_equal(port_read(&r->hw.port, 0, 0, i + r->board.bus_offset, &value, 8), OK);
			assert_seeded(value == want, r->seed, r->step);
		}
	}
	if (write && !coherent)
		cpu_maintain(&r->hw, CACHE_INVALIDATE, at, n, 0, false);
}

static void play(struct run *r, uint64_t steps)
{
	for (r->step = 0; r->step < steps; r->step++) {
		switch (test_below(&r->random, 16)) {
		case 0: maintain(r); break;
		case 1: device(r); break;
		case 2: if (test_below(&r->random, 8) == 0) fill(r); break;
		case 3: case 4: case 5: case 6: case 7: store(r); break;
		default: load(r); break;
		}
		if (r->step % 512 == 0)
			fold(r);
	}
	fold(r);
}

static void assert_same_lines(struct run *r, uint32_t level)
{
	const struct cache *c = hw_cache(&r->hw, level);

	for (uint32_t i = 0; c && i < c->sets * c->ways; i++) {
		const struct line *l = cache_line(c, i / c->ways, i % c->ways);
		const struct shadow_line *s = cow_read(&r->shadow.cache[level].lines, i);

		assert_seeded((l->state != LINE_INVALID) == s->valid, r->seed, r->step);
		if (!s->valid)
			continue;
		assert_seeded(l->pa == s->pa, r->seed, r->step);
		assert_seeded((l->state == LINE_MODIFIED) == s->dirty, r->seed, r->step);
		assert_seeded(!memcmp(l->bytes, s->bytes, c->line), r->seed, r->step);
	}
}

/* What the trace tells is what the machine holds, byte for byte. */
static void assert_shadow_is_true(struct run *r)
{
	uint8_t ram[SPAN];

	bus_ram_read(&r->hw.bus, 0, ram, SPAN);
	assert_seeded(!memcmp(ram, shadow_page(&r->shadow, 0)->bytes, SPAN), r->seed, r->step);
	assert_same_lines(r, 1);
	assert_same_lines(r, 2);
}

static void assert_ram_is_flat_after_a_flush(struct run *r)
{
	uint8_t ram[SPAN];

	cpu_cache_all(&r->hw, CACHE_FLUSH);
	bus_ram_read(&r->hw.bus, 0, ram, SPAN);
	assert_seeded(!memcmp(ram, r->flat, SPAN), r->seed, r->step);
}

static void try_board(const struct board *b, uint64_t steps, uint64_t seed, bool watched)
{
	static struct run r;

	switch_on(&r, b, seed);
	r.hw.bus.watch_all = watched;
	play(&r, steps);
	if (watched)
		assert_shadow_is_true(&r);
	assert_ram_is_flat_after_a_flush(&r);
	switch_off(&r);
}

/* One geometry of a numbered many. Every combination of the lists has a number. */
static struct board geometry(uint64_t i)
{
	static const uint64_t sets[] = { 1, 2, 8 }, ways[] = { 1, 2, 4 }, line[] = { 8, 32, 128 };
	static const struct { uint64_t sets, ways, write, allocate; } l2[] = {
		{ 0, 1, WRITE_BACK, 1 }, { 4, 2, WRITE_BACK, 1 }, { 16, 4, WRITE_BACK, 0 },
		{ 2, 1, WRITE_THROUGH, 1 }, { 4, 4, WRITE_THROUGH, 0 } };
	struct board b = tiny_board();

	test_set(&b, "l1_sets", sets[i % 3]), i /= 3;
	test_set(&b, "l1_ways", ways[i % 3]), i /= 3;
	test_set(&b, "line", line[i % 3]), i /= 3;
	test_set(&b, "l1_policy", i % 4), test_set(&b, "l2_policy", i % 4), i /= 4;
	test_set(&b, "l1_write", i % 2), i /= 2;
	test_set(&b, "l1_allocate", i % 2), i /= 2;
	test_set(&b, "l2_sets", l2[i % 5].sets), test_set(&b, "l2_ways", l2[i % 5].ways);
	test_set(&b, "l2_write", l2[i % 5].write), test_set(&b, "l2_allocate", l2[i % 5].allocate), i /= 5;
	test_set(&b, "coherent", i % 2), i /= 2;
	test_set(&b, "nature", i % 2);
	return b;
}

#define GEOMETRIES (3 * 3 * 3 * 4 * 2 * 2 * 5 * 2 * 2)

static void every_geometry_answers_like_flat_memory_and_its_trace_tells_all(void **state)
{
	uint64_t seed = test_seed(0x5eed);

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (uint64_t i = 0; i < GEOMETRIES; i++) {
		struct board b = geometry(i);

		try_board(&b, 300, seed + i, true);
	}
}

static void a_hundred_thousand_operations_on_each_board_shape_agree(void **state)
{
	uint64_t seed = test_seed(0xb0a7d);

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (uint64_t i = 0; i < 4; i++) {
		struct board b = board_default();

		test_set(&b, "l1_sets", 8);
		test_set(&b, "l2_sets", 16);
		test_set(&b, "coherent", i & 1);
		test_set(&b, "nature", i >> 1);
		try_board(&b, 100000, seed + i, true);
	}
}

/* Remembered hits must be forgotten whenever their line changes state or leaves. */
static void pages_nobody_watches_answer_the_same(void **state)
{
	uint64_t seed = test_seed(0xfa57);

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (uint64_t i = 0; i < GEOMETRIES; i += 3) {
		struct board b = geometry(i);

		try_board(&b, 500, seed + i, false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_geometry_answers_like_flat_memory_and_its_trace_tells_all),
		cmocka_unit_test(pages_nobody_watches_answer_the_same),
		cmocka_unit_test(a_hundred_thousand_operations_on_each_board_shape_agree),
	};

	return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
