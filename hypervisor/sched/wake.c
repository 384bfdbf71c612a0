/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waking and stopping vcpus.  Whether a vcpu may run is in atomic words
 * (waiting, pause counts) that anyone changes; vcpu_wake() and vcpu_sleep() then
 * bring the run queue in line under its lock, as schedule() does.
 */
#include <hypercall/vcpu.h>

#include "interrupt/interrupt.h"
#include "lib/bitmap.h"
#include "sched/runqueue.h"

bool vcpu_runnable(const struct vcpu *v)
{
	return !(__atomic_load_n(&v->sched.waiting, __ATOMIC_ACQUIRE) |
		 __atomic_load_n(&v->sched.pause_count, __ATOMIC_ACQUIRE) |
		 __atomic_load_n(&v->domain->sched.pause_count, __ATOMIC_ACQUIRE));
}

/*
 * Where v shall wait for its turn: its last processor if that idles or is the
 * only one, else one that idles.  -1: its registers are still being saved on one
 * that it must leave; it will be woken again then.
 */
static int place(struct vcpu *v)
{
	cpumask_t allowed = v->sched.hard_affinity & cpu_online_mask, idle;
	uint32_t cpu = v->sched.cpu;

	if (likely(allowed >> cpu & 1)) {
		idle = __atomic_load_n(&sched_idle_cpus, __ATOMIC_RELAXED) & allowed;
		if (idle >> cpu & 1 || !idle ||
		    __atomic_load_n(&v->sched.running, __ATOMIC_ACQUIRE))
			return cpu;
		return __builtin_ctzll(idle);
	}
	__atomic_store_n(&v->sched.migrate, true, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&v->sched.running, __ATOMIC_SEQ_CST))
		return -1;
	v->sched.migrate = false;
	idle = __atomic_load_n(&sched_idle_cpus, __ATOMIC_RELAXED) & allowed;
	return __builtin_ctzll(idle ? idle : allowed);
}

/* v (queued here) shall run before the chosen one. */
static bool credit_preempts(const struct runqueue *rq, const struct vcpu *v, uint64_t now)
{
	const struct vcpu *c = rq->chosen;
	uint64_t ran;

	if (c == rq->idle)
		return true;
	ran = now > c->sched.last_scheduled ? now - c->sched.last_scheduled : 0;
	return credit_rank(v) > c->sched.credit - credit_cost(c, ran);
}

/*
 * v is in rq's queue now: see to it that it gets its turn.  Not at once if another
 * has just got his, since switching has its price.  Nor if that is one of its own
 * domain: who wakes a sibling often does so with a lock held, which the woken one
 * would then spin for, and not every lock of a kernel can tell us so.
 */
static void tickle(struct runqueue *rq, struct vcpu *v, uint64_t now)
{
	bool first = credit_preempts(rq, v, now);
	uint64_t turn = rq->chosen->sched.last_scheduled + (first ? SCHED_RATELIMIT : SCHED_SLICE);

	if (first && rq->chosen->domain == v->domain)
		turn = MAX(turn, now + SCHED_RATELIMIT);
	if (rq->chosen == rq->idle || (first && now >= turn)) {
		bit_clear(&sched_idle_cpus, rq->cpu);
		softirq_raise_on(rq->cpu, SOFTIRQ_SCHEDULE);
	} else if (!rq->turn_ends || rq->turn_ends > turn) {
		slice_set(rq, turn);
	}
}

static bool needs_queue(const struct runqueue *rq, const struct vcpu *v)
{
	return vcpu_runnable(v) && !v->sched.queued && rq->chosen != v;
}

void vcpu_wake(struct vcpu *v)
{
	struct runqueue *rq = runqueue_lock(v);
	uint64_t now;
	int cpu;

	if (!needs_queue(rq, v)) {
		if (v->sched.state == HC_RUNSTATE_BLOCKED)
			runstate_change(v, runstate_when_off(v), time_now());
		v->sched.migrate = false;
		goto out;
	}
	cpu = place(v);
	if (cpu < 0)
		goto out;
	v->sched.migrate = false;
	credit_catch_up(rq, v);
	if ((uint32_t)cpu != v->sched.cpu) {
		WRITE_ONCE(v->sched.cpu, cpu);
		spin_unlock(&rq->lock);
		rq = runqueue_lock(v);
		if (!needs_queue(rq, v))
			goto out;
		v->sched.granted = rq->granted;
	}
	v->sched.boost = v->sched.credit > SCHED_GRANT / 2;
	now = time_now();
	runstate_change(v, HC_RUNSTATE_RUNNABLE, now);
	runqueue_insert(rq, v);
	tickle(rq, v, now);
out:
	spin_unlock(&rq->lock);
}

