#pragma once
/*
 * The machine: hardware and its little kernel as one C value. Same board, same operations, same
 * choices of nature: same trace, byte for byte. Two machines in one process know nothing of each
 * other. Copying one costs its tables of pointers; pages are shared until written.
 */
#include "kernel/kernel.h"

struct machine {
	struct hw hw;
	struct kernel kernel;
};

/* Switch on. The board has passed board_mistake. Tells machine.on. */
void machine_init(struct machine *m, const struct board *board, struct trace *trace);
void machine_release(struct machine *m);
void machine_copy(struct machine *to, struct machine *from);    /* `to` holds nothing yet */

/* Let n cycles pass. */
void machine_run(struct machine *m, uint64_t n);

/*
 * Let time pass until the device is idle. False: still busy after `limit` cycles, or a handler has
 * to run first.
 */
must_check bool machine_wait(struct machine *m, uint32_t dev, uint64_t limit);

/*
 * From here on nature follows this plan; NULL: what the board says. What was played under it ends
 * with machine_end.
 */
void machine_follow(struct machine *m, struct plan *plan, uint64_t seed);
void machine_end(struct machine *m);

/*
 * Re-tell the present state of hardware and allocators as events, for a reader that arrives late.
 */
void machine_keyframe(struct machine *m);

/* Trace accesses to [pa, pa+n) from now on, or no more; what is there is told when it goes on. */
void machine_watch(struct machine *m, paddr_t pa, uint64_t n, bool on);
void machine_watch_all(struct machine *m, bool on);
