#include "harness.h"

#include "viz/recorder.h"
#include "viz/recording.h"
#include "viz/recording_format.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define SMALL       40       /* events of a recording that is taken apart byte by byte */

static char folder[] = "/tmp/dmalab-recording-XXXXXX";
static char path[sizeof folder + 16];

struct bytes {
	uint8_t *at;
	size_t n;
};

static int enter(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/trace", folder);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

/* n events of every kind, with every bit of every field used. */
static void fill_trace(struct trace *t, uint64_t n)
{
	uint64_t random = 1;

	trace_init(t);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t x = test_random(&random);

		trace_append(t, 10 * i, &(struct event){ .kind = (uint16_t)(i % EV_COUNT), .cause = i / 3,
			.addr = x, .addr2 = ~x, .value = x * 3, .size = (uint32_t)x, .a = (uint32_t)(x >> 8),
			.b = (uint32_t)(x >> 16), .unit = (uint16_t)(x >> 24) });
	}
}

static void record(const struct trace *t)
{
	char why[256];
	struct recorder *r = recorder_open(path, why, sizeof why);

	assert_non_null(r);
	assert_true(recorder_follow(r, t));
	assert_true(recorder_close(r, t));
}

static struct bytes file_bytes(void)
{
	struct bytes b = { NULL, 0 };
	FILE *f = fopen(path, "rb");
	long n;

	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	n = ftell(f);
	rewind(f);
	b = (struct bytes){ malloc((size_t)n), (size_t)n };
	assert_int_equal(fread(b.at, 1, b.n, f), b.n);
	fclose(f);
	return b;
}

static void write_file(const void *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

/* Every event must be the trace's. Returns how it ends, and how many there are. */
static enum recording_state read_all(struct recording *r, const struct trace *t, uint64_t *n)
{
	enum recording_state state = recording_state(r);

	*n = recording_count(r);
	for (uint64_t i = 0; i < *n; i++)
		assert_memory_equal(recording_at(r, i), trace_at(t, i + 1), sizeof(struct event));
	assert_null(recording_at(r, *n));
	assert_true((recording_error(r) != NULL) == (state == RECORDING_DAMAGED));
	return state;
}

static void what_is_recorded_reads_back(void **state)
{
	static const uint64_t sizes[] = { 0, 1, SMALL, RECORDING_BLOCK - 1, RECORDING_BLOCK,
		RECORDING_BLOCK + 1, 10000 };
	struct recording *r;
	struct trace t;
	char why[256];
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		fill_trace(&t, sizes[i]);
		record(&t);
		r = recording_open(path, why, sizeof why);
		assert_non_null(r);
		assert_int_equal(read_all(r, &t, &n), RECORDING_END);
		assert_int_equal(n, sizes[i]);
		assert_null(recording_unknown(r));
		recording_close(r);
		trace_release(&t);
	}
}

static void following_step_by_step_gives_the_same_file(void **state)
{
	struct trace t, whole;
	struct bytes a, b;
	struct recorder *r;
	char why[256];

	(void)state;
	fill_trace(&whole, 5000);
	record(&whole);
	a = file_bytes();
	trace_init(&t);
	r = recorder_open(path, why, sizeof why);
	for (uint64_t seq = 1; seq < whole.next; seq++) {
		trace_append(&t, trace_at(&whole, seq)->cycle, trace_at(&whole, seq));
		assert_true(recorder_follow(r, &t));
	}
	assert_true(recorder_close(r, &t));
	b = file_bytes();
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.at, b.at, a.n);
	free(a.at);
	free(b.at);
	trace_release(&t);
	trace_release(&whole);
}

static void a_new_machine_begins_a_new_trace_in_the_same_file(void **state)
{
	struct trace t;
	struct recorder *r;
	struct recording *back;
	char why[256];

	(void)state;
	fill_trace(&t, 3);
	r = recorder_open(path, why, sizeof why);
	assert_true(recorder_follow(r, &t));
	recorder_restart(r);
	assert_true(recorder_follow(r, &t));
	assert_true(recorder_close(r, &t));
	back = recording_open(path, why, sizeof why);
	assert_int_equal(recording_count(back), 6);
	for (uint64_t i = 0; i < 6; i++)
		assert_int_equal(recording_at(back, i)->seq, i % 3 + 1);
	assert_int_equal(recording_state(back), RECORDING_END);
	recording_close(back);
	trace_release(&t);
}

