#pragma once
/*
 * Rows of a panel, one below the other, from the top of a box down: text, bytes in hex, anything.
 * What finds no room any more is left out, never squeezed.
 */
#include "viz/look.h"

struct rows {
	struct scene *scene;
	const struct look *look;
	struct box left;         /* what is free still */
};

/* MARK_FADED where the legend filters this meaning away, else none. */
static inline uint32_t faded(const struct look *look, enum legend row)
{
	return look_hides(look, row) ? MARK_FADED : 0;
}

/* A row of this height, cut off the top of what is left; h 0: there is no room. */
struct box rows_take(struct rows *r, float h);

/* Height of an ordinary row: whole points, so that borders of rows stay sharp. */
float rows_step(const struct look *look);

/* Has a row room for so many characters? */
bool rows_wide(const struct rows *r, uint32_t characters);

/* One line of text in a row of its own. False: there was no room. */
__attribute__((format(printf, 4, 5)))
bool rows_text(struct rows *r, enum role role, uint32_t marks, const char *format, ...);

/* One byte: two hex digits on a fill. */
struct byte_cell {
	uint8_t value;
	enum role fill;
	uint32_t marks;          /* of the fill */
	struct thing thing;
};

/* Bytes side by side: how many, how wide each is, how large its digits. */
struct byte_row {
	uint32_t n;
	float w, size;           /* points */
};

/* `most` bytes, a power of two, or the greatest below it that fits; n 0: not even one does. */
struct byte_row byte_row_fit(const struct look *look, float width, uint32_t most);

/* row->n bytes from the left edge of b on. */
void byte_row_draw(struct scene *s, const struct look *look, const struct byte_row *row,
		   struct box b, const struct byte_cell *cell);
