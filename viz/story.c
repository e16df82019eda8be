#include "viz/story.h"

#include <inttypes.h>
#include <string.h>

struct teller {
	struct text *text;
	const struct model *model;
	const struct event *event;
	bool now;                /* the model stands right after the event */
};

/* The first of n bytes whose copy there has this age, UINT64_MAX: none. */
static uint64_t first_with_age(const struct model *m, enum where at, uint64_t pa, uint64_t n,
			       enum age age)
{
	for (uint64_t i = 0; i < n; i++)
		if (model_age(m, at, pa + i) == age)
			return pa + i;
	return UINT64_MAX;
}

/* The newest copy of a byte of RAM: which it is, and who wrote it. */
static enum where newest(const struct model *m, uint64_t pa, stamp_t *stamp)
{
	uint8_t value;

	return shadow_newest(model_shadow(m), pa, &value, stamp);
}

/* Does the model still know what the event meant for these bytes? */
static bool can_tell(const struct teller *t, uint64_t pa)
{
	return t->now && pa < model_shadow(t->model)->ram_bytes && t->event->size <= PAGE_SIZE;
}

/* By which mapping a device owns this byte; NULL: none does, or owning means nothing here. */
static const struct mapping *owner(const struct model *m, uint64_t pa)
{
	const struct ownership *o = model_ownership(m);

	if (!ownership_counts(&m->checker.facts) || !ownership_is_device(o, pa))
		return NULL;
	return ownership_of(o, pa);
}

static void add_owner(const struct teller *t, uint64_t pa)
{
	const struct mapping *mapping = owner(t->model, pa);

	if (mapping)
		text_add(t->text, "; the %s owns these bytes", words_device(mapping->device));
}

static void say_function(const struct teller *t, const struct event *call);

/* The call of the driver because of which it happened, as the driver wrote it. */
static void means_for_call(const struct teller *t)
{
	const struct event *call = &t->model->call;

	if (call->kind == EV_COUNT || call->seq != t->event->cause || call->seq == t->event->seq)
		return;
	text_add(t->text, ", for ");
	say_function(t, call);
	text_add(t->text, " (event %" PRIu64 ")", call->seq);
}

static void means_load(const struct teller *t)
{
	uint64_t pa = t->event->addr2;
	stamp_t stamp;
	uint64_t old;
	enum where at;

	if (t->event->a > AT_STORE_BUFFER || !can_tell(t, pa))
		return;
	old = first_with_age(t->model, t->event->a, pa, t->event->size, AGE_STALE);
	if (old != UINT64_MAX) {
		at = newest(t->model, old, &stamp);
		text_add(t->text, ", a stale copy: newer bytes are in %s, by ", words_copy(at));
		words_writer(t->text, stamp);
	}
	if (!t->event->b)
		add_owner(t, pa);
}

static void means_store(const struct teller *t)
{
	uint64_t pa = t->event->addr2;
	enum where at = t->event->a;

	if (at == AT_STORE_BUFFER)
		text_add(t->text, "; it waits in the store buffer");
	else if (at == AT_L1 || at == AT_L2)
		text_add(t->text, "; it is in %s%s", words_copy(at), can_tell(t, pa) &&
			 model_age_of(t->model, AT_RAM, pa, t->event->size) == AGE_BEHIND ?
			 ", RAM is behind" : "");
	else
		text_add(t->text, "; it went to %s", words_copy(at));
	if (can_tell(t, pa) && !t->event->b)
		add_owner(t, pa);
}

static void means_barrier(const struct teller *t)
{
	uint32_t a = t->event->a;

	if (a != BARRIER_RMB && a != BARRIER_DMA_RMB)
		text_add(t->text,
			 ": what was stored before it arrives before what is stored after");
	if (a == BARRIER_MB || a == BARRIER_DMA_MB)
		text_add(t->text, ", and so for loads");
	if (a == BARRIER_RMB || a == BARRIER_DMA_RMB)
		text_add(t->text,
			 ": what is loaded after it is no older than what was loaded before");
}

