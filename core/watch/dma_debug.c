#include "watch/dma_debug.h"

#include <string.h>

#define MAX_SEGMENT 65536    /* dma_get_max_seg_size when the driver never said */
#define SHORTEST_LINE 8      /* bytes; of board.def */

/* The DMA_ATTR_ bits that mean something here (include/linux/dma-mapping.h). */
#define NO_KERNEL_MAPPING (1u << 4)
#define SKIP_CPU_SYNC     (1u << 5)
#define FORCE_CONTIGUOUS  (1u << 6)
#define PRIVILEGED        (1u << 9)
#define MMIO              (1u << 10)
#define IGNORE_CACHELINES (1u << 11)
#define REQUIRE_COHERENT  (1u << 12)
#define CC_SHARED         (1u << 13)

/* Those a free must repeat, and those that vouch for lines shared by two mappings. */
#define ATTRS_TO_REPEAT \
	(NO_KERNEL_MAPPING | FORCE_CONTIGUOUS | MMIO | REQUIRE_COHERENT | PRIVILEGED | CC_SHARED)
#define ATTRS_LINE_CLEAN (IGNORE_CACHELINES | REQUIRE_COHERENT)

/* How often a cache line begins a mapping; LINE_CLEAN: the first of them vouched for it. */
#define LINE_COUNT 0x7f
#define LINE_CLEAN 0x80

struct line_leaf {
	uint8_t begins[4096 / SHORTEST_LINE];
};

const struct dma_debug_info dma_debug_info[DMA_DEBUG_LINE_COUNT] = {
#define CHECK(NAME, RULE, numbers, message) { RULE_##RULE, "warn", numbers, message },
#define NOTE(NAME, level, numbers, message) { RULE_COUNT, level, numbers, message },
#include "watch/dma_debug.def"
#undef CHECK
#undef NOTE
};

const char *const record_type_words[] = { "phy", "scatter-gather", "coherent", "noncoherent" };
const char *const record_asked_words[] = { "dma map error check not applicable",
					   "dma map error not checked",
					   "dma map error checked" };

/* The event under judgement. */
struct call {
	struct dma_debug *d;
	struct violations *violations;
	const struct ownership *ownership;
	const struct event *event;
	uint64_t cause;          /* what is at fault: the call; of a segment, that about its list */
	uint64_t attrs;
	uint64_t pa;             /* of the first byte, also where the bytes do not lie together */
};

void dma_debug_init(struct dma_debug *d)
{
	*d = (struct dma_debug){ .num_errors = 1 };
	records_init(&d->records, 0);
	cow_init(&d->lines, sizeof(struct line_leaf), 0);
	cow_init(&d->log, sizeof(struct dma_debug_message), DMA_DEBUG_LOG_MAX);
}

void dma_debug_release(struct dma_debug *d)
{
	records_release(&d->records);
	cow_release(&d->lines);
	cow_release(&d->log);
}

void dma_debug_copy(struct dma_debug *to, const struct dma_debug *from)
{
	*to = *from;
	records_copy(&to->records, &from->records);
	cow_copy(&to->lines, &from->lines);
	cow_copy(&to->log, &from->log);
}

const struct dma_debug_message *dma_debug_log(const struct dma_debug *d, uint32_t i)
{
	return cow_read(&d->log, i);
}

static void print(struct dma_debug *d, const struct event *e, struct dma_debug_message m)
{
	struct dma_debug_message *to;

	if (d->log_count == DMA_DEBUG_LOG_MAX) {
		d->log_dropped++;
		return;
	}
	to = cow_write(&d->log, d->log_count++);
	*to = m;
	to->seq = e->seq;
	to->cycle = e->cycle;
	to->device = e->unit;
	if (e->unit < DMA_DEBUG_DEVICES)
		memcpy(to->driver, d->facts.driver[e->unit], sizeof to->driver);
}

/*
 * An error, under the kernel's rules of silence: it always counts; num_errors goes down even for
 * those the driver filter keeps quiet.
 */
