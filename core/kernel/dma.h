#pragma once
/*
 * The DMA API, direct back end (kernel/dma/mapping.c, kernel/dma/direct.c): a DMA address is the
 * physical address plus the bus offset, and map, sync and unmap do to the caches what the board's
 * row of arch.def says. As in Linux nothing is remembered and nothing is validated: a wrong call
 * does its damage, and it is the checker, reading the trace, who speaks.
 */
#include "kernel/kernel.h"

/* Address for the device, or DMA_MAPPING_ERROR (vmalloc memory, not RAM, beyond the device's mask). */
dma_addr_t dma_map_single(struct kernel *k, uint32_t dev, vaddr_t va, uint64_t size, enum direction dir);
void dma_unmap_single(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size, enum direction dir);
int dma_mapping_error(struct kernel *k, uint32_t dev, dma_addr_t dma);     /* 0, or -ENOMEM (-12) */
void dma_sync_single_for_cpu(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size, enum direction dir);
void dma_sync_single_for_device(struct kernel *k, uint32_t dev, dma_addr_t dma, uint64_t size, enum direction dir);

/* Zeroed pages both sides may touch at any time. Returns the CPU's address, 0 on failure. */
vaddr_t dma_alloc_coherent(struct kernel *k, uint32_t dev, uint64_t size, dma_addr_t *dma, uint32_t gfp);

/* Same size, cpu and handle as allocated; anything else is told (mem.bad_free) and frees nothing. */
void dma_free_coherent(struct kernel *k, uint32_t dev, uint64_t size, vaddr_t va, dma_addr_t dma);

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
