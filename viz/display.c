#include "viz/display.h"

#include <stddef.h>
#include <stdlib.h>

/* Without one SDL would take the console, or a screen nobody sees. An empty name is none. */
bool display_there(void)
{
#ifdef __APPLE__
	return true;
#else
	static const char *const names[] = { "DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (getenv(names[i]) && *getenv(names[i]))
			return true;
	return false;
#endif
}
