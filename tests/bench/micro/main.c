// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * micro [-q] [-l] [PATTERN]: runs the rows whose name matches the extended regular expression and prints, one
 * line each, "row|NAME|UNIT|MINIMUM|MEDIAN|COUNT" with ticks for one unit of work. -q does a third of the
 * samples, -l lists the names. A line "clock|TICKS|NANOSECONDS" at the end relates ticks to the kernel's clock.
 */
#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
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

static void usage(void)
{
	fprintf(stderr, "usage: micro [-q] [-l] [PATTERN]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	bool quick = false, list = false;
	const struct row *row;
	regex_t pattern;
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
	if (regcomp(&pattern, optind < argc ? argv[optind] : ".", REG_EXTENDED | REG_NOSUB) != 0)
		usage();
	prctl(PR_SET_TIMERSLACK, 1);
	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		for (row = tables[i]; row->name; row++) {
			if (regexec(&pattern, row->name, 0, NULL, 0) != 0)
				continue;
			if (list)
				puts(row->name);
			else
				measure(row, quick);
		}
	}
	if (!list)
		relate_clocks();
	regfree(&pattern);
	return 0;
}