static void every_truncation_is_found_where_it_is(void **state)
{
	struct recording *r;
	struct bytes b;
	struct trace t;
	char why[256], place[32];
	uint64_t n;

	(void)state;
	fill_trace(&t, SMALL);
	record(&t);
	b = file_bytes();
	for (size_t cut = 0; cut < b.n; cut++) {
		r = recording_open_bytes(b.at, cut, why, sizeof why);
		if (r)
			assert_int_equal(read_all(r, &t, &n), RECORDING_DAMAGED);
		snprintf(place, sizeof place, "at byte %zu", cut);
		if (cut)
			assert_non_null(strstr(r ? recording_error(r) : why, place));
		recording_close(r);
	}
	free(b.at);
	trace_release(&t);
}

static void every_changed_byte_is_found_or_changes_no_event(void **state)
{
	static const uint8_t masks[] = { 0x01, 0x08, 0x80, 0xff };
	struct recording *r;
	struct bytes b;
	struct trace t;
	char why[256];
	uint64_t n;

	(void)state;
	fill_trace(&t, SMALL);
	record(&t);
	b = file_bytes();
	for (size_t i = 0; i < b.n * sizeof masks; i++) {
		uint8_t *byte = &b.at[i / sizeof masks], mask = masks[i % sizeof masks];

		*byte ^= mask;
		r = recording_open_bytes(b.at, b.n, why, sizeof why);
		if (r && read_all(r, &t, &n) == RECORDING_END)
			assert_int_equal(n, SMALL);
		recording_close(r);
		*byte ^= mask;
	}
	free(b.at);
	trace_release(&t);
}

static void what_came_before_the_damage_is_read(void **state)
{
	struct recording *r;
	struct bytes b;
	struct trace t;
	char why[256];
	uint64_t n;

	(void)state;
	fill_trace(&t, 3 * RECORDING_BLOCK);
	record(&t);
	b = file_bytes();
	b.at[b.n * 3 / 5] ^= 0x20;
	write_file(b.at, b.n);
	r = recording_open(path, why, sizeof why);
	assert_int_equal(read_all(r, &t, &n), RECORDING_DAMAGED);
	assert_int_equal(n, RECORDING_BLOCK);
	assert_non_null(strstr(recording_error(r), "after event 4096: "));
	recording_close(r);
	free(b.at);
	trace_release(&t);
}

/* Follow into a file that does not take it all: how often was it said? */
static int complaints(struct recorder *r, const struct trace *t)
{
	int said = 0;

	for (int i = 0; i < 3; i++)
		said += !recorder_follow(r, t);
	said += !recorder_finish(r, t);
	return said + !recorder_close(r, t);
}

static void a_full_disk_is_said_once_by_the_first_follow(void **state)
{
	struct recorder *r;
	struct trace t;
	char why[256];

	(void)state;
	if (access("/dev/full", W_OK))
		skip();
	fill_trace(&t, 10);
	r = recorder_open("/dev/full", why, sizeof why);
	assert_non_null(r);
	assert_false(recorder_follow(r, &t));
	assert_string_equal(recorder_error(r), "No space left on device");
	assert_true(recorder_follow(r, &t));
	assert_true(recorder_close(r, &t));
	trace_release(&t);
}

/* A limit on the size of files stands in for a disk that fills up while we write. */
static void a_disk_that_fills_up_is_said_once_and_keeps_what_was_written(void **state)
{
	struct rlimit before, small;
	struct recording *back;
	struct recorder *r;
	struct trace t;
	char why[256];
	uint64_t n;

	(void)state;
	fill_trace(&t, 5 * RECORDING_BLOCK);
	r = recorder_open(path, why, sizeof why);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 400000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	n = (uint64_t)complaints(r, &t);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(n, 1);
	back = recording_open(path, why, sizeof why);
	assert_int_equal(read_all(back, &t, &n), RECORDING_DAMAGED);
	assert_true(n >= RECORDING_BLOCK && n % RECORDING_BLOCK == 0);
	recording_close(back);
	trace_release(&t);
}

