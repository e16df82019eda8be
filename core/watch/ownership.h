#pragma once
/*
 * Who owns what: the live mappings, as the trace tells them, and for each byte of RAM whether a
 * device owns it now (mapped or synced for the device) and which free, if any, gave it back.
 */
#include "event.h"
#include "ranges.h"

#define ATTR_SKIP_CPU_SYNC (1u << 5)   /* DMA_ATTR_ (include/linux/dma-mapping.h) */

#define MAPPINGS_MAX 65536     /* as many as dma-debug preallocates */

/* A dma_map_single or dma_alloc_coherent, and who may touch it. */
struct mapping {
	/* number of the event that made it; 0: the slot was never used */
	uint64_t seq;
	uint64_t handover;           /* number of the last map, sync or unmap */
	/* the last map or sync for the device; the first return to the CPU since */
	uint64_t given, taken;
	uint64_t took;               /* the last return to the CPU */
	uint64_t dma, pa, va, size;
	/* what the last sync or unmap gave back to the CPU: pa, bytes */
	uint64_t returned, returned_size;
	uint64_t attrs;              /* DMA_ATTR_ bits of the map */
	uint64_t returned_attrs;     /* and of the unmap */
	uint64_t list;               /* the dma.map_sg it is a segment of, 0 for none */
	/* a later map of the same buffer, while this one lived; the free that took its memory */
	uint64_t again, freed;
	uint64_t wrote;              /* the last dev.start by which the device wrote into it */
	struct {
		/* a sync for the device that came where one for the CPU was due; 0 for none */
		uint64_t seq, pa, size;
	} skipped;
	/* what a device wrote to the bounce buffer and nobody copied back; pa of our own bytes */
	struct { uint64_t pa, end; } pending;
	uint32_t device;
	uint32_t returned_dir;       /* the direction the last sync or unmap named */
	uint32_t dir;                /* enum direction; coherent memory is bidirectional */
	uint32_t form;               /* enum map_form */
	uint32_t slot;               /* its own number */
	uint32_t ended_next;         /* 1 + slot of the mapping that ended after it, 0: none has */
	/*
	 * Of a ring or a cyclic buffer, 0 for none: the register write that switched it on, and the
	 * newest store that handed over a descriptor which the device has taken.
	 */
	uint64_t on, handed;
	bool coherent_memory;        /* dma_alloc_coherent: both may touch it at any time */
	bool device_owns;
	bool bounced;                /* the device has a copy of its own (swiotlb) */
	bool live;                   /* false: ended, kept a while to explain what follows */
	bool checked;                /* dma_mapping_error was asked */
	uint8_t pad[3];              /* no hidden bytes: models are compared leaf by leaf */
};

struct ownership {
	uint64_t ram_bytes;
	struct cow slots;            /* struct mapping, 16 a leaf */
	uint32_t end;                /* no slot in use at or above */
	struct cow live;             /* one bit a slot: most have ended, and most ask for the others */
	struct ranges by_dma;        /* the live ones, by device and bus address */
	struct ranges by_pa;         /* all, apart: those that live and those that have ended */
	uint32_t ended, ended_last;  /* 1 + slot of the mapping that ended first, and last; 0: none */
	/* there were more than MAPPINGS_MAX: what is unmapped is unknown */
	bool crowded;
	struct cow notes;            /* by page: bytes a device owns, memory that is freed */
	struct cow gone;             /* by page: stores that calls dropped, as they may */
};

void ownership_init(struct ownership *o, uint64_t ram_bytes);
void ownership_release(struct ownership *o);
void ownership_copy(struct ownership *to, const struct ownership *from);
size_t ownership_apart(const struct ownership *o, const struct ownership *from); /* cow_apart */

/* Slot i < end; one that ended has live false. */
const struct mapping *ownership_mapping(const struct ownership *o, uint32_t i);

/* The first live mapping's slot from this one on, `end` when there is none. */
uint32_t ownership_live(const struct ownership *o, uint32_t from);

