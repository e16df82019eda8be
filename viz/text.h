#pragma once
/* Text put together piece by piece, in room that somebody else has; and numbers out of text. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *at;                /* ends in a zero byte once something was added */
	size_t used, room;       /* bytes; what does not fit is left off */
};

__attribute__((format(printf, 2, 3)))
void text_add(struct text *t, const char *format, ...);

/* "120", or "0x2040". False: it is no such number, or has anything behind it. */
bool text_number(const char *text, uint64_t *value);
