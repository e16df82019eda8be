#include "viz/sdl/paint.h"

#include <math.h>

#define FADED 38u        /* of 256: almost paper */

struct painter {
	struct canvas *canvas;
	struct font *font;
	const struct scene *scene;
	enum theme theme;
	float scale;
	uint32_t alpha;          /* of what is painted now */
};

static struct ink ink_of(const struct painter *p, enum role role)
{
	struct colour c = theme_colour(p->theme, role);

	return (struct ink){ 0xff000000 | (uint32_t)c.r << 16 | (uint32_t)c.g << 8 | c.b,
			     role == ROLE_NONE ? 0 : p->alpha };
}

/* A length that is to be seen has a pixel at least. */
static int pixels(const struct painter *p, float points)
{
	int n = (int)lroundf(points * p->scale);

	return n > 0 ? n : 1;
}

/* Both edges are rounded, so that what meets in points meets in pixels. */
static struct area area_of(const struct painter *p, struct box b)
{
	int x = (int)lroundf(b.x * p->scale), y = (int)lroundf(b.y * p->scale);

	return (struct area){ x, y, (int)lroundf((b.x + b.w) * p->scale) - x,
			      (int)lroundf((b.y + b.h) * p->scale) - y };
}

static void dashes(const struct painter *p, struct area a, struct ink ink)
{
	int on = pixels(p, 3), step = on + pixels(p, 2);

	for (int at = 0; at < (a.w > a.h ? a.w : a.h); at += step) {
		struct area piece = a.w > a.h ?
			(struct area){ a.x + at, a.y, at + on > a.w ? a.w - at : on, a.h } :
			(struct area){ a.x, a.y + at, a.w, at + on > a.h ? a.h - at : on };

		canvas_fill(p->canvas, piece, ink);
	}
}

static void straight(const struct painter *p, struct area a, struct ink ink, uint32_t marks)
{
	if (marks & MARK_DASH)
		dashes(p, a, ink);
	else
		canvas_fill(p->canvas, a, ink);
}

static void border(const struct painter *p, struct area a, int width, struct ink ink,
		   uint32_t marks)
{
	if (a.w < 2 * width || a.h < 2 * width)
		return;
	straight(p, (struct area){ a.x, a.y, a.w, width }, ink, marks);
	straight(p, (struct area){ a.x, a.y + a.h - width, a.w, width }, ink, marks);
	straight(p, (struct area){ a.x, a.y + width, width, a.h - 2 * width }, ink, marks);
	straight(p, (struct area){ a.x + a.w - width, a.y + width, width, a.h - 2 * width }, ink,
		 marks);
}

static void pill(const struct painter *p, const struct prim *rect)
{
	struct box b = rect->box;
	float s = p->scale, r = fminf(b.w, b.h) / 2, edge = rect->marks & MARK_BOLD ? 2 : 1;
	float x = (b.x + r) * s, y = (b.y + r) * s, x2 = (b.x + b.w - r) * s, y2 = (b.y + b.h - r) * s;

	if (rect->fill)
		canvas_round(p->canvas, x, y, x2, y2, r * s - 0.5f, 0, ink_of(p, rect->fill));
	if (rect->edge)
		canvas_round(p->canvas, x, y, x2, y2, r * s, (r - edge) * s, ink_of(p, rect->edge));
}

static void corner(const struct painter *p, struct box b)
{
	float side = b.h < 14 ? b.h / 2 : 7, s = p->scale;
	float right = (b.x + b.w) * s, top = b.y * s;

	canvas_triangle(p->canvas, (float[]){ right - side * s, top, right, top, right,
					      top + side * s }, ink_of(p, ROLE_INK));
}

static void rect(const struct painter *p, const struct prim *r)
{
	struct area a = area_of(p, r->box);
	struct ink hatch = ink_of(p, ROLE_PAPER);
	int inner = pixels(p, 2);

	if (r->marks & MARK_ROUND) {
		pill(p, r);
		return;
	}
	if (r->fill)
		canvas_fill(p->canvas, a, ink_of(p, r->fill));
	hatch.alpha = hatch.alpha / 2;
	if (r->marks & MARK_HATCH)
		canvas_hatch(p->canvas, a, hatch, pixels(p, 6), pixels(p, 1));
	if (r->edge)
		border(p, a, pixels(p, r->marks & MARK_BOLD ? 2 : 1), ink_of(p, r->edge), r->marks);
	if (r->marks & MARK_DOUBLE)
		border(p, (struct area){ a.x + inner, a.y + inner, a.w - 2 * inner, a.h - 2 * inner },
		       pixels(p, 1), ink_of(p, r->edge), 0);
	if (r->marks & MARK_CORNER)
		corner(p, r->box);
}