void vcpu_sleep(struct vcpu *v)
{
	struct runqueue *rq = runqueue_lock(v);

	if (!vcpu_runnable(v)) {
		if (v->sched.queued) {
			runqueue_remove(rq, v);
			runstate_change(v, runstate_when_off(v), time_now());
		} else if (rq->chosen == v) {
			softirq_raise_on(rq->cpu, SOFTIRQ_SCHEDULE);
		}
	}
	spin_unlock(&rq->lock);
}

void vcpu_sleep_sync(struct vcpu *v)
{
	vcpu_sleep(v);
	while (__atomic_load_n(&v->sched.running, __ATOMIC_ACQUIRE))
		cpu_relax_serving();
}

void vcpu_kick(struct vcpu *v)
{
	const uint32_t wakes = VCPU_WAIT_BLOCKED | VCPU_WAIT_POLL;
	uint32_t waiting = __atomic_load_n(&v->sched.waiting, __ATOMIC_SEQ_CST);

	if (waiting & wakes) {
		waiting = __atomic_fetch_and(&v->sched.waiting, ~wakes, __ATOMIC_SEQ_CST);
		if (waiting & VCPU_WAIT_POLL)
			timer_stop(&v->time.poll);
		if (waiting & wakes)
			vcpu_wake(v);
	} else if (v != current && __atomic_load_n(&v->sched.running, __ATOMIC_SEQ_CST)) {
		/* On its way out of guest mode it will see the event. */
		lapic_send_ipi(1ULL << READ_ONCE(v->sched.cpu), VECTOR_MAIL);
	}
}

void vcpu_pause(struct vcpu *v)
{
	__atomic_fetch_add(&v->sched.pause_count, 1, __ATOMIC_SEQ_CST);
	vcpu_sleep_sync(v);
}

void vcpu_unpause(struct vcpu *v)
{
	if (!__atomic_sub_fetch(&v->sched.pause_count, 1, __ATOMIC_SEQ_CST))
		vcpu_wake(v);
}

void domain_pause(struct domain *d)
{
	struct vcpu *v;

	__atomic_fetch_add(&d->sched.pause_count, 1, __ATOMIC_SEQ_CST);
	for_each_vcpu(d, v)
		vcpu_sleep_sync(v);
}

void domain_unpause(struct domain *d)
{
	struct vcpu *v;

	if (__atomic_sub_fetch(&d->sched.pause_count, 1, __ATOMIC_SEQ_CST))
		return;
	for_each_vcpu(d, v)
		vcpu_wake(v);
}

int sched_set_affinity(struct vcpu *v, cpumask_t mask)
{
	struct runqueue *rq;
	bool replace = false;

	if (!(mask & cpu_online_mask))
		return -EINVAL;
	rq = runqueue_lock(v);
	v->sched.hard_affinity = mask;
	if (!(mask >> rq->cpu & 1)) {
		if (v->sched.queued) {
			runqueue_remove(rq, v);
			replace = true;
		} else if (rq->chosen == v) {
			softirq_raise_on(rq->cpu, SOFTIRQ_SCHEDULE);
		}
	}
	spin_unlock(&rq->lock);
	if (replace)
		vcpu_wake(v);
	return 0;
}

void vcpu_block(void)
{
	struct vcpu *v = current;

	__atomic_fetch_or(&v->sched.waiting, VCPU_WAIT_BLOCKED, __ATOMIC_SEQ_CST);
	if (READ_ONCE(v->info->evtchn_upcall_pending) && !READ_ONCE(v->info->evtchn_upcall_mask))
		__atomic_fetch_and(&v->sched.waiting, ~VCPU_WAIT_BLOCKED, __ATOMIC_SEQ_CST);
	else
		softirq_raise(SOFTIRQ_SCHEDULE);
}

void vcpu_yield(void)
{
	current->sched.yield = true;
	softirq_raise(SOFTIRQ_SCHEDULE);
}
