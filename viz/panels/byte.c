/*
 * The truth table of one byte: every copy of it from the CPU to the device, how old each is and who
 * wrote it, and which of them each side would read.
 */
#include "viz/dress.h"
#include "viz/panel.h"
#include "viz/version.h"
#include "viz/words.h"

#include <inttypes.h>
#include <stdio.h>

#define ROWS_MAX 6

/* A copy of the byte. */
struct copy {
	const char *name;
	struct thing thing;
	uint8_t value;
	char letter;
	enum age age;
	stamp_t stamp;           /* who wrote it; 0: unknown */
	uint64_t seq;            /* of the transfer that brought it into a device */
};

struct table {
	const struct model *m;
	uint64_t pa;
	uint64_t slot;           /* the same byte in a bounce buffer, UINT64_MAX: there is none */
	const struct mapping *mapping;   /* the last one of this byte, or NULL */
	struct copy copy[ROWS_MAX];
	uint32_t copies;
	uint32_t cpu, device;    /* the copy each would read; ROWS_MAX: none */
};

static bool is_ram(const struct model *m, uint64_t pa)
{
	return pa < model_shadow(m)->ram_bytes;
}

/* The byte that was chosen; else the first of the last access, else of the newest mapping. */
static uint64_t which_byte(const struct picture *p)
{
	const struct ownership *o = model_ownership(p->model);
	const struct event *e = &p->model->event, *access = &p->model->access;
	uint64_t newest = 0, pa = UINT64_MAX;

	if (p->look->byte != UINT64_MAX)
		return is_ram(p->model, p->look->byte) ? p->look->byte : UINT64_MAX;
	if ((e->kind == EV_DEV_READ || e->kind == EV_DEV_WRITE) && is_ram(p->model, e->addr2))
		return e->addr2;
	if (access->kind != EV_COUNT && is_ram(p->model, access->addr2))
		return access->addr2;
	for (uint32_t i = ownership_live(o, 0); i < o->end; i = ownership_live(o, i + 1)) {
		const struct mapping *map = ownership_mapping(o, i);

		if (map->seq > newest && is_ram(p->model, map->pa)) {
			newest = map->seq;
			pa = map->pa;
		}
	}
	return pa;
}

static void add_copy(struct table *t, const char *name, enum where at)
{
	struct copy c = { .name = name, .age = model_age(t->m, at, t->pa),
			  .thing = { THING_BYTE, (uint8_t)at, t->pa },
			  .letter = versions_of(t->m, t->pa).letter[at] };

	if (!shadow_byte(model_shadow(t->m), at, t->pa, &c.value, &c.stamp))
		return;
	if (t->cpu == ROWS_MAX)
		t->cpu = t->copies;
	t->copy[t->copies++] = c;
}

/* Of the newest copy of the byte, wherever it is. */
static stamp_t newest_stamp(const struct model *m, uint64_t pa)
{
	uint8_t value;
	stamp_t stamp;

	shadow_newest(model_shadow(m), pa, &value, &stamp);
	return stamp;
}

/* What a device wrote into a bounce buffer and nobody copied back makes all other copies old. */
static void add_slot(struct table *t)
{
	stamp_t ours = newest_stamp(t->m, t->pa), its = newest_stamp(t->m, t->slot);
	struct copy c = { .name = "bounce", .thing = { THING_BYTE, AT_RAM, t->slot },
			  .age = its >= ours ? AGE_FRESH : AGE_BEHIND };

	if (!shadow_byte(model_shadow(t->m), AT_RAM, t->slot, &c.value, &c.stamp))
		return;
	c.letter = version_letter(c.stamp);
	for (uint32_t i = 0; its > ours && stamp_by_device(its) && i < t->copies; i++)
		t->copy[i].age = AGE_STALE;
	t->copy[t->copies++] = c;
}

/* What the device read into its own buffer, in the transfer it was told of last. */
static void add_received(struct table *t)
{
	uint32_t unit = t->mapping ? t->mapping->device : MODEL_DEVICES;
	const struct device_model *d = unit < MODEL_DEVICES ? &t->m->device[unit] : NULL;
	uint64_t dma = d ? t->mapping->dma + (t->pa - t->mapping->pa) : 0;
	uint8_t value;
	stamp_t stamp;
	struct copy c = { .name = "device", .thing = { THING_DEVICE, (uint8_t)unit, unit },
			  .letter = ' ' };

	if (!d || d->dir != DMA_TO_DEVICE || !inside(dma, 1, d->dma, d->moved) ||
	    dma - d->dma >= DEVICE_BUFFER)
		return;
	c.value = model_received(t->m, unit)[dma - d->dma];
	c.seq = d->start;
	shadow_newest(model_shadow(t->m), t->pa, &value, &stamp);
	c.age = c.value == value ? AGE_FRESH : AGE_STALE;
	t->copy[t->copies++] = c;
}

