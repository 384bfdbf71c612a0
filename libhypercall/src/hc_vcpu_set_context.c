/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets what a vcpu starts with. */
#include "internal.h"

#include <hypercall/vcpu.h>

int hc_vcpu_set_context(struct hc_handle *handle, uint16_t domid, uint32_t vcpu,
			const struct hc_vcpu_guest_context *context)
{
	struct hc_vcpu_guest_context copy = *context;

	return hc_control_vcpu(handle, HC_CONTROL_VCPU_SET_CONTEXT, domid, vcpu, &copy, sizeof(copy));
}
