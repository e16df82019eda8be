#include "viz/list.h"

#include <stdlib.h>

void *list_grown(void *list, uint64_t count, uint64_t *room, size_t size)
{
	if (count < *room)
		return list;
	*room = *room ? 2 * *room : 2;
	list = realloc(list, *room * size);
	if (!list)
		abort();
	return list;
}
