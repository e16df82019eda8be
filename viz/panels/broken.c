/*
 * The rule that was broken last: what broke, who wrote the old and the new, what would have helped,
 * and the moments that led there. At the very moment it broke, its name is filled.
 */
#include "viz/panel.h"
#include "viz/story.h"

#include <inttypes.h>
#include <stdio.h>

/* What a rule calls the older and the newer of its two values; NULL: it has none to show. */
struct sides {
	const char *old, *new;
};

static const struct sides sides[RULE_COUNT] = {
	[RULE_STALE_READ] = { "the CPU saw", "newest" },
	[RULE_WRONG_SYNC] = { "the CPU saw", "newest" },
	[RULE_DEVICE_READ_STALE] = { "it got", "newest" },
	[RULE_DEVICE_DATA_LOST] = { "now", "lost" },
	[RULE_CPU_DATA_LOST] = { "left", "lost" },
	[RULE_CPU_WRITE_DEVICE_OWNED] = { "before", "stored" },
	[RULE_CPU_READ_DEVICE_OWNED] = { "the CPU saw", NULL },
	[RULE_USE_AFTER_FREE] = { "there", NULL },
	[RULE_ORDER_DEVICE_EARLY] = { "memory", "stored" },
	[RULE_ORDER_CPU_EARLY] = { "the CPU saw", "newest" },
	[RULE_DOUBLE_FETCH] = { "first", "then" },
};

static bool is_known(const struct picture *p, uint64_t i)
{
	return player_violation(p->player, player_flag(p->player, (uint32_t)i));
}

/* The flag that was chosen, else the last one so far; player_flags when there is none. */
static uint32_t which_flag(const struct picture *p)
{
	uint32_t i = player_flags_until(p->player, player_at(p->player));
	const struct thing *chosen = &p->look->selected;

	if (chosen->kind == THING_FLAG && chosen->id < i && is_known(p, chosen->id))
		return (uint32_t)chosen->id;
	while (i && !is_known(p, i - 1))
		i--;
	return i ? i - 1 : player_flags(p->player);
}

/* A column of text that is filled from above. */
struct column {
	const struct picture *p;
	struct box left;         /* what is free yet */
};

static void write_down(struct column *c, enum role role, const char *words)
{
	float h = scene_wrap(c->p->scene, c->left, c->p->look->text, role, words);

	c->left.y += h;
	c->left.h -= h;
}

static void write_side(struct column *c, const char *name, uint64_t value, uint32_t width,
		       stamp_t stamp)
{
	char words[128];
	struct text text = { words, 0, sizeof words };
	uint64_t seq = stamp_event(stamp);
	uint64_t at = seq ? player_find(c->p->player, seq) : UINT64_MAX;

	if (!name)
		return;
	text_add(&text, "%s ", name);
	words_value(&text, value, width);
	text_add(&text, ", by ");
	words_writer(&text, stamp);
	if (at != UINT64_MAX)
		scene_thing(c->p->scene, THING_EVENT, 0, at);
	write_down(c, ROLE_INK, words);
	scene_thing(c->p->scene, THING_PANEL, 0, PANEL_BROKEN);
}

static void write_bytes(struct column *c, const struct violation *v)
{
	char words[128];
	struct text text = { words, 0, sizeof words };

	if (v->on_bus)
		text_add(&text, "bus address 0x%" PRIx64, v->dma);
	else if (v->pa != UINT64_MAX)
		words_place(&text, c->p->model, v->pa);
	else
		return;
	text_add(&text, ", ");
	words_bytes(&text, v->size ? v->size : 1);
	if (v->count > 1)
		text_add(&text, ", %" PRIu32 " times", v->count);
	if (!v->on_bus)
		scene_thing(c->p->scene, THING_BYTE, AT_RAM, v->pa);
	write_down(c, ROLE_INK, words);
	scene_thing(c->p->scene, THING_PANEL, 0, PANEL_BROKEN);
}

/* The remedy comes before the details: it has to be there where room is short. */
static void write_facts(struct column *c, const struct violation *v)
{
	const struct sides *s = &sides[v->rule];
	const char *advice = advice_sentence[v->advice];

	write_down(c, ROLE_INK, rule_info[v->rule].sentence);
	write_down(c, ROLE_INK, *advice ? advice : rule_info[v->rule].remedy);
	write_bytes(c, v);
	write_side(c, s->old, v->old_value, v->width, v->old_stamp);
	write_side(c, s->new, v->new_value, v->width, v->new_stamp);
}

