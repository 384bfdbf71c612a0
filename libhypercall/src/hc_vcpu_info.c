/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of one vcpu. */
#include "internal.h"

int hc_vcpu_info(struct hc_handle *handle, uint16_t domid, struct hc_control_vcpu_info *info)
{
	struct hc_control control = { .cmd = HC_CONTROL_VCPU_INFO, .domid = domid };
	int ret;

	control.u.vcpu_info.vcpu = info->vcpu;
	ret = hc_control_call(handle, &control);
	if (ret >= 0)
		*info = control.u.vcpu_info;
	return ret;
}
