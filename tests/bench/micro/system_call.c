// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of single system calls and of timers. */
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "micro.h"

static uint64_t run_getpid(unsigned int count)
{
	uint64_t begin = ticks_begin();

	while (count--)
		syscall(SYS_getpid);
	return ticks_end() - begin;
}

static uint64_t run_clock_gettime(unsigned int count)
{
	struct timespec now;
	uint64_t begin = ticks_begin();

	while (count--)
		clock_gettime(CLOCK_MONOTONIC, &now);
	return ticks_end() - begin;
}

static uint64_t run_read_zero(unsigned int count)
{
	int zero = open("/dev/zero", O_RDONLY);
	uint64_t begin;
	char byte;

	if (zero < 0)
		die("/dev/zero");
	begin = ticks_begin();
	while (count--)
		if (read(zero, &byte, 1) != 1)
			die("read");
	begin = ticks_end() - begin;
	close(zero);
	return begin;
}

/* From the moment a sleep should end until it has: arming, interrupt, wake-up. */
static uint64_t run_timer(unsigned int count)
{
	uint64_t late = 0;

	while (count--) {
		struct timespec until, now;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += 300 * 1000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		late += (now.tv_sec - until.tv_sec) * 1000000000LL + now.tv_nsec - until.tv_nsec;
	}
	return late;
}

const struct row system_call_rows[] = {
	{ "getpid", "call", 500, 15, run_getpid },
	{ "clock_gettime", "call", 500, 15, run_clock_gettime },
	{ "read 1 byte of /dev/zero", "call", 500, 15, run_read_zero },
	{ "timer, lateness of a wake-up", "timer", 50, 9, run_timer },
	{ 0 },
};
