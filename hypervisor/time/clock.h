/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside time/: the scale that turns this processor's TSC into system time. */
#ifndef TIME_CLOCK_H
#define TIME_CLOCK_H

#include "cpu/percpu.h"
#include "time/scale.h"

/* With a stable clock every processor uses entry 0, which then never changes. */
extern struct clock_scale clock_scales[NR_CPUS];
extern bool clock_stable;

static inline const struct clock_scale *clock_scale_here(void)
{
	return &clock_scales[likely(clock_stable) ? 0 : this_cpu()->id];
}

#endif
