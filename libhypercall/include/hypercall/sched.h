/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sched_op: yielding, blocking, polling, and ends of a domain's life.
 *
 * Source of facts: Xen's public header sched.h.
 */
#ifndef HYPERCALL_SCHED_H
#define HYPERCALL_SCHED_H

#include "base.h"

/* sched_op(cmd, argument address); sched_op_compat passes a reason by value. */
#define HC_SCHEDOP_YIELD		0
#define HC_SCHEDOP_BLOCK		1	/* Unmasks events, then waits. */
#define HC_SCHEDOP_SHUTDOWN		2
#define HC_SCHEDOP_POLL			3
#define HC_SCHEDOP_REMOTE_SHUTDOWN	4
#define HC_SCHEDOP_SHUTDOWN_CODE	5	/* Latches a reason, goes on. */
#define HC_SCHEDOP_WATCHDOG		6
#define HC_SCHEDOP_PIN_OVERRIDE		7

/* Reasons. */
#define HC_SHUTDOWN_POWEROFF		0
#define HC_SHUTDOWN_REBOOT		1
#define HC_SHUTDOWN_SUSPEND		2
#define HC_SHUTDOWN_CRASH		3
#define HC_SHUTDOWN_WATCHDOG		4
#define HC_SHUTDOWN_SOFT_RESET		5
#define HC_SHUTDOWN_MAX			5

#ifndef __ASSEMBLER__

struct hc_sched_shutdown {
	uint32_t reason;		/* HC_SHUTDOWN_*. */
};

struct hc_sched_poll {
	uint64_t ports;			/* Address of 32-bit ports. */
	uint32_t nr_ports;
	uint32_t pad0;
	uint64_t timeout;		/* System time, ns; 0: no limit. */
};

struct hc_sched_remote_shutdown {
	uint16_t domain_id;
	uint16_t pad0;
	uint32_t reason;		/* HC_SHUTDOWN_*. */
};

struct hc_sched_watchdog {
	uint32_t id;			/* 0: a new one; returned. */
	uint32_t timeout;		/* Seconds from now; 0: stop it. */
};

struct hc_sched_pin_override {
	int32_t pcpu;			/* -1: back to the affinity before. */
};

#endif /* !__ASSEMBLER__ */

#endif
