/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads what was counted of a vcpu. */
#include "internal.h"

int hc_domain_trace_read(struct hc_handle *handle, uint16_t domid, uint32_t vcpu, struct hc_trace *trace)
{
	struct hc_control control = { .cmd = HC_CONTROL_TRACE, .domid = domid };
	void *buffer;
	int ret = hc_buffer_alloc(handle, sizeof(*trace), &buffer);

	if (ret < 0)
		return ret;
	control.u.trace.op = HC_TRACE_READ;
	control.u.trace.vcpu = vcpu;
	control.u.trace.buffer = (uintptr_t)buffer;
	ret = hc_control_call(handle, &control);
	if (ret >= 0)
		memcpy(trace, buffer, sizeof(*trace));
	hc_buffer_free(handle, buffer, sizeof(*trace));
	return ret;
}