static void a_closed_pipe_is_said_once(void **state)
{
	struct recorder *r;
	struct trace t;
	char why[256];
	int reader;

	(void)state;
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	r = recorder_open(path, why, sizeof why);
	assert_non_null(r);
	close(reader);
	fill_trace(&t, 5000);
	assert_int_equal(complaints(r, &t), 1);
	unlink(path);
	trace_release(&t);
}

/* Opens what should not open, and shows the sentence. */
static const char *refusal(const char *name)
{
	static char why[256];
	struct recording *r = recording_open(name, why, sizeof why);

	assert_null(r);
	return why + (strncmp(why, path, strlen(path)) ? 0 : strlen(path));
}

static void what_is_no_recording_is_refused_with_a_sentence(void **state)
{
	(void)state;
	unlink(path);
	assert_string_equal(refusal(path), " cannot be opened: No such file or directory");
	write_file("", 0);
	assert_string_equal(refusal(path), " is empty, not a recording");
	write_file("print(1)\n", 9);
	assert_string_equal(refusal(path), " is not a recording of dmalab");
	write_file("DMALAB2\nwhatever", 16);
	assert_string_equal(refusal(path), " is a recording of version 2; this dmalab reads version 1");
	write_file("DMALAB1\n", 8);
	assert_string_equal(refusal(path),
			    " is damaged at byte 8, before the first event: the end is missing");
	write_file("DMALAB1\n--------", 16);
	assert_string_equal(refusal(path),
			    " is damaged at byte 8, before the first event: Unknown frame descriptor");
	assert_non_null(strstr(refusal(folder), " is not readable: Is a directory"));
}

static void a_recording_that_cannot_be_made_is_refused_with_a_sentence(void **state)
{
	char why[256];

	(void)state;
	assert_null(recorder_open(folder, why, sizeof why));
	assert_non_null(strstr(why, "Is a directory"));
	assert_null(recorder_open("/nowhere/at/all", why, sizeof why));
	assert_string_equal(why, "cannot record to /nowhere/at/all: No such file or directory");
}

static void add_frame(struct bytes *file, const void *bytes, size_t n)
{
	size_t room = ZSTD_compressBound(n);

	file->at = realloc(file->at, file->n + room);
	file->n += ZSTD_compress(file->at + file->n, room, bytes, n, 1);
}

/* A file put together by hand: magic and header. */
static struct bytes made_file(const char *header)
{
	struct bytes file = { malloc(8), 8 };

	memcpy(file.at, "DMALAB1\n", 8);
	add_frame(&file, header, strlen(header));
	return file;
}

/* A block of two events of this kind that claims to have `count`. */
static void add_block(struct bytes *file, uint8_t count, uint8_t kind)
{
	uint8_t block[8 + 2 * EVENT_BYTES] = { count };

	block[8] = block[8 + EVENT_BYTES] = 1;
	block[8 + 60] = block[8 + EVENT_BYTES + 60] = kind;
	add_frame(file, block, sizeof block);
}

static void add_end(struct bytes *file, uint8_t total)
{
	add_frame(file, (uint8_t[16]){ [8] = total }, 16);
}

static const char layout[] =
	"event +seq:8 +cycle:8 +cause:8 +addr:8 +addr2:8 value:8 size:4 a:4 b:4 kind:2 unit:2\n";

/* What a hand-made file gives: the events' kind, how it ends and why. */
static void expect(const char *kinds, uint8_t count, uint8_t kind, uint8_t total,
		   enum event_kind want, const char *complaint)
{
	char header[512], why[256];
	struct recording *r;
	struct bytes file;
	const char *why_not;
	uint64_t n;

