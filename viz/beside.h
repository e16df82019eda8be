#pragma once
/* Two boards in one picture: what each is, and what differs between them at this moment. */
#include "viz/model.h"

/* "32 MiB RAM, 2 cache levels, devices do not snoop". */
void beside_name(const struct model *m, char *text, size_t n);

/* A sentence. True: they differ in what a driver would see. */
bool beside_differs(const struct model *first, const struct model *second, char *text, size_t n);
