#include "viz/text.h"

#include <stdarg.h>
#include <stdio.h>

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
