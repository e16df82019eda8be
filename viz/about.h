#pragma once
/*
 * What a thing of the picture is, in one or two sentences: for what is hovered, and for F1.
 */
#include "viz/panel.h"
#include "viz/text.h"

#define ABOUT_MAX 768    /* bytes of the longest answer */

/* Of THING_NONE nothing is said. The picture needs its player, model and look. */
void about_thing(struct text *t, const struct picture *p, struct thing thing);
