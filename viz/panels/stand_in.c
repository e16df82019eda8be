#include "viz/panel.h"

void panel_stand_in(const struct picture *p, struct box b)
{
	(void)p;
	(void)b;
}
