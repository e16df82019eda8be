#pragma once
/*
 * A description of a machine: RAM, caches, coherence, bus offset, kernel limits. board.def has a
 * row for each setting; a board file in scripts/boards changes some of them.
 */
#include "event.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

enum profile { PROFILE_SLIDES, PROFILE_TODAY };
enum policy { POLICY_LRU, POLICY_PLRU, POLICY_FIFO, POLICY_RANDOM };
enum write_policy { WRITE_BACK, WRITE_THROUGH };
enum nature_policy {
	NATURE_CALM, NATURE_RANDOM,
	NATURE_REPLAY            /* no setting: nature_follow says which choices */
};
enum iommu_mode { IOMMU_OFF, IOMMU_STRICT, IOMMU_LAZY, IOMMU_PASSTHROUGH };
enum arch {
#define ARCH(NAME, ...) ARCH_##NAME,
#include "arch.def"
#undef ARCH
	ARCH_COUNT
};

struct board {
#define SIZE(key, ...)   uint64_t key;
#define NUMBER(key, ...) uint64_t key;
#define SWITCH(key, ...) uint64_t key;
#define WORD(key, ...)   uint64_t key;
#include "board.def"
#undef SIZE
#undef NUMBER
#undef SWITCH
#undef WORD
};

enum setting_type { SETTING_SIZE, SETTING_NUMBER, SETTING_SWITCH, SETTING_WORD };

struct setting {
	const char *key;
	enum setting_type type;
	uint64_t normal, min, max;      /* max of a WORD: its last word's number */
	bool power_of_two;              /* 0 is allowed where min is 0 */
	const char *const *words;       /* of a WORD; NULL ended */
	const char *sentence;
	size_t offset;                  /* of its uint64_t in struct board */
};

extern const struct setting settings[];
extern const size_t setting_count;

const struct setting *setting_named(const char *key);          /* or NULL */
uint64_t board_get(const struct board *b, const struct setting *s);

/* The default board: what board.def says. */
struct board board_default(void);

/* Change one setting. False, and no change, when the value is out of the setting's range. */
must_check bool board_set(struct board *b, const struct setting *s, uint64_t value);

/*
 * Do the settings fit together? NULL, or one sentence that says what does not and what to change.
 * A board that passes can be switched on.
 */
const char *board_mistake(const struct board *b);

/* End of the highest bank: every table indexed by page frame is this long. */
static inline paddr_t board_ram_end(const struct board *b)
{
	return b->ram2 ? b->ram2_at + b->ram2 : b->ram;
}

/* Is there RAM at every byte of [pa, pa+n)? Two banks without a gap are one. */
static inline bool board_is_ram(const struct board *b, paddr_t pa, uint64_t n)
{
	uint64_t first = b->ram2 && b->ram2_at == b->ram ? b->ram + b->ram2 : b->ram;

	return inside(pa, n, 0, first) || (b->ram2 && inside(pa, n, b->ram2_at, b->ram2));
}

/* Are a device's bus addresses looked up in the IOMMU's tables? */
static inline bool board_translates(const struct board *b)
{
	return b->iommu == IOMMU_STRICT || b->iommu == IOMMU_LAZY;
}

/* Where the kernel stops using RAM (boot option mem=). */
static inline paddr_t board_kernel_end(const struct board *b)
{
	return b->mem ? b->mem : ~(paddr_t)0;
}

/* The kernel's own code, at the start of RAM; its data fills the rest of the image. */
static inline uint64_t board_kernel_code(const struct board *b)
{
	return round_up(b->kernel_image * 2 / 3, PAGE_SIZE);
}
