#pragma once
/* All copies of one byte, from the CPU to the device: how old each is, which each side reads. */
#include "viz/model.h"
#include "viz/scene.h"

#define COPIES_MAX 6

struct copy {
	const char *name;        /* "L1", "bounce" */
	struct thing thing;
	uint8_t value;
	char letter;             /* of its version (version.h); blank where nobody knows it */
	enum age age;
	stamp_t stamp;           /* who wrote it, 0: unknown */
	uint64_t transfer;       /* the dev.start that brought it into a device, else 0 */
};

struct copies {
	uint64_t pa;             /* of the byte */
	const struct mapping *mapping;   /* the last one of this byte, or NULL */
	struct copy copy[COPIES_MAX];
	uint32_t count;
	uint32_t cpu, device;    /* the copy each would read */
};

/*
 * By the rules of the DMA API, does a device own this byte of RAM? Of a bounce buffer: the byte it
 * stands in for. On a machine that snoops too, where the checker does not mind.
 */
bool device_owns(const struct model *m, uint64_t pa);

/* The bounce buffer this byte lies in, or NULL. */
const struct stand_in *bounce_of(const struct model *m, uint64_t pa);

/* pa is RAM. */
struct copies copies_of(const struct model *m, uint64_t pa);
