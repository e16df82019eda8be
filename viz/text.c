#include "viz/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

void text_add(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at + t->used, t->room - t->used, format, args);
	va_end(args);
	if (n > 0)
		t->used = (size_t)n < t->room - t->used ? t->used + (size_t)n : t->room - 1;
}

bool text_number(const char *text, uint64_t *value)
{
	bool hex = !strncasecmp(text, "0x", 2);
	unsigned char first = (unsigned char)text[hex ? 2 : 0];
	char *end;

	errno = 0;
	*value = strtoull(text, &end, hex ? 16 : 10);
	return (hex ? isxdigit(first) : isdigit(first)) && !*end && !errno;
}
