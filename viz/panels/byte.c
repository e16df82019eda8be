/*
 * The truth table of one byte: every copy of it from the CPU to the device, how old each is and who
 * wrote it, and which of them each side would read.
 */
#include "viz/copies.h"
#include "viz/dress.h"
#include "viz/panel.h"
#include "viz/words.h"

#include <inttypes.h>
#include <stdio.h>

#define BAR   4.0f           /* points: the mark of who reads a copy */
#define MARKS 11.0f          /* room for two of them */

static bool is_ram(const struct model *m, uint64_t pa)
{
	return pa < model_shadow(m)->ram_bytes;
}

static uint64_t byte_of_newest_mapping(const struct model *m)
{
	const struct ownership *o = model_ownership(m);
	uint64_t newest = 0, pa = UINT64_MAX;

	for (uint32_t i = ownership_live(o, 0); i < o->end; i = ownership_live(o, i + 1)) {
		const struct mapping *map = ownership_mapping(o, i);

		if (map->seq > newest && is_ram(m, map->pa)) {
			newest = map->seq;
			pa = map->pa;
		}
	}
	return pa;
}

/* The byte that was chosen; else the first of the last access, else of the newest mapping. */
static uint64_t which_byte(const struct picture *p)
{
	const struct model *m = p->model;
	bool beat = m->event.kind == EV_DEV_READ || m->event.kind == EV_DEV_WRITE;

	if (p->look->byte != UINT64_MAX)
		return is_ram(m, p->look->byte) ? p->look->byte : UINT64_MAX;
	if (beat && is_ram(m, m->event.addr2))
		return m->event.addr2;
	if (m->access.kind != EV_COUNT && is_ram(m, m->access.addr2))
		return m->access.addr2;
	return byte_of_newest_mapping(m);
}

/* Its physical address, in the line of the panel's title. */
static void draw_address(const struct picture *p, struct box b, const struct copies *c)
{
	float size = p->look->text, top = p->box[PANEL_BYTE].y;
	float title = text_width(panel_info[PANEL_BYTE].title, size) + size;
	char words[128];
	struct text text = { words, 0, sizeof words };

	words_place(&text, p->model, c->pa);
	if (text_width(words, size) > b.w - title)
		snprintf(words, sizeof words, "0x%" PRIx64, c->pa);
	if (b.w > title && b.y - top >= size)
		scene_text(p->scene, b.x + title, top + size * 0.9f, b.w - title, size, ROLE_INK, 0,
			   "%s", words);
}

/* A bounce buffer is owned by who owns the buffer it stands in for. */
static void draw_bounce_owner(const struct picture *p, struct box b, uint64_t stood_for)
{
	const struct mapping *m = ownership_of(model_ownership(p->model), stood_for);
	bool device = m && device_owns(p->model, stood_for);

	scene_text(p->scene, b.x, b.y + b.h / 2, b.w, p->look->text, ROLE_INK, 0,
		   "%s owns it, for 0x%" PRIx64, device ? words_device(m->device) : "CPU",
		   stood_for);
}

static void draw_owner(const struct picture *p, struct box b, const struct copies *c)
{
	const struct mapping *m = c->mapping;
	const struct stand_in *bounce = bounce_of(p->model, c->pa);
	float size = p->look->text, y = b.y + b.h / 2;
	bool device = device_owns(p->model, c->pa);

	if (bounce) {
		draw_bounce_owner(p, b, bounce->pa + (c->pa - bounce->to));
		return;
	}
	if (!m || !m->live) {
		scene_text(p->scene, b.x, y, b.w, size, ROLE_DIM, 0, "not mapped: the CPU's");
		return;
	}
	scene_thing(p->scene, THING_MAPPING, 0, m->seq);
	scene_text(p->scene, b.x, y, b.w, size, ROLE_INK, 0, "%s owns it, bus 0x%" PRIx64,
		   m->coherent_memory ? "each" : device ? words_device(m->device) : "CPU",
		   m->dma + (c->pa - m->pa));
	scene_thing(p->scene, THING_PANEL, 0, PANEL_BYTE);
}

/* A click on a copy leads to the moment it was written, where that is known. */
static void set_thing(const struct picture *p, const struct copy *c)
{
	uint64_t seq = c->transfer ? c->transfer : stamp_event(c->stamp);
	uint64_t at = seq ? player_find(p->player, seq) : UINT64_MAX;

	if (at == UINT64_MAX)
		scene_thing(p->scene, c->thing.kind, c->thing.unit, c->thing.id);
	else
		scene_thing(p->scene, THING_EVENT, 0, at);
}

/* Value and version in a cell dressed by age, which shows at both sides of them. */
static void draw_value(const struct picture *p, struct box b, const struct copy *c)
{
	struct dress dress = dress_of(p->look, c->age);
	float one = p->look->text * TEXT_ADVANCE;

	scene_rect(p->scene, b, dress.fill, ROLE_EDGE, dress.marks);
	scene_rect(p->scene, (struct box){ b.x + one * 0.75f, b.y + 1, one * 4, b.h - 2 },
		   ROLE_FRESH, ROLE_NONE, 0);
	scene_label(p->scene, b, p->look->text, ROLE_INK, MARK_BOLD, "%02x %c", c->value,
		    c->letter);
}

