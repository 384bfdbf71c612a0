/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gives a hypercall buffer back; single pages are kept for the next call. */
#include <sys/mman.h>

#include "internal.h"

static int put_cached(struct hc_handle *handle, void *page)
{
	unsigned int i;
	void *none;

	for (i = 0; i < CACHED_BUFFERS; i++) {
		none = NULL;
		if (__atomic_compare_exchange_n(&handle->cache[i], &none, page, 0,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return 1;
	}
	return 0;
}

void hc_buffer_free(struct hc_handle *handle, void *buffer, size_t size)
{
	if (!buffer)
		return;
	size = (size + HC_PAGE_SIZE - 1) & ~(size_t)(HC_PAGE_SIZE - 1);
	if (size == HC_PAGE_SIZE && put_cached(handle, buffer))
		return;
	munmap(buffer, size);
}
