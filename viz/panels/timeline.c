/*
 * All events in four lanes, flags where a rule broke, and where we are. Near enough, each event is
 * a cell of its own; farther out a bar says how many there are, and far out the player has counted
 * them.
 */
#include "viz/timeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum row { ROW_CPU, ROW_CACHE, ROW_BUS, ROW_DEVICE, ROWS };

#define READ_MOST 20000      /* events read for one drawing */
#define BINS_MOST 2048
#define ROW_LEAST 1.2f       /* of the text: height of a lane, and of a line of the axis */
#define AXIS      1.3f
#define BREAKS_APART 2.0f    /* points */
#define CHOICE_SIDE  5.0f
#define POLES_APART 6.0f     /* points, for what stands behind them to be seen */
#define NEAR      3.0f       /* points an event takes to be drawn alone */

static const struct {
	const char *name;
	enum role role;
	int hidden_by;           /* enum legend, -1: nothing */
} rows[ROWS] = {
	[ROW_CPU]    = { "CPU", ROLE_CPU, LEGEND_CPU },
	[ROW_CACHE]  = { "cache", ROLE_DIM, -1 },
	[ROW_BUS]    = { "bus", ROLE_DIM, -1 },
	[ROW_DEVICE] = { "device", ROLE_DEVICE, LEGEND_DEVICE },
};

/* The driver's calls are the CPU's doing. What the bench does stands in no row. */
static enum row row_of(enum lane lane)
{
	switch (lane) {
	case LANE_CPU:
	case LANE_MEMORY:
	case LANE_DMA:    return ROW_CPU;
	case LANE_CACHE:  return ROW_CACHE;
	case LANE_BUS:    return ROW_BUS;
	case LANE_DEVICE: return ROW_DEVICE;
	default:          return ROWS;
	}
}

/* Where everything stands. */
struct chart {
	const struct picture *p;
	struct span span;
	struct box lanes;
	float top;               /* of the strip with flags */
	float row;               /* height of a lane */
	float text;              /* size of what is written */
	float axis;              /* height of what is below, 0: no room */
};

static struct box cell_at(const struct chart *c, enum row row, float x, float w, float part)
{
	float h = (c->row - 2) * part;

	return (struct box){ x, c->lanes.y + (float)(row + 1) * c->row - 1 - h, w, h };
}

static uint32_t fade(const struct chart *c, enum row row)
{
	int by = rows[row].hidden_by;

	return by >= 0 && look_hides(c->p->look, (enum legend)by) ? MARK_FADED : 0;
}

static void draw_names(const struct chart *c)
{
	float left = c->p->box[PANEL_TIMELINE].x + 6;

	for (enum row i = 0; i < ROWS; i++) {
		float y = c->lanes.y + ((float)i + 0.5f) * c->row;

		scene_line(c->p->scene, c->lanes.x, y + c->row / 2, c->lanes.x + c->lanes.w,
			   y + c->row / 2, ROLE_EDGE, 0);
		if (c->row >= c->text * 1.15f)
			scene_text(c->p->scene, left, y, c->lanes.x - left, c->text, ROLE_DIM, 0,
				   "%s", rows[i].name);
	}
}

/* One event as a cell: whole for a call of the driver, low for what happens because of one. */
static void draw_event(const struct chart *c, uint64_t i, const struct event *e)
{
	enum row row = row_of(event_lane(e));
	float x = span_x(&c->span, i), w = span_x(&c->span, i + 1) - x;
	const char *dot = strchr(event_info[e->kind].name, '.'), *word = dot + 1;
	struct box b;
	bool whole;

	if (row == ROWS)
		return;
	whole = row != ROW_CPU || event_is_call(e);
	b = cell_at(c, row, x + 0.5f, w > 2 ? w - 1 : w, whole ? 1 : 0.5f);
	scene_thing(c->p->scene, THING_EVENT, 0, i + 1);
	scene_rect(c->p->scene, b, rows[row].role, ROLE_NONE, fade(c, row));
	if (b.h >= c->text * 1.2f && text_width(word, c->text) + 4 < b.w)
		scene_label(c->p->scene, b, c->text, role_ink(c->p->look->theme, rows[row].role),
			    fade(c, row), "%s", word);
}

