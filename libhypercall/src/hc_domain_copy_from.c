/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads whole pages of a domain. */
#include "internal.h"

int hc_domain_copy_from(struct hc_handle *handle, uint16_t domid, const uint64_t *frames,
			size_t count, void *data)
{
	if (!data)
		return -EFAULT;
	return hc_control_copy(handle, HC_CONTROL_COPY_FROM, domid, frames, count, data);
}
