/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this kernel measures, and how. A row's function does its work count times and returns the time that
 * took in ticks of the time stamp counter (1 ns with -icount), without what it had to prepare.
 */
#ifndef BENCH_KERNEL_ROWS_H
#define BENCH_KERNEL_ROWS_H

#include "../micro/mark.h"
#include "types.h"

#define ROW(function, count, unit, name) uint64_t function(unsigned int times);
#include "rows.def"
#undef ROW

/* Once, before the first row. */
void prepare_memory(void);
void prepare_events(void);
void prepare_grants(void);
void rest(void);

static inline uint64_t ticks(void)
{
	return __builtin_ia32_rdtsc();
}

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

#endif