static void say(const struct call *c, enum dma_debug_line line, uint32_t slot,
		const uint64_t *number)
{
	struct dma_debug *d = c->d;
	struct dma_debug_message m = { .line = line,
		.mapped_at = slot ? records_at(&d->records, slot)->seq : 0 };

	for (uint32_t i = 0; i < DMA_DEBUG_NUMBERS; i++)
		m.number[i] = number[i];
	d->error_count++;
	if ((!d->filter[0] || d->filter_device == c->event->unit) &&
	    (d->all_errors || d->num_errors))
		print(d, c->event, m);
	if (!d->all_errors && d->num_errors)
		d->num_errors--;
}

/* The bytes concerned: those of the record, else of the call. */
static void accuse(const struct call *c, enum rule rule, uint32_t slot)
{
	const struct event *e = c->event;
	const struct record *r = slot ? records_at(&c->d->records, slot) : NULL;
	struct violation v = { .rule = rule, .cause = c->cause, .pa = c->pa, .size = e->size,
		.dma = e->addr };

	v.on_bus = e->kind != EV_DMA_MAP && e->kind != EV_DMA_MAP_FAIL;
	if (e->kind == EV_DMA_MAP_FAIL)
		v.va = e->addr;
	if (r) {
		v.on_bus = false;
		v.pa = r->pa;
		v.size = r->size;
		violation_link(&v, r->seq);
	}
	if (v.on_bus)
		v.pa = UINT64_MAX;
	violations_report(c->violations, &v, e);
}

static void complain(const struct call *c, enum dma_debug_line line, uint32_t slot,
		     const uint64_t *number)
{
	say(c, line, slot, number);
	accuse(c, dma_debug_info[line].rule, slot);
}

#define NUMBERS (const uint64_t[DMA_DEBUG_NUMBERS])   /* fewer than there are: the rest are 0 */

/* Boot. */

static void preallocate(struct dma_debug *d, const struct event *e)
{
	uint64_t wanted = e->size ? e->size : 1, given = round_up(wanted, RECORDS_GROW);

	d->entries = (uint32_t)wanted;
	records_release(&d->records);
	records_init(&d->records, (uint32_t)min_u64(given, RECORDS_MAX));
	if (given <= RECORDS_MAX)
		print(d, e, (struct dma_debug_message){ .line = DMA_DEBUG_PREALLOCATED,
			.number = { given } });
	else
		print(d, e, (struct dma_debug_message){ .line = DMA_DEBUG_FEWER,
			.number = { wanted, RECORDS_MAX } });
}

static void switch_on(struct dma_debug *d, const struct event *e)
{
	d->facts = (struct dma_debug_facts){ .ram = e->addr,
		.kernel_end = min_u64(e->addr, e->value),
		.line = e->size > SHORTEST_LINE ? e->size : SHORTEST_LINE,
		.code = (uint64_t)e->unit << PAGE_SHIFT, .coherent = e->b };
	d->disabled = true;
	cow_release(&d->lines);
	cow_init(&d->lines, sizeof(struct line_leaf), e->addr >> PAGE_SHIFT);
}

/* The boot options. */
static void boot(struct dma_debug *d, const struct event *e)
{
	d->disabled = !e->b;
	if (d->disabled) {
		print(d, e, (struct dma_debug_message){ .line = DMA_DEBUG_DISABLED });
		return;
	}
	preallocate(d, e);
	print(d, e, (struct dma_debug_message){ .line = DMA_DEBUG_ENABLED });
}

/* The files that can be written. An empty name takes the filter away. */
static void set(struct dma_debug *d, const struct event *e)
{
	struct dma_debug_message on = { .line = DMA_DEBUG_FILTER_ON,
		.number = { e->addr, e->addr2, e->value } };

	switch (e->a) {
	case KNOB_ALL_ERRORS: d->all_errors = e->b; return;
	case KNOB_NUM_ERRORS: d->num_errors = e->b; return;
	case KNOB_DRIVER_FILTER: break;
	default: return;
	}
	if (e->addr)
		print(d, e, on);
	else if (d->filter[0])
		print(d, e, (struct dma_debug_message){ .line = DMA_DEBUG_FILTER_OFF });
	d->filter[0] = e->addr;
	d->filter[1] = e->addr2;
	d->filter[2] = e->value;
	d->filter_device = e->unit == UINT16_MAX ? UINT32_MAX : e->unit;
}

