#include "viz/options.h"
#include "viz/text.h"

#include <stdio.h>
#include <string.h>

bool option_size(const char *text, int *width, int *height)
{
	char end;

	return sscanf(text, "%dx%d%c", width, height, &end) == 2 && *width >= 200 &&
	       *height >= 150 && *width <= 16384 && *height <= 16384;
}

bool option_theme(const char *text, enum theme *theme)
{
	for (enum theme t = 0; t < THEME_COUNT; t++)
		if (!strcmp(theme_name[t], text)) {
			*theme = t;
			return true;
		}
	return false;
}

bool option_select(struct view *v, const char *address, char *why, size_t n)
{
	uint64_t value;

	if (!address || (text_number(address, &value) && view_select(v, value)))
		return true;
	snprintf(why, n, "at this moment there is no memory at %s", address);
	return false;
}
