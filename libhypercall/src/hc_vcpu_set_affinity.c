/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Says on which processors a vcpu may run. */
#include "internal.h"

int hc_vcpu_set_affinity(struct hc_handle *handle, uint16_t domid, uint32_t vcpu, uint64_t hard)
{
	struct hc_control control = { .cmd = HC_CONTROL_VCPU_SET_AFFINITY, .domid = domid };

	control.u.vcpu_affinity.vcpu = vcpu;
	control.u.vcpu_affinity.hard_affinity = hard;
	return hc_control_call(handle, &control);
}
