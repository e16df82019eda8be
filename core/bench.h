#pragma once
/*
 * One session: a machine, its trace, its watchers, and the way back.
 *
 * Watchers read at safe points, between operations (bench_settle). A mark is a snapshot taken
 * before a command; kept only if the command made events, or changed what its caller keeps beside
 * the machine, it is one step of undo. Undo puts machine and checker back and tells the trace
 * (bench.undo, then a keyframe), which is never cut.
 */
#include "machine.h"
#include "watch/checker.h"

#define HISTORY_MAX 64       /* steps of undo kept; the oldest is forgotten */

struct snapshot {
	uint64_t seq;            /* trace.next when it was taken */
	struct machine machine;
	struct checker checker;
};

struct bench {
	struct machine machine;
	struct trace trace;
	struct checker checker;
	struct snapshot *history[HISTORY_MAX];
	uint32_t steps;
	struct snapshot *marked;     /* taken by bench_mark, until bench_keep decides; or NULL */
};

/* A bench is large and holds pointers to itself: it stays where it was made. */
struct bench *bench_new(const struct board *board);
void bench_free(struct bench *b);

/* Let the watchers read, then trim the trace. */
void bench_settle(struct bench *b);

/*
 * Take a snapshot; then, after the command, keep it if anything happened. changed: something did
 * that the machine knows nothing of.
 */
void bench_mark(struct bench *b);
bool bench_keep(struct bench *b, bool changed);      /* true: it is one step of undo now */

/* Take back up to n commands. Returns how many were. */
uint32_t bench_undo(struct bench *b, uint32_t n);

/*
 * For who plays the same thing many times: a snapshot of its own, and back to it without a word.
 * The trace is cut there, so it tells the same numbers again; where it was trimmed beyond, with more
 * than TRACE_KEEP events between, what came before is lost. Readers other than the checker must not
 * have read on.
 */
struct snapshot *bench_snapshot(struct bench *b);
void bench_restore(struct bench *b, struct snapshot *s);
void bench_forget(struct snapshot *s);

/* The present state as events: machine, mappings and their owners. */
void bench_keyframe(struct bench *b);

/* The same into another trace: for one reader, without a word in the session's own. */
void bench_retell(struct bench *b, struct trace *t);
