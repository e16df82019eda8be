#pragma once
/*
 * Finds what a person types after `/`: an address of any kind ("0xffff000000401000", "2040h" is
 * none: addresses begin with 0x), the number of an event ("120"), the name of a rule
 * ("stale-read"), a kind of event or part of it ("dma.map", "sync"), a word of one ("kmalloc",
 * "to_device"), or "device 1".
 */
#include "viz/look.h"
#include "viz/player.h"

struct found {
	uint64_t at;             /* position right after the event; UINT64_MAX: none */
	uint64_t pa;             /* of the byte at the address; UINT64_MAX: it was no address */
	bool round;              /* it was found from the beginning, past the end */
};

/* What is looked for: any of the three, whichever the text can be. */
struct wish {
	bool address;
	uint64_t value, pa;      /* the address; where it lies in RAM, or UINT64_MAX */
	bool kind[EV_COUNT];     /* kinds of event that have the text in their name */
	uint64_t device;         /* UINT64_MAX: none is asked for */
};

/* Looking for the first one after the present position, then from the beginning up to there. */
struct search {
	char text[FIND_MAX];
	struct wish wish;
	uint64_t from, next;     /* where it began; the event that is looked at next */
	uint64_t count, left;    /* events in all; those to be looked at still */
	struct found found;
	char why[256];           /* a sentence, for when nothing is found */
};

void find_begin(struct search *s, const struct player *p, const char *text);

/* Look at so many events. False: it is over, and s->found is the answer. */
bool find_more(struct search *s, const struct player *p, uint64_t most);

static inline bool found_any(const struct found *f)
{
	return f->at != UINT64_MAX || f->pa != UINT64_MAX;
}

/* The byte of RAM an address of any kind names at the present moment. False: none. */
bool find_byte(const struct player *p, uint64_t address, uint64_t *pa);
