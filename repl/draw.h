#pragma once
/* A moment of a recording as a picture: what `dmalab draw` and `draw` at the prompt do. */
#include "viz/theme.h"

struct drawing {
	const char *recording;   /* its file */
	const char *beside;      /* the recording of a second board, or NULL */
	const char *at;          /* viz/moment.h; NULL: the end */
	const char *select;      /* an address, whose byte is shown in all its copies, or NULL */
	const char *output;      /* the SVG file; NULL or "-": standard output */
	const char *size;        /* "1280x800", points; NULL: this */
	const char *theme;       /* "light", "dark"; NULL: light */
	bool large;              /* type for a projector */
};

/*
 * False, with a sentence in *why: an option will not do, the recording cannot be read, there is no
 * such moment, or writing failed. No file is touched before all that can be known is fine.
 */
bool draw(const struct drawing *d, char *why, size_t n);
