#include "viz/theme.h"

const char *const role_name[ROLE_COUNT] = {
	"none", "paper", "panel", "edge", "dim", "ink", "fresh", "cpu", "device", "stale", "warn"
};

const char *const theme_name[THEME_COUNT] = { "light", "dark" };

/*
 * Blue and vermillion are Okabe's and Ito's; vermillion is darkened so that words can be set in it.
 */
static const struct colour colours[THEME_COUNT][ROLE_COUNT] = {
	[THEME_LIGHT] = {
		[ROLE_PAPER] = { 0xff, 0xff, 0xff }, [ROLE_PANEL] = { 0xf5, 0xf5, 0xf2 },
		[ROLE_EDGE] = { 0xb8, 0xb8, 0xb2 }, [ROLE_DIM] = { 0x5c, 0x5c, 0x5c },
		[ROLE_INK] = { 0x14, 0x14, 0x14 }, [ROLE_FRESH] = { 0xe8, 0xe6, 0xdc },
		[ROLE_CPU] = { 0x00, 0x72, 0xb2 }, [ROLE_DEVICE] = { 0xbe, 0x4a, 0x00 },
		[ROLE_STALE] = { 0x96, 0x96, 0x96 }, [ROLE_WARN] = { 0xe6, 0x9f, 0x00 },
	},
	[THEME_DARK] = {
		[ROLE_PAPER] = { 0x16, 0x18, 0x1c }, [ROLE_PANEL] = { 0x20, 0x23, 0x29 },
		[ROLE_EDGE] = { 0x55, 0x5a, 0x63 }, [ROLE_DIM] = { 0xa8, 0xac, 0xb4 },
		[ROLE_INK] = { 0xf2, 0xf2, 0xf0 }, [ROLE_FRESH] = { 0x34, 0x38, 0x40 },
		[ROLE_CPU] = { 0x3d, 0x9f, 0xe0 }, [ROLE_DEVICE] = { 0xf0, 0x70, 0x20 },
		[ROLE_STALE] = { 0x69, 0x6d, 0x75 }, [ROLE_WARN] = { 0xff, 0xd0, 0x40 },
	},
};

struct colour theme_colour(enum theme theme, enum role role)
{
	return colours[theme][role];
}

/* Near enough: the screen's curve taken as a square. */
static float luminance(struct colour c)
{
	return (0.2126f * (float)(c.r * c.r) + 0.7152f * (float)(c.g * c.g) +
		0.0722f * (float)(c.b * c.b)) / (255 * 255);
}

static float contrast(float a, float b)
{
	return a > b ? (a + 0.05f) / (b + 0.05f) : (b + 0.05f) / (a + 0.05f);
}

enum role role_ink(enum theme theme, enum role role)
{
	float fill = luminance(theme_colour(theme, role));
	float ink = luminance(theme_colour(theme, ROLE_INK));
	float paper = luminance(theme_colour(theme, ROLE_PAPER));

	return contrast(fill, ink) >= contrast(fill, paper) ? ROLE_INK : ROLE_PAPER;
}
