#pragma once
/* How a copy of bytes looks by its age: the same in every panel and in the legend. */
#include "viz/look.h"
#include "viz/model.h"

struct dress {
	enum legend row;         /* what filters it away */
	enum role fill;
	uint32_t marks;          /* enum mark; faded where it is filtered away */
};

/* FRESH: neutral. BEHIND: grey, for it is old. STALE: grey and hatched. ABSENT: nothing, dashed. */
struct dress dress_of(const struct look *look, enum age age);
