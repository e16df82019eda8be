#pragma once
/*
 * Which pages of a region of coherent memory are handed out: one bit a page (lib/bitmap.c,
 * lib/genalloc.c). A device's own region and the pool for atomic context are kept like this.
 */
#include "kernel/kernel.h"

/* Are these n pages all used, or all free? */
bool region_pages_are(const struct coherent_region *r, uint64_t first, uint64_t n, bool used);
void region_use(struct coherent_region *r, uint64_t first, uint64_t n, bool used);

/* The first n free pages in a row, at a multiple of `step`; r->pages when there are none. */
uint64_t region_find(const struct coherent_region *r, uint64_t n, uint64_t step);
