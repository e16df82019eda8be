#pragma once
/*
 * A map of many equal things in a box: the lines of a cache, the pages of RAM. Items go left to
 * right, row after row. At scale 1 all of them are there; when they are more than cells would fit,
 * a cell stands for a run of 2^k items. Zoom makes cells bigger until each is one item with room
 * for words; what does not fit any more is reached by scrolling.
 */
#include "viz/look.h"

#define GRID_LABEL 64

struct grid {
	struct box box;
	uint64_t items;
	uint32_t each;           /* items a cell stands for, a power of two */
	uint32_t columns;
	uint64_t rows, shown, top;       /* all there are; how many fit; the first of those */
	float w, h;              /* of a cell, its gap included */
	float text;              /* size of labels */
	enum theme theme;
};

/*
 * How the cells lie. `together`: so many items belong to one row or to none (the ways of a set, 16
 * pages); 1 where that means nothing. The look gives the zoom of this panel, and type and theme.
 */
struct grid grid_lay(struct box box, uint64_t items, uint32_t together, const struct look *look,
		     enum panel panel);

/* How a cell looks and what it stands for. It comes filled with zeros and with its place. */
struct cell {
	uint64_t first, n;       /* the items it stands for */
	float w, h;              /* how big it is, points */
	uint32_t columns, lines; /* room for a label: characters of a line, lines; 0: none */
	enum role fill, edge;
	uint32_t marks;          /* enum mark */
	struct thing thing;      /* kind THING_NONE: as what is around it */
	char label[GRID_LABEL];  /* lines apart by '\n' */
};

/* Draw what is to be seen; `style` says of each cell how it looks. */
void grid_draw(struct scene *s, const struct grid *g,
	       void (*style)(const void *context, struct cell *c), const void *context);

/* The cell of an item; w 0: it is scrolled away. */
struct box grid_box(const struct grid *g, uint64_t item);
