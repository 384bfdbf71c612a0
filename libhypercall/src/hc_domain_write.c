/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes or clears pages of a domain without a copy on the way. */
#include "internal.h"

int hc_domain_write(struct hc_handle *handle, uint16_t domid, const uint64_t *frames,
		    uint32_t count, const void *data)
{
	struct hc_control control = { .cmd = HC_CONTROL_COPY_TO, .domid = domid };

	control.u.copy.list = (uintptr_t)frames;
	control.u.copy.buffer = (uintptr_t)data;
	control.u.copy.count = count;
	control.u.copy.flags = data ? 0 : HC_COPY_ZERO;
	return count ? hc_control_call(handle, &control) : 0;
}
