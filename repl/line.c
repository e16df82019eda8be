#include "line.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#define HISTORY_LINES 1000
#define PATH_ROOM     4096

static complete_function *complete_word;
static char history_path[PATH_ROOM];          /* "": nowhere to keep it */
static int history_fresh;                     /* lines added since the last time it was written */
static volatile sig_atomic_t cancelled;
static int (*meanwhile_wants)(fd_set *out);
static void (*meanwhile_write)(void);

void line_meanwhile(int (*wants)(fd_set *out), void (*write)(void))
{
	meanwhile_wants = wants;
	meanwhile_write = write;
}

static void on_interrupt(int signal_number)
{
	(void)signal_number;
	cancelled = true;
}

/*
 * Wait for a key, a signal, or a file that takes bytes, whichever comes; a signal that has come
 * already counts.
 */
static bool key_waits(int fd)
{
	sigset_t interrupt, before;
	fd_set in, out;
	int highest, ready = 0;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	FD_ZERO(&in);
	FD_SET(fd, &in);
	FD_ZERO(&out);
	highest = meanwhile_wants ? meanwhile_wants(&out) : -1;
	sigprocmask(SIG_BLOCK, &interrupt, &before);
	if (!cancelled && !rl_pending_signal())
		ready = pselect((highest > fd ? highest : fd) + 1, &in, &out, NULL, NULL, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (ready > 0 && !FD_ISSET(fd, &in))
		meanwhile_write();
	return ready > 0 && FD_ISSET(fd, &in);
}

/*
 * readline's own getc waits on after a signal. This one gives up the line on Ctrl-C: readline puts
 * the terminal in order (rl_check_signals), the line is emptied and ended.
 */
static int get_key(FILE *in)
{
	unsigned char key;

	for (;;) {
		rl_check_signals();
		if (cancelled) {
			rl_replace_line("", 0);
			rl_point = rl_end = 0;
			return '\n';
		}
		if (key_waits(fileno(in)))
			return read(fileno(in), &key, 1) == 1 ? key : EOF;
	}
}

/* ~/.local/state/dmalab/history, its folders made on the way. */
static void find_history(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && *state == '/')
		snprintf(history_path, sizeof history_path, "%s/dmalab/history", state);
	else if (home && *home)
		snprintf(history_path, sizeof history_path, "%s/.local/state/dmalab/history", home);
	for (char *slash = history_path; (slash = strchr(slash + 1, '/')); *slash = '/') {
		*slash = '\0';
		mkdir(history_path, 0700);
	}
}

static void load_history(void)
{
	int file;

	find_history();
	file = *history_path ? open(history_path, O_RDWR | O_CREAT, 0600) : -1;
	if (file < 0) {
		*history_path = '\0';
		return;
	}
	close(file);
	read_history(history_path);
	stifle_history(HISTORY_LINES);
}

static char *next_match(const char *word, int state)
{
	static char **matches, **at;

	if (!state) {
		free(matches);
		at = matches = complete_word(word, rl_point - (int)strlen(word), rl_line_buffer);
	}
	return at && *at ? *at++ : NULL;
}

/* Where a file name may stand: in quotes, or as the word of a command that takes one. */
static bool takes_file(int start)
{
	static const char *const commands[] = { "save ", "cat ", "machine ", "draw " };
	bool quoted = start && strchr("\"'", rl_line_buffer[start - 1]);

	for (size_t i = 0; i < sizeof commands / sizeof *commands && !quoted; i++)
		quoted = !strncmp(rl_line_buffer, commands[i], strlen(commands[i]));
	return quoted;
}

/*
 * File names are readline's own fallback, where one may stand. What calls or selects goes on
 * without a blank, and so does a name in the middle of an expression: `buf = kmalloc(`.
 */
static char **complete_line(const char *word, int start, int end)
{
	char **matches = complete_word ? rl_completion_matches(word, next_match) : NULL;
	size_t n;

	(void)end;
	rl_attempted_completion_over = !takes_file(start);
	if (!matches)
		return NULL;
	n = strlen(matches[0]);
	if (n && (strchr("(.:/=\"", matches[0][n - 1]) || strpbrk(rl_line_buffer, "=(:")))
		rl_completion_append_character = '\0';
	return matches;
}

void line_open(complete_function *complete)
{
	complete_word = complete;
	rl_readline_name = "dmalab";
	rl_attempted_completion_function = complete_line;
	rl_completer_word_break_characters = " \t\n\"'`$><=;|&{}()[],+-*^%#~";
	rl_getc_function = get_key;
	using_history();
	load_history();
}

void line_close(void)
{
	if (*history_path && history_fresh && append_history(history_fresh, history_path) == 0)
		history_truncate_file(history_path, HISTORY_LINES);
	if (*history_path)
		chmod(history_path, 0600);
	history_fresh = 0;
}

static void remember(const char *text)
{
	HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;

	if (!text[strspn(text, " \t")] || (last && !strcmp(last->line, text)))
		return;
	add_history(text);
	if (history_fresh < HISTORY_LINES)
		history_fresh++;
}

/* After Ctrl-D the cursor stands behind the prompt; with bracketed paste readline has moved it. */
static void end_line(void)
{
	const char *paste = rl_variable_value("enable-bracketed-paste");

	if (!paste || strcmp(paste, "on"))
		fputc('\n', rl_outstream);
}

enum line_outcome line_read(const char *prompt, char **text)
{
	struct sigaction cancel = { .sa_handler = on_interrupt }, before;

	cancelled = false;
	sigaction(SIGINT, &cancel, &before);
	*text = readline(prompt);
	sigaction(SIGINT, &before, NULL);
	if (cancelled) {
		free(*text);
		*text = NULL;
		return LINE_CANCELLED;
	}
	if (!*text) {
		end_line();
		return LINE_END;
	}
	remember(*text);
	return LINE_TEXT;
}
