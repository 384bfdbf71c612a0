// SPDX-License-Identifier: GPL-2.0-or-later
/* Event channels: life of ports, delivery in both forms, and what hostile domains try. */
#include "share_world.h"

#include <hypercall/event.h>
#include <string.h>

static uint32_t alloc_unbound(uint16_t remote)
{
	struct hc_evtchn_alloc_unbound op = { .dom = HC_DOMID_SELF, .remote_dom = remote };

	assert_int_equal(world_event_op(HC_EVTCHNOP_ALLOC_UNBOUND, &op), 0);
	return op.port;
}

static long bind_interdomain(uint16_t remote, uint32_t port, uint32_t *local)
{
	struct hc_evtchn_bind_interdomain op = { .remote_dom = remote, .remote_port = port };
	long r = world_event_op(HC_EVTCHNOP_BIND_INTERDOMAIN, &op);

	*local = op.local_port;
	return r;
}

static long bind_virq(uint32_t virq, uint32_t vcpu, uint32_t *port)
{
	struct hc_evtchn_bind_virq op = { .virq = virq, .vcpu = vcpu };
	long r = world_event_op(HC_EVTCHNOP_BIND_VIRQ, &op);

	*port = op.port;
	return r;
}

static uint32_t bind_ipi(uint32_t vcpu)
{
	struct hc_evtchn_bind_ipi op = { .vcpu = vcpu };

	assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_IPI, &op), 0);
	return op.port;
}

static long port_op(unsigned int cmd, uint32_t port)
{
	struct hc_evtchn_send op = { .port = port };

	return world_event_op(cmd, &op);
}

static struct hc_evtchn_status status_of(uint16_t dom, uint32_t port)
{
	struct hc_evtchn_status op = { .dom = dom, .port = port };

	assert_int_equal(world_event_op(HC_EVTCHNOP_STATUS, &op), 0);
	return op;
}

/* A channel between domains 0 and 1; leaves domain 0 current. */
static void connect(uint32_t *port0, uint32_t *port1)
{
	world_enter(0, 0);
	*port0 = alloc_unbound(1);
	world_enter(1, 0);
	assert_int_equal(bind_interdomain(0, *port0, port1), 0);
	world_enter(0, 0);
}

/* Forget what is pending, as a guest does that has handled everything. */
static void drain(unsigned int domain)
{
	memset(world.domain[domain].shared_info->evtchn_pending, 0, HC_EVTCHN_2L_WORDS * 8);
	memset(world.info[domain], 0, sizeof(world.info[domain]));
	memset(world.kicks[domain], 0, sizeof(world.kicks[domain]));
}

static bool pending(unsigned int domain, uint32_t port)
{
	return world.domain[domain].shared_info->evtchn_pending[port / 64] >> port % 64 & 1;
}

static void ports_start_at_one(void **state)
{
	(void)state;
	assert_int_equal(alloc_unbound(1), 1);
	assert_int_equal(alloc_unbound(1), 2);
	assert_int_equal(port_op(HC_EVTCHNOP_CLOSE, 1), 0);
	assert_int_equal(alloc_unbound(2), 1);
	assert_int_equal(status_of(HC_DOMID_SELF, 1).u.unbound.dom, 2);
	assert_int_equal(port_op(HC_EVTCHNOP_CLOSE, 0), -EINVAL);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, 0), -EINVAL);
}

static void binding_raises_the_local_end(void **state)
{
	uint32_t a, b;

	(void)state;
	connect(&a, &b);
	assert_true(pending(1, b));
	assert_false(pending(0, a));
	assert_int_equal(world.info[1][0].evtchn_upcall_pending, 1);
	assert_int_equal(world.kicks[1][0], 1);
	assert_int_equal(status_of(HC_DOMID_SELF, a).status, HC_EVTCHNSTAT_INTERDOMAIN);
	assert_int_equal(status_of(1, b).u.interdomain.port, a);
}

static void send_reaches_the_other_end_once(void **state)
{
	uint32_t a, b;

	(void)state;
	connect(&a, &b);
	drain(1);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, a), 0);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, a), 0);
	assert_true(pending(1, b));
	assert_int_equal(world.info[1][0].evtchn_pending_sel, 1);
	assert_int_equal(world.kicks[1][0], 1);
	world_enter(1, 0);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, b), 0);
	assert_true(pending(0, a));
}

