#pragma once
/*
 * Hardware on a stand: a trace and a switched-on hw without the kernel, and short ways to touch it
 * and to ask what it told since the last rig_mark.
 */
#include "harness.h"

#include "hw/cpu.h"

struct rig {
	struct trace trace;
	struct hw hw;
	uint64_t mark;
};

static inline struct rig *rig_on(struct board b)
{
	struct rig *r = core_alloc(sizeof *r);

	assert_null(board_mistake(&b));
	trace_init(&r->trace);
	hw_init(&r->hw, &b, &r->trace);
	r->mark = 1;
	return r;
}

static inline void rig_off(struct rig *r)
{
	hw_release(&r->hw);
	trace_release(&r->trace);
	free(r);
}

/* The number of the device of this name. */
static inline uint32_t rig_unit(const char *name)
{
	uint32_t unit = 0;

	while (strcmp(device_ops[unit]->name, name))
		unit++;
	return unit;
}

/* Questions about events are about those from now on. */
static inline void rig_mark(struct rig *r)
{
	r->mark = r->trace.next;
}

static inline uint64_t rig_count(const struct rig *r, enum event_kind kind)
{
	return test_count(&r->trace, r->mark, kind);
}

static inline uint64_t rig_told(const struct rig *r)
{
	return r->trace.next - r->mark;
}

/* Event i (0 is the first) of this kind since the mark; the test fails when there is none. */
static inline const struct event *rig_event(const struct rig *r, enum event_kind kind, uint64_t i)
{
	return test_event(&r->trace, r->mark, kind, i);
}

static inline uint64_t rig_load(struct rig *r, vaddr_t va, size_t size)
{
	uint64_t value = 0;

	assert_int_equal(cpu_load(&r->hw, va, size, &value), OK);
	return value;
}

static inline void rig_store(struct rig *r, vaddr_t va, size_t size, uint64_t value)
{
	assert_int_equal(cpu_store(&r->hw, va, size, value), OK);
}

/* What RAM itself holds, whatever the caches say. */
static inline uint64_t rig_ram(const struct rig *r, paddr_t pa, size_t size)
{
	uint64_t value = 0;

	bus_ram_read(&r->hw.bus, pa, &value, size);
	return value;
}

static inline void rig_set_ram(struct rig *r, paddr_t pa, size_t size, uint64_t value)
{
	bus_ram_write(&r->hw.bus, pa, &value, size);
}

/* The state of the line that holds pa; LINE_INVALID when this level has none. */
static inline uint64_t rig_state(struct rig *r, uint32_t level, paddr_t pa)
{
	const struct line *l = cache_find(hw_cache(&r->hw, level), pa);

	return l ? l->state : LINE_INVALID;
}