	snprintf(header, sizeof header, "%s%s", layout, kinds);
	file = made_file(header);
	add_block(&file, count, kind);
	add_end(&file, total);
	r = recording_open_bytes(file.at, file.n, why, sizeof why);
	assert_non_null(r);
	assert_string_equal(recording_header(r), header);
	n = recording_count(r);
	assert_int_equal(n, want == EV_COUNT ? 0 : 2);
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(recording_at(r, i)->kind, want);
	why_not = recording_error(r) ? recording_error(r) : recording_unknown(r);
	if (complaint)
		assert_non_null(strstr(why_not, complaint));
	else
		assert_null(why_not);
	recording_close(r);
	free(file.at);
}

static void kinds_are_found_by_name(void **state)
{
	(void)state;
	expect("kind 200 key.end\n", 2, 200, 2, EV_KEY_END, NULL);
	expect("kind 0 dma.sync_cpu addr=dma addr2=pa size=size "
	       "a=dir:bidirectional,to_device,from_device,none "
	       "b=form:single,page,sg,resource,coherent,noncoherent,pages unit=device\n", 2, 0, 2, EV_DMA_SYNC_CPU, NULL);
}

static void a_list_of_words_may_grow(void **state)
{
	(void)state;
	expect("kind 0 cpu.barrier a=barrier:mb,rmb unit=cpu\n", 2, 0, 2, EV_CPU_BARRIER, NULL);
	expect("kind 0 cpu.barrier a=barrier:mb,rmb,wmb,dma_rmb,dma_wmb,dma_mb,fence unit=cpu\n", 2, 0, 2,
	       EV_CPU_BARRIER, NULL);
	expect("kind 0 cpu.barrier a=barrier:rmb,mb unit=cpu\n", 2, 0, 2, EV_COUNT, "cpu.barrier");
}

static void an_unknown_kind_is_left_out_and_named(void **state)
{
	(void)state;
	expect("kind 0 cpu.peek addr=va\n", 2, 0, 2, EV_COUNT,
	       "2 events left out, of kinds this version does not know: cpu.peek");
	expect("kind 0 key.end addr=va\n", 2, 0, 2, EV_COUNT, "key.end");
}

static void a_block_that_lies_is_refused(void **state)
{
	(void)state;
	expect("kind 1 key.end\n", 3, 1, 2, EV_COUNT, "a block says it has 3 events and has 136 bytes");
	expect("kind 1 key.end\n", 0, 1, 2, EV_COUNT, "a block without events is not an end either");
	expect("kind 1 key.end\n", 2, 9, 2, EV_COUNT,
	       "an event of kind 9, which the header does not list");
	expect("kind 1 key.end\n", 2, 1, 7, EV_KEY_END, "7 events were written, 2 are here");
}

static void a_header_that_makes_no_sense_is_refused(void **state)
{
	static const char *const headers[] = { "", "\n", "hello\n", "kind\n", "kind 1 key.end\n",
		"kind x key.end\n", "kind 256 key.end\n", "kind 1\n", "kind 1 a\nkind 1 b\n" };
	char why[256];

	(void)state;
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
		struct bytes file = made_file(headers[i]);

		assert_null(recording_open_bytes(file.at, file.n, why, sizeof why));
		assert_non_null(strstr(why, "damaged at byte 8, before the first event: "));
		free(file.at);
	}
}

static void a_block_that_swells_without_end_is_refused(void **state)
{
	size_t n = 64u << 20;
	void *zeros = calloc(1, n);
	struct bytes file = made_file(layout);
	struct recording *r;
	char why[256];

	(void)state;
	add_frame(&file, zeros, n);
	r = recording_open_bytes(file.at, file.n, why, sizeof why);
	assert_int_equal(recording_state(r), RECORDING_DAMAGED);
	recording_close(r);
	free(file.at);
	free(zeros);
}

static void what_follows_the_end_is_refused(void **state)
{
	struct recording *r;
	struct bytes file = made_file(layout);
	char why[256];

	(void)state;
	add_end(&file, 0);
	add_end(&file, 0);
	r = recording_open_bytes(file.at, file.n, why, sizeof why);
	assert_int_equal(recording_state(r), RECORDING_DAMAGED);
	assert_non_null(strstr(recording_error(r), "something follows the end"));
	recording_close(r);
	free(file.at);
}