static void masked_ports_wait_for_unmask(void **state)
{
	uint32_t a, b;

	(void)state;
	connect(&a, &b);
	drain(1);
	world.domain[1].shared_info->evtchn_mask[0] = 1ULL << b;
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, a), 0);
	assert_true(pending(1, b));
	assert_int_equal(world.kicks[1][0], 0);
	world_enter(1, 0);
	assert_int_equal(port_op(HC_EVTCHNOP_UNMASK, b), 0);
	assert_int_equal(world.kicks[1][0], 1);
	assert_int_equal(world.info[1][0].evtchn_upcall_pending, 1);
}

static void pollers_are_woken_through_the_mask(void **state)
{
	uint32_t a, b;

	(void)state;
	connect(&a, &b);
	drain(1);
	world.domain[1].shared_info->evtchn_mask[0] = ~0ULL;
	world.vcpu[1][1].event.poll_port = b;
	world.domain[1].event.pollers = 2;
	/* It has polled, but does not now. */
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, a), 0);
	assert_int_equal(world.kicks[1][1], 0);
	world.domain[1].shared_info->evtchn_pending[0] = 0;
	world.vcpu[1][1].sched.waiting = VCPU_WAIT_POLL;
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, a), 0);
	assert_int_equal(world.kicks[1][1], 1);
	assert_int_equal(world.kicks[1][0], 0);
	assert_true(event_port_pending(&world.domain[1], b));
	assert_false(event_port_pending(&world.domain[1], 4095));
	assert_false(event_port_valid(&world.domain[1], 1000000));
}

static void closing_leaves_the_other_end_unbound(void **state)
{
	struct hc_evtchn_status s;
	uint32_t a, b, again;

	(void)state;
	connect(&a, &b);
	assert_int_equal(port_op(HC_EVTCHNOP_CLOSE, a), 0);
	s = status_of(1, b);
	assert_int_equal(s.status, HC_EVTCHNSTAT_UNBOUND);
	assert_int_equal(s.u.unbound.dom, 0);
	world_enter(1, 0);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, b), 0);
	world_enter(0, 0);
	assert_int_equal(bind_interdomain(1, b, &again), 0);
	assert_int_equal(again, a);
}

static void only_the_named_domain_can_bind(void **state)
{
	uint32_t port = alloc_unbound(1), local;

	(void)state;
	world_enter(2, 0);
	assert_int_equal(bind_interdomain(0, port, &local), -EINVAL);
	assert_int_equal(bind_interdomain(0, port + 1, &local), -EINVAL);
	assert_int_equal(bind_interdomain(0, 0, &local), -EINVAL);
	assert_int_equal(bind_interdomain(0, ~0u, &local), -EINVAL);
	assert_int_equal(bind_interdomain(77, port, &local), -ESRCH);
	/* The port it reserved meanwhile was given back. */
	assert_int_equal(world.domain[2].event.active, 0);
}

static void loopback_joins_two_own_ports(void **state)
{
	uint32_t a, b;

	(void)state;
	a = alloc_unbound(HC_DOMID_SELF);
	assert_int_equal(bind_interdomain(HC_DOMID_SELF, a, &b), 0);
	drain(0);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, b), 0);
	assert_true(pending(0, a));
	assert_int_equal(port_op(HC_EVTCHNOP_CLOSE, a), 0);
	assert_int_equal(status_of(HC_DOMID_SELF, b).status, HC_EVTCHNSTAT_UNBOUND);
	/* A port cannot be its own other end: the next free one, guessed, is not unbound. */
	assert_int_equal(bind_interdomain(HC_DOMID_SELF, a, &b), -EINVAL);
}

static void others_ports_need_privilege(void **state)
{
	struct hc_evtchn_alloc_unbound op = { .dom = 1, .remote_dom = 0 };
	struct hc_evtchn_status st = { .dom = 0, .port = 1 };
	struct hc_evtchn_reset reset = { .dom = 0 };

	(void)state;
	assert_int_equal(world_event_op(HC_EVTCHNOP_ALLOC_UNBOUND, &op), 0);
	assert_int_equal(status_of(1, op.port).u.unbound.dom, 0);
	world_enter(1, 0);
	op.dom = 2;
	assert_int_equal(world_event_op(HC_EVTCHNOP_ALLOC_UNBOUND, &op), -EPERM);
	assert_int_equal(world_event_op(HC_EVTCHNOP_STATUS, &st), -EPERM);
	assert_int_equal(world_event_op(HC_EVTCHNOP_RESET, &reset), -EPERM);
}

