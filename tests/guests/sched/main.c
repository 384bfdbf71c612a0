/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sched_op: yield, block and poll.  Proof: block returns once an event is there
 * and not before, with upcalls allowed; poll returns for its port even though it
 * is masked, or at its time; ports that are not in use are refused.
 */
#include <hypercall/event.h>
#include <hypercall/vcpu.h>

#include "event.h"
#include "guest.h"
#include "vcpu.h"

#define MS 1000000UL

static volatile uint32_t fired;

static void handler(uint32_t port)
{
	(void)port;
	fired++;
}

static void block(void)
{
	struct hc_vcpu_set_singleshot_timer op = { .timeout_abs_ns = system_time() + 50 * MS };
	uint64_t due = op.timeout_abs_ns;

	upcalls_off();
	need(hc_vcpu_op(HC_VCPUOP_SET_SINGLESHOT_TIMER, 0, &op));
	expect_success(hc_sched_op(HC_SCHEDOP_BLOCK, NULL));
	expect(system_time() + MS >= due, "block returned %lu ns early\n", due - system_time());
	upcalls_on();
	expect_equal("handlers", fired, 1);
	expect_equal("upcall mask", vcpu_info(0)->evtchn_upcall_mask, 0);
}

static void poll(uint32_t *ports, unsigned int count)
{
	struct hc_sched_poll op = { .ports = PTR(ports), .nr_ports = count };
	uint64_t start = system_time();

	event_mask(ports[0]);
	upcalls_off();
	op.timeout = start + 50 * MS;
	expect_success(hc_sched_op(HC_SCHEDOP_POLL, &op));
	expect(system_time() + MS >= op.timeout, "poll returned %lu ns early\n",
	       op.timeout - system_time());
	expect(!event_pending(ports[0]), "the port is pending\n");
	expect_success(event_send(ports[0]));
	op.timeout = system_time() + 60000 * MS;
	expect_success(hc_sched_op(HC_SCHEDOP_POLL, &op));
	expect(system_time() < op.timeout, "poll did not see the port\n");
	event_clear(ports[0]);
	upcalls_on();
}

static void refusals(uint32_t port)
{
	static uint32_t many[200];
	uint32_t bad[] = { port, 4000 };
	struct hc_sched_poll op = { .ports = PTR(bad), .nr_ports = 2, .timeout = system_time() + MS };

	expect_error(hc_sched_op(HC_SCHEDOP_POLL, &op), EINVAL);
	op.nr_ports = ~0u;
	expect_refused(hc_sched_op(HC_SCHEDOP_POLL, &op));
	op.nr_ports = ARRAY_SIZE(many);
	op.ports = PTR(many);
	expect_refused(hc_sched_op(HC_SCHEDOP_POLL, &op));
	op.nr_ports = 1;
	op.ports = HC_HYPERVISOR_VIRT_START;
	expect_error(hc_sched_op(HC_SCHEDOP_POLL, &op), EFAULT);
	expect_error(hc_sched_op(HC_SCHEDOP_POLL, (void *)8), EFAULT);
	expect_error(hc_sched_op(99, NULL), ENOSYS);
}

void test_main(void)
{
	uint32_t ports[2];
	long port = event_bind_virq(HC_VIRQ_TIMER, 0);

	need(port);
	event_init();
	hc_vcpu_op(HC_VCPUOP_STOP_PERIODIC_TIMER, 0, NULL);
	event_clear(port);
	event_set_handler(port, handler);
	section("yield\n");
	expect_success(hc_sched_op(HC_SCHEDOP_YIELD, NULL));
	section("block\n");
	block();
	section("poll\n");
	need(ports[0] = event_bind_ipi(0));
	need(ports[1] = event_bind_ipi(0));
	poll(ports, 1);
	poll(ports, 2);
	section("refusals\n");
	refusals(ports[0]);
}
