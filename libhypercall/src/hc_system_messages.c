/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the hypervisor's messages. */
#include "internal.h"

/* Bytes of one hypercall. */
#define PIECE 65536

int hc_system_messages(struct hc_handle *handle, uint64_t *from, char *text, size_t size,
		       uint32_t flags)
{
	struct hc_system system = { .cmd = HC_SYSTEM_MESSAGES };
	struct hc_system_messages *messages = &system.u.messages;
	void *buffer;
	int ret;

	if (!size)
		return -EINVAL;
	if (size > PIECE)
		size = PIECE;
	ret = hc_buffer_alloc(handle, size, &buffer);
	if (ret < 0)
		return ret;
	messages->buffer = (uintptr_t)buffer;
	messages->capacity = (uint32_t)size;
	messages->from = *from;
	messages->flags = flags;
	ret = hc_system_call(handle, &system);
	if (ret >= 0 && messages->count > size)
		ret = -EPROTO;
	if (ret >= 0) {
		memcpy(text, buffer, messages->count);
		*from = messages->from;
		ret = (int)messages->count;
	}
	hc_buffer_free(handle, buffer, size);
	return ret;
}
