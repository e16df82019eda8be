#include "viz/dress.h"

struct dress dress_of(const struct look *look, enum age age)
{
	static const struct dress dresses[] = {
		[AGE_FRESH]  = { LEGEND_FRESH, ROLE_FRESH, 0 },
		[AGE_BEHIND] = { LEGEND_BEHIND, ROLE_STALE, 0 },
		[AGE_STALE]  = { LEGEND_STALE, ROLE_STALE, MARK_HATCH },
		[AGE_ABSENT] = { LEGEND_FRESH, ROLE_NONE, MARK_DASH },
	};
	struct dress d = dresses[age];

	if (look_hides(look, d.row))
		d.marks |= MARK_FADED;
	return d;
}
