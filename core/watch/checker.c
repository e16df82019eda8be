#include "watch/checker.h"

#include "watch/contexts.h"
#include "watch/plausible.h"

#include <string.h>

void checker_init(struct checker *c)
{
	*c = (struct checker){ .cursor.next = 1, .facts.clamped.transfer = UINT64_MAX };
	shadow_init(&c->facts.shadow);
	ownership_init(&c->facts.ownership, 0);
	pools_watch(&c->facts.pools, 0);
	violations_init(&c->facts.violations);
	order_init(&c->order);
	dma_debug_init(&c->dma_debug);
}

void checker_release(struct checker *c)
{
	shadow_release(&c->facts.shadow);
	ownership_release(&c->facts.ownership);
	pools_forget(&c->facts.pools);
	violations_release(&c->facts.violations);
	order_release(&c->order);
	dma_debug_release(&c->dma_debug);
}

void checker_copy(struct checker *to, const struct checker *from)
{
	to->cursor = from->cursor;       /* not all of it at once: some parts are large */
	to->lost = from->lost;
	to->facts = from->facts;
	memcpy(to->deaf, from->deaf, sizeof to->deaf);
	shadow_copy(&to->facts.shadow, &from->facts.shadow);
	ownership_copy(&to->facts.ownership, &from->facts.ownership);
	pools_copy(&to->facts.pools, &from->facts.pools);
	violations_copy(&to->facts.violations, &from->facts.violations);
	order_copy(&to->order, &from->order);
	dma_debug_copy(&to->dma_debug, &from->dma_debug);
}

size_t checker_apart(const struct checker *c, const struct checker *from)
{
	const struct facts *f = &c->facts, *g = &from->facts;

	return shadow_apart(&f->shadow, &g->shadow) +
	       ownership_apart(&f->ownership, &g->ownership) +
	       cow_apart(&f->pools.chunk, &g->pools.chunk) +
	       cow_apart(&f->violations.list, &g->violations.list) +
	       cow_apart(&c->dma_debug.records.slots, &from->dma_debug.records.slots) +
	       cow_apart(&c->dma_debug.lines, &from->dma_debug.lines);
}

/* What each mapping the call acted on gave back. */
static void finish_pieces(struct facts *f)
{
	for (uint32_t i = 0; i < f->ownership.end; i++) {
		const struct mapping *m = ownership_mapping(&f->ownership, i);

		if (m->handover != f->call.seq || m->device_owns)
			continue;
		if (m->live)
			ownership_hand_over(&f->ownership, m->returned, m->returned_size, false);
		else
			ownership_hand_over(&f->ownership, m->pa, m->size, false);
	}
}

/*
 * The call is over: what it gives back is the CPU's. Until then its drops are judged as before it.
 */
static void finish_call(struct facts *f)
{
	if (f->call.pieces)
		finish_pieces(f);
	else if (f->call.size)
		ownership_hand_over(&f->ownership, f->call.pa, f->call.size, false);
	f->call.seq = f->call.size = 0;
	f->call.pieces = false;
}

/* Something the CPU's program does: not what devices, caches and the store buffer do meanwhile. */
static bool is_next_step(const struct event *e)
{
	enum lane lane = event_info[e->kind].lane;

	return lane == LANE_MEMORY || lane == LANE_DMA || e->kind == EV_CPU_LOAD ||
	       e->kind == EV_CPU_STORE || e->kind == EV_CPU_BARRIER || e->kind == EV_CACHE_OP;
}

static void begin_call(struct facts *f, const struct event *e, bool drops)
{
	f->call.seq = e->seq;
	f->call.drops = drops;
}

/* A bounce buffer is a second copy on any machine: then owning matters where devices snoop, too. */
static void to_device(struct facts *f, const struct event *e, uint32_t dir, bool bounced)
{
	begin_call(f, e, dir == DMA_FROM_DEVICE);
	if (bounced || ownership_counts(f))
		ownership_hand_over(&f->ownership, e->addr2, e->size, true);
}

