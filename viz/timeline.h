#pragma once
/*
 * Along time: which positions are shown, and where. The timeline and the lanes of the owners share
 * it, so a moment stands at the same x in both.
 */
#include "viz/panel.h"

#define TIMELINE_NEAREST 4   /* positions shown when it is looked at from nearest */

/* Positions from .. to lie at x .. x + w. Event i happens between the positions i and i + 1. */
struct span {
	uint64_t from, to;       /* from < to */
	float x, w;              /* points; left of x is room for names */
};

struct span timeline_span(const struct picture *p, enum panel panel);

/* Where a position stands; outside the span: at its edge. */
float span_x(const struct span *s, uint64_t at);

/* The position nearest to this x of the timeline: for a click or a drag. */
uint64_t timeline_position(const struct picture *p, float x);

/* Show `factor` times fewer positions (below 1: more); `about` keeps its place. */
void timeline_zoom(struct look *look, uint64_t count, uint64_t about, float factor);

/* Move what is shown so far that the position is among it. */
void timeline_follow(struct look *look, uint64_t count, uint64_t at);
