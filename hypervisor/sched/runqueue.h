/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside sched/: a processor's run queue and the credit rules.
 *
 * A vcpu pays credit for the time it runs, the more the smaller its domain's
 * weight; the queue is sorted by credit and its head runs next.  When nobody has
 * any left, everyone in the queue is granted the same amount.  Who sleeps keeps
 * his credit (up to that amount); and who wakes with more than half of it left
 * goes first, so whoever waits for I/O runs when it comes, as long as he does not
 * use his share up; only who has just begun to run is let run for a moment.
 */
#ifndef SCHED_RUNQUEUE_H
#define SCHED_RUNQUEUE_H

#include "domain/domain.h"

#define SCHED_GRANT 10000000LL		/* ns of credit, also the most a vcpu can hold */
#define SCHED_RATELIMIT 1000000ULL	/* ns that everyone may run before one who is woken takes over */
#define SCHED_SLICE 10000000ULL		/* ns before a vcpu makes room for one that waits */
#define SCHED_BALANCE 100000000ULL	/* ns between attempts to even out the queues */

struct runqueue {
	spinlock_t lock;		/* protects all below, and the vcpus whose sched.cpu this is */
	unsigned int cpu;
	struct list queue;		/* who is runnable and not chosen, most credit first */
	unsigned int count;		/* of them */
	struct vcpu *chosen;		/* who runs, or is about to: idle or a guest's */
	struct vcpu *idle;
	int64_t granted;		/* sum of all grants so far */
	uint64_t balanced;		/* ns: last attempt */
	uint64_t turn_ends;		/* ns: the chosen one makes room then; 0: no need to */
	struct timer slice;		/* looks at that, then or earlier */
} __aligned(64);

extern struct runqueue runqueues[NR_CPUS];
extern cpumask_t sched_idle_cpus;	/* hints, atomic: those with nothing to do */
extern cpumask_t sched_busy_cpus;	/* ... with someone waiting in the queue */

/* Lock the run queue that v belongs to. */
static inline struct runqueue *runqueue_lock(struct vcpu *v)
{
	for (;;) {
		uint32_t cpu = READ_ONCE(v->sched.cpu);
		struct runqueue *rq = &runqueues[cpu];

		spin_lock(&rq->lock);
		if (likely(v->sched.cpu == cpu))
			return rq;
		spin_unlock(&rq->lock);
	}
}

/* All of these with the queue's lock held. */
void runqueue_insert(struct runqueue *rq, struct vcpu *v);
void runqueue_remove(struct runqueue *rq, struct vcpu *v);
/* Make best's credit positive, and everyone's in the queue greater by the same. */
void credit_grant(struct runqueue *rq, struct vcpu *best);
/*
 * The chosen one's turn ends at that time.  A timer that is set to an earlier one stays
 * there and is set anew when it expires: most turns end before, by themselves.
 */
void slice_set(struct runqueue *rq, uint64_t ends);

/* Take the grants that v missed while it was not in the queue. */
static inline void credit_catch_up(struct runqueue *rq, struct vcpu *v)
{
	int64_t missed = rq->granted - v->sched.granted;

	/* Negative only if it came from another queue in a race: then nothing is owed. */
	if (missed > 0)
		v->sched.credit = MIN(v->sched.credit + missed, SCHED_GRANT);
	v->sched.granted = rq->granted;
}

/* What the queue is sorted by. */
static inline int64_t credit_rank(const struct vcpu *v)
{
	return v->sched.credit + (v->sched.boost ? SCHED_GRANT : 0);
}

static inline int64_t credit_cost(const struct vcpu *v, uint64_t ns)
{
	return ns * v->domain->sched.burn >> 10;
}

/* Change v's runstate at time now; its queue's lock is held. */
static inline void runstate_change(struct vcpu *v, uint32_t state, uint64_t now)
{
	struct sched_vcpu *s = &v->sched;

	if (s->state == state)
		return;
	if (now > s->state_since) {
		s->state_time[s->state] += now - s->state_since;
		s->state_since = now;
	}
	s->state = state;
}

/* The state of one that does not run. */
uint32_t runstate_when_off(const struct vcpu *v);
void runstate_publish(struct vcpu *v);

/* Charge a capped domain; when nothing is left, v is marked VCPU_WAIT_CAP. */
void cap_charge(struct vcpu *v, uint64_t ns, uint64_t now);
/* The longest time that v may run now, ns. */
uint64_t cap_slice(const struct vcpu *v);
void cap_init(struct domain *d);

#endif
