/* One sentence: what just happened. Where a rule broke in it, its name stands before. */
#include "viz/panel.h"
#include "viz/story.h"

/* The rule that broke at this very moment, or NULL. */
static const char *broken_now(const struct picture *p)
{
	const struct violations *all = model_violations(p->model);

	for (uint32_t i = all->count; i-- > 0;) {
		const struct violation *v = violations_at(all, i);

		if (v->seq == p->model->event.seq)
			return rule_info[v->rule].name;
	}
	return NULL;
}

/* Returns the width it takes. */
static float draw_badge(const struct picture *p, struct box b, const char *rule)
{
	float size = p->look->text, w = text_width(rule, size) + size;
	enum role ink = role_ink(p->look->theme, ROLE_WARN);

	if (w > b.w)
		return 0;
	scene_rect(p->scene, (struct box){ b.x, b.y, w, b.h }, ROLE_WARN, ROLE_NONE, MARK_ROUND);
	scene_label(p->scene, (struct box){ b.x, b.y, w, b.h }, size, ink, MARK_BOLD, "%s", rule);
	return w + size / 2;
}

void panel_sentence(const struct picture *p, struct box b)
{
	const struct event *e = &p->model->event;
	char words[STORY_MAX];
	struct text text = { words, 0, sizeof words };
	float line = p->look->text * 1.35f, badge = 0;
	const char *rule = broken_now(p);

	if (e->kind == EV_COUNT) {
		text_add(&text, "nothing has happened yet");
	} else {
		scene_thing(p->scene, THING_EVENT, 0, player_at(p->player));
		story_event(&text, p->model, e);
	}
	if (b.h < 2 * line)
		b.y += (b.h - line) / 2;
	if (rule)
		badge = draw_badge(p, (struct box){ b.x, b.y, b.w, line }, rule);
	scene_wrap(p->scene, (struct box){ b.x + badge, b.y, b.w - badge, b.h }, p->look->text,
		   ROLE_INK, words);
}
