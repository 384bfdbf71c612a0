/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Caps: a domain with one may use so much processor time a period and no more,
 * even if a processor idles.  What it used too much is taken from the next
 * period.  Domains without a cap cost nothing here.
 */
#include "sched/runqueue.h"

#define CAP_PERIOD 50000000ULL		/* ns */
#define CAP_MIN_SLICE 500000ULL		/* ns: less would be spent on switching */
#define WEIGHT_MAX 65535

static int64_t cap_quota(const struct domain *d)
{
	return READ_ONCE(d->sched.cap) * (CAP_PERIOD / 100);
}

void cap_charge(struct vcpu *v, uint64_t ns, uint64_t now)
{
	struct sched_domain *s = &v->domain->sched;

	if (likely(!READ_ONCE(s->cap)))
		return;
	if (!READ_ONCE(s->refill.active))
		timer_set(&s->refill, now + CAP_PERIOD);
	if (__atomic_sub_fetch(&s->budget, (int64_t)ns, __ATOMIC_RELAXED) <= 0)
		__atomic_fetch_or(&v->sched.waiting, VCPU_WAIT_CAP, __ATOMIC_SEQ_CST);
}

uint64_t cap_slice(const struct vcpu *v)
{
	int64_t left;

	if (likely(!READ_ONCE(v->domain->sched.cap)))
		return SCHED_SLICE;
	left = __atomic_load_n(&v->domain->sched.budget, __ATOMIC_RELAXED);
	left = MAX(left, (int64_t)CAP_MIN_SLICE);
	return MIN((uint64_t)left, SCHED_SLICE);
}

static void release_vcpus(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v)
		if (__atomic_fetch_and(&v->sched.waiting, ~VCPU_WAIT_CAP, __ATOMIC_SEQ_CST) &
		    VCPU_WAIT_CAP)
			vcpu_wake(v);
}

/* While the domain has debts or runs, a period begins; else the timer rests until it does. */
static void cap_refill(void *arg)
{
	struct domain *d = arg;
	int64_t quota = cap_quota(d), left;

	if (!quota) {
		release_vcpus(d);
		return;
	}
	left = __atomic_load_n(&d->sched.budget, __ATOMIC_RELAXED);
	if (left < quota) {
		__atomic_fetch_add(&d->sched.budget, MIN(quota, quota - left), __ATOMIC_RELAXED);
		timer_set(&d->sched.refill, time_now() + CAP_PERIOD);
	}
	if (left + quota > 0)
		release_vcpus(d);
}

void cap_init(struct domain *d)
{
	timer_init(&d->sched.refill, cap_refill, d, 0);
}

int sched_set(struct domain *d, uint32_t weight, uint32_t cap)
{
	struct sched_domain *s = &d->sched;
	struct vcpu *v;

	if (weight > WEIGHT_MAX || cap > d->max_vcpus * 100u)
		return -EINVAL;
	spin_lock(&s->lock);
	if (weight) {
		s->weight = weight;
		s->burn = (SCHED_WEIGHT_DEFAULT << 10) / weight;
	}
	WRITE_ONCE(s->cap, cap);
	__atomic_store_n(&s->budget, cap_quota(d), __ATOMIC_RELAXED);
	spin_unlock(&s->lock);
	/* Start or end the periods at once; who runs undisturbed has no slice timer yet. */
	if (!d->dying)
		timer_set(&s->refill, time_now());
	for_each_vcpu(d, v)
		if (READ_ONCE(v->sched.running))
			softirq_raise_on(READ_ONCE(v->sched.cpu), SOFTIRQ_SCHEDULE);
	return 0;
}
