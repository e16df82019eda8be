#pragma once
/*
 * The lines of one cache level, for the panels of both.
 *
 * A small cache is a table in which every byte has its place. Of a large one there is a map of all
 * lines, and below it the set that matters now: that of the chosen byte, else of the last access.
 */
#include "viz/panel.h"

void cache_draw(const struct picture *p, struct box b, uint32_t level);

/* How the last access of the CPU went at this level; NONE: it did not ask here. */
enum outcome { OUTCOME_NONE, OUTCOME_HIT, OUTCOME_MISS };
enum outcome cache_outcome(const struct model *m, uint32_t level);

/* "\u2713" or "\u2717", and the word: hit or miss. */
const char *outcome_mark(enum outcome outcome);
const char *outcome_word(enum outcome outcome);
