#include "viz/sdl/font.h"
#include "viz/scene.h"
#include "cow.h"

#include <SDL_ttf.h>
#include <fontconfig/fontconfig.h>
#include <math.h>

#define FACES 12         /* sizes, ordinary and bold, that are kept ready */
#define CODES 0x2800     /* letters, arrows, ticks and crosses */

/* One size. The font is opened FONT_PHASES times as wide as it is high: see shrink. */
struct face {
	float pixels;
	bool bold;
	TTF_Font *font;
	struct letter *letter[CODES];    /* FONT_PHASES of each */
};

struct font {
	char *path[2];           /* ordinary, bold */
	float advance[2];        /* width of a letter of size 1 */
	struct face *face[FACES];
	uint32_t faces;
};

/* The file of the fixed-width font fontconfig likes best, or NULL. */
static char *find_file(bool bold)
{
	FcPattern *wish = FcNameParse((const FcChar8 *)"DejaVu Sans Mono,monospace:spacing=100"
				      ":scalable=true");
	FcPattern *found;
	FcResult result;
	FcChar8 *file;
	char *path = NULL;

	FcPatternAddInteger(wish, FC_WEIGHT, bold ? FC_WEIGHT_BOLD : FC_WEIGHT_REGULAR);
	FcConfigSubstitute(NULL, wish, FcMatchPattern);
	FcDefaultSubstitute(wish);
	found = FcFontMatch(NULL, wish, &result);
	if (found && FcPatternGetString(found, FC_FILE, 0, &file) == FcResultMatch)
		path = SDL_strdup((const char *)file);
	if (found)
		FcPatternDestroy(found);
	FcPatternDestroy(wish);
	return path;
}

/* How wide this letter is in a font of one pixel; 0 for a letter it does not have. */
static float advance_of(TTF_Font *font, uint32_t code, float pixels)
{
	int advance = 0;

	TTF_GlyphMetrics32(font, code, NULL, NULL, NULL, NULL, &advance);
	return (float)advance / pixels;
}

#define MEASURED 512     /* pixels: wide letters are measured well */

/* The width all letters have; 0 when they differ, or it is no font. */
static float measure(const char *path)
{
	TTF_Font *font = path ? TTF_OpenFontDPI(path, MEASURED, 72, 72) : NULL;
	float narrow, wide;

	if (!font)
		return 0;
	narrow = advance_of(font, 'i', MEASURED);
	wide = advance_of(font, 'W', MEASURED);
	TTF_CloseFont(font);
	return fabsf(narrow - wide) < 0.01f ? wide : 0;
}

struct font *font_open(char *why, size_t n)
{
	struct font *f;

	if (TTF_Init() || !FcInit()) {
		SDL_snprintf(why, n, "letters cannot be drawn: %s", SDL_GetError());
		return NULL;
	}
	f = core_alloc(sizeof *f);
	*f = (struct font){ .path = { find_file(false), find_file(true) } };
	for (int bold = 0; bold < 2; bold++)
		f->advance[bold] = measure(f->path[bold]);
	if (f->advance[0] > 0)
		return f;
	font_close(f);
	SDL_snprintf(why, n, "no font of fixed width is installed. Install DejaVu Sans Mono: "
		     "apt-get install fonts-dejavu-core, dnf install dejavu-sans-mono-fonts, "
		     "pacman -S ttf-dejavu or brew install --cask font-dejavu");
	return NULL;
}

static void close_face(struct face *face)
{
	for (size_t i = 0; i < CODES; i++)
		for (int phase = 0; face->letter[i] && phase < FONT_PHASES; phase++)
			SDL_free((void *)(uintptr_t)face->letter[i][phase].stencil);
	for (size_t i = 0; i < CODES; i++)
		SDL_free(face->letter[i]);
	TTF_CloseFont(face->font);
	SDL_free(face);
}

void font_close(struct font *f)
{
	if (!f)
		return;
	while (f->faces)
		close_face(f->face[--f->faces]);
	SDL_free(f->path[0]);
	SDL_free(f->path[1]);
	free(f);
	FcFini();
	TTF_Quit();
}

