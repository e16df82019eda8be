#pragma once
/*
 * The DMA API, all of it (include/linux/dma-mapping.h): streaming mappings and scatterlists, memory
 * made for DMA, masks and limits. Each part's header says what its calls promise; backend.h says
 * how an address is found, arch.h what is done to the caches.
 */
#include "kernel/arch.h"
#include "kernel/dma_alloc.h"
#include "kernel/mapping.h"
#include "kernel/mask.h"
#include "kernel/pool.h"
