/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside time/: what guests are told, and their timers. */
#ifndef TIME_GUEST_H
#define TIME_GUEST_H

#include "lib/base.h"

#define FAR_FUTURE_NS (1ULL << 50)	/* 13 days: such a deadline means "some time" */

struct vcpu;

void wallclock_init(uint64_t sec);	/* it is now sec since 1970 */

/* The single-shot timer. */
void singleshot_init(struct vcpu *v);
void singleshot_set(struct vcpu *v, uint64_t due);	/* it does not run */
uint64_t singleshot_left(const struct vcpu *v);		/* ns, 0: not armed */

#endif
