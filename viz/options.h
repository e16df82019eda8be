#pragma once
/* What the options of the programs say: a person writes the same to `draw` and to dmalab-view. */
#include "viz/view.h"

/* "1280x800", points. False: it is none, or smaller than 200x150, or larger than a screen. */
bool option_size(const char *text, int *width, int *height);

/* "light" or "dark". */
bool option_theme(const char *text, enum theme *theme);

/* Choose the byte at an address; NULL: none. False, and a sentence in *why: it is not there. */
bool option_select(struct view *v, const char *address, char *why, size_t n);
