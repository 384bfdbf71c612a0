/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory for hypercall arguments. The hypervisor reads and writes it by the
 * caller's own page tables and cannot wait for the kernel to bring a page in or
 * to move it, so that plain memory will not do: /dev/xen/hypercall hands out
 * kernel pages that stay; without it, locked memory comes close enough.
 */
#include <sys/mman.h>

#include "internal.h"

static void *take_cached(struct hc_handle *handle)
{
	unsigned int i;
	void *page;

	for (i = 0; i < CACHED_BUFFERS; i++) {
		page = __atomic_exchange_n(&handle->cache[i], NULL, __ATOMIC_ACQ_REL);
		if (page) {
			memset(page, 0, HC_PAGE_SIZE);
			return page;
		}
	}
	return NULL;
}

static int map_locked(size_t size, void **buffer)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	/* A fork would make the pages copy-on-write, and move ours. */
	if (madvise(memory, size, MADV_DONTFORK) < 0) {
		int error = errno;

		munmap(memory, size);
		return -error;
	}
	/* MAP_LOCKED tells of no failure; touching makes each page present. */
	memset(memory, 0, size);
	*buffer = memory;
	return 0;
}

int hc_buffer_alloc(struct hc_handle *handle, size_t size, void **buffer)
{
	void *memory;

	if (!size || size > SIZE_MAX - HC_PAGE_SIZE)
		return -EINVAL;
	size = (size + HC_PAGE_SIZE - 1) & ~(size_t)(HC_PAGE_SIZE - 1);

	if (size == HC_PAGE_SIZE) {
		*buffer = take_cached(handle);
		if (*buffer)
			return 0;
	}
	if (handle->buffers < 0)
		return map_locked(size, buffer);

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, handle->buffers, 0);
	if (memory == MAP_FAILED)
		return -errno;
	*buffer = memory;
	return 0;
}
