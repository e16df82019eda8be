#pragma once
/*
 * Finds what a person types after `/`: an address of any kind ("0xffff000000401000", "2040h" is
 * none: addresses begin with 0x), the number of an event ("120"), the name of a rule
 * ("stale-read"), a kind of event or part of it ("dma.map", "sync"), a word of one ("kmalloc",
 * "to_device"), or "device 1".
 */
#include "viz/player.h"

struct found {
	uint64_t at;             /* position right after the event; UINT64_MAX: none */
	uint64_t pa;             /* of the byte at the address; UINT64_MAX: it was no address */
	bool round;              /* it was found from the beginning, past the end */
};

/* The first one after the present position. False: nothing, and a sentence in *why. */
bool find_next(const struct player *p, const char *text, struct found *found, char *why, size_t n);

/* The byte of RAM an address of any kind names at the present moment. False: none. */
bool find_byte(const struct player *p, uint64_t address, uint64_t *pa);