static void virqs_are_bound_once(void **state)
{
	uint32_t timer0, timer1, console, port;

	(void)state;
	assert_int_equal(bind_virq(HC_VIRQ_TIMER, 0, &timer0), 0);
	assert_int_equal(bind_virq(HC_VIRQ_TIMER, 1, &timer1), 0);
	assert_int_equal(bind_virq(HC_VIRQ_TIMER, 1, &port), -EEXIST);
	assert_int_equal(bind_virq(HC_VIRQ_CONSOLE, 1, &port), -EINVAL);
	assert_int_equal(bind_virq(HC_VIRQ_CONSOLE, 0, &console), 0);
	assert_int_equal(bind_virq(EVENT_VIRQS, 0, &port), -EINVAL);
	assert_int_equal(bind_virq(HC_VIRQ_TIMER, 2, &port), -ENOENT);
	event_send_virq(&world.vcpu[0][1], HC_VIRQ_TIMER);
	assert_true(pending(0, timer1));
	assert_false(pending(0, timer0));
	assert_int_equal(world.kicks[0][1], 1);
	event_send_global_virq(HC_VIRQ_CONSOLE);
	assert_true(pending(0, console));
	event_send_global_virq(HC_VIRQ_DOM_EXC);
	assert_int_equal(port_op(HC_EVTCHNOP_CLOSE, timer1), 0);
	drain(0);
	event_send_virq(&world.vcpu[0][1], HC_VIRQ_TIMER);
	assert_int_equal(world.kicks[0][1], 0);
	assert_int_equal(bind_virq(HC_VIRQ_TIMER, 1, &port), 0);
}

static void bind_vcpu_moves_what_may_move(void **state)
{
	uint32_t a, b, ipi = bind_ipi(1), timer, console;
	struct hc_evtchn_bind_vcpu op;

	(void)state;
	connect(&a, &b);
	assert_int_equal(bind_virq(HC_VIRQ_TIMER, 0, &timer), 0);
	assert_int_equal(bind_virq(HC_VIRQ_CONSOLE, 0, &console), 0);
	op = (struct hc_evtchn_bind_vcpu){ .port = a, .vcpu = 1 };
	assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_VCPU, &op), 0);
	assert_int_equal(status_of(HC_DOMID_SELF, a).vcpu, 1);
	op.port = console;
	assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_VCPU, &op), 0);
	event_send_global_virq(HC_VIRQ_CONSOLE);
	assert_int_equal(world.kicks[0][1], 1);
	op.port = timer;
	assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_VCPU, &op), -EINVAL);
	op.port = ipi;
	assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_VCPU, &op), -EINVAL);
	op = (struct hc_evtchn_bind_vcpu){ .port = a, .vcpu = 2 };
	assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_VCPU, &op), -ENOENT);
	op = (struct hc_evtchn_bind_vcpu){ .port = 999, .vcpu = 0 };
	assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_VCPU, &op), -EINVAL);
}

static void pirqs_are_bound_once(void **state)
{
	struct hc_evtchn_bind_pirq op = { .pirq = 9 };
	uint32_t port;

	(void)state;
	assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_PIRQ, &op), 0);
	port = op.port;
	assert_true(world.pirq_bound[9]);
	assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_PIRQ, &op), -EEXIST);
	event_send_pirq(dom0, 9);
	assert_true(pending(0, port));
	event_send_pirq(dom0, 10);
	event_send_pirq(dom0, EVENT_PIRQS);
	dom0->shared_info->evtchn_mask[0] = 1ULL << port;
	drain(0);
	event_send_pirq(dom0, 9);
	assert_int_equal(world.kicks[0][0], 0);
	assert_int_equal(port_op(HC_EVTCHNOP_UNMASK, port), 0);
	assert_int_equal(world.kicks[0][0], 1);
	assert_int_equal(port_op(HC_EVTCHNOP_CLOSE, port), 0);
	assert_false(world.pirq_bound[9]);
	world.pirq_refused = true;
	assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_PIRQ, &op), -EBUSY);
	world.pirq_refused = false;
	assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_PIRQ, &op), 0);
	op.pirq = EVENT_PIRQS;
	assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_PIRQ, &op), -EINVAL);
}

