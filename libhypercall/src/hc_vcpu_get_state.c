/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads what the context of a vcpu leaves out. */
#include "internal.h"

int hc_vcpu_get_state(struct hc_handle *handle, uint16_t domid, uint32_t vcpu,
		      struct hc_vcpu_state *state)
{
	memset(state, 0, sizeof(*state));
	return hc_control_vcpu(handle, HC_CONTROL_VCPU_GET_STATE, domid, vcpu, state, sizeof(*state));
}
