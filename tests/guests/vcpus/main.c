/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second vcpu: brought up, interrupted by events, brought down and up again.
 * Proof: its own code runs with its own registers, events bound to it arrive
 * there and nowhere else, run-state times add up, a moved vcpu_info loses
 * nothing, and bad contexts are refused.
 */
#include <hypercall/event.h>
#include <hypercall/vcpu.h>

#include "event.h"
#include "guest.h"
#include "page.h"
#include "vcpu.h"

#define MS 1000000UL
#define PATIENCE (5000 * MS)

static volatile uint32_t started, interrupted, stop, where;
static uint32_t port;

static void handler(uint32_t p)
{
	(void)p;
	where = this_vcpu()->id;
	interrupted++;
}

static void second(void)
{
	started = this_vcpu()->id;
	upcalls_on();
	while (!stop)
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	upcalls_off();
}

static void third(void)
{
	upcalls_on();
	while (!stop)
		hc_sched_op(HC_SCHEDOP_BLOCK, NULL);
	upcalls_off();
}

static bool is_down(void)
{
	uint64_t end = system_time() + PATIENCE;

	while (hc_vcpu_op(HC_VCPUOP_IS_UP, 1, NULL) == 1 && system_time() < end)
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	return hc_vcpu_op(HC_VCPUOP_IS_UP, 1, NULL) == 0;
}

static void runs_and_listens(void)
{
	need(vcpu_start(1, second));
	expect(wait_for(&started, PATIENCE), "vcpu 1 does not run\n");
	expect_equal("is_up", hc_vcpu_op(HC_VCPUOP_IS_UP, 1, NULL), 1);
	port = event_bind_ipi(1);
	event_set_handler(port, handler);
	for (unsigned int i = 1; i <= 20; i++) {
		uint64_t end = system_time() + PATIENCE;

		expect_success(event_send(port));
		while (interrupted < i && system_time() < end)
			hc_sched_op(HC_SCHEDOP_YIELD, NULL);
		expect_equal("events that arrived", interrupted, i);
	}
	expect_equal("vcpu that got them", where, 1);
	stop = 1;
	expect(is_down(), "vcpu 1 does not go down\n");
}

static void wakes_from_block(void)
{
	stop = interrupted = 0;
	need(vcpu_start(1, third));
	for (unsigned int i = 1; i <= 20; i++) {
		uint64_t end = system_time() + PATIENCE;

		expect_success(event_send(port));
		while (interrupted < i && system_time() < end)
			hc_sched_op(HC_SCHEDOP_YIELD, NULL);
		expect_equal("events that woke it", interrupted, i);
	}
	stop = 1;
	expect_success(event_send(port));
	expect(is_down(), "vcpu 1 does not go down\n");
}

static void run_states(void)
{
	struct hc_vcpu_runstate_info info, *area = page_alloc();
	struct hc_vcpu_register_runstate_memory_area op = { .addr.v = PTR(area) };
	uint64_t sum = 0, now = system_time();

	/* It may be on its way off the processor still. */
	do
		expect_success(hc_vcpu_op(HC_VCPUOP_GET_RUNSTATE_INFO, 1, &info));
	while (info.state != HC_RUNSTATE_OFFLINE && system_time() < now + PATIENCE);
	expect_equal("state of vcpu 1", info.state, HC_RUNSTATE_OFFLINE);
	expect_success(hc_vcpu_op(HC_VCPUOP_GET_RUNSTATE_INFO, 0, &info));
	now = system_time();
	expect_equal("state of vcpu 0", info.state, HC_RUNSTATE_RUNNING);
	for (unsigned int i = 0; i < 4; i++)
		sum += info.time[i];
	expect(sum <= now + MS && sum + 60000 * MS > now, "times add up to %lu at %lu\n", sum, now);
	expect_success(hc_vcpu_op(HC_VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, 0, &op));
	expect_equal("state in the area", READ_ONCE(area->state), HC_RUNSTATE_RUNNING);
	hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	expect(area->state_entry_time != 0, "the area has no time\n");
}

static void moved_info(void)
{
	struct hc_vcpu_info *elsewhere = page_alloc();
	struct hc_vcpu_register_vcpu_info op = { .mfn = ptr_to_mfn(elsewhere), .offset = 64 };

	op.offset = PAGE_SIZE - 32;
	expect_refused(hc_vcpu_op(HC_VCPUOP_REGISTER_VCPU_INFO, 1, &op));
	op.offset = 3;
	hc_vcpu_op(HC_VCPUOP_REGISTER_VCPU_INFO, 1, &op);
	op.offset = 64;
	op.mfn = ptr_to_mfn((void *)start_info->pt_base);
	expect_refused(hc_vcpu_op(HC_VCPUOP_REGISTER_VCPU_INFO, 1, &op));
	op.mfn = 1UL << 35;
	expect_refused(hc_vcpu_op(HC_VCPUOP_REGISTER_VCPU_INFO, 1, &op));
	op.mfn = ptr_to_mfn(elsewhere);
	expect_success(hc_vcpu_op(HC_VCPUOP_REGISTER_VCPU_INFO, 1, &op));
	expect(elsewhere[1].evtchn_upcall_pending, "the new place shows nothing pending\n");
	elsewhere[1].evtchn_upcall_pending = 0;
	elsewhere[1].evtchn_pending_sel = 0;
	expect_success(event_send(port));
	expect(elsewhere[1].evtchn_upcall_pending, "an event does not arrive at the new place\n");
}

static void refusals(void)
{
	static struct hc_vcpu_guest_context context;

	expect_error(hc_vcpu_op(HC_VCPUOP_UP, 1000, NULL), ENOENT);
	expect_error(hc_vcpu_op(HC_VCPUOP_INITIALISE, 1, (void *)8), EFAULT);
	expect_error(hc_vcpu_op(HC_VCPUOP_INITIALISE, 1, &context), EEXIST);
	expect_error(hc_vcpu_op(99, 0, NULL), ENOSYS);
}

/* With these as its tables the processor would have none at all. */
static void no_tables(void)
{
	static struct hc_vcpu_guest_context context;

	context.flags = HC_VGCF_IN_KERNEL;
	context.ctrlreg[3] = PAGE_SIZE - 1;
	expect_error(hc_vcpu_op(HC_VCPUOP_INITIALISE, 1, &context), EINVAL);
	context.flags = 0;
	context.ctrlreg[1] = PAGE_SIZE - 1;
	context.ctrlreg[3] = ptr_to_mfn((void *)start_info->pt_base) << 12;
	expect_error(hc_vcpu_op(HC_VCPUOP_INITIALISE, 1, &context), EINVAL);
	expect_refused(hc_vcpu_op(HC_VCPUOP_UP, 1, NULL));
}

void test_main(void)
{
	event_init();
	if (hc_vcpu_op(HC_VCPUOP_IS_UP, 1, NULL) == -ENOENT) {
		skip("there is no second vcpu\n");
		return;
	}
	expect_equal("is_up before", hc_vcpu_op(HC_VCPUOP_IS_UP, 1, NULL), 0);
	expect_refused(hc_vcpu_op(HC_VCPUOP_UP, 1, NULL));
	section("contexts without tables\n");
	no_tables();
	section("up, events, down\n");
	runs_and_listens();
	section("blocked, woken by events\n");
	wakes_from_block();
	section("run states\n");
	run_states();
	section("refusals\n");
	refusals();
	section("vcpu_info elsewhere\n");
	moved_info();
}
