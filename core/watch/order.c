#include "watch/order.h"

#define FLAG_SIZE 4      /* bytes of the word that says whose a descriptor is */

void order_init(struct order *o)
{
	*o = (struct order){ .low = UINT64_MAX };
	cow_init(&o->descriptors, sizeof(struct descriptor), ORDER_DESCRIPTORS);
}

void order_release(struct order *o)
{
	cow_release(&o->descriptors);
}

void order_copy(struct order *to, const struct order *from)
{
	*to = *from;
	cow_copy(&to->descriptors, &from->descriptors);
}

static bool is_ram(const struct facts *f, const struct event *e)
{
	return inside(e->addr2, e->size, 0, f->shadow.ram_bytes);
}

static bool is_write_fence(uint32_t barrier)
{
	return barrier != BARRIER_RMB && barrier != BARRIER_DMA_RMB;
}

static bool is_read_fence(uint32_t barrier)
{
	return barrier != BARRIER_WMB && barrier != BARRIER_DMA_WMB;
}

static void fence(struct order *o, const struct event *e)
{
	if (is_write_fence(e->a))
		o->fence[o->fences++ % ORDER_FENCES] = e->seq;
	if (!is_read_fence(e->a))
		return;
	o->read_fence = e->seq;
	o->seen_count = 0;
}

static uint64_t oldest_fence(const struct order *o)
{
	return o->fences > ORDER_FENCES ? o->fences - ORDER_FENCES : 0;
}

/* The last write barrier before this event, 0 for none. */
static uint64_t fence_before(const struct order *o, uint64_t seq)
{
	for (uint64_t i = o->fences; i-- > oldest_fence(o); )
		if (o->fence[i % ORDER_FENCES] < seq)
			return o->fence[i % ORDER_FENCES];
	return 0;
}

/* Is there a write barrier between the two? Also true when that is too long ago to be known. */
static bool fenced(const struct order *o, uint64_t first, uint64_t second)
{
	uint64_t last = fence_before(o, second);

	return last > first || (!last && o->fences > ORDER_FENCES);
}

/* The coherent memory of this device that these bus addresses lie in, or NULL. */
static const struct mapping *coherent_at(const struct facts *f, uint32_t unit, uint64_t dma,
					 uint64_t n)
{
	const struct mapping *m = ownership_find(&f->ownership, unit, dma, n);

	return m && m->coherent_memory ? m : NULL;
}

/* Can the store be late for a device? Strictly, wherever coherent memory is not coherent. */
static bool may_be_late(const struct facts *f, const struct event *e)
{
	const struct mapping *m;

	if (e->a == AT_STORE_BUFFER)
		return true;
	if (!f->shadow.coherent || !f->strict)
		return false;
	m = ownership_of(&f->ownership, e->addr2);
	return m && m->live && m->coherent_memory;
}

static const struct descriptor *descriptor_at(const struct order *o, uint64_t i)
{
	return cow_read(&o->descriptors, i);
}

static uint64_t known_descriptors(const struct order *o)
{
	return min_u64(o->described, ORDER_DESCRIPTORS);
}

/* The descriptor an access touches, as its place in the table; ORDER_DESCRIPTORS for none. */
static uint64_t find(const struct order *o, uint64_t pa, uint64_t n)
{
	if (pa >= o->high || pa + n <= o->low)
		return ORDER_DESCRIPTORS;
	for (uint64_t i = 0; i < known_descriptors(o); i++) {
		const struct descriptor *d = descriptor_at(o, i);

		if (overlaps(pa, n, d->pa, d->size))
			return i;
	}
	return ORDER_DESCRIPTORS;
}

/* The entry of this descriptor; a new one, instead of the oldest, when it is not known. */
static struct descriptor *enter(struct order *o, uint64_t pa, uint64_t flag, uint32_t size)
{
	uint64_t i = find(o, pa, size);
	struct descriptor *d;

	if (i < ORDER_DESCRIPTORS && descriptor_at(o, i)->pa == pa &&
	    descriptor_at(o, i)->size == size) {
		d = cow_write(&o->descriptors, i);
		d->flag = flag;
		return d;
	}
	if (i == ORDER_DESCRIPTORS)
		i = o->described++ % ORDER_DESCRIPTORS;
	d = cow_write(&o->descriptors, i);
	*d = (struct descriptor){ .pa = pa, .flag = flag, .size = size };
	o->low = min_u64(o->low, pa);
	o->high = pa + size > o->high ? pa + size : o->high;
	return d;
}

