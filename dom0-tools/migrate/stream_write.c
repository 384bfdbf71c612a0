/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing sections: packing where it helps, and checksums. */
#include "stream.h"

#include "../lib/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

static int write_fully(struct stream_writer *writer, struct iovec *parts, int count)
{
	while (count) {
		ssize_t wrote = writev(writer->fd, parts, count);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0) {
			int code = wrote ? -errno : -EIO;

			return build_fail(writer->error, code, "cannot be written: %s", strerror(-code));
		}
		writer->bytes += (uint64_t)wrote;
		for (; count && (size_t)wrote >= parts->iov_len; parts++, count--)
			wrote -= (ssize_t)parts->iov_len;
		if (count) {
			parts->iov_base = (char *)parts->iov_base + wrote;
			parts->iov_len -= (size_t)wrote;
		}
	}
	return 0;
}

static int open_as(struct stream_writer *writer, uint32_t version, int fd, int level, struct build_error *error)
{
	struct stream_header header = { .magic = STREAM_MAGIC, .version = version };
	struct iovec part = { &header, sizeof(header) };

	*writer = (struct stream_writer){ .fd = fd, .level = level, .error = error };
	if (level) {
		writer->packer = ZSTD_createCCtx();
		writer->packed = malloc(STREAM_PAYLOAD_MAX);
		if (!writer->packer || !writer->packed)
			return build_fail(error, -ENOMEM, "no memory to pack it");
	}
	header.checksum = (uint32_t)crc32(0, (const void *)&header,
					  offsetof(struct stream_header, checksum));
	return write_fully(writer, &part, 1);
}

int stream_writer_open(struct stream_writer *writer, int fd, int level, struct build_error *error)
{
	return open_as(writer, STREAM_VERSION, fd, level, error);
}

int stream_series_open(struct stream_writer *writer, int fd, int level, struct build_error *error)
{
	int code = open_as(writer, STREAM_SERIES, fd, level, error);

	if (code == 0 && lseek(fd, STREAM_SERIES_START, SEEK_SET) < 0)
		code = build_fail(error, -errno, "cannot be written: %s", strerror(errno));
	writer->bytes = STREAM_SERIES_START;
	return code;
}

void stream_pace(struct stream_writer *writer, uint64_t bytes_a_second)
{
	writer->pace = bytes_a_second;
	writer->paced_bytes = writer->bytes;
	writer->paced_ns = monotonic_ns();
}

/* Until what was written is due. What was not used of the pace before is not caught up with. */
static void keep_pace(struct stream_writer *writer)
{
	uint64_t due = (writer->bytes - writer->paced_bytes) * 1000000000 / writer->pace, now = monotonic_ns();
	uint64_t left = writer->paced_ns + due - now;
	struct timespec pause = { .tv_sec = (time_t)(left / 1000000000), .tv_nsec = (long)(left % 1000000000) };

	if (now < writer->paced_ns + due)
		while (nanosleep(&pause, &pause) && errno == EINTR)
			;
	stream_pace(writer, writer->pace);
}

int stream_write(struct stream_writer *writer, uint32_t type, const void *payload, size_t size)
{
	struct stream_section section = {
		.type = type, .sequence = writer->sequence, .stored = (uint32_t)size,
		.size = (uint32_t)size,
	};
	const void *stored = payload;
	struct iovec parts[2];
	int code;

	if (size > STREAM_PAYLOAD_MAX)
		return build_fail(writer->error, -E2BIG, "a section of type %u would have %zu bytes",
				  type, size);
	if (writer->level && size) {
		/* With less room than the payload takes, what does not shrink is an error. */
		size_t packed = ZSTD_compressCCtx(writer->packer, writer->packed, size - 1, payload,
						  size, writer->level);

		if (!ZSTD_isError(packed)) {
			section.flags = STREAM_PACKED;
			section.stored = (uint32_t)packed;
			stored = writer->packed;
		}
	}
	section.checksum = (uint32_t)crc32(0, (const void *)&section,
					   offsetof(struct stream_section, checksum));
	section.checksum = (uint32_t)crc32(section.checksum, stored, section.stored);
	writer->sequence++;
	parts[0] = (struct iovec){ &section, sizeof(section) };
	parts[1] = (struct iovec){ (void *)stored, section.stored };
	code = write_fully(writer, parts, section.stored ? 2 : 1);
	if (code == 0 && writer->pace)
		keep_pace(writer);
	return code;
}

void stream_writer_close(struct stream_writer *writer)
{
	ZSTD_freeCCtx(writer->packer);
	free(writer->packed);
	writer->packer = NULL;
	writer->packed = NULL;
}