/* The filter may have been set before there was such a driver (boot option dma_debug_driver). */
static void bound(struct dma_debug *d, const struct event *e)
{
	const uint64_t name[3] = { e->addr, e->addr2, e->value };

	if (e->unit >= DMA_DEBUG_DEVICES)
		return;
	memcpy(d->facts.driver[e->unit], name, sizeof name);
	if (!memcmp(d->filter, name, sizeof name))
		d->filter_device = e->unit;
}

/* What was left has been printed under the driver's name. */
static void unbound(struct dma_debug *d, const struct event *e)
{
	if (e->unit < DMA_DEBUG_DEVICES)
		memset(d->facts.driver[e->unit], 0, sizeof d->facts.driver[e->unit]);
}

/* Overlap: the first line of each mapping the device writes to, and how often it is one. */

uint64_t dma_debug_cacheline(const struct dma_debug *d, uint64_t pa)
{
	return d->facts.line ? pa / d->facts.line : 0;
}

static bool is_tracked(const struct dma_debug *d, const struct record *r)
{
	return r->dir != DMA_TO_DEVICE && r->pa < d->facts.ram;
}

static uint8_t *begins_at(struct dma_debug *d, uint64_t pa)
{
	struct line_leaf *leaf = cow_write(&d->lines, pa >> PAGE_SHIFT);

	return &leaf->begins[(pa & PAGE_MASK) / d->facts.line];
}

/* Three bits count how many more than one there are; beyond that the count stands still. */
static void count_overlap(const struct call *c, uint8_t *begins, uint64_t pa)
{
	struct dma_debug *d = c->d;

	if ((*begins & LINE_COUNT) <= DMA_DEBUG_OVERLAPS) {
		++*begins;
		return;
	}
	if (!d->crowded_once)
		print(d, c->event, (struct dma_debug_message){ .line = DMA_DEBUG_CROWDED,
			.number = { DMA_DEBUG_OVERLAPS, dma_debug_cacheline(d, pa) } });
	d->crowded_once = true;
}

/* Where devices snoop, lines may be shared: nothing is lost. */
static void track(const struct call *c, uint32_t slot)
{
	const struct record *r = records_at(&c->d->records, slot);
	bool vouched = r->attrs & ATTRS_LINE_CLEAN, both;
	uint8_t *begins;

	if (!is_tracked(c->d, r))
		return;
	begins = begins_at(c->d, r->pa);
	if (!*begins) {
		*begins = (uint8_t)(1 | (vouched ? LINE_CLEAN : 0));
		return;
	}
	both = vouched && *begins & LINE_CLEAN;
	count_overlap(c, begins, r->pa);
	if (!(r->attrs & SKIP_CPU_SYNC) && !both && !c->d->facts.coherent)
		complain(c, DMA_DEBUG_OVERLAP, slot, NUMBERS{ 0 });
}

static void untrack(struct dma_debug *d, const struct record *r)
{
	uint8_t *begins;

	if (!is_tracked(d, r))
		return;
	begins = begins_at(d, r->pa);
	if ((*begins & LINE_COUNT) > 1)
		--*begins;
	else
		*begins = 0;
}

/* Records. */

/* One page more; a line each time the pool passes a multiple of what it was, for that is a leak. */
static bool grow(struct dma_debug *d, const struct event *e)
{
	if (!records_grow(&d->records, RECORDS_GROW)) {
		d->disabled = true;
		print(d, e, (struct dma_debug_message){ .line = DMA_DEBUG_NO_MEMORY });
		return false;
	}
	if (d->records.total % d->entries < RECORDS_GROW)
		print(d, e, (struct dma_debug_message){ .line = DMA_DEBUG_GROWN,
			.number = { d->records.total, d->records.total / d->entries } });
	return true;
}

static void add(const struct call *c, const struct record *r)
{
	if (c->d->records.free || grow(c->d, c->event))
		track(c, records_add(&c->d->records, r));
}

/* alloc and free, as against map and unmap. */
static bool is_memory(const struct event *e)
{
	return e->kind == EV_DMA_ALLOC || e->kind == EV_DMA_FREE || e->kind == EV_DMA_BAD_FREE;
}

