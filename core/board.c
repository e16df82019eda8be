#include "board.h"

#include <string.h>

static const char *const profile_words[] = { "slides", "today", NULL };
static const char *const policy_words[] = { "lru", "plru", "fifo", "random", NULL };
static const char *const write_words[] = { "back", "through", NULL };
static const char *const iommu_words[] = { "off", "strict", "lazy", "passthrough", NULL };
static const char *const nature_words[] = { "calm", "random", NULL };
static const char *const fault_words[] = {
	"none", "stall", "short", "length", "late", "change", "any", NULL
};
static const char *const arch_words[] = {
#define ARCH(NAME, name, ...) name,
#include "arch.def"
#undef ARCH
	NULL
};

#define COUNT(words) (sizeof(words) / sizeof((words)[0]) - 1)

const struct setting settings[] = {
#define SIZE(key, normal, min, max, pow2, sentence) \
	{ #key, SETTING_SIZE, normal, min, max, pow2, NULL, sentence, offsetof(struct board, key) },
#define NUMBER(key, normal, min, max, pow2, sentence) \
	{ #key, SETTING_NUMBER, normal, min, max, pow2, NULL, sentence, \
		offsetof(struct board, key) },
#define SWITCH(key, normal, sentence) \
	{ #key, SETTING_SWITCH, normal, 0, 1, 0, NULL, sentence, offsetof(struct board, key) },
#define WORD(key, normal, words, sentence) \
	{ #key, SETTING_WORD, normal, 0, COUNT(words) - 1, 0, words, sentence, \
		offsetof(struct board, key) },
#include "board.def"
#undef SIZE
#undef NUMBER
#undef SWITCH
#undef WORD
};

const size_t setting_count = sizeof settings / sizeof settings[0];

const struct setting *setting_named(const char *key)
{
	for (size_t i = 0; i < setting_count; i++)
		if (!strcmp(settings[i].key, key))
			return &settings[i];
	return NULL;
}

static uint64_t *field(struct board *b, const struct setting *s)
{
	return (uint64_t *)(void *)((char *)b + s->offset);
}

uint64_t board_get(const struct board *b, const struct setting *s)
{
	struct board copy = *b;

	return *field(&copy, s);
}

struct board board_default(void)
{
	struct board b;

	for (size_t i = 0; i < setting_count; i++)
		*field(&b, &settings[i]) = settings[i].normal;
	return b;
}

bool board_set(struct board *b, const struct setting *s, uint64_t value)
{
	if (value < s->min || value > s->max)
		return false;
	if (s->power_of_two && value && !power_of_two(value))
		return false;
	*field(b, s) = value;
	return true;
}

const char *board_mistake(const struct board *b)
{
	if ((b->ram | b->ram2 | b->ram2_at | b->mem | b->kernel_image) & PAGE_MASK)
		return "ram, ram2, ram2_at, mem and kernel_image are whole pages: "
		       "multiples of 4096 bytes";
	if (b->kernel_image + 8 * PAGE_SIZE > min_u64(b->ram, board_kernel_end(b)))
		return "the kernel image leaves fewer than 8 pages of RAM: "
		       "raise ram or mem, or lower kernel_image";
	if (b->swiotlb_force && !b->swiotlb)
		return "swiotlb_force needs a pool to bounce to: "
		       "set swiotlb too, as in swiotlb = \"1M\"";
	if (b->ram2 && b->ram2_at < b->ram)
		return "the second bank overlaps the first: raise ram2_at";
	if ((b->l1_policy == POLICY_PLRU && !power_of_two(b->l1_ways)) ||
	    (b->l2_policy == POLICY_PLRU && !power_of_two(b->l2_ways)))
		return "policy plru needs a power of two ways";
	return NULL;
}