static void ports_are_limited_and_charged(void **state)
{
	struct hc_evtchn_alloc_unbound op = { .dom = HC_DOMID_SELF };

	(void)state;
	world_enter(1, 0);
	for (unsigned int i = 1; i < HC_EVTCHN_2L_NR_CHANNELS; i++)
		assert_int_equal(world_event_op(HC_EVTCHNOP_ALLOC_UNBOUND, &op), 0);
	assert_int_equal(world_event_op(HC_EVTCHNOP_ALLOC_UNBOUND, &op), -ENOSPC);
	assert_true(world.allocated[1] >= HC_EVTCHN_2L_NR_CHANNELS * 32);
	assert_int_equal(port_op(HC_EVTCHNOP_CLOSE, 2000), 0);
	assert_int_equal(alloc_unbound(0), 2000);
	world_enter(2, 0);
	world.allowed = 0;
	assert_int_equal(world_event_op(HC_EVTCHNOP_ALLOC_UNBOUND, &op), -ENOMEM);
}

static void reset_closes_everything(void **state)
{
	struct hc_evtchn_reset op = { .dom = HC_DOMID_SELF };
	uint32_t a, b;

	(void)state;
	connect(&a, &b);
	world_enter(1, 0);
	for (unsigned int i = 0; i < 1000; i++)
		alloc_unbound(0);
	world.preempt_every = 3;
	assert_int_equal(world_event_op(HC_EVTCHNOP_RESET, &op), 0);
	assert_true(world_continuations > 0);
	assert_int_equal(world.domain[1].event.active, 0);
	assert_int_equal(status_of(HC_DOMID_SELF, b).status, HC_EVTCHNSTAT_CLOSED);
	assert_int_equal(alloc_unbound(0), 1);
}

static void death_of_the_other_end(void **state)
{
	struct hc_evtchn_alloc_unbound op = { .dom = HC_DOMID_SELF };
	uint32_t a, b;

	(void)state;
	connect(&a, &b);
	world_destroy(1);
	assert_int_equal(status_of(HC_DOMID_SELF, a).status, HC_EVTCHNSTAT_UNBOUND);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, a), 0);
	/* One that had found the domain before it died cannot give it ports any more. */
	world_enter(1, 0);
	world.dead[1] = false;
	assert_int_equal(world_event_op(HC_EVTCHNOP_ALLOC_UNBOUND, &op), -EBUSY);
}

static void vcpu_info_moves_without_loss(void **state)
{
	struct hc_vcpu_info elsewhere = { 0 };
	uint32_t port = bind_ipi(1);

	(void)state;
	world.vcpu[0][1].info = NULL;
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, port), 0);
	world.vcpu[0][1].info = &elsewhere;
	event_vcpu_info_moved(&world.vcpu[0][1]);
	assert_true(elsewhere.evtchn_pending_sel & 1);
	assert_int_equal(elsewhere.evtchn_upcall_pending, 1);
	assert_int_equal(world.kicks[0][1], 1);
}

static void bad_calls_are_refused(void **state)
{
	(void)state;
	assert_int_equal(world_event_op(99, NULL), -ENOSYS);
	for (unsigned int cmd = 0; cmd <= HC_EVTCHNOP_SET_PRIORITY; cmd++)
		assert_int_equal(world_event_op(cmd, NULL), -EFAULT);
}

/* ---- FIFO ---- */

struct fifo_guest {
	uint32_t *words;
	struct hc_evtchn_fifo_control_block *control[WORLD_VCPUS];
	uint32_t head[WORLD_VCPUS][HC_EVTCHN_FIFO_MAX_QUEUES];
};

static void fifo_start(struct fifo_guest *g, unsigned int domain)
{
	mfn_t mfn = world_frame_of(domain), array = world_frame_of(domain);
	struct hc_evtchn_expand_array expand = { .array_gfn = array };

	memset(g, 0, sizeof(*g));
	world_enter(domain, 0);
	for (unsigned int i = 0; i < WORLD_VCPUS; i++) {
		struct hc_evtchn_init_control op = {
			.control_gfn = mfn, .offset = i * 128, .vcpu = i,
		};

		assert_int_equal(world_event_op(HC_EVTCHNOP_INIT_CONTROL, &op), 0);
		assert_int_equal(op.link_bits, HC_EVTCHN_FIFO_LINK_BITS);
		g->control[i] = (void *)((char *)mfn_to_virt(mfn) + i * 128);
	}
	g->words = mfn_to_virt(array);
	assert_int_equal(world_event_op(HC_EVTCHNOP_EXPAND_ARRAY, &expand), 0);
}

