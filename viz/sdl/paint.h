#pragma once
/* Paints a scene on pixels. */
#include "viz/scene.h"
#include "viz/sdl/canvas.h"
#include "viz/sdl/font.h"

/* So many pixels a point. The canvas has room for the whole scene, or less of it is seen. */
void paint(struct canvas *c, struct font *f, const struct scene *s, enum theme theme, float scale);
