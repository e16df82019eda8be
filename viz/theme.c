#include "viz/theme.h"

const char *const role_name[ROLE_COUNT] = {
	"none", "paper", "panel", "edge", "dim", "ink", "fresh", "cpu", "device", "stale", "warn"
};

const char *const theme_name[THEME_COUNT] = { "light", "dark" };

static const struct colour colours[THEME_COUNT][ROLE_COUNT] = {
	[THEME_LIGHT] = {
		[ROLE_PAPER] = { 0xff, 0xff, 0xff }, [ROLE_PANEL] = { 0xf5, 0xf5, 0xf2 },
		[ROLE_EDGE] = { 0xb8, 0xb8, 0xb2 }, [ROLE_DIM] = { 0x5c, 0x5c, 0x5c },
		[ROLE_INK] = { 0x14, 0x14, 0x14 }, [ROLE_FRESH] = { 0xe8, 0xe6, 0xdc },
		[ROLE_CPU] = { 0x00, 0x72, 0xb2 }, [ROLE_DEVICE] = { 0xd5, 0x5e, 0x00 },
		[ROLE_STALE] = { 0x9a, 0x9a, 0x9a }, [ROLE_WARN] = { 0xe6, 0x9f, 0x00 },
	},
	[THEME_DARK] = {
		[ROLE_PAPER] = { 0x16, 0x18, 0x1c }, [ROLE_PANEL] = { 0x20, 0x23, 0x29 },
		[ROLE_EDGE] = { 0x55, 0x5a, 0x63 }, [ROLE_DIM] = { 0xa8, 0xac, 0xb4 },
		[ROLE_INK] = { 0xf2, 0xf2, 0xf0 }, [ROLE_FRESH] = { 0x34, 0x38, 0x40 },
		[ROLE_CPU] = { 0x3d, 0x9f, 0xe0 }, [ROLE_DEVICE] = { 0xf0, 0x7a, 0x24 },
		[ROLE_STALE] = { 0x7c, 0x80, 0x88 }, [ROLE_WARN] = { 0xff, 0xc2, 0x3d },
	},
};

struct colour theme_colour(enum theme theme, enum role role)
{
	return colours[theme][role];
}

static unsigned brightness(struct colour c)
{
	return 299u * c.r + 587u * c.g + 114u * c.b;
}

enum role role_ink(enum theme theme, enum role role)
{
	unsigned fill = brightness(theme_colour(theme, role));
	unsigned ink = brightness(theme_colour(theme, ROLE_INK));
	unsigned paper = brightness(theme_colour(theme, ROLE_PAPER));
	unsigned to_ink = fill > ink ? fill - ink : ink - fill;
	unsigned to_paper = fill > paper ? fill - paper : paper - fill;

	return to_ink >= to_paper ? ROLE_INK : ROLE_PAPER;
}
