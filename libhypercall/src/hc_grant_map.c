/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maps pages that a domain granted. */
#include <stdlib.h>
#include <sys/mman.h>

#include "internal.h"

/* Tells the driver of the references; its name for them goes to *index. */
static int name_grants(int fd, uint16_t domid, const uint32_t *refs, size_t count, uint64_t *index)
{
	struct gntdev_map_grant_ref *map;
	size_t i;
	int ret;

	map = calloc(1, sizeof(*map) + (count - 1) * sizeof(map->refs[0]));
	if (!map)
		return -ENOMEM;
	map->count = (uint32_t)count;
	for (i = 0; i < count; i++)
		map->refs[i] = (struct gntdev_grant_ref){ .domid = domid, .ref = refs[i] };
	ret = device_call(fd, IOCTL_GNTDEV_MAP_GRANT_REF, map);
	*index = map->index;
	free(map);
	return ret;
}

int hc_grant_map(int fd, uint16_t domid, const uint32_t *refs, size_t count, int prot,
		 void **address)
{
	struct gntdev_unmap_grant_ref unmap = { 0 };
	void *memory;
	int ret;

	if (!count || count > MAX_GRANTS)
		return -EINVAL;
	ret = name_grants(fd, domid, refs, count, &unmap.index);
	if (ret < 0)
		return ret;

	memory = mmap(NULL, count * HC_PAGE_SIZE, prot, MAP_SHARED, fd, (off_t)unmap.index);
	if (memory == MAP_FAILED) {
		ret = -errno;
		unmap.count = (uint32_t)count;
		device_call(fd, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap);
		return ret;
	}
	*address = memory;
	return 0;
}
