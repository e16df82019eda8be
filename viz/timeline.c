#include "viz/timeline.h"

#define PAD   6.0f
#define NAMES 7              /* characters left of the span: "device" */

/* What the look wants to see, of what there is. */
static void shown(const struct look *look, uint64_t count, uint64_t *from, uint64_t *to)
{
	*to = look->to ? min_u64(look->to, count) : count;
	*from = look->to && look->from < *to ? look->from : 0;
	if (*to == *from)
		*to = *from + 1;
}

struct span timeline_span(const struct picture *p, enum panel panel)
{
	float names = NAMES * TEXT_ADVANCE * p->look->text;
	struct box b = p->box[panel];
	struct span s = { .x = b.x + PAD + names, .w = b.w - 2 * PAD - names };

	if (s.w < 1)
		s.w = 1;
	shown(p->look, player_count(p->player), &s.from, &s.to);
	return s;
}

float span_x(const struct span *s, uint64_t at)
{
	if (at <= s->from)
		return s->x;
	if (at >= s->to)
		return s->x + s->w;
	return s->x + (float)((double)(at - s->from) / (double)(s->to - s->from) * s->w);
}

uint64_t timeline_position(const struct picture *p, float x)
{
	struct span s = timeline_span(p, PANEL_TIMELINE);
	double part = (x - s.x) / s.w;

	if (part <= 0)
		return s.from;
	if (part >= 1)
		return s.to;
	return s.from + (uint64_t)(part * (double)(s.to - s.from) + 0.5);
}

/* n positions from `from` on, pushed back to where there are some. */
static void show(struct look *look, uint64_t count, uint64_t from, uint64_t n)
{
	if (n >= count) {
		look->from = look->to = 0;
		return;
	}
	look->from = min_u64(from, count - n);
	look->to = look->from + n;
}

void timeline_zoom(struct look *look, uint64_t count, uint64_t about, float factor)
{
	uint64_t from, to, n, before;
	double place;

	shown(look, count, &from, &to);
	about = about < from ? from : min_u64(about, to);
	place = (double)(about - from) / (double)(to - from);
	n = (uint64_t)((double)(to - from) / factor + 0.5);
	if (n < TIMELINE_NEAREST)
		n = TIMELINE_NEAREST;
	before = (uint64_t)(place * (double)n);
	show(look, count, about > before ? about - before : 0, n);
}

void timeline_follow(struct look *look, uint64_t count, uint64_t at)
{
	uint64_t from, to;

	shown(look, count, &from, &to);
	if (at < from)
		show(look, count, at, to - from);
	else if (at > to)
		show(look, count, at - (to - from), to - from);
}
