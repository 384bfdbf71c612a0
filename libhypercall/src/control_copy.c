/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whole pages between the caller and a domain, in pieces of up to 1 MiB: large
 * enough that the hypercall's cost does not count, small enough for locked
 * memory. The kernel makes, clears and maps each page of a buffer, which costs
 * more than to copy it: a buffer is no larger than what is to go through it.
 */
#include "internal.h"

#define PIECE 256

/* A buffer: pages, unless they are only to be cleared, and behind them the list of frames. */
struct piece {
	char *data;
	uint64_t *frames;
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
	size_t n = count < PIECE ? count : PIECE;
	size_t pages = data ? n * HC_PAGE_SIZE : 0, size = pages + n * sizeof(*frames);
	struct piece piece;
	void *buffer;
	int ret;

	if (!count)
		return 0;
	ret = hc_buffer_alloc(handle, size, &buffer);
	if (ret < 0)
		return ret;
	piece.data = buffer;
	piece.frames = (uint64_t *)(piece.data + pages);
	for (; count && ret >= 0; count -= n, frames += n) {
		n = count < PIECE ? count : PIECE;
		ret = copy_piece(handle, &control, &piece, frames, n, data);
		if (data)
			data = (char *)data + n * HC_PAGE_SIZE;
	}
	hc_buffer_free(handle, buffer, size);
	return ret;
}
