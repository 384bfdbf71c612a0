/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time and timers.  Proof: the system time of the shared page advances and never
 * goes back, each kind of timer raises VIRQ_TIMER no earlier than it was set for
 * and within a generous limit, stopped ones do not, and absurd ones are refused.
 */
#include <hypercall/event.h>
#include <hypercall/vcpu.h>

#include "event.h"
#include "guest.h"

#define MS 1000000UL
#define LATE (2000 * MS)	/* for emulated machines that are busy otherwise */

static volatile uint32_t fired;

static void handler(uint32_t port)
{
	(void)port;
	fired++;
}

static void clock(void)
{
	uint64_t first = system_time(), before = first, now;

	for (unsigned int i = 0; i < 100000; i++) {
		now = system_time();
		expect(now >= before, "time went back by %lu ns\n", before - now);
		before = now;
	}
	expect(now > first, "time stands still\n");
	expect(shared_info->wc_sec > 1500000000, "wallclock says %u\n", shared_info->wc_sec);
}

static void wait_and_check(const char *what, uint64_t due)
{
	uint32_t came = wait_for(&fired, LATE);
	uint64_t now = system_time();

	expect(came, "%s did not fire\n", what);
	expect(now + MS >= due, "%s came %lu ns early\n", what, due - now);
	fired = 0;
}

static void singleshot(void)
{
	struct hc_vcpu_set_singleshot_timer op = { .timeout_abs_ns = system_time() + 20 * MS };

	expect_success(hc_vcpu_op(HC_VCPUOP_SET_SINGLESHOT_TIMER, 0, &op));
	wait_and_check("single shot", op.timeout_abs_ns);
	op.timeout_abs_ns = system_time() - MS;
	expect_success(hc_vcpu_op(HC_VCPUOP_SET_SINGLESHOT_TIMER, 0, &op));
	wait_and_check("single shot in the past", 0);
	op.timeout_abs_ns = 0;
	expect_success(hc_vcpu_op(HC_VCPUOP_SET_SINGLESHOT_TIMER, 0, &op));
	wait_and_check("single shot at time 0", 0);
	op = (struct hc_vcpu_set_singleshot_timer){ .timeout_abs_ns = system_time() + 50 * MS };
	expect_success(hc_vcpu_op(HC_VCPUOP_SET_SINGLESHOT_TIMER, 0, &op));
	expect_success(hc_vcpu_op(HC_VCPUOP_STOP_SINGLESHOT_TIMER, 0, NULL));
	expect(!wait_for(&fired, 150 * MS), "a stopped timer fired\n");
	op.timeout_abs_ns = system_time() + 3600000 * MS;
	expect_success(hc_vcpu_op(HC_VCPUOP_SET_SINGLESHOT_TIMER, 0, &op));
	expect(!wait_for(&fired, 50 * MS), "a timer for the next hour fired\n");
	expect_success(hc_vcpu_op(HC_VCPUOP_STOP_SINGLESHOT_TIMER, 0, NULL));
}

/* The hypervisor learns how much sooner than that it must begin to wake us; we must not see it. */
static void often(void)
{
	for (unsigned int i = 0; i < 400; i++) {
		uint64_t due = system_time() + (i < 50 ? MS : 50 * i), now;

		upcalls_off();
		expect_success(hc_set_timer_op(due));
		expect_success(hc_sched_op(HC_SCHEDOP_BLOCK, NULL));
		now = system_time();
		expect_equal("times that it fired", fired, 1);
		expect(now >= due, "timer %u came %lu ns early\n", i, due - now);
		fired = 0;
	}
}

static void timer_op(void)
{
	uint64_t due = system_time() + 20 * MS;

	expect_success(hc_set_timer_op(due));
	wait_and_check("set_timer_op", due);
	expect_success(hc_set_timer_op(system_time() + 50 * MS));
	expect_success(hc_set_timer_op(0));
	expect(!wait_for(&fired, 150 * MS), "a stopped timer fired\n");
}

static void periodic(void)
{
	struct hc_vcpu_set_periodic_timer op = { .period_ns = 10 * MS };
	uint64_t start = system_time();

	expect_success(hc_vcpu_op(HC_VCPUOP_SET_PERIODIC_TIMER, 0, &op));
	for (unsigned int i = 0; i < 5; i++)
		wait_and_check("period", start + i * 10 * MS);
	expect_success(hc_vcpu_op(HC_VCPUOP_STOP_PERIODIC_TIMER, 0, NULL));
	fired = 0;
	expect(!wait_for(&fired, 100 * MS), "a stopped timer fired\n");
	op.period_ns = 1;
	expect_refused(hc_vcpu_op(HC_VCPUOP_SET_PERIODIC_TIMER, 0, &op));
	expect_error(hc_vcpu_op(HC_VCPUOP_SET_PERIODIC_TIMER, 1000, &op), ENOENT);
}

void test_main(void)
{
	long port = event_bind_virq(HC_VIRQ_TIMER, 0);

	need(port);
	event_init();
	hc_vcpu_op(HC_VCPUOP_STOP_PERIODIC_TIMER, 0, NULL);
	event_clear(port);
	event_set_handler(port, handler);
	section("clock\n");
	clock();
	section("single shot\n");
	singleshot();
	section("often\n");
	often();
	section("set_timer_op\n");
	timer_op();
	section("periodic\n");
	periodic();
}
