#include "viz/recording.h"
#include "viz/recording_format.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#define KINDS_MAX 256            /* kinds a header may list; a program knows at most 64 */

/* An unfinished frame longer than our longest is not ours: it holds nothing back. */
#define FRAME_MAX ZSTD_COMPRESSBOUND(BLOCK_BYTES)

/* A kind the recording lists. */
struct listed {
	bool there;
	enum event_kind kind;        /* EV_COUNT: we do not know it */
	const char *name;            /* in the header, not ended */
	int name_length;
	uint64_t left_out;           /* its events so far, when we do not know it */
};

/* A block with events. Its first event's machine and number never go down from block to block. */
struct block {
	size_t at, packed;           /* the bytes of its frame */
	uint64_t first;              /* position of its first event */
	uint64_t machine;            /* how many machines were switched on before that event's */
	uint64_t seq;                /* and its number */
};

/* An unpacked block: events of positions first .. first + count - 1. */
struct slot {
	struct event *events;
	size_t room;                 /* events */
	uint64_t first, count;       /* count 0: unused */
	uint64_t used;               /* when, by r->clock */
};

struct recording {
	enum recording_state state;
	uint8_t *bytes;              /* all that came */
	size_t n, room;
	size_t at;                   /* where the next frame begins */
	struct block *blocks;
	size_t block_count, block_room;
	uint64_t count;              /* events in them */
	uint64_t total;              /* and with those that were left out */
	bool full;                   /* the last block is */
	uint64_t machine, last;      /* the last event's machine and number */
	struct slot slots[RECORDING_CACHE], *recent;
	uint64_t clock;
	struct listed kinds[KINDS_MAX];
	char *header;
	char error[200], unknown[320];
	ZSTD_DCtx *z;
	uint8_t raw[BLOCK_BYTES];    /* a frame unpacked */
};

/* It is not what we can read at all. */
__attribute__((format(printf, 2, 3)))
static bool refuse(struct recording *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->error, sizeof r->error, format, args);
	va_end(args);
	r->state = RECORDING_DAMAGED;
	return false;
}

__attribute__((format(printf, 3, 4)))
static bool damaged(struct recording *r, size_t at, const char *format, ...)
{
	struct text t = { r->error, 0, sizeof r->error };
	va_list args;

	text_add(&t, "damaged at byte %zu, ", at);
	if (r->last)
		text_add(&t, "after event %" PRIu64 ": ", r->last);
	else
		text_add(&t, "before the first event: ");
	va_start(args, format);
	vsnprintf(t.at + t.used, t.room - t.used, format, args);
	va_end(args);
	r->state = RECORDING_DAMAGED;
	return false;
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
			return damaged(r, r->at,
				       "its list of kinds makes no sense at '%.40s'", line);
	}
	return layout ||
	       damaged(r, r->at, "its events have a layout this version does not know");
}

/* The lines of the header serve twice: whole, to show, and cut, to look kinds up. */
static bool read_header(struct recording *r, size_t n)
{
	char *header;

	if (!n || n > HEADER_MAX || memchr(r->raw, 0, n))
		return damaged(r, r->at, "it does not begin with a header");
	header = calloc(2, n + 1);
	if (!header)
		return damaged(r, r->at, "out of memory");
	memcpy(header, r->raw, n);
	memcpy(header + n + 1, r->raw, n);
	if (parse_header(r, header + n + 1)) {
		r->header = header;
		return true;
	}
	free(header);
	return false;
}

static bool read_magic(struct recording *r)
{
	const char *magic = (const char *)r->bytes;

	if (!memcmp(magic, MAGIC, MAGIC_BYTES)) {
		r->at = MAGIC_BYTES;
		return true;
	}
	if (!memcmp(magic, MAGIC, 6) && magic[7] == '\n' && magic[6] > ' ')
		return refuse(r, "a recording of version %c; this dmalab reads version 1",
			      magic[6]);
	return refuse(r, "not a recording of dmalab");
}

/* The stream ended within its first bytes. */
static bool refuse_short(struct recording *r)
{
	if (!r->n)
		return refuse(r, "empty, not a recording");
	if (memcmp(r->bytes, MAGIC, r->n) != 0)
		return refuse(r, "not a recording of dmalab");
	return damaged(r, r->n, "it breaks off before its header");
}

