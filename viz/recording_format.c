#include "viz/recording_format.h"

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

void text_add_kind(struct text *t, enum event_kind kind)
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
		text_add_kind(&t, k);
		text_add(&t, "\n");
	}
	return t.used;
}
