#pragma once
/*
 * What happened, in one sentence, and what it means: the words are in story.def, one row a kind.
 */
#include "viz/words.h"

#define STORY_MAX 512    /* bytes of the longest sentence; most take one line of 150 characters */

/*
 * The model stands at any moment of the same machine. What an event means ("a stale copy: the nic
 * wrote newer bytes") is told only when it stands right after it, for later on it need not be true.
 */
void story_event(struct text *t, const struct model *m, const struct event *e);