static bool in_flag(const struct descriptor *d, uint64_t pa)
{
	return inside(pa, 1, d->flag, FLAG_SIZE);
}

/* Bytes that are reported together: a run with the same writer. */
struct run {
	uint64_t pa;
	uint32_t size;
	uint64_t old_value, new_value;
	stamp_t old_stamp, new_stamp;
};

/* False, and the byte is left out, where it does not go on with the run. */
static bool add(struct run *r, uint64_t pa, uint8_t old, stamp_t old_stamp, uint8_t new,
		stamp_t new_stamp)
{
	if (!r->size)
		*r = (struct run){ .pa = pa, .old_stamp = old_stamp, .new_stamp = new_stamp };
	if (pa != r->pa + r->size || r->size == 8 || r->new_stamp != new_stamp)
		return false;
	r->old_value |= (uint64_t)old << 8 * r->size;
	r->new_value |= (uint64_t)new << 8 * r->size;
	r->size++;
	return true;
}

static struct violation violation_of(enum rule rule, enum advice advice, uint64_t cause,
				     const struct run *r)
{
	return (struct violation){ .rule = rule, .advice = advice, .cause = cause, .pa = r->pa,
		.size = r->size, .width = r->size, .old_value = r->old_value,
		.new_value = r->new_value, .old_stamp = r->old_stamp, .new_stamp = r->new_stamp };
}

static uint8_t byte_of(uint64_t value, uint64_t i)
{
	return (uint8_t)(value >> 8 * (i & 7));
}

/* The store's bytes among those of a beat, and what the device got instead. */
static struct run beat_of(const struct facts *f, const struct event *e, const struct order_store *s)
{
	struct run r = { 0 };

	for (uint64_t i = 0; i < e->size; i++) {
		uint64_t pa = e->addr2 + i;
		stamp_t by = shadow_page(&f->shadow, pa)->stamp[pa & PAGE_MASK];

		if (inside(pa, 1, s->pa, s->size) &&
		    !(stamp_by_device(by) && stamp_event(by) > s->seq))
			(void)add(&r, pa, byte_of(e->value, i), by, byte_of(s->value, pa - s->pa),
				  s->seq << 8 | WROTE_CPU);
	}
	return r;
}

/*
 * A beat reads what the CPU stored before the doorbell, with no write barrier between: had the
 * store waited a little longer, the device would have read what was there before.
 */
static void device_read(struct order *o, struct facts *f, const struct event *e)
{
	uint64_t doorbell, last;

	if (e->unit >= FACTS_DEVICES || f->transfer[e->unit].seq != e->cause || !is_ram(f, e) ||
	    !o->doorbell[e->unit] || !ownership_counts(f))
		return;
	doorbell = o->doorbell[e->unit];
	last = fence_before(o, doorbell);
	for (uint64_t i = o->stores; i-- && i + ORDER_STORES >= o->stores; ) {
		const struct order_store *s = &o->store[i % ORDER_STORES];
		struct run r = { 0 };
		struct violation v;

		if (s->seq < last)
			return;
		if (s->seq < doorbell && overlaps(s->pa, s->size, e->addr2, e->size))
			r = beat_of(f, e, s);
		if (!r.size)
			continue;
		v = violation_of(RULE_ORDER_DEVICE_EARLY, ADVICE_BARRIER, e->cause, &r);
		violation_link(&v, doorbell);
		violations_report(&f->violations, &v, e);
		return;
	}
}

/* A transfer the CPU asked for with a store to a register, or one that began by itself. */
static void start(struct order *o, const struct facts *f, const struct trace *t,
		  const struct event *e)
{
	const struct event *by = e->cause ? trace_at(t, e->cause) : NULL;
	bool rung = by && by->kind == EV_CPU_STORE && !is_ram(f, by);

	if (e->unit < FACTS_DEVICES)
		o->doorbell[e->unit] = rung ? e->cause : 0;
}

