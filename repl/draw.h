#pragma once
/* A moment of a recording as a picture: what `dmalab draw` does. */
#include <stdbool.h>
#include <stdio.h>

/*
 * Paint it as SVG, so many points wide and high. False, with a sentence in *why: the recording
 * cannot be read, there is no such moment (viz/moment.h), or writing failed.
 */
bool draw_moment(const char *path, const char *moment, float width, float height, FILE *to,
		 char *why, size_t n);
