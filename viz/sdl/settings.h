#pragma once
/*
 * What the window remembers of the last time, as lines "key value" in
 * $XDG_STATE_HOME/dmalab/view. What is not understood there is as if it were not there.
 */
#include "viz/look.h"

struct settings {
	int width, height;       /* points */
};

/* The file as it was left, else what is usual. */
struct settings settings_load(struct look *look);

/* A folder that cannot be written is no harm. */
void settings_save(struct settings s, const struct look *look);
