#pragma once
/* Is there a display to open a window on? */
#include <stdbool.h>

bool display_there(void);
