#pragma once
/*
 * A session of the program: one Lua state with its bench. Two of them know nothing of each other.
 *
 * A binding finds its session in the state's extra space, which every coroutine inherits, so a call
 * costs no look-up. After each call that made events the session lets the recorder write, the
 * watchers read, and the scripts speak about new violations (session_after).
 */
#include "bench.h"
#include "viz/recorder.h"

#include <lua.h>
#include <signal.h>

#define SESSION_MEMORY ((size_t)1 << 30)   /* most bytes Lua may use */
#define SESSION_PATH   4096

struct session {
	lua_State *lua;
	struct bench *bench;                    /* NULL until the first use or power_on */
	struct recorder *recorder;              /* NULL: nobody records */
	struct recorder *view;                  /* NULL: no view reads along (viewer.h) */
	int view_pipe;                          /* its pipe */
	int view_process;                       /* process id of the view opened last, 0: none */
	struct session *beside;                 /* plays the same lines on another board, or NULL */
	lua_State *volatile running;            /* the coroutine that runs now */
	volatile sig_atomic_t interrupted;      /* Ctrl-C asked the script to stop */
	bool stopping;                          /* and it has been told at least once */
	bool marked;                            /* core.mark without its core.keep yet */
	struct explorer *explorer;              /* explore plays (explore.c), or NULL */
	struct student *student;                /* whose file is judged (student.h), or NULL */
	uint64_t last_event, last_cycle;        /* a run that goes on beyond ends; 0: never */
	bool in_handler;                        /* a Lua function runs as an interrupt handler */
	uint32_t boots;                         /* machines switched on so far */
	uint32_t announced;                     /* violations of this bench the scripts know */
	size_t memory, memory_limit;            /* of Lua, bytes */
	char scripts[SESSION_PATH];             /* folder of main.lua, "" when there is none */
};

/*
 * A state with Lua's libraries, the API and the table `core`; no script is loaded, and no garbage
 * is collected before session_load. NULL: no memory.
 */
struct session *session_new(void);
void session_free(struct session *s);

/* Load scripts/main.lua and keep what it returns. False, with the message on top of the stack. */
bool session_load(struct session *s);

/* Make `require` find scripts/NAME.lua first in this state. */
void session_searcher(lua_State *L);

/*
 * Call a function of main.lua with the `args` values on top of the stack; they are replaced by
 * `results` values. NULL: the function stands below its arguments. False: one value instead, the
 * error. While it runs SIGINT stops the script.
 */
bool session_call(struct session *s, const char *function, int args, int results);

/* Switch on a fresh machine; the old one is gone. The board has passed board_mistake. */
void session_power_on(struct session *s, const struct board *board);

/* What follows a call that made events. May run scripts, which may switch on another machine. */
void session_settle(lua_State *L);

/* The same from outside any call: what the last call left unsaid when it ended in an error. */
void session_catch_up(struct session *s);

/* A line has ended: what it recorded is in the file now, whatever becomes of us. */
void session_save(struct session *s);

/*
 * For a recorder that begins in the middle of a session: all events of this machine, or a keyframe,
 * which is needed where the trace has forgotten some. From then on it may follow.
 */
void session_tell(struct session *s, struct recorder *r, bool keyframe);

/* Has the trace forgotten its first events? False of no session. */
bool session_forgot(const struct session *s);

/* Between two slices of a long call: record, settle, and raise when Ctrl-C was pressed. */
void session_pause(lua_State *L);

/* Stop the running script: raises again and again until the user's code has ended. Signal safe. */
void session_interrupt(struct session *s);

/* Has whoever read our standard output gone away? */
bool session_output_closed(void);

static inline struct session *session_of(lua_State *L)
{
	return *(struct session **)lua_getextraspace(L);
}

/* The slow half of session_bench. */
struct bench *session_first_bench(struct session *s);

static inline struct bench *session_bench(struct session *s)
{
	return s->bench ? s->bench : session_first_bench(s);
}

static inline void session_after(lua_State *L, struct session *s)
{
	if (s->bench->trace.next != s->bench->checker.cursor.next ||
	    s->announced != s->bench->checker.facts.violations.count)
		session_settle(L);
}

/* Run the handlers of the lines that are up. Raises what a handler raised. */
void session_run_handlers(lua_State *L);

/* At each safe point; nobody pays who has requested no interrupt. */
static inline void session_handlers(lua_State *L, struct session *s)
{
	if (s->bench->machine.kernel.context.requested)
		session_run_handlers(L);
}
