/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sched_op: yield, block and poll; watchdogs that are stopped in time; a processor
 * to oneself.  Proof: block returns once an event is there and not before, with
 * upcalls allowed; poll returns for its port even though it is masked, or at its
 * time; ports that are not in use are refused; a watchdog has a number until it is
 * stopped, and its domain goes on then.
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

static long watchdog(uint32_t id, uint32_t seconds)
{
	struct hc_sched_watchdog op = { .id = id, .timeout = seconds };

	return hc_sched_op(HC_SCHEDOP_WATCHDOG, &op);
}

static void watchdogs(void)
{
	expect_error(watchdog(0, 0), EINVAL);
	expect_error(watchdog(1, 1), EINVAL);
	expect_equal("the first", watchdog(0, 1), 1);
	expect_equal("the second", watchdog(0, 3600), 2);
	expect_error(watchdog(0, 3600), ENOSPC);
	expect_error(watchdog(3, 3600), EINVAL);
	expect_success(watchdog(2, 1));
	expect_success(watchdog(2, 0));
	expect_success(watchdog(1, 0));
	expect_error(watchdog(1, 0), EINVAL);
	/* Both would have ended us by now. */
	for (uint64_t end = system_time() + 1500 * MS; system_time() < end;)
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	expect_equal("a number again", watchdog(0, 3600), 1);
	expect_success(watchdog(1, 0));
}

static long pin(int32_t cpu)
{
	struct hc_sched_pin_override op = { .pcpu = cpu };

	return hc_sched_op(HC_SCHEDOP_PIN_OVERRIDE, &op);
}

static void pinning(void)
{
	expect_error(pin(4000), EINVAL);
	expect_success(pin(0));
	expect_error(pin(0), EBUSY);
	expect_success(pin(-1));
	expect_success(pin(-1));
	expect_success(pin(0));
	expect_success(pin(-1));
}

static void refusals(uint32_t port)
{
	static uint32_t many[200];
	uint32_t bad[] = { port, 4000 };
	struct hc_sched_poll op = { .ports = PTR(bad), .nr_ports = 2, .timeout = system_time() + MS };
	struct hc_sched_remote_shutdown remote = { .domain_id = 0x7000 };
	struct hc_sched_shutdown code = { .reason = HC_SHUTDOWN_MAX + 1 };

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
	expect_error(hc_sched_op(HC_SCHEDOP_REMOTE_SHUTDOWN, &remote), ESRCH);
	remote.reason = HC_SHUTDOWN_MAX + 1;
	expect_error(hc_sched_op(HC_SCHEDOP_REMOTE_SHUTDOWN, &remote), EINVAL);
	expect_error(hc_sched_op(HC_SCHEDOP_SHUTDOWN_CODE, &code), EINVAL);
	expect_error(hc_sched_op(HC_SCHEDOP_SHUTDOWN, &code), EINVAL);
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
	section("watchdogs\n");
	watchdogs();
	section("pinning\n");
	pinning();
	section("refusals\n");
	refusals(ports[0]);
}