static bool is_bounced(const struct facts *f, const struct event *map)
{
	return !f->translates && inside(map->addr, 1, f->pool.dma, f->pool.size);
}

/* The list a mapping is a segment of. */
static uint64_t list_of(const struct trace *t, const struct event *e)
{
	const struct event *call = e->cause ? trace_at(t, e->cause) : NULL;

	return call && call->kind == EV_DMA_MAP_SG ? e->cause : 0;
}

/* Live mappings of the very same buffer: from now on theirs are the older handles. */
static void note_again(struct facts *f, const struct event *e)
{
	struct ranges_walk w = ownership_in(&f->ownership, e->addr2, 1);

	while (ranges_next(&w)) {
		const struct mapping *m = ownership_mapping(&f->ownership, w.number);

		if (m->device == e->unit && m->pa == e->addr2 && m->size == e->size &&
		    m->form < FORM_COHERENT)
			ownership_change(&f->ownership, w.number)->again = e->seq;
	}
}

/* The attributes of a call are an event right behind it; those of a segment behind its list. */
static uint64_t attrs_of(const struct trace *t, const struct event *e)
{
	const struct event *list = e->cause ? trace_at(t, e->cause) : NULL;
	bool segment = list && (list->kind == EV_DMA_MAP_SG || list->kind == EV_DMA_UNMAP_SG);
	uint64_t call = segment ? e->cause : e->seq;
	const struct event *attrs = trace_at(t, call + 1);

	return attrs && attrs->kind == EV_DMA_ATTRS && attrs->cause == call ? attrs->value : 0;
}

static void map(struct facts *f, const struct trace *t, const struct event *e)
{
	bool bounced = is_bounced(f, e);
	const struct mapping *made;

	note_again(f, e);

	made = ownership_add(&f->ownership, &(struct mapping){ .seq = e->seq, .handover = e->seq,
		.dma = e->addr, .pa = e->addr2, .va = e->value, .size = e->size,
		.device = e->unit, .dir = e->a, .form = e->b, .bounced = bounced,
		.list = list_of(t, e), .attrs = attrs_of(t, e), .given = e->seq,
		.device_owns = true, .live = true });
	if (made)
		rules_map(f, e, made);
	to_device(f, e, e->a, bounced);
}

/* Memory made for DMA. What is not coherent is a mapping from birth, the CPU's at first. */
static void alloc(struct facts *f, const struct event *e)
{
	ownership_add(&f->ownership, &(struct mapping){ .seq = e->seq, .handover = e->seq,
		.dma = e->addr, .pa = e->addr2, .va = e->value, .size = e->size,
		.device = e->unit, .dir = e->a, .form = e->b,
		.coherent_memory = e->b == FORM_COHERENT, .live = true });
	ownership_set_freed(&f->ownership, e->addr2, e->size, 0);
	if (e->b == FORM_COHERENT && e->value != LINEAR_BASE + e->addr2)
		ownership_mark(&f->ownership, e->addr2, e->size, PAGE_ALIASED);
}

/* [pa, pa+size) of the mapping goes back to the CPU when the call is over. */
static void to_cpu(struct facts *f, const struct event *e, struct mapping *m, uint64_t pa,
		   uint64_t size)
{
	begin_call(f, e, m->dir != DMA_TO_DEVICE);
	f->call.mapping = m->seq;
	f->call.pa = pa;
	f->call.size = size;
	m->handover = m->took = e->seq;
	if (m->taken < m->given)
		m->taken = e->seq;
	m->returned = e->addr2;
	m->returned_size = e->size;
	m->returned_dir = e->a;
	m->returned_attrs = 0;
	m->skipped.seq = 0;
	m->device_owns = false;
	if (m->pending.pa < m->pending.end)
		ownership_mark(&f->ownership, m->pa, m->size, PAGE_PENDING);
}

