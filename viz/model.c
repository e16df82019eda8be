#include "viz/model_parts.h"

#include <string.h>

/* Of the size the machine has. */
static void open_tables(struct model *m, uint64_t pages)
{
	for (uint32_t level = 1; level <= 2; level++)
		cow_init(&m->used[level], sizeof(struct used), model_shadow(m)->cache[level].sets);
	memory_open(m, pages);
	stand_ins_open(m);
	devices_open(m);
}

static void close_tables(struct model *m)
{
	cow_release(&m->used[1]);
	cow_release(&m->used[2]);
	memory_close(m);
	stand_ins_close(m);
	devices_close(m);
}

void model_init(struct model *m)
{
	memset(m, 0, sizeof *m);
	checker_init(&m->checker);
	m->event.kind = m->access.kind = m->call.kind = EV_COUNT;
	open_tables(m, 0);
}

void model_release(struct model *m)
{
	close_tables(m);
	checker_release(&m->checker);
}

void model_copy(struct model *to, const struct model *from)
{
	*to = *from;
	checker_copy(&to->checker, &from->checker);
	cow_copy(&to->used[1], &from->used[1]);
	cow_copy(&to->used[2], &from->used[2]);
	memory_copy(to, from);
	stand_ins_copy(to, from);
	devices_copy(to, from);
}

size_t model_apart(const struct model *m, const struct model *from)
{
	return checker_apart(&m->checker, &from->checker) +
	       cow_apart(&m->used[1], &from->used[1]) + cow_apart(&m->used[2], &from->used[2]) +
	       memory_apart(m, from) + stand_ins_apart(m, from) + devices_apart(m, from);
}

/* Everything before is forgotten; what the machine is like follows. */
static void machine_on(struct model *m, const struct event *e)
{
	close_tables(m);
	m->access.kind = m->call.kind = EV_COUNT;
	m->context = CONTEXT_PROCESS;
	m->irqs_off = false;
	m->touched = 0;
	m->missed = 0;
	m->ahead = m->fetched[1] = m->fetched[2] = UINT64_MAX;
	m->iommu = false;
	m->bounce_pool.size = 0;
	open_tables(m, (e->addr + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

static void machine_cache(struct model *m, const struct event *e)
{
	cow_release(&m->used[e->unit]);
	cow_init(&m->used[e->unit], sizeof(struct used), e->size);
}

static void use_line(struct model *m, uint32_t level, uint64_t pa, uint64_t seq)
{
	uint32_t ways = model_shadow(m)->cache[level].ways, slot;

	if (shadow_slot(model_shadow(m), level, pa, &slot))
		((struct used *)cow_write(&m->used[level], slot / ways))->way[slot % ways] = seq;
}

static bool is_line_of(const struct model *m, uint64_t line, const struct event *e)
{
	uint64_t n = model_shadow(m)->line;

	return line != UINT64_MAX && overlaps(line, n, e->addr2, e->size);
}

/* An access: did its line have to be fetched first, by whom? What was read ahead does not count. */
static void cpu_access(struct model *m, const struct event *e)
{
	m->missed = 0;
	for (uint32_t level = 1; level <= 2; level++) {
		m->missed |= (uint32_t)is_line_of(m, m->fetched[level], e) << level;
		m->fetched[level] = UINT64_MAX;
	}
	m->access = *e;
	if (e->a == AT_L1 || e->a == AT_L2)
		use_line(m, e->a - AT_RAM, e->addr2, e->seq);
}

static void line_comes(struct model *m, const struct event *e)
{
	if (e->kind == EV_CACHE_FILL && e->addr != m->ahead)
		m->fetched[e->unit] = e->addr;
	use_line(m, e->unit, e->addr, e->seq);
}

/* The byte of RAM an event is about, where a person would look next. */
static uint64_t touched(const struct model *m, const struct event *e)
{
	uint64_t pa = m->touched;

	switch (e->kind) {
	case EV_CPU_LOAD:
	case EV_CPU_STORE:
	case EV_DEV_READ:
	case EV_DEV_WRITE:
	case EV_MEM_ALLOC:
	case EV_BOUNCE_COPY:
	case EV_DMA_MAP:
	case EV_DMA_UNMAP:
	case EV_DMA_SYNC_CPU:
	case EV_DMA_SYNC_DEVICE:
	case EV_DMA_ALLOC:    pa = e->addr2; break;
	case EV_SB_DRAIN:     pa = e->addr; break;
	default: break;
	}
	return pa < model_shadow(m)->ram_bytes ? pa : m->touched;
}

static void cpu_context(struct model *m, const struct event *e)
{
	m->context = e->a;
	m->irqs_off = e->b != 0;
	m->handler = e->unit;
}

static void picture_event(struct model *m, const struct event *e)
{
	m->touched = touched(m, e);
	if (event_info[e->kind].lane == LANE_DMA && (!e->cause || e->cause == e->seq))
		m->call = *e;
	switch (e->kind) {
	case EV_CPU_LOAD:
	case EV_CPU_STORE:      cpu_access(m, e); break;
	case EV_CACHE_FILL:
	case EV_CACHE_TAKE:     line_comes(m, e); break;
	case EV_CPU_CONTEXT:    cpu_context(m, e); break;
	case EV_CACHE_PREFETCH: m->ahead = e->addr; break;
	case EV_MACHINE:        machine_on(m, e); break;
	case EV_MACHINE_CACHE:  machine_cache(m, e); break;
	case EV_MACHINE_IOMMU:  m->iommu = true; break;
	default: break;
	}
	memory_event(m, e);
	stand_ins_event(m, e);
	devices_event(m, e);
}

/* Numbers begin again: nothing of the old machine is left. */
static void forget(struct model *m)
{
	uint64_t machines = m->machines + 1;

	model_release(m);
	model_init(m);
	m->machines = machines;
}

void model_event(struct model *m, const struct trace *t, const struct event *e)
{
	if (m->event.kind == EV_COUNT || e->seq <= m->event.seq)
		forget(m);
	m->event = *e;
	if (checker_event(&m->checker, t, e))
		picture_event(m, e);
}
