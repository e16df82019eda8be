#pragma once
/*
 * What a fuzzer is here: one function that plays bytes and aborts when something is not as it must
 * be. `make fuzz` lets libFuzzer invent the bytes. Built with FUZZ_MAIN it has a main of its own
 * that plays random bytes, [COUNT] inputs from a seed it prints; SEED=n repeats a run, and V=1
 * names each input before it is played.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define MUST(claim) do { \
	if (!(claim)) { \
		fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #claim); \
		abort(); \
	} \
} while (0)

/* Bytes used up one by one; zeros when there are no more. */
struct input {
	const uint8_t *at;
	size_t left;
};

static inline uint64_t take(struct input *in, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes && in->left; i++, in->left--)
		value |= (uint64_t)*in->at++ << 8 * i;
	return value;
}

static inline uint64_t take_below(struct input *in, uint64_t n)
{
	return take(in, n > 256 ? 4 : 1) % n;
}

#ifdef FUZZ_MAIN

#define FUZZ_BYTES 4096

static inline uint64_t fuzz_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

static void fuzz_one(uint64_t seed)
{
	static uint8_t bytes[FUZZ_BYTES];
	uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
	size_t n = fuzz_random(&state) % sizeof bytes;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(fuzz_random(&state) >> 56);
	LLVMFuzzerTestOneInput(bytes, n);
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000;
	uint64_t seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 0) : 1;

	printf("%" PRIu64 " inputs from seed %" PRIu64 "\n", count, seed);
	fflush(stdout);
	for (uint64_t i = seed; i < seed + count; i++) {
		if (getenv("V"))
			fprintf(stderr, "SEED=%" PRIu64 "\n", i);
		fuzz_one(i);
	}
	printf("1 passed, 0 failed\n");
	return 0;
}

#endif