static void means_context(const struct teller *t)
{
	if (t->event->a == CONTEXT_IRQ)
		text_add(t->text, "the interrupt handler of the %s began to run, interrupts off",
			 words_device(t->event->unit));
	else if (t->event->a == CONTEXT_PROCESS)
		text_add(t->text, "the driver may sleep again");
	else
		text_add(t->text, t->event->b ? "interrupts went off: nobody may sleep" :
			 "a spinlock was taken, or preemption went off: nobody may sleep");
}

static void means_fault(const struct teller *t)
{
	static const char *const why[] = {
		[FAULT_UNMAPPED] = ": nothing is mapped there",
		[FAULT_ALIGN] = ": this memory wants accesses aligned to their size",
		[FAULT_BUS] = ": no memory and no device answers there",
		[FAULT_RANGE] = ": the range runs past the end of the address space",
	};

	if (t->event->a && t->event->a < sizeof why / sizeof why[0])
		text_add(t->text, "%s", why[t->event->a]);
}

static void means_drop(const struct teller *t)
{
	static const char *const why[DROP_REASON_COUNT] = {
		" to make room", " because of an invalidate", " because a device wrote it"
	};

	if (t->event->a < DROP_REASON_COUNT)
		text_add(t->text, "%s", why[t->event->a]);
	if (t->event->value)
		text_add(t->text, "; it was dirty: its stores are gone");
	means_for_call(t);
}

static void means_operation(const struct teller *t)
{
	static const char *const what[CACHE_OP_COUNT] = {
		": dirty lines go to memory", ": its lines are dropped, not written back",
		": dirty lines go to memory, and all are dropped"
	};

	text_add(t->text, " of ");
	if (t->event->size) {
		words_bytes(t->text, t->event->size);
		text_add(t->text, " at ");
		words_place(t->text, t->model, t->event->addr);
	} else {
		text_add(t->text, "everything");
	}
	if (t->event->a < CACHE_OP_COUNT)
		text_add(t->text, "%s", what[t->event->a]);
	means_for_call(t);
}

static void means_flush(const struct teller *t)
{
	if (!t->event->size) {
		text_add(t->text, " all translations");
		return;
	}
	text_add(t->text, " ");
	words_bytes(t->text, t->event->size);
	text_add(t->text, " at bus address 0x%" PRIx64, t->event->addr);
}

static void means_device_read(const struct teller *t)
{
	uint64_t pa = t->event->addr2;
	stamp_t stamp;
	uint64_t old;

	if (!can_tell(t, pa) || model_shadow(t->model)->coherent)
		return;
	old = first_with_age(t->model, AT_RAM, pa, t->event->size, AGE_BEHIND);
	if (old != UINT64_MAX)
		text_add(t->text, "; the CPU's newer copy is still in %s",
			 words_copy(newest(t->model, old, &stamp)));
}

static void means_device_write(const struct teller *t)
{
	static const enum where caches[] = { AT_L1, AT_L2 };
	const char *and = "; the copy in ";

	for (size_t i = 0; i < 2 && can_tell(t, t->event->addr2); i++) {
		if (first_with_age(t->model, caches[i], t->event->addr2, t->event->size,
				   AGE_STALE) == UINT64_MAX)
			continue;
		text_add(t->text, "%s%s", and, words_copy(caches[i]));
		and = " and in ";
	}
	if (and[0] != ';')
		text_add(t->text, " is stale now");
}

/* vmalloc's pages are told one by one afterwards: the area itself lies nowhere. */
static void means_handed_out(const struct teller *t)
{
	text_add(t->text, " at va 0x%" PRIx64, t->event->addr);
	if (t->event->a == MEM_VMALLOC)
		text_add(t->text, ", in pages from anywhere (vmalloc)");
	else
		text_add(t->text, ", in RAM at 0x%" PRIx64, t->event->addr2);
	if (t->event->value != t->event->size)
		text_add(t->text, "; asked for were %" PRIu64, t->event->value);
}

