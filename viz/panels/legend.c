/* What the colours and marks mean. A click on an entry fades what has that meaning. */
#include "viz/panel.h"

struct entry {
	const char *word, *words;        /* where room is short, and where it is not */
	enum role fill, edge;
	uint32_t marks;
};

static const struct entry entries[LEGEND_COUNT] = {
	[LEGEND_FRESH]  = { "fresh", "fresh: the newest", ROLE_FRESH, ROLE_EDGE, 0 },
	[LEGEND_STALE]  = { "stale", "stale: reads the past", ROLE_STALE, ROLE_EDGE, MARK_HATCH },
	[LEGEND_BEHIND] = { "behind", "behind: write-back due", ROLE_STALE, ROLE_EDGE, 0 },
	[LEGEND_DIRTY]  = { "dirty", "dirty: not in RAM yet", ROLE_FRESH, ROLE_EDGE, MARK_CORNER },
	[LEGEND_OWNED]  = { "device owns", "device owns it", ROLE_FRESH, ROLE_DEVICE, MARK_DOUBLE },
	[LEGEND_CPU]    = { "CPU", "CPU", ROLE_CPU, ROLE_NONE, 0 },
	[LEGEND_DEVICE] = { "device", "device", ROLE_DEVICE, ROLE_NONE, 0 },
	[LEGEND_WARN]   = { "broken", "rule broken", ROLE_WARN, ROLE_NONE, 0 },
};

static float entry_width(const char *word, float size)
{
	return size * 1.3f + text_width(word, size) + size;
}

static bool fit_in_full(float width, float size)
{
	for (enum legend i = 0; i < LEGEND_COUNT; i++)
		width -= entry_width(entries[i].words, size);
	return width >= 0;
}

static void draw_entry(const struct picture *p, enum legend i, struct box b, const char *word)
{
	const struct entry *e = &entries[i];
	float size = p->look->text, middle = b.y + b.h / 2, x = b.x + size * 1.3f;
	bool hidden = look_hides(p->look, i);

	scene_thing(p->scene, THING_LEGEND, 0, i);
	scene_rect(p->scene, b, ROLE_NONE, ROLE_NONE, 0);
	p->scene->marks = hidden ? MARK_FADED : 0;
	scene_rect(p->scene, (struct box){ b.x, middle - size / 2, size, size }, e->fill, e->edge,
		   e->marks);
	p->scene->marks = 0;
	scene_text(p->scene, x, middle, 0, size, hidden ? ROLE_DIM : ROLE_INK, 0, "%s", word);
	if (hidden)
		scene_line(p->scene, b.x, middle, b.x + b.w - size / 2, middle, ROLE_DIM, 0);
}

void panel_legend(const struct picture *p, struct box b)
{
	float size = p->look->text, line = size * 1.5f, x = b.x, y = b.y;
	bool full = fit_in_full(b.w, size);

	for (enum legend i = 0; i < LEGEND_COUNT; i++) {
		const char *word = full ? entries[i].words : entries[i].word;
		float w = entry_width(word, size);

		if (x > b.x && x + w > b.x + b.w + size) {
			x = b.x;
			y += line;
		}
		if (y + line > b.y + b.h + 1)
			break;
		draw_entry(p, i, (struct box){ x, y, w - size / 2, line }, word);
		x += w;
	}
}
