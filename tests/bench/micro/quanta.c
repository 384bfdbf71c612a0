// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quanta NUMBER LENGTH: does the same piece of work over and over, LENGTH turns of a loop of two instructions, and
 * prints "quanta|NUMBER|LEAST|MOST|NANOSECONDS": how many ticks the shortest and the longest took, and the time of all.
 */
#include <stdio.h>
#include <time.h>

#include "micro.h"

static void work(uint64_t turns)
{
	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(turns));
}

int main(int argc, char **argv)
{
	unsigned long number = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned long length = number ? strtoul(argv[2], NULL, 10) : 0;
	uint64_t least = UINT64_MAX, most = 0;
	struct timespec begin, end;
	unsigned long i;

	if (!length) {
		fprintf(stderr, "usage: quanta NUMBER LENGTH\n");
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	MARK(MARK_BEGIN);
	for (i = 0; i < number; i++) {
		uint64_t time = ticks();

		work(length);
		time = ticks() - time;
		if (time < least)
			least = time;
		if (time > most)
			most = time;
	}
	MARK(MARK_END);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("quanta|%lu|%llu|%llu|%lld\n", number, (unsigned long long)least, (unsigned long long)most,
	       (end.tv_sec - begin.tv_sec) * 1000000000LL + end.tv_nsec - begin.tv_nsec);
	return 0;
}
