/* The CPU: its last access, and the stores that have not left yet. */
#include "viz/panel.h"

#include <inttypes.h>

void panel_cpu(const struct picture *p, struct box b)
{
	const struct event *e = &p->model->access;
	const struct shadow *s = model_shadow(p->model);
	float size = p->look->text, y = b.y + size;

	if (e->kind != EV_COUNT) {
		scene_thing(p->scene, THING_BYTE, AT_RAM, e->addr2);
		scene_text(p->scene, b.x, y, b.w, size, ROLE_CPU, MARK_BOLD, "%s",
			   e->kind == EV_CPU_LOAD ? "load" : "store");
		scene_text(p->scene, b.x, y + size * 1.5f, b.w, size, ROLE_INK, 0,
			   "0x%" PRIx64, e->value);
	}
	y += size * 4;
	for (uint32_t i = 0; i < s->stores; i++, y += size * 1.5f) {
		scene_thing(p->scene, THING_STORE, 0, i);
		scene_text(p->scene, b.x, y, b.w, size, ROLE_INK, 0, "%" PRIx64 " = %" PRIx64,
			   s->store[i].pa, s->store[i].value);
	}
}
