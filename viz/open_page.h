#pragma once
/*
 * The open page: one page of RAM from near. Its blocks (what was asked for, and the slack behind),
 * and as many of its lines as there is room for, byte by byte, around the byte of interest.
 */
#include "viz/panel.h"

/* The byte of interest: the selected one, else the one that was last accessed, moved or mapped. */
uint64_t open_page_focus(const struct picture *p);

/* The selected byte, or the first of what is selected; UINT64_MAX: nothing of RAM is. */
uint64_t open_page_chosen(const struct picture *p);

void open_page_draw(const struct picture *p, struct box b);
