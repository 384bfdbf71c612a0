/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The FIFO form of pending events; private to event/.
 *
 * An event word a port, in pages that the guest gives one by one:
 *
 *   31 PENDING  30 MASKED  29 LINKED  28 BUSY  27..17 zero  16..0 LINK: next port, 0: last
 *
 * Each vcpu has 16 queues, first served 0.  Its control block holds a bit for
 * each queue that is not empty and the port at each head; the tail is known to
 * the hypervisor only.  The guest unlinks from the head by clearing LINKED and
 * LINK at once, so that a tail whose LINKED is clear means an empty queue.
 * Everything here may be scribbled over by the guest at any time.
 *
 * Source of facts: Xen's public event_channel.h; Linux's events_fifo.c for the
 * guest's half.
 */
#ifndef EVENT_FIFO_H
#define EVENT_FIFO_H

#include <hypercall/event.h>

#include "event/channel.h"

#define FIFO_PENDING (1u << HC_EVTCHN_FIFO_PENDING)
#define FIFO_MASKED (1u << HC_EVTCHN_FIFO_MASKED)
#define FIFO_LINKED (1u << HC_EVTCHN_FIFO_LINKED)
#define FIFO_BUSY (1u << HC_EVTCHN_FIFO_BUSY)
#define FIFO_LINK_MASK ((uint32_t)HC_EVTCHN_FIFO_LINK_MASK)

struct vcpu;

struct event_fifo {
	uint32_t array_pages;		/* published after its array[] entry */
	uint32_t array_limit;		/* by the ports that the domain may have */
	uint32_t *array[];		/* guest frames, held as FRAME_WRITABLE */
};

struct event_fifo_vcpu {
	spinlock_t lock;		/* its queues */
	struct hc_evtchn_fifo_control_block *control;	/* in a guest frame, held likewise */
	uint32_t tail[HC_EVTCHN_FIFO_MAX_QUEUES];	/* 0: certainly empty */
};

/* True: it was pending before. */
bool fifo_raise(struct domain *d, struct event_fifo *fifo, struct event_channel *chn);
void fifo_unmask(struct domain *d, struct event_fifo *fifo, struct event_channel *chn);
void fifo_clear(struct event_fifo *fifo, struct event_channel *chn);
/* The event word; 0: the guest gave none yet. */
uint32_t fifo_read(struct event_fifo *fifo, struct event_channel *chn);

/* Both under event.lock of v's domain, or of d. */
int fifo_init_control(struct vcpu *v, mfn_t mfn, uint32_t offset);
int fifo_expand_array(struct domain *d, mfn_t mfn);
/* No port of d is in use any more: drop the frames. */
void fifo_destroy(struct domain *d);

#endif
