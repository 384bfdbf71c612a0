/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tiny guest that works for 20 s after each full 1000 s of the host, so that those who make and end many of them
 * have the processor to themselves in between: after the first, third and so on all of the time, after the others
 * for 100 us each time that a timer has waked it, every 10 ms. It executes a mark for each 100 us of work, which
 * the plugin counts.
 */
#include <hypercall/event.h>
#include <hypercall/vcpu.h>

#include "../micro/mark.h"
#include "event.h"
#include "guest.h"

#define TURNS 25000UL			/* of two instructions, in 100 us under -icount */
#define SECOND 1000000000UL		/* ns */
#define ROUND (1000 * SECOND)
#define ACTIVE (20 * SECOND)
#define PERIOD (SECOND / 100)

static volatile uint32_t fired;

static void note(uint32_t port)
{
	(void)port;
	fired++;
}

static void work(void)
{
	uint64_t turns = TURNS;

	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(turns));
	MARK(MARK_WORK);
}

static void wait_until(uint64_t when)
{
	struct hc_vcpu_set_singleshot_timer op = { .timeout_abs_ns = when };

	fired = 0;
	need(hc_vcpu_op(HC_VCPUOP_SET_SINGLESHOT_TIMER, 0, &op));
	while (!fired)
		hc_sched_op(HC_SCHEDOP_BLOCK, NULL);
}

void test_main(void)
{
	uint64_t now = system_time(), phase = now % PERIOD;
	long timer;

	hc_vcpu_op(HC_VCPUOP_STOP_PERIODIC_TIMER, 0, NULL);
	event_init();
	need(timer = event_bind_virq(HC_VIRQ_TIMER, 0));
	event_set_handler(timer, note);
	for (;; now = system_time()) {
		if (now % ROUND >= ACTIVE)
			wait_until(now - now % ROUND + ROUND);
		else if (now / ROUND % 2 == 0)
			wait_until(now - now % PERIOD + PERIOD + phase);
		work();
	}
}
