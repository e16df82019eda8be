#include "viz/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#define MAGIC       "DMALAB1\n"
#define MAGIC_BYTES 8
#define EVENT_BYTES 64
#define BLOCK_BYTES (8 + (size_t)RECORDING_BLOCK * EVENT_BYTES)
#define HEADER_MAX  65536
#define KINDS_MAX   256          /* kinds a header may list; a program knows at most 64 */
#define LAYOUT \
	"event seq:8 cycle:8 cause:8 addr:8 addr2:8 value:8 size:4 a:4 b:4 kind:2 unit:2"

/* How hard zstd tries. Higher levels cost more time than they save space on such regular data. */
#define LEVEL       1

/* Frames that want a longer window than ours are not ours. 256 KiB blocks: 19 bits will do. */
#define WINDOW_LOG  19

static const char *const slot[FIELD_COUNT] = { "addr", "addr2", "value", "size", "a", "b", "unit" };

static void put(uint8_t *to, size_t bytes, uint64_t value)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get(const uint8_t *from, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = bytes; i-- > 0;)
		value = value << 8 | from[i];
	return value;
}

static void event_put(uint8_t *to, const struct event *e)
{
	put(to, 8, e->seq);
	put(to + 8, 8, e->cycle);
	put(to + 16, 8, e->cause);
	put(to + 24, 8, e->addr);
	put(to + 32, 8, e->addr2);
	put(to + 40, 8, e->value);
	put(to + 48, 4, e->size);
	put(to + 52, 4, e->a);
	put(to + 56, 4, e->b);
	put(to + 60, 2, e->kind);
	put(to + 62, 2, e->unit);
}

static struct event event_from(const uint8_t *from)
{
	return (struct event){
		.seq = get(from, 8), .cycle = get(from + 8, 8), .cause = get(from + 16, 8),
		.addr = get(from + 24, 8), .addr2 = get(from + 32, 8), .value = get(from + 40, 8),
		.size = (uint32_t)get(from + 48, 4), .a = (uint32_t)get(from + 52, 4),
		.b = (uint32_t)get(from + 56, 4), .kind = (uint16_t)get(from + 60, 2),
		.unit = (uint16_t)get(from + 62, 2),
	};
}

/* Text put together piece by piece; what does not fit is left off. */
struct text {
	char *at;
	size_t used, room;
};

__attribute__((format(printf, 2, 3)))
static void add(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at + t->used, t->room - t->used, format, args);
	va_end(args);
	if (n > 0)
		t->used += min_u64((uint64_t)n, t->room - t->used - 1);
}

/* " a=at:ram,l1,l2": the slot, what this kind keeps there, and the words when it is a code. */
static void add_field(struct text *t, enum event_kind kind, enum event_field f)
{
	const char *word;

	if (!*event_info[kind].field[f])
		return;
	add(t, " %s=%s", slot[f], event_info[kind].field[f]);
	for (uint32_t v = 0; v < 64; v++) {
		struct event e = { .kind = (uint16_t)kind, .addr = v, .addr2 = v, .value = v,
			.size = v, .a = v, .b = v, .unit = (uint16_t)v };

		if (!(word = event_word(&e, f)))
			return;
		add(t, "%c%s", v ? ',' : ':', word);
	}
}

/* "cpu.barrier a=barrier:mb,rmb,wmb unit=cpu" */
static void add_kind(struct text *t, enum event_kind kind)
{
	add(t, "%s", event_info[kind].name);
	for (enum event_field f = 0; f < FIELD_COUNT; f++)
		add_field(t, kind, f);
}

static size_t header_write(char *header)
{
	struct text t = { header, 0, HEADER_MAX };

	add(&t, "a recording by dmalab %s: blocks of a count and events, little endian\n", VERSION);
	add(&t, "%s\n", LAYOUT);
	for (enum event_kind k = 0; k < EV_COUNT; k++) {
		add(&t, "kind %d ", (int)k);
		add_kind(&t, k);
		add(&t, "\n");
	}
	return t.used;
}

