#include "trace.h"

#include "cow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void trace_init(struct trace *t)
{
	*t = (struct trace){ .next = 1, .first = 1 };
	memset(t->kinds, 0xff, sizeof t->kinds);
}

void trace_release(struct trace *t)
{
	for (size_t i = 0; i < t->chunks; i++)
		free(t->chunk[i]);
	free(t->chunk);
	free(t->spare);
	trace_init(t);
}

static void add_chunk(struct trace *t)
{
	if (t->chunks == t->room) {
		struct event **wider = core_alloc((t->room + 64) * sizeof *wider);

		if (t->chunks)
			memcpy(wider, t->chunk, t->chunks * sizeof *wider);
		free(t->chunk);
		t->chunk = wider;
		t->room += 64;
	}
	t->chunk[t->chunks++] =
		t->spare ? t->spare : core_alloc_rough(TRACE_CHUNK * sizeof(struct event));
	t->spare = NULL;
}

uint64_t trace_append(struct trace *t, uint64_t cycle, const struct event *e)
{
	struct event *to;

	if (!trace_wants(t, e->kind))
		return 0;
	if ((t->next - 1) / TRACE_CHUNK - t->base == t->chunks)
		add_chunk(t);
	to = trace_slot(t, t->next);
	*to = *e;
	to->seq = t->next;
	to->cycle = cycle;
	if (!to->cause)
		to->cause = t->cause;
	return t->next++;
}

void trace_resume(struct trace *t, uint64_t seq)
{
	for (size_t i = 0; i < t->chunks; i++)
		free(t->chunk[i]);
	t->chunks = 0;
	t->base = (seq - 1) / TRACE_CHUNK;
	t->first = t->next = seq;
}

void trace_rewind(struct trace *t, uint64_t seq)
{
	size_t needed = (seq - 1) / TRACE_CHUNK - t->base + 1;

	assert(seq >= t->first && seq <= t->next);
	while (t->chunks > needed)
		free(t->chunk[--t->chunks]);
	t->next = seq;
}

void trace_trim(struct trace *t, uint64_t keep)
{
	size_t old = 0;

	if (t->next - t->first <= keep)
		return;
	t->first = t->next - keep;
	while ((t->first - 1) / TRACE_CHUNK - t->base > old) {
		free(t->spare);
		t->spare = t->chunk[old++];
	}
	if (!old)
		return;
	t->base += old;
	t->chunks -= old;
	memmove(t->chunk, t->chunk + old, t->chunks * sizeof *t->chunk);
}
