/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a guest publishes. */
#include "internal.h"

int hc_domain_symspy(struct hc_handle *handle, uint16_t domid, uint32_t vcpu, uint64_t *mfn)
{
	struct hc_control control = { .cmd = HC_CONTROL_SYMSPY, .domid = domid };
	int ret;

	control.u.symspy.vcpu = vcpu;
	ret = hc_control_call(handle, &control);
	if (ret >= 0)
		*mfn = control.u.symspy.mfn;
	return ret;
}