/* Take the next port of the vcpu's first queue as Linux does; 0: none. */
static uint32_t fifo_next(struct fifo_guest *g, unsigned int vcpu)
{
	uint32_t ready = g->control[vcpu]->ready, q, port;

	if (!ready)
		return 0;
	q = __builtin_ctz(ready);
	port = g->head[vcpu][q] ? g->head[vcpu][q] : g->control[vcpu]->head[q];
	g->head[vcpu][q] = g->words[port] & HC_EVTCHN_FIFO_LINK_MASK;
	g->words[port] &= ~(HC_EVTCHN_FIFO_LINK_MASK | 1u << HC_EVTCHN_FIFO_LINKED |
			    1u << HC_EVTCHN_FIFO_PENDING);
	if (!g->head[vcpu][q])
		g->control[vcpu]->ready &= ~(1u << q);
	return port;
}

static void set_priority(uint32_t port, uint32_t priority)
{
	struct hc_evtchn_set_priority op = { .port = port, .priority = priority };

	assert_int_equal(world_event_op(HC_EVTCHNOP_SET_PRIORITY, &op), 0);
}

static void fifo_keeps_order_and_priority(void **state)
{
	struct fifo_guest g;
	uint32_t p[4];

	(void)state;
	fifo_start(&g, 0);
	for (unsigned int i = 0; i < 4; i++)
		p[i] = bind_ipi(0);
	set_priority(p[3], 0);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(port_op(HC_EVTCHNOP_SEND, p[i]), 0);
		assert_int_equal(port_op(HC_EVTCHNOP_SEND, p[i]), 0);
	}
	assert_int_equal(world.info[0][0].evtchn_upcall_pending, 1);
	assert_int_equal(fifo_next(&g, 0), p[3]);
	assert_int_equal(fifo_next(&g, 0), p[0]);
	/* While the guest is at it: behind the others. */
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, p[0]), 0);
	assert_int_equal(fifo_next(&g, 0), p[1]);
	assert_int_equal(fifo_next(&g, 0), p[2]);
	assert_int_equal(fifo_next(&g, 0), p[0]);
	assert_int_equal(fifo_next(&g, 0), 0);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, p[2]), 0);
	assert_int_equal(fifo_next(&g, 0), p[2]);
}

static void fifo_moves_between_queues(void **state)
{
	struct hc_evtchn_bind_vcpu move;
	struct fifo_guest g;
	uint32_t a, b, other;

	(void)state;
	fifo_start(&g, 0);
	a = alloc_unbound(HC_DOMID_SELF);
	assert_int_equal(bind_interdomain(HC_DOMID_SELF, a, &b), 0);
	assert_int_equal(fifo_next(&g, 0), b);
	other = bind_ipi(0);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, b), 0);
	assert_int_equal(fifo_next(&g, 0), a);
	/* a is still the tail of vcpu 0's queue as far as the hypervisor knows. */
	move = (struct hc_evtchn_bind_vcpu){ .port = a, .vcpu = 1 };
	assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_VCPU, &move), 0);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, b), 0);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, other), 0);
	assert_int_equal(fifo_next(&g, 0), other);
	assert_int_equal(fifo_next(&g, 0), 0);
	assert_int_equal(fifo_next(&g, 1), a);
	assert_int_equal(fifo_next(&g, 1), 0);
	assert_int_equal(world.info[0][1].evtchn_upcall_pending, 1);
}

static void fifo_mask_and_unmask(void **state)
{
	struct fifo_guest g;
	uint32_t port;

	(void)state;
	fifo_start(&g, 0);
	port = bind_ipi(0);
	g.words[port] = 1u << HC_EVTCHN_FIFO_MASKED;
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, port), 0);
	assert_int_equal(fifo_next(&g, 0), 0);
	assert_true(event_port_pending(dom0, port));
	assert_int_equal(port_op(HC_EVTCHNOP_UNMASK, port), 0);
	assert_int_equal(fifo_next(&g, 0), port);
	assert_int_equal(port_op(HC_EVTCHNOP_UNMASK, port), 0);
	assert_int_equal(fifo_next(&g, 0), 0);
}

static void fifo_takes_over_what_was_pending(void **state)
{
	uint32_t port = bind_ipi(0), late = bind_ipi(0);
	struct fifo_guest g;

	(void)state;
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, port), 0);
	fifo_start(&g, 0);
	assert_int_equal(fifo_next(&g, 0), port);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, late), 0);
	assert_int_equal(fifo_next(&g, 0), late);
}