/* Another machine, or the way back: what is left of it is another story. */
static void draw_break(const struct chart *c, float x)
{
	scene_line(c->p->scene, x, c->lanes.y, x, c->lanes.y + c->lanes.h, ROLE_INK, MARK_DASH);
}

/* Nature did what nobody asked for: a dot above the lanes. */
static void draw_choice(const struct chart *c, float x)
{
	struct box dot = { x - CHOICE_SIDE / 2, c->lanes.y - CHOICE_SIDE - 1, CHOICE_SIDE, CHOICE_SIDE };

	scene_rect(c->p->scene, dot, ROLE_INK, ROLE_NONE, MARK_ROUND);
}

/* As many as can be told apart. */
static void draw_landmarks(const struct chart *c, enum landmark which, float apart,
			   void (*draw)(const struct chart *c, float x))
{
	const struct player *p = c->p->player;
	float before = c->span.x - apart;

	for (uint32_t i = player_landmarks_until(p, which, c->span.from);
	     i < player_landmarks(p, which); i++) {
		uint64_t at = player_landmark(p, which, i);
		float x = span_x(&c->span, at - 1);

		if (at > c->span.to)
			break;
		if (x - before < apart)
			continue;
		before = x;
		scene_thing(c->p->scene, THING_EVENT, 0, at);
		draw(c, x);
	}
}

static uint32_t log2_of(uint32_t n)
{
	uint32_t bits = 0;

	while (n >>= 1)
		bits++;
	return bits;
}

/* How many events there are in each piece of the span. */
struct bins {
	uint32_t n, count[BINS_MOST][ROWS];
};

static void draw_bins(const struct chart *c, const struct bins *b)
{
	float w = c->span.w / (float)b->n;
	uint32_t most = 1;

	for (uint32_t i = 0; i < b->n; i++)
		for (enum row row = 0; row < ROWS; row++)
			most = b->count[i][row] > most ? b->count[i][row] : most;
	for (uint32_t i = 0; i < b->n; i++)
		for (enum row row = 0; row < ROWS; row++)
			if (b->count[i][row])
				scene_rect(c->p->scene, cell_at(c, row, c->span.x + (float)i * w, w,
					   (1 + (float)log2_of(b->count[i][row])) /
					   (1 + (float)log2_of(most))), rows[row].role, ROLE_NONE,
					   fade(c, row));
}

static uint32_t bin_of(const struct chart *c, const struct bins *b, uint64_t at)
{
	return (uint32_t)((double)(at - c->span.from) / (double)(c->span.to - c->span.from) *
			  b->n);
}

static void count_events(const struct chart *c, struct bins *b)
{
	uint64_t end = min_u64(c->span.to, player_count(c->p->player));

	for (uint64_t i = c->span.from; i < end; i++) {
		const struct event *e = player_event(c->p->player, i);
		enum row row = row_of(event_lane(e));

		if (row < ROWS)
			b->count[bin_of(c, b, i)][row]++;
	}
}

static void count_densities(const struct chart *c, struct bins *b)
{
	uint64_t first = c->span.from / DENSITY_STEP;

	for (uint64_t step = first; step * DENSITY_STEP < c->span.to; step++) {
		const struct density *d = player_density(c->p->player, step);
		uint64_t at = step > first ? step * DENSITY_STEP : c->span.from;

		for (enum lane lane = 0; d && lane < LANE_COUNT; lane++)
			if (row_of(lane) < ROWS)
				b->count[bin_of(c, b, at)][row_of(lane)] += d->lane[lane];
	}
}