/* The store that handed the descriptor over: the newest to a byte of its flag word, 0 for none. */
static uint64_t flag_store(const struct facts *f, const struct descriptor *d)
{
	uint64_t newest = 0;

	for (uint64_t i = 0; i < FLAG_SIZE; i++) {
		uint8_t value;
		stamp_t by;

		shadow_newest(&f->shadow, d->flag + i, &value, &by);
		if (stamp_by_cpu(by) && stamp_event(by) > newest)
			newest = stamp_event(by);
	}
	return newest;
}

/* Did everything up to this store arrive before the device could get this far? */
static bool before(const struct order *o, uint64_t last_store, uint64_t gate)
{
	return gate > last_store && fenced(o, last_store, gate);
}

/*
 * Could the device look at the descriptor while these stores were on their way? Not before it was
 * switched on, and not before it took one in front that was handed over later.
 */
static bool was_out_of_sight(const struct order *o, const struct mapping *ring, uint64_t last_store)
{
	return before(o, last_store, ring->on) || before(o, last_store, ring->handed);
}

/* A device is switched on: from this register write on it may look at the ring. */
static void ring_told(struct facts *f, const struct event *e)
{
	struct mapping *ring = ownership_find_write(&f->ownership, e->unit, e->addr, 1);

	if (ring)
		ring->on = !e->a ? 0 : e->cause ? e->cause : e->seq;
}

/* What lies behind this descriptor the device sees after it. */
static void note_handed(struct facts *f, const struct mapping *ring, uint64_t flag)
{
	if (flag > ring->handed)
		ownership_find_write(&f->ownership, ring->device, ring->dma, ring->size)->handed =
			flag;
}

/* The first field that might be seen after the flag, with the advice for it. */
static enum advice unordered_field(const struct order *o, const struct facts *f,
				   const struct descriptor *d, const struct mapping *ring,
				   uint64_t since, struct run *r)
{
	uint64_t flag = flag_store(f, d);
	enum advice advice = ADVICE_NONE;

	for (uint64_t pa = d->pa; flag && pa < d->pa + d->size; pa++) {
		const struct shadow_page *ram = shadow_page(&f->shadow, pa);
		uint64_t stored;
		uint8_t value;
		stamp_t by;

		shadow_newest(&f->shadow, pa, &value, &by);
		stored = stamp_event(by);
		if (in_flag(d, pa) || !stamp_by_cpu(by) || stored <= since || stored == flag ||
		    (stored < flag && fenced(o, stored, flag)) ||
		    was_out_of_sight(o, ring, stored > flag ? stored : flag))
			continue;
		if (!add(r, pa, ram->bytes[pa & PAGE_MASK], ram->stamp[pa & PAGE_MASK], value, by))
			break;
		advice = stored < flag ? ADVICE_FIELDS_UNORDERED : ADVICE_FIELD_TOO_LATE;
	}
	return advice;
}

/* The device found that a descriptor is its own: was everything in it before the word that said so? */
static void take(struct order *o, struct facts *f, const struct event *e)
{
	const struct mapping *ring = coherent_at(f, e->unit, e->addr, e->size);
	struct run r = { 0 };
	struct descriptor *d;
	struct violation v;
	enum advice advice;
	uint64_t since;

	if (!ring || !inside(e->addr2, FLAG_SIZE, e->addr, e->size))
		return;
	d = enter(o, ring->pa + (e->addr - ring->dma), ring->pa + (e->addr2 - ring->dma), e->size);
	since = d->since;
	*d = (struct descriptor){ .pa = d->pa, .flag = d->flag, .size = d->size,
		.since = e->seq, .taken = e->seq };
	if (!ownership_counts(f))
		return;
	advice = unordered_field(o, f, d, ring, since, &r);
	note_handed(f, ring, flag_store(f, d));
	if (!r.size)
		return;
	v = violation_of(RULE_ORDER_DEVICE_EARLY, advice, flag_store(f, d), &r);
	violations_report(&f->violations, &v, e);
}

static void give(struct order *o, const struct facts *f, const struct event *e)
{
	const struct mapping *ring = coherent_at(f, e->unit, e->addr, e->size);
	struct descriptor *d;

	if (!ring || !inside(e->addr2, FLAG_SIZE, e->addr, e->size))
		return;
	d = enter(o, ring->pa + (e->addr - ring->dma), ring->pa + (e->addr2 - ring->dma), e->size);
	*d = (struct descriptor){ .pa = d->pa, .flag = d->flag, .size = d->size,
		.since = e->seq, .taken = d->taken, .given = e->seq };
}

