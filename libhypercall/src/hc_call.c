/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One hypercall by way of privcmd. */
#include "internal.h"

int hc_call(struct hc_handle *handle, unsigned int number, const uint64_t arguments[5])
{
	struct privcmd_hypercall call = { .op = number };

	memcpy(call.arg, arguments, sizeof(call.arg));
	return device_call(handle->privcmd, IOCTL_PRIVCMD_HYPERCALL, &call);
}
