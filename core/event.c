#include "event.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct event_info event_info[EV_COUNT] = {
#define EVENT(lane, KIND, name, addr, addr2, value, size, a, b, unit, sentence) \
	[EV_##KIND] = { LANE_##lane, #KIND, name, \
		{ addr, addr2, value, size, a, b, unit }, sentence },
#include "event.def"
#undef EVENT
};

const char *const lane_name[LANE_COUNT] = {
	"cpu", "cache", "bus", "device", "memory", "dma", "bench"
};

#define CODE_WORDS 18

/* A field name that stands for a code, and the words of its values. */
struct code {
	const char *field;
	enum event_kind only;     /* EV_COUNT: in every kind */
	const char *words[CODE_WORDS];
};

static const struct code codes[] = {
	{ "dir", EV_COUNT, { "bidirectional", "to_device", "from_device", "none" } },
	{ "at", EV_CPU_LOAD, { "ram", "l1", "l2", "store_buffer", "device", "early" } },
	{ "at", EV_CPU_STORE, { "ram", "l1", "l2", "store_buffer", "device" } },
	{ "why", EV_CACHE_DROP, { "evict", "invalidate", "snoop" } },
	{ "why", EV_MEM_BAD_FREE, { "twice", "inside", "foreign", "order" } },
	{ "why", EV_CPU_FAULT, { "ok", "unmapped", "align", "bus", "range" } },
	{ "why", EV_DMA_MAP_FAIL, { "no_ram", "refused", "too_large", "unreachable" } },
	{ "why", EV_IOMMU_FAULT, { "unmapped", "permission" } },
	{ "prot", EV_COUNT, { "none", "read", "write", "both" } },
	{ "op", EV_CACHE_OP, { "clean", "invalidate", "flush" } },
	{ "barrier", EV_COUNT, { "mb", "rmb", "wmb", "dma_rmb", "dma_wmb", "dma_mb" } },
	{ "attr", EV_COUNT, { "cached", "write_combine", "uncached", "device" } },
	{ "form", EV_COUNT,
		{ "single", "page", "sg", "resource", "coherent", "noncoherent", "pages" } },
	{ "kind", EV_COUNT, { "kmalloc", "pages", "vmalloc", "coherent", "stack" } },
	{ "context", EV_COUNT, { "process", "atomic", "irq" } },
	{ "sleeper", EV_COUNT,
		{ "might_sleep", "kmalloc", "alloc_pages", "vmalloc", "vfree", "ioremap", "iounmap",
		  "dma_alloc", "dma_free", "dma_pool_create", "dma_pool_destroy", "msleep",
		  "wait_for_completion", "request_irq", "free_irq", "disable_irq",
		  "sg_alloc_table", "synchronize_irq" } },
	{ "fault", EV_COUNT, { "none", "stall", "short", "length", "late", "change" } },
	{ "call", EV_POOL_GONE, { "alloc", "free", "destroy" } },
	{ "knob", EV_COUNT, { "all_errors", "num_errors", "driver_filter" } },
	{ "what", EV_COUNT, {
#define CHOICE(NAME, name, options, sentence) name,
#include "nature.def"
#undef CHOICE
	} },
};

uint64_t event_get(const struct event *e, enum event_field f)
{
	switch (f) {
	case FIELD_ADDR:  return e->addr;
	case FIELD_ADDR2: return e->addr2;
	case FIELD_VALUE: return e->value;
	case FIELD_SIZE:  return e->size;
	case FIELD_A:     return e->a;
	case FIELD_B:     return e->b;
	default:          return e->unit;
	}
}

const char *event_word(const struct event *e, enum event_field f)
{
	const char *field = event_info[e->kind].field[f];

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		const struct code *c = &codes[i];

		if ((c->only == EV_COUNT || c->only == e->kind) && !strcmp(c->field, field))
			return event_get(e, f) < CODE_WORDS ? c->words[event_get(e, f)] : NULL;
	}
	return NULL;
}

/* Append to a text of n bytes of which `at` are used (or would be): returns the new length. */
__attribute__((format(printf, 4, 5)))
static int append(char *text, size_t n, int at, const char *format, ...)
{
	size_t used = (size_t)at < n ? (size_t)at : n;
	va_list args;

	va_start(args, format);
	at += vsnprintf(n ? text + used : NULL, n - used, format, args);
	va_end(args);
	return at;
}

static bool plain_number(enum event_field f)
{
	return f == FIELD_SIZE || f == FIELD_A || f == FIELD_B || f == FIELD_UNIT;
}

int event_text(const struct event *e, char *text, size_t n)
{
	const struct event_info *info = &event_info[e->kind];
	int at = append(text, n, 0, "%" PRIu64 " @%" PRIu64 " %s", e->seq, e->cycle, info->name);

	for (enum event_field f = 0; f < FIELD_COUNT; f++) {
		const char *word = event_word(e, f);

		if (!*info->field[f])
			continue;
		if (word)
			at = append(text, n, at, " %s=%s", info->field[f], word);
		else if (plain_number(f))
			at = append(text, n, at, " %s=%" PRIu64, info->field[f], event_get(e, f));
		else
			at = append(text, n, at, " %s=0x%" PRIx64, info->field[f], event_get(e, f));
	}
	return e->cause ? append(text, n, at, " cause=%" PRIu64, e->cause) : at;
}

enum event_kind event_kind_named(const char *name)
{
	for (enum event_kind k = 0; k < EV_COUNT; k++)
		if (!strcmp(event_info[k].name, name))
			return k;
	return EV_COUNT;
}
