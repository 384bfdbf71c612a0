/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sched_op hypercalls. */
#include "sched/operations.h"

#include <hypercall/sched.h>
#include <hypercall/vcpu.h>

#include "hypercall/hypercall.h"
#include "hypercall/operation.h"
#include "lib/bitmap.h"
#include "sched/runqueue.h"

#define POLL_PORTS_MAX 128

static void poll_timeout(void *arg)
{
	struct vcpu *v = arg;

	if (__atomic_fetch_and(&v->sched.waiting, ~VCPU_WAIT_POLL, __ATOMIC_SEQ_CST) &
	    VCPU_WAIT_POLL)
		vcpu_wake(v);
}

void poll_init(struct vcpu *v)
{
	timer_init(&v->time.poll, poll_timeout, v, v->sched.cpu);
}

/* 1: some port is pending; 0: none; -EINVAL: there is no such port. */
static int poll_ports_pending(struct domain *d, const uint32_t *ports, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!event_port_valid(d, ports[i]))
			return -EINVAL;
		if (event_port_pending(d, ports[i]))
			return 1;
	}
	return 0;
}

static long op_poll(void *arg)
{
	struct vcpu *v = current;
	struct hc_sched_poll *op = arg;
	uint32_t ports[POLL_PORTS_MAX];
	int rc;

	if (op->nr_ports > POLL_PORTS_MAX)
		return -EINVAL;
	if (copy_from_guest(ports, op->ports, op->nr_ports * sizeof(ports[0])))
		return -EFAULT;
	/* First be seen to wait, then look: an event in between wakes us. */
	WRITE_ONCE(v->event.poll_port, op->nr_ports > 1 ? EVENT_POLL_SEVERAL :
				       op->nr_ports ? ports[0] : 0);
	bit_set(&v->domain->event.pollers, v->id);
	__atomic_fetch_or(&v->sched.waiting, VCPU_WAIT_POLL, __ATOMIC_SEQ_CST);
	rc = poll_ports_pending(v->domain, ports, op->nr_ports);
	if (!rc && READ_ONCE(v->info->evtchn_upcall_pending) &&
	    !READ_ONCE(v->info->evtchn_upcall_mask))
		rc = 1;
	if (!rc && op->timeout && op->timeout <= time_now())
		rc = 1;
	if (rc) {
		__atomic_fetch_and(&v->sched.waiting, ~VCPU_WAIT_POLL, __ATOMIC_SEQ_CST);
		return MIN(rc, 0);
	}
	if (op->timeout)
		timer_set_here(&v->time.poll, op->timeout);
	softirq_raise(SOFTIRQ_SCHEDULE);
	return 0;
}

static long op_shutdown(void *arg)
{
	struct domain *d = current->domain;
	struct hc_sched_shutdown *op = arg;

	if (op->reason > HC_SHUTDOWN_MAX)
		return -EINVAL;
	domain_shutdown(d, d->sched.shutdown_latched ? d->sched.shutdown_code : op->reason);
	return 0;
}

static long op_shutdown_code(void *arg)
{
	struct sched_domain *s = &current->domain->sched;
	struct hc_sched_shutdown *op = arg;

	if (op->reason > HC_SHUTDOWN_MAX)
		return -EINVAL;
	spin_lock(&s->lock);
	if (!s->shutdown_latched) {
		s->shutdown_code = op->reason;
		s->shutdown_latched = true;
	}
	spin_unlock(&s->lock);
	return 0;
}

static long op_remote_shutdown(void *arg)
{
	struct hc_sched_remote_shutdown *op = arg;
	struct domain *d;

	if (op->reason > HC_SHUTDOWN_MAX)
		return -EINVAL;
	d = domain_get(op->domain_id);
	if (!d)
		return -ESRCH;
	domain_shutdown(d, op->reason);
	domain_put(d);
	return 0;
}

static void watchdog_expired(void *arg)
{
	domain_shutdown(arg, HC_SHUTDOWN_WATCHDOG);
}

void watchdog_init(struct domain *d)
{
	for (int i = 0; i < SCHED_WATCHDOGS; i++)
		timer_init(&d->sched.watchdog[i], watchdog_expired, d, 0);
}

/* id 0: the first free one, its number (from 1) is returned. */
static long op_watchdog(void *arg)
{
	struct sched_domain *s = &current->domain->sched;
	struct hc_sched_watchdog *op = arg;
	uint32_t i;
	long rc = 0;

	if (op->id > SCHED_WATCHDOGS || (!op->id && !op->timeout))
		return -EINVAL;
	spin_lock(&s->lock);
	for (i = op->id ? op->id - 1 : 0; !op->id && i < SCHED_WATCHDOGS; i++)
		if (!(s->watchdogs_used >> i & 1))
			break;
	if (i == SCHED_WATCHDOGS) {
		rc = -ENOSPC;
	} else if (op->id && !(s->watchdogs_used >> i & 1)) {
		rc = -EINVAL;
	} else if (op->timeout) {
		s->watchdogs_used |= 1 << i;
		timer_set(&s->watchdog[i], time_now() + op->timeout * 1000000000ULL);
		rc = op->id ? 0 : i + 1;
	} else {
		s->watchdogs_used &= ~(1 << i);
		timer_stop(&s->watchdog[i]);
	}
	spin_unlock(&s->lock);
	return rc;
}

static long op_pin_override(void *arg)
{
	struct hc_sched_pin_override *op = arg;
	struct vcpu *v = current;
	cpumask_t before = v->sched.hard_affinity;
	int rc;

	if (op->pcpu < 0) {
		if (v->sched.pinned_from)
			sched_set_affinity(v, v->sched.pinned_from);
		v->sched.pinned_from = 0;
		return 0;
	}
	if (op->pcpu >= NR_CPUS)
		return -EINVAL;
	if (v->sched.pinned_from)
		return -EBUSY;
	rc = sched_set_affinity(v, 1ULL << op->pcpu);
	if (!rc)
		v->sched.pinned_from = before;
	return rc;
}

static const struct operation operations[] = {
	[HC_SCHEDOP_SHUTDOWN] = { op_shutdown, sizeof(struct hc_sched_shutdown), 0 },
	[HC_SCHEDOP_POLL] = { op_poll, sizeof(struct hc_sched_poll), 0 },
	[HC_SCHEDOP_REMOTE_SHUTDOWN] = {
		op_remote_shutdown, sizeof(struct hc_sched_remote_shutdown), OP_PRIVILEGED },
	[HC_SCHEDOP_SHUTDOWN_CODE] = { op_shutdown_code, sizeof(struct hc_sched_shutdown), 0 },
	[HC_SCHEDOP_WATCHDOG] = { op_watchdog, sizeof(struct hc_sched_watchdog), 0 },
	[HC_SCHEDOP_PIN_OVERRIDE] = {
		op_pin_override, sizeof(struct hc_sched_pin_override), OP_PRIVILEGED },
};

long hypercall_sched_op(uint64_t cmd, uint64_t arg)
{
	switch ((uint32_t)cmd) {	/* the hot ones have no row */
	case HC_SCHEDOP_BLOCK:
		WRITE_ONCE(current->info->evtchn_upcall_mask, 0);
		vcpu_block();
		return 0;
	case HC_SCHEDOP_YIELD:
		vcpu_yield();
		return 0;
	}
	return operation_run(operations, ARRAY_SIZE(operations), (uint32_t)cmd, arg);
}
