/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Turns the counting of what a domain enters the hypervisor for on and off. */
#include "internal.h"

int hc_domain_trace(struct hc_handle *handle, uint16_t domid, int on)
{
	struct hc_control control = { .cmd = HC_CONTROL_TRACE, .domid = domid };

	control.u.trace.op = on ? HC_TRACE_ON : HC_TRACE_OFF;
	return hc_control_call(handle, &control);
}
