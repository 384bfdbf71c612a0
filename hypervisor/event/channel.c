/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of a domain's ports: taking, finding, locking and closing them. */
#include "event/channel.h"

#include <hypercall/event.h>

#include "domain/domain.h"
#include "event/fifo.h"
#include "hypercall/hypercall.h"

#define CLOSES_PER_CHECK 64

uint32_t channel_limit(const struct domain *d)
{
	if (d->event.max_ports)
		return d->event.max_ports;
	return d->privileged ? HC_EVTCHN_FIFO_NR_CHANNELS : HC_EVTCHN_2L_NR_CHANNELS;
}

/* Ports that d may have in the form it uses now. */
static uint32_t port_limit(struct domain *d)
{
	uint32_t max = channel_limit(d);

	return d->event.fifo ? max : MIN(max, HC_EVTCHN_2L_NR_CHANNELS);
}

static void channel_reset(struct event_channel *chn)
{
	chn->state = CHANNEL_FREE;
	chn->priority = HC_EVTCHN_FIFO_PRIORITY_DEFAULT;
	chn->vcpu = 0;
}

/* One page of further ports.  The first ever makes the table of pages too. */
static int bucket_add(struct domain *d)
{
	struct event_domain *e = &d->event;
	struct event_channel *bucket;
	uint32_t slots;

	if (!e->buckets) {
		/* For the largest limit: a domain may switch to FIFO later. */
		slots = DIV_ROUND_UP(channel_limit(d), CHANNELS_PER_BUCKET);
		e->buckets = heap_alloc_for(d, slots * sizeof(*e->buckets));
		if (!e->buckets)
			return -ENOMEM;
		e->bucket_slots = slots;
	}
	if (e->ports / CHANNELS_PER_BUCKET >= e->bucket_slots)
		return -ENOSPC;
	bucket = page_alloc_for(d);
	if (!bucket)
		return -ENOMEM;
	for (uint32_t i = 0; i < CHANNELS_PER_BUCKET; i++) {
		spin_init(&bucket[i].lock);
		channel_reset(&bucket[i]);
		bucket[i].queue = CHANNEL_QUEUE_NONE;
		bucket[i].port = e->ports + i;
	}
	if (!e->ports) {
		bucket[0].state = CHANNEL_RESERVED;
		e->first_free = 1;
	}
	e->buckets[e->ports / CHANNELS_PER_BUCKET] = bucket;
	__atomic_store_n(&e->ports, e->ports + CHANNELS_PER_BUCKET, __ATOMIC_RELEASE);
	return 0;
}

/*
 * The port was closed while it stood in a queue, and the guest has not come to it yet:
 * until then it cannot be put in another.
 */
static bool still_queued(struct domain *d, struct event_channel *chn)
{
	return d->event.fifo && fifo_read(d->event.fifo, chn) & FIFO_LINKED;
}

static int reserve_locked(struct domain *d, struct event_channel **out)
{
	uint32_t limit = port_limit(d), first_free = limit;

	if (d->event.closing)
		return -EBUSY;
	for (uint32_t port = d->event.first_free; port < limit; port++) {
		struct event_channel *chn;

		if (port >= d->event.ports) {
			int r = bucket_add(d);

			if (r)
				return r;
			port = MAX(port, d->event.first_free);
		}
		chn = channel_of(d, port);
		if (READ_ONCE(chn->state) != CHANNEL_FREE)
			continue;
		if (still_queued(d, chn)) {
			first_free = MIN(first_free, port);
			continue;
		}
		spin_lock(&chn->lock);
		chn->state = CHANNEL_RESERVED;
		spin_unlock(&chn->lock);
		d->event.active++;
		d->event.first_free = MIN(first_free, port + 1);
		*out = chn;
		return 0;
	}
	return -ENOSPC;
}

int channel_reserve(struct domain *d, struct event_channel **chn)
{
	int r;

	spin_lock(&d->event.lock);
	r = reserve_locked(d, chn);
	spin_unlock(&d->event.lock);
	return r;
}

/* Under event.lock and the channel's. */
static void free_locked(struct domain *d, struct event_channel *chn)
{
	channel_reset(chn);
	d->event.active--;
	d->event.first_free = MIN(d->event.first_free, chn->port);
}

void channel_release(struct domain *d, struct event_channel *chn)
{
	spin_lock(&d->event.lock);
	spin_lock(&chn->lock);
	free_locked(d, chn);
	spin_unlock(&chn->lock);
	spin_unlock(&d->event.lock);
}

void channel_lock_two(struct event_channel *a, struct event_channel *b)
{
	spin_lock(a < b ? &a->lock : &b->lock);
	spin_lock(a < b ? &b->lock : &a->lock);
}

/*
 * The other end can vanish as soon as chn is unlocked, so where the order of
 * locks (by address) forbids to wait for it, try and start again.
 */
struct event_channel *channel_lock_with_peer(struct event_channel *chn)
{
	for (;;) {
		struct event_channel *peer;

		spin_lock(&chn->lock);
		if (chn->state != CHANNEL_INTERDOMAIN)
			return NULL;
		peer = channel_of(chn->u.peer.domain, chn->u.peer.port);
		if (peer > chn) {
			spin_lock(&peer->lock);
			return peer;
		}
		if (spin_trylock(&peer->lock))
			return peer;
		spin_unlock(&chn->lock);
		cpu_relax_serving();
	}
}

static void forget_virq(struct domain *d, struct event_channel *chn)
{
	struct vcpu *v;

	for_each_vcpu(d, v)
		if (v->event.virq_port[chn->u.virq] == chn->port)
			WRITE_ONCE(v->event.virq_port[chn->u.virq], 0);
}

static int close_locked(struct domain *d, struct event_channel *chn)
{
	struct event_channel *peer;

	/* Wants the interrupt's lock, so before the channel's; event.lock keeps the state. */
	if (READ_ONCE(chn->state) == CHANNEL_PIRQ) {
		pirq_unbind(d, chn->u.pirq);
		WRITE_ONCE(d->event.pirq_port[chn->u.pirq], 0);
	}
	peer = channel_lock_with_peer(chn);
	if (chn->state == CHANNEL_FREE || chn->state == CHANNEL_RESERVED) {
		spin_unlock(&chn->lock);
		return -EINVAL;
	}
	if (peer) {
		peer->state = CHANNEL_UNBOUND;
		peer->u.unbound_domid = d->id;
		spin_unlock(&peer->lock);
	}
	if (chn->state == CHANNEL_VIRQ)
		forget_virq(d, chn);
	event_clear(d, chn);
	free_locked(d, chn);
	spin_unlock(&chn->lock);
	return 0;
}

int channel_close(struct domain *d, struct event_channel *chn)
{
	int r;

	spin_lock(&d->event.lock);
	r = close_locked(d, chn);
	spin_unlock(&d->event.lock);
	return r;
}

int channel_close_all(struct domain *d)
{
	struct event_domain *e = &d->event;

	spin_lock(&e->lock);
	e->closing = true;
	while (e->next_close < e->ports) {
		close_locked(d, channel_of(d, e->next_close++));
		if (e->next_close % CLOSES_PER_CHECK)
			continue;
		spin_unlock(&e->lock);
		if (hypercall_preempt_check())
			return -ERESTART;
		spin_lock(&e->lock);
	}
	e->next_close = 0;
	if (e->active) {
		/* Another vcpu is binding a port it reserved before; it will be done soon. */
		spin_unlock(&e->lock);
		return -ERESTART;
	}
	fifo_destroy(d);
	spin_unlock(&e->lock);
	return 0;
}