static void means_bad_free(const struct teller *t)
{
	static const char *const why[BAD_FREE_COUNT] = {
		"it was freed already", "it is inside a block, not its start",
		"no allocator handed it out", "another order than it was allocated with",
	};

	if (t->event->a < BAD_FREE_COUNT)
		text_add(t->text, ": %s", why[t->event->a]);
}

static void means_owned_by_device(const struct teller *t)
{
	if (ownership_counts(&t->model->checker.facts))
		text_add(t->text, "; the %s owns them until unmap or sync",
			 words_device(t->event->unit));
}

static void means_both_own(const struct teller *t)
{
	text_add(t->text, t->event->b == FORM_COHERENT ?
		 ": CPU and %s may touch them at any time" : " for the %s",
		 words_device(t->event->unit));
}

static void means_map_failed(const struct teller *t)
{
	static const char *const why[MAP_FAILURE_COUNT] = {
		"it is no RAM of the linear map", "no room is left, or an attribute forbids it",
		"it is more than one mapping can hold", "the device cannot reach it",
	};

	if (t->event->value < MAP_FAILURE_COUNT)
		text_add(t->text, "; %s", why[t->event->value]);
}

static const struct {
	const char *words;
	void (*meaning)(const struct teller *t);
} story[EV_COUNT] = {
#define means_NULL NULL
#define STORY(KIND, words, meaning) [EV_##KIND] = { words, means_##meaning },
#include "viz/story.def"
#undef STORY
};

static void say_who(const struct teller *t)
{
	text_add(t->text, "%s", t->event->b ? "the kernel" : "the CPU");
}

static void say_dev(const struct teller *t)
{
	text_add(t->text, "the %s", words_device(t->event->unit));
}

static void say_bytes(const struct teller *t)
{
	words_bytes(t->text, t->event->size);
}

static void say_value(const struct teller *t)
{
	words_value(t->text, t->event->value, t->event->size);
}

static void say_addr(const struct teller *t)
{
	text_add(t->text, "0x%" PRIx64, t->event->addr);
}

static void say_addr2(const struct teller *t)
{
	text_add(t->text, "0x%" PRIx64, t->event->addr2);
}

static void say_at(const struct teller *t)
{
	words_place(t->text, t->model, t->event->addr);
}

static void say_at2(const struct teller *t)
{
	words_place(t->text, t->model, t->event->addr2);
}

static void say_size(const struct teller *t)
{
	text_add(t->text, "%" PRIu32, t->event->size);
}

static void say_hex(const struct teller *t)
{
	text_add(t->text, "0x%" PRIx64, t->event->value);
}

static void say_field(const struct teller *t, enum event_field f)
{
	const char *word = event_word(t->event, f);

	if (word)
		text_add(t->text, "%s", word);
	else
		text_add(t->text, "%" PRIu64, event_get(t->event, f));
}

static void say_a(const struct teller *t)
{
	say_field(t, FIELD_A);
}

static void say_b(const struct teller *t)
{
	say_field(t, FIELD_B);
}

static void say_level(const struct teller *t)
{
	text_add(t->text, "L%u", t->event->unit);
}

static void say_below(const struct teller *t)
{
	text_add(t->text, "%s", t->event->unit < model_shadow(t->model)->levels ? "L2" : "RAM");
}

static void say_copy(const struct teller *t)
{
	text_add(t->text, "%s", words_copy(t->event->a));
}

static void say_may(const struct teller *t)
{
	static const char *const may[DIRECTION_COUNT] = {
		"read and write", "read", "write", "not touch"
	};

	text_add(t->text, "%s", t->event->a < DIRECTION_COUNT ? may[t->event->a] : "touch");
}