/* The reader is made to unpack far more blocks than it keeps. */
static void any_event_can_be_read_at_any_time(void **state)
{
	uint64_t seed = test_seed(7), random = seed, n = (RECORDING_CACHE + 30) * RECORDING_BLOCK + 5;
	struct recording *r;
	struct trace t;
	char why[256];

	(void)state;
	fill_trace(&t, n);
	record(&t);
	r = recording_open(path, why, sizeof why);
	assert_int_equal(recording_count(r), n);
	for (uint64_t i = 0; i < 2000; i++) {
		uint64_t at = test_below(&random, n);

		assert_seeded(!memcmp(recording_at(r, at), trace_at(&t, at + 1), sizeof(struct event)),
			      seed, i);
	}
	recording_close(r);
	trace_release(&t);
}

/* Ask for one event of each of n blocks, from this one on. */
static void ask_for(struct recording *r, uint64_t block, uint64_t n)
{
	for (uint64_t i = block; i < block + n; i++)
		assert_non_null(recording_at(r, i * RECORDING_BLOCK));
}

static void an_event_stays_while_few_others_are_asked_for(void **state)
{
	const struct event *first;
	struct recording *r;
	struct event before;
	struct trace t;
	char why[256];

	(void)state;
	fill_trace(&t, 2 * RECORDING_CACHE * RECORDING_BLOCK);
	record(&t);
	r = recording_open(path, why, sizeof why);
	first = recording_at(r, 0);
	before = *first;
	ask_for(r, 1, RECORDING_CACHE - 1);
	assert_memory_equal(first, &before, sizeof before);
	assert_ptr_equal(recording_at(r, 0), first);
	ask_for(r, RECORDING_CACHE, RECORDING_CACHE - 1);
	assert_memory_equal(first, &before, sizeof before);
	recording_close(r);
	trace_release(&t);
}

/* Another machine's trace behind this one, cut into blocks of their own here and there. */
static void follow_machine(struct recorder *r, uint64_t n, uint64_t *random)
{
	struct trace t;

	trace_init(&t);
	for (uint64_t i = 0; i < n; i++) {
		trace_append(&t, i, &(struct event){ .kind = EV_CPU_LOAD, .addr = i });
		assert_true(recorder_follow(r, &t));
		if (test_below(random, 50) == 0)
			assert_true(recorder_flush(r));
	}
	recorder_restart(r);
	trace_release(&t);
}

static const uint64_t lengths[] = { 300, 1, 1, 5000, 2, 40, 9000, 7 };
#define MACHINES (sizeof lengths / sizeof lengths[0])

static void record_machines(uint64_t *random)
{
	struct trace nothing;
	struct recorder *r;
	char why[256];

	r = recorder_open(path, why, sizeof why);
	for (size_t i = 0; i < MACHINES; i++)
		follow_machine(r, lengths[i], random);
	trace_init(&nothing);
	assert_true(recorder_close(r, &nothing));
}

/* Every event of the machine that begins at `first` is found from `near`, and nothing else. */
static void find_all(struct recording *r, uint64_t first, uint64_t length, uint64_t near)
{
	for (uint64_t seq = 1; seq <= length; seq += 1 + length / 100)
		assert_int_equal(recording_find(r, seq, near), first + seq - 1);
	assert_int_equal(recording_find(r, length, near), first + length - 1);
	assert_int_equal(recording_find(r, 0, near), RECORDING_NOWHERE);
	assert_int_equal(recording_find(r, length + 1, near), RECORDING_NOWHERE);
}

static void an_event_is_found_by_its_number_on_its_machine(void **state)
{
	uint64_t random = test_seed(3), first = 0;
	struct recording *r;
	char why[256];

	(void)state;
	record_machines(&random);
	r = recording_open(path, why, sizeof why);
	for (size_t i = 0; i < MACHINES; i++) {
		find_all(r, first, lengths[i], first);
		find_all(r, first, lengths[i], first + lengths[i] - 1);
		find_all(r, first, lengths[i], first + test_below(&random, lengths[i]));
		first += lengths[i];
	}
	assert_int_equal(recording_count(r), first);
	assert_int_equal(recording_find(r, 1, first), RECORDING_NOWHERE);
	recording_close(r);
}

