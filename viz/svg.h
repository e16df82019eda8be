#pragma once
/* Paints a scene as an SVG file: plain shapes and text, no script, nothing outside the file. */
#include "viz/scene.h"

#include <stdio.h>

/* False: writing failed. */
bool svg_paint(const struct scene *s, enum theme theme, FILE *to);
