#pragma once
/*
 * One thing that happened: 64 bytes of values, never a pointer, so that it is still true when the
 * machine has moved on. event.def lists the kinds and what each field means for them.
 */
#include "types.h"

enum lane {
	LANE_CPU, LANE_CACHE, LANE_BUS, LANE_DEVICE, LANE_MEMORY, LANE_DMA, LANE_BENCH, LANE_COUNT
};

enum event_kind {
#define EVENT(lane, KIND, ...) EV_##KIND,
#include "event.def"
#undef EVENT
	EV_COUNT
};

struct event {
	uint64_t seq;      /* its number; the first is 1 */
	uint64_t cycle;    /* when */
	uint64_t cause;    /* number of the call or transfer it belongs to, 0 for none */
	uint64_t addr, addr2, value;
	uint32_t size;     /* bytes */
	uint32_t a, b;
	uint16_t kind;     /* enum event_kind */
	uint16_t unit;     /* which CPU, cache level (1, 2) or device */
};

_Static_assert(sizeof(struct event) == 64, "an event is one cache line of the host");

/* What a row of event.def says. Field names are "" where a kind does not use the field. */
enum event_field {
	FIELD_ADDR, FIELD_ADDR2, FIELD_VALUE, FIELD_SIZE, FIELD_A, FIELD_B, FIELD_UNIT, FIELD_COUNT
};

struct event_info {
	enum lane lane;
	const char *id;                      /* "CPU_LOAD" */
	const char *name;                    /* "cpu.load" */
	const char *field[FIELD_COUNT];
	const char *sentence;
};

extern const struct event_info event_info[EV_COUNT];
extern const char *const lane_name[LANE_COUNT];

/* Codes carried in a and b. Their words are in event.c. */
enum where { AT_RAM, AT_L1, AT_L2, AT_STORE_BUFFER, AT_DEVICE, AT_EARLY, WHERE_COUNT };
enum drop_reason { DROP_EVICT, DROP_INVALIDATE, DROP_SNOOP, DROP_REASON_COUNT };
enum cache_op { CACHE_CLEAN, CACHE_INVALIDATE, CACHE_FLUSH, CACHE_OP_COUNT };
enum barrier {
	BARRIER_MB, BARRIER_RMB, BARRIER_WMB, BARRIER_DMA_RMB, BARRIER_DMA_WMB, BARRIER_DMA_MB,
	BARRIER_COUNT
};
enum mem_kind { MEM_KMALLOC, MEM_PAGES, MEM_VMALLOC, MEM_COHERENT, MEM_STACK, MEM_KIND_COUNT };
enum map_form {
	FORM_SINGLE, FORM_PAGE, FORM_SG, FORM_RESOURCE, FORM_COHERENT, FORM_NONCOHERENT, FORM_PAGES,
	FORM_COUNT
};
enum pool_call { POOL_CALL_ALLOC, POOL_CALL_FREE, POOL_CALL_DESTROY, POOL_CALL_COUNT };
/* What the CPU is doing: a driver's own call, one under a spinlock, or a handler. */
enum context { CONTEXT_PROCESS, CONTEXT_ATOMIC, CONTEXT_IRQ, CONTEXT_COUNT };
/* A call that may sleep. */
enum sleeper {
	SLEEPER_MIGHT_SLEEP, SLEEPER_KMALLOC, SLEEPER_PAGES, SLEEPER_VMALLOC, SLEEPER_VFREE,
	SLEEPER_IOREMAP, SLEEPER_IOUNMAP, SLEEPER_DMA_ALLOC, SLEEPER_DMA_FREE, SLEEPER_POOL_CREATE,
	SLEEPER_POOL_DESTROY, SLEEPER_MSLEEP, SLEEPER_COMPLETION, SLEEPER_REQUEST_IRQ,
	SLEEPER_FREE_IRQ, SLEEPER_DISABLE_IRQ, SLEEPER_SG_TABLE, SLEEPER_SYNC_IRQ, SLEEPER_COUNT
};
/* How a device misbehaves; hw/device.h says what each means. */
enum device_fault {
	DEVICE_SOUND, DEVICE_STALL, DEVICE_SHORT, DEVICE_LENGTH, DEVICE_LATE, DEVICE_CHANGE,
	DEVICE_FAULT_COUNT
};
/* Why an IOMMU stopped a device; what it lets a device do (a table entry's low bits). */
enum iommu_why { IOMMU_UNMAPPED, IOMMU_PERMISSION, IOMMU_WHY_COUNT };
enum iommu_prot { IOMMU_NONE, IOMMU_READ, IOMMU_WRITE, IOMMU_BOTH };
/* Why a map failed. refused: no room is left, or an attribute forbids it. */
enum map_failure { MAP_NO_RAM, MAP_REFUSED, MAP_TOO_LARGE, MAP_UNREACHABLE, MAP_FAILURE_COUNT };
enum bad_free { BAD_FREE_TWICE, BAD_FREE_INSIDE, BAD_FREE_FOREIGN, BAD_FREE_ORDER, BAD_FREE_COUNT };

uint64_t event_get(const struct event *e, enum event_field f);

/* The word for a code field ("to_device"), or NULL where the field is a plain number. */
const char *event_word(const struct event *e, enum event_field f);

/* "1042 @88213 cpu.load va=0x… pa=0x… value=0x11 size=8 at=l1": returns as snprintf does. */
int event_text(const struct event *e, char *text, size_t n);

/* The kind with this name, or EV_COUNT. */
enum event_kind event_kind_named(const char *name);
