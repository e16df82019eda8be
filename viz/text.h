#pragma once
/* Text put together piece by piece, in room that somebody else has. */
#include <stddef.h>

struct text {
	char *at;                /* ends in a zero byte once something was added */
	size_t used, room;       /* bytes; what does not fit is left off */
};

__attribute__((format(printf, 2, 3)))
void text_add(struct text *t, const char *format, ...);
