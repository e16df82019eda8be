/* Colours that mean something can be told apart, by everybody; and text can be read. */
#include "harness.h"

#include "viz/theme.h"

#include <math.h>

#define APART     20.0       /* CIE76: what is less is risky (measured on other teaching tools) */
#define READABLE  4.5        /* WCAG 2, level AA, text of ordinary size */

enum sight { NORMAL, PROTAN, DEUTAN, SIGHTS };

static const char *const sight_name[] = { "normal", "protan", "deutan" };

/* Machado, Oliveira and Fernandes 2009, severity 1.0; of linear RGB. */
static const double seen_by[SIGHTS][3][3] = {
	{ { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } },
	{ { 0.152286, 1.052583, -0.204868 },
	  { 0.114503, 0.786281, 0.099216 },
	  { -0.003882, -0.048116, 1.051998 } },
	{ { 0.367322, 0.860646, -0.227968 },
	  { 0.280085, 0.672501, 0.047413 },
	  { -0.011820, 0.042940, 0.968881 } },
};

/* Linear sRGB to CIE XYZ, and its white (D65). */
static const double to_xyz[3][3] = {
	{ 0.4124564, 0.3575761, 0.1804375 },
	{ 0.2126729, 0.7151522, 0.0721750 },
	{ 0.0193339, 0.1191920, 0.9503041 },
};
static const double white[3] = { 0.95047, 1, 1.08883 };

struct three {
	double at[3];
};

static struct three times(const double m[3][3], struct three v)
{
	struct three r;

	for (size_t i = 0; i < 3; i++)
		r.at[i] = m[i][0] * v.at[0] + m[i][1] * v.at[1] + m[i][2] * v.at[2];
	return r;
}

static double linear(uint8_t byte)
{
	double c = byte / 255.0;

	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static struct three light_of(enum theme theme, enum role role)
{
	struct colour c = theme_colour(theme, role);

	return (struct three){ { linear(c.r), linear(c.g), linear(c.b) } };
}

static struct three seen(struct three light, enum sight sight)
{
	struct three r = times(seen_by[sight], light);

	for (size_t i = 0; i < 3; i++)
		r.at[i] = fmin(fmax(r.at[i], 0), 1);
	return r;
}

static double cube_root(double t)
{
	return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

static struct three lab(struct three light)
{
	struct three xyz = times(to_xyz, light);
	double f[3];

	for (size_t i = 0; i < 3; i++)
		f[i] = cube_root(xyz.at[i] / white[i]);
	return (struct three){ { 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2]) } };
}

static double distance(enum theme theme, enum role a, enum role b, enum sight sight)
{
	struct three x = lab(seen(light_of(theme, a), sight));
	struct three y = lab(seen(light_of(theme, b), sight));

	return sqrt(pow(x.at[0] - y.at[0], 2) + pow(x.at[1] - y.at[1], 2) +
		    pow(x.at[2] - y.at[2], 2));
}

static double contrast(enum theme theme, enum role a, enum role b)
{
	double x = times(to_xyz, light_of(theme, a)).at[1];
	double y = times(to_xyz, light_of(theme, b)).at[1];

	return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

static const enum role meanings[] = { ROLE_FRESH, ROLE_CPU, ROLE_DEVICE, ROLE_STALE, ROLE_WARN };

#define MEANINGS (sizeof meanings / sizeof meanings[0])

/* The measure itself: what visual-design.md has for blue and vermillion. */
static void the_measure_is_right(void **state)
{
	struct three blue = { { linear(0x00), linear(0x72), linear(0xb2) } };
	struct three black = { { 0, 0, 0 } }, paper = { { 1, 1, 1 } };

	(void)state;
	assert_true(fabs(lab(paper).at[0] - 100) < 0.01 && fabs(lab(black).at[0]) < 0.01);
	assert_true(fabs(lab(paper).at[1]) < 0.01 && fabs(lab(paper).at[2]) < 0.01);
	assert_true(fabs(lab(blue).at[0] - 46.1) < 0.5);
	assert_true(fabs(seen(paper, DEUTAN).at[1] - 1) < 0.001);
}

static void meanings_are_apart_for_every_sight(void **state)
{
	(void)state;
	for (enum theme theme = 0; theme < THEME_COUNT; theme++)
		for (size_t i = 0; i < MEANINGS * MEANINGS * SIGHTS; i++) {
			enum role a = meanings[i % MEANINGS], b = meanings[i / MEANINGS % MEANINGS];
			enum sight sight = (enum sight)(i / MEANINGS / MEANINGS);

			if (a < b && distance(theme, a, b, sight) < APART)
				fail_msg("%s: %s and %s are %.1f apart for %s sight",
					 theme_name[theme], role_name[a], role_name[b],
					 distance(theme, a, b, sight), sight_name[sight]);
		}
}

static void text_can_be_read(void **state)
{
	static const enum role pairs[][2] = {
		{ ROLE_INK, ROLE_PAPER }, { ROLE_INK, ROLE_PANEL }, { ROLE_INK, ROLE_FRESH },
		{ ROLE_INK, ROLE_STALE }, { ROLE_DIM, ROLE_PAPER }, { ROLE_DIM, ROLE_PANEL },
		{ ROLE_DIM, ROLE_FRESH }, { ROLE_CPU, ROLE_PANEL }, { ROLE_DEVICE, ROLE_PANEL },
	};

	(void)state;
	for (enum theme theme = 0; theme < THEME_COUNT; theme++)
		for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
			if (contrast(theme, pairs[i][0], pairs[i][1]) < READABLE)
				fail_msg("%s: %s on %s has a contrast of %.2f", theme_name[theme],
					 role_name[pairs[i][0]], role_name[pairs[i][1]],
					 contrast(theme, pairs[i][0], pairs[i][1]));
}

static void ink_is_chosen_so_that_it_can_be_read(void **state)
{
	(void)state;
	for (enum theme theme = 0; theme < THEME_COUNT; theme++)
		for (size_t i = 0; i < MEANINGS; i++) {
			enum role ink = role_ink(theme, meanings[i]);

			assert_true(contrast(theme, ink, meanings[i]) >= READABLE);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_measure_is_right),
		cmocka_unit_test(meanings_are_apart_for_every_sight),
		cmocka_unit_test(text_can_be_read),
		cmocka_unit_test(ink_is_chosen_so_that_it_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
