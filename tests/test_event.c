#include "harness.h"

#include "event.h"
#include "nature.h"

static void every_kind_has_a_name_of_its_own_and_a_sentence(void **state)
{
	(void)state;
	for (enum event_kind k = 0; k < EV_COUNT; k++) {
		const struct event_info *info = &event_info[k];

		assert_int_equal(event_kind_named(info->name), k);
		assert_true(info->lane < LANE_COUNT);
		assert_true(strlen(info->id) && strlen(info->sentence));
		assert_non_null(strchr(info->name, '.'));
		assert_true(strlen(info->name) < 20);
	}
}

static void no_kind_uses_one_field_name_twice(void **state)
{
	(void)state;
	for (enum event_kind k = 0; k < EV_COUNT; k++)
		for (int f = 0; f < FIELD_COUNT; f++)
			for (int g = 0; g < f; g++) {
				const char *name = event_info[k].field[f];

				assert_true(!*name || strcmp(name, event_info[k].field[g]));
			}
}

static void a_name_no_kind_has_is_no_kind(void **state)
{
	static const char *const names[] = { "", "cpu", "cpu.", "cpu.loads", "CPU_LOAD", "cache.fill " };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_int_equal(event_kind_named(names[i]), EV_COUNT);
}

static void each_field_is_found_by_its_number(void **state)
{
	struct event e = { .addr = 1, .addr2 = 2, .value = 3, .size = 4, .a = 5, .b = 6, .unit = 7 };

	(void)state;
	for (enum event_field f = 0; f < FIELD_COUNT; f++)
		assert_int_equal(event_get(&e, f), (uint64_t)f + 1);
}

static void codes_are_printed_as_words(void **state)
{
	static const struct {
		enum event_kind kind;
		enum event_field field;
		uint32_t code;
		const char *word;
	} rows[] = {
		{ EV_CPU_LOAD, FIELD_A, AT_STORE_BUFFER, "store_buffer" },
		{ EV_CPU_STORE, FIELD_A, AT_L2, "l2" },
		{ EV_CACHE_DROP, FIELD_A, DROP_SNOOP, "snoop" },
		{ EV_MEM_BAD_FREE, FIELD_A, BAD_FREE_ORDER, "order" },
		{ EV_MEM_BAD_FREE, FIELD_B, MEM_COHERENT, "coherent" },
		{ EV_CPU_FAULT, FIELD_A, FAULT_RANGE, "range" },
		{ EV_CACHE_OP, FIELD_A, CACHE_FLUSH, "flush" },
		{ EV_CPU_BARRIER, FIELD_A, BARRIER_DMA_WMB, "dma_wmb" },
		{ EV_VM_MAP, FIELD_A, ATTR_DEVICE, "device" },
		{ EV_MEM_ALLOC, FIELD_A, MEM_VMALLOC, "vmalloc" },
		{ EV_DMA_MAP, FIELD_A, DMA_NONE, "none" },
		{ EV_CHOICE, FIELD_A, CHOICE_IRQ, "irq" },
		{ EV_CPU_LOAD, FIELD_A, WHERE_COUNT, NULL },
		{ EV_DMA_MAP, FIELD_A, 8, NULL },
		{ EV_DMA_MAP, FIELD_A, UINT32_MAX, NULL },
		{ EV_CACHE_FILL, FIELD_A, 0, NULL },
		{ EV_DEV_BUFFER, FIELD_ADDR, 0, NULL },
		{ EV_KEY_END, FIELD_A, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct event e = { .kind = (uint16_t)rows[i].kind };

		if (rows[i].field == FIELD_A)
			e.a = rows[i].code;
		else
			e.b = rows[i].code;
		if (rows[i].word)
			assert_string_equal(event_word(&e, rows[i].field), rows[i].word);
		else
			assert_null(event_word(&e, rows[i].field));
	}
}

static void every_choice_of_nature_has_its_word(void **state)
{
	(void)state;
	for (uint32_t c = 0; c < CHOICE_COUNT; c++) {
		struct event e = { .kind = EV_CHOICE, .a = c };

		assert_string_equal(event_word(&e, FIELD_A), choice_info[c].name);
	}
}

static void an_event_is_printed_with_the_fields_its_kind_has(void **state)
{
	static const struct { struct event e; const char *text; } rows[] = {
		{ { .kind = EV_KEY_END, .seq = 3, .cycle = 7, .addr = 1, .a = 2 }, "3 @7 key.end" },
		{ { .kind = EV_CPU_LOAD, .seq = 1042, .cycle = 88213, .addr = 0xffff800000001000,
		    .addr2 = 0x1000, .value = 0x11, .size = 8, .a = AT_L1 },
		  "1042 @88213 cpu.load va=0xffff800000001000 pa=0x1000 value=0x11 size=8 at=l1 kernel=0 cpu=0" },
		{ { .kind = EV_CACHE_DROP, .seq = 9, .cycle = 0, .addr = 0x40, .value = 1, .size = 64,
		    .a = DROP_EVICT, .b = 3, .unit = 2, .cause = 5 },
		  "9 @0 cache.drop pa=0x40 dirty=0x1 size=64 why=evict way=3 level=2 cause=5" },
		{ { .kind = EV_CPU_FAULT, .seq = 1, .addr = 16, .size = UINT32_MAX, .a = FAULT_BUS, .b = 1 },
		  "1 @0 cpu.fault va=0x10 size=4294967295 why=bus store=1 cpu=0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[200];

		assert_int_equal(event_text(&rows[i].e, text, sizeof text), strlen(rows[i].text));
		assert_string_equal(text, rows[i].text);
	}
}

static void a_short_buffer_gets_what_fits_and_the_length_is_told(void **state)
{
	struct event e = { .kind = EV_DMA_MAP, .seq = 12, .addr = 0x80001000, .size = 256,
			   .a = DMA_TO_DEVICE, .cause = 4 };
	char whole[200], text[200];
	int length = event_text(&e, whole, sizeof whole);

	(void)state;
	for (size_t n = 0; n <= (size_t)length + 1; n++) {
		size_t fits = n ? n - 1 : 0;

		memset(text, '#', sizeof text);
		assert_int_equal(event_text(&e, text, n), length);
		assert_memory_equal(text, whole, fits);
		assert_int_equal(text[fits], n ? '\0' : '#');
		assert_int_equal(text[fits + 1], '#');
	}
	assert_int_equal(event_text(&e, NULL, 0), length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_a_name_of_its_own_and_a_sentence),
		cmocka_unit_test(no_kind_uses_one_field_name_twice),
		cmocka_unit_test(a_name_no_kind_has_is_no_kind),
		cmocka_unit_test(each_field_is_found_by_its_number),
		cmocka_unit_test(codes_are_printed_as_words),
		cmocka_unit_test(every_choice_of_nature_has_its_word),
		cmocka_unit_test(an_event_is_printed_with_the_fields_its_kind_has),
		cmocka_unit_test(a_short_buffer_gets_what_fits_and_the_length_is_told),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
