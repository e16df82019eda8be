#include "viz/about.h"
#include "viz/action.h"
#include "viz/copies.h"
#include "viz/story.h"

#include <inttypes.h>

static const char *const legend_sentence[LEGEND_COUNT] = {
	[LEGEND_FRESH] = "fresh: no other copy of these bytes is newer",
	[LEGEND_STALE] = "stale: somebody else wrote newer bytes past this copy; who reads it "
		"reads the past",
	[LEGEND_BEHIND] = "behind: the CPU's newer store lies nearer to it; a write-back brings "
		"this copy up to date, and until then a device that reads it gets the old bytes",
	[LEGEND_DIRTY] = "dirty: a cache line with stores that memory does not have yet",
	[LEGEND_OWNED] = "the device owns these bytes, from map or sync for device until unmap or "
		"sync for cpu; the driver keeps off",
	[LEGEND_CPU] = "blue: what the CPU does, and the time it owns a buffer",
	[LEGEND_DEVICE] = "vermillion: what a device does, and the time it owns a buffer",
	[LEGEND_WARN] = "orange: a rule was broken here",
};

static const char *const age_words[] = {
	[AGE_FRESH] = "fresh", [AGE_BEHIND] = "behind: the CPU's newer store lies nearer to it",
	[AGE_STALE] = "stale: newer bytes were written past it", [AGE_ABSENT] = "not there",
};

static bool is_ram(const struct picture *p, uint64_t pa)
{
	return pa < model_shadow(p->model)->ram_bytes;
}

static void add_stood_for(struct text *t, const struct picture *p, uint64_t pa)
{
	text_add(t, ". It is in a bounce buffer and stands in for ");
	words_place(t, p->model, pa);
	text_add(t, ", which the %s owns",
		 device_owns(p->model, pa) ? "device" : "CPU");
}

/* Who owns a byte of RAM, when a live mapping covers it. */
static void add_owner(struct text *t, const struct picture *p, uint64_t pa)
{
	const struct ownership *o = model_ownership(p->model);
	const struct mapping *m = ownership_of(o, pa);
	const struct stand_in *bounce = bounce_of(p->model, pa);

	if (bounce)
		add_stood_for(t, p, bounce->pa + (pa - bounce->to));
	else if (!m || !m->live)
		text_add(t, ". It is not mapped for a device");
	else if (m->coherent_memory)
		text_add(t, ". CPU and %s may touch it at any time", words_device(m->device));
	else
		text_add(t, ". It is mapped for the %s at bus address 0x%" PRIx64
			 "; the %s owns it", words_device(m->device), m->dma + (pa - m->pa),
			 device_owns(p->model, pa) ? "device" : "CPU");
}

static void about_byte(struct text *t, const struct picture *p, struct thing thing)
{
	enum where at = thing.unit;
	stamp_t stamp;
	uint8_t value;

	text_add(t, "byte ");
	words_place(t, p->model, thing.id);
	if (!is_ram(p, thing.id))
		return;
	text_add(t, ", va 0x%" PRIx64 ", in %s: ", model_va(p->model, thing.id), words_copy(at));
	if (at > AT_STORE_BUFFER ||
	    !shadow_byte(model_shadow(p->model), at, thing.id, &value, &stamp)) {
		text_add(t, "no copy");
		return;
	}
	text_add(t, "0x%02x, written by ", value);
	words_writer(t, stamp);
	text_add(t, ", %s", age_words[model_age(p->model, at, thing.id)]);
	add_owner(t, p, thing.id);
}

static void about_line(struct text *t, const struct picture *p, struct thing thing)
{
	const struct shadow_line *l = thing.unit == AT_L1 || thing.unit == AT_L2 ?
		shadow_line(model_shadow(p->model), thing.unit == AT_L2 ? 2 : 1, thing.id) : NULL;
	uint32_t size = model_shadow(p->model)->line;

	text_add(t, "the line of ");
	words_place(t, p->model, thing.id);
	text_add(t, ", %" PRIu32 " bytes, in %s", size, words_copy(thing.unit));
	if (!is_ram(p, thing.id))
		return;
	if (l)
		text_add(t, ", %s", l->dirty ? "dirty" : "clean");
	text_add(t, ", %s", age_words[thing.unit > AT_STORE_BUFFER ? AGE_ABSENT :
		 model_age_of(p->model, thing.unit, thing.id, size)]);
	add_owner(t, p, thing.id);
}

static void about_page(struct text *t, const struct picture *p, struct thing thing)
{
	uint64_t pa = thing.id << PAGE_SHIFT;
	const struct ownership *o = model_ownership(p->model);

	if (thing.id >= model_pages(p->model))
		return;
	text_add(t, "page %" PRIu64 ", from 0x%" PRIx64 " on, va 0x%" PRIx64 ": %s", thing.id, pa,
		 model_va(p->model, pa), page_use_name[model_use(p->model, thing.id)]);
	if (is_ram(p, pa) && ownership_any_device(o, pa, PAGE_SIZE))
		text_add(t, ". A device owns bytes of it");
}

