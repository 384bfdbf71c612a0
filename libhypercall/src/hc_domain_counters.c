/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the hypervisor has done for a domain. */
#include "internal.h"

int hc_domain_counters(struct hc_handle *handle, uint16_t domid,
		       struct hc_control_counters *counters)
{
	struct hc_control control = { .cmd = HC_CONTROL_COUNTERS, .domid = domid };
	int ret = hc_control_call(handle, &control);

	if (ret >= 0)
		*counters = control.u.counters;
	return ret;
}
