/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets what the context of a vcpu leaves out. */
#include "internal.h"

int hc_vcpu_set_state(struct hc_handle *handle, uint16_t domid, uint32_t vcpu,
		      const struct hc_vcpu_state *state)
{
	struct hc_vcpu_state copy = *state;

	return hc_control_vcpu(handle, HC_CONTROL_VCPU_SET_STATE, domid, vcpu, &copy, sizeof(copy));
}
