/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gives a handle's buffers and descriptors back. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

void hc_close(struct hc_handle *handle)
{
	unsigned int i;

	if (!handle)
		return;
	for (i = 0; i < CACHED_BUFFERS; i++)
		if (handle->cache[i])
			munmap(handle->cache[i], HC_PAGE_SIZE);
	if (handle->buffers >= 0)
		close(handle->buffers);
	close(handle->privcmd);
	free(handle);
}
