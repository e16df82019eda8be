#include "viz/rows.h"

#include <stdarg.h>
#include <stdio.h>

#define STEP   1.35f         /* of a row, in sizes of text */
#define MARGIN 2.0f          /* of a byte, left and right together */

float rows_step(const struct look *look)
{
	return look->text * STEP;
}

struct box rows_take(struct rows *r, float h)
{
	struct box b = r->left;

	if (h > b.h + 0.01f || b.w <= 0)
		return (struct box){ b.x, b.y, b.w, 0 };
	r->left.y += h;
	r->left.h -= h;
	b.h = h;
	return b;
}

bool rows_text(struct rows *r, enum role role, uint32_t marks, const char *format, ...)
{
	struct box b = rows_take(r, rows_step(r->look));
	char text[256];
	va_list args;

	if (b.h <= 0)
		return false;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	scene_text(r->scene, b.x, b.y + b.h / 2, b.w, r->look->text, role, marks, "%s", text);
	return true;
}

float bytes_width(const struct look *look, uint32_t n)
{
	return (float)n * (2 * TEXT_ADVANCE * look->text + MARGIN);
}

uint32_t bytes_fitting(const struct look *look, float width, uint32_t most)
{
	while (most && bytes_width(look, most) > width)
		most /= 2;
	return most;
}

void bytes_draw(struct scene *s, const struct look *look, struct box b,
		const struct byte_cell *cell, uint32_t n)
{
	struct thing around = s->thing;

	b.w = bytes_width(look, 1);
	for (uint32_t i = 0; i < n; i++, b.x += b.w) {
		s->thing = cell[i].thing.kind == THING_NONE ? around : cell[i].thing;
		scene_rect(s, b, cell[i].fill, ROLE_NONE, cell[i].marks);
		scene_text(s, b.x + MARGIN / 2, b.y + b.h / 2, 0, look->text,
			   role_ink(look->theme, cell[i].fill), cell[i].marks & MARK_FADED, "%02x",
			   cell[i].value);
	}
	s->thing = around;
}