static void fifo_ports_beyond_the_array_wait(void **state)
{
	struct hc_evtchn_expand_array expand = { .array_gfn = 0 };
	struct fifo_guest g;
	uint32_t port = 0;

	(void)state;
	fifo_start(&g, 0);
	while (port < 1030)
		port = bind_ipi(0);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, port), 0);
	assert_int_equal(fifo_next(&g, 0), 0);
	assert_true(event_port_pending(dom0, port));
	expand.array_gfn = world_frame_of(0);
	assert_int_equal(world_event_op(HC_EVTCHNOP_EXPAND_ARRAY, &expand), 0);
	assert_int_equal(g.control[0]->ready, 1 << HC_EVTCHN_FIFO_PRIORITY_DEFAULT);
	assert_int_equal(g.control[0]->head[HC_EVTCHN_FIFO_PRIORITY_DEFAULT], port);
}

/* No more words than there can be ports. */
static void fifo_array_ends_with_the_ports(void **state)
{
	struct hc_evtchn_expand_array expand = { .array_gfn = 0 };
	struct fifo_guest g;

	(void)state;
	fifo_start(&g, 1);
	for (unsigned int i = 1; i < HC_EVTCHN_2L_NR_CHANNELS / HC_EVTCHN_FIFO_WORDS_PER_PAGE; i++) {
		expand.array_gfn = world_frame_of(1);
		assert_int_equal(world_event_op(HC_EVTCHNOP_EXPAND_ARRAY, &expand), 0);
	}
	expand.array_gfn = world_frame_of(1);
	assert_int_equal(world_event_op(HC_EVTCHNOP_EXPAND_ARRAY, &expand), -ENOSPC);
}

/* Closed before the guest took it from its queue: it is another's port only after that. */
static void fifo_port_closed_in_its_queue(void **state)
{
	struct fifo_guest g;
	uint32_t port, other, third;

	(void)state;
	fifo_start(&g, 0);
	port = bind_ipi(0);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, port), 0);
	assert_int_equal(port_op(HC_EVTCHNOP_CLOSE, port), 0);
	other = bind_ipi(1);
	assert_int_not_equal(other, port);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, other), 0);
	assert_int_equal(fifo_next(&g, 1), other);
	assert_int_equal(fifo_next(&g, 0), port);
	third = bind_ipi(1);
	assert_int_equal(third, port);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, third), 0);
	assert_int_equal(fifo_next(&g, 1), third);
}

/* A guest that says so of all its ports has none to take, until it says otherwise. */
static void fifo_all_ports_said_to_be_queued(void **state)
{
	struct hc_evtchn_bind_ipi op = { .vcpu = 0 };
	struct fifo_guest g;

	(void)state;
	fifo_start(&g, 1);
	memset(g.words, 0xff, PAGE_SIZE);
	for (unsigned int i = 1; i < HC_EVTCHN_2L_NR_CHANNELS / HC_EVTCHN_FIFO_WORDS_PER_PAGE; i++) {
		struct hc_evtchn_expand_array expand = { .array_gfn = world_frame_of(1) };

		assert_int_equal(world_event_op(HC_EVTCHNOP_EXPAND_ARRAY, &expand), 0);
		memset(mfn_to_virt(expand.array_gfn), 0xff, PAGE_SIZE);
	}
	assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_IPI, &op), -ENOSPC);
	g.words[5] = 0;
	assert_int_equal(bind_ipi(0), 5);
	g.words[1] = 0;
	assert_int_equal(bind_ipi(0), 1);
}

static void fifo_survives_scribbling(void **state)
{
	struct fifo_guest g;
	uint32_t p[8];
	uint64_t random = 1;

	(void)state;
	fifo_start(&g, 0);
	for (unsigned int i = 0; i < 8; i++)
		p[i] = bind_ipi(i & 1);
	for (unsigned int round = 0; round < 20000; round++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		g.words[random >> 60] = random >> 20;
		if (round % 3 == 0)
			g.control[random >> 59 & 1]->head[random >> 40 & 15] = random >> 30;
		if (round % 5 == 0)
			g.control[random >> 59 & 1]->ready = random >> 25;
		assert_int_equal(port_op(HC_EVTCHNOP_SEND, p[random >> 50 & 7]), 0);
		assert_int_equal(port_op(HC_EVTCHNOP_UNMASK, p[random >> 45 & 7]), 0);
		if (round % 7 == 0)
			set_priority(p[random >> 35 & 7], random >> 55 & 15);
	}
}

