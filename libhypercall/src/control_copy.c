/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whole pages between the caller and a domain, in pieces of 1 MiB: large enough
 * that the hypercall's cost does not count, small enough for locked memory.
 */
#include "internal.h"

#define PIECE 256

struct piece {
	char data[PIECE][HC_PAGE_SIZE];
	uint64_t frames[PIECE];
};

static int copy_piece(struct hc_handle *handle, struct hc_control *control, struct piece *piece,
		      const uint64_t *frames, size_t count, char *data)
{
	struct hc_control_copy *copy = &control->u.copy;
	int ret;

	memcpy(piece->frames, frames, count * sizeof(*frames));
	if (data && control->cmd == HC_CONTROL_COPY_TO)
		memcpy(piece->data, data, count * HC_PAGE_SIZE);
	copy->list = (uintptr_t)piece->frames;
	copy->buffer = data ? (uintptr_t)piece->data : 0;
	copy->count = (uint32_t)count;
	copy->flags = data ? 0 : HC_COPY_ZERO;
	copy->done = 0;
	ret = hc_control_call(handle, control);
	if (ret < 0)
		return ret;
	if (control->cmd == HC_CONTROL_COPY_FROM)
		memcpy(data, piece->data, count * HC_PAGE_SIZE);
	return 0;
}

int hc_control_copy(struct hc_handle *handle, uint32_t cmd, uint16_t domid,
		    const uint64_t *frames, size_t count, void *data)
{
	struct hc_control control = { .cmd = cmd, .domid = domid };
	void *buffer;
	size_t n;
	int ret;

	if (!count)
		return 0;
	ret = hc_buffer_alloc(handle, sizeof(struct piece), &buffer);
	if (ret < 0)
		return ret;
	for (; count && ret >= 0; count -= n, frames += n) {
		n = count < PIECE ? count : PIECE;
		ret = copy_piece(handle, &control, buffer, frames, n, data);
		if (data)
			data = (char *)data + n * HC_PAGE_SIZE;
	}
	hc_buffer_free(handle, buffer, sizeof(struct piece));
	return ret;
}
