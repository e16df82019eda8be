#pragma once
/* The bus: who has it, how far a transfer has come, and what crosses it now. */
#include "viz/panel.h"

/*
 * What the last event moved, as a pill on the way from where it leaves to where it arrives. It is
 * drawn over the panels, for it crosses them; how far it has come is look->phase.
 */
void bus_draw_transfer(const struct picture *p);
