/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making a port pending in the form that its domain uses, and telling the vcpu.
 *
 * 2-level: bit "port" of evtchn_pending in shared_info; if the same bit of
 * evtchn_mask is clear, the bit of its word in the vcpu's evtchn_pending_sel,
 * and if that was clear, evtchn_upcall_pending.
 */
#include <hypercall/event.h>

#include "domain/domain.h"
#include "event/channel.h"
#include "event/fifo.h"
#include "lib/bitmap.h"

static struct event_fifo *fifo_of(struct domain *d)
{
	return __atomic_load_n(&d->event.fifo, __ATOMIC_ACQUIRE);
}

void event_mark_vcpu(struct vcpu *v)
{
	struct hc_vcpu_info *info = READ_ONCE(v->info);

	if (info && !__atomic_exchange_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
		vcpu_kick(v);
}

/* The port's bit is pending and not masked: raise the levels above it. */
static void bitmap_tell(struct domain *d, struct event_channel *chn)
{
	struct vcpu *v = vcpu_of(d, READ_ONCE(chn->vcpu));
	struct hc_vcpu_info *info = v ? READ_ONCE(v->info) : NULL;

	if (info && !bit_test_and_set(&info->evtchn_pending_sel, chn->port / 64))
		event_mark_vcpu(v);
}

static bool bitmap_raise(struct domain *d, struct event_channel *chn)
{
	struct hc_shared_info *shared = d->shared_info;

	if (bit_test_and_set(shared->evtchn_pending, chn->port))
		return true;
	if (!bit_test(shared->evtchn_mask, chn->port))
		bitmap_tell(d, chn);
	return false;
}

/* Its poll_port may be of an earlier time; that it waits tells. */
static void wake_pollers(struct domain *d, uint32_t port)
{
	unsigned int id;

	for_each_cpu(id, __atomic_load_n(&d->event.pollers, __ATOMIC_SEQ_CST)) {
		struct vcpu *v = d->vcpu[id];
		uint32_t poll = READ_ONCE(v->event.poll_port);

		if (__atomic_load_n(&v->sched.waiting, __ATOMIC_SEQ_CST) & VCPU_WAIT_POLL &&
		    (poll == port || poll == EVENT_POLL_SEVERAL))
			vcpu_kick(v);
	}
}

void event_raise(struct domain *d, struct event_channel *chn)
{
	struct event_fifo *fifo = fifo_of(d);
	bool already = fifo ? fifo_raise(d, fifo, chn) : bitmap_raise(d, chn);

	if (!already)
		wake_pollers(d, chn->port);
}

void event_unmask(struct domain *d, struct event_channel *chn)
{
	struct event_fifo *fifo = fifo_of(d);
	struct hc_shared_info *shared = d->shared_info;

	if (fifo)
		fifo_unmask(d, fifo, chn);
	else if (bit_test_and_clear(shared->evtchn_mask, chn->port) &&
		 bit_test(shared->evtchn_pending, chn->port))
		bitmap_tell(d, chn);
}

bool event_is_pending(struct domain *d, struct event_channel *chn)
{
	struct event_fifo *fifo = fifo_of(d);

	return fifo ? fifo_read(fifo, chn) & FIFO_PENDING :
		bit_test(d->shared_info->evtchn_pending, chn->port);
}

bool event_is_masked(struct domain *d, struct event_channel *chn)
{
	struct event_fifo *fifo = fifo_of(d);

	return fifo ? fifo_read(fifo, chn) & FIFO_MASKED :
		bit_test(d->shared_info->evtchn_mask, chn->port);
}

void event_clear(struct domain *d, struct event_channel *chn)
{
	struct event_fifo *fifo = fifo_of(d);

	if (fifo)
		fifo_clear(fifo, chn);
	else
		bit_clear(d->shared_info->evtchn_pending, chn->port);
}

/* Raise the port if it is bound to that virtual interrupt still. */
static void send_virq(struct domain *d, uint32_t port, unsigned int virq)
{
	struct event_channel *chn = port ? channel_of(d, port) : NULL;

	if (!chn)
		return;
	spin_lock(&chn->lock);
	if (chn->state == CHANNEL_VIRQ && chn->u.virq == virq)
		event_raise(d, chn);
	spin_unlock(&chn->lock);
}

void event_send_virq(struct vcpu *v, unsigned int virq)
{
	send_virq(v->domain, READ_ONCE(v->event.virq_port[virq]), virq);
}

/* Global ones are noted in vcpu 0, whichever vcpu is told now. */
void event_send_global_virq(unsigned int virq)
{
	struct vcpu *v = dom0 ? vcpu_of(dom0, 0) : NULL;

	if (v)
		event_send_virq(v, virq);
}

/* The channel bound to pirq, locked; NULL: none. */
static struct event_channel *lock_pirq(struct domain *d, unsigned int pirq)
{
	uint32_t *ports = __atomic_load_n(&d->event.pirq_port, __ATOMIC_ACQUIRE);
	struct event_channel *chn;
	uint32_t port;

	if (!ports || pirq >= EVENT_PIRQS)
		return NULL;
	port = READ_ONCE(ports[pirq]);
	chn = port ? channel_of(d, port) : NULL;
	if (!chn)
		return NULL;
	spin_lock(&chn->lock);
	if (chn->state == CHANNEL_PIRQ && chn->u.pirq == pirq)
		return chn;
	spin_unlock(&chn->lock);
	return NULL;
}

void event_send_pirq(struct domain *d, unsigned int pirq)
{
	struct event_channel *chn = lock_pirq(d, pirq);

	if (!chn)
		return;
	event_raise(d, chn);
	spin_unlock(&chn->lock);
}

static bool channel_in_use(const struct event_channel *chn)
{
	return chn->state != CHANNEL_FREE && chn->state != CHANNEL_RESERVED;
}

bool event_port_valid(struct domain *d, uint32_t port)
{
	struct event_channel *chn = channel_of(d, port);

	return chn && channel_in_use(chn);
}

bool event_port_pending(struct domain *d, uint32_t port)
{
	struct event_channel *chn = channel_of(d, port);
	bool pending;

	if (!chn)
		return false;
	spin_lock(&chn->lock);
	pending = channel_in_use(chn) && event_is_pending(d, chn);
	spin_unlock(&chn->lock);
	return pending;
}

/*
 * The new structure starts without a selector, and what was raised in the old
 * one may be unseen: let the guest scan everything once.
 */
void event_vcpu_info_moved(struct vcpu *v)
{
	struct hc_vcpu_info *info = READ_ONCE(v->info);

	if (!info)
		return;
	__atomic_store_n(&info->evtchn_pending_sel, ~0ULL, __ATOMIC_SEQ_CST);
	__atomic_store_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
	vcpu_kick(v);
}
