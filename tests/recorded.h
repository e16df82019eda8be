#pragma once
/* A recording made by hand, event by event, and a player of it. */
#include "harness.h"

#include "viz/player.h"
#include "viz/recorder.h"

#include <unistd.h>

#define BUS_OFFSET 0x80000000u

struct recorded {
	struct trace trace;
	struct recording *recording;
	struct player *player;
};

static inline void recorded_begin(struct recorded *r)
{
	*r = (struct recorded){ .recording = NULL };
	trace_init(&r->trace);
}

static inline uint64_t happens(struct recorded *r, struct event e)
{
	return trace_append(&r->trace, r->trace.next * 3, &e);
}

/* What was made until now can be played. */
static inline struct player *recorded_play(struct recorded *r)
{
	char path[] = "/tmp/dmalab-recorded-XXXXXX", why[256] = "";
	int fd = mkstemp(path);
	struct recorder *to;

	assert_true(fd >= 0);
	close(fd);
	to = recorder_open(path, why, sizeof why);
	assert_non_null(to);
	assert_true(recorder_follow(to, &r->trace));
	assert_true(recorder_close(to, &r->trace));
	r->recording = recording_open(path, why, sizeof why);
	unlink(path);
	assert_non_null(r->recording);
	r->player = player_new(r->recording);
	while (player_read(r->player, 1 << 16))
		;
	return r->player;
}

static inline void recorded_end(struct recorded *r)
{
	player_free(r->player);
	recording_close(r->recording);
	trace_release(&r->trace);
}

/* 64 pages of RAM and so many levels of cache: 4 sets of 2 ways of 16 bytes each. */
static inline void switch_on(struct recorded *r, uint32_t levels)
{
	happens(r, (struct event){ .kind = EV_MACHINE, .addr = 64 * PAGE_SIZE, .addr2 = BUS_OFFSET,
		.value = UINT64_MAX, .size = 16, .a = levels, .unit = 3 });
	for (uint32_t level = 1; level <= levels; level++)
		happens(r, (struct event){ .kind = EV_MACHINE_CACHE, .size = 4, .a = 2,
			.unit = (uint16_t)level });
	happens(r, (struct event){ .kind = EV_MACHINE_CHECKER, .size = 64 });
}

static inline uint64_t allocate(struct recorded *r, uint64_t pa, uint32_t size)
{
	return happens(r, (struct event){ .kind = EV_MEM_ALLOC, .addr = LINEAR_BASE + pa,
		.addr2 = pa, .value = size, .size = size, .a = MEM_KMALLOC });
}

static inline uint64_t line_event(struct recorded *r, enum event_kind kind, uint32_t level,
				  uint64_t pa)
{
	return happens(r, (struct event){ .kind = (uint16_t)kind, .addr = pa, .size = 16,
		.a = kind == EV_CACHE_DROP ? DROP_INVALIDATE : (uint32_t)(pa >> 4 & 3),
		.unit = (uint16_t)level });
}

static inline uint64_t access_at(struct recorded *r, enum event_kind kind, uint64_t pa,
				 uint64_t value, enum where at)
{
	return happens(r, (struct event){ .kind = (uint16_t)kind, .addr = LINEAR_BASE + pa,
		.addr2 = pa, .value = value, .size = 8, .a = at });
}

/* Map, unmap or sync of a buffer. */
static inline uint64_t handover(struct recorded *r, enum event_kind kind, uint64_t pa,
				uint32_t size, enum direction dir)
{
	return happens(r, (struct event){ .kind = (uint16_t)kind, .addr = pa + BUS_OFFSET,
		.addr2 = pa, .value = LINEAR_BASE + pa, .size = size, .a = dir });
}

static inline uint64_t device_writes(struct recorded *r, uint64_t pa, uint64_t value)
{
	uint64_t seq, start = happens(r, (struct event){ .kind = EV_DEV_START,
		.addr = pa + BUS_OFFSET, .size = 8, .a = DMA_FROM_DEVICE });

	seq = happens(r, (struct event){ .kind = EV_DEV_WRITE, .addr = pa + BUS_OFFSET,
		.addr2 = pa, .value = value, .size = 8, .cause = start });
	happens(r, (struct event){ .kind = EV_DEV_DONE, .addr = pa + BUS_OFFSET, .size = 8,
		.a = DMA_FROM_DEVICE, .cause = start });
	return seq;
}

/* The stale read of the tour and its cure, with the numbers of what matters in it. */
struct tour {
	uint64_t store, map, wrote, stale, sync, cured, unmap;
};

#define TOUR_PA 0x4000u

static inline struct tour play_tour(struct recorded *r, uint32_t levels)
{
	struct tour t;

	switch_on(r, levels);
	allocate(r, TOUR_PA, 16);
	for (uint32_t level = levels; level; level--)
		line_event(r, EV_CACHE_FILL, level, TOUR_PA);
	t.store = access_at(r, EV_CPU_STORE, TOUR_PA, 0x11, AT_L1);
	t.map = handover(r, EV_DMA_MAP, TOUR_PA, 16, DMA_FROM_DEVICE);
	for (uint32_t level = 1; level <= levels; level++)
		line_event(r, EV_CACHE_WRITEBACK, level, TOUR_PA);
	happens(r, (struct event){ .kind = EV_DMA_CHECK, .addr = TOUR_PA + BUS_OFFSET });
	t.wrote = device_writes(r, TOUR_PA, 0x2222222222222222);
	t.stale = access_at(r, EV_CPU_LOAD, TOUR_PA, 0x11, AT_L1);
	t.sync = handover(r, EV_DMA_SYNC_CPU, TOUR_PA, 16, DMA_FROM_DEVICE);
	for (uint32_t level = 1; level <= levels; level++)
		line_event(r, EV_CACHE_DROP, level, TOUR_PA);
	for (uint32_t level = levels; level; level--)
		line_event(r, EV_CACHE_FILL, level, TOUR_PA);
	t.cured = access_at(r, EV_CPU_LOAD, TOUR_PA, 0x2222222222222222, AT_L1);
	handover(r, EV_DMA_SYNC_DEVICE, TOUR_PA, 16, DMA_FROM_DEVICE);
	t.unmap = handover(r, EV_DMA_UNMAP, TOUR_PA, 16, DMA_FROM_DEVICE);
	return t;
}
