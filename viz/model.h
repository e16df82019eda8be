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
};

/* One page of an area that is mapped page by page (vmalloc, remapped coherent memory). */
struct area_page {
	uint64_t va, pa;
	uint32_t attr;
};

/* A transfer, a request or an interrupt of a device. */
struct device_model {
	bool told;               /* it did anything at all since the machine was switched on */
	bool busy;
	uint64_t start;          /* number of the last dev.start, 0 for none */
	uint64_t dma, size;      /* of it: bus address and bytes */
	uint32_t dir;
	uint64_t moved;          /* bytes of it so far */
	bool irq_up, irq_wanted; /* its line is raised; a driver gave it a handler */
	uint64_t ring, ring_size;      /* memory it may touch of its own accord, size 0 for none */
	struct event registers;        /* its last mmio.read or mmio.write; seq 0 for none */
	struct event descriptor;       /* its last dev.take or dev.give; seq 0 for none */
};

#define MODEL_DEVICES 16         /* units followed; a board has fewer */
#define DEVICE_BUFFER 4096       /* bytes of a device's own memory that are followed */

/* A bounce buffer that stands in for a buffer, or an entry of an IOMMU. */
struct stand_in {
	uint64_t seq;            /* of the event that made it; 0: free */
	uint64_t dma, pa, to;    /* bus address; the buffer; the bounce buffer (0 for an IOMMU) */
	uint64_t size;
	uint32_t device, prot;
	bool removed;            /* from the IOMMU's table; the IOTLB may go on working with it */
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
	uint64_t ahead;          /* pa of the line that was read ahead last */
	uint64_t touched;        /* pa of RAM accessed, transferred or handed over last; 0 at first */
	uint64_t machines;       /* switched on so far */
	uint32_t context;        /* enum context */
	bool irqs_off;
	uint32_t handler;        /* the device whose handler runs, in CONTEXT_IRQ */
	uint32_t devices;        /* units told of: 0 .. devices-1 */
	bool iommu;              /* one stands between the devices and RAM */
	struct { uint64_t pa, size; } bounce_pool;     /* RAM for bounce buffers, size 0 for none */
	struct device_model device[MODEL_DEVICES];
	struct cow buffers;      /* DEVICE_BUFFER bytes a leaf, by unit */
	struct cow uses;         /* struct page_note a leaf: by page */
	struct cow used[3];      /* struct used, one a leaf: by cache level, by set */
	struct cow allocations;  /* struct allocation, one a leaf */
	struct cow areas;        /* struct area_page, one a leaf */
	struct cow stand_ins;    /* struct stand_in, one a leaf */
	uint32_t allocation_end, area_end, stand_in_end;      /* no slot in use at or above */
};

void model_init(struct model *m);
void model_release(struct model *m);
void model_copy(struct model *to, const struct model *from);     /* `to` holds nothing yet */

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

/* Bytes of a device's own memory; NULL for none. */
const uint8_t *model_buffer(const struct model *m, uint32_t device);

/*
 * How old the copy at `at` of a byte is. STALE: somebody wrote past it, farther out; BEHIND: the
 * CPU's newer store lies nearer to it; ABSENT: there is no such copy.
 */
enum age { AGE_FRESH, AGE_BEHIND, AGE_STALE, AGE_ABSENT };
enum age model_age(const struct model *m, enum where at, uint64_t pa);

/* The worst age of n bytes from pa in that copy. */
enum age model_age_of(const struct model *m, enum where at, uint64_t pa, uint64_t n);