static enum record_type type_of(const struct event *e)
{
	if (e->b == FORM_NONCOHERENT || e->b == FORM_PAGES)
		return RECORD_NONCOHERENT;
	if (e->b == FORM_SG)
		return RECORD_SG;
	return is_memory(e) ? RECORD_COHERENT : RECORD_PHY;
}

/*
 * The record an event speaks of. Memory of dma_alloc_noncontiguous may be synced as a list of one.
 */
static struct record record_of(const struct call *c)
{
	const struct event *e = c->event;
	struct record r = { .seq = e->seq, .dma = e->addr, .pa = c->pa, .size = e->size,
		.attrs = c->attrs, .device = e->unit, .type = type_of(e), .dir = e->a };

	if (r.type == RECORD_COHERENT)
		r.dir = DMA_BIDIRECTIONAL;
	if (r.type == RECORD_SG) {
		r.nents = c->d->facts.list.nents;
		r.mapped = c->d->facts.list.mapped;
	}
	if (r.type == RECORD_NONCOHERENT)
		r.mapped = 1;
	return r;
}

/* Map and alloc. */

/* The page may be the stack's though the address is not: a stack in the vmalloc area. */
static void check_stack(const struct call *c)
{
	for (uint32_t i = 0; i < DMA_DEBUG_STACKS; i++) {
		uint64_t va = c->d->facts.stack[i].va, pa = c->d->facts.stack[i].pa;

		if (!inside(c->pa, 1, pa, c->d->facts.stack[i].size))
			continue;
		complain(c,
			 va == LINEAR_BASE + pa ? DMA_DEBUG_MAP_STACK : DMA_DEBUG_MAP_STACK_PAGE, 0,
			 NUMBERS{ va + (c->pa - pa) });
	}
}

/* The code lies at the start of RAM. The kernel's data is not checked. */
static void check_text(const struct call *c)
{
	const struct event *e = c->event;

	if (overlaps(c->pa, e->size, 0, c->d->facts.code))
		complain(c, DMA_DEBUG_MAP_TEXT, 0, NUMBERS{ LINEAR_BASE + c->pa, e->size });
}

static void check_segment(const struct call *c)
{
	const struct event *e = c->event;
	uint64_t max = MAX_SEGMENT, boundary = ~(uint64_t)0, end = e->addr + e->size - 1;

	if (e->unit < DMA_DEBUG_DEVICES && c->d->facts.limits[e->unit].max_segment)
		max = c->d->facts.limits[e->unit].max_segment;
	if (e->unit < DMA_DEBUG_DEVICES && c->d->facts.limits[e->unit].boundary)
		boundary = c->d->facts.limits[e->unit].boundary;
	if (e->size > max)
		complain(c, DMA_DEBUG_SG_SEGMENT, 0, NUMBERS{ e->size, max });
	if ((e->addr ^ end) & ~boundary)
		complain(c, DMA_DEBUG_SG_BOUNDARY, 0, NUMBERS{ e->addr, end, boundary });
}

static void map(const struct call *c)
{
	const struct event *e = c->event;
	bool registers = e->b == FORM_RESOURCE || c->attrs & MMIO;
	struct record r = record_of(c);

	if (registers && e->addr2 >= c->d->facts.code && e->addr2 < c->d->facts.kernel_end)
		complain(c, DMA_DEBUG_MAP_RESOURCE_RAM, 0, NUMBERS{ e->addr2 });
	if (!registers) {
		check_stack(c);
		check_text(c);
	}
	if (r.type == RECORD_SG)
		check_segment(c);
	else
		r.asked = ASKED_NOT_YET;
	add(c, &r);
}

static bool in_stack(const struct dma_debug *d, uint64_t va)
{
	for (uint32_t i = 0; i < DMA_DEBUG_STACKS; i++)
		if (inside(va, 1, d->facts.stack[i].va, d->facts.stack[i].size))
			return true;
	return false;
}

/*
 * dma_map_single of an address that is no RAM of the linear map. Vmalloc memory, and so a stack that
 * lies there, is turned away before dma-debug looks (a line of its own, "rejecting DMA map of vmalloc
 * memory").
 */
