#pragma once
/*
 * Can a machine tell this event at all? One that a damaged or invented recording holds may name a
 * cache that is not there, a byte beyond RAM or a transfer of 4 GiB. Those are followed by nobody,
 * so no watcher has to expect them.
 */
#include "watch/shadow.h"

#define UNITS_MAX 16         /* devices followed; a board has fewer */

/* s: the machine so far. */
must_check bool plausible(const struct shadow *s, const struct event *e);
