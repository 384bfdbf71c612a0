/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arranges what happens when our mapping of pages we granted ends. */
#include "internal.h"

int hc_share_notify(int fd, const struct hc_share *share, int32_t offset, uint32_t port)
{
	struct unmap_notify notify;

	if (offset >= 0 && (uint32_t)offset >= (uint64_t)share->count * HC_PAGE_SIZE)
		return -EINVAL;
	notify = hc_unmap_notify_make(share->index, offset, port);
	return device_call(fd, IOCTL_UNMAP_NOTIFY, &notify);
}
