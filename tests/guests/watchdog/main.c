/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The management domain's watchdog, as Linux's xen_wdt uses it.  Proof: while it is set
 * anew in time, and after it is stopped, nothing happens; when it expires, the machine resets.
 */
#include "event.h"
#include "guest.h"

#define SECOND 1000000000UL

static void let_pass(uint64_t seconds)
{
	uint64_t end = system_time() + seconds * SECOND;

	while (system_time() < end)
		;
}

static long watchdog(uint32_t id, uint32_t timeout)
{
	struct hc_sched_watchdog op = { .id = id, .timeout = timeout };

	return hc_sched_op(HC_SCHEDOP_WATCHDOG, &op);
}

void test_main(void)
{
	long id = watchdog(0, 2);

	need(id);
	section("set anew\n");
	for (unsigned int i = 0; i < 3; i++) {
		let_pass(1);
		expect_success(watchdog((uint32_t)id, 2));
	}
	section("stopped\n");
	expect_success(watchdog((uint32_t)id, 0));
	let_pass(3);
	section("expired\n");
	need(watchdog(0, 1));
	print("Test end: dom0's watchdog reboots the machine\n");
	let_pass(10);
	error("it did not expire\n");
}
