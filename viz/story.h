#pragma once
/*
 * What happened, in one sentence, and what it means: the words are in story.def, one row a kind.
 */
#include "viz/player.h"
#include "viz/words.h"

#define STORY_MAX 512    /* bytes of the longest sentence; most take one line of 150 characters */

/*
 * Event i of the recording. What it means ("a stale copy: the nic wrote newer bytes") is told only
 * when the player stands right after it, for later on it need not be true any more.
 */
void story_event(struct text *t, const struct player *p, uint64_t i);
