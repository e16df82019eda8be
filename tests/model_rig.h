#pragma once
/* What the tests of models and players share: folding a trace, and holding two models together. */
#include "harness.h"

#include "viz/model.h"

static inline void fold_trace(struct model *m, const struct trace *t, uint64_t from)
{
	for (uint64_t seq = from; seq < t->next; seq++)
		model_event(m, t, trace_at(t, seq));
}

static inline void assert_same_leaves(const struct cow *a, const struct cow *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->leaf_size, b->leaf_size);
	for (size_t i = 0; i < a->count; i++)
		if (cow_leaf(a, i) != cow_leaf(b, i))
			assert_memory_equal(cow_read(a, i), cow_read(b, i), a->leaf_size);
}

/* But for the events kept with them: of those the trace of a bench goes back farther. */
static inline void assert_same_violations(const struct violations *a, const struct violations *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->dropped, b->dropped);
	for (uint32_t i = 0; i < a->count; i++) {
		const struct violation *v = violations_at(a, i), *w = violations_at(b, i);

		assert_int_equal(v->rule, w->rule);
		assert_int_equal(v->advice, w->advice);
		assert_int_equal(v->count, w->count);
		assert_int_equal(v->cause, w->cause);
		assert_int_equal(v->seq, w->seq);
		assert_int_equal(v->pa, w->pa);
		assert_int_equal(v->size, w->size);
		assert_int_equal(v->chain_length, w->chain_length);
		assert_memory_equal(v->chain, w->chain, sizeof v->chain);
	}
}

static inline void assert_same_shadow(const struct shadow *a, const struct shadow *b)
{
	assert_int_equal(a->stores, b->stores);
	assert_memory_equal(a->store, b->store, a->stores * sizeof a->store[0]);
	assert_same_leaves(&a->ram, &b->ram);
	assert_same_leaves(&a->unseen, &b->unseen);
	for (uint32_t level = 1; level <= 2; level++) {
		assert_same_leaves(&a->cache[level].lines, &b->cache[level].lines);
		assert_same_leaves(&a->cache[level].tags, &b->cache[level].tags);
	}
}

/* Nothing at all tells one from the other. */
static inline void assert_same_models(const struct model *a, const struct model *b)
{
	assert_memory_equal(&a->event, &b->event, sizeof a->event);
	assert_memory_equal(&a->access, &b->access, sizeof a->access);
	assert_memory_equal(&a->call, &b->call, sizeof a->call);
	assert_int_equal(a->machines, b->machines);
	assert_int_equal(a->missed, b->missed);
	assert_int_equal(a->context, b->context);
	assert_int_equal(a->devices, b->devices);
	assert_memory_equal(a->device, b->device, sizeof a->device);
	assert_same_shadow(model_shadow(a), model_shadow(b));
	assert_same_leaves(&model_ownership(a)->slots, &model_ownership(b)->slots);
	assert_same_leaves(&model_ownership(a)->notes, &model_ownership(b)->notes);
	assert_same_violations(model_violations(a), model_violations(b));
	assert_same_leaves(&model_violations(a)->list, &model_violations(b)->list);
	assert_int_equal(a->checker.dma_debug.log_count, b->checker.dma_debug.log_count);
	assert_same_leaves(&a->buffers, &b->buffers);
	assert_same_leaves(&a->received, &b->received);
	assert_same_leaves(&a->uses, &b->uses);
	assert_same_leaves(&a->used[1], &b->used[1]);
	assert_same_leaves(&a->used[2], &b->used[2]);
	assert_same_leaves(&a->allocations, &b->allocations);
	assert_same_leaves(&a->buckets, &b->buckets);
	assert_same_leaves(&a->areas, &b->areas);
	assert_same_leaves(&a->stand_ins, &b->stand_ins);
}
