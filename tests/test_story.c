/* The sentences: what just happened, and what a thing is. */
#include "recorded.h"

#include "viz/about.h"
#include "viz/story.h"

#define ONE_LINE 150     /* characters that a sentence of typical values may have */

static struct recorded recorded;
static char words[STORY_MAX];

static int begin(void **state)
{
	(void)state;
	recorded_begin(&recorded);
	return 0;
}

static int end(void **state)
{
	(void)state;
	recorded_end(&recorded);
	return 0;
}

/* What is said of this event while the player stands at a position. */
static const char *told_at(uint64_t position, uint64_t seq)
{
	struct text text = { words, 0, sizeof words };
	struct event e = *trace_at(&recorded.trace, seq);

	player_seek(recorded.player, position);
	story_event(&text, player_model(recorded.player), &e);
	return words;
}

static const char *told(uint64_t seq)
{
	return told_at(seq, seq);
}

static void must_say(uint64_t seq, const char *what)
{
	if (!strstr(told(seq), what))
		fail_msg("said: %s\nwant: %s", words, what);
}

static void every_kind_has_its_sentence(void **state)
{
	(void)state;
	switch_on(&recorded, 1);
	recorded_play(&recorded);
	player_seek(recorded.player, 3);
	for (enum event_kind kind = 0; kind < EV_COUNT; kind++) {
		struct text text = { words, 0, sizeof words };
		struct event e = { .seq = 100, .kind = (uint16_t)kind, .addr = 0xffff800000004010,
			.addr2 = 0x4010, .value = 0x2222222222222222, .size = 64, .a = 1, .b = 1,
			.unit = 1 };

		story_event(&text, player_model(recorded.player), &e);
		assert_true(text.used > 10);
		assert_null(strpbrk(words, "{}|"));
		if (text.used > ONE_LINE)
			fail_msg("%s: %zu characters: %s", event_info[kind].name, text.used, words);
	}
}

/* A recording may be mad: no value of a field is trusted. */
static void no_value_breaks_a_sentence(void **state)
{
	uint64_t random = test_seed(7);

	(void)state;
	switch_on(&recorded, 2);
	recorded_play(&recorded);
	player_seek(recorded.player, 4);
	for (uint32_t i = 0; i < 200 * EV_COUNT; i++) {
		struct text text = { words, 0, sizeof words };
		struct event e = { .seq = i % 2 ? 4 : 100, .kind = (uint16_t)(i % EV_COUNT),
			.addr = test_random(&random) >> i % 64,
			.addr2 = test_random(&random) >> i % 64,
			.value = test_random(&random), .size = (uint32_t)test_random(&random),
			.a = (uint32_t)test_random(&random) >> i % 32,
			.b = (uint32_t)test_random(&random) >> i % 32,
			.unit = (uint16_t)test_random(&random) };

		story_event(&text, player_model(recorded.player), &e);
		assert_true(text.used < sizeof words);
	}
}

static void the_stale_read_is_told(void **state)
{
	struct tour t = play_tour(&recorded, 1);

	(void)state;
	recorded_play(&recorded);
	must_say(t.store, "the CPU stored 0x11 (8 bytes) at 0x4000 (kmalloc-16); it is in L1, "
			  "RAM is behind");
	must_say(t.map, "dma_map_single: the edu may write 16 bytes at 0x4000 (kmalloc-16), bus "
		 "address 0x80004000; the edu owns them until unmap or sync");
	must_say(t.wrote, "the edu wrote 0x2222222222222222 (8 bytes) to RAM at 0x4000");
	must_say(t.wrote, "the copy in L1 is stale now");
	must_say(t.stale, "the CPU read 8 bytes at 0x4000 (kmalloc-16): 0x11, from L1, a stale "
		 "copy: newer bytes are in RAM, by the edu at event ");
	must_say(t.stale, "; the edu owns these bytes");
	must_say(t.sync, "dma_sync_single_for_cpu: the CPU may touch 16 bytes");
	assert_string_equal(told(t.cured), "the CPU read 8 bytes at 0x4000 (kmalloc-16): "
			    "0x2222222222222222, from L1");
}

static void what_it_meant_is_told_at_its_moment_alone(void **state)
{
	struct tour t = play_tour(&recorded, 1);

	(void)state;
	recorded_play(&recorded);
	assert_non_null(strstr(told(t.stale), "stale"));
	assert_null(strstr(told_at(t.cured, t.stale), "stale"));
	assert_null(strstr(told_at(t.stale, t.store), "owns"));
}

