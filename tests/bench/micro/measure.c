// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * measure NAME UNIT COUNT COMMAND [ARGUMENT]...: runs a command as a row of its own, in which it does COUNT
 * units of work, and prints "row|NAME|UNIT|TICKS|TICKS|COUNT" on its standard error as the micro-benchmark
 * does. What counts is what the plugin counts: it leaves out what the processor waits. Ends with the
 * command's status.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "micro.h"

void die(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int run(char **command)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		die("fork");
	if (child == 0) {
		execvp(command[0], command);
		die(command[0]);
	}
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	unsigned int count = argc > 4 ? strtoul(argv[3], NULL, 10) : 0;
	uint64_t begin;
	double time;
	int status;

	if (!count) {
		fprintf(stderr, "usage: measure NAME UNIT COUNT COMMAND [ARGUMENT]...\n");
		return 2;
	}
	begin = ticks_begin();
	status = run(argv + 4);
	time = (double)(ticks_end() - begin) / count;
	MARK(MARK_ROW);
	fprintf(stderr, "row|%s|%s|%.1f|%.1f|%u\n", argv[1], argv[2], time, time, count);
	return status;
}