static void unmap(struct facts *f, const struct trace *t, const struct event *e)
{
	struct mapping *m = ownership_named(&f->ownership, e->unit, e->addr, e->size, false);

	if (!m)
		return;
	rules_end(f, e, m);
	to_cpu(f, e, m, m->pa, m->size);
	m->returned_attrs = attrs_of(t, e);
	ownership_end(&f->ownership, m);
}

static void sync_for_cpu(struct facts *f, const struct event *e)
{
	struct mapping *m = ownership_find_write(&f->ownership, e->unit, e->addr, 1);

	if (m && !m->coherent_memory)
		to_cpu(f, e, m, e->addr2, min_u64(e->size, m->pa + m->size - e->addr2));
}

/* Has the device written, and is it done, and did nobody give the CPU its turn? */
static bool is_skipped(const struct facts *f, const struct mapping *m)
{
	if (m->wrote <= m->took || m->dir == DMA_TO_DEVICE)
		return false;
	for (uint32_t i = 0; i < FACTS_RUNNING; i++)
		if (f->running[i].seq == m->wrote)
			return false;
	return true;
}

/* Bytes came back from a bounce buffer: at either end of what waits there, or all of it. */
static void fetch_pending(struct facts *f, struct ranges_walk w, const struct event *e)
{
	uint64_t from = e->addr2, end = e->addr2 + e->size;

	while (ranges_next(&w)) {
		const struct mapping *m = ownership_mapping(&f->ownership, w.number);
		struct mapping *to;

		if (m->handover != f->call.seq ||
		    !overlaps(from, e->size, m->pending.pa, m->pending.end - m->pending.pa))
			continue;
		to = ownership_change(&f->ownership, w.number);
		if (from <= to->pending.pa)
			to->pending.pa = min_u64(end, to->pending.end);
		else if (end >= to->pending.end)
			to->pending.end = from;
	}
}

static void fetched(struct facts *f, const struct event *e)
{
	if (e->b) {
		rules_copied_out(f, e);
		return;
	}
	rules_copied_back(f, e);
	fetch_pending(f, ownership_in(&f->ownership, e->addr2, e->size), e);
	fetch_pending(f, ownership_ended_in(&f->ownership, e->addr2, e->size), e);
}

static void sync_for_device(struct facts *f, const struct event *e)
{
	struct mapping *m = ownership_find_write(&f->ownership, e->unit, e->addr, e->size);

	if (!m || m->coherent_memory)
		return;
	if (is_skipped(f, m)) {
		m->skipped.seq = e->seq;
		m->skipped.pa = e->addr2;
		m->skipped.size = e->size;
	}
	m->handover = m->given = e->seq;
	m->device_owns = true;
	to_device(f, e, m->dir, m->bounced);
}

static void free_memory(struct facts *f, const struct event *e)
{
	bool coherent_memory = e->b == FORM_COHERENT;
	struct mapping *m = ownership_named(&f->ownership, e->unit, e->addr, e->size,
					    coherent_memory);

	if (!m)
		return;
	rules_end(f, e, m);
	ownership_end(&f->ownership, m);
	m->handover = e->seq;
	f->last_free = e->seq;
	rules_free(f, e, e->seq);
	ownership_set_freed(&f->ownership, m->pa, round_up(m->size, PAGE_SIZE), e->seq);
	if (!coherent_memory)
		ownership_hand_over(&f->ownership, m->pa, m->size, false);
}

/*
 * A call whose bytes do not lie together: what it means for ownership is said by its pieces. But it
 * ends a mapping also where nothing lies behind the address any more.
 */
static bool is_head(struct facts *f, const struct event *e)
{
	switch (e->kind) {
	case EV_DMA_MAP:
	case EV_DMA_UNMAP:
	case EV_DMA_SYNC_CPU:
	case EV_DMA_SYNC_DEVICE:
	case EV_DMA_ALLOC:
	case EV_DMA_FREE:
		f->head = *e;
		return e->kind != EV_DMA_UNMAP;
	default:
		return false;
	}
}

