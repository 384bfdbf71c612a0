/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduling: states of vcpus, run queues, the credit scheduler.
 */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "lib/base.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "time/time.h"

struct domain;
struct vcpu;

/* Reasons not to run; bits of sched_vcpu.waiting (atomic). */
#define VCPU_WAIT_BLOCKED (1u << 0)	/* SCHEDOP_block, until an event */
#define VCPU_WAIT_POLL (1u << 1)	/* SCHEDOP_poll */
#define VCPU_WAIT_DOWN (1u << 2)	/* not up (VCPUOP_down or never up) */
#define VCPU_WAIT_SHUTDOWN (1u << 3)	/* its domain has shut down */
#define VCPU_WAIT_CAP (1u << 4)		/* its domain has used up its share of this period */

#define SCHED_WEIGHT_DEFAULT 256
#define SCHED_WATCHDOGS 2

struct sched_vcpu {
	uint32_t waiting;		/* VCPU_WAIT_* */
	uint32_t pause_count;		/* vcpu_pause nesting (atomic) */
	uint32_t cpu;			/* processor whose run queue's lock protects what follows */
	bool running;			/* its state is on that processor (not only chosen) */
	bool queued;			/* in the run queue, not chosen */
	bool yield;			/* let another go first, once */
	bool boost;			/* just woken, with credit left: goes before those without */
	bool migrate;			/* place it anew when its registers are saved */
	cpumask_t hard_affinity;
	cpumask_t pinned_from;		/* affinity before SCHEDOP_pin_override, 0: not overridden */
	struct list queue;
	int64_t credit;			/* ns of processor time, scaled by weight */
	int64_t granted;		/* runqueue.granted that credit accounts for */
	uint64_t last_scheduled;	/* ns; running: charged up to here */
	uint64_t placed;		/* ns: when the balance of the queues last dealt with it */
	uint32_t state;			/* HC_RUNSTATE_* */
	uint64_t state_since;		/* ns */
	uint64_t state_time[4];		/* ns, by HC_RUNSTATE_* */
	struct guest_area runstate_area;
};
struct sched_domain {
	uint32_t weight, cap;		/* cap: percent of one processor, 0: none */
	uint32_t burn;			/* credit a ns of running costs, 22.10 fixed point */
	uint32_t pause_count;		/* toolstack and internal pauses (atomic) */
	spinlock_t lock;		/* cap's changes, watchdogs */
	int64_t budget;			/* ns left in this period, if capped (atomic) */
	struct timer refill;
	struct timer watchdog[SCHED_WATCHDOGS];
	uint8_t watchdogs_used;		/* bit mask */
	uint8_t shutdown_code;		/* latched by SCHEDOP_shutdown_code */
	bool shutdown_latched;
};

void sched_init(void);			/* boot processor */
void sched_cpu_init(unsigned int cpu);
int sched_domain_init(struct domain *d);
int sched_vcpu_init(struct vcpu *v);
void sched_vcpu_relinquish(struct vcpu *v);	/* drop the frames of areas it registered */
void sched_vcpu_free(struct vcpu *v);

bool vcpu_runnable(const struct vcpu *v);
void vcpu_wake(struct vcpu *v);		/* its waiting/pause state changed: queue it if runnable */
void vcpu_sleep(struct vcpu *v);	/* ... stop it if not; does not wait */
void vcpu_sleep_sync(struct vcpu *v);	/* and waits until its registers are saved; not for current */
void vcpu_kick(struct vcpu *v);		/* event is pending: unblock, or interrupt the processor it runs on */
void vcpu_pause(struct vcpu *v);	/* nests, synchronous; not for current */
void vcpu_unpause(struct vcpu *v);
void domain_pause(struct domain *d);	/* synchronous; not for the current domain */
void domain_unpause(struct domain *d);
void vcpu_block(void);			/* current: block unless an event is pending */
void vcpu_yield(void);

/* SOFTIRQ_SCHEDULE's work: choose, arm the slice timer, context_switch() if it is another. */
void schedule(void);
/* The processor-specific half (cpu/context.c): saves prev, loads next, runs it.  Does not return. */
void context_switch(struct vcpu *prev, struct vcpu *next) __noreturn;
/* context_switch calls this when prev's registers are saved and may be loaded elsewhere. */
void sched_context_saved(struct vcpu *prev);
/* ... and this for next, after its address space is loaded: runstate area, vcpu time info. */
void sched_context_loaded(struct vcpu *next);

int sched_set(struct domain *d, uint32_t weight, uint32_t cap);	/* 0 weight: leave; -EINVAL */
int sched_set_affinity(struct vcpu *v, cpumask_t mask);		/* -EINVAL: empty */
/* Fold the time up to now into state_time and return a copy: ns by state. */
void sched_runstate(struct vcpu *v, uint32_t *state, uint64_t *since, uint64_t times[4]);
uint64_t vcpu_cpu_time(struct vcpu *v);

long hypercall_sched_op(uint64_t cmd, uint64_t arg);
/* vcpu_op's operations on runstates. */
long vcpu_get_runstate(struct vcpu *v, uint64_t arg);
long vcpu_register_runstate_area(struct vcpu *v, uint64_t arg);
void sched_dump(void);

#endif