static void map_failed(const struct call *c)
{
	const struct event *e = c->event;

	if (e->b != FORM_SINGLE)
		return;
	if (in_stack(c->d, e->addr))
		accuse(c, RULE_MAP_STACK, 0);
	else if (inside(e->addr, 1, VMALLOC_BASE, MAPPED_END - VMALLOC_BASE))
		accuse(c, RULE_MAP_VMALLOC, 0);
	else if (!inside(e->addr, 1, LINEAR_BASE, c->d->facts.kernel_end))
		complain(c, DMA_DEBUG_MAP_INVALID, 0, NUMBERS{ e->addr, e->size });
}

/* A device's own memory (dma_declare_coherent_memory) is handed out before dma-debug is asked. */
static void alloc(const struct call *c)
{
	struct record r = record_of(c);

	if (r.pa < c->d->facts.kernel_end)
		add(c, &r);
}

/* Unmap and free. */

static void check_unmap(const struct call *c, uint32_t slot, const struct record *ref)
{
	const struct record *r = records_at(&c->d->records, slot);
	bool allocated = r->type == RECORD_COHERENT || r->type == RECORD_NONCOHERENT;

	if (ref->size != r->size)
		complain(c, DMA_DEBUG_UNMAP_SIZE, slot, NUMBERS{ ref->dma, r->size, ref->size });
	if (ref->type != r->type)
		complain(c, DMA_DEBUG_UNMAP_FUNCTION, slot,
			 NUMBERS{ ref->dma, ref->size, r->type, ref->type });
	else if (allocated && ref->pa != r->pa)
		complain(c, DMA_DEBUG_UNMAP_CPU_ADDRESS, slot,
			 NUMBERS{ ref->dma, ref->size, r->pa, ref->pa });
	if (ref->type == RECORD_SG && ref->nents != r->nents)
		complain(c, DMA_DEBUG_UNMAP_NENTS, slot, NUMBERS{ r->nents, ref->nents });
	if (ref->dir != r->dir)
		complain(c, DMA_DEBUG_UNMAP_DIRECTION, slot,
			 NUMBERS{ ref->dma, ref->size, r->dir, ref->dir });
	if (r->asked == ASKED_NOT_YET)
		complain(c, DMA_DEBUG_MAP_ERROR_UNCHECKED, slot,
			 NUMBERS{ ref->dma, ref->size, r->type });
	if ((ref->attrs ^ r->attrs) & ATTRS_TO_REPEAT)
		complain(c, DMA_DEBUG_UNMAP_ATTRS, slot,
			 NUMBERS{ ref->dma, ref->size, r->attrs, ref->attrs });
}

/* Whatever is wrong with it, the call ends the record. */
static void end(const struct call *c, const struct record *ref)
{
	uint32_t slot = records_exact(&c->d->records, ref);

	if (slot) {
		check_unmap(c, slot, ref);
		untrack(c->d, records_at(&c->d->records, slot));
		records_remove(&c->d->records, slot);
	} else if (ref->dma == DMA_MAPPING_ERROR) {
		complain(c, DMA_DEBUG_UNMAP_INVALID, 0, NUMBERS{ 0 });
	} else {
		complain(c, DMA_DEBUG_UNMAP_UNKNOWN, 0, NUMBERS{ ref->dma, ref->size });
	}
}

/*
 * A segment of a list about to be unmapped or synced. The first one's record says how many were
 * mapped (0: there is none); entries beyond that are left alone.
 */
static bool is_left_alone(const struct call *c, const struct record *ref)
{
	struct dma_debug *d = c->d;
	uint32_t at = d->facts.list.at++, slot = at ? 0 : records_exact(&d->records, ref);

	if (!at)
		d->facts.list.mapped = slot ? records_at(&d->records, slot)->mapped : 0;
	return d->facts.list.mapped && at >= d->facts.list.mapped;
}

static void unmap(const struct call *c)
{
	struct record ref = record_of(c);

	if (ref.type != RECORD_SG || !is_left_alone(c, &ref))
		end(c, &ref);
}

