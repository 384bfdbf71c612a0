/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Choosing who runs next on a processor.
 *
 * A processor with nobody waiting sets no slice timer: whoever is alone runs
 * undisturbed, but for one that may still be set.  A processor that would idle
 * takes a waiting vcpu from another queue; and where vcpus take turns, one of them
 * is moved now and then to a processor with fewer, so that long runs come out even.
 */
#include <hypercall/vcpu.h>

#include "lib/bitmap.h"
#include "lib/log.h"
#include "sched/runqueue.h"

static bool may_run_on(const struct vcpu *v, unsigned int cpu)
{
	return v->sched.hard_affinity >> cpu & 1;
}

/* v, queued in from and saved, comes to rq; both are locked. */
static void take(struct runqueue *from, struct vcpu *v, struct runqueue *rq, uint64_t now)
{
	runqueue_remove(from, v);
	credit_catch_up(from, v);
	v->sched.granted = rq->granted;
	v->sched.placed = now;
	WRITE_ONCE(v->sched.cpu, rq->cpu);
}

static bool saved(const struct vcpu *v)
{
	return !__atomic_load_n(&v->sched.running, __ATOMIC_ACQUIRE);
}

static struct vcpu *steal(struct runqueue *rq, uint64_t now)
{
	cpumask_t busy = __atomic_load_n(&sched_busy_cpus, __ATOMIC_RELAXED) & ~(1ULL << rq->cpu);
	unsigned int cpu;

	for_each_cpu(cpu, busy) {
		struct runqueue *from = &runqueues[cpu];
		struct vcpu *v;

		/* Only tried: two processors may want to take from each other. */
		if (!spin_trylock(&from->lock)) {
			softirq_raise(SOFTIRQ_SCHEDULE);
			continue;
		}
		list_for_each(v, &from->queue, sched.queue)
			if (may_run_on(v, rq->cpu) && saved(v)) {
				take(from, v, rq, now);
				spin_unlock(&from->lock);
				return v;
			}
		spin_unlock(&from->lock);
	}
	return NULL;
}

/*
 * Move one who waits here to the queue of a processor with less to do: the one that
 * has been here longest, so that all come to be alone in turn.  If that is the one that
 * ran until now, its registers are not saved, and the next time will do.
 */
static void balance(struct runqueue *rq, uint64_t now)
{
	struct vcpu *v, *oldest = NULL;
	unsigned int cpu, least = rq->count - 1;
	struct runqueue *to = NULL;

	if (now - rq->balanced < SCHED_BALANCE)
		return;
	list_for_each(v, &rq->queue, sched.queue)
		if (!oldest || v->sched.placed < oldest->sched.placed)
			oldest = v;
	if (!saved(oldest))
		return;
	rq->balanced = now;
	/* Reading the others' counts without their locks: a wrong guess is put right next time. */
	for_each_cpu(cpu, oldest->sched.hard_affinity & cpu_online_mask & ~(1ULL << rq->cpu))
		if (READ_ONCE(runqueues[cpu].count) < least) {
			to = &runqueues[cpu];
			least = to->count;
		}
	if (!to) {
		oldest->sched.placed = now;
		return;
	}
	if (!spin_trylock(&to->lock))
		return;
	take(rq, oldest, to, now);
	to->balanced = now;
	runqueue_insert(to, oldest);
	softirq_raise_on(to->cpu, SOFTIRQ_SCHEDULE);
	spin_unlock(&to->lock);
}

/* What becomes of the one that ran until now. */
static void put_back(struct runqueue *rq, struct vcpu *prev, uint64_t now)
{
	uint64_t ran = now > prev->sched.last_scheduled ? now - prev->sched.last_scheduled : 0;

	if (prev == rq->idle) {
		this_cpu()->idle_time += ran;
		prev->sched.last_scheduled = now;
		return;
	}
	/* Longer than a slice only runs one for whom nobody waits; that takes nothing from anyone. */
	prev->sched.credit -= credit_cost(prev, MIN(ran, SCHED_SLICE));
	prev->sched.boost = false;
	credit_catch_up(rq, prev);
	cap_charge(prev, ran, now);
	if (!vcpu_runnable(prev))
		return;
	if (likely(may_run_on(prev, rq->cpu)))
		runqueue_insert(rq, prev);
	else
		prev->sched.migrate = true;
}

static struct vcpu *choose(struct runqueue *rq, struct vcpu *prev, uint64_t now)
{
	struct vcpu *next;

	if (!rq->count) {
		next = steal(rq, now);
		return next ? next : rq->idle;
	}
	next = list_first(&rq->queue, struct vcpu, sched.queue);
	if (next == prev && prev->sched.yield && rq->count > 1)
		next = list_first(&next->sched.queue, struct vcpu, sched.queue);
	runqueue_remove(rq, next);
	return next;
}

static void set_slice(struct runqueue *rq, struct vcpu *next, uint64_t now)
{
	if (next != rq->idle && (rq->count || next->domain->sched.cap))
		slice_set(rq, now + cap_slice(next));
	else
		rq->turn_ends = 0;
}

void schedule(void)
{
	struct runqueue *rq = &runqueues[this_cpu()->id];
	struct vcpu *prev = rq->chosen, *next;
	uint64_t now = time_now();

	spin_lock(&rq->lock);
	put_back(rq, prev, now);
	if (rq->count > 1)
		balance(rq, now);
	next = choose(rq, prev, now);
	prev->sched.yield = false;
	if (next != rq->idle && next->sched.credit <= 0)
		credit_grant(rq, next);
	set_slice(rq, next, now);
	next->sched.last_scheduled = now;
	if (next == prev) {
		/* A waker may have taken the hint that nobody is here, for nothing. */
		if (next == rq->idle && !bit_test(&sched_idle_cpus, rq->cpu))
			bit_set(&sched_idle_cpus, rq->cpu);
		spin_unlock(&rq->lock);
		return;
	}
	/*
	 * Before a locked instruction, of which each way from here to next's guest has one: its last
	 * look at pending events is after this, or whoever sends one sees it and interrupts.
	 */
	next->sched.running = true;
	if (prev != rq->idle)
		runstate_change(prev, prev->sched.queued || prev->sched.migrate ?
				HC_RUNSTATE_RUNNABLE : runstate_when_off(prev), now);
	else
		bit_clear(&sched_idle_cpus, rq->cpu);
	if (next != rq->idle)
		runstate_change(next, HC_RUNSTATE_RUNNING, now);
	else
		bit_set(&sched_idle_cpus, rq->cpu);
	rq->chosen = next;
	spin_unlock(&rq->lock);
	context_switch(prev, next);
}

void sched_context_saved(struct vcpu *prev)
{
	if (prev == this_cpu()->idle) {
		prev->sched.running = false;
		return;
	}
	runstate_publish(prev);
	/* Pairs with place() in wake.c: of two who meet here, at least one sees the other. */
	__atomic_store_n(&prev->sched.running, false, __ATOMIC_SEQ_CST);
	if (unlikely(__atomic_load_n(&prev->sched.migrate, __ATOMIC_SEQ_CST)))
		vcpu_wake(prev);
}

void sched_context_loaded(struct vcpu *next)
{
	if (next == this_cpu()->idle)
		return;
	time_update_vcpu(next);
	runstate_publish(next);
	if (next->time.arriving)
		singleshot_arrive(next);
}
