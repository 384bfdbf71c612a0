/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tiny guest: answers each event of dom0's "events" (../micro/events.c) with one of its own. */
#include "event.h"
#include "guest.h"

#define PORTS 1024

static void answer(uint32_t port)
{
	event_send(port);
}

/* The only port there that waits for this guest; the numbers of guests and ports are not known to each other. */
static long find_port(void)
{
	for (uint32_t port = 1; port < PORTS; port++) {
		long bound = event_bind_interdomain(0, port);

		if (bound >= 0)
			return bound;
	}
	return -ENOENT;
}

void test_main(void)
{
	long port = find_port();

	need(port);
	event_init();
	event_set_handler(port, answer);
	event_send(port);
	for (;;)
		hc_sched_op(HC_SCHEDOP_BLOCK, NULL);
}
