#pragma once
/*
 * The colours, by what they mean. Five roles carry meaning: the CPU, the device, fresh bytes, stale
 * bytes, and a warning; the others are paper and ink. Meaning never rests on colour alone: stale is
 * hatched, dirty has a filled corner, device-owned a double border.
 *
 * tests/test_theme.c holds every pair that has to be told apart at a distance (CIE76) for normal,
 * protan and deutan sight.
 */
#include "types.h"

enum role {
	ROLE_NONE,               /* nothing is painted */
	ROLE_PAPER, ROLE_PANEL, ROLE_EDGE, ROLE_DIM, ROLE_INK,
	ROLE_FRESH, ROLE_CPU, ROLE_DEVICE, ROLE_STALE, ROLE_WARN,
	ROLE_COUNT
};

struct colour {
	uint8_t r, g, b;
};

enum theme { THEME_LIGHT, THEME_DARK, THEME_COUNT };

extern const char *const role_name[ROLE_COUNT];
extern const char *const theme_name[THEME_COUNT];
struct colour theme_colour(enum theme theme, enum role role);

/* Ink that can be read on a fill of this role: ROLE_INK or ROLE_PAPER. */
enum role role_ink(enum theme theme, enum role role);
