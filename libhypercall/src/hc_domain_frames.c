/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists the machine frames of a domain. */
#include "internal.h"

/* Entries of one hypercall. */
#define PIECE 16384

int hc_domain_frames(struct hc_handle *handle, uint16_t domid, uint64_t *frames, size_t count,
		     uint64_t *start)
{
	struct hc_control control = { .cmd = HC_CONTROL_FRAME_LIST, .domid = domid };
	struct hc_control_frame_list *list = &control.u.frame_list;
	void *buffer;
	int ret;

	if (!count)
		return -EINVAL;
	if (count > PIECE)
		count = PIECE;
	ret = hc_buffer_alloc(handle, count * sizeof(*frames), &buffer);
	if (ret < 0)
		return ret;
	list->buffer = (uintptr_t)buffer;
	list->capacity = (uint32_t)count;
	list->start = *start;
	ret = hc_control_call(handle, &control);
	if (ret >= 0 && list->count > count)
		ret = -EPROTO;
	if (ret >= 0) {
		memcpy(frames, buffer, list->count * sizeof(*frames));
		*start = list->next;
		ret = (int)list->count;
	}
	hc_buffer_free(handle, buffer, count * sizeof(*frames));
	return ret;
}
