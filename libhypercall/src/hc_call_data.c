/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One hypercall with one structure, copied through a bounce buffer. */
#include "internal.h"

int hc_call_data(struct hc_handle *handle, unsigned int number, uint64_t arguments[5],
		 unsigned int where, void *data, size_t size)
{
	void *buffer;
	int ret;

	if (where > 4)
		return -EINVAL;
	ret = hc_buffer_alloc(handle, size, &buffer);
	if (ret < 0)
		return ret;
	memcpy(buffer, data, size);
	arguments[where] = (uintptr_t)buffer;
	ret = hc_call(handle, number, arguments);
	memcpy(data, buffer, size);
	hc_buffer_free(handle, buffer, size);
	return ret;
}