struct recorder {
	int fd;                      /* -1: closed */
	ZSTD_CCtx *z;
	struct cursor cursor;
	uint64_t count;              /* events in the block at work */
	uint64_t total, written;     /* events taken over; of those, safe in the file */
	bool finished;
	bool told;                   /* the caller knows of the error */
	char error[160];
	uint8_t block[BLOCK_BYTES];
	uint8_t packed[ZSTD_COMPRESSBOUND(BLOCK_BYTES)];
};

static bool fail(struct recorder *r, const char *reason)
{
	if (r->written)
		snprintf(r->error, sizeof r->error, "%s; the file has the first %" PRIu64 " events",
			 reason, r->written);
	else
		snprintf(r->error, sizeof r->error, "%s", reason);
	return false;
}

static bool write_all(struct recorder *r, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	while (n) {
		ssize_t done = write(r->fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return fail(r, strerror(errno));
		at += done;
		n -= (size_t)done;
	}
	return true;
}

/* One block as one frame. */
static bool write_frame(struct recorder *r, const void *bytes, size_t n)
{
	size_t packed = ZSTD_compress2(r->z, r->packed, sizeof r->packed, bytes, n);

	if (ZSTD_isError(packed))
		return fail(r, ZSTD_getErrorName(packed));
	return write_all(r, r->packed, packed);
}

static bool write_block(struct recorder *r)
{
	put(r->block, 8, r->count);
	if (!write_frame(r, r->block, 8 + r->count * EVENT_BYTES))
		return false;
	r->written += r->count;
	r->count = 0;
	return true;
}

static bool write_end(struct recorder *r)
{
	put(r->block, 8, 0);
	put(r->block + 8, 8, r->total);
	return write_frame(r, r->block, 16);
}

static bool write_start(struct recorder *r)
{
	size_t n = header_write((char *)r->block);

	return write_all(r, MAGIC, MAGIC_BYTES) && write_frame(r, r->block, n);
}

static bool prepare(struct recorder *r)
{
	return r->z &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(r->z, ZSTD_c_compressionLevel, LEVEL)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(r->z, ZSTD_c_checksumFlag, 1));
}

static void recorder_free(struct recorder *r)
{
	if (r->fd >= 0)
		close(r->fd);
	ZSTD_freeCCtx(r->z);
	free(r);
}

struct recorder *recorder_open(const char *path, char *why, size_t n)
{
	struct recorder *r = calloc(1, sizeof *r);

	if (!r || !(r->z = ZSTD_createCCtx()) || !prepare(r)) {
		snprintf(why, n, "cannot record to %s: out of memory", path);
		free(r);
		return NULL;
	}
	r->cursor.next = 1;
	r->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (r->fd < 0)
		snprintf(why, n, "cannot record to %s: %s", path, strerror(errno));
	else {
		write_start(r);      /* a disk that is full already is told by the first follow */
		return r;
	}
	recorder_free(r);
	return NULL;
}

bool recorder_follow(struct recorder *r, const struct trace *t)
{
	const struct event *e;
	uint64_t lost = 0;

	if (r->finished || r->told)
		return true;
	while (!*r->error && (e = trace_read(t, &r->cursor, &lost))) {
		event_put(r->block + 8 + r->count * EVENT_BYTES, e);
		r->total++;
		if (++r->count == RECORDING_BLOCK)
			write_block(r);
	}
	r->told = *r->error != '\0';
	return !r->told;
}

void recorder_restart(struct recorder *r)
{
	r->cursor.next = 1;
}

bool recorder_finish(struct recorder *r, const struct trace *t)
{
	bool told = r->told;

	if (r->finished)
		return true;
	recorder_follow(r, t);
	r->finished = true;
	if (!*r->error && (!r->count || write_block(r)))
		write_end(r);
	if (close(r->fd) && !*r->error)
		fail(r, strerror(errno));
	r->fd = -1;
	return told || !*r->error;
}

