/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run queues and credit: see runqueue.h for the rules. */
#include "sched/runqueue.h"

#include "lib/bitmap.h"

struct runqueue runqueues[NR_CPUS];
cpumask_t sched_idle_cpus;
cpumask_t sched_busy_cpus;

struct runqueue *runqueue_lock(struct vcpu *v)
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

void runqueue_insert(struct runqueue *rq, struct vcpu *v)
{
	struct list *before = rq->queue.prev;

	/* From the end: behind those with as much, so that equals take turns. */
	while (before != &rq->queue &&
	       credit_rank(list_entry(before, struct vcpu, sched.queue)) < credit_rank(v))
		before = before->prev;
	list_add(&v->sched.queue, before);
	v->sched.queued = true;
	if (!rq->count++)
		bit_set(&sched_busy_cpus, rq->cpu);
}

void runqueue_remove(struct runqueue *rq, struct vcpu *v)
{
	list_del(&v->sched.queue);
	v->sched.queued = false;
	if (!--rq->count)
		bit_clear(&sched_busy_cpus, rq->cpu);
}

void credit_catch_up(struct runqueue *rq, struct vcpu *v)
{
	int64_t missed = rq->granted - v->sched.granted;

	/* Negative only if it came from another queue in a race: then nothing is owed. */
	if (missed > 0)
		v->sched.credit = MIN(v->sched.credit + missed, SCHED_GRANT);
	v->sched.granted = rq->granted;
}

void credit_wake(struct vcpu *v)
{
	v->sched.boost = v->sched.credit > SCHED_GRANT / 2;
}

void credit_charge(struct vcpu *v, uint64_t now)
{
	if (now <= v->sched.last_scheduled)
		return;
	/* Longer than a slice only runs one for whom nobody waits; that takes nothing from anyone. */
	v->sched.credit -= credit_cost(v, MIN(now - v->sched.last_scheduled, SCHED_SLICE));
	v->sched.last_scheduled = now;
}

void credit_grant(struct runqueue *rq, struct vcpu *best)
{
	int64_t amount = (-best->sched.credit / SCHED_GRANT + 1) * SCHED_GRANT;
	struct vcpu *v;

	rq->granted += amount;
	list_for_each(v, &rq->queue, sched.queue)
		credit_catch_up(rq, v);
	credit_catch_up(rq, best);
}

bool credit_preempts(const struct runqueue *rq, const struct vcpu *v, uint64_t now)
{
	const struct vcpu *c = rq->chosen;
	uint64_t ran;

	if (c == rq->idle)
		return true;
	ran = now > c->sched.last_scheduled ? now - c->sched.last_scheduled : 0;
	return credit_rank(v) > c->sched.credit - credit_cost(c, ran);
}

void slice_set(struct runqueue *rq, uint64_t ends)
{
	rq->turn_ends = ends;
	if (!READ_ONCE(rq->slice.active) || rq->slice.expires > ends)
		timer_set(&rq->slice, ends);
}
