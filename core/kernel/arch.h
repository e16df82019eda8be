#pragma once
/*
 * What an architecture does to the caches for the DMA API (arch/.../mm/dma-noncoherent.c and the
 * like), as rows of arch.def. Two hooks carry all of it: one before a device touches memory, one
 * before the CPU does. Where the hardware snoops, both do nothing.
 */
#include "kernel/kernel.h"

/* What one cell of the table does. LINE_OP_EDGE drops, but cleans partly covered lines first. */
enum line_op { LINE_OP_NONE, LINE_OP_CLEAN, LINE_OP_INVAL, LINE_OP_EDGE, LINE_OP_FLUSH };

enum coherent_by { COHERENT_REMAP, COHERENT_ALIAS, COHERENT_CACHED };

struct arch_ops {
	const char *name;
	enum line_op for_device[3], for_cpu[3];   /* by enum direction */
	bool outer;
	enum coherent_by coherent;
	enum line_op prepare;                     /* done to the lines of coherent memory first */
	const char *sentence;
};

extern const struct arch_ops arch_ops[ARCH_COUNT];

static inline const struct arch_ops *arch(const struct kernel *k)
{
	return &arch_ops[k->hw->board.arch];
}

/* arch_sync_dma_for_device and _for_cpu: the lines of [pa, pa+n), by the board's row. */
void arch_sync_for_device(struct kernel *k, paddr_t pa, uint64_t n, enum direction dir);
void arch_sync_for_cpu(struct kernel *k, paddr_t pa, uint64_t n, enum direction dir);

/* How both sides come to see the same bytes of coherent memory on this board. */
enum coherent_by arch_coherent_by(const struct kernel *k);

/*
 * Nothing of these pages stays in the cache to be written over them later (arch_dma_prep_coherent).
 */
void arch_prepare_coherent(struct kernel *k, paddr_t pa, uint64_t n);
