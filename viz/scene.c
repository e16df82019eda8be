#include "viz/scene.h"
#include "viz/list.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_STEP    1.35f   /* from one line of wrapped text to the next, in sizes of it */
#define TEXT_LONGEST 512     /* bytes of one line */
#define ELLIPSIS "\xe2\x80\xa6"

void scene_init(struct scene *s)
{
	*s = (struct scene){ 0 };
}

void scene_release(struct scene *s)
{
	free(s->prim);
	free(s->words);
	scene_init(s);
}

void scene_clear(struct scene *s, float width, float height)
{
	s->count = s->used = 0;
	s->width = width;
	s->height = height;
	s->marks = 0;
	s->thing = (struct thing){ 0 };
	s->board = 0;
}

void scene_thing(struct scene *s, enum thing_kind kind, uint32_t unit, uint64_t id)
{
	s->thing = thing_of(kind, unit, id);
}

static struct prim *add(struct scene *s, struct prim p)
{
	s->prim = list_grown(s->prim, s->count, &s->room, sizeof *s->prim);
	p.marks |= s->marks;
	p.thing = s->thing;
	p.thing.board = s->board;
	s->prim[s->count] = p;
	return &s->prim[s->count++];
}

struct prim *scene_rect(struct scene *s, struct box b, enum role fill, enum role edge,
			uint32_t marks)
{
	return add(s, (struct prim){ .shape = SHAPE_RECT, .box = b, .fill = (uint8_t)fill,
				     .edge = (uint8_t)edge, .marks = (uint8_t)marks });
}

static void add_line(struct scene *s, enum shape shape, struct box b, enum role role,
		     uint32_t marks)
{
	add(s, (struct prim){ .shape = (uint8_t)shape, .box = b, .fill = (uint8_t)role,
			      .marks = (uint8_t)marks, .size = marks & MARK_BOLD ? 2 : 1 });
}

void scene_line(struct scene *s, float x, float y, float x2, float y2, enum role role,
		uint32_t marks)
{
	add_line(s, SHAPE_LINE, (struct box){ x, y, x2 - x, y2 - y }, role, marks);
}

void scene_arrow(struct scene *s, float x, float y, float x2, float y2, enum role role)
{
	add_line(s, SHAPE_ARROW, (struct box){ x, y, x2 - x, y2 - y }, role, MARK_BOLD);
}

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

static size_t characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += begins_character(*text);
	return n;
}

float text_width(const char *text, float size)
{
	return (float)characters(text) * size * TEXT_ADVANCE;
}

/* Cut to so many characters, the last of which tells that it was cut. */
static void cut(char *text, size_t most)
{
	char *at = text;

	if (characters(text) <= most)
		return;
	for (size_t n = 0; *at; at++)
		if (begins_character(*at) && n++ == most - 1)
			break;
	memcpy(at, ELLIPSIS, sizeof ELLIPSIS);
}

static float put(struct scene *s, float x, float y, float size, enum role role, uint32_t marks,
		 const char *text)
{
	uint32_t n = (uint32_t)strlen(text) + 1;
	float width = text_width(text, size);

	while (s->used + n > s->words_room)
		s->words = list_grown(s->words, s->words_room, &s->words_room, 1);
	memcpy(s->words + s->used, text, n);
	add(s, (struct prim){ .shape = SHAPE_TEXT, .fill = (uint8_t)role, .marks = (uint8_t)marks,
			      .box = { x, y - size * 0.6f, width, size * 1.2f }, .size = size,
			      .words = s->used });
	s->used += n;
	return width;
}

static size_t fitting(float width, float size)
{
	return width <= 0 ? 0 : (size_t)(width / (size * TEXT_ADVANCE) + 0.01f);
}

float scene_text(struct scene *s, float x, float y, float width, float size, enum role role,
		 uint32_t marks, const char *format, ...)
{
	char text[TEXT_LONGEST + sizeof ELLIPSIS];
	va_list args;

	va_start(args, format);
	vsnprintf(text, TEXT_LONGEST, format, args);
	va_end(args);
	if (width < 0 || (width > 0 && !fitting(width, size)))
		return 0;
	if (width > 0)
		cut(text, fitting(width, size));
	return put(s, x, y, size, role, marks, text);
}

void scene_label(struct scene *s, struct box b, float size, enum role role, uint32_t marks,
		 const char *format, ...)
{
	char text[TEXT_LONGEST + sizeof ELLIPSIS];
	va_list args;

	va_start(args, format);
	vsnprintf(text, TEXT_LONGEST, format, args);
	va_end(args);
	if (!fitting(b.w, size) || b.h < size)
		return;
	cut(text, fitting(b.w, size));
	put(s, b.x + (b.w - text_width(text, size)) / 2, b.y + b.h / 2, size, role, marks, text);
}

/* How many bytes of the text make one line of at most so many characters. */
static size_t line_length(const char *text, size_t most)
{
	size_t n = 0, at = 0, space = 0;

	for (; text[at] && text[at] != '\n'; at++) {
		if (begins_character(text[at]) && n++ == most)
			return space ? space : at;
		if (text[at] == ' ')
			space = at;
	}
	return at;
}

float scene_wrap(struct scene *s, struct box b, float size, enum role role, const char *text)
{
	float step = size * LINE_STEP, y = b.y;
	size_t most = fitting(b.w, size);

	while (*text && most && y + step <= b.y + b.h + 0.5f) {
		size_t n = line_length(text, most);
		bool last = y + 2 * step > b.y + b.h + 0.5f && text[n];

		scene_text(s, b.x, y + step / 2, last ? b.w : 0, size, role, 0, "%.*s",
			   last ? (int)strcspn(text, "\n") : (int)n, text);
		text += n + (text[n] == ' ' || text[n] == '\n');
		y += step;
	}
	return y - b.y;
}

float wrap_height(const char *text, float width, float size)
{
	size_t most = fitting(width, size);
	uint32_t lines = 0;

	for (; *text && most; lines++) {
		size_t n = line_length(text, most);

		text += n + (text[n] == ' ' || text[n] == '\n');
	}
	return (float)lines * size * LINE_STEP;
}

const char *scene_words(const struct scene *s, const struct prim *p)
{
	return s->words + p->words;
}

struct thing scene_at(const struct scene *s, float x, float y)
{
	for (uint32_t i = s->count; i-- > 0;) {
		const struct prim *p = &s->prim[i];

		if (p->thing.kind != THING_NONE && box_holds(p->box, x, y))
			return p->thing;
	}
	return (struct thing){ 0 };
}
