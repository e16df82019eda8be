#include "kernel/swiotlb.h"

#include "kernel/pages.h"

#include <assert.h>

#define EINVAL       22
#define SET_BYTES    (SWIOTLB_SET * SWIOTLB_SLOT)
#define SLOT_MASK    (SWIOTLB_SLOT - 1)
#define PAGES_SPARED 8              /* a pool leaves the kernel at least so many */
#define NO_SLOT      UINT32_MAX

/*
 * One slot. A run begins with pad slots, where alignment asks for them; then come those that hold
 * bytes. The first byte lies `low` into its slot, for the device wants so many bits of the
 * original's address kept; so byte `low` of each slot is the original's, whole slots further on.
 */
struct swiotlb_slot {
	paddr_t orig;        /* of byte `low`; SWIOTLB_NONE: the slot is free, or padding */
	uint32_t left;       /* bytes from the slot's start to the end of the run */
	uint32_t size;       /* first slot with bytes: how many the driver mapped; others: 0 */
	uint16_t low;
	uint16_t free;       /* free slots from here on in this set; 0: in use */
	uint16_t pad;        /* first slot with bytes: pad slots before it */
	uint16_t dev;
};

/* What a search looks for. */
struct request {
	uint32_t dev;
	paddr_t orig;
	uint64_t size;       /* bytes of the run, padding and all */
	uint32_t slots;
	uint16_t low;
	uint64_t zero, keep; /* bits of the run's address that are 0, and that are the original's */
	uint32_t stride;     /* slots from one that is aligned to the next */
};

static const struct swiotlb_slot *slot_read(const struct kernel *k, uint32_t i)
{
	const struct swiotlb_slot *set = cow_read(&k->swiotlb.slots, i / SWIOTLB_SET);

	return &set[i % SWIOTLB_SET];
}

static struct swiotlb_slot *slot_write(struct kernel *k, uint32_t i)
{
	struct swiotlb_slot *set = cow_write(&k->swiotlb.slots, i / SWIOTLB_SET);

	return &set[i % SWIOTLB_SET];
}

static uint32_t slots_for(uint64_t bytes)
{
	return (uint32_t)((bytes + SLOT_MASK) >> SWIOTLB_SLOT_SHIFT);
}

static uint32_t slot_of(const struct kernel *k, paddr_t pa)
{
	return (uint32_t)((pa - k->swiotlb.start) >> SWIOTLB_SLOT_SHIFT);
}

static paddr_t slot_pa(const struct kernel *k, uint32_t i)
{
	return k->swiotlb.start + i * SWIOTLB_SLOT;
}

static uint32_t power_above(uint32_t n)
{
	uint32_t p = 1;

	while (p < n)
		p *= 2;
	return p;
}

/* The size the boot option means: whole sets, one for each area at least, a power of two. */
static uint32_t slots_asked(struct kernel *k, uint32_t areas)
{
	uint32_t slots = (uint32_t)round_up(slots_for(k->hw->board.swiotlb), SWIOTLB_SET);
	uint32_t rounded = power_above(slots < areas * SWIOTLB_SET ? areas * SWIOTLB_SET : slots);

	kernel_log(k, KLOG_SWIOTLB_AREAS, areas, 0, 0);
	if (rounded != slots)
		kernel_log(k, KLOG_SWIOTLB_ROUNDED, rounded * SWIOTLB_SLOT / MIB, 0, 0);
	return rounded;
}

/* One block of RAM behind the kernel's image. Where there is none so large, half of it will do. */
static uint32_t reserve(struct kernel *k, uint32_t asked)
{
	const struct board *b = &k->hw->board;
	paddr_t end = min_u64(b->ram, board_kernel_end(b)) - PAGES_SPARED * PAGE_SIZE;
	uint32_t slots = asked;

	while (slots * SWIOTLB_SLOT > end - k->reserved_end) {
		kernel_log(k, KLOG_SWIOTLB_NO_ROOM, slots * SWIOTLB_SLOT, 0, 0);
		if (slots <= SWIOTLB_SLOTS_MIN)
			return 0;
		slots /= 2;
	}
	if (slots != asked)
		kernel_log(k, KLOG_SWIOTLB_SMALLER, asked, slots, 0);
	return slots;
}

