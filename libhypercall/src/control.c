/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the control calls reach the hypervisor. */
#include "internal.h"

#include <hypercall/vcpu.h>

int hc_control_call(struct hc_handle *handle, struct hc_control *control)
{
	uint64_t arguments[5] = { 0 };

	control->version = HC_CONTROL_VERSION;
	return hc_call_data(handle, HC_NR_DOMCTL, arguments, 0, control, sizeof(*control));
}

int hc_system_call(struct hc_handle *handle, struct hc_system *system)
{
	uint64_t arguments[5] = { 0 };

	system->version = HC_CONTROL_VERSION;
	return hc_call_data(handle, HC_NR_SYSCTL, arguments, 0, system, sizeof(*system));
}

int hc_control_simple(struct hc_handle *handle, uint32_t cmd, uint16_t domid)
{
	struct hc_control control = { .cmd = cmd, .domid = domid };

	return hc_control_call(handle, &control);
}

int hc_control_context(struct hc_handle *handle, uint32_t cmd, uint16_t domid, uint32_t vcpu,
		       struct hc_vcpu_guest_context *context)
{
	struct hc_control control = { .cmd = cmd, .domid = domid };
	void *buffer;
	int ret;

	ret = hc_buffer_alloc(handle, sizeof(*context), &buffer);
	if (ret < 0)
		return ret;
	memcpy(buffer, context, sizeof(*context));
	control.u.vcpu_context.vcpu = vcpu;
	control.u.vcpu_context.buffer = (uintptr_t)buffer;
	ret = hc_control_call(handle, &control);
	memcpy(context, buffer, sizeof(*context));
	hc_buffer_free(handle, buffer, sizeof(*context));
	return ret;
}