static void slanting(const struct painter *p, const struct prim *l)
{
	float s = p->scale, length = hypotf(l->box.w, l->box.h);
	float on = l->marks & MARK_DASH ? 3 : length, step = on + 2;

	for (float at = 0; at < length; at += step) {
		float from = at / length, to = fminf(at + on, length) / length;

		canvas_round(p->canvas, (l->box.x + l->box.w * from) * s,
			     (l->box.y + l->box.h * from) * s, (l->box.x + l->box.w * to) * s,
			     (l->box.y + l->box.h * to) * s, l->size * s / 2, 0,
			     ink_of(p, l->fill));
	}
}

static void line(const struct painter *p, const struct prim *l)
{
	struct box b = l->box;
	int width = pixels(p, l->size);
	bool upright = fabsf(b.w) < 0.5f, flat = fabsf(b.h) < 0.5f;
	struct area a = area_of(p, (struct box){ fminf(b.x, b.x + b.w), fminf(b.y, b.y + b.h),
						 fabsf(b.w), fabsf(b.h) });

	if (upright)
		straight(p, (struct area){ a.x - width / 2, a.y, width, a.h }, ink_of(p, l->fill),
			 l->marks);
	else if (flat)
		straight(p, (struct area){ a.x, a.y - width / 2, a.w, width }, ink_of(p, l->fill),
			 l->marks);
	else
		slanting(p, l);
}

#define HEAD 9.0f        /* points an arrow's head is long and wide */

static void arrow(const struct painter *p, const struct prim *l)
{
	float length = hypotf(l->box.w, l->box.h), s = p->scale;
	float dx = length > 0 ? l->box.w / length : 1, dy = length > 0 ? l->box.h / length : 0;
	float head = fminf(HEAD, length), half = head / 2;
	float x = l->box.x + l->box.w, y = l->box.y + l->box.h;
	float bx = x - dx * head, by = y - dy * head;
	struct prim shaft = *l;

	shaft.box.w -= dx * half;
	shaft.box.h -= dy * half;
	line(p, &shaft);
	canvas_triangle(p->canvas, (float[]){ x * s, y * s, (bx - dy * half) * s, (by + dx * half) * s,
					      (bx + dy * half) * s, (by - dx * half) * s },
			ink_of(p, l->fill));
}

/* The next character of UTF-8; a stray byte stands for itself. */
static uint32_t next_code(const char **text)
{
	const uint8_t *at = (const uint8_t *)*text;
	int more = at[0] >= 0xf0 ? 3 : at[0] >= 0xe0 ? 2 : at[0] >= 0xc0 ? 1 : 0;
	uint32_t code = more ? at[0] & (0x3fu >> more) : at[0];

	for (int i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80) {
			(*text)++;
			return at[0];
		}
		code = code << 6 | (at[i] & 0x3f);
	}
	*text += more + 1;
	return code;
}

static void text(const struct painter *p, const struct prim *t)
{
	const char *words = scene_words(p->scene, t);
	float size = t->size * p->scale, x = t->box.x * p->scale;
	int base = (int)lroundf((t->box.y + t->box.h / 2 + t->size * 0.35f) * p->scale);
	struct ink ink = ink_of(p, t->fill);

	for (; *words; x += size * TEXT_ADVANCE) {
		uint32_t code = next_code(&words);
		int place = (int)lroundf(x * FONT_PHASES);
		int left = (int)floorf((float)place / FONT_PHASES);
		const struct letter *l;

		if (code == ' ')
			continue;
		l = font_letter(p->font, size, t->marks & MARK_BOLD, code,
				(uint32_t)(place - left * FONT_PHASES));
		if (l)
			canvas_stencil(p->canvas, (struct area){ left + l->left, base + l->top, l->w,
								 l->h }, l->stencil, ink);
	}
}

void paint(struct canvas *c, struct font *f, const struct scene *s, enum theme theme, float scale)
{
	struct painter p = { c, f, s, theme, scale, 256 };

	canvas_fill(c, (struct area){ 0, 0, c->width, c->height }, ink_of(&p, ROLE_PAPER));
	for (uint32_t i = 0; i < s->count; i++) {
		const struct prim *prim = &s->prim[i];

		p.alpha = prim->marks & MARK_FADED ? FADED : 256;
		switch ((enum shape)prim->shape) {
		case SHAPE_RECT:  rect(&p, prim); break;
		case SHAPE_LINE:  line(&p, prim); break;
		case SHAPE_ARROW: arrow(&p, prim); break;
		case SHAPE_TEXT:  text(&p, prim); break;
		}
	}
}
