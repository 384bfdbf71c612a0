/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time as guests see it: the scale in each vcpu_time_info, the wallclock in
 * shared_info, and the periodic timer of a vcpu, which raises VIRQ_TIMER as the other
 * one does (singleshot.c).
 */
#include "time/guest.h"

#include <hypercall/event.h>

#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "time/clock.h"
#include "time/time.h"

#define MIN_PERIOD_NS 1000000ULL

/* The time since 1970 at system time 0. */
static struct {
	spinlock_t lock;
	uint64_t sec;
	uint32_t nsec;
	uint32_t version;		/* even */
} wallclock;

static void write_time_info(struct hc_vcpu_time_info *t, const struct clock_scale *s,
			    uint32_t version)
{
	WRITE_ONCE(t->version, version - 1);
	barrier();
	t->tsc_timestamp = s->tsc;
	t->system_time = s->ns;
	t->tsc_to_system_mul = s->mul;
	t->tsc_shift = s->shift;
	t->flags = clock_stable ? HC_PVCLOCK_TSC_STABLE_BIT : 0;
	barrier();
	WRITE_ONCE(t->version, version);
}

/* The same by pieces, for a copy that need not be aligned nor in one page. */
static void write_time_area(struct vcpu *v, const struct clock_scale *s)
{
	struct guest_area *a = &v->time.area;
	struct hc_vcpu_time_info t = { 0 };
	uint32_t odd = v->time.version - 1;

	write_time_info(&t, s, v->time.version);
	spin_lock(&a->lock);
	if (guest_area_present(a)) {
		guest_area_write(a, 0, &odd, sizeof(odd));
		barrier();
		guest_area_write(a, sizeof(odd), (char *)&t + sizeof(odd), sizeof(t) - sizeof(odd));
		barrier();
		guest_area_write(a, 0, &t.version, sizeof(t.version));
	}
	spin_unlock(&a->lock);
}

static void write_vcpu_time(struct vcpu *v, const struct clock_scale *s)
{
	v->time.version += 2;
	write_time_info(&v->info->time, s, v->time.version);
	write_time_area(v, s);
	v->time.seen = s->version;
	v->time.written = v->info;
}

void time_update_vcpu(struct vcpu *v)
{
	const struct clock_scale *s = clock_scale_here();

	if (unlikely(v->time.seen != s->version || v->time.written != v->info))
		write_vcpu_time(v, s);
	if (unlikely(v->domain->time.wallclock_seen != READ_ONCE(wallclock.version)))
		time_update_wallclock(v->domain);
}

void time_update_wallclock(struct domain *d)
{
	struct hc_shared_info *si = d->shared_info;

	spin_lock(&wallclock.lock);
	WRITE_ONCE(si->wc_version, wallclock.version - 1);
	barrier();
	si->wc_sec = wallclock.sec;
	si->wc_nsec = wallclock.nsec;
	si->wc_sec_hi = wallclock.sec >> 32;
	barrier();
	WRITE_ONCE(si->wc_version, wallclock.version);
	d->time.wallclock_seen = wallclock.version;
	spin_unlock(&wallclock.lock);
}

int time_set_wallclock(uint64_t sec, uint32_t nsec, uint64_t system_time)
{
	uint64_t base;

	if (sec >= 1ULL << 33 || nsec >= NS_PER_SEC)
		return -EINVAL;
	base = sec * NS_PER_SEC + nsec;
	if (base < system_time)
		return -EINVAL;
	base -= system_time;
	spin_lock(&wallclock.lock);
	wallclock.sec = base / NS_PER_SEC;
	wallclock.nsec = base % NS_PER_SEC;
	WRITE_ONCE(wallclock.version, wallclock.version + 2);
	spin_unlock(&wallclock.lock);
	/* Others get it when they next run; nobody but a starting guest reads it. */
	if (current != this_cpu()->idle)
		time_update_wallclock(current->domain);
	return 0;
}

void wallclock_init(uint64_t sec)
{
	uint64_t now = time_now(), base = sec * NS_PER_SEC;

	base -= MIN(base, now);
	wallclock.sec = base / NS_PER_SEC;
	wallclock.nsec = base % NS_PER_SEC;
	wallclock.version = 2;
}

static void periodic_expired(void *arg)
{
	struct vcpu *v = arg;
	uint64_t period = READ_ONCE(v->time.periodic_ns), now = time_now();

	event_send_virq(v, HC_VIRQ_TIMER);
	if (period)
		timer_set(&v->time.periodic, MAX(v->time.periodic.expires + period, now + period / 2));
}

void time_vcpu_init(struct vcpu *v)
{
	singleshot_init(v);
	timer_init(&v->time.periodic, periodic_expired, v, this_cpu()->id);
	/* SCHEDOP_poll's timer is the scheduler's: sched_vcpu_init() sets it up. */
}

void time_vcpu_get_timers(struct vcpu *v, uint64_t *singleshot, uint64_t *periodic)
{
	*singleshot = singleshot_left(v);
	*periodic = v->time.periodic_ns;
}

int time_vcpu_set_timers(struct vcpu *v, uint64_t singleshot, uint64_t periodic)
{
	uint64_t now = time_now();

	if ((periodic && periodic < MIN_PERIOD_NS) || periodic > FAR_FUTURE_NS ||
	    singleshot > FAR_FUTURE_NS)
		return -EINVAL;
	if (singleshot)
		singleshot_set(v, now + singleshot);
	else
		timer_stop(&v->time.singleshot);
	WRITE_ONCE(v->time.periodic_ns, periodic);
	if (periodic)
		timer_set(&v->time.periodic, now + periodic);
	else
		timer_stop(&v->time.periodic);
	return 0;
}

void time_vcpu_relinquish(struct vcpu *v)
{
	timer_stop(&v->time.singleshot);
	v->time.periodic_ns = 0;
	timer_stop(&v->time.periodic);
	guest_area_drop(&v->time.area);
}

void time_vcpu_free(struct vcpu *v)
{
	time_vcpu_relinquish(v);
	timer_kill(&v->time.singleshot);
	timer_kill(&v->time.periodic);
}

long vcpu_set_periodic(struct vcpu *v, uint64_t arg)
{
	struct hc_vcpu_set_periodic_timer op;
	uint64_t now = time_now();

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.period_ns < MIN_PERIOD_NS || op.period_ns > FAR_FUTURE_NS)
		return -EINVAL;
	WRITE_ONCE(v->time.periodic_ns, op.period_ns);
	timer_set(&v->time.periodic, now + op.period_ns);
	return 0;
}

long vcpu_stop_periodic(struct vcpu *v, uint64_t arg)
{
	(void)arg;
	WRITE_ONCE(v->time.periodic_ns, 0);
	timer_stop(&v->time.periodic);
	return 0;
}

long vcpu_register_time_area(struct vcpu *v, uint64_t arg)
{
	struct hc_vcpu_register_time_memory_area op;
	int rc;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	rc = guest_area_set(&v->time.area, op.addr.v, sizeof(struct hc_vcpu_time_info));
	if (rc)
		return rc;
	/* With an unstable clock its own processor's numbers follow when it is next loaded. */
	v->time.seen = 0;
	if (v == current)
		time_update_vcpu(v);
	else
		write_time_area(v, clock_scale_here());
	return 0;
}