/* How many bars there is room for, and no more than there are counts. */
static uint32_t bins_of(const struct chart *c, uint64_t shown)
{
	uint64_t steps = shown / DENSITY_STEP + 1;
	uint32_t n = (uint32_t)(c->span.w / 2);

	n = n > BINS_MOST ? BINS_MOST : n;
	return shown > READ_MOST && steps < n ? (uint32_t)steps : n;
}

static void draw_many(const struct chart *c, uint64_t shown)
{
	struct bins bins = { .n = bins_of(c, shown) };

	if (!bins.n)
		return;
	if (shown > READ_MOST)
		count_densities(c, &bins);
	else
		count_events(c, &bins);
	scene_thing(c->p->scene, THING_TIME, 0, 0);
	draw_bins(c, &bins);
}

static void draw_events(const struct chart *c)
{
	uint64_t shown = c->span.to - c->span.from;
	uint64_t end = min_u64(c->span.to, player_count(c->p->player));

	if ((float)shown * NEAR > c->span.w) {
		draw_many(c, shown);
		return;
	}
	for (uint64_t i = c->span.from; i < end; i++) {
		const struct event e = *player_event(c->p->player, i);

		draw_event(c, i, &e);
	}
}

static void draw_flag(const struct chart *c, struct box b, const struct flag *f, const char *number)
{
	enum role ink = f->error ? role_ink(c->p->look->theme, ROLE_WARN) : ROLE_INK;

	scene_rect(c->p->scene, b, f->error ? ROLE_WARN : ROLE_PANEL, ROLE_WARN, 0);
	scene_label(c->p->scene, b, c->text, ink, MARK_BOLD, "%s", number);
}

/* Flags with their numbers; where they are dense, some of their poles. */
static void draw_flags(const struct chart *c)
{
	const struct player *p = c->p->player;
	float free = c->span.x, pole = -POLES_APART, h = c->lanes.y - c->top;
	float end = c->span.x + c->span.w;

	c->p->scene->marks = look_hides(c->p->look, LEGEND_WARN) ? MARK_FADED : 0;
	for (uint32_t i = player_flags_until(p, c->span.from); i < player_flags(p); i++) {
		const struct flag *f = player_flag(p, i);
		float x = span_x(&c->span, f->at), w;
		char number[16];

		if (f->at > c->span.to)
			break;
		scene_thing(c->p->scene, THING_FLAG, 0, i);
		if (x - pole >= POLES_APART) {
			scene_line(c->p->scene, x, c->lanes.y, x, c->lanes.y + c->lanes.h,
				   ROLE_WARN, MARK_BOLD);
			pole = x;
		}
		snprintf(number, sizeof number, "%" PRIu32, i + 1);
		w = text_width(number, c->text) + 8;
		x = x + w > end ? x - w : x;
		if (x < free || h < c->text * 1.2f)
			continue;
		draw_flag(c, (struct box){ x, c->top, w, h }, f, number);
		free = x + w + 2;
	}
	c->p->scene->marks = 0;
}

/* 1, 2 or 5 times a power of ten, so that labels so wide have room. */
static uint64_t axis_step(const struct chart *c, float label)
{
	double least = (double)(c->span.to - c->span.from) * label / c->span.w;
	uint64_t ten = 1;

	while ((double)(ten * 10) < least)
		ten *= 10;
	return (double)ten >= least ? ten : (double)(2 * ten) >= least ? 2 * ten :
	       (double)(5 * ten) >= least ? 5 * ten : 10 * ten;
}

/* Lines of the axis: event numbers, and cycles where there is room. */
static int axis_lines(const struct chart *c)
{
	return (int)(c->axis / (c->text * AXIS) + 0.1f);
}

static float axis_y(const struct chart *c, int line)
{
	return c->lanes.y + c->lanes.h + c->text * (0.75f + AXIS * (float)line);
}

