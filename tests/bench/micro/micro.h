/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The micro-benchmark's rows: each one a function that does one kind of work a given number of times and says
 * how long that took. The same static binary runs on the bare machine, in dom0 and in guests.
 */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include <stdint.h>
#include <stdlib.h>

#include "mark.h"

struct row {
	const char *name;	/* as "micro NAME" chooses it */
	const char *unit;	/* what is counted: one of these took so many ticks */
	unsigned int count;	/* how many of them a sample does */
	unsigned int samples;
	/* Does the work count times; the ticks it took, without what it had to prepare. Ends the program on error. */
	uint64_t (*run)(unsigned int count);
};

extern const struct row system_call_rows[], process_rows[], memory_rows[], switch_rows[], signal_rows[],
	compute_rows[];

#define PAGE 4096UL

/*
 * Time in ticks of the time stamp counter. Under QEMU's -icount a tick is one nanosecond, half an instruction.
 * The counter is not ordered with what surrounds it; a sample is long enough for that not to matter.
 */
static inline uint64_t ticks(void)
{
	return __builtin_ia32_rdtsc();
}

/* The same at the begin and the end of what is measured, marked so that instructions in between are counted. */
static inline uint64_t ticks_begin(void)
{
	MARK(MARK_BEGIN);
	return ticks();
}

static inline uint64_t ticks_end(void)
{
	uint64_t now = ticks();

	MARK(MARK_END);
	return now;
}

/* Ends the program: what failed, and errno's text. */
void die(const char *what) __attribute__((noreturn));

/* Memory of its own, in pages of 4 KiB, not touched yet. */
void *map_pages(size_t pages, int protection);
void unmap_pages(void *address, size_t pages);

#endif
