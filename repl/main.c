/*
 * dmalab: options and sub-commands. The scripts decide what a line means; here are the loops that
 * bring the lines, from a person or from a pipe.
 */
#include "draw.h"
#include "line.h"
#include "program.h"
#include "viz/recording.h"
#include "session.h"
#include "viewer.h"
#include "viz/moment.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DONE, FAILED, WRONG_USAGE };     /* exit status */

static const char usage[] =
	"dmalab: a small computer with caches and DMA that can be held still\n"
	"\n"
	"  dmalab                     the prompt; plays the lines of stdin when it is no terminal\n"
	"  dmalab run FILE [ARG ...]  play a script; FILE may be - for stdin\n"
	"  dmalab -e CODE             play CODE\n"
	"  dmalab explore FILE        play a script under every schedule the hardware may choose\n"
	"  dmalab tour                the guided tour\n"
	"  dmalab replay FILE         print the events of a recording; FILE may be - for stdin\n"
	"  dmalab draw FILE           a moment of a recording as a picture (SVG)\n"
	"  dmalab view FILE           a window in which a recording can be gone through\n"
	"  dmalab view                the prompt, and the machine in a window as it goes\n"
	"  dmalab lab [WORDS]         labs: list, start, run, check, hint (dmalab lab --help)\n"
	"  dmalab grade LAB FILE      what a driver is worth (dmalab grade --help)\n"
	"\n"
	"  -b, --board NAME     the machine: tiny, arm64 (default), x86, ... or a file of your own\n"
	"  -s, --set KEY=VALUE  change one of its settings; may be repeated\n"
	"      --seed N         nature at random, with this seed\n"
	"      --record FILE    keep every event in FILE, for replay\n"
	"      --view           open the view, a window that shows the machine as it goes\n"
	"      --echo           with stdin: print each line before its answer\n"
	"  -h, --help           this page           -V, --version\n"
	"\n"
	"Of explore:\n"
	"      --bound N        with up to N deviations from calm (2)\n"
	"      --boards all     on every board; or NAME,NAME\n"
	"      --jobs N         so many processes (one for each core)\n"
	"      --runs N         most schedules; --seconds N stops earlier\n"
	"      --samples N      schedules drawn at random beyond the bound (1000)\n"
	"\n"
	"Of draw:\n"
	"      --at MOMENT      " MOMENT_HELP "\n"
	"  -o, --output FILE    where to, instead of standard output\n"
	"      --size WxH       in points (1280x800)\n"
	"      --theme NAME     light or dark        --large   large type, for a projector\n"
	"      --select ADDR    show all copies of the byte there\n"
	"      --beside FILE    a second board that played the same, in the same picture\n"
	"\n"
	"Options stand before or after the sub-command; those of a script follow --.\n"
	"Exit status: 0 done, 1 a script failed or broke a rule, 2 wrong usage.\n"
	"At the prompt, `help` goes on from here and `tour` shows around.\n";

struct options {
	const char **set;            /* key, value, key, value ... */
	int set_count;
	const char **code;           /* of each -e */
	int code_count;
	const char **explore;        /* key, value ... of what is for explore alone */
	int explore_count;
	const char *record;
	struct drawing drawing;
	bool echo, view;
	char **words;                /* the sub-command and what follows */
	int word_count;
};

static struct session *session;

static int wrong_usage(const char *what, const char *which)
{
	fprintf(stderr, "dmalab: %s%s\nTry: dmalab --help\n", what, which);
	return WRONG_USAGE;
}

/* Options. */

static void set(struct options *o, const char *key, const char *value)
{
	o->set[o->set_count++] = key;
	o->set[o->set_count++] = value;
}

/* KEY=VALUE, cut in two. */
static bool set_pair(struct options *o, char *pair)
{
	char *equals = strchr(pair, '=');

	if (!equals || equals == pair)
		return false;
	*equals = '\0';
	set(o, pair, equals + 1);
	return true;
}

enum {
	OPTION_SEED = 256, OPTION_RECORD, OPTION_ECHO, OPTION_VIEW, OPTION_AT, OPTION_SIZE, OPTION_THEME,
	OPTION_LARGE, OPTION_SELECT, OPTION_BESIDE, OPTION_EXPLORE
};

