/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maps frames of another domain. */
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "internal.h"

/* Frames whose results fit on the stack: most callers map a few. */
#define FEW 128

/*
 * Maps all frames; results has count entries. The driver reports -ENOENT when
 * some frame is absent, but other failures of single frames only by results.
 */
static int map_batch(int fd, uint16_t domid, const uint64_t *frames, size_t count, void *memory,
		     int *results)
{
	struct privcmd_mmapbatch_v2 batch = {
		.num = (unsigned int)count,
		.dom = domid,
		.addr = (uintptr_t)memory,
		.arr = frames,
		.err = results,
	};
	int ret;

	memset(results, 0, count * sizeof(*results));
	ret = device_call(fd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch);
	return ret == -ENOENT || ret > 0 ? 0 : ret;
}

/* The verdict over all frames: see hc_foreign_map in the header. */
static int judge(const int *results, size_t count, int tolerant)
{
	size_t i, failed = 0;
	int first = 0;

	for (i = 0; i < count; i++) {
		if (!results[i])
			continue;
		failed++;
		if (!first)
			first = results[i];
	}
	if (!failed || (tolerant && failed < count))
		return 0;
	return first;
}

int hc_foreign_map(struct hc_handle *handle, uint16_t domid, const uint64_t *frames,
		   size_t count, int prot, int *errors, void **address)
{
	int few[FEW], *results = errors, ret;
	void *memory;

	if (!count || count > INT_MAX)
		return -EINVAL;
	if (!results)
		results = count <= FEW ? few : calloc(count, sizeof(*results));
	if (!results)
		return -ENOMEM;

	memory = mmap(NULL, count * HC_PAGE_SIZE, prot, MAP_SHARED, handle->privcmd, 0);
	if (memory == MAP_FAILED) {
		ret = -errno;
		goto out_results;
	}
	ret = map_batch(handle->privcmd, domid, frames, count, memory, results);
	if (!ret)
		ret = judge(results, count, errors != NULL);
	if (ret < 0)
		munmap(memory, count * HC_PAGE_SIZE);
	else
		*address = memory;

out_results:
	if (results != errors && results != few)
		free(results);
	return ret;
}