/* A pointer with no memory of the kernel behind it is not looked at: its record stays. */
static void free_memory(const struct call *c)
{
	struct record ref = record_of(c);

	if (ref.pa < c->d->facts.kernel_end)
		end(c, &ref);
}

/* Sync. */

static void check_directions(const struct call *c, uint32_t slot, const struct record *ref)
{
	const struct record *r = records_at(&c->d->records, slot);
	bool for_cpu = c->event->kind == EV_DMA_SYNC_CPU;
	const uint64_t *number = NUMBERS{ ref->dma, r->size, r->dir, ref->dir };

	if (ref->dir == r->dir)
		return;
	complain(c, DMA_DEBUG_SYNC_DIRECTION, slot, number);
	if (for_cpu && r->dir == DMA_TO_DEVICE)
		complain(c, DMA_DEBUG_SYNC_READ_ONLY, slot, number);
	if (!for_cpu && r->dir == DMA_FROM_DEVICE)
		complain(c, DMA_DEBUG_SYNC_WRITE_ONLY, slot, number);
}

/*
 * dma-debug looks for a mapping that holds the whole range, so a range that runs out of its mapping
 * is one it knows nothing of: its own message for that case is never printed. We tell them apart.
 */
static void sync_unknown(const struct call *c, const struct record *ref)
{
	struct record start = *ref;

	start.size = 1;
	say(c, DMA_DEBUG_SYNC_UNKNOWN, 0, NUMBERS{ ref->dma, ref->size });
	accuse(c, records_containing(&c->d->records, &start) ? RULE_SYNC_OUTSIDE
							     : RULE_SYNC_UNKNOWN, 0);
}

static void check_sync(const struct call *c, const struct record *ref)
{
	uint32_t slot = records_containing(&c->d->records, ref);
	const struct record *r = slot ? records_at(&c->d->records, slot) : NULL;

	if (!r) {
		sync_unknown(c, ref);
		return;
	}
	if (r->dir == DMA_BIDIRECTIONAL)
		return;
	check_directions(c, slot, ref);
	if (ref->type == RECORD_SG && r->type == RECORD_SG && ref->nents != r->nents)
		complain(c, DMA_DEBUG_SYNC_NENTS, slot, NUMBERS{ r->nents, ref->nents });
}

/* Of a list whose first segment it does not know the kernel says nothing at all; we do. */
static void sync(const struct call *c)
{
	struct record ref = record_of(c);

	if (ref.type == RECORD_SG && is_left_alone(c, &ref))
		return;
	if (ref.type == RECORD_SG && !c->d->facts.list.mapped)
		accuse(c, RULE_SYNC_UNKNOWN, 0);
	else
		check_sync(c, &ref);
}

/*
 * The driver is gone: what it left. The last record in the order of the dump gives the details. Of a
 * probe that failed dma-debug hears nothing (BUS_NOTIFY_UNBOUND_DRIVER alone).
 */
static void released(const struct call *c)
{
	const struct records *rs = &c->d->records;
	const struct record *r = NULL;
	uint32_t last = 0, count = 0;

	for (uint32_t slot = records_next(rs, 0); slot; slot = records_next(rs, slot))
		if (records_at(rs, slot)->device == c->event->unit) {
			last = slot;
			count++;
		}
	if (!count)
		return;
	r = records_at(rs, last);
	if (!c->event->a)
		say(c, DMA_DEBUG_LEAK, last,
		    NUMBERS{ count, r->dma, r->size, r->dir, r->type });
	for (uint32_t i = ownership_overwritten(c->ownership, c->event->unit); i < count; i++)
		accuse(c, RULE_LEAK, last);
}

static void note_limits(struct dma_debug *d, const struct event *e)
{
	if (e->unit >= DMA_DEBUG_DEVICES)
		return;
	d->facts.limits[e->unit].boundary = e->value;
	d->facts.limits[e->unit].max_segment = e->size;
}

static void note_stack(struct dma_debug *d, const struct event *e)
{
	uint32_t i = 0;

	if (e->a != MEM_STACK)
		return;
	while (i < DMA_DEBUG_STACKS - 1 && d->facts.stack[i].size)
		i++;
	d->facts.stack[i].va = e->addr;
	d->facts.stack[i].pa = e->addr2;
	d->facts.stack[i].size = e->size;
}

