/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets the bound of a domain's memory. */
#include "internal.h"

int hc_domain_set_memory(struct hc_handle *handle, uint16_t domid, uint64_t max_frames)
{
	struct hc_control control = { .cmd = HC_CONTROL_SET_MEMORY, .domid = domid };

	control.u.set_memory.max_frames = max_frames;
	return hc_control_call(handle, &control);
}
