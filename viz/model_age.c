/* How old the copies of a byte are, one against the others. */
#include "viz/model.h"

/* From RAM towards the CPU: who sees whose bytes. */
static const enum where outwards[] = { AT_STORE_BUFFER, AT_L1, AT_L2, AT_RAM };

enum age model_age(const struct model *m, enum where at, uint64_t pa)
{
	enum age age = AGE_FRESH;
	bool farther = false;
	uint8_t value;
	stamp_t mine, other;

	if (!shadow_byte(model_shadow(m), at, pa, &value, &mine))
		return AGE_ABSENT;
	for (size_t i = 0; i < sizeof outwards / sizeof outwards[0]; i++) {
		if (outwards[i] == at)
			farther = true;
		else if (shadow_byte(model_shadow(m), outwards[i], pa, &value, &other) &&
			 stamp_event(other) > stamp_event(mine))
			age = farther ? AGE_STALE : age == AGE_FRESH ? AGE_BEHIND : age;
	}
	return age;
}

/* The stamps of the copy in RAM or in a cache, from this byte to the end of its line, or NULL. */
static const stamp_t *stamps_at(const struct shadow *s, enum where at, uint64_t pa)
{
	const struct shadow_line *l;

	if (at == AT_RAM)
		return pa < s->ram_bytes ? shadow_page(s, pa)->stamp + (pa & PAGE_MASK) : NULL;
	l = (uint32_t)at <= s->levels ? shadow_line(s, at - AT_RAM, pa) : NULL;
	return l ? l->stamp + (pa - l->pa) : NULL;
}

static bool any_newer(const stamp_t *a, const stamp_t *than, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (stamp_event(a[i]) > stamp_event(than[i]))
			return true;
	return false;
}

/* Of bytes of one line for which no store waits: as model_age, a whole copy at a time. */
static enum age line_age(const struct shadow *s, enum where at, uint64_t pa, uint64_t n)
{
	const stamp_t *mine = stamps_at(s, at, pa), *other;
	enum age age = AGE_FRESH;
	bool farther = false;

	if (!mine)
		return AGE_ABSENT;
	for (size_t i = 1; i < sizeof outwards / sizeof outwards[0]; i++) {
		if (outwards[i] == at)
			farther = true;
		else if ((other = stamps_at(s, outwards[i], pa)) && any_newer(other, mine, n))
			age = farther ? AGE_STALE : age == AGE_FRESH ? AGE_BEHIND : age;
	}
	return age;
}

/* The more bytes at once the better: a map asks for every line there is. */
static uint64_t at_once(const struct shadow *s, enum where at, uint64_t pa, uint64_t n)
{
	uint64_t rest = min_u64(n, s->line - (pa & (s->line - 1)));

	for (uint32_t i = 0; i < s->stores; i++)
		if (overlaps(pa, rest, s->store[i].pa, s->store[i].size))
			return 1;
	return at == AT_STORE_BUFFER ? 1 : rest;
}

enum age model_age_of(const struct model *m, enum where at, uint64_t pa, uint64_t n)
{
	const struct shadow *s = model_shadow(m);
	enum age worst = AGE_FRESH;

	for (uint64_t step; n; pa += step, n -= step) {
		enum age age;

		step = at_once(s, at, pa, n);
		age = step > 1 ? line_age(s, at, pa, step) : model_age(m, at, pa);
		if (age == AGE_ABSENT)
			return age;
		if (age > worst)
			worst = age;
	}
	return worst;
}
