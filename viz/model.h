#pragma once
/*
 * The machine as the picture shows it: a fold over events, exact with all drawing switched off.
 *
 * What the watchers of the core keep is not kept twice: every copy of every byte, the mappings and
 * the broken rules are the checker's. Beside it stands what only a picture needs: what each page is
 * used for, which line was used last, what the devices and the bus are at. Copying a model costs
 * little (copy on write), so the player keeps many.
 */
#include "watch/checker.h"

/* What a page of RAM is used for. Who owns it now is a question for model_owner. */
enum page_use {
	PAGE_FREE, PAGE_KERNEL, PAGE_HIDDEN, PAGE_SLAB, PAGE_KMALLOC, PAGE_PAGES, PAGE_VMALLOC,
	PAGE_COHERENT, PAGE_BOUNCE, PAGE_USE_COUNT
};

extern const char *const page_use_name[PAGE_USE_COUNT];      /* "free", "slab" ... */

/* A piece of memory that was handed out and lies together in RAM. */
struct allocation {
	uint64_t seq;            /* number of the event that handed it out; 0: there is none */
	uint64_t va, pa;
	uint64_t asked, size;    /* bytes */
	uint32_t kind;           /* enum mem_kind */
	uint32_t next;           /* 1 + slot: of the same bucket, or the next free one; 0: none */
};

#define ALLOCATIONS_MAX 262144   /* followed at a time */
#define BUCKETS         16384    /* of allocations, by va */
#define STAND_INS_MAX   65536

/* One way of a device's to its memory: a transfer from dev.start to dev.done. */
struct transfer_model {
	uint64_t start;          /* number of its dev.start, 0 for none */
	uint64_t dma, size;      /* bus address and bytes */
	uint64_t moved;          /* as far as the last beat reached; some before it may have failed */
	uint32_t dir;
	bool done;               /* it said so; one that is late moves on nevertheless */
};

#define MODEL_TRANSFERS 4        /* of one device at a time */
#define MODEL_RINGS     4

/* A transfer, a request or an interrupt of a device. */
struct device_model {
	bool told;               /* it did anything at all since the machine was switched on */
	bool busy;               /* at least one transfer is under way */
	/* the transfer heard of last, under way or not (see struct transfer_model) */
	uint64_t start, dma, size, moved;
	uint32_t dir;
	uint32_t slot;           /* its place below */
	struct transfer_model transfer[MODEL_TRANSFERS];
	bool irq_up, irq_wanted; /* its line is raised; a driver gave it a handler */
	/* memory it may touch of its own accord (a ring, a cyclic buffer); size 0 for none */
	struct { uint64_t dma, size; } ring[MODEL_RINGS];
	struct event registers;        /* its last mmio.read or mmio.write; seq 0 for none */
	struct event descriptor;       /* its last dev.take or dev.give; seq 0 for none */
};

#define MODEL_DEVICES 16         /* units followed; a board has fewer */
#define DEVICE_BUFFER 16384      /* bytes of a device's own memory that are followed: all of it */

/* A bounce buffer that stands in for a buffer, or an entry of an IOMMU. */
struct stand_in {
	uint64_t seq;            /* of the event that made it; 0: free */
	uint64_t dma, pa, to;    /* bus address; the buffer; the bounce buffer (0 for an IOMMU) */
	uint64_t size;
	uint32_t device, prot;
	bool removed;            /* from the IOMMU's table; the IOTLB may go on working with it */
	uint32_t next;           /* 1 + slot of the next free one, 0: none */
};

/* Of the lines of one set: number of the last event that used each. */
struct used {
	uint64_t way[SHADOW_WAYS];
};

