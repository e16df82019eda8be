#include "viz/overlay.h"
#include "viz/about.h"
#include "viz/action.h"
#include "viz/picture.h"
#include "viz/timeline.h"

#include <stdio.h>
#include <string.h>

#define PAD       8.0f
#define HINT_WIDE 36.0f      /* of the size of its text: the widest hint */

static struct box in_the_middle(const struct scene *s, float w, float h)
{
	w = w < s->width - 2 * PAD ? w : s->width - 2 * PAD;
	h = h < s->height - 2 * PAD ? h : s->height - 2 * PAD;
	return (struct box){ (s->width - w) / 2, (s->height - h) / 2, w, h };
}

/* A sheet of paper with a frame; a click beside it, or on it where nothing else is, closes it. */
static void sheet(struct scene *s, struct box b)
{
	scene_thing(s, THING_BUTTON, 0, ACTION_LEAVE);
	scene_rect(s, (struct box){ 0, 0, s->width, s->height }, ROLE_NONE, ROLE_NONE, 0);
	scene_rect(s, b, ROLE_PAPER, ROLE_INK, MARK_BOLD);
}

/* One row of the key card: its keys, and what they do in as many words as there is room for. */
static void key_row(const struct picture *p, struct box b, enum action i, float keys)
{
	const struct action_info *a = &action_info[i];
	float size = p->look->text;
	bool room = text_width(a->sentence, size) <= b.w - keys;
	bool hover = same_thing(p->look->hover, thing_of(THING_BUTTON, 0, i));

	scene_thing(p->scene, THING_BUTTON, 0, i);
	scene_rect(p->scene, b, hover ? ROLE_FRESH : ROLE_NONE, ROLE_NONE, 0);
	scene_text(p->scene, b.x, b.y + b.h / 2, keys - 4, size, ROLE_INK, MARK_BOLD, "%s", a->keys);
	scene_text(p->scene, b.x + keys, b.y + b.h / 2, b.w - keys, size, ROLE_INK, 0, "%s",
		   room ? a->sentence : a->name);
}

static float widest(float size, bool keys)
{
	float w = 0;

	for (enum action i = 0; i < ACTION_COUNT; i++) {
		float here = text_width(keys ? action_info[i].keys : action_info[i].sentence, size);

		w = here > w ? here : w;
	}
	return w;
}

static const char mouse[] =
	"Mouse: click chooses, hover names, wheel looks nearer, drag moves what is near; on the time "
	"strip drag goes there. This page is a menu too: click a row.";

/* All rows in one column where they fit, else in two. */
static void key_card(const struct picture *p)
{
	float size = p->look->text, step = size * 1.5f, keys = widest(size, true) + size;
	float tall = (ACTION_COUNT + 5) * step + 2 * PAD;
	int columns = tall <= p->scene->height - 2 * PAD ? 1 : 2;
	int rows = (ACTION_COUNT + columns - 1) / columns;
	float w = (keys + widest(size, false) + size) * (float)columns + 2 * PAD;
	struct box b = in_the_middle(p->scene, w, (float)(rows + 5) * step + 2 * PAD), in;

	sheet(p->scene, b);
	in = box_inset(b, PAD);
	scene_text(p->scene, in.x, in.y + step / 2, in.w, size, ROLE_INK, MARK_BOLD, "What can be done");
	w = in.w / (float)columns;
	for (enum action i = 0; i < ACTION_COUNT; i++)
		key_row(p, (struct box){ in.x + (float)((int)i / rows) * w,
					 in.y + (float)((int)i % rows + 1) * step, w - size, step },
			i, keys);
	in.y += (float)(rows + 1) * step + step / 2;
	in.h = b.y + b.h - PAD - in.y;
	scene_wrap(p->scene, in, size, ROLE_DIM, mouse);
}

/* What a thing is, on its own board. */
static void add_about(struct text *t, const struct picture *p, struct thing thing)
{
	struct picture beside;

	if (!thing.board) {
		about_thing(t, p, thing);
	} else if (p->beside) {
		beside = picture_beside(p);
		about_thing(t, &beside, thing);
	}
}

