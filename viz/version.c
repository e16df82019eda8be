#include "viz/version.h"

#define COPIES 4

static const enum where places[COPIES] = { AT_RAM, AT_L2, AT_L1, AT_STORE_BUFFER };

char version_letter(stamp_t stamp)
{
	return stamp ? (char)('A' + stamp_event(stamp) % 26) : VERSION_NONE;
}

/* The letter of the write `stamp`, of which no older one than those in stamps[0 .. n-1] is new. */
static char next_letter(const stamp_t *stamps, const char *letters, size_t n, stamp_t stamp)
{
	char letter = version_letter(stamp);

	for (size_t i = 0; i < n; i++)
		if (stamps[i] == stamp)
			return letters[i];
	for (size_t i = 0; i < n; i++)
		if (letters[i] == letter) {
			letter = letter == 'Z' ? 'A' : (char)(letter + 1);
			i = (size_t)-1;
		}
	return letter;
}

/* The copies there are, oldest write first. Returns how many. */
static size_t sorted_copies(const struct shadow *s, uint64_t pa, stamp_t *stamps, enum where *at)
{
	size_t n = 0;

	for (size_t i = 0; i < COPIES; i++) {
		uint8_t value;
		stamp_t stamp;
		size_t slot = n;

		if (!shadow_byte(s, places[i], pa, &value, &stamp))
			continue;
		for (; slot && stamps[slot - 1] > stamp; slot--) {
			stamps[slot] = stamps[slot - 1];
			at[slot] = at[slot - 1];
		}
		stamps[slot] = stamp;
		at[slot] = places[i];
		n++;
	}
	return n;
}

struct versions versions_of(const struct model *m, uint64_t pa)
{
	struct versions v = { { 0 } };
	stamp_t stamps[COPIES];
	char letters[COPIES];
	enum where at[COPIES];
	size_t n = sorted_copies(model_shadow(m), pa, stamps, at);

	for (size_t i = 0; i < n; i++) {
		letters[i] = next_letter(stamps, letters, i, stamps[i]);
		v.letter[at[i]] = letters[i];
	}
	return v;
}
