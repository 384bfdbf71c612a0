/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Allocates pages and grants them to a domain. */
#include <stdlib.h>
#include <sys/mman.h>

#include "internal.h"

int hc_share_alloc(int fd, uint16_t domid, uint32_t count, int writable, uint32_t *refs,
		   struct hc_share *share)
{
	struct gntalloc_dealloc_gref dealloc = { .count = count };
	struct gntalloc_alloc_gref *alloc;
	void *memory;
	int ret;

	if (!count || count > MAX_GRANTS)
		return -EINVAL;
	alloc = calloc(1, sizeof(*alloc) + (count - 1) * sizeof(alloc->gref_ids[0]));
	if (!alloc)
		return -ENOMEM;
	alloc->domid = domid;
	alloc->flags = writable ? GNTALLOC_FLAG_WRITABLE : 0;
	alloc->count = count;
	ret = device_call(fd, IOCTL_GNTALLOC_ALLOC_GREF, alloc);
	if (ret < 0)
		goto out_free;

	dealloc.index = alloc->index;
	memory = mmap(NULL, (size_t)count * HC_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		      (off_t)alloc->index);
	if (memory == MAP_FAILED) {
		ret = -errno;
		device_call(fd, IOCTL_GNTALLOC_DEALLOC_GREF, &dealloc);
		goto out_free;
	}
	memcpy(refs, alloc->gref_ids, count * sizeof(*refs));
	*share = (struct hc_share){ .address = memory, .index = alloc->index, .count = count };
	ret = 0;

out_free:
	free(alloc);
	return ret;
}
