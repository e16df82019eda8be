#pragma once
/*
 * The pages of a buffer: in a row as the driver's addresses run, and below it as they lie in RAM,
 * joined by lines. What kmalloc gave lies together; vmalloc's pages are strewn about; a scatterlist
 * says of each segment where it is.
 *
 * Of vmalloc memory the page that comes after the first one in RAM has a warning: there goes a
 * device that was given the address of the first and runs on.
 */
#include "viz/panel.h"

#define STRIP_PIECES 24      /* pages of a buffer that are shown */
#define STRIP_NONE   UINT64_MAX

enum strip_kind { STRIP_EMPTY, STRIP_TOGETHER, STRIP_VMALLOC, STRIP_LIST };

struct buffer_strip {
	enum strip_kind kind;
	uint64_t seq;            /* of the event that made it */
	uint64_t va, bytes;
	uint64_t beyond;         /* number of the page a device would run into, STRIP_NONE: none */
	uint32_t count, all;     /* pages shown, and all there are */
	struct {
		uint64_t pfn;
		uint32_t number; /* of the page, or of a list's segment */
	} piece[STRIP_PIECES];
};

/*
 * The buffer to be shown: the chosen one, else the newest of blocks of more than a page and
 * scatterlists that are mapped, else the newest block.
 */
struct buffer_strip buffer_strip_pick(const struct picture *p);

/* Is this page one of those shown? */
bool buffer_strip_has(const struct buffer_strip *b, uint64_t pfn);

/* Height it takes, with a buffer or without, so that nothing moves. */
float buffer_strip_height(const struct look *look);

void buffer_strip_draw(const struct picture *p, struct box b, const struct buffer_strip *strip);