/* The slot that was not used for the longest time, with room for n events. NULL: no memory. */
static struct slot *free_slot(struct recording *r, size_t n)
{
	struct slot *oldest = r->slots;
	struct event *grown;

	for (struct slot *s = r->slots; s < r->slots + RECORDING_CACHE; s++)
		if (s->used < oldest->used)
			oldest = s;
	oldest->count = 0;
	if (oldest->room >= n)
		return oldest;
	grown = realloc(oldest->events, n * sizeof *grown);
	if (!grown)
		return NULL;
	oldest->events = grown;
	oldest->room = n;
	return oldest;
}

static struct event event_from(const uint8_t *from, const struct event *before)
{
	return (struct event){
		.seq = before->seq + get(from, 8), .cycle = before->cycle + get(from + 8, 8),
		.cause = before->cause + get(from + 16, 8),
		.addr = before->addr + get(from + 24, 8),
		.addr2 = before->addr2 + get(from + 32, 8), .value = get(from + 40, 8),
		.size = (uint32_t)get(from + 48, 4), .a = (uint32_t)get(from + 52, 4),
		.b = (uint32_t)get(from + 56, 4), .kind = (uint16_t)get(from + 60, 2),
		.unit = (uint16_t)get(from + 62, 2),
	};
}

/* The n events of the block in r->raw whose kinds we know, with our numbers for them. */
static struct slot *take_events(struct recording *r, uint64_t first, uint64_t n)
{
	struct slot *s = free_slot(r, n);
	struct event e = { 0 };

	if (!s)
		return NULL;
	for (uint64_t i = 0; i < n; i++) {
		e = event_from(r->raw + COUNT_BYTES + i * EVENT_BYTES, &e);
		s->events[s->count] = e;
		s->events[s->count].kind = (uint16_t)r->kinds[e.kind].kind;
		s->count += s->events[s->count].kind != EV_COUNT;
	}
	s->first = first;
	s->used = ++r->clock;
	return r->recent = s;
}

/* Are all kinds of the block in r->raw listed? Counts those that will be left out. */
static bool check_kinds(struct recording *r, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		uint64_t kind = get(r->raw + COUNT_BYTES + i * EVENT_BYTES + 60, 2);

		if (kind >= KINDS_MAX || !r->kinds[kind].there)
			return damaged(r, r->at,
				       "an event of kind %u, which the header does not list",
				       (unsigned)kind);
		r->kinds[kind].left_out += r->kinds[kind].kind == EV_COUNT;
	}
	return true;
}

/* The event begins another machine's trace: numbers go up within one. */
static bool another_machine(uint64_t seq, uint64_t before)
{
	return seq <= before;
}

static bool index_room(struct recording *r)
{
	size_t room = 2 * r->block_room + 64;
	struct block *grown;

	if (r->block_count < r->block_room)
		return true;
	grown = realloc(r->blocks, room * sizeof *grown);
	if (!grown)
		return false;
	r->blocks = grown;
	r->block_room = room;
	return true;
}

/* The newest block, unpacked in s, gets its place in the index. */
static bool add_to_index(struct recording *r, size_t packed, const struct slot *s)
{
	struct block *b;

	if (!s->count)
		return true;
	if (!index_room(r))
		return false;
	b = &r->blocks[r->block_count++];
	*b = (struct block){ .at = r->at, .packed = packed, .first = r->count,
		.seq = s->events[0].seq };
	for (uint64_t i = 0; i < s->count; i++) {
		r->machine += another_machine(s->events[i].seq, r->last);
		r->last = s->events[i].seq;
		if (i == 0)
			b->machine = r->machine;
	}
	r->count += s->count;
	return true;
}

/* The block that says how many there were. */
static bool read_end(struct recording *r, size_t size)
{
	uint64_t written = get(r->raw + COUNT_BYTES, 8);

	if (size != COUNT_BYTES + 8)
		return damaged(r, r->at, "a block without events is not an end either");
	if (written != r->total)
		return damaged(r, r->at, "%" PRIu64 " events were written, %" PRIu64 " are here",
			       written, r->total);
	r->state = RECORDING_END;
	return true;
}

