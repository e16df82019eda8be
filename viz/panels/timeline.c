#include "viz/panel.h"

void panel_timeline(const struct picture *p, struct box b)
{
	(void)p;
	(void)b;
}
