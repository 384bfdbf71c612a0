/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's reference clocks: HPET, ACPI PM timer, PIT; and the CMOS clock. */
#ifndef TIME_PLATFORM_H
#define TIME_PLATFORM_H

#include "lib/base.h"

struct platform_timer {
	const char *name;
	bool (*init)(struct platform_timer *t);	/* false: the machine lacks it */
	uint32_t (*read)(void);			/* counts upwards, within mask */
	uint32_t mask;
	uint32_t hz;
	bool continuous;			/* wraps rarely enough to be read once a second */
};

/* One reading of the TSC and a reference counter as near each other as could be had. */
struct platform_sample {
	uint64_t tsc;
	uint32_t count;
};

/*
 * Choose the best timer that works and measure the TSC with it (unless the processor
 * tells): ticks a second.
 */
uint64_t platform_calibrate(void);
struct platform_sample platform_sample(void);
bool platform_continuous(void);
/* ns by the chosen timer since the first call; call at least once a second.  *tsc: at that time. */
uint64_t platform_now(uint64_t *tsc);

/* The wallclock from the CMOS clock, taken to run in UTC: seconds since 1970. */
uint64_t platform_read_cmos(void);
uint64_t platform_seconds(unsigned int year, unsigned int month, unsigned int day,
			  unsigned int hour, unsigned int minute, unsigned int second);

#endif
