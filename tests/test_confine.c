/* What a confined process can no longer do. Each attempt is made in a child of its own. */
#define _GNU_SOURCE     /* syscall */
#include "harness.h"

#include "repl/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

#define BEFORE 77      /* exit status: the confinement itself failed */

/* Does it in a confined child. The child's wait status. */
static int confined(bool (*attempt)(void), struct confinement limits)
{
	pid_t parent = getpid(), child = fork();
	int status = 0;

	if (!child) {
		limits.parent = parent;
		if (!confine(&limits))
			_exit(BEFORE);
		_exit(attempt() ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static const struct confinement usual = { .memory = 64 << 20, .seconds = 5, .keep = { -1, -1 } };

/* attempt answers true when it got what it wanted. */
static void assert_refused(bool (*attempt)(void))
{
	int status = confined(attempt, usual);

	if (*confine_lacks())
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static bool opens(void) { return open("/etc/passwd", O_RDONLY) >= 0; }
static bool opens_proc(void) { return open("/proc/self/maps", O_RDONLY) >= 0; }
static bool creates(void) { return open("/tmp/confined", O_CREAT | O_WRONLY, 0600) >= 0; }
static bool removes(void) { return unlink("/tmp/nothing") == 0 || errno == ENOENT; }
static bool moves(void) { return chdir("/") == 0; }

static bool stats(void)
{
	struct stat s;

	return stat("/etc/passwd", &s) == 0;
}

static void files_cannot_be_opened_created_or_looked_at(void **state)
{
	(void)state;
	assert_refused(opens);
	assert_refused(opens_proc);
	assert_refused(creates);
	assert_refused(removes);
	assert_refused(moves);
	assert_refused(stats);
}

static bool reads_input(void)
{
	char c;

	return read(0, &c, 1) > 0;
}

static int left_open = -1;

static bool writes_left_open(void) { return write(left_open, "x", 1) == 1; }

static void descriptors_of_the_parent_are_gone_but_those_it_keeps(void **state)
{
	struct confinement keeps = usual;
	int ends[2];

	(void)state;
	assert_refused(reads_input);
	assert_int_equal(pipe(ends), 0);
	left_open = ends[1];
	assert_refused(writes_left_open);
	keeps.keep[0] = ends[1];
	assert_int_equal(WEXITSTATUS(confined(writes_left_open, keeps)), 1);
	keeps = usual;
	keeps.keep[1] = left_open = dup2(ends[1], 300);
	assert_int_equal(WEXITSTATUS(confined(writes_left_open, keeps)), 1);
	close(300);
	close(ends[0]);
	close(ends[1]);
}

static bool opens_socket(void) { return socket(AF_INET, SOCK_STREAM, 0) >= 0; }
static bool opens_local_socket(void) { return socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }

static bool makes_pipe(void)
{
	int ends[2];

	return pipe(ends) == 0;
}

static void there_is_no_network(void **state)
{
	(void)state;
	assert_refused(opens_socket);
	assert_refused(opens_local_socket);
	assert_refused(makes_pipe);
}

static bool forks(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child > 0;
}

static bool executes(void)
{
	char *const words[] = { "/bin/true", NULL };

	return execv("/bin/true", words) == 0;
}

static bool kills_parent(void) { return kill(getppid(), 0) == 0; }
static bool kills_all(void) { return kill(-1, 0) == 0; }
static bool traces(void) { return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0; }

static void other_processes_cannot_be_made_ended_or_traced(void **state)
{
	(void)state;
	assert_refused(forks);
	assert_refused(executes);
	assert_refused(kills_parent);
	assert_refused(kills_all);
	assert_refused(traces);
}

static bool widens_limits(void)
{
	const struct rlimit wide = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_CPU, &wide) == 0 || setrlimit(RLIMIT_NOFILE, &wide) == 0;
}

static bool is_root(void) { return geteuid() == 0 || setuid(0) == 0; }

static bool executes_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0) != MAP_FAILED;
}

static bool makes_memory_executable(void)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED || mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static void nothing_that_was_given_up_comes_back(void **state)
{
	(void)state;
	assert_refused(widens_limits);
	assert_refused(is_root);
	assert_refused(executes_memory);
	assert_refused(makes_memory_executable);
}

static bool eats_memory(void)
{
	return malloc(256 << 20) != NULL;
}

static bool has_some_memory(void)
{
	char *volatile p = malloc(16 << 20);

	if (!p)
		return false;
	memset(p, 1, 16 << 20);
	return true;
}

static void memory_has_an_end_behind_what_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(WEXITSTATUS(confined(has_some_memory, usual)), 1);
	if (SANITIZED)
		skip();
	assert_refused(eats_memory);
}

static volatile bool round_and_round = true;

static bool goes_round(void)
{
	while (round_and_round)
		;
	return true;
}

static void processor_time_has_an_end(void **state)
{
	struct confinement hasty = usual;
	int status;

	(void)state;
	hasty.seconds = 0;
	status = confined(goes_round, hasty);
	assert_true(WIFSIGNALED(status));
}

static bool writes_much(void)
{
	char block[4096] = "";

	signal(SIGXFSZ, SIG_IGN);
	return write(left_open, block, sizeof block) == (ssize_t)sizeof block;
}

static void a_file_it_keeps_grows_so_far_and_no_further(void **state)
{
	char path[] = "/tmp/dmalab-confine-XXXXXX";
	struct confinement keeps = usual;

	(void)state;
	left_open = mkstemp(path);
	unlink(path);
	keeps.keep[1] = left_open;
	keeps.file = 4096;
	assert_int_equal(WEXITSTATUS(confined(writes_much, keeps)), 1);
	assert_int_equal(WEXITSTATUS(confined(writes_much, keeps)), 0);
	close(left_open);
}

/* The parent dies, killed; its child, which would go on, has the writing end of a pipe. */
static void it_ends_with_its_parent(void **state)
{
	int ends[2], seen;
	char c;
	pid_t parent;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	parent = fork();
	if (!parent) {
		struct confinement keeps = usual;

		keeps.keep[0] = ends[1];
		keeps.parent = getpid();
		if (!fork()) {
			if (confine(&keeps) && write(ends[1], "!", 1) == 1)
				goes_round();
			_exit(0);
		}
		for (;;)
			pause();
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &c, 1), 1);
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	alarm(4);            /* processor time would end it after six seconds */
	seen = (int)read(ends[0], &c, 1);
	alarm(0);
	assert_int_equal(seen, 0);
	close(ends[0]);
}

static void what_the_kernel_lacks_is_said(void **state)
{
	const char *lacks = confine_lacks();

	(void)state;
	assert_non_null(lacks);
	if (*lacks)
		print_message("not confined here by: %s\n", lacks);
	assert_true(!*lacks || strstr(lacks, "landlock") || strstr(lacks, "seccomp"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_cannot_be_opened_created_or_looked_at),
		cmocka_unit_test(descriptors_of_the_parent_are_gone_but_those_it_keeps),
		cmocka_unit_test(there_is_no_network),
		cmocka_unit_test(other_processes_cannot_be_made_ended_or_traced),
		cmocka_unit_test(nothing_that_was_given_up_comes_back),
		cmocka_unit_test(memory_has_an_end_behind_what_is_allowed),
		cmocka_unit_test(processor_time_has_an_end),
		cmocka_unit_test(a_file_it_keeps_grows_so_far_and_no_further),
		cmocka_unit_test(it_ends_with_its_parent),
		cmocka_unit_test(what_the_kernel_lacks_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
