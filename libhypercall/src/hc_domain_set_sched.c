/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets a domain's share of the processors. */
#include "internal.h"

int hc_domain_set_sched(struct hc_handle *handle, uint16_t domid,
			const struct hc_control_sched *sched)
{
	struct hc_control control = { .cmd = HC_CONTROL_SCHED_SET, .domid = domid };

	control.u.sched = *sched;
	return hc_control_call(handle, &control);
}