static void clear(struct kernel *k, uint32_t i, uint32_t free)
{
	*slot_write(k, i) = (struct swiotlb_slot){ .orig = SWIOTLB_NONE, .free = (uint16_t)free };
}

static void tell_pool(struct kernel *k)
{
	const struct swiotlb *s = &k->swiotlb;

	kernel_tell(k, &(struct event){ .kind = EV_BOUNCE_POOL, .addr = s->start,
		.size = (uint32_t)(s->slot_count * SWIOTLB_SLOT), .a = s->slot_count,
		.b = s->area_count });
}

/* The RAM itself is zero: nobody has used it yet. */
void swiotlb_init(struct kernel *k)
{
	struct swiotlb *s = &k->swiotlb;
	uint32_t areas = power_above((uint32_t)k->hw->board.swiotlb_areas);

	if (k->hw->board.swiotlb)
		s->slot_count = reserve(k, slots_asked(k, areas));
	cow_init(&s->slots, SWIOTLB_SET * sizeof(struct swiotlb_slot), s->slot_count / SWIOTLB_SET);
	if (!s->slot_count)
		return;
	s->area_count = (uint32_t)min_u64(areas, s->slot_count / SWIOTLB_SET);
	s->area_slots = s->slot_count / s->area_count;
	s->start = k->reserved_end;
	k->reserved_end += s->slot_count * SWIOTLB_SLOT;
	for (uint32_t i = 0; i < s->slot_count; i++)
		clear(k, i, SWIOTLB_SET - i % SWIOTLB_SET);
	tell_pool(k);
	kernel_log(k, KLOG_SWIOTLB_MAPPED, s->start, k->reserved_end,
		   s->slot_count * SWIOTLB_SLOT / MIB);
}

bool swiotlb_active(const struct kernel *k)
{
	return k->swiotlb.slot_count;
}

bool swiotlb_forced(const struct kernel *k)
{
	return swiotlb_active(k) && k->hw->board.swiotlb_force;
}

bool swiotlb_is_bounce(const struct kernel *k, paddr_t pa)
{
	return inside(pa, 1, k->swiotlb.start, k->swiotlb.slot_count * SWIOTLB_SLOT);
}

paddr_t swiotlb_original(const struct kernel *k, paddr_t bounce)
{
	const struct swiotlb_slot *s;

	if (!swiotlb_is_bounce(k, bounce))
		return SWIOTLB_NONE;
	s = slot_read(k, slot_of(k, bounce));
	return s->orig == SWIOTLB_NONE ? SWIOTLB_NONE : s->orig - s->low + (bounce & SLOT_MASK);
}

uint64_t swiotlb_max_mapping_size(const struct kernel *k, uint32_t dev)
{
	uint64_t mask = min_u64(k->device_dma[dev].min_align_mask, SET_BYTES);

	return SET_BYTES - round_up(mask, SWIOTLB_SLOT);
}

static bool aligned(const struct request *r, dma_addr_t at)
{
	return !(at & r->zero) && !((at ^ r->orig) & r->keep);
}

/* Would a run that begins in this slot lie on both sides of the device's segment boundary? */
static bool crosses(const struct request *r, dma_addr_t at, uint64_t boundary)
{
	uint64_t segment = (boundary >> SWIOTLB_SLOT_SHIFT) + 1;

	return ((at >> SWIOTLB_SLOT_SHIFT) & (segment - 1)) + r->slots > segment;
}

/*
 * First slot of a run that will do, or NO_SLOT. The search begins where the last one ended and goes
 * round the area once. A step too far ends at the area's first slot, whatever its alignment.
 */