static const struct option long_options[] = {
	{ "board", required_argument, NULL, 'b' },
	{ "set", required_argument, NULL, 's' },
	{ "seed", required_argument, NULL, OPTION_SEED },
	{ "record", required_argument, NULL, OPTION_RECORD },
	{ "echo", no_argument, NULL, OPTION_ECHO },
	{ "view", no_argument, NULL, OPTION_VIEW },
	{ "at", required_argument, NULL, OPTION_AT },
	{ "size", required_argument, NULL, OPTION_SIZE },
	{ "theme", required_argument, NULL, OPTION_THEME },
	{ "large", no_argument, NULL, OPTION_LARGE },
	{ "select", required_argument, NULL, OPTION_SELECT },
	{ "beside", required_argument, NULL, OPTION_BESIDE },
	{ "output", required_argument, NULL, 'o' },
	{ "bound", required_argument, NULL, OPTION_EXPLORE },
	{ "boards", required_argument, NULL, OPTION_EXPLORE },
	{ "jobs", required_argument, NULL, OPTION_EXPLORE },
	{ "runs", required_argument, NULL, OPTION_EXPLORE },
	{ "seconds", required_argument, NULL, OPTION_EXPLORE },
	{ "samples", required_argument, NULL, OPTION_EXPLORE },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* One option. -1: go on; else the exit status. */
static int take_option(struct options *o, int option, int row, const char *which)
{
	switch (option) {
	case OPTION_EXPLORE:
		o->explore[o->explore_count++] = long_options[row].name;
		o->explore[o->explore_count++] = optarg;
		return -1;
	case 'b': set(o, "board", optarg); return -1;
	case 'e': o->code[o->code_count++] = optarg; return -1;
	case 's':
		if (set_pair(o, optarg))
			return -1;
		return wrong_usage("--set wants KEY=VALUE, not ", optarg);
	case OPTION_SEED:
		set(o, "nature", "random");
		set(o, "seed", optarg);
		return -1;
	case OPTION_RECORD: o->record = optarg; return -1;
	case OPTION_AT:     o->drawing.at = optarg; return -1;
	case OPTION_SIZE:   o->drawing.size = optarg; return -1;
	case OPTION_THEME:  o->drawing.theme = optarg; return -1;
	case OPTION_LARGE:  o->drawing.large = true; return -1;
	case OPTION_SELECT: o->drawing.select = optarg; return -1;
	case OPTION_BESIDE: o->drawing.beside = optarg; return -1;
	case 'o':           o->drawing.output = optarg; return -1;
	case OPTION_VIEW:   o->view = true; return -1;
	case OPTION_ECHO:   o->echo = true; return -1;
	case 'h': fputs(usage, stdout); return DONE;
	case 'V': puts("dmalab " VERSION); return DONE;
	case ':': return wrong_usage("a value is missing after ", which);
	default:  return wrong_usage("unknown option ", which);
	}
}

/* As many as there can be; the process ends with them. */
static void *room(int argc, size_t size)
{
	void *p = calloc((size_t)argc * 4 + 4, size);

	if (!p) {
		fputs("dmalab: no memory\n", stderr);
		exit(FAILED);
	}
	return p;
}

static int parse_options(struct options *o, int argc, char **argv)
{
	int option, row = 0, status = -1;

	o->set = room(argc, sizeof *o->set);
	o->code = room(argc, sizeof *o->code);
	o->explore = room(argc, sizeof *o->explore);
	opterr = 0;
	while (status < 0 &&
	       (option = getopt_long(argc, argv, ":b:e:o:s:hV", long_options, &row)) != -1)
		status = take_option(o, option, row, argv[optind - 1]);
	o->words = argv + optind;
	o->word_count = argc - optind;
	return status;
}

static void free_options(struct options *o)
{
	free(o->set);
	free(o->code);
	free(o->explore);
}

/* The session. */

static bool start_recording(const char *path)
{
	char why[256];

	session->recorder = recorder_open(path, why, sizeof why);
	if (!session->recorder)
		fprintf(stderr, "dmalab: --record: %s\n", why);
	return session->recorder != NULL;
}

/* Also when a script leaves by os.exit: the history and the end of the recording get written. */
static void leave(void)
{
	struct recorder *r = session ? session->recorder : NULL;
	struct trace nothing;

	line_close();
	if (session)
		viewer_leave(session);
	if (!r)
		return;
	trace_init(&nothing);
	session->recorder = NULL;
	if (!recorder_finish(r, session->bench ? &session->bench->trace : &nothing))
		fprintf(stderr, "dmalab: the recording ends here: %s\n", recorder_error(r));
	recorder_close(r, &nothing);
}

static void complain(void)
{
	const char *message = lua_tostring(session->lua, -1);

	fflush(stdout);
	if (!session_output_closed())
		fprintf(stderr, "dmalab: %s\n", message ? message : "an error that is no text");
	lua_pop(session->lua, 1);
}

/* --board, --set and --seed of the command line, or what is for explore, as the scripts want them. */
static void push_pairs(lua_State *L, const char *const *pair, int count)
{
	lua_createtable(L, count / 2, 0);
	for (int i = 0; i < count; i += 2) {
		lua_createtable(L, 2, 0);
		lua_pushstring(L, pair[i]);
		lua_rawseti(L, -2, 1);
		lua_pushstring(L, pair[i + 1]);
		lua_rawseti(L, -2, 2);
		lua_rawseti(L, -2, i / 2 + 1);
	}
}

/* As the line `view` does; without one all goes on. */
static void open_view(void)
{
	lua_getglobal(session->lua, "view");
	if (!session_call(session, NULL, 0, 0))
		complain();
}

/* A session with its machine on. -1, or the exit status when it could not be. */
static int start(const struct options *o, const char *mode)
{
	session = session_new();
	if (!session)
		return fputs("dmalab: no memory\n", stderr), FAILED;
	atexit(leave);
	if (o->record && !start_recording(o->record))
		return FAILED;
	if (!session_load(session)) {
		complain();
		return FAILED;
	}
	push_pairs(session->lua, o->set, o->set_count);
	lua_pushstring(session->lua, mode);
	if (!session_call(session, "start", 2, 0)) {
		complain();
		return WRONG_USAGE;
	}
	if (o->view)
		open_view();
	return -1;
}

/* Did all we printed arrive? A reader who has gone away is no failure. */
static bool output_written(void)
{
	bool failed = fflush(stdout) || ferror(stdout);

	if (!failed || session_output_closed())
		return true;
	fputs("dmalab: what was printed could not be written\n", stderr);
	return false;
}

/* What the scripts make of it all; a rule that broke on a machine since replaced counts too. */
static int finish(bool fine)
{
	int status;

	session_catch_up(session);
	status = fine ? DONE : FAILED;
	if (!session_call(session, "finish", 0, 1))
		complain();
	else if (lua_tointeger(session->lua, -1))
		status = FAILED;
	return output_written() ? status : FAILED;
}

/* Lines. */

/* Lines that make one statement so far. */
struct input {
	char *text;
	size_t used, room;
};

static void input_add(struct input *in, const char *line)
{
	size_t n = strlen(line), need = in->used + n + 2;

	if (need > in->room) {
		char *wider = realloc(in->text, need * 2);

		if (!wider)
			return;
		in->text = wider;
		in->room = need * 2;
	}
	if (in->used)
		in->text[in->used++] = '\n';
	memcpy(in->text + in->used, line, n + 1);
	in->used += n;
}

static void input_clear(struct input *in)
{
	if (in->text)
		in->text[0] = '\0';
	in->used = 0;
}

enum verdict { LINE_DONE, LINE_MORE, LINE_FAILED, LINE_QUIT };

static enum verdict play_line(struct input *in)
{
	static const char *const words[] = { "done", "more", "failed", "quit" };
	enum verdict verdict = LINE_FAILED;
	lua_State *L = session->lua;

	lua_pushlstring(L, in->text ? in->text : "", in->used);
	if (!session_call(session, "line", 1, 1)) {
		complain();
	} else {
		for (enum verdict v = LINE_DONE; v <= LINE_QUIT; v++)
			if (lua_isstring(L, -1) && !strcmp(lua_tostring(L, -1), words[v]))
				verdict = v;
		lua_pop(L, 1);
	}
	if (verdict != LINE_MORE)
		input_clear(in);
	fflush(stdout);
	return verdict;
}

/* What Lua would put there, for readline. */
static char **complete(const char *word, int begin, const char *line)
{
	lua_State *L = session->lua;
	lua_Integer n;
	char **matches;

	lua_pushstring(L, word);
	lua_pushinteger(L, begin + 1);
	lua_pushstring(L, line);
	if (!session_call(session, "complete", 3, 1) || !lua_istable(L, -1)) {
		lua_pop(L, 1);
		return NULL;
	}
	n = (lua_Integer)lua_rawlen(L, -1);
	matches = calloc((size_t)n + 1, sizeof *matches);
	for (lua_Integer i = 0; matches && i < n; i++) {
		lua_rawgeti(L, -1, i + 1);
		matches[i] = strdup(lua_isstring(L, -1) ? lua_tostring(L, -1) : "");
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	return matches;
}

static int view_wants(fd_set *pipes)
{
	return viewer_wants(session, pipes);
}

static void view_push(void)
{
	viewer_push(session);
}

static int play_prompt(void)
{
	struct input in = { NULL, 0, 0 };
	enum verdict verdict = LINE_DONE;
	enum line_outcome got;
	char *text;

	line_open(complete);
	line_meanwhile(view_wants, view_push);
	while (verdict != LINE_QUIT) {
		got = line_read(verdict == LINE_MORE ? ">> " : "> ", &text);
		if (got == LINE_END && verdict != LINE_MORE)
			break;
		if (got == LINE_END)
			puts("the unfinished lines are dropped; Ctrl-D again leaves");
		if (got != LINE_TEXT) {
			input_clear(&in);
			verdict = LINE_DONE;
			continue;
		}
		input_add(&in, text);
		free(text);
		verdict = play_line(&in);
		session_save(session);
	}
	free(in.text);
	return finish(true);
}

static void echo(const char *line, bool continued)
{
	printf("%s %s\n", continued ? ">>" : ">", line);
	fflush(stdout);
}

static int play_stdin(bool echoing)
{
	struct input in = { NULL, 0, 0 };
	enum verdict verdict = LINE_DONE;
	bool fine = true;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while (verdict != LINE_QUIT && !session_output_closed() &&
	       (n = getline(&line, &size, stdin)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (echoing)
			echo(line, verdict == LINE_MORE);
		input_add(&in, line);
		verdict = play_line(&in);
		fine = fine && verdict != LINE_FAILED;
	}
	if (verdict == LINE_MORE) {
		fputs("dmalab: the input ends in the middle of a statement\n", stderr);
		fine = false;
	}
	free(line);
	free(in.text);
	return finish(fine);
}

/* Sub-commands. */

/* Did the call, whose one result is on the stack, do its work? */
static bool call_was_fine(bool returned)
{
	bool said_no = lua_isboolean(session->lua, -1) && !lua_toboolean(session->lua, -1);

	if (returned)
		lua_pop(session->lua, 1);
	else
		complain();
	return returned && !said_no;
}

static int eval(const struct options *o)
{
	int status = start(o, "eval");
	bool fine = true;

	if (status >= 0)
		return status;
	for (int i = 0; fine && i < o->code_count; i++) {
		lua_pushstring(session->lua, o->code[i]);
		fine = call_was_fine(session_call(session, "eval", 1, 1));
	}
	return finish(fine);
}

static int run(const struct options *o)
{
	int status;

	if (o->word_count < 2)
		return wrong_usage("run wants a file: dmalab run FILE", "");
	status = start(o, "run");
	if (status >= 0)
		return status;
	lua_pushstring(session->lua, o->words[1]);
	lua_createtable(session->lua, o->word_count, 0);
	for (int i = 1; i < o->word_count; i++) {
		lua_pushstring(session->lua, o->words[i]);
		lua_rawseti(session->lua, -2, i - 1);
	}
	return finish(call_was_fine(session_call(session, "run", 2, 1)));
}

/* What is recorded is the counter-example, not the runs. */
static int explore(const struct options *o)
{
	struct options quiet = *o;
	int status;

	if (o->word_count != 2)
		return wrong_usage("explore wants one file: dmalab explore FILE", "");
	quiet.record = NULL;
	status = start(&quiet, "explore");
	if (status >= 0)
		return status;
	lua_pushstring(session->lua, o->words[1]);
	push_pairs(session->lua, o->explore, o->explore_count);
	if (!session_call(session, "explore_options", 1, 1)) {
		complain();
		return WRONG_USAGE;
	}
	lua_pushstring(session->lua, o->record);
	return finish(call_was_fine(session_call(session, "explore", 3, 1)));
}

static int tour(const struct options *o)
{
	int status = start(o, "prompt");

	if (status >= 0)
		return status;
	lua_getglobal(session->lua, "tour");
	return finish(call_was_fine(session_call(session, NULL, 0, 1)));
}

static int prompt(const struct options *o)
{
	bool person = isatty(STDIN_FILENO);
	int status = start(o, person ? "prompt" : "stdin");

	if (status >= 0)
		return status;
	return person ? play_prompt() : play_stdin(o->echo);
}

/* Print the events from position `next` on that are here; true when all is out. */
static bool print_events(struct recording *r, uint64_t next)
{
	const struct event *e;
	char text[512];

	for (; !ferror(stdout) && (e = recording_at(r, next)); next++) {
		event_text(e, text, sizeof text);
		puts(text);
	}
	return output_written();
}

/* Print what is in r, and as it comes what follows on stdin when r has no end yet. */
static bool print_recording(struct recording *r)
{
	uint64_t printed = 0;
	bool more, written;

	do {
		more = recording_state(r) == RECORDING_GROWING && recording_read(r, STDIN_FILENO);
		written = print_events(r, printed);
		printed = recording_count(r);
	} while (more && written);
	return written;
}

static int replay(const struct options *o)
{
	const char *name = o->words[1];
	struct recording *r;
	char why[512] = "out of memory";
	bool written;
	int status;

	if (o->word_count != 2)
		return wrong_usage("replay wants one file: dmalab replay FILE", "");
	if (strcmp(name, "-") != 0) {
		r = recording_open(name, why, sizeof why);
	} else {
		name = "stdin";
		r = recording_live();
	}
	if (!r) {
		fprintf(stderr, "dmalab: %s\n", why);
		return FAILED;
	}
	written = print_recording(r);
	if (recording_unknown(r))
		fprintf(stderr, "dmalab: %s: %s\n", name, recording_unknown(r));
	if (recording_error(r))
		fprintf(stderr, "dmalab: %s is %s\n", name, recording_error(r));
	status = recording_error(r) || !written ? FAILED : DONE;
	recording_close(r);
	return status;
}

static int draw_recording(const struct options *o)
{
	struct drawing d = o->drawing;
	char why[512];

	if (o->word_count != 2)
		return wrong_usage("draw wants one file: dmalab draw FILE", "");
	d.recording = o->words[1];
	if (draw(&d, why, sizeof why))
		return DONE;
	fprintf(stderr, "dmalab: %s\n", why);
	return FAILED;
}

/* What stands behind `view` is the viewer's own; alone it is the prompt with a view. */
static int view(char **words)
{
	char path[PROGRAM_PATH];

	if (!program_viewer(path, sizeof path)) {
		fputs("dmalab: the program dmalab-view is not there\n"
		      "  make builds it where SDL2, SDL2_ttf and fontconfig are installed;\n"
		      "  dmalab draw FILE makes a picture without them\n", stderr);
		return FAILED;
	}
	words[0] = path;
	execv(path, words);
	fprintf(stderr, "dmalab: %s: %s\n", path, strerror(errno));
	return FAILED;
}

static int view_prompt(const struct options *o)
{
	struct options with = *o;

	with.view = true;
	return prompt(&with);
}

/* `dmalab lab` and `dmalab grade`: the scripts read their options and say how it went. */
static int play_words(const char *function, char **words, int count)
{
	const struct options none = { 0 };
	int status = start(&none, function);

	if (status >= 0)
		return status;
	lua_createtable(session->lua, count, 0);
	for (int i = 0; i < count; i++) {
		lua_pushstring(session->lua, words[i]);
		lua_rawseti(session->lua, -2, i + 1);
	}
	if (!session_call(session, function, 1, 1)) {
		complain();
		return FAILED;
	}
	status = (int)lua_tointeger(session->lua, -1);
	return output_written() ? status : FAILED;
}

static const struct {
	const char *name;
	int (*play)(const struct options *o);
	int words;                        /* at most; 0: any number */
} subcommands[] = {
	{ "run", run, 0 }, { "explore", explore, 0 }, { "tour", tour, 1 }, { "replay", replay, 2 },
	{ "draw", draw_recording, 2 }, { "view", view_prompt, 1 },
};

static int play(const struct options *o)
{
	if (o->explore_count && (!o->word_count || strcmp(o->words[0], "explore") != 0))
		return wrong_usage("this option is for dmalab explore: --", o->explore[0]);
	if (o->code_count && o->word_count)
		return wrong_usage("-e stands without a sub-command, not with ", o->words[0]);
	if (o->code_count)
		return eval(o);
	if (!o->word_count)
		return prompt(o);
	for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++) {
		int most = subcommands[i].words;

		if (strcmp(o->words[0], subcommands[i].name) != 0)
			continue;
		if (most && o->word_count > most)
			return wrong_usage("too many words: ", o->words[most]);
		return subcommands[i].play(o);
	}
	return wrong_usage("there is no sub-command ", o->words[0]);
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	int status;

	if (argc > 2 && !strcmp(argv[1], "view"))
		return view(argv + 1);
	if (argc > 1 && (!strcmp(argv[1], "lab") || !strcmp(argv[1], "grade")))
		return play_words(argv[1], argv + 2, argc - 2);
	status = parse_options(&o, argc, argv);

	if (status < 0)
		status = play(&o);
	free_options(&o);
	return status;      /* the session ends with the process: freeing it would only take time */
}
