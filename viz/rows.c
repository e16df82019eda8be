#include "viz/rows.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define STEP       1.35f        /* of a row, in sizes of text */
#define DIGITS     0.92f
#define MARGIN_MIN 3.5f      /* of a byte, left and right together, points */
#define MARGIN_MAX 7.0f

float rows_step(const struct look *look)
{
	return roundf(look->text * STEP);
}

bool rows_wide(const struct rows *r, uint32_t characters)
{
	return r->left.w >= (float)characters * r->look->text * TEXT_ADVANCE;
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

/* Digits are a little smaller than words: a line of them is to be seen as a whole. */
struct byte_row byte_row_fit(const struct look *look, float width, uint32_t most)
{
	struct byte_row r = { .n = most, .size = fmaxf(TEXT_MIN, look->text * DIGITS) };
	float least = 2 * TEXT_ADVANCE * r.size + MARGIN_MIN;

	while (r.n && least * (float)r.n > width)
		r.n /= 2;
	if (r.n)
		r.w = fminf(width / (float)r.n, least - MARGIN_MIN + MARGIN_MAX);
	return r;
}

void byte_row_draw(struct scene *s, const struct look *look, const struct byte_row *row,
		   struct box b, const struct byte_cell *cell)
{
	struct thing around = s->thing;
	float margin = row->w - 2 * TEXT_ADVANCE * row->size;

	b.w = row->w;
	for (uint32_t i = 0; i < row->n; i++, b.x += b.w) {
		s->thing = cell[i].thing.kind == THING_NONE ? around : cell[i].thing;
		scene_rect(s, b, cell[i].fill, ROLE_NONE, cell[i].marks);
		scene_text(s, b.x + margin / 2, b.y + b.h / 2, 0, row->size,
			   role_ink(look->theme, cell[i].fill), 0, "%02x", cell[i].value);
	}
	s->thing = around;
}
