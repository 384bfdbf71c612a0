/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arranges what happens when a mapping of granted pages ends. */
#include "internal.h"

int hc_grant_notify(int fd, void *address, int32_t offset, uint32_t port)
{
	struct gntdev_get_offset_for_vaddr where = { .vaddr = (uintptr_t)address };
	struct unmap_notify notify;
	int ret;

	ret = device_call(fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &where);
	if (ret < 0)
		return ret;
	if (offset >= 0 && (uint32_t)offset >= (uint64_t)where.count * HC_PAGE_SIZE)
		return -EINVAL;
	notify = hc_unmap_notify_make(where.offset, offset, port);
	return device_call(fd, IOCTL_UNMAP_NOTIFY, &notify);
}