/* "edu, event 34", or "edu #34", or "edu" where that is too long. */
static void draw_writer(const struct picture *p, struct box b, const struct copy *c)
{
	static const char *const number[] = { ", event ", " #" };
	uint64_t event = c->transfer ? c->transfer : stamp_event(c->stamp);
	uint32_t writer = c->stamp & 0xff;
	const char *who = c->transfer ? "got" :
		writer >= WROTE_DEVICE ? words_device(writer - WROTE_DEVICE) :
		writer == WROTE_KERNEL ? "kernel" : "CPU";
	char words[64] = "";

	for (int i = 0; i < 2 && (!i || text_width(words, p->look->text) > b.w); i++)
		snprintf(words, sizeof words, "%s%s%" PRIu64, who, number[i], event);
	if (c->transfer || c->stamp)
		scene_text(p->scene, b.x, b.y + b.h / 2, b.w, p->look->text, ROLE_DIM, 0, "%s",
			   text_width(words, p->look->text) > b.w ? who : words);
}

/* Columns: name, value and version, age, writer; the last ones only where there is room. */
static void draw_copy(const struct picture *p, struct box b, const struct copy *c)
{
	static const char *const age[] = { [AGE_FRESH] = "fresh", [AGE_BEHIND] = "behind",
					   [AGE_STALE] = "stale", [AGE_ABSENT] = "" };
	float size = p->look->text, one = size * TEXT_ADVANCE, right = b.x + b.w;
	float value = b.x + 7 * one, word = value + 6.5f * one, writer = word + 7 * one;

	p->scene->marks = dress_of(p->look, c->age).marks & MARK_FADED;
	scene_text(p->scene, b.x, b.y + b.h / 2, value - b.x, size, ROLE_INK, 0, "%s", c->name);
	set_thing(p, c);
	draw_value(p, (struct box){ value, b.y + 1, 5.5f * one, b.h - 2 }, c);
	if (right > word + 7 * one)
		scene_text(p->scene, word, b.y + b.h / 2, 7 * one, size, ROLE_INK,
			   c->age == AGE_FRESH ? 0 : MARK_BOLD, "%s", age[c->age]);
	if (right > writer + 8 * one)
		draw_writer(p, (struct box){ writer, b.y, right - writer, b.h }, c);
	p->scene->marks = 0;
}

struct reader {
	const char *name;
	enum role role;
	enum legend row;
};

static const struct reader readers[2] = {
	{ "CPU", ROLE_CPU, LEGEND_CPU }, { "device", ROLE_DEVICE, LEGEND_DEVICE },
};

/* What one side would read. Its colour stands here and beside the copy it is. */
static void draw_reader(const struct picture *p, struct box b, int who, struct box copy,
			const struct copy *c)
{
	const struct reader *r = &readers[who];
	bool old = c->age != AGE_FRESH;

	scene_thing(p->scene, THING_PANEL, 0, PANEL_BYTE);
	p->scene->marks = look_hides(p->look, r->row) ? MARK_FADED : 0;
	scene_rect(p->scene, (struct box){ b.x, b.y + 2, BAR, b.h - 4 }, r->role, ROLE_NONE, 0);
	scene_rect(p->scene, (struct box){ copy.x + (float)who * (BAR + 1), copy.y + 2, BAR,
					   copy.h - 4 }, r->role, ROLE_NONE, 0);
	scene_text(p->scene, b.x + MARKS, b.y + b.h / 2, b.w - MARKS, p->look->text, ROLE_INK,
		   old ? MARK_BOLD : 0, "%s would read %02x%s", r->name, c->value,
		   old ? ": old" : "");
	p->scene->marks = 0;
}

static struct box row_of(struct box b, float line, uint32_t i)
{
	return (struct box){ b.x, b.y + (float)i * line, b.w, line };
}

/* The copies and who reads them come first; owner and va have the lines that are left. */
static void draw_table(const struct picture *p, struct box b, const struct copies *c)
{
	float line = p->look->text * 1.5f;
	uint32_t lines = (uint32_t)(b.h / line), needed = c->count + 2;
	uint32_t first = lines <= needed ? 0 : lines - needed > 2 ? 2 : lines - needed;

	if (first)
		draw_owner(p, row_of(b, line, 0), c);
	if (first > 1)
		scene_text(p->scene, b.x, b.y + 1.5f * line, b.w, p->look->text, ROLE_INK, 0,
			   "va 0x%" PRIx64, model_va(p->model, c->pa));
	for (uint32_t i = 0; i < c->count && first + i < lines; i++) {
		struct box row = row_of(b, line, first + i);

		row.x += MARKS;
		row.w -= MARKS;
		draw_copy(p, row, &c->copy[i]);
	}
	for (int who = 0; who < 2 && first + c->count + (uint32_t)who < lines; who++) {
		uint32_t i = who ? c->device : c->cpu;

		draw_reader(p, row_of(b, line, first + c->count + (uint32_t)who), who,
			    row_of(b, line, first + i), &c->copy[i]);
	}
}

void panel_byte(const struct picture *p, struct box b)
{
	uint64_t pa = which_byte(p);
	struct copies copies;

	if (pa == UINT64_MAX) {
		scene_wrap(p->scene, b, p->look->text, ROLE_DIM,
			   "choose a byte of memory: here stand all its copies");
		return;
	}
	copies = copies_of(p->model, pa);
	if (!copies.count)
		return;
	draw_address(p, b, &copies);
	draw_table(p, b, &copies);
}