static void fifo_frames_must_be_writable_ones(void **state)
{
	struct hc_evtchn_init_control op = { .vcpu = 0 };
	struct hc_evtchn_expand_array expand = { .array_gfn = world_frame_of(0) };
	mfn_t table = world_frame_of(0);

	(void)state;
	assert_int_equal(world_event_op(HC_EVTCHNOP_EXPAND_ARRAY, &expand), -EOPNOTSUPP);
	world_make_table(table);
	op.control_gfn = table;
	assert_int_equal(world_event_op(HC_EVTCHNOP_INIT_CONTROL, &op), -EINVAL);
	op.control_gfn = world_frame_of(1);
	assert_int_equal(world_event_op(HC_EVTCHNOP_INIT_CONTROL, &op), -EINVAL);
	op.control_gfn = ~0ULL;
	assert_int_equal(world_event_op(HC_EVTCHNOP_INIT_CONTROL, &op), -EINVAL);
	op.control_gfn = world_frame_of(0);
	op.offset = 4;
	assert_int_equal(world_event_op(HC_EVTCHNOP_INIT_CONTROL, &op), -EINVAL);
	op.offset = PAGE_SIZE - 64;
	assert_int_equal(world_event_op(HC_EVTCHNOP_INIT_CONTROL, &op), -EINVAL);
	op.offset = 0;
	op.vcpu = 2;
	assert_int_equal(world_event_op(HC_EVTCHNOP_INIT_CONTROL, &op), -ENOENT);
	op.vcpu = 0;
	world.allowed = 128;
	assert_int_equal(world_event_op(HC_EVTCHNOP_INIT_CONTROL, &op), -ENOMEM);
	world.allowed = 1 << 20;
	assert_int_equal(world_event_op(HC_EVTCHNOP_INIT_CONTROL, &op), 0);
	assert_int_equal(world_event_op(HC_EVTCHNOP_INIT_CONTROL, &op), -EINVAL);
	expand.array_gfn = table;
	assert_int_equal(world_event_op(HC_EVTCHNOP_EXPAND_ARRAY, &expand), -EINVAL);
}

static void reset_leaves_fifo(void **state)
{
	struct hc_evtchn_reset op = { .dom = HC_DOMID_SELF };
	struct fifo_guest g;
	uint32_t port;

	(void)state;
	fifo_start(&g, 0);
	port = bind_ipi(0);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, port), 0);
	assert_int_equal(world_event_op(HC_EVTCHNOP_RESET, &op), 0);
	assert_null(dom0->event.fifo);
	port = bind_ipi(0);
	assert_int_equal(port_op(HC_EVTCHNOP_SEND, port), 0);
	assert_true(pending(0, port));
	fifo_start(&g, 0);
	assert_int_equal(fifo_next(&g, 0), port);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ports_start_at_one),
		TEST(binding_raises_the_local_end),
		TEST(send_reaches_the_other_end_once),
		TEST(masked_ports_wait_for_unmask),
		TEST(pollers_are_woken_through_the_mask),
		TEST(closing_leaves_the_other_end_unbound),
		TEST(only_the_named_domain_can_bind),
		TEST(loopback_joins_two_own_ports),
		TEST(others_ports_need_privilege),
		TEST(virqs_are_bound_once),
		TEST(bind_vcpu_moves_what_may_move),
		TEST(pirqs_are_bound_once),
		TEST(ports_are_limited_and_charged),
		TEST(reset_closes_everything),
		TEST(death_of_the_other_end),
		TEST(vcpu_info_moves_without_loss),
		TEST(bad_calls_are_refused),
		TEST(fifo_keeps_order_and_priority),
		TEST(fifo_moves_between_queues),
		TEST(fifo_mask_and_unmask),
		TEST(fifo_takes_over_what_was_pending),
		TEST(fifo_ports_beyond_the_array_wait),
		TEST(fifo_array_ends_with_the_ports),
		TEST(fifo_port_closed_in_its_queue),
		TEST(fifo_all_ports_said_to_be_queued),
		TEST(fifo_survives_scribbling),
		TEST(fifo_frames_must_be_writable_ones),
		TEST(reset_leaves_fifo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
