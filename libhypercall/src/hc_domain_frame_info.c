/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What machine frames of a domain are used as, and which guest frames they are. */
#include "internal.h"

/* Words of one hypercall: 128 KiB. */
#define PIECE 16384

int hc_domain_frame_info(struct hc_handle *handle, uint16_t domid, const uint64_t *frames,
			 size_t count, uint64_t *info)
{
	struct hc_control control = { .cmd = HC_CONTROL_FRAME_INFO, .domid = domid };
	size_t most = count < PIECE ? count : PIECE, n;
	void *buffer;
	int ret;

	if (!count)
		return 0;
	ret = hc_buffer_alloc(handle, most * sizeof(*frames), &buffer);
	if (ret < 0)
		return ret;
	for (; count && ret >= 0; count -= n, frames += n, info += n) {
		n = count < most ? count : most;
		memcpy(buffer, frames, n * sizeof(*frames));
		control.u.frame_info = (struct hc_control_frame_info){
			.list = (uintptr_t)buffer, .count = (uint32_t)n,
		};
		ret = hc_control_call(handle, &control);
		if (ret >= 0)
			memcpy(info, buffer, n * sizeof(*info));
	}
	hc_buffer_free(handle, buffer, most * sizeof(*frames));
	return ret;
}
