#include "kernel/region.h"

bool region_pages_are(const struct coherent_region *r, uint64_t first, uint64_t n, bool used)
{
	for (uint64_t page = first; page < first + n; page++)
		if ((r->used[page / 64] >> page % 64 & 1) != used)
			return false;
	return true;
}

void region_use(struct coherent_region *r, uint64_t first, uint64_t n, bool used)
{
	for (uint64_t page = first; page < first + n; page++) {
		uint64_t bit = (uint64_t)1 << page % 64;

		r->used[page / 64] = used ? r->used[page / 64] | bit : r->used[page / 64] & ~bit;
	}
}

uint64_t region_find(const struct coherent_region *r, uint64_t n, uint64_t step)
{
	for (uint64_t first = 0; n && n <= r->pages && first <= r->pages - n; first += step)
		if (region_pages_are(r, first, n, false))
			return first;
	return r->pages;
}
