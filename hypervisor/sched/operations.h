/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside sched/: timers that the sched_op hypercalls use. */
#ifndef SCHED_OPERATIONS_H
#define SCHED_OPERATIONS_H

struct domain;
struct vcpu;

void poll_init(struct vcpu *v);
void watchdog_init(struct domain *d);

#endif
