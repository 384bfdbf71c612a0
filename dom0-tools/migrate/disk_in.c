/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing disks past dom0's page cache of their devices, which the guest will not read. */
#include "disk_in.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hypercall/base.h>

#define SECTOR		512
#define SYNC_BYTES	(64ull << 20)	/* so much is at most left to do when the guest stands still */

static int refused(const struct disk_in *disks, unsigned int index, int code, const char *what)
{
	return build_fail(disks->error, code, "disk %u %s: %s", index + 1, what, strerror(-code));
}

static int open_disk(struct disk_in *disks, unsigned int index, const char *path)
{
	off_t size;

	disks->fd[index] = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	size = disks->fd[index] < 0 ? -1 : lseek(disks->fd[index], 0, SEEK_END);
	if (size < 0)
		return refused(disks, index, -errno, "cannot be opened");
	disks->bytes[index] = (uint64_t)size;
	return 0;
}

int disk_in_open(struct disk_in *disks, char *const paths[], unsigned int count, struct build_error *error)
{
	int code = 0;

	*disks = (struct disk_in){ .error = error };
	if (count > DISKS_MAX)
		return build_fail(error, -EINVAL, "%u disks are too many", count);
	disks->count = count;
	for (unsigned int i = 0; i < count; i++)
		disks->fd[i] = -1;
	disks->buffer = aligned_alloc(HC_PAGE_SIZE, STREAM_PAYLOAD_MAX);
	if (!disks->buffer)
		return build_fail(error, -ENOMEM, "no memory to copy disks");
	for (unsigned int i = 0; i < count && code == 0; i++)
		if (strcmp(paths[i], "-"))
			code = open_disk(disks, i, paths[i]);
	return code;
}

int disk_in_take(struct disk_in *disks, const struct stream_reader *reader)
{
	const struct stream_disk *section = (const void *)reader->payload;
	uint64_t size, done = 0;

	if (reader->size <= sizeof(*section))
		return stream_bad(reader, "has no contents");
	size = reader->size - sizeof(*section);
	if (section->disk >= disks->count || disks->fd[section->disk] < 0)
		return stream_bad(reader, "disk %llu is none that is to be copied",
				  (unsigned long long)section->disk + 1);
	if (section->offset % SECTOR || size % SECTOR || section->offset > disks->bytes[section->disk] ||
	    size > disks->bytes[section->disk] - section->offset)
		return stream_bad(reader, "byte %llu, and %llu from there, are not within disk %llu",
				  (unsigned long long)section->offset, (unsigned long long)size,
				  (unsigned long long)section->disk + 1);
	memcpy(disks->buffer, section->data, size);
	while (done < size) {
		ssize_t put = pwrite(disks->fd[section->disk], (char *)disks->buffer + done, size - done,
				     (off_t)(section->offset + done));

		if (put <= 0)
			return refused(disks, (unsigned int)section->disk, put ? -errno : -EIO,
				       "cannot be written");
		done += (uint64_t)put;
	}
	disks->unsynced += size;
	return disks->unsynced < SYNC_BYTES ? 0 : disk_in_sync(disks);
}

int disk_in_sync(struct disk_in *disks)
{
	for (unsigned int i = 0; i < disks->count; i++)
		if (disks->fd[i] >= 0 && fsync(disks->fd[i]))
			return refused(disks, i, -errno, "cannot be written");
	disks->unsynced = 0;
	return 0;
}

void disk_in_close(struct disk_in *disks)
{
	for (unsigned int i = 0; i < disks->count; i++)
		if (disks->fd[i] >= 0)
			close(disks->fd[i]);
	free(disks->buffer);
	disks->buffer = NULL;
	disks->count = 0;
}
