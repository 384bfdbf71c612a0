/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels: ports, their two guest-visible forms (2-level bitmaps and
 * FIFO queues), virtual and physical interrupts as events.
 */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include "lib/base.h"
#include "lib/spinlock.h"

struct domain;
struct vcpu;
struct event_channel;
struct event_fifo;

#define EVENT_VIRQS 24
#define EVENT_PIRQS 1024	/* physical interrupts of a domain that can be events */

struct event_domain {
	spinlock_t lock;		/* ports being taken and given back; the fields below */
	struct event_channel **buckets;	/* ports, allocated a page at a time */
	uint32_t ports;			/* ports that exist now; published after their bucket */
	uint32_t max_ports;		/* limit; 0: by privilege, see event_domain_init */
	uint32_t bucket_slots;		/* entries of buckets */
	uint32_t active;		/* ports not free, without port 0 */
	uint32_t first_free;		/* no free port below this one */
	uint32_t next_close;		/* where a preempted close-all goes on */
	bool closing;			/* ports are being closed: none can be taken */
	uint32_t *pirq_port;		/* by physical interrupt, one page; NULL: none bound ever */
	struct event_fifo *fifo;	/* NULL: 2-level; not so again while any port is in use */
	uint64_t pollers;		/* vcpus that have ever polled, a bit each (atomic) */
};
struct event_vcpu {
	uint32_t virq_port[EVENT_VIRQS];	/* 0: not bound */
	void *fifo_control;		/* struct event_fifo_vcpu, NULL: none */
	uint32_t poll_port;		/* of its last SCHEDOP_poll: the port; 0: none; or several */
};
#define EVENT_POLL_SEVERAL (~0u)

/*
 * max_ports 0: 4096, and all the ABI has (131072) for a privileged domain.
 * -EINVAL: more than the ABI has.
 */
int event_domain_init(struct domain *d, uint32_t max_ports);
int event_vcpu_init(struct vcpu *v);
int event_domain_relinquish(struct domain *d);	/* close all; -ERESTART */
void event_domain_free(struct domain *d);

long hypercall_event_channel_op(uint64_t cmd, uint64_t arg);

void event_send_virq(struct vcpu *v, unsigned int virq);	/* per-vcpu ones */
void event_send_global_virq(unsigned int virq);	/* to dom0's vcpu that bound it */
/* May be called with an interrupt descriptor's lock held. */
void event_send_pirq(struct domain *d, unsigned int pirq);
/* The port is in use: SCHEDOP_poll refuses others. */
bool event_port_valid(struct domain *d, uint32_t port);
/* The port that vcpu would see now: for SCHEDOP_poll.  True: pending. */
bool event_port_pending(struct domain *d, uint32_t port);
/* Event queued for v: mark upcall pending, wake or interrupt it. (sched/ helps: vcpu_kick) */
void event_mark_vcpu(struct vcpu *v);
/* VCPUOP_register_vcpu_info moved the structure: every port must be looked at again. */
void event_vcpu_info_moved(struct vcpu *v);
/* Calls fn for each frame of d's that holds its event queues. */
void event_frames(struct domain *d, void (*fn)(mfn_t mfn));
void event_dump(struct domain *d);		/* to the log */

#endif
