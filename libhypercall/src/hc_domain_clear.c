/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clears pages of a domain. */
#include "internal.h"

int hc_domain_clear(struct hc_handle *handle, uint16_t domid, const uint64_t *frames,
		    size_t count)
{
	return hc_control_copy(handle, HC_CONTROL_COPY_TO, domid, frames, count, NULL);
}