/* A new block, of `size` bytes in r->raw. */
static bool read_block(struct recording *r, size_t packed, size_t size)
{
	uint64_t n = get(r->raw, COUNT_BYTES);
	const struct slot *s;

	if (size < COUNT_BYTES)
		return damaged(r, r->at, "a block is too short");
	if (!n)
		return read_end(r, size);
	if (n > RECORDING_BLOCK || size != COUNT_BYTES + n * EVENT_BYTES)
		return damaged(r, r->at, "a block says it has %" PRIu64 " events and has %zu bytes",
			       n, size);
	if (!check_kinds(r, n))
		return false;
	s = take_events(r, r->count, n);
	if (!s || !add_to_index(r, packed, s))
		return damaged(r, r->at, "out of memory");
	r->total += n;
	r->full = n == RECORDING_BLOCK;
	return true;
}

static size_t unpack(struct recording *r, size_t at, size_t packed)
{
	return ZSTD_decompressDCtx(r->z, r->raw, sizeof r->raw, r->bytes + at, packed);
}

/* Nothing in a frame is believed before its checksum was right. */
static bool read_frame(struct recording *r, size_t packed)
{
	size_t size = unpack(r, r->at, packed);

	if (ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall)
		return damaged(r, r->at, "a block is too long");
	if (ZSTD_isError(size))
		return damaged(r, r->at, "%s", ZSTD_getErrorName(size));
	if (!(r->header ? read_block(r, packed, size) : read_header(r, size)))
		return false;
	r->at += packed;
	return true;
}

/* The next piece of the stream. False: it is not here whole, or damaged. */
static bool read_piece(struct recording *r)
{
	size_t here = r->n - r->at, packed;

	if (!r->at)
		return here >= MAGIC_BYTES && read_magic(r);
	if (!here)
		return false;
	if (r->state == RECORDING_END)
		return damaged(r, r->at, "something follows the end");
	packed = ZSTD_findFrameCompressedSize(r->bytes + r->at, here);
	if (!ZSTD_isError(packed))
		return read_frame(r, packed);
	if (ZSTD_getErrorCode(packed) != ZSTD_error_srcSize_wrong)
		return damaged(r, r->at, "%s", ZSTD_getErrorName(packed));
	if (here >= FRAME_MAX)
		return damaged(r, r->at, "a block is too long");
	return false;
}

static bool keep(struct recording *r, const void *bytes, size_t n)
{
	size_t room = r->room;
	uint8_t *grown;

	while (room - r->n < n)
		room = 2 * room + 65536;
	grown = room == r->room ? r->bytes : realloc(r->bytes, room);
	if (!grown)
		return false;
	r->bytes = grown;
	r->room = room;
	memcpy(r->bytes + r->n, bytes, n);
	r->n += n;
	return true;
}

bool recording_feed(struct recording *r, const void *bytes, size_t n)
{
	if (r->state == RECORDING_DAMAGED)
		return false;
	if (n && !keep(r, bytes, n))
		return damaged(r, r->n, "out of memory");
	while (read_piece(r))
		;
	return r->state != RECORDING_DAMAGED;
}

void recording_close_input(struct recording *r)
{
	if (r->state != RECORDING_GROWING)
		return;
	if (!r->at)
		refuse_short(r);
	else
		damaged(r, r->n, r->n == r->at ? "the end is missing" :
			"it breaks off inside a block");
}

bool recording_read(struct recording *r, int fd)
{
	uint8_t bytes[65536];
	ssize_t n;

	do
		n = read(fd, bytes, sizeof bytes);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		return recording_feed(r, bytes, (size_t)n);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return true;
	if (!n)
		recording_close_input(r);
	else if (r->n)
		damaged(r, r->n, "%s", strerror(errno));
	else
		refuse(r, "not readable: %s", strerror(errno));
	return false;
}

struct recording *recording_live(void)
{
	struct recording *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->recent = r->slots;
	r->z = ZSTD_createDCtx();
	if (r->z)
		return r;
	free(r);
	return NULL;
}

/* What is wrong before the first event is wrong with the file. Closes r then. */
static struct recording *with_header(struct recording *r, char *why, size_t n)
{
	if (r && r->header)
		return r;
	snprintf(why, n, "%s", r ? r->error : "too much for the memory there is");
	recording_close(r);
	return NULL;
}

