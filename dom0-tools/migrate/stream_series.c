/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of checkpoints: which of what it holds counts. Two places tell in turn of the latest one, a block each:
 * a crash while one is written leaves the other, which tells of the checkpoint before.
 */
#include "stream.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static uint32_t checksum(const struct stream_checkpoint *checkpoint)
{
	return (uint32_t)crc32(0, (const void *)checkpoint, offsetof(struct stream_checkpoint, checksum));
}

int stream_commit(struct stream_writer *writer, uint64_t number, int64_t time)
{
	struct stream_checkpoint checkpoint = { .number = number, .end = writer->bytes, .time = time };
	ssize_t wrote;

	checkpoint.checksum = checksum(&checkpoint);
	if (!fdatasync(writer->fd)) {
		wrote = pwrite(writer->fd, &checkpoint, sizeof(checkpoint), STREAM_SLOT(number));
		if (wrote == sizeof(checkpoint) && !fdatasync(writer->fd))
			return 0;
		if (wrote >= 0 && wrote < (ssize_t)sizeof(checkpoint))
			errno = ENOSPC;
	}
	return build_fail(writer->error, -errno, "cannot be written: %s", strerror(errno));
}

static bool is_whole(const struct stream_checkpoint *checkpoint)
{
	return checkpoint->checksum == checksum(checkpoint) && checkpoint->number && !checkpoint->reserved &&
	       checkpoint->end > STREAM_SERIES_START;
}

static int bad(const struct stream_reader *reader, int code, const char *what)
{
	return build_fail(reader->error, code, "%s: %s", reader->name, what);
}

int stream_series_begin(struct stream_reader *reader)
{
	struct stream_checkpoint checkpoint, *best = &reader->checkpoint;
	bool any = false;
	struct stat info;

	if (fstat(reader->fd, &info) || !S_ISREG(info.st_mode))
		return bad(reader, -EPROTONOSUPPORT, "is of checkpoints, which are read from files only");
	for (unsigned int i = 0; i < 2; i++) {
		if (pread(reader->fd, &checkpoint, sizeof(checkpoint), STREAM_SLOT(i)) != sizeof(checkpoint) ||
		    !is_whole(&checkpoint))
			continue;
		any = true;
		if (checkpoint.number > best->number && checkpoint.end <= (uint64_t)info.st_size)
			*best = checkpoint;
	}
	if (!best->number)
		return bad(reader, -EBADMSG, any ? "ends before its last two checkpoints do: it is truncated" :
			   "has no complete checkpoint: it is truncated or damaged");
	if (lseek(reader->fd, STREAM_SERIES_START, SEEK_SET) < 0)
		return bad(reader, -errno, strerror(errno));
	reader->left = best->end - STREAM_SERIES_START;
	return 0;
}

bool stream_more(const struct stream_reader *reader)
{
	return reader->checkpoint.number && reader->left;
}
