#pragma once
/*
 * Loads that were done before their turn. A CPU that runs ahead may have read a word before the
 * word the program reads first; between two loads nothing but a read barrier keeps the order. We
 * keep one line as it was when an uncached load passed: a later load of another word of it may be
 * answered from here, however old it is by then (cpu.c asks nature). A word goes when it is loaded
 * or stored; a read barrier forgets all. We leave out that it was at most so many loads ago.
 */
#include "types.h"

#include <string.h>

#define EARLY_WORD 4     /* bytes; a descriptor's fields are no smaller */

struct early {
	paddr_t line;            /* of the first byte */
	uint64_t words;          /* a bit for each word that is here */
	uint8_t bytes[LINE_MAX];
};

_Static_assert(LINE_MAX / EARLY_WORD <= 64, "a bit for each word of a line");

/* The words the range touches; 0 when it is not inside the line. */
static inline uint64_t early_words(const struct early *e, paddr_t pa, size_t n)
{
	uint64_t first = (pa - e->line) / EARLY_WORD, last = (pa - e->line + n - 1) / EARLY_WORD;

	if (!inside(pa, n, e->line, LINE_MAX))
		return 0;
	return ~(uint64_t)0 >> (63 - last) & ~(uint64_t)0 << first;
}

static inline void early_forget(struct early *e)
{
	e->words = 0;
}

static inline void early_drop(struct early *e, paddr_t pa, size_t n)
{
	if (e->words)
		e->words &= ~early_words(e, pa, n);
}

static inline bool early_has(const struct early *e, paddr_t pa, size_t n)
{
	uint64_t words = e->words ? early_words(e, pa, n) : 0;

	return words && (e->words & words) == words;
}

static inline void early_read(const struct early *e, paddr_t pa, void *bytes, size_t n)
{
	memcpy(bytes, e->bytes + (pa - e->line), n);
}
