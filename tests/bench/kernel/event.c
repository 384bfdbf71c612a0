/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of events and timers. The second vcpu shares this one's processor. */
#include <hypercall/event.h>
#include <hypercall/sched.h>
#include <hypercall/vcpu.h>

#include "event.h"
#include "guest.h"
#include "rows.h"
#include "vcpu.h"

#define FAR (3600UL * 1000000000)	/* a time no row reaches, ns */
#define REST 1000000000UL		/* ns */
#define SOON 200000UL			/* ns: longer than setting a timer takes */

static volatile uint32_t fired, answered;
static long self, ping, pong, timer;

static void note(uint32_t port)
{
	(void)port;
	fired++;
}

static void note_answer(uint32_t port)
{
	(void)port;
	answered++;
}

static void answer(uint32_t port)
{
	(void)port;
	event_send(pong);
}

static void second(void)
{
	upcalls_on();
	for (;;)
		hc_sched_op(HC_SCHEDOP_BLOCK, NULL);
}

void prepare_events(void)
{
	event_init();
	hc_vcpu_op(HC_VCPUOP_STOP_PERIODIC_TIMER, 0, NULL);
	need(self = event_bind_ipi(0));
	need(ping = event_bind_ipi(1));
	need(pong = event_bind_ipi(0));
	need(timer = event_bind_virq(HC_VIRQ_TIMER, 0));
	event_set_handler(self, note);
	event_set_handler(ping, answer);
	event_set_handler(pong, note_answer);
	event_set_handler(timer, note);
	need(vcpu_start(1, second));
	hc_vcpu_op(HC_VCPUOP_STOP_PERIODIC_TIMER, 1, NULL);
}

uint64_t run_event_self(unsigned int times)
{
	uint32_t before = fired;
	uint64_t begin = ticks_begin();

	for (unsigned int i = times; i--;)
		event_send(self);
	begin = ticks_end() - begin;
	expect_equal("events that arrived", fired - before, times);
	return begin;
}

uint64_t run_event_vcpu(unsigned int times)
{
	uint64_t begin = ticks_begin();

	while (times--) {
		answered = 0;
		event_send(ping);
		while (!answered)
			hc_sched_op(HC_SCHEDOP_BLOCK, NULL);
	}
	return ticks_end() - begin;
}

static void set_timer(uint64_t when)
{
	struct hc_vcpu_set_singleshot_timer op = { .timeout_abs_ns = when };

	need(hc_vcpu_op(HC_VCPUOP_SET_SINGLESHOT_TIMER, 0, &op));
}

/* The processor's first rest after its start: the hypervisor clears free memory, which none of the rows shall meet. */
void rest(void)
{
	fired = 0;
	set_timer(system_time() + REST);
	while (!fired)
		hc_sched_op(HC_SCHEDOP_BLOCK, NULL);
}

uint64_t run_set_timer(unsigned int times)
{
	uint64_t when = system_time() + FAR, begin = ticks_begin();

	while (times--)
		set_timer(when += SOON);
	begin = ticks_end() - begin;
	need(hc_vcpu_op(HC_VCPUOP_STOP_SINGLESHOT_TIMER, 0, NULL));
	return begin;
}

/* The processor waits meanwhile, so that no marks are set: the plugin would count the waiting. */
uint64_t run_timer(unsigned int times)
{
	uint64_t late = 0;

	while (times--) {
		uint64_t due = system_time() + SOON;

		fired = 0;
		set_timer(due);
		while (!fired)
			hc_sched_op(HC_SCHEDOP_BLOCK, NULL);
		late += system_time() - due;
	}
	return late;
}
