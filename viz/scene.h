#pragma once
/*
 * A picture as a list of primitives of one size: what the painters paint and the tests read.
 *
 * Lengths are points: one point is one pixel on an ordinary screen and more on a dense one. Text is
 * set in a font of fixed width, so that everybody who lays out, paints or tests knows how wide it
 * is: TEXT_ADVANCE times its size for each character. Later primitives cover earlier ones.
 */
#include "viz/theme.h"

#define TEXT_ADVANCE 0.602f  /* of DejaVu Sans Mono, and near enough of any other */
#define TEXT_MIN     12.0f   /* points: nothing smaller is ever set */

struct box {
	float x, y, w, h;
};

enum shape { SHAPE_RECT, SHAPE_LINE, SHAPE_ARROW, SHAPE_TEXT };

/* How a rectangle or a line is drawn besides its colour. */
enum mark {
	MARK_HATCH  = 1,         /* stale: stripes in the colour of paper, half through */
	MARK_CORNER = 2,         /* dirty: the upper right corner is filled */
	MARK_DOUBLE = 4,         /* the device owns it: a second border inside the first */
	MARK_ROUND  = 8,         /* a pill: a transfer */
	MARK_DASH   = 16,        /* a border or line of dashes */
	MARK_BOLD   = 32,        /* text, or a border of two points */
	MARK_FADED  = 64,        /* filtered away by the legend: painted almost as paper */
};

/* What a primitive stands for: what a click selects and a hover names. */
enum thing_kind {
	THING_NONE, THING_PANEL, THING_BUTTON, THING_LEGEND, THING_BYTE, THING_LINE, THING_PAGE,
	THING_MAPPING, THING_EVENT, THING_FLAG, THING_DEVICE, THING_STAND_IN, THING_STORE,
	THING_TIME, THING_NOTICE, THING_KIND_COUNT
};

/*
 * id: BYTE the pa; LINE its pa; PAGE the page number; MAPPING the event that made it; EVENT its
 * position; FLAG its number; TIME the position under the pointer; BUTTON the action; STAND_IN the
 * event that made it; STORE its number in the store buffer; PANEL the panel. unit: of BYTE and LINE
 * the copy (enum where); of DEVICE the device. NOTICE is the sentence about what was just done.
 */
struct thing {
	uint8_t kind, unit;
	uint8_t board;           /* 0: the first, 1: the one beside it */
	uint64_t id;
};

struct prim {
	uint8_t shape;           /* enum shape */
	uint8_t fill, edge;      /* enum role; of text, lines and arrows fill is their colour */
	uint8_t marks;           /* enum mark, together */
	struct box box;          /* a line or arrow goes from (x, y) to (x + w, y + h) */
	float size;              /* of text; of a line its width */
	uint32_t words;          /* of text: where it stands in scene.words */
	struct thing thing;
};

struct scene {
	struct prim *prim;
	uint32_t count;
	uint32_t used;           /* bytes of words */
	char *words;             /* all texts, each ended by a zero byte */
	uint64_t room, words_room;
	float width, height;
	uint8_t marks;           /* what every primitive from now on gets (MARK_FADED) */
	struct thing thing;      /* what every primitive from now on stands for */
	uint8_t board;           /* on which board */
};

void scene_init(struct scene *s);
void scene_release(struct scene *s);
void scene_clear(struct scene *s, float width, float height);

/* What follows stands for this, until the next call. */
void scene_thing(struct scene *s, enum thing_kind kind, uint32_t unit, uint64_t id);

struct prim *scene_rect(struct scene *s, struct box b, enum role fill, enum role edge,
			uint32_t marks);
void scene_line(struct scene *s, float x, float y, float x2, float y2, enum role role,
		uint32_t marks);
void scene_arrow(struct scene *s, float x, float y, float x2, float y2, enum role role);

/*
 * One line of text with its left edge at x and its middle at y. What is wider than `width` is cut
 * and ends in an ellipsis; 0 is as wide as it is, and below 0 there is no room. Returns the width it
 * takes.
 */
__attribute__((format(printf, 8, 9)))
float scene_text(struct scene *s, float x, float y, float width, float size, enum role role,
		 uint32_t marks, const char *format, ...);

/* The same centred in a box; nothing when not even one character fits. */
__attribute__((format(printf, 6, 7)))
void scene_label(struct scene *s, struct box b, float size, enum role role, uint32_t marks,
		 const char *format, ...);

/* Text in lines of at most b.w, as many as b.h has room for. Returns the height it takes. */
float scene_wrap(struct scene *s, struct box b, float size, enum role role, const char *text);

/* The height scene_wrap takes where there is room enough. */
float wrap_height(const char *text, float width, float size);

float text_width(const char *text, float size);
const char *scene_words(const struct scene *s, const struct prim *p);     /* of a text */

/* What is at a point: of the last primitive there that stands for anything. */
struct thing scene_at(const struct scene *s, float x, float y);

/* Of the first board. */
static inline struct thing thing_of(enum thing_kind kind, uint32_t unit, uint64_t id)
{
	return (struct thing){ .kind = (uint8_t)kind, .unit = (uint8_t)unit, .id = id };
}

/* Smaller by so much on each side; what is too small for that keeps its middle. */
static inline struct box box_inset(struct box b, float by)
{
	float x = b.w < 2 * by ? b.w / 2 : by, y = b.h < 2 * by ? b.h / 2 : by;

	return (struct box){ b.x + x, b.y + y, b.w - 2 * x, b.h - 2 * y };
}

static inline bool box_holds(struct box b, float x, float y)
{
	return x >= b.x && y >= b.y && x < b.x + b.w && y < b.y + b.h;
}

static inline bool same_thing(struct thing a, struct thing b)
{
	return a.kind == b.kind && a.unit == b.unit && a.board == b.board && a.id == b.id;
}
