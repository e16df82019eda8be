#pragma once
/* What the programs of `make bench` share: a clock, the median of rounds, a line to show. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Seconds. */
static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double median(double *values, size_t n)
{
	qsort(values, n, sizeof *values, by_value);
	return values[n / 2];
}

static inline void show(const char *what, double value, const char *unit, const char *aim)
{
	printf("  %-52s %9.2f %-5s %s\n", what, value, unit, aim);
	fflush(stdout);
}
