#pragma once
/* What lies over the picture: the key card, an explanation, what is looked for, a hint. */
#include "viz/panel.h"

/* After the panels; the pointer is where the hint of what is hovered stands. */
void overlay_draw(const struct picture *p, struct point pointer);