static void the_device_reads_past_the_cpus_store(void **state)
{
	uint64_t seq;

	(void)state;
	switch_on(&recorded, 1);
	allocate(&recorded, 0x4000, 64);
	line_event(&recorded, EV_CACHE_FILL, 1, 0x4010);
	access_at(&recorded, EV_CPU_STORE, 0x4010, 0x33, AT_L1);
	seq = happens(&recorded, (struct event){ .kind = EV_DEV_READ, .addr = 0x80004010,
		.addr2 = 0x4010, .size = 8, .unit = 1 });
	recorded_play(&recorded);
	assert_string_equal(told(seq), "the nic read 8 bytes at 0x4010 (kmalloc-64+16) from RAM: "
			    "0x00; the CPU's newer copy is still in L1");
}

static void vmalloc_is_named_by_its_area(void **state)
{
	static const uint64_t pages[2] = { 0x9000, 0x5000 };
	uint64_t seq;

	(void)state;
	switch_on(&recorded, 1);
	happens(&recorded, (struct event){ .kind = EV_MEM_ALLOC, .addr = VMALLOC_BASE,
		.addr2 = 0x9000, .value = 8192, .size = 8192, .a = MEM_VMALLOC });
	for (uint32_t i = 0; i < 2; i++)
		happens(&recorded, (struct event){ .kind = EV_VM_MAP,
			.addr = VMALLOC_BASE + i * PAGE_SIZE, .addr2 = pages[i],
			.size = PAGE_SIZE });
	seq = happens(&recorded, (struct event){ .kind = EV_CPU_STORE, .addr = VMALLOC_BASE + 4104,
		.addr2 = 0x5008, .value = 1, .size = 1, .a = AT_RAM });
	recorded_play(&recorded);
	must_say(seq, "0x5008 (vmalloc+4104)");
}

static const char *about(struct thing thing)
{
	struct look look = look_default();
	struct picture p = { .player = recorded.player, .model = player_model(recorded.player),
			     .look = &look };
	static char sentence[ABOUT_MAX];
	struct text text = { sentence, 0, sizeof sentence };

	sentence[0] = '\0';
	about_thing(&text, &p, thing);
	return sentence;
}

static void a_thing_is_explained(void **state)
{
	struct tour t = play_tour(&recorded, 1);
	const char *byte;

	(void)state;
	recorded_play(&recorded);
	player_seek(recorded.player, t.stale);
	byte = about(thing_of(THING_BYTE, AT_L1, TOUR_PA));
	assert_non_null(strstr(byte, "0x4000 (kmalloc-16), va 0xffff800000004000, in L1: 0x11"));
	assert_non_null(strstr(byte, "stale"));
	assert_non_null(strstr(byte, "bus address 0x80004000; the device owns it"));
	assert_non_null(strstr(about(thing_of(THING_MAPPING, 0, t.map)),
			       "The device owns it now"));
	assert_non_null(strstr(about(thing_of(THING_PAGE, 0, 4)),
			       "slab. A device owns bytes of it"));
	assert_non_null(strstr(about(thing_of(THING_FLAG, 0, 0)), "stale-read at event"));
	assert_non_null(strstr(about(thing_of(THING_LEGEND, 0, LEGEND_DIRTY)),
			       "A click fades it"));
}

/* Whatever a click may hand over, there is an answer or none, and never more. */
static void nothing_asked_for_is_out_of_bounds(void **state)
{
	static const uint64_t ids[] = { 0, 1, 2, 3, 63, 64, 0x4000, 1 << 20, UINT64_MAX };

	(void)state;
	play_tour(&recorded, 1);
	recorded_play(&recorded);
	for (uint64_t at = 0; at < 24; at += 6) {
		player_seek(recorded.player, at);
		for (uint32_t i = 0; i < (THING_KIND_COUNT + 1) * 20; i++)
			for (size_t id = 0; id < sizeof ids / sizeof ids[0]; id++)
				about(thing_of((enum thing_kind)(i / 20), i % 20, ids[id]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_kind_has_its_sentence, begin, end),
		cmocka_unit_test_setup_teardown(no_value_breaks_a_sentence, begin, end),
		cmocka_unit_test_setup_teardown(the_stale_read_is_told, begin, end),
		cmocka_unit_test_setup_teardown(what_it_meant_is_told_at_its_moment_alone,
						begin, end),
		cmocka_unit_test_setup_teardown(the_device_reads_past_the_cpus_store, begin, end),
		cmocka_unit_test_setup_teardown(vmalloc_is_named_by_its_area, begin, end),
		cmocka_unit_test_setup_teardown(a_thing_is_explained, begin, end),
		cmocka_unit_test_setup_teardown(nothing_asked_for_is_out_of_bounds, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
