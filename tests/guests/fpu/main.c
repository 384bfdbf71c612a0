/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The FPU belongs to the vcpu.  Proof: registers survive blocking while another
 * vcpu uses its own, fpu_taskswitch makes the next use fault once, and control
 * words arrive in their reset state.
 */
#include <hypercall/event.h>
#include <hypercall/vcpu.h>

#include "event.h"
#include "guest.h"
#include "vcpu.h"

#define MS 1000000UL

static volatile uint32_t started, stop;

static void set_xmm(uint64_t value)
{
	__asm__ volatile("movq %0, %%xmm3; movq %0, %%xmm15" :: "r"(value));
}

static uint64_t get_xmm(void)
{
	uint64_t a, b;

	__asm__ volatile("movq %%xmm3, %0; movq %%xmm15, %1" : "=r"(a), "=r"(b));
	return a == b ? a : ~0UL;
}

static void use(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("movq %xmm0, %xmm0; fnop");
}

static void second(void)
{
	uint64_t n = 0;

	while (!stop) {
		set_xmm(++n);
		started = 1;
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
		if (get_xmm() != n)
			failure("vcpu 1 lost its registers\n");
	}
}

static long task_switch(unsigned int set)
{
	return hypercall(HC_NR_FPU_TASKSWITCH, set, 0, 0, 0, 0);
}

static void control_words(void)
{
	uint32_t mxcsr;
	uint16_t control;

	__asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(control));
	expect_equal("mxcsr", mxcsr, 0x1f80);
	expect_equal("control word", control, 0x37f);
}

static void lazy(void)
{
	expect_no_fault("use", attempt(use, 0));
	expect_success(task_switch(1));
	expect_fault("use after taskswitch", attempt(use, 0), TRAP_NM, 0);
	expect_no_fault("and once more", attempt(use, 0));
	expect_success(task_switch(1));
	expect_success(task_switch(0));
	expect_no_fault("after taking it back", attempt(use, 0));
}

static void beside_another(void)
{
	if (vcpu_start(1, second)) {
		skip("there is no second vcpu\n");
		return;
	}
	expect(wait_for(&started, 5000 * MS), "vcpu 1 does not run\n");
	set_xmm(0xabcdef);
	for (unsigned int i = 0; i < 200; i++) {
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
		expect_equal("register after yield", get_xmm(), 0xabcdef);
	}
	for (unsigned int i = 0; i < 10; i++) {
		upcalls_off();
		hc_set_timer_op(system_time() + 2 * MS);
		hc_sched_op(HC_SCHEDOP_BLOCK, NULL);
		upcalls_on();
		expect_equal("register after block", get_xmm(), 0xabcdef);
	}
	stop = 1;
}

static void tick(uint32_t port)
{
	(void)port;
}

void test_main(void)
{
	long port = event_bind_virq(HC_VIRQ_TIMER, 0);

	need(port);
	event_init();
	hc_vcpu_op(HC_VCPUOP_STOP_PERIODIC_TIMER, 0, NULL);
	event_set_handler(port, tick);
	section("first values\n");
	control_words();
	section("task switches\n");
	lazy();
	section("beside another vcpu\n");
	beside_another();
}