static uint32_t search_area(const struct kernel *k, const struct request *r, uint32_t area)
{
	const struct swiotlb *s = &k->swiotlb;
	uint64_t boundary = k->device_dma[r->dev].seg_boundary;
	dma_addr_t base = (s->start + k->hw->board.bus_offset) & boundary;
	uint32_t at = s->area[area].next, step;

	if (r->slots > s->area_slots - s->area[area].used)
		return NO_SLOT;
	for (uint32_t seen = 0; seen < s->area_slots; seen += step) {
		uint32_t i = area * s->area_slots + at;
		dma_addr_t dma = base + i * SWIOTLB_SLOT;
		bool fits = aligned(r, dma);

		step = fits ? r->stride : 1;
		if (fits && !crosses(r, dma, boundary) && slot_read(k, i)->free >= r->slots)
			return i;
		at = at + step < s->area_slots ? at + step : 0;
	}
	return NO_SLOT;
}

/* The area of the CPU that maps first, then the others. There is one CPU, and its area is 0. */
static uint32_t search(const struct kernel *k, const struct request *r)
{
	uint32_t found = NO_SLOT;

	for (uint32_t area = 0; area < k->swiotlb.area_count && found == NO_SLOT; area++)
		found = search_area(k, r, area);
	return found;
}

/* Slots before this one in its set that are free now begin a run of free slots of this length. */
static void count_before(struct kernel *k, uint32_t i, uint32_t free)
{
	while (i % SWIOTLB_SET && slot_read(k, i - 1)->free)
		slot_write(k, --i)->free = (uint16_t)++free;
}

static void use(struct kernel *k, uint32_t area, uint32_t slots)
{
	struct swiotlb *s = &k->swiotlb;

	s->area[area].used += slots;
	s->used += slots;
	if (s->used > s->hiwater)
		s->hiwater = s->used;
}

static void take(struct kernel *k, const struct request *r, uint32_t first)
{
	struct swiotlb *s = &k->swiotlb;
	uint32_t area = first / s->area_slots, end = first % s->area_slots + r->slots;

	for (uint32_t i = 0; i < r->slots; i++)
		*slot_write(k, first + i) = (struct swiotlb_slot){ .orig = SWIOTLB_NONE,
			.left = (uint32_t)(r->size - i * SWIOTLB_SLOT), .low = r->low,
			.dev = (uint16_t)r->dev };
	count_before(k, first, 0);
	s->area[area].next = end < s->area_slots ? end : 0;
	use(k, area, r->slots);
}

/* Beyond one aligned slot only every so many are; a stride beyond the pool ends the search. */
static uint32_t stride(uint64_t mask)
{
	return (uint32_t)min_u64((mask >> SWIOTLB_SLOT_SHIFT) + 1, SWIOTLB_SLOTS_MAX);
}

/*
 * Which addresses will do. A buffer of a page or more begins a page where nobody asks for anything
 * else: drivers have come to rely on it.
 */
static struct request request(const struct kernel *k, uint32_t dev, paddr_t orig, uint64_t size,
			      uint64_t align_mask)
{
	uint64_t keep = k->device_dma[dev].min_align_mask, zero = align_mask;
	uint16_t low = (uint16_t)(orig & keep & SLOT_MASK);

	if (!keep && !zero && size >= PAGE_SIZE)
		zero = PAGE_MASK;
	zero |= SLOT_MASK;
	keep &= ~zero;
	return (struct request){ .dev = dev, .orig = orig, .size = size, .slots = slots_for(size),
		.low = low, .zero = zero, .keep = keep,
		.stride = stride(zero > keep ? zero : keep) };
}

