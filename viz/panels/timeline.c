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
	return rows[row].hidden_by >= 0 && look_hides(c->p->look, (enum legend)rows[row].hidden_by) ?
		MARK_FADED : 0;
}

static void draw_names(const struct chart *c)
{
	float left = c->p->box[PANEL_TIMELINE].x + 6;

	for (enum row i = 0; i < ROWS; i++) {
		float y = c->lanes.y + ((float)i + 0.5f) * c->row;

		scene_line(c->p->scene, c->lanes.x, y + c->row / 2, c->lanes.x + c->lanes.w,
			   y + c->row / 2, ROLE_EDGE, 0);
		if (c->row >= c->text * 1.15f)
			scene_text(c->p->scene, left, y, c->lanes.x - left, c->text, ROLE_DIM, 0, "%s",
				   rows[i].name);
	}
}

/* One event as a cell: whole for a call of the driver, low for what happens because of one. */
static void draw_event(const struct chart *c, uint64_t i, const struct event *e)
{
	enum row row = row_of(event_lane(e));
	float x = span_x(&c->span, i), w = span_x(&c->span, i + 1) - x;
	const char *dot = strchr(event_info[e->kind].name, '.'), *word = dot + 1;
	struct box b;

	if (row == ROWS)
		return;
	b = cell_at(c, row, x + 0.5f, w > 2 ? w - 1 : w, row != ROW_CPU || event_is_call(e) ? 1 : 0.5f);
	scene_thing(c->p->scene, THING_EVENT, 0, i + 1);
	scene_rect(c->p->scene, b, rows[row].role, ROLE_NONE, fade(c, row));
	if (b.h >= c->text * 1.2f && text_width(word, c->text) + 4 < b.w)
		scene_label(c->p->scene, b, c->text, role_ink(c->p->look->theme, rows[row].role),
			    fade(c, row), "%s", word);
}

/* Another machine, or the way back: what is left of it is another story. */
static void draw_break(const struct chart *c, uint64_t i, const struct event *e)
{
	float x = span_x(&c->span, i);

	if (e->kind != EV_MACHINE && e->kind != EV_UNDO)
		return;
	scene_thing(c->p->scene, THING_EVENT, 0, i + 1);
	scene_line(c->p->scene, x, c->lanes.y, x, c->lanes.y + c->lanes.h, ROLE_INK, MARK_DASH);
}

static uint32_t log2_of(uint32_t n)
{
	uint32_t bits = 0;

	while (n >>= 1)
		bits++;
	return bits;
}

/* How many events there are in each piece of the span, and of the calls where they begin. */
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
		draw_break(c, i, e);
	}
}

static void count_densities(const struct chart *c, struct bins *b)
{
	for (uint64_t step = c->span.from / DENSITY_STEP; step * DENSITY_STEP < c->span.to; step++) {
		const struct density *d = player_density(c->p->player, step);
		uint64_t at = step * DENSITY_STEP > c->span.from ? step * DENSITY_STEP : c->span.from;

		for (enum lane lane = 0; d && lane < LANE_COUNT; lane++)
			if (row_of(lane) < ROWS)
				b->count[bin_of(c, b, at)][row_of(lane)] += d->lane[lane];
	}
}

static void draw_events(const struct chart *c)
{
	uint64_t shown = c->span.to - c->span.from;
	uint64_t steps = shown / DENSITY_STEP + 1;
	struct bins bins = { .n = (uint32_t)(c->span.w / 2) };

	if ((float)shown * NEAR <= c->span.w) {
		for (uint64_t i = c->span.from; i < c->span.to && i < player_count(c->p->player); i++) {
			draw_event(c, i, player_event(c->p->player, i));
			draw_break(c, i, player_event(c->p->player, i));
		}
		return;
	}
	if (bins.n > BINS_MOST)
		bins.n = BINS_MOST;
	if (shown > READ_MOST && steps < bins.n)
		bins.n = (uint32_t)steps;
	if (!bins.n)
		return;
	if (shown > READ_MOST)
		count_densities(c, &bins);
	else
		count_events(c, &bins);
	scene_thing(c->p->scene, THING_TIME, 0, 0);
	draw_bins(c, &bins);
}

