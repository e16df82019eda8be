#pragma once
/*
 * One cache level: sets of ways, each way a line that holds its own bytes. Physically indexed,
 * physically tagged (PIPT).
 *
 * A cache knows the level below it (another cache, or RAM over the bus) and nothing else. It fills
 * on a read miss, and on a write miss if it allocates; a full set makes room by its policy. Lines
 * are in MESI states; with one CPU a fill is Exclusive, a store makes it Modified, and a device
 * that snoops leaves it Shared. The two levels are neither inclusive nor exclusive. We leave out
 * write buffers between levels, ECC, and virtual indexing.
 */
#include "hw/bus.h"

enum line_state { LINE_INVALID, LINE_SHARED, LINE_EXCLUSIVE, LINE_MODIFIED };

struct line {
	paddr_t pa;            /* of its first byte */
	uint64_t used;         /* LRU: the clock at its last use */
	uint64_t state;        /* enum line_state */
	uint8_t bytes[];
};

/* A hit remembered by virtual address, so that the next one needs no search (see cpu.h). */
struct spot {
	vaddr_t va;            /* of the line's first byte; SPOT_EMPTY for none */
	paddr_t pa;
	uint8_t *bytes;
	uint64_t *used;
	uint64_t *order;       /* of the set */
	uint32_t way;
	bool writable;         /* already Modified: a store changes nothing but bytes */
	bool watched;          /* somebody wants to see accesses to this page */
};

#define SPOTS 512
#define SPOT_EMPTY ((vaddr_t)1)

struct cache {
	uint32_t level;              /* 1 or 2 */
	uint32_t sets, ways, line;   /* line: bytes */
	enum policy policy;
	bool write_through, allocate;
	uint32_t line_shift, leaf_shift;   /* 1 << leaf_shift sets share a leaf */
	size_t stride, set_bytes;    /* of a line, of a set */
	uint64_t clock;              /* counts uses, for LRU */
	uint64_t misses;
	uint32_t lfsr;               /* POLICY_RANDOM: a shift register, as real caches have */
	struct cow store;            /* the sets */
	struct cache *below;         /* wired; NULL: RAM */
	struct bus *bus;             /* wired */
	/* wired: the CPU's remembered hits; NULL below the first level */
	struct spot *spots;
	bool spotted;                /* there are some; false: every one is empty */
};

void cache_init(struct cache *c, uint32_t level, const struct board *board);
void cache_release(struct cache *c);
void cache_copy(struct cache *to, const struct cache *from);

/* The CPU reads n bytes inside one line. Returns the copy that had them. */
enum where cache_read(struct cache *c, paddr_t pa, void *bytes, size_t n);

/*
 * A store in two steps, so that it can be told between what prepares it (fills, write-backs) and
 * what follows from it (a write-through): make ready and learn which copy will take it, then write
 * n bytes (at most 8) inside one line.
 */
enum where cache_ready(struct cache *c, paddr_t pa);
void cache_write(struct cache *c, paddr_t pa, const void *bytes, size_t n);

/* The line that holds pa, or NULL. Changes nothing. */
const struct line *cache_find(const struct cache *c, paddr_t pa);
const struct line *cache_line(const struct cache *c, uint32_t set, uint32_t way);

/* One line, this level alone; nothing when it is not here. */
void cache_clean(struct cache *c, paddr_t pa);         /* write back if dirty, keep it */
void cache_invalidate(struct cache *c, paddr_t pa);    /* drop, dirty or not */
void cache_evict(struct cache *c, paddr_t pa);         /* write back if dirty, and drop */
void cache_fetch(struct cache *c, paddr_t pa);         /* bring it in as a read would */

/* A coherent device looks: a dirty line goes to RAM and stays shared; a write makes it leave. */
void cache_snoop(struct cache *c, paddr_t pa, bool write);

/* The hit at pa as something to remember, its leaf unshared; va is SPOT_EMPTY when it is no hit. */
struct spot cache_spot(struct cache *c, vaddr_t va, paddr_t pa);
void cache_forget_spots(struct cache *c);

void cache_touch_plru(uint64_t *order, uint32_t ways, uint32_t way);

static inline uint64_t cache_line_base(const struct cache *c, paddr_t pa)
{
	return pa & ~(uint64_t)(c->line - 1);
}

static inline bool cache_exists(const struct cache *c)
{
	return c->sets != 0;
}
