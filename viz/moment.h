#pragma once
/*
 * A moment as a person names it: "120" right after event number 120 (of the last machine that has
 * one), "cycle:331" the first one at or after that cycle, "violation:2" where the second broken rule
 * was found, "end".
 */
#include "viz/player.h"

#define MOMENT_HELP "N (after event N), cycle:N, violation:N or end"

/* The position, or UINT64_MAX with a sentence in *why. The player has read all. */
uint64_t moment_find(const struct player *p, const char *text, char *why, size_t n);
