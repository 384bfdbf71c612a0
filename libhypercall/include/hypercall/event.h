/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Event channels: event_channel_op, virtual interrupts, and the two forms in
 * which pending events are published: bitmaps (2-level, see hc_shared_info) and
 * linked event words (FIFO).
 *
 * Source of facts: Xen's public headers event_channel.h and xen.h.
 */
#ifndef HYPERCALL_EVENT_H
#define HYPERCALL_EVENT_H

#include "base.h"

/* event_channel_op(cmd, argument address). */
#define HC_EVTCHNOP_BIND_INTERDOMAIN	0
#define HC_EVTCHNOP_BIND_VIRQ		1
#define HC_EVTCHNOP_BIND_PIRQ		2
#define HC_EVTCHNOP_CLOSE		3
#define HC_EVTCHNOP_SEND		4
#define HC_EVTCHNOP_STATUS		5
#define HC_EVTCHNOP_ALLOC_UNBOUND	6
#define HC_EVTCHNOP_BIND_IPI		7
#define HC_EVTCHNOP_BIND_VCPU		8
#define HC_EVTCHNOP_UNMASK		9
#define HC_EVTCHNOP_RESET		10
#define HC_EVTCHNOP_INIT_CONTROL	11
#define HC_EVTCHNOP_EXPAND_ARRAY	12
#define HC_EVTCHNOP_SET_PRIORITY	13

/* evtchn_bind_pirq.flags. */
#define HC_BIND_PIRQ__WILL_SHARE	1

/* evtchn_status.status. */
#define HC_EVTCHNSTAT_CLOSED		0
#define HC_EVTCHNSTAT_UNBOUND		1
#define HC_EVTCHNSTAT_INTERDOMAIN	2
#define HC_EVTCHNSTAT_PIRQ		3
#define HC_EVTCHNSTAT_VIRQ		4
#define HC_EVTCHNSTAT_IPI		5

/* Virtual interrupts; "vcpu": each vcpu binds its own, else one for the host. */
#define HC_VIRQ_TIMER		0	/* vcpu: a timer ran out. */
#define HC_VIRQ_DEBUG		1	/* vcpu: asked to print its state. */
#define HC_VIRQ_CONSOLE		2	/* dom0: input on the host console. */
#define HC_VIRQ_DOM_EXC		3	/* dom0: a domain changed state. */
#define HC_VIRQ_TBUF		4	/* dom0: trace records wait. */
#define HC_VIRQ_DEBUGGER	6	/* dom0: a domain stopped for its debugger. */
#define HC_VIRQ_XENOPROF	7	/* vcpu: profiler sample. */
#define HC_VIRQ_CON_RING	8	/* dom0: text in the message ring. */
#define HC_VIRQ_PCPU_STATE	9	/* dom0: a processor came or went. */
#define HC_VIRQ_MEM_EVENT	10
#define HC_VIRQ_ARGO		11
#define HC_VIRQ_ENOMEM		12	/* dom0: memory ran low. */
#define HC_VIRQ_XENPMU		13	/* vcpu: performance counter. */
#define HC_VIRQ_ARCH_0		16	/* dom0: machine check. */
#define HC_VIRQ_ARCH_1		17
#define HC_VIRQ_ARCH_2		18
#define HC_VIRQ_ARCH_3		19
#define HC_VIRQ_ARCH_4		20
#define HC_VIRQ_ARCH_5		21
#define HC_VIRQ_ARCH_6		22
#define HC_VIRQ_ARCH_7		23
#define HC_NR_VIRQS		24

#define HC_EVTCHN_2L_NR_CHANNELS	4096

