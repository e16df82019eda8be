#include "viz/find.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is looked for: any of the three, whichever the text can be. */
struct wish {
	bool address;
	uint64_t value, pa;      /* the address; where it lies in RAM, or UINT64_MAX */
	bool kind[EV_COUNT];     /* kinds of event that have the text in their name */
	const char *word;
	uint64_t device;         /* UINT64_MAX: none is asked for */
};

/* A bus address that an IOMMU or a bounce buffer knows: what is one piece there may be many in RAM. */
static bool by_stand_in(const struct model *m, uint64_t dma, uint64_t *pa)
{
	for (uint32_t i = 0; i < m->stand_in_end; i++) {
		const struct stand_in *s = cow_read(&m->stand_ins, i);

		if (s->seq && !s->removed && inside(dma, 1, s->dma, s->size)) {
			*pa = s->pa + (dma - s->dma);
			return true;
		}
	}
	return false;
}

static bool by_mapping(const struct model *m, uint64_t dma, uint64_t *pa)
{
	const struct ownership *o = model_ownership(m);

	for (uint32_t i = ownership_live(o, 0); i < o->end; i = ownership_live(o, i + 1)) {
		const struct mapping *of = ownership_mapping(o, i);

		if (inside(dma, 1, of->dma, of->size) &&
		    inside(of->pa, of->size, 0, model_shadow(m)->ram_bytes)) {
			*pa = of->pa + (dma - of->dma);
			return true;
		}
	}
	return false;
}

bool find_byte(const struct player *p, uint64_t address, uint64_t *pa)
{
	const struct model *m = player_model(p);

	*pa = address;
	return model_pa(m, address, pa) || by_stand_in(m, address, pa) ||
	       by_mapping(m, address, pa) || address < model_shadow(m)->ram_bytes;
}

static bool is_address(const char *field)
{
	static const char *const names[] = {
		"va", "pa", "dma", "dma2", "bounce", "from", "to", "flag"
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (!strcmp(field, names[i]))
			return true;
	return false;
}

static bool touches(const struct event *e, uint64_t address)
{
	uint64_t size = e->size ? e->size : 1;

	for (enum event_field f = FIELD_ADDR; f <= FIELD_VALUE; f++)
		if (inside(address, 1, event_get(e, f), size) &&
		    is_address(event_info[e->kind].field[f]))
			return true;
	return false;
}

static bool says(const struct event *e, const char *word)
{
	for (enum event_field f = FIELD_A; f <= FIELD_B; f++) {
		const char *there = event_word(e, f);

		if (there && !strcasecmp(there, word))
			return true;
	}
	return false;
}

static bool matches(const struct wish *w, const struct event *e)
{
	if (w->address)
		return touches(e, w->value) || (w->pa != UINT64_MAX && touches(e, w->pa));
	if (w->device != UINT64_MAX)
		return e->unit == w->device &&
		       !strcmp(event_info[e->kind].field[FIELD_UNIT], "device");
	return w->kind[e->kind] || says(e, w->word);
}

/* The position after the first such event among [from, to). */
static uint64_t first_event(const struct player *p, const struct wish *w, uint64_t from,
			    uint64_t to)
{
	for (uint64_t i = from; i < to; i++)
		if (matches(w, player_event(p, i)))
			return i + 1;
	return UINT64_MAX;
}

static bool after_prefix(const char *text, const char *prefix, int base, uint64_t *value)
{
	size_t n = strlen(prefix);
	char *end;

	if (strncasecmp(text, prefix, n) || !text[n] || text[n] == '-' || text[n] == ' ')
		return false;
	*value = strtoull(text + n, &end, base);
	return !*end;
}

static struct wish wish_of(const struct player *p, const char *text)
{
	struct wish w = { .word = text, .pa = UINT64_MAX, .device = UINT64_MAX };

	if (after_prefix(text, "0x", 16, &w.value)) {
		w.address = true;
		if (!find_byte(p, w.value, &w.pa))
			w.pa = UINT64_MAX;
	} else if (!after_prefix(text, "device ", 10, &w.device)) {
		w.device = UINT64_MAX;
	}
	for (enum event_kind kind = 0; kind < EV_COUNT; kind++)
		w.kind[kind] = strstr(event_info[kind].name, text);
	return w;
}

/* The broken rule of that name, after the position; past the last the first. */
static bool next_rule(const struct player *p, const char *name, struct found *found)
{
	struct found first = { UINT64_MAX, UINT64_MAX, true };

	for (uint32_t i = player_flags(p); i-- > 0;) {
		const struct flag *f = player_flag(p, i);

		if (!strcasecmp(rule_info[f->rule].name, name)) {
			first.at = f->at;
			if (f->at > player_at(p))
				*found = (struct found){ f->at, UINT64_MAX, false };
		}
	}
	if (found->at == UINT64_MAX)
		*found = first;
	return found->at != UINT64_MAX;
}

static bool next_match(const struct player *p, const char *text, struct found *found)
{
	struct wish w = wish_of(p, text);

	found->pa = w.pa;
	found->at = first_event(p, &w, player_at(p), player_count(p));
	if (found->at == UINT64_MAX) {
		found->round = true;
		found->at = first_event(p, &w, 0, player_at(p));
	}
	return found->at != UINT64_MAX || found->pa != UINT64_MAX;
}

bool find_next(const struct player *p, const char *text, struct found *found, char *why, size_t n)
{
	uint64_t number;

	*found = (struct found){ UINT64_MAX, UINT64_MAX, false };
	if (after_prefix(text, "", 10, &number)) {
		found->at = player_find(p, number);
		snprintf(why, n, "there is no event %s here", text);
		return found->at != UINT64_MAX;
	}
	if (next_rule(p, text, found) || next_match(p, text, found))
		return true;
	snprintf(why, n, "%s is not here. Find knows addresses (0x2040), event numbers (120), "
		 "rules (stale-read), words (dma.map, kmalloc) and device 0", text);
	return false;
}