static void fill_table(struct table *t, const struct model *m, uint64_t pa)
{
	const struct stand_in *s = model_stand_in(m, pa);

	*t = (struct table){ .m = m, .pa = pa, .slot = UINT64_MAX, .cpu = ROWS_MAX,
			     .mapping = ownership_of(model_ownership(m), pa) };
	if (s && s->to)
		t->slot = s->to + (pa - s->pa);
	add_copy(t, "buffer", AT_STORE_BUFFER);
	add_copy(t, "L1", AT_L1);
	add_copy(t, "L2", AT_L2);
	add_copy(t, "RAM", AT_RAM);
	t->device = t->copies - 1;
	if (t->slot != UINT64_MAX) {
		add_slot(t);
		t->device = t->copies - 1;
	} else if (model_shadow(m)->coherent) {
		t->device = t->cpu;
	}
	add_received(t);
}

/* Its physical address, in the line of the panel's title. */
static void draw_address(const struct picture *p, struct box b, const struct table *t)
{
	const struct panel_info *info = &panel_info[PANEL_BYTE];
	float size = p->look->text, top = p->box[PANEL_BYTE].y;
	float title = text_width(info->title, size) + size;
	char words[128];
	struct text text = { words, 0, sizeof words };

	words_place(&text, p->model, t->pa);
	if (b.w > title && b.y - top >= size)
		scene_text(p->scene, b.x + title, top + size * 0.9f, b.w - title, size, ROLE_INK, 0,
			   "%s", words);
}

/* Its other addresses and its owner, a line each; the owner's first where there is one line. */
static void draw_owner(const struct picture *p, struct box b, const struct table *t, uint32_t lines)
{
	const struct mapping *m = t->mapping;
	bool live = m && m->live, device = live && ownership_is_device(model_ownership(p->model), t->pa);
	float size = p->look->text, line = size * 1.5f, y = b.y + line / 2;

	if (lines > 1)
		scene_text(p->scene, b.x, y + line, b.w, size, ROLE_INK, 0, "va 0x%" PRIx64,
			   model_va(p->model, t->pa));
	if (lines && !live)
		scene_text(p->scene, b.x, y, b.w, size, ROLE_DIM, 0, "not mapped: the CPU's");
	if (!lines || !live)
		return;
	scene_thing(p->scene, THING_MAPPING, 0, m->seq);
	scene_text(p->scene, b.x, y, b.w, size, ROLE_INK, 0, "%s owns it, bus 0x%" PRIx64,
		   m->coherent_memory ? "each side" : device ? words_device(m->device) : "CPU",
		   m->dma + (t->pa - m->pa));
	scene_thing(p->scene, THING_PANEL, 0, PANEL_BYTE);
}

static const char *const age_word[] = {
	[AGE_FRESH] = "fresh", [AGE_BEHIND] = "behind", [AGE_STALE] = "stale", [AGE_ABSENT] = "",
};

/* What a click on it leads to: the moment it was written, or nothing but the copy itself. */
static void set_thing(const struct picture *p, const struct copy *c)
{
	uint64_t seq = c->seq ? c->seq : stamp_event(c->stamp);
	uint64_t at = seq ? player_find(p->player, seq) : UINT64_MAX;

	if (at == UINT64_MAX)
		scene_thing(p->scene, c->thing.kind, c->thing.unit, c->thing.id);
	else
		scene_thing(p->scene, THING_EVENT, 0, at);
}

/* "edu, event 34": words_writer for a narrow column. */
static void add_writer(struct text *t, stamp_t stamp)
{
	uint32_t writer = stamp & 0xff;

	if (!stamp)
		return;
	text_add(t, "%s, event %" PRIu64, writer >= WROTE_DEVICE ? words_device(writer - WROTE_DEVICE) :
		 writer == WROTE_KERNEL ? "kernel" : "CPU", stamp_event(stamp));
}

