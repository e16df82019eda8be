#include "viz/recording_format.h"

#include <stdio.h>
#include <string.h>

static const char *const slot[FIELD_COUNT] = { "addr", "addr2", "value", "size", "a", "b", "unit" };

/* " a=at:ram,l1,l2": the slot, what this kind keeps there, and the words when it is a code. */
static void add_field(struct text *t, enum event_kind kind, enum event_field f)
{
	const char *word;

	if (!*event_info[kind].field[f])
		return;
	text_add(t, " %s=%s", slot[f], event_info[kind].field[f]);
	for (uint32_t v = 0; v < 64; v++) {
		struct event e = { .kind = (uint16_t)kind, .addr = v, .addr2 = v, .value = v,
			.size = v, .a = v, .b = v, .unit = (uint16_t)v };

		if (!(word = event_word(&e, f)))
			return;
		text_add(t, "%c%s", v ? ',' : ':', word);
	}
}

/* "cpu.barrier a=barrier:mb,rmb,wmb unit=cpu" */
static void add_kind(struct text *t, enum event_kind kind)
{
	text_add(t, "%s", event_info[kind].name);
	for (enum event_field f = 0; f < FIELD_COUNT; f++)
		add_field(t, kind, f);
}

size_t header_write(char *header)
{
	struct text t = { header, 0, HEADER_MAX };

	text_add(&t, "a recording by dmalab %s: blocks of a count and events, little endian, "
		 "+ is the difference to the event before\n", VERSION);
	text_add(&t, "%s\n", LAYOUT);
	for (enum event_kind k = 0; k < EV_COUNT; k++) {
		text_add(&t, "kind %d ", (int)k);
		add_kind(&t, k);
		text_add(&t, "\n");
	}
	return t.used;
}

/* Are these the same field? A list of words may have grown since. */
static bool same_field(const char *a, size_t na, const char *b, size_t nb)
{
	size_t n = na < nb ? na : nb;

	if (strncmp(a, b, n))
		return false;
	return na == nb || (memchr(a, ':', n) && (na > nb ? a : b)[n] == ',');
}

static bool same_row(const char *a, const char *b)
{
	while (*a && *b) {
		size_t na = strcspn(a, " "), nb = strcspn(b, " ");

		if (!same_field(a, na, b, nb))
			return false;
		a += na + (a[na] == ' ');
		b += nb + (b[nb] == ' ');
	}
	return *a == *b;
}

enum event_kind kind_described(const char *row)
{
	char name[64], ours[1024];
	enum event_kind kind;

	snprintf(name, sizeof name, "%.*s", (int)strcspn(row, " "), row);
	kind = event_kind_named(name);
	if (kind == EV_COUNT)
		return EV_COUNT;
	add_kind(&(struct text){ ours, 0, sizeof ours }, kind);
	return same_row(ours, row) ? kind : EV_COUNT;
}
