/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Setting up processors, domains and vcpus for the scheduler. */
#include <hypercall/vcpu.h>

#include "lib/bitmap.h"
#include "lib/log.h"
#include "memory/memory.h"
#include "sched/operations.h"
#include "sched/runqueue.h"

static void slice_over(void *arg)
{
	struct runqueue *rq = arg;

	spin_lock(&rq->lock);
	if (rq->turn_ends && rq->turn_ends <= time_now())
		softirq_raise(SOFTIRQ_SCHEDULE);
	else if (rq->turn_ends)
		slice_set(rq, rq->turn_ends);
	spin_unlock(&rq->lock);
}

void sched_cpu_init(unsigned int cpu)
{
	struct runqueue *rq = &runqueues[cpu];
	struct vcpu *idle = heap_alloc(sizeof(*idle));

	if (!idle)
		panic("sched: no memory for processor %u", cpu);
	idle->domain = idle_domain;
	idle->entry = idle;
	idle->id = cpu;
	idle->info_mfn = MFN_INVALID;
	idle->sched.cpu = cpu;
	idle->sched.running = true;
	idle->sched.hard_affinity = 1ULL << cpu;
	idle->sched.last_scheduled = time_now();
	list_init(&idle->sched.queue);
	cpu_of(cpu)->idle = idle;

	spin_init(&rq->lock);
	rq->cpu = cpu;
	list_init(&rq->queue);
	rq->idle = rq->chosen = idle;
	timer_init(&rq->slice, slice_over, rq, cpu);
	bit_set(&sched_idle_cpus, cpu);
}

void sched_init(void)
{
	sched_cpu_init(0);
}

int sched_domain_init(struct domain *d)
{
	spin_init(&d->sched.lock);
	d->sched.weight = SCHED_WEIGHT_DEFAULT;
	d->sched.burn = 1 << 10;
	cap_init(d);
	watchdog_init(d);
	return 0;
}

int sched_vcpu_init(struct vcpu *v)
{
	static uint32_t next_cpu;

	v->sched.cpu = __atomic_fetch_add(&next_cpu, 1, __ATOMIC_RELAXED) % cpu_count;
	v->sched.hard_affinity = ~0ULL;
	v->sched.state = HC_RUNSTATE_OFFLINE;
	v->sched.state_since = time_now();
	v->sched.credit = SCHED_GRANT;
	v->sched.granted = runqueues[v->sched.cpu].granted;
	list_init(&v->sched.queue);
	poll_init(v);
	return 0;
}

void sched_vcpu_relinquish(struct vcpu *v)
{
	guest_area_drop(&v->sched.runstate_area);
}

void sched_vcpu_free(struct vcpu *v)
{
	struct runqueue *rq;

	sched_vcpu_relinquish(v);
	timer_kill(&v->time.poll);
	timer_kill(&v->domain->sched.refill);
	for (int i = 0; i < SCHED_WATCHDOGS; i++)
		timer_kill(&v->domain->sched.watchdog[i]);
	rq = runqueue_lock(v);
	if (v->sched.queued)
		runqueue_remove(rq, v);
	spin_unlock(&rq->lock);
}

void sched_dump(void)
{
	unsigned int cpu;
	struct vcpu *v;

	for_each_cpu(cpu, cpu_online_mask) {
		struct runqueue *rq = &runqueues[cpu];

		spin_lock(&rq->lock);
		log_info("processor %u: runs d%uv%u, %u waiting", cpu, rq->chosen->domain->id,
			 rq->chosen->id, rq->count);
		list_for_each(v, &rq->queue, sched.queue)
			log_info("  d%uv%u credit %ld us, weight %u", v->domain->id, v->id,
				 (long)(v->sched.credit / 1000), v->domain->sched.weight);
		spin_unlock(&rq->lock);
	}
}