/* An unmap may run on into another mapping; that one is not ended by it. */
static void unmap_piece(struct facts *f, const struct trace *t, const struct event *e)
{
	const struct mapping *m = ownership_named(&f->ownership, e->unit, e->addr, e->size, false);

	if (m && m->seq == f->call.mapping)
		unmap(f, t, e);
}

/* One piece of such a call is a mapping, or a part of one, by itself. */
static void piece(struct facts *f, const struct trace *t, const struct event *e)
{
	struct event part = f->head;

	if (e->cause != part.seq)
		return;
	part.addr = e->addr;
	part.addr2 = e->addr2;
	part.value = e->value;
	part.size = e->size;
	switch (part.kind) {
	case EV_DMA_MAP:         map(f, t, &part); break;
	case EV_DMA_UNMAP:       unmap_piece(f, t, &part); break;
	case EV_DMA_SYNC_CPU:    sync_for_cpu(f, &part); break;
	case EV_DMA_SYNC_DEVICE: sync_for_device(f, &part); break;
	case EV_DMA_ALLOC:       alloc(f, &part); return;
	case EV_DMA_FREE:        free_memory(f, &part); return;
	default:                 break;
	}
	f->call.pieces = true;
}

static void check_error(struct facts *f, const struct event *e)
{
	struct mapping *m = ownership_find_write(&f->ownership, e->unit, e->addr, 1);

	if (m)
		m->checked = true;
}

/* A vmalloc area is freed page by page, as its page table entries go. */
static void freed(struct facts *f, const struct event *e)
{
	f->last_free = e->seq;
	if (e->a == MEM_VMALLOC)
		return;
	rules_free(f, e, e->seq);
	ownership_set_freed(&f->ownership, e->addr2, e->size, e->seq);
}

static void unmapped_pages(struct facts *f, const struct event *e)
{
	if (!e->cause || e->cause != f->last_free)
		return;
	rules_free(f, e, e->cause);
	ownership_set_freed(&f->ownership, e->addr2, e->size, e->cause);
}

/* There is no RAM behind it. */
static void bus_fault(struct facts *f, const struct trace *t, const struct event *e)
{
	rules_beat(f, t, e, e->a ? DMA_FROM_DEVICE : DMA_TO_DEVICE, UINT64_MAX);
}

/* False: of no use, as all of its kind. */
static bool judge(struct facts *f, const struct trace *t, const struct event *e)
{
	if (e->addr2 == UINT64_MAX && is_head(f, e))
		return true;
	switch (e->kind) {
	case EV_CPU_LOAD:        rules_load(f, e); break;
	case EV_CPU_STORE:       rules_store(f, e); break;
	case EV_CACHE_WRITEBACK: rules_write_back(f, e); break;
	case EV_CACHE_DROP:      rules_drop(f, e); break;
	case EV_CACHE_OP:        f->last_op = e->seq; break;
	case EV_DEV_READ:        rules_device_read(f, t, e); break;
	case EV_DEV_WRITE:       rules_beat(f, t, e, DMA_FROM_DEVICE, e->addr2); break;
	case EV_UNDO:            violations_take_back(&f->violations, e->addr); break;
	case EV_MACHINE_CHECKER: f->strict = e->a; break;
	case EV_MACHINE_IOMMU:   f->translates = true; break;
	case EV_BOUNCE_POOL:
		f->pool.dma = e->addr + f->shadow.bus_offset;
		f->pool.size = e->size;
		break;
	case EV_BUS_FAULT:       bus_fault(f, t, e); break;
	case EV_DEV_CLAMP:       rules_clamp(f, e); break;
	case EV_DEV_START:       rules_start(f, e); break;
	case EV_DEV_DONE:        rules_done(f, e); break;
	case EV_DRIVER_UNBIND:   rules_unbind(f, e); break;
	case EV_IOMMU_FAULT:     rules_iommu_fault(f, t, e); break;
	case EV_DMA_PIECE:       piece(f, t, e); break;
	case EV_DEV_REFUSE:      rules_refuse(f, e); break;
	case EV_MEM_ALLOC:
		ownership_set_freed(&f->ownership, e->addr2, e->a == MEM_VMALLOC ? 0 : e->size, 0);
		break;
	case EV_VM_MAP:          ownership_set_freed(&f->ownership, e->addr2, e->size, 0); break;
	case EV_VM_UNMAP:        unmapped_pages(f, e); break;
	case EV_MEM_FREE:        freed(f, e); break;
	case EV_MEM_BAD_FREE:    rules_bad_free(f, e); break;
	case EV_CPU_CONTEXT:     contexts_change(f, e); break;
	case EV_KERNEL_MIGHT_SLEEP: contexts_sleep(f, e); break;
	case EV_BOUNCE_COPY:     fetched(f, e); break;
	case EV_DMA_MAP:         map(f, t, e); break;
	case EV_DMA_MAP_FAIL:    rules_map_fail(f, e); break;
	case EV_DMA_ALLOC:       alloc(f, e); break;
	case EV_DMA_CHECK:       check_error(f, e); break;
	case EV_DMA_UNMAP:       unmap(f, t, e); break;
	case EV_DMA_SYNC_CPU:    sync_for_cpu(f, e); break;
	case EV_DMA_SYNC_DEVICE: sync_for_device(f, e); break;
	case EV_DMA_FREE:        free_memory(f, e); break;
	default:                 return false;
	}
	return true;
}