/* The number of the event before a position, and its cycle below where there is room. */
static void draw_tick(const struct chart *c, uint64_t at, uint32_t marks)
{
	const struct event *e = player_event(c->p->player, at - 1);
	const uint64_t number[2] = { e->seq, e->cycle };
	float x = span_x(&c->span, at), left = c->span.x, right = left + c->span.w;

	for (int i = 0; i < axis_lines(c); i++) {
		char text[24];
		float w, from;

		snprintf(text, sizeof text, "%" PRIu64, number[i]);
		w = text_width(text, c->text);
		from = x - w / 2 < left ? left : x + w / 2 > right ? right - w : x - w / 2;
		scene_text(c->p->scene, from, axis_y(c, i), 0, c->text,
			   marks ? ROLE_INK : ROLE_DIM, marks, "%s", text);
	}
}

static void draw_axis(const struct chart *c)
{
	static const char *const name[2] = { "event", "cycle" };
	const struct player *p = c->p->player;
	uint64_t now = player_at(p), last = min_u64(c->span.to, player_count(p));
	float label = c->text * TEXT_ADVANCE * 11, left = c->p->box[PANEL_TIMELINE].x + 6;
	float head = span_x(&c->span, now);
	uint64_t step = axis_step(c, label);

	for (int i = 0; i < axis_lines(c); i++)
		scene_text(c->p->scene, left, axis_y(c, i), c->lanes.x - left, c->text, ROLE_DIM, 0,
			   "%s", name[i]);
	for (uint64_t at = (c->span.from / step + 1) * step; at <= last; at += step) {
		float x = span_x(&c->span, at);

		if (x <= head - label || x >= head + label)
			draw_tick(c, at, 0);
	}
	if (now > c->span.from && now <= last)
		draw_tick(c, now, MARK_BOLD);
}

static void draw_head(const struct chart *c)
{
	uint64_t now = player_at(c->p->player);
	float x = span_x(&c->span, now), bottom = c->lanes.y + c->lanes.h;

	if (now < c->span.from || now > c->span.to)
		return;
	scene_line(c->p->scene, x, c->top, x, bottom, ROLE_INK, MARK_BOLD);
}

/* As large as the lanes and one line of the axis allow, or two where type is not to be large. */
static float text_size(const struct look *look, float h)
{
	float lines = look->text > TEXT_ORDINARY ? 1 : 2;
	float size = h / (ROWS * ROW_LEAST + lines * AXIS);

	return size < TEXT_MIN ? TEXT_MIN : size > look->text ? look->text : size;
}

void panel_timeline(const struct picture *p, struct box b)
{
	struct chart c = { .p = p, .span = timeline_span(p, PANEL_TIMELINE), .top = b.y };
	float title = b.y - p->box[PANEL_TIMELINE].y, spare;

	c.text = text_size(p->look, b.h);
	spare = b.h - ROWS * ROW_LEAST * c.text;
	c.axis = c.text * AXIS * (float)(spare >= 2 * AXIS * c.text ? 2 : spare >= AXIS * c.text);
	c.lanes = (struct box){ c.span.x, b.y, c.span.w, b.h - c.axis };
	c.row = c.lanes.h / ROWS;
	if (title >= TEXT_MIN)
		c.top -= title - 3;
	scene_thing(p->scene, THING_TIME, 0, 0);
	scene_rect(p->scene, (struct box){ c.span.x, c.top, c.span.w, b.y + b.h - c.top },
		   ROLE_NONE, ROLE_NONE, 0);
	draw_names(&c);
	draw_events(&c);
	draw_landmarks(&c, LANDMARK_BREAK, BREAKS_APART, draw_break);
	draw_landmarks(&c, LANDMARK_CHOICE, CHOICE_SIDE, draw_choice);
	scene_thing(p->scene, THING_TIME, 0, 0);
	if (c.axis > 0)
		draw_axis(&c);
	draw_flags(&c);
	scene_thing(p->scene, THING_TIME, 0, 0);
	draw_head(&c);
}
