#pragma once
/*
 * The view beside a session: dmalab-view in a process of its own, that reads the trace through a
 * pipe.
 *
 * Whatever becomes of it, the session goes on: the pipe never blocks, and a view that is closed,
 * killed or too slow is let go. When the session ends the view stays, with its last picture.
 *
 * Beside the session another one may play the same lines on another board, for a view of both. It
 * is a session of this process that speaks to nobody.
 */
#include "session.h"

#include <sys/select.h>

enum viewer_state {
	VIEWER_OPEN,             /* it reads along */
	VIEWER_READY,            /* it can be opened */
	VIEWER_NOT_INSTALLED,    /* there is no dmalab-view */
	VIEWER_NO_DISPLAY,       /* there is no screen to open it on */
};

enum viewer_state viewer_state(struct session *s);

/*
 * Open it, in the place of one that is open, and tell it what has happened so far, in s and in the
 * session beside it. False, with a sentence in *why: the system would not start it.
 */
bool viewer_open(struct session *s, char *why, size_t n);

/*
 * A window of its own on the recording in a file: it belongs to nobody, so none is waited for. False:
 * the system would not start it.
 */
bool viewer_show(char *file);

/* A line has been played: the picture is to show it. Costs nothing without a view. */
void viewer_flush(struct session *s);

/* The same in the middle of a long call, at most twenty times a second. */
void viewer_refresh(struct session *s);

/* Add the pipes at which bytes wait to a set for select; returns the highest, -1 when none do. */
int viewer_wants(const struct session *s, fd_set *pipes);

/* Offer what waits again. */
void viewer_push(struct session *s);

/* The session ends: the view gets the rest, and stays. A view that takes nothing is waited for 1 s. */
void viewer_leave(struct session *s);

/*
 * A session beside this one, on this board whatever its lines ask for, in the place of one there
 * was; NULL for none. False, with the error on top of s's stack: there is no such board.
 */
bool viewer_beside(struct session *s, const char *board);

/* Play a line there; step: undo takes it back as one. */
void viewer_beside_play(struct session *s, const char *line, bool step);