static void say_way(const struct teller *t)
{
	text_add(t->text, t->event->a == DMA_TO_DEVICE ? "from" : "to");
}

static void say_prot(const struct teller *t)
{
	static const char *const prot[] = { "do nothing", "read", "write", "read and write" };

	text_add(t->text, "%s", prot[t->event->a & 3]);
}

static void say_form(const struct teller *t)
{
	text_add(t->text, t->event->b == FORM_SG ? "sg" : "single");
}

static void say_name(const struct teller *t)
{
	const uint64_t packed[3] = { t->event->addr, t->event->addr2, t->event->value };

	for (int i = 0; i < 24; i++) {
		char c = (char)(packed[i / 8] >> i % 8 * 8);

		if (c >= ' ' && c <= '~')
			text_add(t->text, "%c", c);
	}
}

static void say_undone(const struct teller *t)
{
	text_add(t->text, "%" PRIu64, t->event->addr);
}

static void say_ram(const struct teller *t)
{
	text_add(t->text, "%" PRIu64 " KiB", t->event->addr / 1024);
}

static const struct {
	const char *word;
	void (*say)(const struct teller *t);
} words[] = {
	{ "who", say_who }, { "dev", say_dev }, { "bytes", say_bytes }, { "value", say_value },
	{ "addr", say_addr }, { "addr2", say_addr2 }, { "at", say_at }, { "at2", say_at2 },
	{ "size", say_size }, { "hex", say_hex }, { "a", say_a }, { "b", say_b },
	{ "level", say_level }, { "below", say_below }, { "copy", say_copy }, { "may", say_may },
	{ "way", say_way }, { "prot", say_prot }, { "form", say_form }, { "name", say_name },
	{ "undone", say_undone }, { "ram", say_ram },
};

static void say_word(const struct teller *t, const char *word, size_t n)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i].word) == n && !memcmp(words[i].word, word, n))
			words[i].say(t);
}

static void say_words(const struct teller *t, const char *from, size_t n);

/* "a?x|y" without its braces: x or y. */
static void say_choice(const struct teller *t, const char *from, size_t n)
{
	const char *yes = from + 2, *no = memchr(from, '|', n), *end = from + n;

	if (event_get(t->event, *from == 'a' ? FIELD_A : FIELD_B))
		say_words(t, yes, (size_t)(no - yes));
	else
		say_words(t, no + 1, (size_t)(end - no - 1));
}

/* Where the brace that opens at `from` closes. */
static const char *closing(const char *from)
{
	int depth = 1;

	while (depth) {
		from++;
		depth += (*from == '{') - (*from == '}');
	}
	return from;
}

static void say_words(const struct teller *t, const char *from, size_t n)
{
	const char *end = from + n, *close;

	for (; from < end; from++) {
		if (*from != '{') {
			text_add(t->text, "%c", *from);
			continue;
		}
		close = closing(from++);
		if (from[1] == '?')
			say_choice(t, from, (size_t)(close - from));
		else
			say_word(t, from, (size_t)(close - from));
		from = close;
	}
}

/* The sentence of a call begins with its function. */
static void say_function(const struct teller *t, const struct event *call)
{
	const char *said = story[call->kind].words;
	struct teller of = { t->text, t->model, call, false };

	if (said && !strncmp(said, "dma_", 4))
		say_words(&of, said, strcspn(said, " :"));
	else
		text_add(t->text, "%s", event_info[call->kind].name);
}

void story_event(struct text *text, const struct model *m, const struct event *e)
{
	const struct teller t = { text, m, e, m->event.kind == e->kind && m->event.seq == e->seq };

	if (!story[e->kind].words) {
		text_add(text, "%s", event_info[e->kind].sentence);
		return;
	}
	say_words(&t, story[e->kind].words, strlen(story[e->kind].words));
	if (story[e->kind].meaning)
		story[e->kind].meaning(&t);
}