/* FIFO: bits of an event word, and limits. */
#define HC_EVTCHN_FIFO_PENDING		31
#define HC_EVTCHN_FIFO_MASKED		30
#define HC_EVTCHN_FIFO_LINKED		29
#define HC_EVTCHN_FIFO_BUSY		28
#define HC_EVTCHN_FIFO_LINK_BITS	17
#define HC_EVTCHN_FIFO_LINK_MASK	((1 << HC_EVTCHN_FIFO_LINK_BITS) - 1)
#define HC_EVTCHN_FIFO_NR_CHANNELS	(1 << HC_EVTCHN_FIFO_LINK_BITS)
#define HC_EVTCHN_FIFO_PRIORITY_MAX	0	/* Served first. */
#define HC_EVTCHN_FIFO_PRIORITY_DEFAULT	7
#define HC_EVTCHN_FIFO_PRIORITY_MIN	15
#define HC_EVTCHN_FIFO_MAX_QUEUES	16
#define HC_EVTCHN_FIFO_WORDS_PER_PAGE	1024

#ifndef __ASSEMBLER__

/* A port of dom that remote_dom may bind to. */
struct hc_evtchn_alloc_unbound {
	uint16_t dom, remote_dom;
	uint32_t port;			/* OUT */
};

struct hc_evtchn_bind_interdomain {
	uint16_t remote_dom;
	uint16_t pad0;
	uint32_t remote_port;
	uint32_t local_port;		/* OUT */
};

struct hc_evtchn_bind_virq {
	uint32_t virq;			/* HC_VIRQ_*. */
	uint32_t vcpu;
	uint32_t port;			/* OUT */
};

struct hc_evtchn_bind_pirq {
	uint32_t pirq;
	uint32_t flags;			/* HC_BIND_PIRQ__*. */
	uint32_t port;			/* OUT */
};

struct hc_evtchn_bind_ipi {
	uint32_t vcpu;
	uint32_t port;			/* OUT */
};

struct hc_evtchn_close {
	uint32_t port;
};

struct hc_evtchn_send {
	uint32_t port;
};

struct hc_evtchn_status {
	uint16_t dom;
	uint16_t pad0;
	uint32_t port;
	uint32_t status;		/* OUT: HC_EVTCHNSTAT_*. */
	uint32_t vcpu;			/* OUT: which is told. */
	union {				/* OUT, by status. */
		struct {
			uint16_t dom;
		} unbound;
		struct {
			uint16_t dom;
			uint16_t pad0;
			uint32_t port;
		} interdomain;
		uint32_t pirq;
		uint32_t virq;
	} u;
};

struct hc_evtchn_bind_vcpu {
	uint32_t port;
	uint32_t vcpu;
};

struct hc_evtchn_unmask {
	uint32_t port;
};

struct hc_evtchn_reset {
	uint16_t dom;
};

/* Switches the caller to FIFO events (first call), one call for each vcpu. */
struct hc_evtchn_init_control {
	uint64_t control_gfn;		/* Frame of the control block. */
	uint32_t offset;		/* Bytes into it. */
	uint32_t vcpu;
	uint8_t link_bits;		/* OUT: HC_EVTCHN_FIFO_LINK_BITS. */
	uint8_t _pad[7];
};

struct hc_evtchn_expand_array {
	uint64_t array_gfn;		/* Frame of 1024 further event words. */
};

struct hc_evtchn_set_priority {
	uint32_t port;
	uint32_t priority;		/* 0 (first) to 15. */
};

/* Of one vcpu. ready has one bit a queue; head is the port at each head. */
struct hc_evtchn_fifo_control_block {
	uint32_t ready;
	uint32_t _rsvd;
	uint32_t head[HC_EVTCHN_FIFO_MAX_QUEUES];
};

/* Argument of event_channel_op_compat. */
struct hc_evtchn_op {
	uint32_t cmd;			/* HC_EVTCHNOP_*. */
	union {
		struct hc_evtchn_alloc_unbound alloc_unbound;
		struct hc_evtchn_bind_interdomain bind_interdomain;
		struct hc_evtchn_bind_virq bind_virq;
		struct hc_evtchn_bind_pirq bind_pirq;
		struct hc_evtchn_bind_ipi bind_ipi;
		struct hc_evtchn_close close;
		struct hc_evtchn_send send;
		struct hc_evtchn_status status;
		struct hc_evtchn_bind_vcpu bind_vcpu;
		struct hc_evtchn_unmask unmask;
	} u;
};

#endif /* !__ASSEMBLER__ */

#endif
