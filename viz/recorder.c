#include "viz/recorder.h"
#include "viz/recording_format.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

/* How hard zstd tries. Higher levels cost more time than they save space on such regular data. */
#define LEVEL    1

#define PATIENCE 1000            /* milliseconds without progress at the end of a pipe */

/* What waits for the reader of a pipe: n bytes from `sent` on. */
struct queue {
	uint8_t *at;
	size_t sent, n, room;
};

struct recorder {
	int fd;                      /* -1: closed */
	bool pipe;
	struct queue queue;
	ZSTD_CCtx *z;
	struct cursor cursor;
	uint64_t count;              /* events in the block at work */
	struct event before;         /* the last of them */
	uint64_t total, written;     /* events taken over; of those, handed on */
	bool finished;
	bool told;                   /* the caller knows of the error */
	char error[160];
	uint8_t block[BLOCK_BYTES];
	uint8_t packed[ZSTD_COMPRESSBOUND(BLOCK_BYTES)];
};

static bool fail(struct recorder *r, const char *reason)
{
	if (r->written && !r->pipe)
		snprintf(r->error, sizeof r->error, "%s; the file has the first %" PRIu64 " events",
			 reason, r->written);
	else
		snprintf(r->error, sizeof r->error, "%s", reason);
	r->queue.n = 0;
	return false;
}

/* What a function answers: false when there is an error and nobody was told of it. */
static bool tell(struct recorder *r)
{
	bool well = r->told || !*r->error;

	r->told = *r->error != '\0';
	return well;
}

/* Some of n bytes; how many. 0: a pipe takes no more now, or it failed. */
static size_t write_some(struct recorder *r, const void *bytes, size_t n)
{
	ssize_t done;

	do
		done = write(r->fd, bytes, n);
	while (done < 0 && errno == EINTR);
	if (done >= 0)
		return (size_t)done;
	if (!r->pipe || (errno != EAGAIN && errno != EWOULDBLOCK))
		fail(r, strerror(errno));
	return 0;
}

/* As much of the queue as the reader takes now. */
static bool send_queue(struct recorder *r)
{
	struct queue *q = &r->queue;
	size_t done = 1;

	while (done && q->n && !*r->error) {
		done = write_some(r, q->at + q->sent, q->n);
		q->sent += done;
		q->n -= done;
	}
	if (!q->n)
		q->sent = 0;
	return !*r->error;
}

/* Room for n more bytes. What waits moves to the front once as much has been sent: that pays it. */
static bool queue_room(struct queue *q, size_t n)
{
	size_t room = q->room;
	uint8_t *grown;

	if (q->sent >= q->n) {
		if (q->n)
			memmove(q->at, q->at + q->sent, q->n);
		q->sent = 0;
	}
	while (room < q->sent + q->n + n)
		room = 2 * room + BLOCK_BYTES;
	grown = room == q->room ? q->at : realloc(q->at, room);
	if (!grown)
		return false;
	q->at = grown;
	q->room = room;
	return true;
}

static bool write_pipe(struct recorder *r, const void *bytes, size_t n)
{
	struct queue *q = &r->queue;

	if (!send_queue(r))
		return false;
	if (q->n + n > RECORDER_WAITING)
		return fail(r, "the reader is too slow");
	if (!queue_room(q, n))
		return fail(r, "out of memory");
	memcpy(q->at + q->sent + q->n, bytes, n);
	q->n += n;
	return send_queue(r);
}

static bool write_file(struct recorder *r, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	while (n && !*r->error) {
		size_t done = write_some(r, at, n);

		at += done;
		n -= done;
	}
	return !n;
}

static bool write_out(struct recorder *r, const void *bytes, size_t n)
{
	return r->pipe ? write_pipe(r, bytes, n) : write_file(r, bytes, n);
}

/* One block as one frame. */
static bool write_frame(struct recorder *r, const void *bytes, size_t n)
{
	size_t packed = ZSTD_compress2(r->z, r->packed, sizeof r->packed, bytes, n);

	if (ZSTD_isError(packed))
		return fail(r, ZSTD_getErrorName(packed));
	return write_out(r, r->packed, packed);
}

