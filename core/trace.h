#pragma once
/*
 * The append-only list of events: the only thing watchers may look at.
 *
 * Parts append while they work; readers read later, at safe points, each with its own cursor. There
 * are no callbacks, so nothing can be re-entered and nobody need be told who listens. The trace
 * grows while an operation runs and is trimmed to its newest events at a safe point; a cursor that
 * fell behind learns how many events it lost.
 *
 * Interest decides what is worth an event. A kind nobody wants is not appended at all. Accesses to
 * a page nobody watches (and what its lines do in the caches) leave no event either, and run at
 * full speed; device beats and calls are always told.
 */
#include "event.h"

#define TRACE_CHUNK 4096                    /* events */
#define TRACE_KEEP  (256 * TRACE_CHUNK)     /* how many newest events trace_trim leaves: 64 MiB */

struct trace {
	uint64_t next;             /* number of the next event; 1 at first */
	uint64_t first;            /* number of the oldest event still here */
	uint64_t kinds[(EV_COUNT + 63) / 64];   /* interest: one bit for each kind */
	uint64_t cause;            /* the call in progress, 0 for none */
	struct event **chunk;      /* chunk[(seq - 1) / TRACE_CHUNK - base] */
	uint64_t base;             /* chunks already given back */
	size_t chunks, room;
	struct event *spare;       /* the chunk trimmed last, to be used next */
};

struct cursor {
	uint64_t next;             /* number of the event to read next */
};

void trace_init(struct trace *t);
void trace_release(struct trace *t);

/*
 * Append one event; its number, cycle and cause are filled in. Returns its number, 0 if unwanted.
 */
uint64_t trace_append(struct trace *t, uint64_t cycle, const struct event *e);

/* Forget the events from this number on: they are told anew. It is not before the oldest here. */
void trace_rewind(struct trace *t, uint64_t seq);

/* Forget all events; the next one has this number. For a reader that follows a recording. */
void trace_resume(struct trace *t, uint64_t seq);

/* Where event `seq` is kept, while it is. */
static inline struct event *trace_slot(const struct trace *t, uint64_t seq)
{
	return &t->chunk[(seq - 1) / TRACE_CHUNK - t->base][(seq - 1) % TRACE_CHUNK];
}

/* Event `seq`, or NULL when it is not (or no longer) here. Good until the next append or trim. */
static inline const struct event *trace_at(const struct trace *t, uint64_t seq)
{
	return seq >= t->first && seq < t->next ? trace_slot(t, seq) : NULL;
}

/* The cursor's next event, or NULL when there is nothing new. Adds to *lost what was trimmed. */
static inline const struct event *trace_read(const struct trace *t, struct cursor *c,
					     uint64_t *lost)
{
	if (c->next < t->first) {
		*lost += t->first - c->next;
		c->next = t->first;
	}
	return c->next < t->next ? trace_slot(t, c->next++) : NULL;
}

void trace_trim(struct trace *t, uint64_t keep);

static inline bool trace_wants(const struct trace *t, enum event_kind kind)
{
	return t->kinds[kind / 64] >> kind % 64 & 1;
}