const char *recorder_error(const struct recorder *r)
{
	return *r->error ? r->error : NULL;
}

bool recorder_close(struct recorder *r, const struct trace *t)
{
	bool well;

	if (!r)
		return true;
	well = recorder_finish(r, t);
	recorder_free(r);
	return well;
}

/* A kind the recording lists. */
struct listed {
	bool there;
	enum event_kind kind;        /* EV_COUNT: we do not know it */
	const char *name;            /* in the header, not ended */
	int name_length;
	uint64_t left_out;           /* its events so far, when we do not know it */
};

struct recording {
	int fd;                      /* -1: the bytes are the caller's */
	ZSTD_DCtx *z;
	ZSTD_inBuffer in;
	uint64_t before;             /* bytes of the file before those in `in` */
	enum recording_state state;
	uint64_t count, next;        /* events of this block, and which is next */
	uint64_t block_at;           /* byte of the file where this block begins */
	uint64_t total, last;        /* events read; number of the last one handed out */
	struct listed kinds[KINDS_MAX];
	char *header;
	char error[200], unknown[320];
	uint8_t block[BLOCK_BYTES + 1];   /* one more, to notice what is too long */
	uint8_t buffer[65536];
};

__attribute__((format(printf, 3, 4)))
static bool damaged(struct recording *r, uint64_t at, const char *format, ...)
{
	struct text t = { r->error, 0, sizeof r->error };
	va_list args;

	add(&t, "damaged at byte %" PRIu64 ", ", at);
	if (r->last)
		add(&t, "after event %" PRIu64 ": ", r->last);
	else
		add(&t, "before the first event: ");
	va_start(args, format);
	vsnprintf(t.at + t.used, t.room - t.used, format, args);
	va_end(args);
	r->state = RECORDING_DAMAGED;
	return false;
}

static uint64_t position(const struct recording *r)
{
	return r->before + r->in.pos;
}

/* More bytes in r->in. False at the end of the file, or when reading failed (then errno is set). */
static bool refill(struct recording *r)
{
	ssize_t n = 0;

	errno = 0;
	if (r->in.pos < r->in.size)
		return true;
	if (r->fd < 0)
		return false;
	do
		n = read(r->fd, r->buffer, sizeof r->buffer);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	r->before += r->in.size;
	r->in = (ZSTD_inBuffer){ r->buffer, (size_t)n, 0 };
	errno = 0;
	return true;
}

/* The next frame, whole, in r->block: nothing in it is believed before its checksum was right. */
static bool read_frame(struct recording *r, size_t *size)
{
	ZSTD_outBuffer out = { r->block, sizeof r->block, 0 };
	size_t more;

	r->block_at = position(r);
	ZSTD_DCtx_reset(r->z, ZSTD_reset_session_only);
	do {
		if (!refill(r) && errno)
			return damaged(r, position(r), "%s", strerror(errno));
		if (r->in.pos == r->in.size)
			return damaged(r, position(r), position(r) == r->block_at ?
				"the end is missing" : "the file breaks off inside a block");
		more = ZSTD_decompressStream(r->z, &out, &r->in);
		if (ZSTD_isError(more))
			return damaged(r, r->block_at, "%s", ZSTD_getErrorName(more));
		if (out.pos > BLOCK_BYTES)
			return damaged(r, r->block_at, "a block is too long");
	} while (more);
	*size = out.pos;
	return true;
}

/* Are these the same field? A list of words may have grown since. */
static bool same_field(const char *a, size_t na, const char *b, size_t nb)
{
	size_t n = na < nb ? na : nb;

	if (strncmp(a, b, n))
		return false;
	return na == nb || (memchr(a, ':', n) && (na > nb ? a : b)[n] == ',');
}

