#pragma once
/*
 * What a process that plays a student's file gives up before it begins, for good: root, every file
 * and every way to open one, the network, other processes, and memory and time without end. Nothing
 * of Lua reaches the kernel anyway (student.lua); this is for the day when something does.
 *
 * Where the kernel offers less (an old one, or one of another kind), the rest is done all the same,
 * and the answer names what is missing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct confinement {
	size_t memory;        /* bytes the process may grow by */
	unsigned seconds;     /* of processor time */
	size_t file;          /* bytes a file it was given may grow to */
	int keep[2];          /* descriptors that stay open, -1 for none */
	pid_t parent;         /* who forked it: it does not outlive that one */
};

/*
 * Words for what could not be had, "" when nothing: "landlock, seccomp". NULL: not even the limits
 * that every system has; then the process must not go on.
 */
const char *confine(const struct confinement *limits);

/* The same question, asked without giving up anything: a process tries it, once. */
const char *confine_lacks(void);

/*
 * This process ends when its parent does (Linux; elsewhere it goes on). False: the parent has gone
 * already. Whoever becomes another user has to ask again: confine does.
 */
bool die_with(pid_t parent);
