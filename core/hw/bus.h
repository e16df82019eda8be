#pragma once
/*
 * The bus: what joins CPU, RAM and devices.
 *
 * It keeps RAM (sparse, copy-on-write pages), the machine's time, and who may use the wires when:
 * one transfer of up to 8 bytes, a beat, takes them for cycles_beat cycles, and whoever comes next
 * waits. It also keeps interest by page, because every access passes here. We leave out pipelining
 * and outstanding requests: one owner at a time is enough to let a CPU and a device collide.
 */
#include "board.h"
#include "cow.h"
#include "nature.h"
#include "trace.h"

/* Device i's registers begin at this physical address and fill one such window. */
#define DEVICE_BASE   ((paddr_t)0x40000000)
#define DEVICE_WINDOW ((uint64_t)1 << 20)
#define DEVICE_MAX    8

/* Words the CPU reached past its caches lately, in pieces of that many bytes. */
#define BESIDE_LINES 8
#define BESIDE_LINE  ((paddr_t)64)

struct bus {
	uint64_t cycle;              /* now */
	uint64_t owed;               /* cycles the CPU's present operation has cost so far */
	uint64_t free_at;            /* the wires are taken until then */
	uint64_t pass;               /* which stretch of time passes now (hw_pass) */
	bool cpu_waits;              /* the CPU only waits for the one device at work */
	/* Who searches: where CPU and device may meet, one too high; was the last beat there? */
	paddr_t beside[BESIDE_LINES];
	uint32_t beside_next;
	bool beat_is_beside;
	struct cow ram;              /* a leaf is a page */
	struct cow watched;          /* one bit a page, 32768 pages a leaf */
	bool watch_all;              /* every page is watched, whatever its bit says */
	struct nature nature;
	const struct board *board;   /* wired */
	struct trace *trace;         /* wired */
};

void bus_init(struct bus *b, const struct board *board);
void bus_release(struct bus *b);
void bus_copy(struct bus *to, const struct bus *from);

/* RAM itself, whatever caches hold. The range is RAM and costs no time. */
void bus_ram_read(const struct bus *b, paddr_t pa, void *bytes, size_t n);
void bus_ram_write(struct bus *b, paddr_t pa, const void *bytes, size_t n);

/*
 * The CPU waits until the wires are free and takes them: `latency` cycles until the other side
 * answers, then n bytes. Time itself stands still during an operation; what it cost is owed, and
 * passes when the operation is over (hw_pass), beat by beat against the devices.
 */
void bus_take(struct bus *b, uint64_t latency, size_t n);

/* The CPU went past its caches to pa; a device's beat did. What is kept of it is for who searches. */
void bus_note_uncached(struct bus *b, paddr_t pa);
void bus_note_beat(struct bus *b, paddr_t pa);

void bus_watch(struct bus *b, paddr_t pa, uint64_t n, bool on);

/* Does anybody want to know what happens to this page? Registers are always watched. */
static inline bool bus_sees(const struct bus *b, paddr_t pa)
{
	uint64_t page = pa >> PAGE_SHIFT;
	const uint8_t *bits;

	if (b->watch_all || pa >= DEVICE_BASE)
		return true;
	bits = cow_read(&b->watched, page >> 15);
	return bits[(page & 0x7fff) >> 3] >> (page & 7) & 1;
}

static inline uint64_t bus_tell(struct bus *b, const struct event *e)
{
	return trace_append(b->trace, b->cycle, e);
}

/* about: the line, word or device's registers, as a physical address. */
static inline uint32_t bus_ask(struct bus *b, enum choice what, paddr_t about, uint32_t options,
			       uint32_t odds)
{
	return nature_choose(&b->nature, b->trace, b->cycle, what, about, options, odds);
}
