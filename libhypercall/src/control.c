/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the control calls reach the hypervisor. */
#include "internal.h"

int hc_control_call(struct hc_handle *handle, struct hc_control *control)
{
	uint64_t arguments[5] = { 0 };
	int ret;

	control->version = HC_CONTROL_VERSION;
	/* A part each; the kernel may schedule others in between. */
	do
		ret = hc_call_data(handle, HC_NR_DOMCTL, arguments, 0, control, sizeof(*control));
	while (ret == -ERESTART);
	return ret;
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

int hc_control_vcpu(struct hc_handle *handle, uint32_t cmd, uint16_t domid, uint32_t vcpu,
		    void *data, size_t size)
{
	struct hc_control control = { .cmd = cmd, .domid = domid };
	void *buffer;
	int ret;

	ret = hc_buffer_alloc(handle, size, &buffer);
	if (ret < 0)
		return ret;
	memcpy(buffer, data, size);
	control.u.vcpu_context.vcpu = vcpu;
	control.u.vcpu_context.buffer = (uintptr_t)buffer;
	ret = hc_control_call(handle, &control);
	memcpy(data, buffer, size);
	hc_buffer_free(handle, buffer, size);
	return ret;
}
