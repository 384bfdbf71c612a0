// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * micro [-q] [-l] [NAME]...: runs the rows of these names, or all, and prints, one line each,
 * "row|NAME|UNIT|MINIMUM|MEDIAN|COUNT" with ticks for one unit of work. -q does a third of the samples, -l
 * lists the names. A line "clock|TICKS|NANOSECONDS" at the end relates ticks to the kernel's clock.
 *
 * A fork costs what the program has in use. So each row has a process of its own, and what comes before it
 * takes no memory: with names as one regular expression a row of all cost half as much again as one alone.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "micro.h"

#define MAX_SAMPLES 64

static const struct row *const tables[] = {
	system_call_rows, signal_rows, memory_rows, switch_rows, process_rows, compute_rows,
};

void die(const char *what)
{
	fprintf(stderr, "micro: %s: %s\n", what, strerror(errno));
	exit(1);
}

void *map_pages(size_t pages, int protection)
{
	void *address = mmap(NULL, pages * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (address == MAP_FAILED)
		die("mmap");
	/* PV guests have no huge pages; the bare kernel shall not use them either. It may know none, too. */
	madvise(address, pages * PAGE, MADV_NOHUGEPAGE);
	return address;
}

void unmap_pages(void *address, size_t pages)
{
	if (munmap(address, pages * PAGE) < 0)
		die("munmap");
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const struct row *row, bool quick)
{
	unsigned int samples = quick ? (row->samples + 2) / 3 : row->samples;
	double value[MAX_SAMPLES];
	unsigned int i;

	/* Caches of the kernel and pages of this program get warm first. */
	row->run(row->count > 64 ? 64 : row->count);
	MARK(MARK_FORGET);
	for (i = 0; i < samples; i++)
		value[i] = (double)row->run(row->count) / row->count;
	MARK(MARK_ROW);
	qsort(value, samples, sizeof(*value), by_value);
	printf("row|%s|%s|%.1f|%.1f|%u\n", row->name, row->unit, value[0], value[samples / 2], row->count);
	fflush(stdout);
}

static void measure_apart(const struct row *row, bool quick)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		die("fork");
	if (child == 0) {
		measure(row, quick);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	if (status != 0)
		exit(1);
}

/* What both clocks say of the same sleep. */
static void relate_clocks(void)
{
	struct timespec begin, end, wait = { .tv_nsec = 200 * 1000 * 1000 };
	uint64_t before, after;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	before = ticks();
	nanosleep(&wait, NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	after = ticks();
	printf("clock|%llu|%lld\n", (unsigned long long)(after - before),
	       (end.tv_sec - begin.tv_sec) * 1000000000LL + end.tv_nsec - begin.tv_nsec);
}

/* names: a null pointer ends them. No names choose all rows. */
static bool is_chosen(const char *row, char **names)
{
	char **name = names;

	while (*name && strcmp(*name, row) != 0)
		name++;
	return *name || !*names;
}

static void usage(void)
{
	fprintf(stderr, "usage: micro [-q] [-l] [NAME]...\n");
	exit(2);
}

int main(int argc, char **argv)
{
	bool quick = false, list = false;
	const struct row *row;
	unsigned int i;
	int option;

	/* The program it runs when a row measures exec: nothing at all. */
	if (argc == 2 && strcmp(argv[1], "--exit") == 0)
		_exit(0);
	while ((option = getopt(argc, argv, "ql")) != -1) {
		if (option == 'q')
			quick = true;
		else if (option == 'l')
			list = true;
		else
			usage();
	}
	prctl(PR_SET_TIMERSLACK, 1);
	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		for (row = tables[i]; row->name; row++) {
			if (!is_chosen(row->name, argv + optind))
				continue;
			if (list)
				puts(row->name);
			else
				measure_apart(row, quick);
		}
	}
	if (!list)
		relate_clocks();
	return 0;
}
