/*
 * Fuzzes the reader of recordings. The first byte chooses what the others are, so that random bytes
 * get past the magic, the checksums and the header: a file; what follows the magic; changes to a
 * good file; the contents of blocks; a header and the contents of blocks.
 */
#include "fuzz.h"

#include "viz/recorder.h"
#include "viz/recording.h"
#include "viz/recording_format.h"

#include <unistd.h>
#include <zstd.h>

#define FILE_MAX  (1u << 20)
#define INPUT_MAX (FILE_MAX / 16)    /* two bytes may become an empty frame of nine */

struct file {
	size_t n;
	uint8_t bytes[FILE_MAX];
};

static void append(struct file *f, const void *bytes, size_t n)
{
	MUST(n <= FILE_MAX - f->n);
	if (n)
		memcpy(f->bytes + f->n, bytes, n);
	f->n += n;
}

static void append_frame(struct file *f, const void *bytes, size_t n)
{
	size_t packed = ZSTD_compress(f->bytes + f->n, FILE_MAX - f->n, bytes, n, 1);

	MUST(!ZSTD_isError(packed));
	f->n += packed;
}

/* A good file, made once: a few events of every kind. */
static void append_good(struct file *f)
{
	static struct file good;
	char path[] = "/tmp/dmalab-fuzz-XXXXXX", why[256];
	struct recorder *r;
	struct trace t;
	FILE *in;

	if (!good.n) {
		trace_init(&t);
		for (uint32_t i = 0; i < 3 * EV_COUNT; i++)
			trace_append(&t, i, &(struct event){ .kind = (uint16_t)(i % EV_COUNT), .addr = i, .a = i });
		close(mkstemp(path));
		r = recorder_open(path, why, sizeof why);
		MUST(r && recorder_close(r, &t));
		in = fopen(path, "rb");
		MUST(in);
		good.n = fread(good.bytes, 1, FILE_MAX, in);
		fclose(in);
		unlink(path);
		trace_release(&t);
	}
	append(f, good.bytes, good.n);
}

static void change(struct file *f, struct input *in)
{
	while (in->left) {
		size_t at = take_below(in, f->n);

		f->bytes[at] ^= (uint8_t)take(in, 1);
	}
}

/* The rest of the input as blocks of up to 4 KiB. */
static void append_blocks(struct file *f, struct input *in)
{
	while (in->left) {
		size_t n = take(in, 2) % 4096;

		n = min_u64(n, in->left);
		append_frame(f, in->at, n);
		in->at += n;
		in->left -= n;
	}
}

static void append_header(struct file *f)
{
	static const char header[] =
		"event +seq:8 +cycle:8 +cause:8 +addr:8 +addr2:8 value:8 size:4 a:4 b:4 kind:2 unit:2\n"
		"kind 0 cpu.barrier a=barrier:mb,rmb,wmb,dma_rmb,dma_wmb unit=cpu\n"
		"kind 1 key.end\nkind 255 not.known addr=x\n";

	append(f, "DMALAB1\n", 8);
	append_frame(f, header, sizeof header - 1);
}

static void make_file(struct file *f, struct input *in)
{
	uint64_t how = take_below(in, 5);

	f->n = 0;
	if (how == 2) {
		append_good(f);
		change(f, in);
		return;
	}
	if (how == 3)
		append_header(f);
	else if (how)
		append(f, "DMALAB1\n", 8);
	if (how >= 3)
		append_blocks(f, in);
	else
		append(f, in->at, in->left);
}

/* A frame takes at least 9 bytes of the file and holds at most a block, so the end must come. */
static void read_all(struct recording *r, const struct file *f)
{
	uint64_t most = (f->n / 9 + 1) * RECORDING_BLOCK, n = recording_count(r);
	enum recording_state state = recording_state(r);
	const struct event *e;
	char text[128];

	MUST(n <= most);
	for (uint64_t i = 0; i < n; i++) {
		e = recording_at(r, i);
		MUST(e && e->kind < EV_COUNT);
		if (i < 64)
			MUST(event_text(e, text, sizeof text) > 0);
	}
	MUST(!recording_at(r, n));
	MUST(state != RECORDING_GROWING);
	MUST((state == RECORDING_DAMAGED) == (recording_error(r) != NULL));
	MUST(recording_header(r));
	recording_unknown(r);
}

/* In pieces it must end like the whole, and every event found by its number must be that event. */
static void read_pieces(const struct file *f, const struct recording *whole)
{
	struct recording *r = recording_live();
	size_t piece = 1 + f->n / 61;

	MUST(r);
	for (size_t at = 0; at < f->n; at += piece)
		if (!recording_feed(r, f->bytes + at, min_u64(piece, f->n - at)))
			break;
	recording_close_input(r);
	MUST(recording_state(r) == (whole ? recording_state(whole) : RECORDING_DAMAGED));
	MUST(recording_count(r) == (whole ? recording_count(whole) : 0));
	for (uint64_t i = 0; i < recording_count(r); i += 1 + recording_count(r) / 16) {
		uint64_t seq = recording_at(r, i)->seq;

		MUST(recording_find(r, seq, i) == i);
	}
	recording_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct file f;
	struct input in = { bytes, n < INPUT_MAX ? n : INPUT_MAX };
	char why[256] = "";
	struct recording *r;

	make_file(&f, &in);
	r = recording_open_bytes(f.bytes, f.n, why, sizeof why);
	MUST(r || *why);
	if (r)
		read_all(r, &f);
	read_pieces(&f, r);
	recording_close(r);
	return 0;
}
