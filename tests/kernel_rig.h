#pragma once
/* The hardware, a kernel on it and a trace that misses nothing: what the kernel's tests stand on. */
#include "harness.h"

#include "kernel/kernel.h"

struct rig {
	struct trace trace;
	struct hw hw;
	struct kernel kernel;
};

static inline void rig_on(struct rig *r, const struct board *b)
{
	assert_null(board_mistake(b));
	trace_init(&r->trace);
	hw_init(&r->hw, b, &r->trace);
	r->hw.bus.watch_all = true;
	kernel_init(&r->kernel, &r->hw);
}

static inline void rig_off(struct rig *r)
{
	kernel_release(&r->kernel);
	hw_release(&r->hw);
	trace_release(&r->trace);
}

/* The newest event of a kind; there is one. */
static inline const struct event *rig_last(const struct rig *r, enum event_kind kind)
{
	for (uint64_t seq = r->trace.next; --seq; )
		if (trace_at(&r->trace, seq)->kind == kind)
			return trace_at(&r->trace, seq);
	fail_msg("no event %s", event_info[kind].name);
	return NULL;
}

/* How many events of a kind since event number `from`. */
static inline uint64_t rig_count(const struct rig *r, enum event_kind kind, uint64_t from)
{
	return test_count(&r->trace, from, kind);
}

static inline void rig_bad_free(const struct rig *r, uint64_t from, enum bad_free why, enum mem_kind kind)
{
	assert_int_equal(rig_count(r, EV_MEM_BAD_FREE, from), 1);
	assert_int_equal(rig_last(r, EV_MEM_BAD_FREE)->a, why);
	assert_int_equal(rig_last(r, EV_MEM_BAD_FREE)->b, kind);
	assert_int_equal(rig_count(r, EV_MEM_FREE, from) + rig_count(r, EV_DMA_FREE, from), 0);
}

static inline uint64_t rig_load(struct rig *r, vaddr_t va, size_t size)
{
	uint64_t value = 0;

	assert_int_equal(cpu_load(&r->hw, va, size, &value), OK);
	return value;
}

static inline uint64_t rig_free_pages(const struct rig *r)
{
	uint64_t pages = 0;

	for (int zone = 0; zone < ZONE_COUNT; zone++)
		for (int order = 0; order <= ORDER_MAX; order++)
			pages += r->kernel.free_blocks[zone][order] << order;
	return pages;
}
