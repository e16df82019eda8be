#pragma once
/*
 * How the picture is looked at: what is selected, how near, in which colours, and how far an
 * animation has come. Of the machine it says nothing, and nothing of it changes a model.
 */
#include "viz/scene.h"

enum panel {
#define PANEL(NAME, ...) PANEL_##NAME,
#include "viz/panel.def"
#undef PANEL
	PANEL_COUNT
};

/* The rows of the legend: what the colours and marks mean. A click on one filters it away. */
enum legend {
	LEGEND_FRESH, LEGEND_STALE, LEGEND_BEHIND, LEGEND_DIRTY, LEGEND_OWNED, LEGEND_CPU,
	LEGEND_DEVICE, LEGEND_WARN, LEGEND_COUNT
};

/* What lies over the picture. */
enum overlay { OVERLAY_NONE, OVERLAY_KEYS, OVERLAY_ABOUT, OVERLAY_FIND };

#define TEXT_ORDINARY 13.0f  /* points */
#define TEXT_LARGE    18.0f  /* for a projector */
#define FIND_MAX      48

/* How near a panel is looked at, and which part of it. */
struct zoom {
	float scale;             /* 1: all of it, as well as it goes; at most 64 */
	float scroll;            /* of what does not fit: 0 the beginning .. 1 the end */
};

struct look {
	enum theme theme;
	float text;              /* size of ordinary text, points */
	bool reduced;            /* reduced motion: transfers stand still, half way */
	float phase;             /* 0 .. 1: how far the transfer of the last event has come */
	bool playing;
	bool live, follow;       /* a session is being watched; and its newest event is shown */
	float speed;             /* events a second; 0: at once */
	struct thing selected;   /* kind THING_NONE: nothing */
	struct thing hover;
	uint64_t byte;           /* pa of the byte in the truth table, UINT64_MAX: none chosen */
	enum panel panel;        /* the one that keys mean */
	uint32_t filtered;       /* by bit (enum legend): rows of the legend switched off */
	struct zoom zoom[PANEL_COUNT];
	uint64_t from, to;       /* positions the timeline shows; to 0: all */
	enum overlay overlay;
	char find[FIND_MAX];     /* what is being looked for */
	char notice[256];        /* a sentence about what was just done; "" for none */
};

struct look look_default(void);

/* Is this meaning filtered away? What shows it is then drawn with MARK_FADED. */
static inline bool look_hides(const struct look *look, enum legend row)
{
	return look->filtered >> row & 1;
}