/* The bit of this byte of a descriptor; 0 for its flag, for other memory, and beyond what is kept. */
static uint64_t field_bit(const struct descriptor *d, uint64_t pa)
{
	if (in_flag(d, pa) || !inside(pa, 1, d->pa, min_u64(d->size, DESCRIPTOR_MAX)))
		return 0;
	return (uint64_t)1 << (pa - d->pa);
}

/* A device writes to a descriptor that is the CPU's: what had been read of it is no longer true. */
static void device_write(struct order *o, const struct event *e)
{
	uint64_t i = find(o, e->addr2, e->size);
	struct descriptor *d;

	if (i == ORDER_DESCRIPTORS || !descriptor_at(o, i)->given)
		return;
	d = cow_write(&o->descriptors, i);
	for (uint64_t k = 0; k < e->size; k++)
		d->changed |= field_bit(d, e->addr2 + k) & d->read;
}

/* What the CPU stores itself, no device has changed; and the flag gives the descriptor away. */
static void own_store(struct order *o, const struct event *e)
{
	uint64_t i = find(o, e->addr2, e->size);
	struct descriptor *d;

	if (i == ORDER_DESCRIPTORS)
		return;
	d = cow_write(&o->descriptors, i);
	for (uint64_t k = 0; k < e->size; k++)
		d->read &= ~field_bit(d, e->addr2 + k);
	d->changed &= d->read;
	if (overlaps(e->addr2, e->size, d->flag, FLAG_SIZE))
		d->given = 0;
}

static void store(struct order *o, const struct facts *f, const struct event *e)
{
	if (e->b || !is_ram(f, e))
		return;
	if (e->size <= 8 && may_be_late(f, e))
		o->store[o->stores++ % ORDER_STORES] =
			(struct order_store){ e->seq, e->addr2, e->value, e->size };
	own_store(o, e);
}

/* A field is read again, and the device has changed it since. */
static void fetch_again(struct facts *f, const struct descriptor *d, const struct event *e)
{
	struct run r = { 0 };
	struct violation v;

	for (uint64_t i = 0; i < e->size; i++) {
		uint64_t pa = e->addr2 + i, bit = field_bit(d, pa);
		const struct shadow_page *ram = shadow_page(&f->shadow, pa);

		if (d->changed & bit && byte_of(e->value, i) != d->value[pa - d->pa])
			(void)add(&r, pa, d->value[pa - d->pa], d->stamp[pa - d->pa],
				  byte_of(e->value, i), ram->stamp[pa & PAGE_MASK]);
	}
	if (!r.size)
		return;
	v = violation_of(RULE_DOUBLE_FETCH, ADVICE_FETCH_ONCE, d->given, &r);
	v.va = e->addr + (r.pa - e->addr2);
	violation_link(&v, d->first_read);
	violations_report(&f->violations, &v, e);
}

static void note_fields(const struct facts *f, struct descriptor *d, const struct event *e)
{
	for (uint64_t i = 0; i < e->size; i++) {
		uint64_t pa = e->addr2 + i, bit = field_bit(d, pa) & ~d->read;
		const struct shadow_page *ram = shadow_page(&f->shadow, pa);

		if (!bit)
			continue;
		d->read |= bit;
		d->value[pa - d->pa] = byte_of(e->value, i);
		d->stamp[pa - d->pa] = ram->stamp[pa & PAGE_MASK];
		if (!d->first_read)
			d->first_read = e->seq;
	}
}

/* The bytes of a load that a device wrote: what the CPU got, and what is there now. */
static struct run device_bytes(const struct facts *f, const struct event *e, uint64_t after)
{
	struct run r = { 0 };

	for (uint64_t i = 0; i < e->size; i++) {
		uint64_t pa = e->addr2 + i;
		uint8_t newest;
		stamp_t by;

		shadow_newest(&f->shadow, pa, &newest, &by);
		if (stamp_by_device(by) && stamp_event(by) > after)
			(void)add(&r, pa, byte_of(e->value, i), 0, newest, by);
	}
	if (r.old_value == r.new_value)
		r.old_stamp = r.new_stamp;
	return r;
}

