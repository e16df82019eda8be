#pragma once
/*
 * The machine as the trace tells it: every copy of every byte, and the event that wrote it.
 *
 * A fold over events. RAM, the lines of each cache and the store buffer are kept as in the machine,
 * and each byte of each copy carries the stamp of its write. Data moves (fills, write-backs,
 * drains) and takes its stamps along, so which copy is old is one comparison: a copy is stale when
 * another copy of the same byte has a higher stamp. Nothing here looks at the machine.
 */
#include "cow.h"
#include "event.h"

/* Which write a byte comes from: event number << 8 | writer. 0: from before anybody looked. */
typedef uint64_t stamp_t;

/*
 * The kernel's own fills (poison, slack) mean nothing to a driver: losing one harms nobody. Zeros of
 * __GFP_ZERO are the driver's, but most of them nobody stored for a purpose.
 */
enum writer { WROTE_NOBODY, WROTE_CPU, WROTE_KERNEL, WROTE_ZEROS, WROTE_DEVICE /* + unit */ };

static inline uint64_t stamp_event(stamp_t s)
{
	return s >> 8;
}

static inline bool stamp_by_device(stamp_t s)
{
	return (s & 0xff) >= WROTE_DEVICE;
}

static inline bool stamp_by_cpu(stamp_t s)
{
	return (s & 0xff) == WROTE_CPU || (s & 0xff) == WROTE_ZEROS;
}

static inline bool stamp_by_zeroing(stamp_t s)
{
	return (s & 0xff) == WROTE_ZEROS;
}

#define SHADOW_STORES 64     /* pending stores followed; a board has at most 32 */
#define SHADOW_LINE   256    /* longest line, bytes */

struct shadow_page {
	/* number of the last event by which a device wrote here, 0 for none */
	uint64_t device_wrote;
	/* by 8 bytes: number of the dev.start the last device write belongs to */
	uint64_t transfer[512];
	uint8_t bytes[4096];
	stamp_t stamp[4096];
};

struct shadow_line {
	uint64_t pa;             /* of its first byte */
	uint64_t filled;         /* number of the event that brought it in */
	uint64_t as_of;          /* nothing written to RAM up to this event is missing in it */
	uint32_t valid, dirty;
	uint8_t bytes[SHADOW_LINE];
	stamp_t stamp[SHADOW_LINE];        /* kept as far as the machine's lines reach */
};

#define SHADOW_WAYS 16       /* as many as a board may have */

/* By way: 1 + pa of the line's first byte, 0 for no line. */
struct shadow_tags {
	uint64_t tag[SHADOW_WAYS];
};

struct shadow_cache {
	uint32_t sets, ways;
	bool write_through;
	struct cow lines;        /* one struct shadow_line a leaf, [set * ways + way] */
	struct cow tags;         /* one struct shadow_tags a leaf, [set]: where to find them */
};

struct shadow_store {
	uint64_t pa, value;
	uint32_t size;
	stamp_t stamp;
};

struct shadow {
	uint64_t ram_bytes, bus_offset, hidden;   /* hidden: RAM from here on is not the kernel's */
	uint32_t line, line_shift, levels;
	bool coherent;
	struct cow ram;                /* one struct shadow_page a leaf */
	struct cow unseen;             /* one bit a page: accesses to it are not traced */
	struct shadow_cache cache[3];  /* [1], [2] */
	struct shadow_store store[SHADOW_STORES];
	uint32_t stores;
};

void shadow_init(struct shadow *s);      /* holds nothing until a machine.on event */
void shadow_release(struct shadow *s);
void shadow_copy(struct shadow *to, const struct shadow *from);
size_t shadow_apart(const struct shadow *s, const struct shadow *from);  /* see cow_apart */

/* Follow one event. False: of no use, as all of its kind. */
bool shadow_event(struct shadow *s, const struct event *e);

/* Is this RAM, and are accesses to it told? Of other pages nothing can be said. */
bool shadow_sees(const struct shadow *s, uint64_t pa);

/* Where in a level's lines [set * ways + way] the one that holds pa is. False: in none. */
must_check bool shadow_slot(const struct shadow *s, uint32_t level, uint64_t pa, uint32_t *slot);

/* The line of this level that holds pa, or NULL. */
const struct shadow_line *shadow_line(const struct shadow *s, uint32_t level, uint64_t pa);

/* One copy of one byte. False: there is no such copy. at: AT_RAM, AT_L1, AT_L2, AT_STORE_BUFFER. */
must_check bool shadow_byte(const struct shadow *s, enum where at, uint64_t pa, uint8_t *value,
			    stamp_t *stamp);

/* The copy with the highest stamp; of equals the one nearest to RAM. pa is RAM. */
enum where shadow_newest(const struct shadow *s, uint64_t pa, uint8_t *value, stamp_t *stamp);

/* Is no copy of these bytes of RAM newer than RAM's own? May say no of bytes of several lines. */
bool shadow_ram_is_newest(const struct shadow *s, uint64_t pa, uint64_t n);

/* The transfer that wrote RAM's copy of this byte last, 0 when no device did. */
uint64_t shadow_transfer(const struct shadow *s, uint64_t pa);

/* RAM's copy of the page's bytes and stamps, for whoever looks at many. */
const struct shadow_page *shadow_page(const struct shadow *s, uint64_t pa);
