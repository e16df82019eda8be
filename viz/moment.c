#include "viz/moment.h"
#include "viz/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint64_t missing(char *why, size_t n, const char *what, const char *text)
{
	snprintf(why, n, "there is no %s %s in this recording", what, text);
	return UINT64_MAX;
}

uint64_t moment_find(const struct player *p, const char *text, char *why, size_t n)
{
	uint64_t value, at;

	if (!strcmp(text, "end"))
		return player_count(p);
	if (!strncmp(text, "cycle:", 6) && text_number(text + 6, &value)) {
		at = player_find_cycle(p, value);
		return at == UINT64_MAX ? missing(why, n, "cycle", text + 6) : at;
	}
	if (!strncmp(text, "violation:", 10) && text_number(text + 10, &value))
		return value && value <= player_flags(p) ? player_flag(p, (uint32_t)value - 1)->at :
			missing(why, n, "violation", text + 10);
	if (text_number(text, &value)) {
		at = player_find_last(p, value);
		return at == UINT64_MAX ? missing(why, n, "event", text) : at;
	}
	snprintf(why, n, "%s names no moment: use " MOMENT_HELP, text);
	return UINT64_MAX;
}