struct model {
	struct checker checker;
	struct event event;      /* the last one; kind EV_COUNT before the first */
	struct event access;     /* the last cpu.load or cpu.store; kind EV_COUNT for none */
	struct event call;       /* the last call of the DMA API; kind EV_COUNT for none */
	uint32_t missed;         /* by bit: cache levels that had to fetch its line first */
	uint64_t fetched[3];     /* by level: pa of the line fetched last since that access, or ~0 */
	uint64_t ahead;          /* pa of the line that was read ahead last */
	uint64_t touched;        /* pa of RAM accessed, moved or handed over last; 0 at first */
	uint64_t machines;       /* switched on so far */
	uint32_t context;        /* enum context */
	bool irqs_off;
	uint32_t handler;        /* the device whose handler runs, in CONTEXT_IRQ */
	uint32_t devices;        /* units told of: 0 .. devices-1 */
	bool iommu;              /* one stands between the devices and RAM */
	struct { uint64_t pa, size; } bounce_pool;     /* RAM for bounce buffers, size 0 for none */
	struct device_model device[MODEL_DEVICES];
	struct cow buffers;      /* DEVICE_BUFFER bytes a leaf, by unit: told from outside */
	struct cow received;     /* the same by unit and slot of the transfer: what it has read */
	struct cow uses;         /* struct page_note a leaf: by page */
	struct cow used[3];      /* struct used, one a leaf: by cache level, by set */
	struct cow allocations;  /* struct allocation, one a leaf */
	struct cow buckets;      /* of them, by va: 1 + slot of the first, see model.c */
	struct cow areas;        /* by page of the vmalloc and ioremap windows: 1 + pa, 0 for none */
	struct cow stand_ins;    /* struct stand_in, one a leaf */
	struct ranges stand_in_dma;    /* of them, by device and bus address */
	struct ranges stand_in_pa;     /* of those not removed, by where the buffer lies */
	uint32_t allocation_end, stand_in_end;        /* no slot in use at or above */
	uint32_t allocation_free, stand_in_free;      /* 1 + slot of a free one below, 0 for none */
};

void model_init(struct model *m);
void model_release(struct model *m);
void model_copy(struct model *to, const struct model *from);     /* `to` holds nothing yet */

/* Bytes of what it keeps that are not shared with that one; of short tables nothing is said. */
size_t model_apart(const struct model *m, const struct model *from);

/*
 * Follow an event. The trace has it, some before it (watchers look back) and the next CHECKER_AHEAD
 * of the same machine.
 */
void model_event(struct model *m, const struct trace *t, const struct event *e);

static inline const struct shadow *model_shadow(const struct model *m)
{
	return &m->checker.facts.shadow;
}

static inline const struct ownership *model_ownership(const struct model *m)
{
	return &m->checker.facts.ownership;
}

static inline const struct violations *model_violations(const struct model *m)
{
	return &m->checker.facts.violations;
}

/* Pages of RAM, the hidden ones too. */
uint64_t model_pages(const struct model *m);
enum page_use model_use(const struct model *m, uint64_t pfn);

/* The block this byte of RAM lies in; seq 0 for none. */
struct allocation model_allocation(const struct model *m, uint64_t pa);

/* The virtual address of a byte of RAM as the driver knows it: vmalloc's where it has one. */
uint64_t model_va(const struct model *m, uint64_t pa);

/* Where a virtual address lies. False: not in RAM. */
bool model_pa(const struct model *m, uint64_t va, uint64_t *pa);

/* The bounce buffer or IOMMU entry for this byte of a buffer, or NULL. */
const struct stand_in *model_stand_in(const struct model *m, uint64_t pa);

/*
 * DEVICE_BUFFER bytes: of a device's own memory, as far as it was told (what came from outside, and
 * in a keyframe); and what the transfer heard of last has read, by offset in it. NULL: no device.
 */
const uint8_t *model_buffer(const struct model *m, uint32_t device);
const uint8_t *model_received(const struct model *m, uint32_t device);

/*
 * How old the copy at `at` of a byte is. STALE: somebody wrote past it, farther out; BEHIND: the
 * CPU's newer store lies nearer to it; ABSENT: there is no such copy.
 */
enum age { AGE_FRESH, AGE_BEHIND, AGE_STALE, AGE_ABSENT };
enum age model_age(const struct model *m, enum where at, uint64_t pa);

/* The worst age of n bytes from pa in that copy. */
enum age model_age_of(const struct model *m, enum where at, uint64_t pa, uint64_t n);