static uint32_t above(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

/*
 * May a copy of so many bytes begin here, and which byte of the original is it? One that would go
 * on behind the mapping is cut. Linux since 6.9 does without the first two guards, for the sake of
 * syncs that begin early in a later slot; here the first slot is known, and they can stay.
 */
static bool guard(struct kernel *k, uint32_t dev, paddr_t bounce, uint64_t *size, paddr_t *orig)
{
	const struct swiotlb_slot *s = slot_read(k, slot_of(k, bounce));
	uint32_t at = (uint32_t)(bounce & SLOT_MASK);

	if (s->orig == SWIOTLB_NONE)
		return false;
	if (s->size && at < s->low) {
		kernel_dev_log(k, dev, KLOG_SWIOTLB_BEFORE, s->low, at, 0);
		return false;
	}
	if (at > s->left) {
		kernel_dev_log(k, dev, KLOG_SWIOTLB_BEYOND, above(s->left, s->low), *size,
			       above(at, s->low));
		return false;
	}
	if (*size > s->left - at) {
		kernel_dev_log(k, dev, KLOG_SWIOTLB_CUT, s->left - at, *size, 0);
		*size = s->left - at;
	}
	*orig = s->orig - s->low + at;
	return *size;
}

/*
 * The CPU's memcpy between the two, through its caches. Where the original is no memory any more it
 * is the kernel that gets the fault: cpu.fault tells it, and the copy ends there.
 */
static void copy(struct kernel *k, uint32_t dev, paddr_t bounce, uint64_t size, bool to_bounce)
{
	paddr_t orig, to, from;
	uint64_t before;
	enum status s;
	bool own;

	if (!swiotlb_is_bounce(k, bounce) || !guard(k, dev, bounce, &size, &orig))
		return;
	to = to_bounce ? bounce : orig;
	from = to_bounce ? orig : bounce;
	before = kernel_cause(k, kernel_tell(k, &(struct event){ .kind = EV_BOUNCE_COPY,
		.addr = from, .addr2 = to, .size = (uint32_t)size, .b = to_bounce,
		.unit = (uint16_t)dev }));
	own = kernel_at_work(k, true);
	s = cpu_copy(k->hw, phys_to_virt(to), phys_to_virt(from), size);
	(void)s;
	kernel_at_work(k, own);
	kernel_cause(k, before);
}

static uint64_t tell(struct kernel *k, enum event_kind kind, paddr_t orig, paddr_t bounce,
		     uint64_t size, uint32_t slots, uint32_t dev)
{
	return kernel_tell(k, &(struct event){ .kind = (uint16_t)kind, .addr = orig,
		.addr2 = bounce, .value = bounce + k->hw->board.bus_offset,
		.size = event_size(size), .a = slots, .b = k->swiotlb.used,
		.unit = (uint16_t)dev });
}

/* The slots of a run that hold bytes learn whose; the first of them also how many, and the pad. */
static paddr_t note_original(struct kernel *k, const struct request *r, uint32_t first,
			     uint64_t offset, uint64_t size)
{
	uint32_t pad = (uint32_t)(offset >> SWIOTLB_SLOT_SHIFT);

	for (uint32_t i = pad; i < r->slots; i++)
		slot_write(k, first + i)->orig = r->orig + (i - pad) * SWIOTLB_SLOT;
	slot_write(k, first + pad)->pad = (uint16_t)pad;
	slot_write(k, first + pad)->size = (uint32_t)size;
	return slot_pa(k, first) + offset;
}

static paddr_t no_room(struct kernel *k, uint32_t dev, uint64_t size, uint64_t attrs)
{
	if (!(attrs & DMA_ATTR_NO_WARN))
		kernel_dev_log(k, dev, KLOG_SWIOTLB_FULL, size, k->swiotlb.slot_count,
			       k->swiotlb.used);
	return SWIOTLB_NONE;
}

/* A run for the request, with the original's bytes in it. */
static paddr_t bounce_to(struct kernel *k, const struct request *r, uint32_t first, uint64_t offset,
			 uint64_t size)
{
	paddr_t bounce;
	uint64_t before;

	take(k, r, first);
	bounce = note_original(k, r, first, offset, size);
	before = kernel_cause(k, tell(k, EV_BOUNCE_MAP, r->orig, bounce, size, r->slots, r->dev));
	copy(k, r->dev, bounce, size, true);
	kernel_cause(k, before);
	return bounce;
}

/* The pool may be beyond the device's mask itself. */
static paddr_t within_reach(struct kernel *k, uint32_t dev, paddr_t bounce, uint64_t size,
			    enum direction dir, uint64_t attrs)
{
	dma_addr_t dma = bounce + k->hw->board.bus_offset;

	if (dma + size - 1 <= k->device_dma[dev].mask)
		return bounce;
	swiotlb_unmap(k, dev, bounce, size, dir, attrs | DMA_ATTR_SKIP_CPU_SYNC);
	kernel_dev_log(k, dev, KLOG_SWIOTLB_OVERFLOW, dma, size, k->device_dma[dev].mask);
	return SWIOTLB_NONE;
}

paddr_t swiotlb_map_aligned(struct kernel *k, uint32_t dev, paddr_t orig, uint64_t size,
			    uint64_t align_mask, enum direction dir, uint64_t attrs)
{
	uint64_t offset = orig & k->device_dma[dev].min_align_mask & (align_mask | SLOT_MASK);
	uint64_t room = round_up(size + offset, align_mask + 1);
	struct request r;
	uint32_t first;

	assert(size && dir < DMA_NONE);
	if (!swiotlb_active(k)) {
		kernel_dev_log(k, dev, KLOG_SWIOTLB_NONE, 0, 0, 0);
		return SWIOTLB_NONE;
	}
	if (size > SET_BYTES)     /* also what is so large that room wrapped */
		return no_room(k, dev, room, attrs);
	r = request(k, dev, orig, room, align_mask);
	first = search(k, &r);
	if (first == NO_SLOT)
		return no_room(k, dev, room, attrs);
	return within_reach(k, dev, bounce_to(k, &r, first, offset, size), size, dir, attrs);
}

paddr_t swiotlb_map(struct kernel *k, uint32_t dev, paddr_t orig, uint64_t size,
		    enum direction dir, uint64_t attrs)
{
	return swiotlb_map_aligned(k, dev, orig, size, 0, dir, attrs);
}

/* So many slots from `first` on are free again, and so is what they border on in their set. */
static void give(struct kernel *k, uint32_t first, uint32_t slots)
{
	struct swiotlb *s = &k->swiotlb;
	uint32_t end = first + slots, freed = 0, free;

	free = end % SWIOTLB_SET ? slot_read(k, end)->free : 0;
	for (uint32_t i = end; i-- > first; ) {
		freed += !slot_read(k, i)->free;
		clear(k, i, ++free);
	}
	count_before(k, first, free);
	s->area[first / s->area_slots].used -= freed;
	s->used -= freed;
}

/*
 * As in Linux the run is what its slot says, not what the driver says. An address in the middle
 * gives up the rest of a run; its proper unmap later gives the same slots up again, whoever has
 * them by then. Slots that are free stay as they are.
 */
static void release(struct kernel *k, uint32_t dev, paddr_t bounce, uint64_t size)
{
	paddr_t orig = swiotlb_original(k, bounce);
	uint32_t first = slot_of(k, bounce), slots;

	if (slot_read(k, first)->free)
		return;
	first -= slot_read(k, first)->pad;
	slots = slots_for(slot_read(k, first)->left);
	give(k, first, slots);
	tell(k, EV_BOUNCE_UNMAP, orig, bounce, size, slots, dev);
}

void swiotlb_unmap(struct kernel *k, uint32_t dev, paddr_t bounce, uint64_t size,
		   enum direction dir, uint64_t attrs)
{
	if (!swiotlb_is_bounce(k, bounce))
		return;
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		swiotlb_sync_for_cpu(k, dev, bounce, size, dir);
	release(k, dev, bounce, size);
}

void swiotlb_sync_for_cpu(struct kernel *k, uint32_t dev, paddr_t bounce, uint64_t size,
			  enum direction dir)
{
	if (dir != DMA_TO_DEVICE)
		copy(k, dev, bounce, size, false);
}

void swiotlb_sync_for_device(struct kernel *k, uint32_t dev, paddr_t bounce, uint64_t size,
			     enum direction dir)
{
	if (dir != DMA_FROM_DEVICE)
		copy(k, dev, bounce, size, true);
}

int swiotlb_set_hiwater(struct kernel *k, uint64_t value)
{
	if (value)
		return -EINVAL;
	k->swiotlb.hiwater = 0;
	return 0;
}

void swiotlb_keyframe(struct kernel *k)
{
	if (k->swiotlb.slot_count)
		tell_pool(k);
	for (uint32_t i = 0; i < k->swiotlb.slot_count; i++) {
		const struct swiotlb_slot *s = slot_read(k, i);

		if (s->size)
			tell(k, EV_BOUNCE_MAP, s->orig, slot_pa(k, i) + s->low, s->size,
			     slots_for(slot_read(k, i - s->pad)->left), s->dev);
	}
}
