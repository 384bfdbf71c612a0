/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tiny guest: says that it runs (by a mark: nothing may cost more than that) and waits for its end. */
#include "../micro/mark.h"
#include "guest.h"

void test_main(void)
{
	MARK(MARK_END);
	for (;;)
		hc_sched_op(HC_SCHEDOP_BLOCK, NULL);
}