static void draw_copy(const struct picture *p, struct box b, const struct copy *c)
{
	float size = p->look->text, one = size * TEXT_ADVANCE, y = b.y + b.h / 2;
	float value = b.x + 7 * one, cell = 5.5f * one, after = value + cell + one;
	struct dress dress = dress_of(p->look, c->age);
	struct box place = { value, b.y + 1, cell, b.h - 2 };
	char words[64] = "";
	struct text text = { words, 0, sizeof words };

	p->scene->marks = dress.marks & MARK_FADED;
	scene_text(p->scene, b.x, y, value - b.x, size, ROLE_INK, 0, "%s", c->name);
	set_thing(p, c);
	scene_rect(p->scene, place, dress.fill, ROLE_EDGE, dress.marks);
	scene_rect(p->scene, (struct box){ place.x + one * 0.75f, place.y + 1, one * 4, place.h - 2 },
		   ROLE_FRESH, ROLE_NONE, 0);
	scene_label(p->scene, place, size, ROLE_INK, MARK_BOLD, "%02x %c", c->value, c->letter);
	if (c->seq)
		text_add(&text, "read by event %" PRIu64, c->seq);
	else
		add_writer(&text, c->stamp);
	if (b.x + b.w > after + 7 * one)
		scene_text(p->scene, after, y, 7 * one, size, ROLE_INK, c->age == AGE_FRESH ? 0 : MARK_BOLD,
			   "%s", age_word[c->age]);
	after += 7 * one;
	if (b.x + b.w > after + 8 * one)
		scene_text(p->scene, after, y, b.x + b.w - after, size, ROLE_DIM, 0, "%s", words);
	p->scene->marks = 0;
}

/* Which copy a side would read; its colour stands before the words and beside the copy. */
static void draw_reader(const struct picture *p, struct box b, const struct table *t, bool device,
			float copies_y, float line)
{
	uint32_t i = device ? t->device : t->cpu;
	enum role role = device ? ROLE_DEVICE : ROLE_CPU;
	float size = p->look->text, bar = 4;
	const struct copy *c = &t->copy[i];

	scene_thing(p->scene, THING_NONE, 0, 0);
	p->scene->marks = look_hides(p->look, device ? LEGEND_DEVICE : LEGEND_CPU) ? MARK_FADED : 0;
	scene_rect(p->scene, (struct box){ b.x, b.y + 2, bar, b.h - 4 }, role, ROLE_NONE, 0);
	scene_text(p->scene, b.x + 2 * bar, b.y + b.h / 2, b.w - 2 * bar, size, ROLE_INK,
		   c->age == AGE_FRESH ? 0 : MARK_BOLD, "%s would read %02x%s%s", device ?
		   "device" : "CPU", c->value, c->age == AGE_FRESH ? "" : ": ", c->age == AGE_FRESH ? "" :
		   "old");
	scene_rect(p->scene, (struct box){ b.x + (device ? bar + 1 : 0), copies_y + (float)i * line + 2,
		   bar, line - 4 }, role, ROLE_NONE, 0);
	p->scene->marks = 0;
}

void panel_byte(const struct picture *p, struct box b)
{
	float line = p->look->text * 1.5f, y = b.y, gutter = 11;
	struct table t;
	uint64_t pa = which_byte(p);
	uint32_t lines = (uint32_t)(b.h / line), shown, spare;

	if (pa == UINT64_MAX) {
		scene_wrap(p->scene, b, p->look->text, ROLE_DIM,
			   "choose a byte of memory: here stand all its copies");
		return;
	}
	fill_table(&t, p->model, pa);
	draw_address(p, b, &t);
	spare = lines > t.copies + 2 ? lines - t.copies - 2 : 0;
	spare = spare > 2 ? 2 : spare;
	draw_owner(p, b, &t, spare);
	y += line * (float)spare;
	shown = (uint32_t)((b.y + b.h - y) / line);
	for (uint32_t i = 0; i < t.copies && i < shown; i++)
		draw_copy(p, (struct box){ b.x + gutter, y + (float)i * line, b.w - gutter, line },
			  &t.copy[i]);
	for (uint32_t i = 0; i < 2 && t.copies + i < shown; i++)
		draw_reader(p, (struct box){ b.x, y + (float)(t.copies + i) * line, b.w, line }, &t, i,
			    y, line);
}
