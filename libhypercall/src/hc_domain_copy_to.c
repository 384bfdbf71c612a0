/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes whole pages of a domain. */
#include "internal.h"

int hc_domain_copy_to(struct hc_handle *handle, uint16_t domid, const uint64_t *frames,
		      size_t count, const void *data)
{
	if (!data)
		return -EFAULT;
	/* COPY_TO only reads data; the helper serves both directions. */
	return hc_control_copy(handle, HC_CONTROL_COPY_TO, domid, frames, count,
			       (void *)(uintptr_t)data);
}
