// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dirtied NAME stores|forks COUNT: work of a guest whose writes are logged, beside the same without that. COUNT times
 *
 * stores   writes to each of 1024 pages of its own, and computes for two milliseconds
 * forks    makes a process, which changes 64 of these pages, and waits for its end
 *
 * Prints a row of that name as the micro-benchmark does.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "micro.h"

#define PAGES		1024
#define CHILD_PAGES	64
#define STEPS		333333	/* of three instructions: two milliseconds under -icount */

void die(const char *what)
{
	fprintf(stderr, "dirtied: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void store(volatile char *memory, unsigned int pages)
{
	for (unsigned int i = 0; i < pages; i++)
		memory[i * PAGE]++;
}

static void compute(void)
{
	for (unsigned int i = STEPS; i; i--)
		__asm__ volatile("nop");
}

static void stores(volatile char *memory)
{
	store(memory, PAGES);
	compute();
}

static void forks(volatile char *memory)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		die("fork");
	if (child == 0) {
		store(memory, CHILD_PAGES);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		die("waitpid");
}

int main(int argc, char **argv)
{
	unsigned int count = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	void (*work)(volatile char *memory) = NULL;
	char *memory;
	uint64_t begin;
	double time;

	if (count)
		work = !strcmp(argv[2], "stores") ? stores : !strcmp(argv[2], "forks") ? forks : NULL;
	if (!work) {
		fprintf(stderr, "usage: dirtied NAME stores|forks COUNT\n");
		return 2;
	}
	memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		die("mmap");
	work(memory);
	begin = ticks_begin();
	for (unsigned int i = 0; i < count; i++)
		work(memory);
	time = (double)(ticks_end() - begin) / count;
	MARK(MARK_ROW);
	printf("row|%s|%s|%.1f|%.1f|%u\n", argv[1], work == stores ? "pass" : "process", time, time, count);
	return 0;
}
