#pragma once
/* Lists that grow. */
#include <stddef.h>
#include <stdint.h>

/* A list with room for one more: as it was or longer. Never NULL: the process ends instead. */
void *list_grown(void *list, uint64_t count, uint64_t *room, size_t size);
