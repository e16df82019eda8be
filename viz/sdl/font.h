#pragma once
/*
 * Letters as stencils, from a font of fixed width that the system has. The letters are made as they
 * are first asked for, in the size of the screen's pixels, so that they are crisp on every screen.
 *
 * The size is chosen so that every letter is TEXT_ADVANCE times as wide as the text's size,
 * whichever font was found: a picture has the same layout everywhere.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FONT_PHASES 4    /* a letter can begin at so many places within a pixel */

struct letter {
	const uint8_t *stencil;  /* w x h bytes */
	int w, h;
	int left, top;           /* from where the letter begins, and from the base line (down) */
};

struct font;

/* NULL and a sentence in *why, which says what to install, when there is no such font. */
struct font *font_open(char *why, size_t n);
void font_close(struct font *f);         /* NULL is fine */

/* A letter of so many pixels, beginning phase / FONT_PHASES of a pixel to the right. */
const struct letter *font_letter(struct font *f, float pixels, bool bold, uint32_t code,
				 uint32_t phase);
