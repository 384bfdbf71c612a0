/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One event channel port and the table of a domain's ports; private to event/.
 *
 * Locks, outermost first: event.lock of the domain -> interrupt descriptor ->
 * channel.lock -> queue lock (fifo.h) -> scheduler.
 *
 * A port leaves or enters CHANNEL_FREE and CHANNEL_RESERVED only under its
 * domain's event.lock; every change of state happens under the channel's lock.
 * The two ends of an interdomain channel change together, under both locks.
 * So whoever holds the lock of one end may rely on the other end, its domain
 * included: a domain closes all its ports before it is freed.
 */
#ifndef EVENT_CHANNEL_H
#define EVENT_CHANNEL_H

#include "domain/domain.h"
#include "lib/base.h"
#include "lib/spinlock.h"

enum channel_state {
	CHANNEL_FREE,
	CHANNEL_RESERVED,	/* port 0, or taken by an operation still under way */
	CHANNEL_UNBOUND,	/* waits for u.unbound_domid */
	CHANNEL_INTERDOMAIN,
	CHANNEL_PIRQ,
	CHANNEL_VIRQ,
	CHANNEL_IPI,
};

struct event_channel {
	spinlock_t lock;
	uint8_t state;		/* enum channel_state */
	uint8_t priority;	/* FIFO: 0 first .. 15 */
	uint8_t pending;	/* FIFO: raised before the guest gave its event word */
	uint8_t pad;
	uint16_t vcpu;		/* which is told */
	uint16_t queue;		/* FIFO: where it was linked last: vcpu * 16 + priority */
	uint32_t port;
	union {
		uint16_t unbound_domid;
		struct {
			struct domain *domain;
			uint32_t port;
		} peer;
		uint32_t pirq;
		uint32_t virq;
	} u;
};

#define CHANNEL_QUEUE_NONE 0xffff
#define CHANNELS_PER_BUCKET (PAGE_SIZE / sizeof(struct event_channel))

/* NULL: no such port.  The channel stays where it is for the domain's life. */
static inline struct event_channel *channel_of(struct domain *d, uint32_t port)
{
	uint32_t ports = __atomic_load_n(&d->event.ports, __ATOMIC_ACQUIRE);

	if (port >= ports)
		return NULL;
	port = index_below(port, ports);
	return &d->event.buckets[port / CHANNELS_PER_BUCKET][port % CHANNELS_PER_BUCKET];
}

/* Ports that d may have at most, in the form of more. */
uint32_t channel_limit(const struct domain *d);
/*
 * Take the lowest free port that is in no queue: CHANNEL_RESERVED.  -ENOSPC, -ENOMEM, -EBUSY (all
 * being closed).
 */
int channel_reserve(struct domain *d, struct event_channel **chn);
/* Give a reserved one back. */
void channel_release(struct domain *d, struct event_channel *chn);
/* Lock both, in an order that cannot deadlock.  a and b differ. */
void channel_lock_two(struct event_channel *a, struct event_channel *b);
/* Lock chn, and the other end if it is interdomain; returns that or NULL. */
struct event_channel *channel_lock_with_peer(struct event_channel *chn);
/* -EINVAL: nothing to close. */
int channel_close(struct domain *d, struct event_channel *chn);
/* Close all ports of d and go back to the 2-level form; -ERESTART: call again. */
int channel_close_all(struct domain *d);

/*
 * The three below: the caller holds the lock of chn, a port of d in use, or of
 * its other end.
 */
void event_raise(struct domain *d, struct event_channel *chn);
void event_unmask(struct domain *d, struct event_channel *chn);
bool event_is_pending(struct domain *d, struct event_channel *chn);
bool event_is_masked(struct domain *d, struct event_channel *chn);
/* Forget that the port was raised; it is about to be free. */
void event_clear(struct domain *d, struct event_channel *chn);

#endif