/* Pieces of any length, read while they come: as many events as before or more, all of them right. */
static void fed_in_pieces_it_is_the_same_recording(void **state)
{
	uint64_t seed = test_seed(11), random = seed, n, before = 0;
	struct recording *r = recording_live();
	struct bytes b;
	struct trace t;

	(void)state;
	fill_trace(&t, 3 * RECORDING_BLOCK + 100);
	record(&t);
	b = file_bytes();
	assert_null(recording_header(r));
	for (size_t at = 0, piece; at < b.n; at += piece) {
		assert_int_equal(recording_state(r), RECORDING_GROWING);
		piece = min_u64(test_below(&random, 3000), b.n - at);
		assert_true(recording_feed(r, b.at + at, piece));
		n = recording_count(r);
		assert_true(n >= before);
		if (n > before)
			assert_memory_equal(recording_at(r, n - 1), trace_at(&t, n), sizeof(struct event));
		before = n;
	}
	recording_close_input(r);
	assert_int_equal(read_all(r, &t, &n), RECORDING_END);
	assert_int_equal(n, 3 * RECORDING_BLOCK + 100);
	recording_close(r);
	free(b.at);
	trace_release(&t);
}

/* The same complaint and the same events, whole or byte by byte. */
static void compare_fed(const uint8_t *bytes, size_t n)
{
	struct recording *whole = recording_live(), *pieces = recording_live();

	recording_feed(whole, bytes, n);
	recording_close_input(whole);
	for (size_t i = 0; i < n && recording_feed(pieces, bytes + i, 1); i++)
		;
	recording_close_input(pieces);
	assert_int_equal(recording_state(whole), recording_state(pieces));
	assert_int_equal(recording_count(whole), recording_count(pieces));
	if (recording_error(whole))
		assert_string_equal(recording_error(whole), recording_error(pieces));
	recording_close(whole);
	recording_close(pieces);
}

static void damage_is_the_same_however_it_comes(void **state)
{
	struct bytes b;
	struct trace t;

	(void)state;
	fill_trace(&t, SMALL);
	record(&t);
	b = file_bytes();
	for (size_t cut = 0; cut < b.n; cut += 7)
		compare_fed(b.at, cut);
	for (size_t i = 0; i < b.n; i += 7) {
		b.at[i] ^= 0x40;
		compare_fed(b.at, b.n);
		b.at[i] ^= 0x40;
	}
	free(b.at);
	trace_release(&t);
}

static void after_damage_nothing_more_is_taken(void **state)
{
	struct recording *r = recording_live();

	(void)state;
	assert_false(recording_feed(r, "print(1)\n", 9));
	assert_false(recording_feed(r, "DMALAB1\n", 8));
	assert_int_equal(recording_state(r), RECORDING_DAMAGED);
	assert_string_equal(recording_error(r), "not a recording of dmalab");
	recording_close(r);
}

/* A frame that never ends: noticed before half a megabyte was swallowed. */
static void an_endless_block_holds_nothing_back(void **state)
{
	static const uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0, 0x40 };
	static const uint8_t block[3 + 1024] = { 0, 0x20, 0 };    /* 1024 raw bytes, not the last */
	struct recording *r = recording_live();
	struct bytes file = made_file(layout);
	size_t fed = 0;

	(void)state;
	assert_true(recording_feed(r, file.at, file.n));
	assert_true(recording_feed(r, frame, sizeof frame));
	while (recording_feed(r, block, sizeof block))
		assert_true((fed += sizeof block) < 512u << 10);
	assert_non_null(strstr(recording_error(r), "a block is too long"));
	recording_close(r);
	free(file.at);
}

/* A recorder whose other end is in to[0]; nothing waits in between but what the kernel keeps. */
static struct recorder *open_pipe(int to[2])
{
	struct recorder *r;

	assert_int_equal(pipe(to), 0);
	assert_int_equal(fcntl(to[0], F_SETFL, O_NONBLOCK), 0);
	r = recorder_open_pipe(to[1]);
	assert_non_null(r);
	return r;
}

