#include "viz/picture.h"

#define GAP 6.0f

const struct panel_info panel_info[PANEL_COUNT] = {
#define PANEL(NAME, name, title, sentence) [PANEL_##NAME] = { \
	#name, title, sentence, panel_##name },
#include "viz/panel.def"
#undef PANEL
};

struct look look_default(void)
{
	struct look look = { .theme = THEME_LIGHT, .text = TEXT_ORDINARY, .phase = 0.5f,
			     .speed = 5, .byte = UINT64_MAX, .panel = PANEL_RAM };

	for (enum panel i = 0; i < PANEL_COUNT; i++)
		look.zoom[i].scale = 1;
	return look;
}

/* Cut a piece off the left of *b. */
static struct box take_left(struct box *b, float w)
{
	struct box taken = { b->x, b->y, w, b->h };

	b->x += w + GAP;
	b->w -= w + GAP;
	return taken;
}

static struct box take_top(struct box *b, float h)
{
	struct box taken = { b->x, b->y, b->w, h };

	b->y += h + GAP;
	b->h -= h + GAP;
	return taken;
}

static struct box take_bottom(struct box *b, float h)
{
	b->h -= h + GAP;
	return (struct box){ b->x, b->y + b->h + GAP, b->w, h };
}

static bool has_stand_ins(const struct model *m)
{
	return m->stand_in_end > 0;
}

/* CPU, caches, bus, RAM, what stands in, device. */
static void machine_row(struct picture *p, struct box row)
{
	bool stand_ins = has_stand_ins(p->model);
	float w = row.w - (stand_ins ? 5 : 4) * GAP;
	struct box caches;

	p->box[PANEL_CPU] = take_left(&row, w * 0.12f);
	caches = take_left(&row, w * (stand_ins ? 0.28f : 0.33f));
	p->box[PANEL_L2] = model_shadow(p->model)->levels > 1 ?
		take_bottom(&caches, (caches.h - GAP) / 2) : (struct box){ 0 };
	p->box[PANEL_L1] = caches;
	p->box[PANEL_BUS] = take_left(&row, w * 0.12f);
	p->box[PANEL_RAM] = take_left(&row, w * (stand_ins ? 0.24f : 0.28f));
	p->box[PANEL_STAND_IN] = stand_ins ? take_left(&row, w * 0.11f) : (struct box){ 0 };
	p->box[PANEL_DEVICE] = row;
}

static void bottom_row(struct picture *p, struct box row)
{
	float w = row.w - 2 * GAP;
	struct box time = take_left(&row, w * 0.44f);

	p->box[PANEL_OWNERS] = take_top(&time, (row.h - GAP) * 0.5f);
	p->box[PANEL_TIMELINE] = time;
	p->box[PANEL_BYTE] = take_left(&row, w * 0.26f);
	p->box[PANEL_BROKEN] = row;
}

void picture_layout(struct picture *p, float width, float height)
{
	struct box all = { GAP, GAP, width - 2 * GAP, height - 2 * GAP };
	float line = p->look->text * 1.5f;

	p->box[PANEL_TOOLBAR] = take_top(&all, line + 4);
	p->box[PANEL_LEGEND] = take_bottom(&all, line);
	bottom_row(p, take_bottom(&all, height * 0.31f));
	p->box[PANEL_SENTENCE] = take_bottom(&all, line);
	machine_row(p, all);
}

/* The frame and title of a panel that has them; what is left is the panel's own. */
static struct box draw_frame(const struct picture *p, enum panel i)
{
	struct box b = p->box[i];
	float size = p->look->text;

	scene_thing(p->scene, THING_PANEL, 0, i);
	if (!*panel_info[i].title)
		return b;
	scene_rect(p->scene, b, ROLE_PANEL, ROLE_EDGE, p->look->panel == i ? MARK_BOLD : 0);
	scene_text(p->scene, b.x + GAP, b.y + size * 0.9f, b.w - 2 * GAP, size, ROLE_INK, MARK_BOLD,
		   "%s", panel_info[i].title);
	return (struct box){ b.x + GAP, b.y + size * 1.8f, b.w - 2 * GAP, b.h - size * 1.8f - GAP };
}

void picture_draw(struct picture *p, float width, float height)
{
	scene_clear(p->scene, width, height);
	p->model = player_model(p->player);
	picture_layout(p, width, height);
	for (enum panel i = 0; i < PANEL_COUNT; i++) {
		struct box inside;

		if (p->box[i].w <= 0)
			continue;
		inside = draw_frame(p, i);
		panel_info[i].draw(p, inside);
	}
}
