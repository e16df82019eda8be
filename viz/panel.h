#pragma once
/*
 * What a panel draws from, and into. A panel is a fold's last step: from a model (and the player,
 * where it looks along time) and a look to primitives inside its box. It keeps no state.
 */
#include "viz/look.h"
#include "viz/player.h"

struct picture {
	struct scene *scene;
	const struct player *player;
	const struct model *model;       /* player_model(player) */
	const struct look *look;
	const struct player *beside;     /* the second board, or NULL */
	const struct model *other;       /* the model of the board that is not drawn now, or NULL */
	struct box box[PANEL_COUNT];     /* where each panel stands; w 0: it is left out */
	struct box also[PANEL_COUNT];    /* the same of the second board's machine alone */
	struct box name[2];              /* what the boards are; w 0: there is one alone */
	struct box difference;           /* and what differs between them now */
};

struct panel_info {
	const char *name, *title, *sentence;
	void (*draw)(const struct picture *p, struct box b);     /* b is inside frame and title */
};

extern const struct panel_info panel_info[PANEL_COUNT];

#define PANEL(NAME, name, title, sentence) \
	void panel_##name(const struct picture *p, struct box b);
#include "viz/panel.def"
#undef PANEL

/* A place in the picture, in points: of the pointer. */
struct point {
	float x, y;
};
