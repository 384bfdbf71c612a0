/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes bits out of the log of written frames. */
#include "internal.h"

/* Guest frame numbers of one hypercall: a bitmap of 1 MiB. */
#define PIECE (8ULL << 20)

int64_t hc_dirty_log_read(struct hc_handle *handle, uint16_t domid, uint64_t first, uint64_t count,
			  uint64_t *bitmap, int clear)
{
	size_t size = (size_t)((count < PIECE ? count : PIECE) + 63) / 64 * sizeof(*bitmap);
	int64_t dirty = 0;
	void *buffer;
	int ret;

	if (!count)
		return 0;
	ret = hc_buffer_alloc(handle, size, &buffer);
	if (ret < 0)
		return ret;
	while (count) {
		struct hc_control_dirty_log log = {
			.op = clear ? HC_DIRTY_LOG_CLEAR : HC_DIRTY_LOG_PEEK,
			.first = first, .count = count < PIECE ? count : PIECE,
			.buffer = (uintptr_t)buffer,
		};

		ret = hc_dirty_log_call(handle, domid, &log);
		if (ret < 0)
			break;
		memcpy(bitmap, buffer, (log.count + 63) / 64 * sizeof(*bitmap));
		bitmap += log.count / 64;
		dirty += (int64_t)log.dirty;
		first += log.count;
		count -= log.count;
	}
	hc_buffer_free(handle, buffer, size);
	return ret < 0 ? ret : dirty;
}
