#pragma once
/*
 * Pixels in memory and what can be painted on them. The window shows them, a shot saves them: both
 * are the same to the last pixel, and neither needs a display to be painted.
 *
 * Lengths are pixels. Whatever lies outside the canvas is left out.
 */
#include <stdint.h>

struct canvas {
	uint32_t *pixel;         /* 0xffRRGGBB, row after row without gaps */
	int width, height;
};

struct area {
	int x, y, w, h;
};

struct ink {
	uint32_t rgb;            /* 0xffRRGGBB */
	uint32_t alpha;          /* 0 .. 256: 256 covers what was there */
};

/* New pixels of that size, each opaque black. The old ones are given back; NULL pixels are fine. */
void canvas_resize(struct canvas *c, int width, int height);
void canvas_release(struct canvas *c);

void canvas_fill(struct canvas *c, struct area a, struct ink ink);

/* Slanting lines, `thick` of every `period` pixels. They meet those of the area beside it. */
void canvas_hatch(struct canvas *c, struct area a, struct ink ink, int period, int thick);

/*
 * All that is nearer than `outer` to a line from one point to another, without what is nearer than
 * `inner`: a slanting line, a pill, the border of a pill. Smooth at the edge.
 */
void canvas_round(struct canvas *c, float x, float y, float x2, float y2, float outer, float inner,
		  struct ink ink);

/* A triangle of three corners x, y; smooth at the edge. */
void canvas_triangle(struct canvas *c, const float corner[6], struct ink ink);

/* Ink through a stencil of w x h bytes, 255 where all of it comes through: a letter. */
void canvas_stencil(struct canvas *c, struct area a, const uint8_t *stencil, struct ink ink);
