/* One sentence: what just happened. */
#include "viz/panel.h"

void panel_sentence(const struct picture *p, struct box b)
{
	const struct event *e = &p->model->event;
	char text[256];

	if (e->kind == EV_COUNT)
		return;
	event_text(e, text, sizeof text);
	scene_text(p->scene, b.x, b.y + b.h / 2, b.w, p->look->text, ROLE_INK, 0, "%s", text);
}
