#include "viz/find.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A bus address an IOMMU or a bounce buffer knows: one piece there may be many in RAM. */
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

static bool matches(const struct wish *w, const char *text, const struct event *e)
{
	if (w->address)
		return touches(e, w->value) || (w->pa != UINT64_MAX && touches(e, w->pa));
	if (w->device != UINT64_MAX)
		return e->unit == w->device &&
		       !strcmp(event_info[e->kind].field[FIELD_UNIT], "device");
	return w->kind[e->kind] || says(e, text);
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
	struct wish w = { .pa = UINT64_MAX, .device = UINT64_MAX };

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

void find_begin(struct search *s, const struct player *p, const char *text)
{
	uint64_t number;

	*s = (struct search){ .found = { UINT64_MAX, UINT64_MAX, false } };
	snprintf(s->text, sizeof s->text, "%s", text);
	if (after_prefix(text, "", 10, &number)) {
		s->found.at = player_find(p, number);
		snprintf(s->why, sizeof s->why, "there is no event %s here", text);
		return;
	}
	snprintf(s->why, sizeof s->why, "%s is not here. Find knows addresses (0x2040), event "
		 "numbers (120), rules (stale-read), words (dma.map, kmalloc) and device 0", text);
	if (next_rule(p, text, &s->found))
		return;
	s->wish = wish_of(p, text);
	s->found.pa = s->wish.pa;
	s->from = s->next = player_at(p);
	s->count = s->left = player_count(p);
}

bool find_more(struct search *s, const struct player *p, uint64_t most)
{
	for (; most && s->left; most--) {
		uint64_t i = s->next < s->count ? s->next : 0;

		s->next = i + 1;
		s->left--;
		if (matches(&s->wish, s->text, player_event(p, i))) {
			s->found.at = i + 1;
			s->found.round = i < s->from;
			s->left = 0;
		}
	}
	return s->left > 0;
}