/* Of the old machine only the violations remain. */
static void restart(struct facts *f, const struct event *e)
{
	f->pool.size = f->overwritten.violation.size = 0;
	contexts_forget(f);
	memset(f->running, 0, sizeof f->running);
	f->keyframe = e->cause == e->seq ? e->seq : 0;
	f->translates = f->strict = false;
	ownership_release(&f->ownership);
	ownership_init(&f->ownership, e->addr);
}

/* Who reads events here; one that has no use for a kind says so once, and is not asked again. */
enum { ORDER = 1, JUDGE = 2, POOLS = 4, SHADOW = 8, DMA_DEBUG = 16 };

/*
 * One event. Copies are compared before the shadow follows a write-back or a drop, for those
 * destroy what is compared; a store or a beat is judged by the state it found.
 */
static void follow(struct checker *c, const struct trace *t, const struct event *e)
{
	struct facts *f = &c->facts;
	uint8_t deaf = c->deaf[e->kind];

	f->violations.muted = f->keyframe && e->cause == f->keyframe;
	if (!(deaf & ORDER) && !order_event(&c->order, f, t, e))
		deaf |= ORDER;
	if (f->call.seq && e->cause != f->call.seq && is_next_step(e))
		finish_call(f);
	if (!(deaf & JUDGE) && !judge(f, t, e))
		deaf |= JUDGE;
	if (!(deaf & POOLS) && !pools_event(&f->pools, &f->violations, e))
		deaf |= POOLS;
	if (!(deaf & SHADOW) && !shadow_event(&f->shadow, e))
		deaf |= SHADOW;
	if (e->kind == EV_MACHINE)
		restart(f, e);
	if (!(deaf & DMA_DEBUG) &&
	    !dma_debug_event(&c->dma_debug, &f->violations, &f->ownership, t, e))
		deaf |= DMA_DEBUG;
	c->deaf[e->kind] = deaf;
}

bool checker_event(struct checker *c, const struct trace *t, const struct event *e)
{
	if (!plausible(&c->facts.shadow, e))
		return false;
	follow(c, t, e);
	if (c->facts.violations.kept < c->facts.violations.count)
		violations_keep_events(&c->facts.violations, t);
	return true;
}

void checker_read(struct checker *c, const struct trace *t)
{
	const struct event *e;

	while ((e = trace_read(t, &c->cursor, &c->lost)))
		(void)checker_event(c, t, e);
}
