/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels with 2-level bitmaps.  Proof: handlers run once for each
 * notification that found its port clear, masks hold events back, closed and
 * foreign ports are refused, the other end of a closed channel is unbound.
 */
#include <hypercall/event.h>

#include "event.h"
#include "guest.h"
#include "vcpu.h"

static volatile uint32_t count;
static uint32_t last;

static void handler(uint32_t port)
{
	count++;
	last = port;
}

static unsigned int status_of(uint32_t port)
{
	struct hc_evtchn_status op = { .dom = HC_DOMID_SELF, .port = port };

	need(hc_event_channel_op(HC_EVTCHNOP_STATUS, &op));
	return op.status;
}

static void ipi(void)
{
	long port = event_bind_ipi(0);

	need(port);
	event_set_handler(port, handler);
	upcalls_off();
	expect_success(event_send(port));
	expect_success(event_send(port));
	expect_equal("handlers while upcalls are masked", count, 0);
	expect_equal("pending", vcpu_info(0)->evtchn_upcall_pending, 1);
	upcalls_on();
	expect_equal("handlers then", count, 1);
	expect_success(event_send(port));
	expect_equal("handlers when not masked", count, 2);
	expect_equal("status", status_of(port), HC_EVTCHNSTAT_IPI);
	event_mask(port);
	expect_success(event_send(port));
	expect_equal("handlers while the port is masked", count, 2);
	expect(event_pending(port), "the masked port is not pending\n");
	event_unmask(port);
	expect_equal("handlers after unmask", count, 3);
	expect_equal("port seen", last, port);
	expect_success(event_close(port));
	expect_error(event_send(port), EINVAL);
}

static void loopback(void)
{
	long a = event_alloc_unbound(HC_DOMID_SELF), b;

	need(a);
	expect_equal("status", status_of(a), HC_EVTCHNSTAT_UNBOUND);
	expect_success(event_send(a));
	b = event_bind_interdomain(HC_DOMID_SELF, a);
	need(b);
	count = 0;
	event_clear(b);
	event_set_handler(a, handler);
	event_set_handler(b, handler);
	expect_success(event_send(a));
	expect_equal("port seen", last, b);
	expect_success(event_send(b));
	expect_equal("port seen", last, a);
	expect_equal("handlers", count, 2);
	expect_error(event_bind_interdomain(HC_DOMID_SELF, a), EINVAL);
	expect_success(event_close(a));
	expect_equal("status of the other end", status_of(b), HC_EVTCHNSTAT_UNBOUND);
	expect_success(event_close(b));
	expect_equal("status at last", status_of(b), HC_EVTCHNSTAT_CLOSED);
}

static void refusals(void)
{
	struct hc_evtchn_bind_vcpu move = { .port = 0, .vcpu = 0 };
	long timer = event_bind_virq(HC_VIRQ_TIMER, 0);

	need(timer);
	expect_error(event_bind_virq(HC_VIRQ_TIMER, 0), EEXIST);
	expect_error(event_bind_virq(HC_NR_VIRQS, 0), EINVAL);
	expect_error(event_bind_virq(HC_VIRQ_TIMER, 1000), ENOENT);
	expect_error(event_bind_virq(HC_VIRQ_CONSOLE, 1), EINVAL);
	expect_error(event_bind_ipi(1000), ENOENT);
	move.port = timer;
	expect_error(hc_event_channel_op(HC_EVTCHNOP_BIND_VCPU, &move), EINVAL);
	expect_error(event_send(timer), EINVAL);
	expect_success(event_close(timer));
	expect_error(event_close(timer), EINVAL);
	expect_error(event_close(0), EINVAL);
	expect_error(event_close(~0u), EINVAL);
	expect_error(event_send(4095), EINVAL);
	expect_error(event_bind_interdomain(0x7000, 1), ESRCH);
	expect_error(hc_event_channel_op(99, NULL), ENOSYS);
	expect_error(hc_event_channel_op(HC_EVTCHNOP_SEND, (void *)8), EFAULT);
}

static void many_ports(void)
{
	static long ports[300];
	unsigned int n;

	count = 0;
	for (n = 0; n < ARRAY_SIZE(ports); n++) {
		ports[n] = event_bind_ipi(0);
		need(ports[n]);
		event_set_handler(ports[n], handler);
	}
	upcalls_off();
	for (unsigned int i = 0; i < n; i++)
		expect_success(event_send(ports[i]));
	upcalls_on();
	expect_equal("handlers of all ports", count, n);
	for (unsigned int i = 0; i < n; i++)
		expect_success(event_close(ports[i]));
}

void test_main(void)
{
	event_init();
	section("an event to oneself\n");
	ipi();
	section("a channel to oneself\n");
	loopback();
	section("many ports\n");
	many_ports();
	section("refusals\n");
	refusals();
}
