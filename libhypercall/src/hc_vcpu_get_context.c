/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the registers and tables of a vcpu. */
#include "internal.h"

#include <hypercall/vcpu.h>

int hc_vcpu_get_context(struct hc_handle *handle, uint16_t domid, uint32_t vcpu,
			struct hc_vcpu_guest_context *context)
{
	memset(context, 0, sizeof(*context));
	return hc_control_vcpu(handle, HC_CONTROL_VCPU_GET_CONTEXT, domid, vcpu, context,
			       sizeof(*context));
}
