#pragma once
/*
 * CONFIG_DMA_API_DEBUG (kernel/dma/debug.c of a kernel of 2026) as a watcher: the real tool, with
 * what it sees and what it is blind to.
 *
 * A fold over the calls of the DMA API in the trace. Each call of map and alloc leaves a record,
 * each sync, unmap and free is held against it. What is wrong is said twice: as a line of the
 * kernel's log, in the kernel's words and under its rules of silence (one line in all, unless
 * all_errors or num_errors say otherwise; a driver filter), and as a violation, always.
 *
 * Its blind spots are kept, for they are the lesson: it sees no load, store or cache line, so a
 * stale byte is none of its business; whether dma_mapping_error was asked comes out at the unmap,
 * or never; of overlapping mappings it compares the first cache line alone, and not those
 * DMA_TO_DEVICE. Left out: the backtrace of each warning (the event of the map stands in for it)
 * and locks.
 */
#include "trace.h"
#include "watch/ownership.h"
#include "watch/records.h"
#include "watch/violation.h"

enum dma_debug_line {
#define CHECK(NAME, ...) DMA_DEBUG_##NAME,
#define NOTE(NAME, ...)  DMA_DEBUG_##NAME,
#include "watch/dma_debug.def"
#undef CHECK
#undef NOTE
	DMA_DEBUG_LINE_COUNT
};

struct dma_debug_info {
	enum rule rule;          /* RULE_COUNT: a line of dma-debug's own */
	const char *level;       /* "warn" */
	const char *numbers;     /* what the conversions take: "dma size type" */
	const char *message;     /* as printf of the kernel takes it */
};

extern const struct dma_debug_info dma_debug_info[DMA_DEBUG_LINE_COUNT];
extern const char *const record_type_words[];     /* "scatter-gather", by enum record_type */
/* "dma map error checked", by enum record_asked */
extern const char *const record_asked_words[];

#define DMA_DEBUG_LOG_MAX 4096   /* lines kept; more are counted */
#define DMA_DEBUG_NUMBERS 5
#define DMA_DEBUG_DEVICES 16     /* whose limits are known; the others have Linux's defaults */
#define DMA_DEBUG_STACKS  8      /* pieces of stack known at a time */
#define DMA_DEBUG_OVERLAPS 7     /* ACTIVE_CACHELINE_MAX_OVERLAP: what three tag bits can count */

/* A line of the kernel's log. */
struct dma_debug_message {
	uint64_t seq, cycle;     /* the event at which it was printed */
	/* event that made the record concerned ("Mapped at:"), 0 for none */
	uint64_t mapped_at;
	uint64_t number[DMA_DEBUG_NUMBERS];
	uint64_t driver[3];      /* the driver the device had, as in driver.bind; 0: none bound */
	uint32_t line;           /* enum dma_debug_line */
	uint32_t device;
};

/* A file of /sys/kernel/debug/dma-api that can be written; dma_debug.set tells what was. */
enum dma_debug_knob { KNOB_ALL_ERRORS, KNOB_NUM_ERRORS, KNOB_DRIVER_FILTER };

/* What the trace told of the machine and of the drivers' words about their devices. */
struct dma_debug_facts {
	/* bytes; code: of the kernel, at the start of RAM */
	uint64_t ram, kernel_end, line, code;
	bool coherent;
	/* 0: never set */
	struct { uint64_t boundary; uint32_t max_segment; } limits[DMA_DEBUG_DEVICES];
	uint64_t driver[DMA_DEBUG_DEVICES][3];   /* name of the driver a device has; 0: none bound */
	struct { uint64_t va, pa, size; } stack[DMA_DEBUG_STACKS];
	struct {
		uint64_t seq, attrs;
		uint32_t nents, mapped, at;      /* at: which of its segments comes next */
	} list;                  /* the last call about a scatterlist */
};

struct dma_debug {
	uint32_t entries;        /* boot option dma_debug_entries */
	bool disabled;           /* not booted yet; or for good: off, or out of memory */
	bool crowded_once;       /* WARN_ONCE about too many overlaps was printed */
	uint32_t all_errors, num_errors, error_count;
	uint32_t filter_device;  /* whose driver has the filter's name; UINT32_MAX: nobody's */
	/* that name, 8 bytes each, least significant first; 0: no filter */
	uint64_t filter[3];
	struct records records;
	struct cow lines;        /* by page: for each cache line how often it begins a mapping */
	struct cow log;          /* struct dma_debug_message, one a leaf */
	uint32_t log_count;
	uint64_t log_dropped;    /* beyond DMA_DEBUG_LOG_MAX */
	struct dma_debug_facts facts;
};

void dma_debug_init(struct dma_debug *d);
void dma_debug_release(struct dma_debug *d);
void dma_debug_copy(struct dma_debug *to, const struct dma_debug *from);

/*
 * Follow one event; the trace is asked for what belongs to the same call, and who owns what for the
 * mappings whose loss has a rule of its own (mapping-leak-overwritten). False: the event is of no use,
 * as all of its kind.
 */
bool dma_debug_event(struct dma_debug *d, struct violations *vs, const struct ownership *o,
		     const struct trace *t, const struct event *e);

/* i < log_count */
const struct dma_debug_message *dma_debug_log(const struct dma_debug *d, uint32_t i);

/* Number of the cache line a physical address lies in, as the dump prints it (cln=). */
uint64_t dma_debug_cacheline(const struct dma_debug *d, uint64_t pa);