/* A font of one point in so many dots an inch has any size, also between whole pixels. */
static TTF_Font *open_size(const struct font *f, float pixels, bool bold)
{
	bool real = bold && f->advance[1] > 0;
	float dots = pixels * 72 * TEXT_ADVANCE / f->advance[real];
	TTF_Font *font = TTF_OpenFontDPI(f->path[real], 1, (unsigned)(dots * FONT_PHASES),
					 (unsigned)dots);

	if (!font)
		return NULL;
	TTF_SetFontHinting(font, TTF_HINTING_LIGHT);
	if (bold && !real)
		TTF_SetFontStyle(font, TTF_STYLE_BOLD);
	return font;
}

static struct face *face_of(struct font *f, float pixels, bool bold)
{
	struct face *face;

	for (uint32_t i = 0; i < f->faces; i++)
		if (f->face[i]->bold == bold && fabsf(f->face[i]->pixels - pixels) < 0.01f)
			return f->face[i];
	while (f->faces == FACES)
		close_face(f->face[--f->faces]);
	face = SDL_calloc(1, sizeof *face);
	if (face)
		face->font = open_size(f, pixels, bold);
	if (!face || !face->font) {
		SDL_free(face);
		return NULL;
	}
	face->pixels = pixels;
	face->bold = bold;
	return f->face[f->faces++] = face;
}

static size_t utf8(uint32_t code, char *text)
{
	if (code < 0x80) {
		text[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		text[0] = (char)(0xc0 | code >> 6);
		text[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	text[0] = (char)(0xe0 | code >> 12);
	text[1] = (char)(0x80 | (code >> 6 & 0x3f));
	text[2] = (char)(0x80 | (code & 0x3f));
	return 3;
}

static uint32_t cover(const SDL_Surface *wide, int x, int y)
{
	const uint8_t *row = (const uint8_t *)wide->pixels + (ptrdiff_t)y * wide->pitch;

	return x >= 0 && x < wide->w ? ((const uint32_t *)(const void *)row)[x] >> 24 : 0;
}

/*
 * The wide letter in pixels of their true shape: each is the mean of FONT_PHASES dots. Where in the
 * pixel the letter begins decides which dots.
 */
static void shrink(const SDL_Surface *wide, int phase, struct letter *l)
{
	uint8_t *to;

	l->w = (wide->w + 2 * FONT_PHASES - 1) / FONT_PHASES;
	l->h = wide->h;
	l->stencil = to = SDL_calloc((size_t)l->w, (size_t)l->h);
	for (int y = 0; to && y < l->h; y++)
		for (int x = 0; x < l->w; x++) {
			uint32_t sum = 0;

			for (int i = 0; i < FONT_PHASES; i++)
				sum += cover(wide, x * FONT_PHASES + i - phase, y);
			*to++ = (uint8_t)(sum / FONT_PHASES);
		}
	if (!l->stencil)
		l->w = l->h = 0;
}

static struct letter *make(struct face *face, uint32_t code)
{
	struct letter *l = SDL_calloc(FONT_PHASES, sizeof *l);
	char text[8] = "";
	int left = 0;
	SDL_Surface *wide;

	utf8(code, text);
	wide = TTF_RenderUTF8_Blended(face->font, text, (SDL_Color){ 255, 255, 255, 255 });
	TTF_GlyphMetrics32(face->font, code, &left, NULL, NULL, NULL, NULL);
	for (int phase = 0; l && wide && phase < FONT_PHASES; phase++) {
		shrink(wide, phase, &l[phase]);
		l[phase].left = left < 0 ? (left - FONT_PHASES + 1) / FONT_PHASES : 0;
		l[phase].top = -TTF_FontAscent(face->font);
	}
	SDL_FreeSurface(wide);
	return l;
}

const struct letter *font_letter(struct font *f, float pixels, bool bold, uint32_t code,
				 uint32_t phase)
{
	struct face *face = face_of(f, pixels, bold);

	if (!face)
		return NULL;
	if (code >= CODES || (!face->letter[code] && !TTF_GlyphIsProvided32(face->font, code)))
		code = '?';
	if (!face->letter[code])
		face->letter[code] = make(face, code);
	return face->letter[code] ? &face->letter[code][phase] : NULL;
}
