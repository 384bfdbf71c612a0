/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vcpu's single-shot timer.
 *
 * A vcpu that waits would have its event late by all that lies between the
 * interrupt and the guest: the processor's own waking, the scheduler, the loading of
 * the vcpu.  So its timer expires earlier than asked for, by a lead that is
 * learned from how late or early the vcpu was when it was about to run; who is early
 * waits there for the rest, so that no guest has its event before the time.
 * A vcpu that runs when its timer expires needs no lead, and gets none with the next.
 */
#include <hypercall/event.h>

#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "time/guest.h"
#include "time/time.h"

#define FAR_FUTURE_STEP 100000000ULL
#define LEAD_MAX 5000			/* ns; also the longest that a processor spins for one */
#define LEAD_BELIEVED 10000		/* ns: who is later than that waited for something else, too */
#define LEAD_SHARE 4			/* of an error that is corrected at once */

/*
 * Wait for the rest of a lead, and no longer: the vcpu may be setting its timer anew on another
 * processor.  Returns how late it was, ns, negative: early.
 */
static int64_t wait_until(uint64_t due)
{
	int64_t late = time_now() - due;

	if (late < 0 && late >= -LEAD_MAX)
		while (time_now() < due)
			__builtin_ia32_pause();
	return late;
}

/* v has been switched away from, to wait: it comes back by singleshot_arrive(), if something is arriving. */
static bool waits(const struct vcpu *v)
{
	return __atomic_load_n(&v->sched.waiting, __ATOMIC_SEQ_CST) & VCPU_WAIT_BLOCKED &&
	       !__atomic_load_n(&v->sched.running, __ATOMIC_SEQ_CST);
}

static void expired(void *arg)
{
	struct vcpu *v = arg;
	struct time_vcpu *t = &v->time;
	uint64_t due = t->due;

	/* Before the look at v: of one that another event wakes just now, it or we wait. */
	__atomic_store_n(&t->arriving, due, __ATOMIC_SEQ_CST);
	t->waited = waits(v);
	if (!t->waited) {
		t->arriving = 0;
		wait_until(due);
	}
	event_send_virq(v, HC_VIRQ_TIMER);
}

void singleshot_arrive(struct vcpu *v)
{
	struct time_vcpu *t = &v->time;
	int64_t late = wait_until(t->arriving), lead = t->lead + late / LEAD_SHARE;

	t->arriving = 0;
	if (late >= -LEAD_MAX && late < LEAD_BELIEVED)
		t->lead = MIN(MAX(lead, 0), LEAD_MAX);
}

void singleshot_init(struct vcpu *v)
{
	timer_init(&v->time.singleshot, expired, v, this_cpu()->id);
}

static uint64_t expires(struct time_vcpu *t, uint64_t due)
{
	t->due = due;
	return t->waited && due > t->lead ? due - t->lead : due;
}

/* For a vcpu that does not run. */
void singleshot_set(struct vcpu *v, uint64_t due)
{
	timer_set(&v->time.singleshot, expires(&v->time, due));
}

uint64_t singleshot_left(const struct vcpu *v)
{
	uint64_t due = v->time.due, now = time_now();

	/* No more than singleshot_set()'s callers take; a guest may have asked for any time. */
	return !v->time.singleshot.active ? 0 : due > now ? MIN(due - now, FAR_FUTURE_NS) : 1;
}

static void set_here(struct vcpu *v, uint64_t due)
{
	timer_set_here(&v->time.singleshot, expires(&v->time, due));
}

long hypercall_set_timer_op(uint64_t timeout)
{
	struct vcpu *v = current;
	uint64_t now;

	if (!timeout) {
		timer_stop(&v->time.singleshot);
		return 0;
	}
	now = time_now();
	/* Kernels without a next event ask for a nonsensical time; they must not sleep for ever. */
	if (unlikely((int64_t)timeout < 0 || (timeout > now && timeout - now > FAR_FUTURE_NS)))
		timeout = now + FAR_FUTURE_STEP;
	set_here(v, timeout);
	return 0;
}

long vcpu_set_singleshot(struct vcpu *v, uint64_t arg)
{
	struct hc_vcpu_set_singleshot_timer op;

	if (v != current)
		return -EINVAL;
	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.flags & HC_VCPU_SSHOTTMR_FUTURE && op.timeout_abs_ns < time_now())
		return -ETIME;
	set_here(v, op.timeout_abs_ns);
	return 0;
}

long vcpu_stop_singleshot(struct vcpu *v, uint64_t arg)
{
	(void)arg;
	if (v != current)
		return -EINVAL;
	timer_stop(&v->time.singleshot);
	return 0;
}
