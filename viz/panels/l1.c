#include "viz/panels/cache.h"

void panel_l1(const struct picture *p, struct box b)
{
	cache_draw(p, b, 1);
}
