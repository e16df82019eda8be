#include "viz/sdl/canvas.h"
#include "cow.h"

#include <math.h>
#include <stdlib.h>

void canvas_resize(struct canvas *c, int width, int height)
{
	size_t n = (size_t)width * (size_t)height;

	free(c->pixel);
	*c = (struct canvas){ core_alloc(n * sizeof *c->pixel), width, height };
	canvas_fill(c, (struct area){ 0, 0, width, height }, (struct ink){ 0xff000000, 256 });
}

void canvas_release(struct canvas *c)
{
	free(c->pixel);
	*c = (struct canvas){ 0 };
}

static int lower(int a, int b)
{
	return a < b ? a : b;
}

static int higher(int a, int b)
{
	return a > b ? a : b;
}

/* What of it lies on the canvas. */
static struct area clip(const struct canvas *c, struct area a)
{
	int x = higher(a.x, 0), y = higher(a.y, 0);

	return (struct area){ x, y, lower(a.x + a.w, c->width) - x,
			      lower(a.y + a.h, c->height) - y };
}

static uint32_t *row(const struct canvas *c, int y)
{
	return c->pixel + (ptrdiff_t)y * c->width;
}

/* Red and blue at once, then green: each has room for its product with alpha. */
static inline uint32_t mix(uint32_t under, uint32_t over, uint32_t alpha)
{
	uint32_t rb = (under & 0xff00ff) * (256 - alpha) + (over & 0xff00ff) * alpha;
	uint32_t g = (under & 0x00ff00) * (256 - alpha) + (over & 0x00ff00) * alpha;

	return 0xff000000 | (rb >> 8 & 0xff00ff) | (g >> 8 & 0x00ff00);
}

void canvas_fill(struct canvas *c, struct area a, struct ink ink)
{
	a = clip(c, a);
	for (int y = a.y; y < a.y + a.h; y++) {
		uint32_t *at = row(c, y) + a.x;

		if (ink.alpha == 256)
			for (int x = 0; x < a.w; x++)
				at[x] = ink.rgb;
		else
			for (int x = 0; x < a.w; x++)
				at[x] = mix(at[x], ink.rgb, ink.alpha);
	}
}

void canvas_hatch(struct canvas *c, struct area a, struct ink ink, int period, int thick)
{
	a = clip(c, a);
	for (int y = a.y; y < a.y + a.h; y++) {
		uint32_t *at = row(c, y);

		for (int x = a.x - (a.x + y) % period; x < a.x + a.w; x += period)
			for (int i = higher(x, a.x); i < lower(x + thick, a.x + a.w); i++)
				at[i] = mix(at[i], ink.rgb, ink.alpha);
	}
}

static float between(float low, float value, float high)
{
	return value < low ? low : value > high ? high : value;
}

/* From the middle of a pixel to the nearest point of the line that begins at 0, 0. */
static float distance(float px, float py, float dx, float dy)
{
	float length = dx * dx + dy * dy;
	float t = length > 0 ? between(0, (px * dx + py * dy) / length, 1) : 0;

	return hypotf(px - t * dx, py - t * dy);
}

/* The pixels around some corners, and one more on each side. */
static struct area around(float left, float top, float right, float bottom)
{
	int x = (int)floorf(left) - 1, y = (int)floorf(top) - 1;

	return (struct area){ x, y, (int)ceilf(right) + 1 - x, (int)ceilf(bottom) + 1 - y };
}

void canvas_round(struct canvas *c, float x, float y, float x2, float y2, float outer, float inner,
		  struct ink ink)
{
	struct area a = clip(c, around(fminf(x, x2) - outer, fminf(y, y2) - outer,
				       fmaxf(x, x2) + outer, fmaxf(y, y2) + outer));

	for (int py = a.y; py < a.y + a.h; py++)
		for (int px = a.x; px < a.x + a.w; px++) {
			float d = distance((float)px + 0.5f - x, (float)py + 0.5f - y, x2 - x, y2 - y);
			float cover = between(0, outer + 0.5f - d, 1);
			uint32_t *at = row(c, py) + px;

			if (inner > 0)
				cover -= between(0, inner + 0.5f - d, 1);
			*at = mix(*at, ink.rgb, (uint32_t)(cover * (float)ink.alpha));
		}
}

/* On which side of the line from one corner to the next a point lies. */
static float side(const float *from, const float *to, float x, float y)
{
	return (to[0] - from[0]) * (y - from[1]) - (to[1] - from[1]) * (x - from[0]);
}

static bool in_triangle(const float *t, float x, float y)
{
	float a = side(t, t + 2, x, y), b = side(t + 2, t + 4, x, y), d = side(t + 4, t, x, y);

	return (a >= 0 && b >= 0 && d >= 0) || (a <= 0 && b <= 0 && d <= 0);
}

void canvas_triangle(struct canvas *c, const float corner[6], struct ink ink)
{
	const float *t = corner;
	struct area a = clip(c, around(fminf(t[0], fminf(t[2], t[4])), fminf(t[1], fminf(t[3], t[5])),
				       fmaxf(t[0], fmaxf(t[2], t[4])),
				       fmaxf(t[1], fmaxf(t[3], t[5]))));

	for (int y = a.y; y < a.y + a.h; y++)
		for (int x = a.x; x < a.x + a.w; x++) {
			uint32_t cover = 0, *at = row(c, y) + x;

			for (int i = 0; i < 16; i++)
				cover += in_triangle(t, (float)x + (float)(i % 4) / 4 + 0.125f,
						     (float)y + (float)(i / 4) / 4 + 0.125f);
			*at = mix(*at, ink.rgb, cover * ink.alpha / 16);
		}
}

void canvas_stencil(struct canvas *c, struct area a, const uint8_t *stencil, struct ink ink)
{
	struct area seen = clip(c, a);

	for (int y = seen.y; y < seen.y + seen.h; y++) {
		const uint8_t *through = stencil + (ptrdiff_t)(y - a.y) * a.w + (seen.x - a.x);
		uint32_t *at = row(c, y) + seen.x;

		for (int x = 0; x < seen.w; x++)
			if (through[x])
				at[x] = mix(at[x], ink.rgb,
					    (through[x] + (through[x] >> 7)) * ink.alpha >> 8);
	}
}
