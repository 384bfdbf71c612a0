/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unmaps pages granted to a domain and revokes the grants. */
#include <sys/mman.h>

#include "internal.h"

int hc_share_free(int fd, struct hc_share *share)
{
	struct gntalloc_dealloc_gref dealloc = { .index = share->index, .count = share->count };

	if (munmap(share->address, (size_t)share->count * HC_PAGE_SIZE) < 0)
		return -errno;
	share->address = NULL;
	return device_call(fd, IOCTL_GNTALLOC_DEALLOC_GREF, &dealloc);
}
