#pragma once
/* Two boards in one picture: what each is, and what differs between them at this moment. */
#include "viz/model.h"

/* "32 MiB RAM, 2 cache levels, devices do not snoop". */
void beside_name(const struct model *m, char *text, size_t n);

/* Did the CPU's last loads, from the same place of a buffer, give different values? */
bool beside_reads_differ(const struct model *first, const struct model *second);

/* A sentence. True: they differ in what a driver would see. */
bool beside_differs(const struct model *first, const struct model *second, char *text, size_t n);
