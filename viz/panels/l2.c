#include "viz/panels/cache.h"

void panel_l2(const struct picture *p, struct box b)
{
	cache_draw(p, b, 2);
}
