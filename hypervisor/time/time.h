/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time: the system clock (ns since boot, from the TSC, calibrated), timers,
 * guests' time info and wallclock.
 */
#ifndef TIME_TIME_H
#define TIME_TIME_H

#include "lib/base.h"
#include "time/area.h"

struct domain;
struct vcpu;

/* Embedded in what it belongs to: arming never allocates and cannot fail. */
struct timer {
	uint64_t expires;		/* ns; valid while active */
	void (*function)(void *arg);	/* in softirq context of its processor, interrupts off */
	void *arg;
	uint32_t cpu;
	bool active;
	struct timer *child, *sibling, *prev;	/* in the heap of its processor */
};

struct time_vcpu {
	struct timer singleshot;	/* VIRQ_TIMER */
	uint64_t due;			/* ns: when the guest wants that; valid while it is active */
	uint64_t arriving;		/* ns: due of one that expired for a vcpu that waited, 0: none */
	uint32_t lead;			/* ns that it expires before it is due, if waited */
	bool waited;			/* the vcpu did when it last expired */
	struct timer periodic;
	uint64_t periodic_ns;		/* 0: none */
	struct timer poll;		/* SCHEDOP_poll's timeout */
	struct guest_area area;		/* second copy of its vcpu_time_info */
	uint32_t version;		/* of the last vcpu_time_info written */
	uint32_t seen;			/* clock_scale.version it was written from */
	const void *written;		/* the vcpu_info it was written to */
};
struct time_domain {
	uint32_t wallclock_seen;	/* version of the wallclock it was given */
};

/*
 * Boot processor, after interrupt_init(): find clocks, calibrate the TSC and the
 * local APIC's timer, read the wallclock.
 */
void time_init(void);
/*
 * Each other processor, after lapic_cpu_init(): compares its TSC with the boot
 * processor's by smp_call(), so the boot processor must be serving its mailbox.
 */
void time_cpu_init(void);
uint64_t time_now(void);		/* ns since boot, monotonic over processors */
uint64_t time_to_tsc(uint64_t ns);	/* this processor's TSC when time_now() will be ns, about */
extern uint32_t tsc_khz;
bool time_tsc_stable(void);		/* guests may compare TSCs of different processors */
void delay_us(uint32_t us);

void timer_init(struct timer *t, void (*fn)(void *), void *arg, unsigned int cpu);
void timer_set(struct timer *t, uint64_t expires);	/* arms or re-arms, on its processor */
void timer_set_here(struct timer *t, uint64_t expires);	/* ... after moving it to this one */
void timer_stop(struct timer *t);	/* its function may be running elsewhere */
/* Stop, and wait until its function is not running: before its memory is freed.  Not from it. */
void timer_kill(struct timer *t);
void timer_migrate(struct timer *t, unsigned int cpu);
void timer_softirq(void);		/* SOFTIRQ_TIMER's work */
void timer_interrupt(void);		/* from the local APIC */

/* v, whose event is due at time.arriving, is about to run: not before that. */
void singleshot_arrive(struct vcpu *v);

void time_vcpu_init(struct vcpu *v);
void time_vcpu_relinquish(struct vcpu *v);	/* drop the frames of areas it registered */
void time_vcpu_free(struct vcpu *v);
/* ns until its single-shot timer expires, 0: not armed; period of the other in ns, 0: none. */
void time_vcpu_get_timers(struct vcpu *v, uint64_t *singleshot, uint64_t *periodic);
int time_vcpu_set_timers(struct vcpu *v, uint64_t singleshot, uint64_t periodic);	/* -EINVAL */
/* Write its vcpu_time_info by the version protocol, if it lacks this processor's; v is current
 * or about to be. */
void time_update_vcpu(struct vcpu *v);
void time_update_wallclock(struct domain *d);
/*
 * XENPF_settime: the wallclock read sec.nsec when system time was system_time.
 * -EINVAL: nsec above a second, or a time before system time 0.
 */
int time_set_wallclock(uint64_t sec, uint32_t nsec, uint64_t system_time);
long hypercall_set_timer_op(uint64_t timeout);
/* vcpu_op's operations that belong to time, arg as the guest gave it. */
long vcpu_set_singleshot(struct vcpu *v, uint64_t arg);
long vcpu_stop_singleshot(struct vcpu *v, uint64_t arg);
long vcpu_set_periodic(struct vcpu *v, uint64_t arg);
long vcpu_stop_periodic(struct vcpu *v, uint64_t arg);
long vcpu_register_time_area(struct vcpu *v, uint64_t arg);

#endif
