/*
 * The prompt as a person meets it: the program on a pseudo terminal, keys in, screen out. Every wait
 * has an end, so that a prompt that says nothing fails a test and hangs none.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE 10000   /* milliseconds; machines under load and with sanitizers are slow */

#define CTRL_C "\003"
#define CTRL_D "\004"
#define CTRL_P "\020"    /* the line before, in the history */

static char program[4096], home[64];

struct terminal {
	int fd;
	pid_t pid;
	size_t seen, used;   /* what expect has passed, what the program has written */
	char screen[1 << 16];
};

/* build/tests/test_pty tests build/dmalab. */
static void find_program(void)
{
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 16);

	program[n < 0 ? 0 : n] = '\0';
	for (int up = 0; up < 2; up++)
		if (strrchr(program, '/'))
			*strrchr(program, '/') = '\0';
	strcat(program, "/dmalab");
}

static void become_program(int fd, const char *option)
{
	char viewer[80];

	setsid();
	ioctl(fd, TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	setenv("TERM", "xterm", 1);
	setenv("HOME", home, 1);
	setenv("XDG_STATE_HOME", home, 1);
	setenv("DISPLAY", ":none", 1);
	snprintf(viewer, sizeof viewer, "%s/viewer", home);
	setenv("DMALAB_VIEW", viewer, 1);
	setenv("INPUTRC", "/dev/null", 1);
	setenv("NO_COLOR", "1", 1);
	execl(program, "dmalab", option, (char *)NULL);
	_exit(127);
}

static void open_program(struct terminal *t, const char *option)
{
	struct winsize size = { .ws_row = 24, .ws_col = 200 };
	int fd;

	memset(t, 0, sizeof *t);
	t->fd = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(t->fd >= 0 && grantpt(t->fd) == 0 && unlockpt(t->fd) == 0);
	fd = open(ptsname(t->fd), O_RDWR | O_NOCTTY);
	assert_true(fd >= 0);
	ioctl(fd, TIOCSWINSZ, &size);
	t->pid = fork();
	assert_true(t->pid >= 0);
	if (!t->pid)
		become_program(fd, option);
	close(fd);
}

/* What a screen shows of this: carriage returns and escape sequences (ESC [ ... letter) left out. */
static size_t plain(char *text, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\033' && i + 1 < n && text[i + 1] == '[')
			for (i += 2; i < n && !(text[i] >= '@' && text[i] <= '~'); i++)
				;
		else if (text[i] != '\r' && text[i] != '\a')
			text[to++] = text[i];
	}
	return to;
}

/* Take in what comes within so many milliseconds. False: nothing did. */
static bool take_in(struct terminal *t, int milliseconds)
{
	struct pollfd in = { .fd = t->fd, .events = POLLIN };
	ssize_t n;

	if (poll(&in, 1, milliseconds) <= 0 || t->used + 1 >= sizeof t->screen)
		return false;
	n = read(t->fd, t->screen + t->used, sizeof t->screen - 1 - t->used);
	if (n <= 0)
		return false;
	t->used += plain(t->screen + t->used, (size_t)n);
	t->screen[t->used] = '\0';
	return true;
}

/* Wait until the program has written this, after what was expected before. */
static void expect(struct terminal *t, const char *text)
{
	const char *at;

	while (!(at = strstr(t->screen + t->seen, text)))
		if (!take_in(t, PATIENCE))
			fail_msg("no \"%s\" in:\n%s", text, t->screen + t->seen);
	t->seen = (size_t)(at - t->screen) + strlen(text);
}

static void type(struct terminal *t, const char *keys)
{
	assert_int_equal(write(t->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* A whole line, and its answer at the start of a line of the screen. */
static void ask(struct terminal *t, const char *line, const char *answer)
{
	char on_screen[256];

	type(t, line);
	type(t, "\r");
	snprintf(on_screen, sizeof on_screen, "\n%s", answer);
	expect(t, on_screen);
	expect(t, "> ");
}

static void cancel(struct terminal *t)
{
	type(t, CTRL_C);
	expect(t, "^C\n");
	expect(t, "> ");
}

static void rest(int milliseconds)
{
	nanosleep(&(struct timespec){ .tv_nsec = milliseconds * 1000000L }, NULL);
}

static int exit_status(struct terminal *t)
{
	int status = 0;

	for (int i = 0; i < PATIENCE / 10; i++) {
		if (!take_in(t, 10))
			rest(10);
		if (waitpid(t->pid, &status, WNOHANG) == t->pid) {
			close(t->fd);
			t->pid = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
	}
	fail_msg("the program does not end; it wrote:\n%s", t->screen);
	return -1;
}

static void leave(struct terminal *t)
{
	type(t, CTRL_D);
	assert_int_equal(exit_status(t), 0);
}

static int begin(void **state)
{
	struct terminal *t = calloc(1, sizeof *t);

	find_program();
	strcpy(home, "/tmp/dmalab-pty-XXXXXX");
	if (!t || !mkdtemp(home))
		return -1;
	alarm(120);
	open_program(t, NULL);
	expect(t, "> ");
	*state = t;
	return 0;
}

static int end(void **state)
{
	static const char *const files[] = { "/dmalab/history", "/dmalab", "/viewer", "/got", "/go", "" };
	struct terminal *t = *state;
	char path[128];

	if (t->pid) {
		kill(t->pid, SIGKILL);
		waitpid(t->pid, NULL, 0);
		close(t->fd);
	}
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s%s", home, files[i]);
		remove(path);
	}
	free(t);
	return 0;
}

static void a_line_is_answered(void **state)
{
	ask(*state, "1+1", "2");
	ask(*state, "buf = kmalloc(64)", "buf = 0xffff8000");
	leave(*state);
}

static void control_d_leaves_with_a_newline(void **state)
{
	struct terminal *t = *state;

	type(t, CTRL_D);
	assert_int_equal(exit_status(t), 0);
	assert_int_equal(t->screen[t->used - 1], '\n');
}

static void quit_leaves(void **state)
{
	type(*state, "quit\r");
	assert_int_equal(exit_status(*state), 0);
}

static void control_c_stops_an_endless_loop_and_the_machine_is_intact(void **state)
{
	struct terminal *t = *state;

	ask(t, "x = kmalloc(64) store(x, 42)", "x = 0xffff8000");
	type(t, "while true do pcall(function() while true do load(x) end end) end\r");
	rest(300);
	type(t, CTRL_C);
	expect(t, "interrupted");
	expect(t, "> ");
	ask(t, "1+1", "2");
	ask(t, "load(x)", "42");
	leave(t);
}

static void control_c_stops_a_long_call(void **state)
{
	struct terminal *t = *state;

	ask(t, "t0 = cycles() n = 0", "t0 = ");
	type(t, "for i = 1, 1e12 do run(1000) n = i end\r");
	rest(200);
	type(t, CTRL_C);
	expect(t, "interrupted");
	expect(t, "> ");
	ask(t, "n > 0", "true");
	leave(t);
}

static void control_c_at_the_prompt_clears_the_line(void **state)
{
	struct terminal *t = *state;

	type(t, "nonsense (");
	expect(t, "nonsense (");
	cancel(t);
	ask(t, "3+4", "7");
	leave(t);
}

static void control_c_gives_up_a_statement_of_several_lines(void **state)
{
	struct terminal *t = *state;

	type(t, "for i = 1, 2 do\r");
	expect(t, ">> ");
	cancel(t);
	ask(t, "3+4", "7");
	leave(t);
}

static void a_statement_may_go_over_several_lines(void **state)
{
	struct terminal *t = *state;

	type(t, "for i = 1, 2 do\r");
	expect(t, ">> ");
	type(t, "print('turn ' .. i * 10)\r");
	expect(t, ">> ");
	type(t, "end\r");
	expect(t, "\nturn 10");
	expect(t, "\nturn 20");
	expect(t, "> ");
	leave(t);
}

static void the_history_is_kept_for_the_next_session(void **state)
{
	struct terminal *t = *state;
	struct stat file;
	char path[128];

	ask(t, "40+2", "42");
	type(t, CTRL_P "\r");
	expect(t, "\n42");
	expect(t, "> ");
	leave(t);
	snprintf(path, sizeof path, "%s/dmalab/history", home);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	open_program(t, "--board=tiny");
	expect(t, "> ");
	type(t, CTRL_P "\r");
	expect(t, "\n42");
	expect(t, "> ");
	leave(t);
}

static void tab_completes_names_of_functions(void **state)
{
	struct terminal *t = *state;

	type(t, "dma_sync_single_for_c\t");
	expect(t, "dma_sync_single_for_cpu");
	cancel(t);
	type(t, "virt_to_ph\t");
	expect(t, "virt_to_phys");
	cancel(t);
	leave(t);
}

static void tab_completes_fields_commands_and_directions(void **state)
{
	struct terminal *t = *state;

	type(t, "cache.inv\t");
	expect(t, "cache.invalidate");
	cancel(t);
	type(t, "dev:start_r\t");
	expect(t, "dev:start_read");
	cancel(t);
	type(t, "show mapp\t");
	expect(t, "show mappings");
	cancel(t);
	type(t, "DMA_FR\t");
	expect(t, "DMA_FROM_DEVICE");
	cancel(t);
	leave(t);
}

static void tab_twice_lists_what_there_is(void **state)
{
	struct terminal *t = *state;

	type(t, "dma_unmap_\t\t");          /* few enough for one screen: no pager */
	expect(t, "dma_unmap_page");
	expect(t, "dma_unmap_single");
	expect(t, "> dma_unmap_");
	cancel(t);
	leave(t);
}

static void a_pasted_statement_is_one_line(void **state)
{
	struct terminal *t = *state;

	type(t, "\033[200~for i = 1, 2 do\nprint('paste ' .. i * 10)\nend\033[201~");
	expect(t, "end");
	type(t, "\r");
	expect(t, "\npaste 10");
	expect(t, "\npaste 20");
	expect(t, "> ");
	leave(t);
}

static void memory_exhausted_by_lua_is_an_error_at_the_prompt(void **state)
{
	struct terminal *t = *state;

	type(t, "big = ('x'):rep(1 << 30)\r");
	expect(t, "not enough memory");
	expect(t, "> ");
	ask(t, "1+1", "2");
	leave(t);
}

static void names_of_labs_are_completed_and_one_is_read_a_screen_at_a_time(void **state)
{
	struct terminal *t = *state;

	type(t, "lab rea\t01-sto\t");
	expect(t, "lab read 01-store-in-cache");
	type(t, "\r");
	expect(t, "A store that stays in the cache");
	expect(t, "[Return: more, q: to the prompt] ");
	type(t, "\r");
	expect(t, "[Return: more, q: to the prompt] ");
	type(t, "q\r");
	expect(t, "\n> ");
	type(t, "lab read 01\r");
	expect(t, "[Return: more, q: to the prompt] ");
	type(t, "machine x86\r");
	expect(t, "The prompt takes that line");
	ask(t, "1+1", "2");
	leave(t);
}

/* A file in the program's home, with this inside. */
static void put_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", home, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fchmod(fileno(f), 0700);
	fclose(f);
}

static long file_size(const char *name)
{
	struct stat s;
	char path[128];

	snprintf(path, sizeof path, "%s/%s", home, name);
	return stat(path, &s) ? 0 : (long)s.st_size;
}

/* More than a pipe holds waits for a view that sleeps; it gets it while nobody types. */
static void a_view_reads_on_while_a_key_is_awaited(void **state)
{
	struct terminal *t = *state;

	put_file("viewer", "#!/bin/sh\nwhile [ ! -e ~/go ]; do sleep 0.05; done\nexec cat > ~/got\n");
	ask(t, "view", "the view opens");
	ask(t, "w = {} for i = 1, 8192 do w[i] = string.pack('<n', math.random()) end print(#w)", "8192");
	ask(t, "buf = kmalloc(65536)", "buf =");
	ask(t, "for i = 1, 20 do write(buf, table.concat(w)) end print(1)", "1");
	put_file("go", "");
	for (int i = 0; i < PATIENCE / 10 && file_size("got") < 1000000; i++)
		rest(10);
	assert_true(file_size("got") >= 1000000);
	leave(t);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_line_is_answered),
		TEST(control_d_leaves_with_a_newline),
		TEST(quit_leaves),
		TEST(control_c_stops_an_endless_loop_and_the_machine_is_intact),
		TEST(control_c_stops_a_long_call),
		TEST(control_c_at_the_prompt_clears_the_line),
		TEST(control_c_gives_up_a_statement_of_several_lines),
		TEST(a_statement_may_go_over_several_lines),
		TEST(the_history_is_kept_for_the_next_session),
		TEST(tab_completes_names_of_functions),
		TEST(tab_completes_fields_commands_and_directions),
		TEST(tab_twice_lists_what_there_is),
		TEST(a_pasted_statement_is_one_line),
		TEST(memory_exhausted_by_lua_is_an_error_at_the_prompt),
		TEST(names_of_labs_are_completed_and_one_is_read_a_screen_at_a_time),
		TEST(a_view_reads_on_while_a_key_is_awaited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