/* The first flag at or after this position. */
static uint32_t first_flag(const struct player *p, uint64_t at)
{
	uint32_t low = 0, high = player_flags(p);

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (player_flag(p, middle)->at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A flag with its number; where they are dense, the poles alone. */
static void draw_flags(const struct chart *c)
{
	const struct player *p = c->p->player;
	uint32_t faded = look_hides(c->p->look, LEGEND_WARN) ? MARK_FADED : 0;
	float free = c->span.x, pole = -1;

	for (uint32_t i = first_flag(p, c->span.from + 1); i < player_flags(p); i++) {
		const struct flag *f = player_flag(p, i);
		float x = span_x(&c->span, f->at), h = c->lanes.y - c->top;
		char number[16];
		struct box b;

		if (f->at > c->span.to)
			break;
		snprintf(number, sizeof number, "%" PRIu32, i + 1);
		b = (struct box){ x, c->top, text_width(number, c->text) + 8, h };
		if (b.x + b.w > c->span.x + c->span.w)
			b.x = x - b.w;
		scene_thing(c->p->scene, THING_FLAG, 0, i);
		if (x - pole >= 1)
			scene_line(c->p->scene, x, c->top, x, c->lanes.y + c->lanes.h, ROLE_WARN, faded | MARK_BOLD);
		pole = x;
		if (b.x < free || h < c->text)
			continue;
		scene_rect(c->p->scene, b, f->error ? ROLE_WARN : ROLE_PANEL, ROLE_WARN, faded);
		scene_label(c->p->scene, b, c->text, f->error ? role_ink(c->p->look->theme, ROLE_WARN) :
			    ROLE_INK, MARK_BOLD | faded, "%s", number);
		free = b.x + b.w + 2;
	}
}

/* 1, 2 or 5 times a power of ten, so that labels so wide have room. */
static uint64_t axis_step(const struct chart *c, float label)
{
	double least = (double)(c->span.to - c->span.from) * label / c->span.w;
	uint64_t step = 1;

	while ((double)step < least) {
		uint64_t ten = step;

		while (ten % 10 == 0)
			ten /= 10;
		step = ten == 2 ? step / 2 * 5 : step * 2;
	}
	return step;
}

/* The number of the event before a position, and its cycle below where there is room. */
static void draw_tick(const struct chart *c, uint64_t at, float left, float right, uint32_t marks)
{
	const struct event *e = player_event(c->p->player, at - 1);
	float x = span_x(&c->span, at), y = c->lanes.y + c->lanes.h + c->text * 0.75f;
	const uint64_t number[2] = { e->seq, e->cycle };

	for (int i = 0; i < 2 && (float)(i + 1) * c->text * AXIS <= c->axis + 1; i++) {
		char text[24];
		float w, from;

		snprintf(text, sizeof text, "%" PRIu64, number[i]);
		w = text_width(text, c->text);
		from = x - w / 2 < left ? left : x + w / 2 > right ? right - w : x - w / 2;
		scene_text(c->p->scene, from, y + (float)i * c->text * AXIS, 0, c->text,
			   marks ? ROLE_INK : ROLE_DIM, marks, "%s", text);
	}
}

static void draw_axis(const struct chart *c)
{
	static const char *const name[2] = { "event", "cycle" };
	uint64_t now = player_at(c->p->player), last = min_u64(c->span.to, player_count(c->p->player));
	float label = c->text * TEXT_ADVANCE * 11, left = c->p->box[PANEL_TIMELINE].x + 6;
	float head = span_x(&c->span, now), end = c->span.x + c->span.w;
	uint64_t step = axis_step(c, label);

	for (int i = 0; i < 2 && (float)(i + 1) * c->text * AXIS <= c->axis + 1; i++)
		scene_text(c->p->scene, left, c->lanes.y + c->lanes.h + c->text * (0.75f + 1.3f * (float)i),
			   c->lanes.x - left, c->text, ROLE_DIM, 0, "%s", name[i]);
	for (uint64_t at = (c->span.from / step + 1) * step; at <= last; at += step) {
		float x = span_x(&c->span, at);

		if (x > head - label && x < head + label)
			continue;
		draw_tick(c, at, c->span.x, end, 0);
	}
	if (now > c->span.from && now <= last)
		draw_tick(c, now, c->span.x, end, MARK_BOLD);
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
	scene_rect(p->scene, (struct box){ c.span.x, c.top, c.span.w, b.y + b.h - c.top }, ROLE_NONE,
		   ROLE_NONE, 0);
	draw_names(&c);
	draw_events(&c);
	scene_thing(p->scene, THING_TIME, 0, 0);
	if (c.axis > 0)
		draw_axis(&c);
	draw_flags(&c);
	scene_thing(p->scene, THING_TIME, 0, 0);
	draw_head(&c);
}