static void forget_stack(struct dma_debug *d, const struct event *e)
{
	for (uint32_t i = 0; i < DMA_DEBUG_STACKS; i++)
		if (e->a == MEM_STACK && d->facts.stack[i].va == e->addr)
			d->facts.stack[i].size = 0;
}

/* What a call about a list says comes before its segments, and holds for each of them. */
static void note_list(const struct call *c)
{
	const struct event *e = c->event;

	c->d->facts.list.seq = e->seq;
	c->d->facts.list.attrs = c->attrs;
	c->d->facts.list.nents = e->size;
	c->d->facts.list.mapped = e->kind == EV_DMA_MAP_SG ? e->b : 0;
	c->d->facts.list.at = 0;
}

/* The attributes of a call, if it has any, are an event of their own right behind it. */
static uint64_t attrs_of(const struct trace *t, const struct event *e)
{
	const struct event *next = trace_at(t, e->seq + 1);

	return next && next->kind == EV_DMA_ATTRS && next->cause == e->seq ? next->value : 0;
}

/* Of bytes that do not lie together the pieces follow the call, behind its attributes. */
static uint64_t pa_of(const struct trace *t, const struct event *e)
{
	for (uint64_t seq = e->seq + 1; e->addr2 == UINT64_MAX && seq <= e->seq + 2; seq++) {
		const struct event *next = trace_at(t, seq);

		if (next && next->kind == EV_DMA_PIECE && next->cause == e->seq)
			return next->addr2;
	}
	return e->addr2;
}

static void judge(const struct call *c)
{
	switch (c->event->kind) {
	case EV_DMA_MAP_SG:
	case EV_DMA_UNMAP_SG:
	case EV_DMA_SYNC_SG:     note_list(c); break;
	case EV_DMA_MAP:         map(c); break;
	case EV_DMA_MAP_FAIL:    map_failed(c); break;
	case EV_DMA_CHECK:       records_ask(&c->d->records, c->event->unit, c->event->addr); break;
	case EV_DMA_UNMAP:       unmap(c); break;
	case EV_DMA_SYNC_CPU:
	case EV_DMA_SYNC_DEVICE: sync(c); break;
	case EV_DMA_ALLOC:       alloc(c); break;
	case EV_DMA_FREE:
	case EV_DMA_BAD_FREE:    free_memory(c); break;
	case EV_DRIVER_UNBIND:   released(c); break;
	default:                 break;
	}
}

/* A segment of a list shares the fault and the attributes of the call about the list. */
static void follow_call(struct dma_debug *d, struct violations *vs, const struct ownership *o,
			const struct trace *t, const struct event *e)
{
	struct call c = { .d = d, .violations = vs, .ownership = o, .event = e, .cause = e->seq,
		.pa = pa_of(t, e) };

	if (d->disabled)
		return;
	if (d->facts.list.seq && e->cause == d->facts.list.seq) {
		c.cause = d->facts.list.seq;
		c.attrs = d->facts.list.attrs;
	} else {
		c.attrs = attrs_of(t, e);
	}
	judge(&c);
}

bool dma_debug_event(struct dma_debug *d, struct violations *vs, const struct ownership *o,
		     const struct trace *t, const struct event *e)
{
	switch (e->kind) {
	case EV_MACHINE:    switch_on(d, e); break;
	case EV_MACHINE_CHECKER: boot(d, e); break;
	case EV_DMA_DEBUG:  set(d, e); break;
	case EV_DMA_LIMITS: note_limits(d, e); break;
	case EV_MEM_ALLOC:  note_stack(d, e); break;
	case EV_MEM_FREE:   forget_stack(d, e); break;
	case EV_DRIVER_BIND: bound(d, e); break;
	case EV_DRIVER_UNBIND:
		follow_call(d, vs, o, t, e);
		unbound(d, e);
		break;
	default:
		if (event_info[e->kind].lane != LANE_DMA)
			return false;
		follow_call(d, vs, o, t, e);
	}
	return true;
}
