#pragma once
/*
 * Version marks: which copies of a byte come from the same write.
 *
 * A write is known by a letter, A to Z by the number of its event, so that a letter keeps its write
 * for as long as the write is anywhere to be seen. Equal letters of one byte are the same write;
 * where two writes of one byte would have the same letter, the newer takes the next that is free.
 * "-" is what was there before anybody looked. Which letter is the newer one the letters do not
 * say: that is model_age.
 */
#include "viz/model.h"

#define VERSION_NONE '-'

/* Of one write alone. */
char version_letter(stamp_t stamp);

/* Of each copy (AT_RAM, AT_L1, AT_L2, AT_STORE_BUFFER) of a byte of RAM; 0: there is no copy. */
struct versions {
	char letter[WHERE_COUNT];
};

struct versions versions_of(const struct model *m, uint64_t pa);