static void about_mapping(struct text *t, const struct picture *p, struct thing thing)
{
	static const char *const way[DIRECTION_COUNT] = {
		"both ways", "to the device", "from the device", "no way"
	};
	const struct life *l = player_life_of(p->player, thing.id);

	text_add(t, "the mapping of event %" PRIu64, thing.id);
	if (!l)
		return;
	text_add(t, ": ");
	words_bytes(t, l->size);
	text_add(t, " at ");
	words_place(t, p->model, l->pa);
	text_add(t, ", bus address 0x%" PRIx64 " for the %s, %s. ", l->dma, words_device(l->device),
		 l->dir < DIRECTION_COUNT ? way[l->dir] : "");
	if (l->to <= player_at(p->player))
		text_add(t, "It has ended");
	else if (l->form == FORM_COHERENT)
		text_add(t, "Both sides may touch it at any time");
	else
		text_add(t, "The %s owns it now", is_ram(p, l->pa) &&
			 device_owns(p->model, l->pa) ? "device" : "CPU");
}

/* Of the event before a position. */
static void about_event(struct text *t, const struct picture *p, struct thing thing)
{
	struct event e;

	if (!thing.id || thing.id > player_count(p->player))
		return;
	e = *player_event(p->player, thing.id - 1);
	text_add(t, "event %" PRIu64 ", cycle %" PRIu64 ": ", e.seq, e.cycle);
	story_event(t, p->model, &e);
}

static void about_flag(struct text *t, const struct picture *p, struct thing thing)
{
	const struct flag *f = thing.id < player_flags(p->player) ?
		player_flag(p->player, (uint32_t)thing.id) : NULL;

	if (f)
		text_add(t, "%s at event %" PRIu64 ": %s. %s", rule_info[f->rule].name,
			 player_event(p->player, f->at - 1)->seq, rule_info[f->rule].sentence,
			 rule_info[f->rule].remedy);
}

static void about_device(struct text *t, const struct picture *p, struct thing thing)
{
	const struct device_model *d = &p->model->device[thing.id % MODEL_DEVICES];

	if (thing.id >= MODEL_DEVICES)
		return;
	text_add(t, "the %s, a device", words_device((uint32_t)thing.id));
	if (d->start)
		text_add(t, ": it %s %" PRIu64 " of %" PRIu64 " bytes %s bus address 0x%" PRIx64
			 ", %s", d->dir == DMA_TO_DEVICE ? "read" : "wrote", d->moved, d->size,
			 d->dir == DMA_TO_DEVICE ? "from" : "to", d->dma,
			 d->transfer[d->slot].done ? "and is done" : "and goes on");
	if (d->irq_up)
		text_add(t, ". Its interrupt line is raised");
}

static void about_stand_in(struct text *t, const struct picture *p, struct thing thing)
{
	uint64_t at = player_find(p->player, thing.id);

	if (at == UINT64_MAX)
		return;
	about_event(t, p, thing_of(THING_EVENT, 0, at));
}

static void about_store(struct text *t, const struct picture *p, struct thing thing)
{
	const struct shadow *s = model_shadow(p->model);
	const struct shadow_store *store = thing.id < s->stores ? &s->store[thing.id] : NULL;

	if (!store)
		return;
	text_add(t, "a store of ");
	words_value(t, store->value, store->size);
	text_add(t, " to ");
	words_place(t, p->model, store->pa);
	text_add(t, ", made by ");
	words_writer(t, store->stamp);
	text_add(t, ". It waits in the store buffer: a device does not see it yet");
}

static void about_time(struct text *t, const struct picture *p, struct thing thing)
{
	if (!thing.id)
		text_add(t, "the beginning");
	else
		about_event(t, p, thing);
}

static void about_panel(struct text *t, const struct picture *p, struct thing thing)
{
	(void)p;
	if (thing.id < PANEL_COUNT)
		text_add(t, "%s", panel_info[thing.id].sentence);
}

static void about_button(struct text *t, const struct picture *p, struct thing thing)
{
	(void)p;
	if (thing.id < ACTION_COUNT)
		text_add(t, "%s (%s)", action_info[thing.id].sentence, action_info[thing.id].keys);
}

static void about_legend(struct text *t, const struct picture *p, struct thing thing)
{
	if (thing.id < LEGEND_COUNT)
		text_add(t, "%s. A click %s", legend_sentence[thing.id],
			 look_hides(p->look, (enum legend)thing.id) ? "shows it again" :
			 "fades it");
}

void about_thing(struct text *t, const struct picture *p, struct thing thing)
{
	static void (*const about[THING_KIND_COUNT])(struct text *, const struct picture *,
						     struct thing) = {
		[THING_PANEL] = about_panel, [THING_BUTTON] = about_button,
		[THING_LEGEND] = about_legend, [THING_BYTE] = about_byte,
		[THING_LINE] = about_line, [THING_PAGE] = about_page,
		[THING_MAPPING] = about_mapping, [THING_EVENT] = about_event,
		[THING_FLAG] = about_flag, [THING_DEVICE] = about_device,
		[THING_STAND_IN] = about_stand_in, [THING_STORE] = about_store,
		[THING_TIME] = about_time,
	};

	if (thing.kind < THING_KIND_COUNT && about[thing.kind])
		about[thing.kind](t, p, thing);
}