/*
 * Over the slots of mappings with a byte of a range, in no order (ranges.h): of a device's live ones
 * by bus address; of those that live, or have ended and are kept, by where their bytes lie.
 */
struct ranges_walk ownership_on_bus(const struct ownership *o, uint32_t device, uint64_t dma,
				    uint64_t n);
struct ranges_walk ownership_in(const struct ownership *o, uint64_t pa, uint64_t n);
struct ranges_walk ownership_ended_in(const struct ownership *o, uint64_t pa, uint64_t n);

/* The first slot from this one on that the walk meets, `end` when there is none: for reports. */
uint32_t ownership_met(const struct ownership *o, struct ranges_walk w, uint32_t from);

/* A new mapping, or NULL when there are too many. */
struct mapping *ownership_add(struct ownership *o, const struct mapping *m);

/* The live mapping of this device that covers n bytes at dma, or NULL. */
const struct mapping *ownership_find(const struct ownership *o, uint32_t device, uint64_t dma,
				     uint64_t n);
struct mapping *ownership_find_write(struct ownership *o, uint32_t device, uint64_t dma,
				     uint64_t n);

/* m, to be changed, is over; it is kept a while. */
void ownership_end(struct ownership *o, struct mapping *m);

/* Slot i to be changed. */
struct mapping *ownership_change(struct ownership *o, uint32_t i);

/* The live mapping an unmap or free means: by its start, best with the same size. */
struct mapping *ownership_named(struct ownership *o, uint32_t device, uint64_t dma, uint64_t size,
				bool coherent_memory);

/* The mapping of this byte of RAM: a live one, else the one that ended last, else NULL. */
const struct mapping *ownership_of(const struct ownership *o, uint64_t pa);

bool ownership_covers(const struct mapping *m, uint64_t pa);

/*
 * The owner of each byte of a range; parts beyond RAM are left out. Bytes that go back to the CPU
 * stay the device's where another mapping it owns covers them.
 */
void ownership_hand_over(struct ownership *o, uint64_t pa, uint64_t size, bool device);
bool ownership_is_device(const struct ownership *o, uint64_t pa);     /* false beyond RAM */

/* What is to be known of a page besides: most pages have no mark and no owned byte. */
enum page_mark {
	PAGE_ALIASED = 1,      /* coherent memory that has an address of its own */
	PAGE_PENDING = 2,      /* what a device wrote stayed behind in a bounce buffer */
};

void ownership_mark(struct ownership *o, uint64_t pa, uint64_t size, enum page_mark mark);
void ownership_unmark(struct ownership *o, uint64_t pa, enum page_mark mark);   /* one page */
bool ownership_is_marked(const struct ownership *o, uint64_t pa, enum page_mark mark);

/* Is anything marked or owned in the page of this byte, which is RAM? */
bool ownership_is_notable(const struct ownership *o, uint64_t pa);

/* How many live mappings of the device were made of a buffer that was mapped again since. */
uint32_t ownership_overwritten(const struct ownership *o, uint32_t device);

/* Does a device own any byte of [pa, pa+n)? The range lies in one page and in RAM. */
bool ownership_any_device(const struct ownership *o, uint64_t pa, uint64_t n);

/*
 * A store of the CPU that a call dropped, as it may: the byte it stored and its stamp, 0 for none.
 */
void ownership_set_dropped(struct ownership *o, uint64_t pa, uint8_t value, uint64_t stamp);
bool ownership_any_dropped(const struct ownership *o, uint64_t pa);     /* in the whole page */
uint64_t ownership_dropped(const struct ownership *o, uint64_t pa, uint8_t *value);

/* Which event freed the block this byte is in, 0 when it is in use or never was. By 8 bytes. */
void ownership_set_freed(struct ownership *o, uint64_t pa, uint64_t size, uint64_t event);
uint64_t ownership_freed(const struct ownership *o, uint64_t pa);