struct recording *recording_open_bytes(const void *bytes, size_t n, char *why, size_t room)
{
	struct recording *r = recording_live();

	if (r && recording_feed(r, bytes, n))
		recording_close_input(r);
	return with_header(r, why, room);
}

struct recording *recording_open(const char *path, char *why, size_t n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct recording *r;
	char reason[256];

	if (fd < 0) {
		snprintf(why, n, "%s cannot be opened: %s", path, strerror(errno));
		return NULL;
	}
	r = recording_live();
	while (r && recording_read(r, fd))
		;
	close(fd);
	r = with_header(r, reason, sizeof reason);
	if (!r)
		snprintf(why, n, "%s is %s", path, reason);
	return r;
}

enum recording_state recording_state(const struct recording *r)
{
	return r->state;
}

bool recording_breaks_off(const struct recording *r)
{
	return r->state == RECORDING_GROWING && r->full;
}

uint64_t recording_count(const struct recording *r)
{
	return r->count;
}

/* The block with this position. */
static const struct block *block_with(const struct recording *r, uint64_t position)
{
	size_t low = 0, high = r->block_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (r->blocks[middle].first <= position)
			low = middle;
		else
			high = middle;
	}
	return &r->blocks[low];
}

/* The last block that begins with this event of this machine or before it, or NULL. */
static const struct block *block_before(const struct recording *r, uint64_t machine, uint64_t seq)
{
	size_t low = 0, high = r->block_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct block *b = &r->blocks[middle];

		if (b->machine < machine || (b->machine == machine && b->seq <= seq))
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &r->blocks[low - 1] : NULL;
}

/* The block, unpacked. NULL: no memory. */
static const struct slot *load(struct recording *r, const struct block *b)
{
	for (struct slot *s = r->slots; s < r->slots + RECORDING_CACHE; s++) {
		if (s->count && s->first == b->first) {
			s->used = ++r->clock;
			return r->recent = s;
		}
	}
	unpack(r, b->at, b->packed);
	return take_events(r, b->first, get(r->raw, COUNT_BYTES));
}

const struct event *recording_at(struct recording *r, uint64_t position)
{
	const struct slot *s = r->recent;

	if (position >= r->count)
		return NULL;
	if (position - s->first >= s->count)
		s = load(r, block_with(r, position));
	return s ? &s->events[position - s->first] : NULL;
}

/* Which machine is this event of the block from? */
static uint64_t machine_at(const struct block *b, const struct slot *s, uint64_t position)
{
	uint64_t machine = b->machine;

	for (uint64_t i = 1; i <= position - s->first; i++)
		machine += another_machine(s->events[i].seq, s->events[i - 1].seq);
	return machine;
}

static uint64_t find_in(const struct block *b, const struct slot *s, uint64_t machine, uint64_t seq)
{
	uint64_t here = b->machine;

	for (uint64_t i = 0; i < s->count; i++) {
		if (i)
			here += another_machine(s->events[i].seq, s->events[i - 1].seq);
		if (here == machine && s->events[i].seq == seq)
			return s->first + i;
	}
	return RECORDING_NOWHERE;
}

uint64_t recording_find(struct recording *r, uint64_t seq, uint64_t near)
{
	const struct block *b;
	const struct slot *s;
	uint64_t machine;

	if (near >= r->count)
		return RECORDING_NOWHERE;
	b = block_with(r, near);
	s = load(r, b);
	if (!s)
		return RECORDING_NOWHERE;
	machine = machine_at(b, s, near);
	b = block_before(r, machine, seq);
	s = b ? load(r, b) : NULL;
	return s ? find_in(b, s, machine, seq) : RECORDING_NOWHERE;
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
	text_add(&t, "%" PRIu64 " events left out, of kinds this version does not know:", n);
	for (size_t i = 0; i < KINDS_MAX; i++)
		if (r->kinds[i].left_out)
			text_add(&t, " %.*s", r->kinds[i].name_length, r->kinds[i].name);
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
	for (size_t i = 0; i < RECORDING_CACHE; i++)
		free(r->slots[i].events);
	ZSTD_freeDCtx(r->z);
	free(r->blocks);
	free(r->bytes);
	free(r->header);
	free(r);
}
