/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks the hypervisor what it is. */
#include "internal.h"

int hc_version(struct hc_handle *handle, unsigned int cmd, void *data, size_t size)
{
	uint64_t arguments[5] = { cmd };

	if (!data)
		return hc_call(handle, HC_NR_XEN_VERSION, arguments);
	return hc_call_data(handle, HC_NR_XEN_VERSION, arguments, 1, data, size);
}