static bool write_block(struct recorder *r)
{
	put(r->block, COUNT_BYTES, r->count);
	if (!write_frame(r, r->block, COUNT_BYTES + r->count * EVENT_BYTES))
		return false;
	r->written += r->count;
	r->count = 0;
	return true;
}

static bool write_end(struct recorder *r)
{
	put(r->block, COUNT_BYTES, 0);
	put(r->block + COUNT_BYTES, 8, r->total);
	return write_frame(r, r->block, COUNT_BYTES + 8);
}

static bool write_start(struct recorder *r)
{
	size_t n = header_write((char *)r->block);

	return write_out(r, MAGIC, MAGIC_BYTES) && write_frame(r, r->block, n);
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
	free(r->queue.at);
	free(r);
}

/* Takes fd over. What goes wrong with the first bytes is told by the first follow. */
static struct recorder *recorder_new(int fd, bool pipe)
{
	struct recorder *r = calloc(1, sizeof *r);

	if (!r) {
		close(fd);
		return NULL;
	}
	r->fd = fd;
	r->pipe = pipe;
	r->cursor.next = 1;
	r->z = ZSTD_createCCtx();
	if (prepare(r)) {
		write_start(r);
		return r;
	}
	recorder_free(r);
	return NULL;
}

struct recorder *recorder_open(const char *path, char *why, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	struct recorder *r = fd < 0 ? NULL : recorder_new(fd, false);

	if (!r)
		snprintf(why, n, "cannot record to %s: %s", path,
			 fd < 0 ? strerror(errno) : "out of memory");
	return r;
}

struct recorder *recorder_open_file(int fd)
{
	return recorder_new(fd, false);
}

struct recorder *recorder_open_pipe(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return recorder_new(fd, true);
}

static void event_put(uint8_t *to, const struct event *e, const struct event *before)
{
	put(to, 8, e->seq - before->seq);
	put(to + 8, 8, e->cycle - before->cycle);
	put(to + 16, 8, e->cause - before->cause);
	put(to + 24, 8, e->addr - before->addr);
	put(to + 32, 8, e->addr2 - before->addr2);
	put(to + 40, 8, e->value);
	put(to + 48, 4, e->size);
	put(to + 52, 4, e->a);
	put(to + 56, 4, e->b);
	put(to + 60, 2, e->kind);
	put(to + 62, 2, e->unit);
}

static void take(struct recorder *r, const struct event *e)
{
	if (r->count == 0)
		r->before = (struct event){ 0 };
	event_put(r->block + COUNT_BYTES + r->count * EVENT_BYTES, e, &r->before);
	r->before = *e;
	r->total++;
	if (++r->count == RECORDING_BLOCK)
		write_block(r);
}

static void follow(struct recorder *r, const struct trace *t)
{
	const struct event *e;
	uint64_t lost = 0;

	while (!*r->error && (e = trace_read(t, &r->cursor, &lost)))
		take(r, e);
}

bool recorder_follow(struct recorder *r, const struct trace *t)
{
	if (!r->finished)
		follow(r, t);
	return tell(r);
}

void recorder_restart(struct recorder *r)
{
	recorder_resume(r, 1);
}

void recorder_resume(struct recorder *r, uint64_t seq)
{
	r->cursor.next = seq;
}

static void flush(struct recorder *r)
{
	if (r->count && !*r->error)
		write_block(r);
}

bool recorder_flush(struct recorder *r)
{
	if (!r->finished)
		flush(r);
	return tell(r);
}

bool recorder_push(struct recorder *r)
{
	send_queue(r);
	return tell(r);
}

size_t recorder_waiting(const struct recorder *r)
{
	return r->queue.n;
}

/* Wait for the reader of a pipe, but only while it reads. */
static void send_rest(struct recorder *r)
{
	struct pollfd out = { .fd = r->fd, .events = POLLOUT };

	while (send_queue(r) && r->queue.n)
		if (poll(&out, 1, PATIENCE) == 0)
			fail(r, "the reader is too slow");
}

bool recorder_finish(struct recorder *r, const struct trace *t)
{
	if (r->finished)
		return tell(r);
	follow(r, t);
	flush(r);
	if (!*r->error)
		write_end(r);
	send_rest(r);
	r->finished = true;
	if (close(r->fd) && !*r->error)
		fail(r, strerror(errno));
	r->fd = -1;
	return tell(r);
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