/* Name and number: filled when it broke at this very moment. */
static void write_head(struct column *c, const struct flag *f, uint32_t number)
{
	const struct picture *p = c->p;
	const char *name = rule_info[f->rule].name;
	float size = p->look->text, line = size * 1.5f, w = text_width(name, size) + size, rest;
	bool now = f->at == player_at(p->player);
	struct box b = { c->left.x, c->left.y, w < c->left.w ? w : c->left.w, line - 2 };

	scene_thing(p->scene, THING_FLAG, 0, number);
	p->scene->marks = look_hides(p->look, LEGEND_WARN) ? MARK_FADED : 0;
	scene_rect(p->scene, b, now ? ROLE_WARN : ROLE_PANEL, ROLE_WARN, MARK_ROUND);
	scene_label(p->scene, b, size, now ? role_ink(p->look->theme, ROLE_WARN) : ROLE_INK,
		    MARK_BOLD, "%s", name);
	p->scene->marks = 0;
	rest = c->left.w - b.w - size / 2;
	if (rest > 0)
		scene_text(p->scene, b.x + b.w + size / 2, b.y + b.h / 2, rest, size, ROLE_DIM, 0,
			   "%s[%" PRIu32 " of %" PRIu32 "]", f->error ? "" : "warning ",
			   number + 1, player_flags(p->player));
	c->left.y += line;
	c->left.h -= line;
	scene_thing(p->scene, THING_PANEL, 0, PANEL_BROKEN);
}

/* The moments as numbers in a row, for little room. */
static void draw_links(const struct picture *p, struct box b, const struct violation *v)
{
	float size = p->look->text, x = b.x, y = b.y + b.h / 2;

	x += scene_text(p->scene, x, y, b.w, size, ROLE_DIM, 0, "events ");
	for (uint32_t i = 0; i < v->chain_length; i++) {
		uint64_t at = player_find(p->player, v->chain[i]);
		char number[24];
		struct box pill;
		float w;

		snprintf(number, sizeof number, "%" PRIu64, v->chain[i]);
		w = text_width(number, size) + size;
		if (x + w > b.x + b.w)
			return;
		pill = (struct box){ x, b.y + 1, w, b.h - 2 };
		scene_thing(p->scene, at == UINT64_MAX ? THING_NONE : THING_EVENT, 0, at);
		scene_rect(p->scene, pill, ROLE_FRESH,
			   v->chain[i] == v->cause ? ROLE_WARN : ROLE_EDGE, MARK_ROUND);
		scene_label(p->scene, pill, size, ROLE_INK, 0, "%s", number);
		x += w + size / 2;
	}
}

/* The moments in words, one line each; an arrow at the one that is at fault. */
static void draw_chain(const struct picture *p, struct box b, const struct violation *v, float line)
{
	float size = p->look->text;

	for (uint32_t i = 0; i < v->chain_length; i++) {
		uint64_t at = player_find(p->player, v->chain[i]);
		float y = b.y + ((float)i + 0.5f) * line;
		char words[STORY_MAX];
		struct text text = { words, 0, sizeof words };

		text_add(&text, "%s%" PRIu64 " ", v->chain[i] == v->cause ? "=> " : "   ",
			 v->chain[i]);
		if (v->events[i].seq)
			story_event(&text, p->model, &v->events[i]);
		scene_thing(p->scene, at == UINT64_MAX ? THING_NONE : THING_EVENT, 0, at);
		scene_text(p->scene, b.x, y, b.w, size, ROLE_INK, 0, "%s", words);
	}
}

static void draw_violation(const struct picture *p, struct box b, uint32_t number)
{
	const struct flag *f = player_flag(p->player, number);
	const struct violation *v = player_violation(p->player, f);
	float line = p->look->text * 1.5f, whole = line * (float)v->chain_length;
	struct column c = { p, { b.x, b.y, b.w, b.h - line } };

	write_head(&c, f, number);
	write_facts(&c, v);
	c.left.h += line;
	if (c.left.h >= whole + line / 2)
		draw_chain(p, (struct box){ b.x, b.y + b.h - whole, b.w, whole }, v, line);
	else
		draw_links(p, (struct box){ b.x, b.y + b.h - line, b.w, line }, v);
}

void panel_broken(const struct picture *p, struct box b)
{
	uint32_t number = which_flag(p);
	float line = p->look->text * 1.5f;

	if (b.h < 2 * line)
		return;
	if (number == player_flags(p->player))
		scene_wrap(p->scene, b, p->look->text, ROLE_DIM, "no rule is broken so far");
	else
		draw_violation(p, b, number);
}