/* What is chosen, and the panel that keys mean. */
static void explain(const struct picture *p)
{
	const struct panel_info *panel = &panel_info[p->look->panel];
	float size = p->look->text;
	struct box b = in_the_middle(p->scene, size * 42, size * 14);
	char words[ABOUT_MAX + 256];
	struct text text = { words, 0, sizeof words };

	add_about(&text, p, p->look->selected);
	text_add(&text, "%s%s: %s", text.used ? "\n\n" : "", *panel->title ? panel->title :
		 panel->name, panel->sentence);
	sheet(p->scene, b);
	b = box_inset(b, PAD);
	scene_text(p->scene, b.x, b.y + size, b.w, size, ROLE_INK, MARK_BOLD, "What is this?");
	b.y += size * 2;
	b.h -= size * 2;
	scene_wrap(p->scene, b, size, ROLE_INK, words);
}

/* Words at the bottom, over the picture; the scene's thing is what they stand for. */
static void strip(const struct picture *p, const char *text, enum role edge)
{
	float size = p->look->text, most = p->scene->width - 4 * PAD;
	float w = text_width(text, size) < most ? text_width(text, size) : most;
	float h = wrap_height(text, w, size), air = size / 3;
	struct box b = { (p->scene->width - w) / 2, p->scene->height - h - 3 * size, w, h };

	scene_rect(p->scene, (struct box){ b.x - PAD, b.y - air, w + 2 * PAD, h + 2 * air },
		   ROLE_PAPER, edge, MARK_BOLD);
	scene_wrap(p->scene, b, size, ROLE_INK, text);
}

static void find_box(const struct picture *p)
{
	char text[FIND_MAX + 64];

	snprintf(text, sizeof text, "find: %s_   Enter: the next one, Escape: done", p->look->find);
	scene_thing(p->scene, THING_BUTTON, 0, ACTION_LEAVE);
	strip(p, text, ROLE_CPU);
}

/* What is under the pointer, beside it. */
static void hint(const struct picture *p, struct point at)
{
	struct thing t = p->look->hover;
	float size = p->look->text, most = size * HINT_WIDE, w, h;
	char words[ABOUT_MAX] = "";
	struct text text = { words, 0, sizeof words };

	if (t.kind == THING_TIME)
		t.id = timeline_position(p, at.x);
	if (t.kind != THING_PANEL)
		add_about(&text, p, t);
	if (!text.used)
		return;
	w = text_width(words, size) < most ? text_width(words, size) : most;
	h = wrap_height(words, w, size) + PAD;
	at.x = at.x + w + 2 * PAD > p->scene->width ? p->scene->width - w - 2 * PAD : at.x;
	at.x = at.x < 0 ? 0 : at.x;
	at.y = at.y + size * 1.5f + h > p->scene->height ? at.y - h - size : at.y + size * 1.5f;
	scene_thing(p->scene, THING_NONE, 0, 0);
	scene_rect(p->scene, (struct box){ at.x, at.y, w + 2 * PAD, h }, ROLE_PAPER, ROLE_DIM, 0);
	scene_wrap(p->scene, (struct box){ at.x + PAD, at.y + PAD / 2, w, h - PAD }, size, ROLE_INK,
		   words);
}

void overlay_draw(const struct picture *p, struct point pointer)
{
	switch (p->look->overlay) {
	case OVERLAY_NONE:  hint(p, pointer); break;
	case OVERLAY_KEYS:  key_card(p); break;
	case OVERLAY_ABOUT: explain(p); break;
	case OVERLAY_FIND:  find_box(p); break;
	}
	if (*p->look->notice && p->look->overlay != OVERLAY_KEYS) {
		scene_thing(p->scene, THING_NOTICE, 0, 0);
		strip(p, p->look->notice, ROLE_WARN);
	}
}
