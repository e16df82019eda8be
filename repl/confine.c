#define _GNU_SOURCE     /* setgroups, close_range, syscall */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#ifdef __linux__
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#endif
#include <unistd.h>

#define NOBODY 65534     /* user and group without rights (Debian, Fedora) */
#define DESCRIPTORS 4096 /* that are closed where they have to be named */

static bool limit(unsigned what, rlim_t most)
{
	struct rlimit r = { most, most };

	return setrlimit(what, &r) == 0;
}

/* The end comes by SIGXCPU, which says why; at the hard limit it would come by SIGKILL. */
static bool limit_processor(rlim_t seconds)
{
	struct rlimit r = { seconds, seconds + 1 };

	return setrlimit(RLIMIT_CPU, &r) == 0;
}

/* Sanitizers map terabytes of shadow, so there addresses cannot be counted. */
#if defined(__SANITIZE_ADDRESS__)
#define ADDRESSES_COUNT false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESSES_COUNT false
#endif
#endif
#ifndef ADDRESSES_COUNT
#define ADDRESSES_COUNT true
#endif

/* Bytes of address space in use now; 0: the system does not tell. */
static size_t addresses_now(void)
{
	char text[64] = "";
	int fd = open("/proc/self/statm", O_RDONLY);
	size_t pages = 0;

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof text - 1) > 0)
		for (const char *c = text; *c >= '0' && *c <= '9'; c++)
			pages = pages * 10 + (size_t)(*c - '0');
	close(fd);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static bool set_limits(const struct confinement *c)
{
	size_t now = addresses_now();

	return limit(RLIMIT_CORE, 0) && limit_processor(c->seconds) &&
	       limit(RLIMIT_FSIZE, c->file) && limit(RLIMIT_NPROC, 0) &&
	       (!ADDRESSES_COUNT || !now || limit(RLIMIT_AS, now + c->memory));
}

static void close_all(unsigned first, unsigned last)
{
#ifdef SYS_close_range
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
#endif
	if (last > DESCRIPTORS)
		last = DESCRIPTORS;
	for (unsigned fd = first; fd <= last; fd++)
		close((int)fd);
}

/* Standard input, output and error lead nowhere; all else but what is kept is closed. */
static bool drop_descriptors(const int keep[2])
{
	int nowhere = open("/dev/null", O_RDWR), low = keep[0], high = keep[1];

	if (nowhere < 0)
		return false;
	for (int fd = 0; fd < 3; fd++)
		if (fd != low && fd != high && dup2(nowhere, fd) < 0)
			return false;
	if (low > high)
		low = keep[1], high = keep[0];
	low = low < 2 ? 2 : low;
	high = high < low ? low : high;
	close_all(3, (unsigned)low - 1);
	close_all((unsigned)low + 1, (unsigned)high - 1);
	close_all((unsigned)high + 1, UINT_MAX);
	return true;
}

static bool drop_root(void)
{
	if (geteuid() != 0)
		return true;
	return setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
}

#ifdef __linux__
/* What Lua's memory, a pipe and an end need; everything else is refused (EPERM). */
static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(close), SCMP_SYS(lseek), SCMP_SYS(fstat),
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk), SCMP_SYS(futex),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(getpid),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack), SCMP_SYS(sched_yield), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* Memory, but none that can be executed. */
static bool allow_memory(scmp_filter_ctx filter, int call)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

static bool filter_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool fine = filter != NULL;

	for (size_t i = 0; fine && i < sizeof allowed / sizeof *allowed; i++)
		fine = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
	fine = fine && allow_memory(filter, SCMP_SYS(mmap)) &&
	       allow_memory(filter, SCMP_SYS(mprotect)) && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return fine;
}

/* Every right over files there is in the first version of Landlock; none is given back. */
#define FILE_RIGHTS ((uint64_t)(LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

static int landlock_ruleset(void)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = FILE_RIGHTS };

	return (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
}

static bool leave_files(void)
{
	int ruleset = landlock_ruleset();
	bool fine = ruleset >= 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;

	if (ruleset >= 0)
		close(ruleset);
	return fine;
}

static const char *const words[] = { "", "landlock", "seccomp", "landlock, seccomp" };

#define NEITHER 3        /* of words */

static int leave_kernel(void)
{
	bool landlock, seccomp;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return NEITHER;
	landlock = leave_files();
	if (!limit(RLIMIT_NOFILE, 0))
		return -1;
	seccomp = filter_calls();
	return (landlock ? 0 : 1) + (seccomp ? 0 : 2);
}

bool die_with(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == parent;
}

/* A kernel may know a call and still refuse it, so a process gives all up and says what was left. */
static int try_it(void)
{
	pid_t process = fork();
	int status = 0;

	if (!process)
		_exit(leave_kernel());
	if (process < 0 || waitpid(process, &status, 0) != process || !WIFEXITED(status))
		return NEITHER;
	return WEXITSTATUS(status) < NEITHER ? WEXITSTATUS(status) : NEITHER;
}

const char *confine_lacks(void)
{
	static int known = -1;

	if (known < 0)
		known = try_it();
	return words[known];
}
#else
#define NEITHER 0
static const char *const words[] = { "landlock, seccomp" };

static int leave_kernel(void)
{
	return limit(RLIMIT_NOFILE, 0) ? NEITHER : -1;
}

bool die_with(pid_t parent)
{
	return getppid() == parent;
}

const char *confine_lacks(void)
{
	return words[NEITHER];
}
#endif

const char *confine(const struct confinement *c)
{
	int lacks;

	if (!drop_descriptors(c->keep) || !set_limits(c) || !drop_root() || !die_with(c->parent))
		return NULL;
	lacks = leave_kernel();
	return lacks < 0 ? NULL : words[lacks];
}
