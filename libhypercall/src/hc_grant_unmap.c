/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends a mapping of granted pages. */
#include <sys/mman.h>

#include "internal.h"

int hc_grant_unmap(int fd, void *address, size_t count)
{
	struct gntdev_get_offset_for_vaddr offset = { .vaddr = (uintptr_t)address };
	struct gntdev_unmap_grant_ref unmap = { 0 };
	int ret;

	ret = device_call(fd, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &offset);
	if (ret < 0)
		return ret;
	if (offset.count != count)
		return -EINVAL;
	if (munmap(address, count * HC_PAGE_SIZE) < 0)
		return -errno;
	unmap.index = offset.offset;
	unmap.count = offset.count;
	return device_call(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap);
}