static bool same_row(const char *a, const char *b)
{
	while (*a && *b) {
		size_t na = strcspn(a, " "), nb = strcspn(b, " ");

		if (!same_field(a, na, b, nb))
			return false;
		a += na + (a[na] == ' ');
		b += nb + (b[nb] == ' ');
	}
	return *a == *b;
}

/* Our kind that is described like this row of a header, or EV_COUNT. */
static enum event_kind kind_described(const char *row)
{
	char name[64], ours[1024];
	enum event_kind kind;

	snprintf(name, sizeof name, "%.*s", (int)strcspn(row, " "), row);
	kind = event_kind_named(name);
	if (kind == EV_COUNT)
		return EV_COUNT;
	add_kind(&(struct text){ ours, 0, sizeof ours }, kind);
	return same_row(ours, row) ? kind : EV_COUNT;
}

/* "12 cpu.load addr=va ..." */
static bool parse_kind(struct recording *r, const char *line)
{
	char *row;
	unsigned long number = strtoul(line, &row, 10);

	if (row == line || *row != ' ' || number >= KINDS_MAX || r->kinds[number].there)
		return false;
	row++;
	r->kinds[number] = (struct listed){ .there = true, .kind = kind_described(row),
		.name = row, .name_length = (int)strcspn(row, " ") };
	return true;
}

/* Cuts the text into lines; the names of kinds stay in it. */
static bool parse_header(struct recording *r, char *text)
{
	bool layout = false;
	char *end;

	for (char *line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (!strcmp(line, LAYOUT))
			layout = true;
		else if (!strncmp(line, "kind ", 5) && !parse_kind(r, line + 5))
			return damaged(r, r->block_at,
				       "its list of kinds makes no sense at '%.40s'", line);
	}
	return layout ||
	       damaged(r, r->block_at, "its events have a layout this version does not know");
}

/* The lines of the header serve twice: whole, to show, and cut, to look kinds up. */
static bool read_header(struct recording *r)
{
	size_t n;

	if (!read_frame(r, &n))
		return false;
	if (!n || n > HEADER_MAX || memchr(r->block, 0, n))
		return damaged(r, r->block_at, "it does not begin with a header");
	r->header = calloc(2, n + 1);
	if (!r->header)
		return damaged(r, r->block_at, "out of memory");
	memcpy(r->header, r->block, n);
	memcpy(r->header + n + 1, r->block, n);
	return parse_header(r, r->header + n + 1);
}

static bool read_magic(struct recording *r, char *why, size_t room)
{
	char magic[MAGIC_BYTES] = { 0 };
	size_t n = 0;

	while (n < MAGIC_BYTES && refill(r))
		magic[n++] = ((const char *)r->in.src)[r->in.pos++];
	if (n < MAGIC_BYTES && errno)
		snprintf(why, room, "cannot be read: %s", strerror(errno));
	else if (!n)
		snprintf(why, room, "is empty, not a recording");
	else if (!memcmp(magic, MAGIC, MAGIC_BYTES))
		return true;
	else if (n == MAGIC_BYTES && !memcmp(magic, MAGIC, 6) && magic[7] == '\n' && magic[6] > ' ')
		snprintf(why, room, "is a recording of version %c; this dmalab reads version 1",
			 magic[6]);
	else if (n < MAGIC_BYTES && !memcmp(magic, MAGIC, n))
		snprintf(why, room, "breaks off at byte %zu, before its header", n);
	else
		snprintf(why, room, "is not a recording of dmalab");
	return false;
}

/* Takes fd over. */
static struct recording *open_source(int fd, const void *bytes, size_t n, char *why, size_t room)
{
	struct recording *r = calloc(1, sizeof *r);

