#include "viz/svg.h"

static void put_colour(FILE *to, const char *what, enum theme theme, enum role role)
{
	struct colour c = theme_colour(theme, role);

	if (role == ROLE_NONE)
		fprintf(to, " %s=\"none\"", what);
	else
		fprintf(to, " %s=\"#%02x%02x%02x\"", what, c.r, c.g, c.b);
}

static void put_escaped(FILE *to, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '<': fputs("&lt;", to); break;
		case '>': fputs("&gt;", to); break;
		case '&': fputs("&amp;", to); break;
		default:  fputc(*text, to);
		}
}

static void put_box(FILE *to, struct box b)
{
	fprintf(to, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\"", (double)b.x, (double)b.y,
		(double)b.w, (double)b.h);
}

static void put_rect(FILE *to, const struct prim *p, enum theme theme)
{
	put_box(to, p->edge ? box_inset(p->box, 0.5f) : p->box);
	if (p->marks & MARK_ROUND)
		fprintf(to, " rx=\"%g\"", (double)(p->box.h / 2));
	put_colour(to, "fill", theme, p->fill);
	put_colour(to, "stroke", theme, p->edge);
	if (p->marks & MARK_BOLD)
		fputs(" stroke-width=\"2\"", to);
	if (p->marks & MARK_DASH)
		fputs(" stroke-dasharray=\"3 2\"", to);
	fputs("/>", to);
	if (p->marks & MARK_HATCH) {
		put_box(to, p->box);
		fputs(" fill=\"url(#hatch)\"/>", to);
	}
	if (p->marks & MARK_DOUBLE) {
		put_box(to, box_inset(p->box, 2.5f));
		put_colour(to, "stroke", theme, p->edge);
		fputs(" fill=\"none\"/>", to);
	}
	if (p->marks & MARK_CORNER) {
		float side = p->box.h < 14 ? p->box.h / 2 : 7;

		fprintf(to, "<path d=\"M%g %gh%gv%gz\"", (double)(p->box.x + p->box.w - side),
			(double)p->box.y, (double)side, (double)side);
		put_colour(to, "fill", theme, ROLE_INK);
		fputs("/>", to);
	}
}

static void put_line(FILE *to, const struct prim *p, enum theme theme)
{
	fprintf(to, "<line x1=\"%g\" y1=\"%g\" x2=\"%g\" y2=\"%g\" stroke-width=\"%g\"",
		(double)p->box.x, (double)p->box.y, (double)(p->box.x + p->box.w),
		(double)(p->box.y + p->box.h), (double)p->size);
	put_colour(to, "stroke", theme, p->fill);
	if (p->marks & MARK_DASH)
		fputs(" stroke-dasharray=\"3 2\"", to);
	if (p->shape == SHAPE_ARROW)
		fprintf(to, " marker-end=\"url(#arrow-%s)\"", role_name[p->fill]);
	fputs("/>", to);
}

static void put_text(FILE *to, const struct scene *s, const struct prim *p, enum theme theme)
{
	fprintf(to, "<text x=\"%g\" y=\"%g\" font-size=\"%g\" textLength=\"%g\"", (double)p->box.x,
		(double)(p->box.y + p->box.h / 2 + p->size * 0.35f), (double)p->size,
		(double)p->box.w);
	put_colour(to, "fill", theme, p->fill);
	if (p->marks & MARK_BOLD)
		fputs(" font-weight=\"bold\"", to);
	fputs(" xml:space=\"preserve\">", to);
	put_escaped(to, scene_words(s, p));
	fputs("</text>", to);
}

static void put_prim(FILE *to, const struct scene *s, const struct prim *p, enum theme theme)
{
	if (p->marks & MARK_FADED)
		fputs("<g opacity=\"0.15\">", to);
	switch ((enum shape)p->shape) {
	case SHAPE_RECT: put_rect(to, p, theme); break;
	case SHAPE_LINE:
	case SHAPE_ARROW: put_line(to, p, theme); break;
	case SHAPE_TEXT: put_text(to, s, p, theme); break;
	}
	fputs(p->marks & MARK_FADED ? "</g>\n" : "\n", to);
}

/*
 * What shapes refer to: the hatching, in the colour of paper so that words on it can be read, and a
 * head for arrows of each colour.
 */
static void put_definitions(FILE *to, enum theme theme)
{
	fputs("<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" "
	      "patternUnits=\"userSpaceOnUse\">"
	      "<path d=\"M-1 7L7 -1M-1 1L1 -1M5 7L7 5\"", to);
	put_colour(to, "stroke", theme, ROLE_PAPER);
	fputs(" stroke-opacity=\"0.5\" stroke-width=\"1.5\"/></pattern>\n", to);
	for (enum role role = ROLE_EDGE; role < ROLE_COUNT; role++) {
		fprintf(to, "<marker id=\"arrow-%s\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" "
			"markerWidth=\"5\" markerHeight=\"5\" orient=\"auto\">"
			"<path d=\"M0 0L8 4L0 8z\"", role_name[role]);
		put_colour(to, "fill", theme, role);
		fputs("/></marker>\n", to);
	}
	fputs("</defs>\n", to);
}

bool svg_paint(const struct scene *s, enum theme theme, FILE *to)
{
	fprintf(to, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" width=\"%g\" "
		"height=\"%g\" font-family=\"'DejaVu Sans Mono',monospace\">\n", (double)s->width,
		(double)s->height, (double)s->width, (double)s->height);
	put_definitions(to, theme);
	fputs("<rect width=\"100%\" height=\"100%\"", to);
	put_colour(to, "fill", theme, ROLE_PAPER);
	fputs("/>\n", to);
	for (uint32_t i = 0; i < s->count; i++)
		put_prim(to, s, &s->prim[i], theme);
	fputs("</svg>\n", to);
	return !fflush(to) && !ferror(to);
}
