#pragma once
/*
 * A trace in a file: what --record writes, what `dmalab replay` and later the view read.
 *
 * The file is the magic "DMALAB1\n" and then zstd frames, each with its checksum, so that
 * `tail -c +9 FILE | zstd -dc` shows the inside. A frame is one block:
 *
 *   the first    a text that describes the rest: how an event is laid out, then every kind of event
 *                with the names of its fields and the words of its codes (from event.def)
 *   the middle   a count (8 bytes, 1 .. 4096), then as many events of 64 bytes
 *   the last     a count of 0 and the number of all events (8 bytes): without it the end is missing
 *
 * Numbers are little endian. A reader finds kinds by name, not by number, so a recording of another
 * version is readable as far as both know the same kinds. What was written before a crash or a full
 * disk can be read; a damaged block is refused whole, because no byte of it can be trusted.
 */
#include "trace.h"

#define RECORDING_BLOCK 4096    /* events of a full block: 256 KiB, a few KiB once compressed */

struct recorder;
struct recording;

/* NULL and a sentence in *why when the file cannot be made. An old file there is replaced. */
struct recorder *recorder_open(const char *path, char *why, size_t n);

/*
 * Take over what is new in the trace; the file gets it a block at a time. Cheap enough to call
 * after every operation. False exactly once, when writing failed (disk full, pipe closed):
 * recorder_error says why. From then on it does nothing.
 */
bool recorder_follow(struct recorder *r, const struct trace *t);

/* Another machine was switched on: the next trace to follow is a new one, from its first event. */
void recorder_restart(struct recorder *r);

/* Write what is left, and the end. False as recorder_follow, counted together with it. */
bool recorder_finish(struct recorder *r, const struct trace *t);

/* A sentence without the file's name, or NULL while all is well. */
const char *recorder_error(const struct recorder *r);

/*
 * Finish unless that was done, and close. False when this could not be written and nobody has been
 * told so yet; who wants to know why calls recorder_finish first. NULL is fine.
 */
bool recorder_close(struct recorder *r, const struct trace *t);

/* NULL and a sentence in *why: no such file, not a recording, a version we cannot read. */
struct recording *recording_open(const char *path, char *why, size_t n);

/* What recording_next found. DAMAGED: recording_error says where; no more events follow. */
enum recording_state { RECORDING_EVENT, RECORDING_END, RECORDING_DAMAGED };

/* The next event whose kind we know. Memory stays bounded whatever the file claims. */
enum recording_state recording_next(struct recording *r, struct event *e);

/* "damaged at byte N, after event M: reason", or NULL. */
const char *recording_error(const struct recording *r);

/* A sentence about events so far left out because their kind is unknown here, or NULL. */
const char *recording_unknown(struct recording *r);

const char *recording_header(const struct recording *r);
void recording_close(struct recording *r);     /* NULL is fine */

/* The same from memory, for tests and fuzzers. The bytes stay the caller's. */
struct recording *recording_open_bytes(const void *bytes, size_t n, char *why, size_t room);