	if (!r || !(r->z = ZSTD_createDCtx()) ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(r->z, ZSTD_d_windowLogMax, WINDOW_LOG))) {
		snprintf(why, room, "cannot be read: out of memory");
		if (fd >= 0)
			close(fd);
		free(r);
		return NULL;
	}
	r->fd = fd;
	r->in = (ZSTD_inBuffer){ bytes, n, 0 };
	if (read_magic(r, why, room)) {
		if (read_header(r))
			return r;
		snprintf(why, room, "is %s", r->error);
	}
	recording_close(r);
	return NULL;
}

struct recording *recording_open_bytes(const void *bytes, size_t n, char *why, size_t room)
{
	return open_source(-1, bytes, n, why, room);
}

struct recording *recording_open(const char *path, char *why, size_t n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char reason[256];
	struct recording *r;

	if (fd < 0) {
		snprintf(why, n, "%s cannot be opened: %s", path, strerror(errno));
		return NULL;
	}
	r = open_source(fd, NULL, 0, reason, sizeof reason);
	if (!r)
		snprintf(why, n, "%s %s", path, reason);
	return r;
}

/* The block that says how many there were; nothing may follow it. */
static bool read_end(struct recording *r, size_t size)
{
	if (size != 16)
		return damaged(r, r->block_at, "a block without events is not an end either");
	if (get(r->block + 8, 8) != r->total)
		return damaged(r, r->block_at,
			       "%" PRIu64 " events were written, %" PRIu64 " are here",
			       get(r->block + 8, 8), r->total);
	if (refill(r))
		return damaged(r, position(r), "something follows the end");
	r->state = RECORDING_END;
	return false;
}

/* False: there are no more events. */
static bool read_block(struct recording *r)
{
	size_t size;

	if (!read_frame(r, &size))
		return false;
	if (size < 8)
		return damaged(r, r->block_at, "a block is too short");
	r->count = get(r->block, 8);
	r->next = 0;
	if (!r->count)
		return read_end(r, size);
	if (r->count > RECORDING_BLOCK || size != 8 + r->count * EVENT_BYTES)
		return damaged(r, r->block_at,
			       "a block says it has %" PRIu64 " events and has %zu bytes",
			       r->count, size);
	return true;
}

/* The next event with our number for its kind, EV_COUNT when unknown. False: no more. */
static bool read_event(struct recording *r, struct event *e)
{
	struct listed *listed;

	if (r->next == r->count && !read_block(r))
		return false;
	*e = event_from(r->block + 8 + r->next * EVENT_BYTES);
	if (e->kind >= KINDS_MAX || !r->kinds[e->kind].there)
		return damaged(r, r->block_at,
			       "an event of kind %u, which the header does not list", e->kind);
	listed = &r->kinds[e->kind];
	e->kind = (uint16_t)listed->kind;
	if (e->kind == EV_COUNT)
		listed->left_out++;
	r->next++;
	r->total++;
	return true;
}

enum recording_state recording_next(struct recording *r, struct event *e)
{
	while (r->state == RECORDING_EVENT && read_event(r, e)) {
		if (e->kind == EV_COUNT)
			continue;
		r->last = e->seq;
		return RECORDING_EVENT;
	}
	return r->state;
}

const char *recording_error(const struct recording *r)
{
	return *r->error ? r->error : NULL;
}

const char *recording_unknown(struct recording *r)
{
	struct text t = { r->unknown, 0, sizeof r->unknown };
	uint64_t n = 0;

	for (size_t i = 0; i < KINDS_MAX; i++)
		n += r->kinds[i].left_out;
	if (!n)
		return NULL;
	add(&t, "%" PRIu64 " events left out, of kinds this version does not know:", n);
	for (size_t i = 0; i < KINDS_MAX; i++)
		if (r->kinds[i].left_out)
			add(&t, " %.*s", r->kinds[i].name_length, r->kinds[i].name);
	return r->unknown;
}

const char *recording_header(const struct recording *r)
{
	return r->header;
}

void recording_close(struct recording *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	ZSTD_freeDCtx(r->z);
	free(r->header);
	free(r);
}
