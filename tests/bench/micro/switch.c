// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of switching between processes that wait for each other. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "micro.h"

#define MAX_PROCESSES 16

/* What a process does with the token: passes it on from one pipe to the next, working on some memory between. */
static void pass(int from, int to, char *work, size_t size)
{
	char token;

	while (read(from, &token, 1) == 1) {
		if (size)
			memset(work, token, size);
		if (write(to, &token, 1) != 1)
			break;
	}
	_exit(0);
}

/* A token goes round a ring of processes until there were count switches, each a process with size bytes of work. */
static uint64_t ring(unsigned int count, unsigned int processes, size_t size)
{
	int pipes[MAX_PROCESSES][2];
	char *work = size ? malloc(size) : NULL;
	char token = 1;
	uint64_t begin;
	unsigned int i, k;

	for (i = 0; i < processes; i++)
		if (pipe(pipes[i]) < 0)
			die("pipe");
	/* Process 0 is this one; it reads the last pipe and writes the first. */
	for (i = 1; i < processes; i++) {
		pid_t child = fork();

		if (child < 0)
			die("fork");
		if (child == 0) {
			for (k = 0; k < processes; k++) {
				if (k != i - 1)
					close(pipes[k][0]);
				if (k != i)
					close(pipes[k][1]);
			}
			pass(pipes[i - 1][0], pipes[i][1], work, size);
		}
	}
	begin = 0;
	for (i = 0; i < count / processes + 1; i++) {
		/* The first turn only gets the processes' memory ready. */
		if (i == 1)
			begin = ticks_begin();
		if (size)
			memset(work, token, size);
		if (write(pipes[0][1], &token, 1) != 1 || read(pipes[processes - 1][0], &token, 1) != 1)
			die("pipe");
	}
	begin = ticks_end() - begin;
	for (i = 0; i < processes; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
	while (wait(NULL) > 0)
		;
	free(work);
	return begin;
}

static uint64_t run_switch_2(unsigned int count)
{
	return ring(count, 2, 0);
}

static uint64_t run_switch_16(unsigned int count)
{
	return ring(count, 16, 65536);
}

const struct row switch_rows[] = {
	{ "context switch, 2 processes by pipe", "switch", 400, 9, run_switch_2 },
	{ "context switch, 16 processes, 64 KiB each", "switch", 640, 9, run_switch_16 },
	{ 0 },
};
