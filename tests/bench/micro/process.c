// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of processes: their making, their programs, their end. */
#include <sys/wait.h>
#include <unistd.h>

#include "micro.h"

/* The same shell everywhere: Debian's static busybox, which is in dom0's image and in the guests'. */
#define SHELL "/bin/busybox"

static void wait_for(pid_t child)
{
	int status;

	if (child < 0)
		die("fork");
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	if (status != 0)
		die("the child failed");
}

static uint64_t run_fork(unsigned int count)
{
	uint64_t begin = ticks_begin();

	while (count--) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		wait_for(child);
	}
	return ticks_end() - begin;
}

static uint64_t run_exec(unsigned int count)
{
	uint64_t begin = ticks_begin();

	while (count--) {
		pid_t child = fork();

		if (child == 0) {
			execl("/proc/self/exe", "micro", "--exit", NULL);
			_exit(1);
		}
		wait_for(child);
	}
	return ticks_end() - begin;
}

static uint64_t run_shell(unsigned int count)
{
	uint64_t begin = ticks_begin();

	while (count--) {
		pid_t child = fork();

		if (child == 0) {
			execl(SHELL, "sh", "-c", SHELL " true; " SHELL " true", NULL);
			_exit(1);
		}
		wait_for(child);
	}
	return ticks_end() - begin;
}

const struct row process_rows[] = {
	{ "fork, exit, wait", "process", 20, 9, run_fork },
	{ "fork, exec, wait", "process", 10, 9, run_exec },
	{ "sh -c with two programs", "time", 3, 9, run_shell },
	{ 0 },
};
