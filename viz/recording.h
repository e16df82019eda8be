#pragma once
/*
 * Reads a recording: any event of it, at any time. It is fed with bytes, so a file, a pipe the view
 * reads along, a test and a fuzzer are the same to it. recording_format.h tells the format.
 *
 * The bytes are kept as they came (compressed), with an index of their blocks; blocks that are
 * asked for are unpacked into a small cache. Every block is unpacked once when it comes, and
 * believed only then, whole: what recording_count counts is there. Memory: the bytes, 40 more for
 * each block, and 16 MiB of cache. Who wants every event in order reads them as the bytes come
 * (recording_live, recording_read): that unpacks each block once, not twice.
 *
 * A position is 0 .. count - 1. It is not an event's number: numbers begin at 1 again when another
 * machine is switched on, and events of kinds this version does not know are left out.
 */
#include "event.h"

#define RECORDING_CACHE   64           /* unpacked blocks that are kept */
#define RECORDING_NOWHERE UINT64_MAX

struct recording;

/* GROWING: more may come. DAMAGED: recording_error says where; what came before can be read. */
enum recording_state { RECORDING_GROWING, RECORDING_END, RECORDING_DAMAGED };

/* A whole file. NULL and a sentence in *why: no such file, not a recording, another version. */
struct recording *recording_open(const char *path, char *why, size_t n);

/* The same from memory. The bytes are copied. */
struct recording *recording_open_bytes(const void *bytes, size_t n, char *why, size_t room);

/* A stream of which nothing is here yet. NULL: no memory. */
struct recording *recording_live(void);

/* More of the stream. False: it is damaged, and nothing more is taken. */
bool recording_feed(struct recording *r, const void *bytes, size_t n);

/*
 * Feed what one read of fd gives. False when that was the last: the end (told as by
 * recording_close_input), damage, or an error. A non-blocking fd with nothing new is true.
 */
bool recording_read(struct recording *r, int fd);

/* Nothing more will come. A stream without its end is damaged. */
void recording_close_input(struct recording *r);

enum recording_state recording_state(const struct recording *r);

/* Events that can be read now. Grows only. */
uint64_t recording_count(const struct recording *r);

/* Does what is here break off, as a full block does, and more is to come? */
bool recording_breaks_off(const struct recording *r);

/*
 * The event at a position; NULL when there is none (or no memory for its block). Good until the
 * next feed or read, and while fewer than RECORDING_CACHE other blocks have been asked for.
 * Costs nothing beside its neighbours, else the unpacking of a block (at most 4096 events).
 */
const struct event *recording_at(struct recording *r, uint64_t position);

/*
 * The position of the event with this number on the same machine as the event at position `near`;
 * RECORDING_NOWHERE when it is not here. Costs as recording_at, twice.
 */
uint64_t recording_find(struct recording *r, uint64_t seq, uint64_t near);

/* "damaged at byte N, after event M: reason", "not a recording of dmalab" and the like, or NULL. */
const char *recording_error(const struct recording *r);

/* A sentence about the events left out because their kind is unknown here, or NULL. */
const char *recording_unknown(struct recording *r);

/* The text that describes the kinds, or NULL as long as it did not come. */
const char *recording_header(const struct recording *r);

void recording_close(struct recording *r);     /* NULL is fine */
