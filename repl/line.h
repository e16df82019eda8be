#pragma once
/*
 * A line of input from a person: editing, history, completion. GNU readline is behind it and nobody
 * else includes it, so that another library can take its place.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/select.h>

enum line_outcome { LINE_TEXT, LINE_CANCELLED, LINE_END };   /* a line; Ctrl-C; Ctrl-D */

/* Words that may stand for `word`, which begins at `start` of `line`; malloced, NULL at the end. */
typedef char **complete_function(const char *word, int start, const char *line);

/*
 * What goes on while a key is awaited: `wants` adds the files it would write to and returns the
 * highest, -1 for none; `write` is called when one of them takes bytes.
 */
void line_meanwhile(int (*wants)(fd_set *out), void (*write)(void));

void line_open(complete_function *complete);
void line_close(void);                    /* writes the history; also fine twice */

/*
 * *text is malloced on LINE_TEXT, without its newline, and is in the history. The cursor is at the
 * beginning of a line afterwards.
 */
enum line_outcome line_read(const char *prompt, char **text);
