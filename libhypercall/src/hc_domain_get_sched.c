/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain's share of the processors. */
#include "internal.h"

int hc_domain_get_sched(struct hc_handle *handle, uint16_t domid,
			struct hc_control_sched *sched)
{
	struct hc_control control = { .cmd = HC_CONTROL_SCHED_GET, .domid = domid };
	int ret = hc_control_call(handle, &control);

	if (ret >= 0)
		*sched = control.u.sched;
	return ret;
}
