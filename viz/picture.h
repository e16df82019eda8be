#pragma once
/* The whole picture: where each panel stands, and all of them drawn. */
#include "viz/panel.h"

/* Sets p->box. Every panel keeps its place as long as size, text and machine stay the same. */
void picture_layout(struct picture *p, float width, float height);

/* The same picture with the board beside it in the first one's place. */
struct picture picture_beside(const struct picture *p);

/* Clear p->scene and draw everything. p->model is player_model(p->player). */
void picture_draw(struct picture *p, float width, float height);