/* What has come through a pipe by now. */
static void read_now(struct recording *r, int fd)
{
	uint64_t idle = 0;

	for (uint64_t before = 0; idle < 20; idle++) {
		if (!recording_read(r, fd))
			return;
		if (recording_count(r) > before)
			idle = 0;
		before = recording_count(r);
	}
}

static void who_reads_along_has_it_when_it_is_flushed(void **state)
{
	struct recording *back = recording_live();
	struct recorder *r;
	struct trace t;
	uint64_t n;
	int to[2];

	(void)state;
	trace_init(&t);
	r = open_pipe(to);
	for (uint64_t i = 1; i <= 500; i++) {
		trace_append(&t, i, &(struct event){ .kind = EV_CPU_STORE, .value = i });
		assert_true(recorder_follow(r, &t));
		read_now(back, to[0]);
		assert_int_equal(recording_count(back), i - 1);
		assert_true(recorder_flush(r));
		read_now(back, to[0]);
		assert_int_equal(recording_count(back), i);
		assert_int_equal(recording_at(back, i - 1)->value, i);
	}
	assert_true(recorder_close(r, &t));
	read_now(back, to[0]);
	assert_int_equal(read_all(back, &t, &n), RECORDING_END);
	recording_close(back);
	close(to[0]);
	trace_release(&t);
}

static void what_a_slow_reader_leaves_waits_for_it(void **state)
{
	struct recording *back = recording_live();
	struct recorder *r;
	struct trace t;
	uint64_t n;
	int to[2];

	(void)state;
	fill_trace(&t, 20 * RECORDING_BLOCK);
	r = open_pipe(to);
	assert_true(recorder_follow(r, &t));
	assert_true(recorder_waiting(r) > 65536);
	while (recorder_waiting(r)) {
		read_now(back, to[0]);
		assert_true(recorder_push(r));
	}
	assert_true(recorder_close(r, &t));
	read_now(back, to[0]);
	assert_int_equal(read_all(back, &t, &n), RECORDING_END);
	assert_int_equal(n, 20 * RECORDING_BLOCK);
	recording_close(back);
	close(to[0]);
	trace_release(&t);
}

/* Now it lags, now it is close behind: what waits moves about in memory and stays in order. */
static void a_reader_that_lags_gets_it_all(void **state)
{
	uint64_t random = test_seed(5), n;
	struct recording *back = recording_live();
	struct trace whole, t;
	struct recorder *r;
	int to[2];

	(void)state;
	fill_trace(&whole, 400000);
	trace_init(&t);
	r = open_pipe(to);
	while (t.next < whole.next) {
		for (int i = 0; i < 2000; i++)
			trace_append(&t, trace_at(&whole, t.next)->cycle, trace_at(&whole, t.next));
		assert_true(recorder_follow(r, &t));
		for (uint64_t i = test_below(&random, 8); i; i--) {
			assert_true(recording_read(back, to[0]));
			assert_true(recorder_push(r));
		}
	}
	assert_true(recorder_flush(r));
	while (recorder_waiting(r)) {
		read_now(back, to[0]);
		assert_true(recorder_push(r));
	}
	read_now(back, to[0]);
	assert_true(recorder_close(r, &t));
	read_now(back, to[0]);
	assert_int_equal(read_all(back, &whole, &n), RECORDING_END);
	assert_int_equal(n, 400000);
	recording_close(back);
	close(to[0]);
	trace_release(&t);
	trace_release(&whole);
}

static void a_reader_that_reads_nothing_is_given_up_once(void **state)
{
	struct recorder *r;
	struct trace t;
	int to[2], said = 0;

	(void)state;
	fill_trace(&t, 100 * RECORDING_BLOCK);
	r = open_pipe(to);
	for (int i = 0; i < 10; i++) {
		said += !recorder_follow(r, &t);
		assert_true(recorder_waiting(r) <= RECORDER_WAITING);
		recorder_restart(r);
	}
	assert_int_equal(said, 1);
	assert_string_equal(recorder_error(r), "the reader is too slow");
	assert_int_equal(recorder_waiting(r), 0);
	assert_true(recorder_flush(r) && recorder_push(r) && recorder_close(r, &t));
	close(to[0]);
	trace_release(&t);
}

