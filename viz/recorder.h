#pragma once
/*
 * Writes a trace: into a file (--record), or into a pipe at whose other end the view reads along.
 * The format is told in recording_format.h.
 *
 * Recording never disturbs what is recorded. Functions that return bool answer false exactly once,
 * when writing has failed (disk full, pipe closed, reader too slow): recorder_error says why, what
 * was written until then stays readable, and from then on they do nothing and answer true.
 * A pipe without a reader raises SIGPIPE, which the program has to ignore or handle.
 */
#include "trace.h"

#define RECORDER_WAITING ((size_t)64 << 20)    /* bytes that may wait for a reader of a pipe */

struct recorder;

/* NULL and a sentence in *why when the file cannot be made. An old file there is replaced. */
struct recorder *recorder_open(const char *path, char *why, size_t n);

/* Into this file, open for writing, which becomes ours. NULL: no memory. */
struct recorder *recorder_open_file(int fd);

/*
 * Into this pipe, which becomes ours and non-blocking, also when the answer is NULL (no memory).
 * What the reader does not take at once waits in memory; nobody waits for the reader.
 */
struct recorder *recorder_open_pipe(int fd);

/*
 * Take over what is new in the trace; it goes out a block at a time. Cheap enough to call after
 * every operation.
 */
bool recorder_follow(struct recorder *r, const struct trace *t);

/* Another machine was switched on: the next trace to follow is a new one, from its first event. */
void recorder_restart(struct recorder *r);

/* What comes next of the trace is event `seq`: the reader knows from a keyframe what was before. */
void recorder_resume(struct recorder *r, uint64_t seq);

/* Send what was taken over although it fills no block, so that who reads along has it now. */
bool recorder_flush(struct recorder *r);

/* Offer the reader of a pipe again what waits for it. */
bool recorder_push(struct recorder *r);

/* Bytes that wait for the reader of a pipe. */
size_t recorder_waiting(const struct recorder *r);

/*
 * Write what is left, and the end. A reader that takes nothing for a second has then had its time.
 */
bool recorder_finish(struct recorder *r, const struct trace *t);

/* A sentence without the file's name, or NULL while all is well. */
const char *recorder_error(const struct recorder *r);

/*
 * Finish unless that was done, and close. False when this could not be written and nobody has been
 * told so yet; who wants to know why calls recorder_finish first. NULL is fine.
 */
bool recorder_close(struct recorder *r, const struct trace *t);