static void report_load(struct facts *f, const struct event *e, const struct run *r, uint64_t cause,
			uint64_t allowed)
{
	struct violation v = violation_of(RULE_ORDER_CPU_EARLY, ADVICE_READ_UNORDERED, cause, r);

	v.va = e->addr + (r->pa - e->addr2);
	violation_link(&v, allowed);
	violations_report(&f->violations, &v, e);
}

/* A field is read, and nothing keeps that behind the word that said it may be. */
static void read_field(const struct order *o, struct facts *f, const struct descriptor *d,
		       const struct event *e)
{
	uint64_t allowed = d->flag_read > d->given ? d->flag_read : d->given;
	struct run r;

	if (o->read_fence > allowed || !ownership_counts(f))
		return;
	r = device_bytes(f, e, d->taken);
	if (r.size)
		report_load(f, e, &r, d->given, d->flag_read);
}

/* The CPU saw new bytes of a transfer, and then, from a load done early, older ones. */
static void read_early(const struct order *o, struct facts *f, const struct event *e)
{
	uint64_t transfer = shadow_transfer(&f->shadow, e->addr2);
	struct run r = device_bytes(f, e, 0);

	for (uint64_t i = 0; transfer && i < min_u64(o->seen_count, ORDER_SEEN); i++)
		if (o->seen[i].transfer == transfer && r.size && r.old_value != r.new_value)
			report_load(f, e, &r, transfer, o->seen[i].load);
}

static void note_seen(struct order *o, const struct facts *f, const struct event *e)
{
	uint64_t transfer = shadow_transfer(&f->shadow, e->addr2);

	if (!transfer)
		return;
	for (uint64_t i = 0; i < min_u64(o->seen_count, ORDER_SEEN); i++)
		if (o->seen[i].transfer == transfer)
			return;
	o->seen[o->seen_count++ % ORDER_SEEN] = (struct order_seen){ transfer, e->seq };
}

static void load_descriptor(struct order *o, struct facts *f, struct descriptor *d,
			    const struct event *e)
{
	bool flag = overlaps(e->addr2, e->size, d->flag, FLAG_SIZE);

	fetch_again(f, d, e);
	note_fields(f, d, e);
	if (!flag)
		read_field(o, f, d, e);
	else if (d->flag_read <= d->given && e->a != AT_EARLY)
		d->flag_read = e->seq;      /* the first to see that the device is done */
}

static void load(struct order *o, struct facts *f, const struct event *e)
{
	uint64_t i;

	if (e->b || !is_ram(f, e))
		return;
	i = find(o, e->addr2, e->size);
	if (i < ORDER_DESCRIPTORS && descriptor_at(o, i)->given)
		load_descriptor(o, f, cow_write(&o->descriptors, i), e);
	else if (e->a == AT_EARLY)
		read_early(o, f, e);
	if (e->a == AT_RAM)
		note_seen(o, f, e);
}

/* What lay in memory that is freed is no descriptor any more. */
static void freed(struct order *o, const struct event *e)
{
	for (uint64_t i = 0; i < known_descriptors(o); i++)
		if (overlaps(descriptor_at(o, i)->pa, descriptor_at(o, i)->size, e->addr2, e->size))
			((struct descriptor *)cow_write(&o->descriptors, i))->size = 0;
}

static void restart(struct order *o)
{
	order_release(o);
	order_init(o);
}

bool order_event(struct order *o, struct facts *f, const struct trace *t, const struct event *e)
{
	switch (e->kind) {
	case EV_MACHINE:     restart(o); break;
	case EV_CPU_BARRIER: fence(o, e); break;
	case EV_CPU_STORE:   store(o, f, e); break;
	case EV_CPU_LOAD:    load(o, f, e); break;
	case EV_DMA_FREE:    freed(o, e); break;
	case EV_DEV_START:   start(o, f, t, e); break;
	case EV_DEV_READ:    device_read(o, f, e); break;
	case EV_DEV_WRITE:   device_write(o, e); break;
	case EV_DEV_RING:    ring_told(f, e); break;
	case EV_DEV_TAKE:    take(o, f, e); break;
	case EV_DEV_GIVE:    give(o, f, e); break;
	default:             return false;
	}
	return true;
}
