#pragma once
/*
 * Where the events of one board come from: a file, or a stream that somebody still writes. Both are
 * read the same way, a little at a time, so that the window never waits for either.
 */
#include "viz/player.h"

struct source;

/*
 * A path, "-" for standard input, or "/dev/fd/N". NULL and a sentence in *why when it cannot be
 * opened. Whenever something new is there, `ready` is called on another thread, and not again
 * before source_read; NULL: nobody wants to know.
 */
struct source *source_open(const char *path, void (*ready)(void *), void *whom, char *why,
			   size_t n);
void source_close(struct source *s);     /* NULL is fine */

struct player *source_player(struct source *s);

/* Somebody may still write it. */
bool source_live(const struct source *s);

/* Read for so many milliseconds at most. True: there is more to be had right now. */
bool source_read(struct source *s, uint32_t ms);

/* Read all there will ever be. */
void source_read_all(struct source *s);

/* "the session has ended", "damaged at ..."; NULL while it goes on, or a file is fine. */
const char *source_end(const struct source *s);
