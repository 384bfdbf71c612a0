/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run queues and credit: see runqueue.h for the rules. */
#include "sched/runqueue.h"

#include "lib/bitmap.h"

struct runqueue runqueues[NR_CPUS];
cpumask_t sched_idle_cpus;
cpumask_t sched_busy_cpus;

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

void credit_grant(struct runqueue *rq, struct vcpu *best)
{
	int64_t amount = (-best->sched.credit / SCHED_GRANT + 1) * SCHED_GRANT;
	struct vcpu *v;

	rq->granted += amount;
	list_for_each(v, &rq->queue, sched.queue)
		credit_catch_up(rq, v);
	credit_catch_up(rq, best);
}

void slice_set(struct runqueue *rq, uint64_t ends)
{
	rq->turn_ends = ends;
	if (!READ_ONCE(rq->slice.active) || rq->slice.expires > ends)
		timer_set(&rq->slice, ends);
}