static void a_reader_that_has_gone_is_said_once(void **state)
{
	struct recorder *r;
	struct trace t;
	int to[2];

	(void)state;
	fill_trace(&t, 5000);
	r = open_pipe(to);
	close(to[0]);
	assert_int_equal(complaints(r, &t), 1);
	trace_release(&t);
}

/* The end of a session waits a second for a reader that stands still, not longer. */
static void the_end_does_not_wait_for_ever(void **state)
{
	struct recorder *r;
	struct trace t;
	int to[2];

	(void)state;
	fill_trace(&t, 20 * RECORDING_BLOCK);
	r = open_pipe(to);
	assert_true(recorder_follow(r, &t));
	assert_false(recorder_finish(r, &t));
	assert_string_equal(recorder_error(r), "the reader is too slow");
	assert_true(recorder_close(r, &t));
	close(to[0]);
	trace_release(&t);
}

static void the_header_names_every_kind(void **state)
{
	struct recording *r;
	struct trace t;
	char why[256], row[64];

	(void)state;
	fill_trace(&t, 0);
	record(&t);
	r = recording_open(path, why, sizeof why);
	for (enum event_kind k = 0; k < EV_COUNT; k++) {
		snprintf(row, sizeof row, "\nkind %d %s", (int)k, event_info[k].name);
		assert_non_null(strstr(recording_header(r), row));
	}
	recording_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_recorded_reads_back),
		cmocka_unit_test(following_step_by_step_gives_the_same_file),
		cmocka_unit_test(a_new_machine_begins_a_new_trace_in_the_same_file),
		cmocka_unit_test(every_truncation_is_found_where_it_is),
		cmocka_unit_test(every_changed_byte_is_found_or_changes_no_event),
		cmocka_unit_test(what_came_before_the_damage_is_read),
		cmocka_unit_test(a_full_disk_is_said_once_by_the_first_follow),
		cmocka_unit_test(a_disk_that_fills_up_is_said_once_and_keeps_what_was_written),
		cmocka_unit_test(a_closed_pipe_is_said_once),
		cmocka_unit_test(what_is_no_recording_is_refused_with_a_sentence),
		cmocka_unit_test(a_recording_that_cannot_be_made_is_refused_with_a_sentence),
		cmocka_unit_test(kinds_are_found_by_name),
		cmocka_unit_test(a_list_of_words_may_grow),
		cmocka_unit_test(an_unknown_kind_is_left_out_and_named),
		cmocka_unit_test(a_block_that_lies_is_refused),
		cmocka_unit_test(a_header_that_makes_no_sense_is_refused),
		cmocka_unit_test(a_block_that_swells_without_end_is_refused),
		cmocka_unit_test(what_follows_the_end_is_refused),
		cmocka_unit_test(the_header_names_every_kind),
		cmocka_unit_test(any_event_can_be_read_at_any_time),
		cmocka_unit_test(an_event_stays_while_few_others_are_asked_for),
		cmocka_unit_test(an_event_is_found_by_its_number_on_its_machine),
		cmocka_unit_test(fed_in_pieces_it_is_the_same_recording),
		cmocka_unit_test(damage_is_the_same_however_it_comes),
		cmocka_unit_test(after_damage_nothing_more_is_taken),
		cmocka_unit_test(an_endless_block_holds_nothing_back),
		cmocka_unit_test(who_reads_along_has_it_when_it_is_flushed),
		cmocka_unit_test(what_a_slow_reader_leaves_waits_for_it),
		cmocka_unit_test(a_reader_that_lags_gets_it_all),
		cmocka_unit_test(a_reader_that_reads_nothing_is_given_up_once),
		cmocka_unit_test(a_reader_that_has_gone_is_said_once),
		cmocka_unit_test(the_end_does_not_wait_for_ever),
	};

	return cmocka_run_group_tests_name("recording", tests, enter, leave);
}
