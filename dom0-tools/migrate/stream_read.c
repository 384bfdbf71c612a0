/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading sections: nothing of one is handed out before all of it is known to be right. */
#include "stream.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

static int fail(const struct stream_reader *reader, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int fail(const struct stream_reader *reader, int code, const char *format, ...)
{
	char text[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return build_fail(reader->error, code, "%s: %s", reader->name, text);
}

int stream_bad(const struct stream_reader *reader, const char *format, ...)
{
	char text[360];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return fail(reader, -EBADMSG, "section %u (type %u): %s", reader->sequence - 1, reader->type,
		    text);
}

/* All of size bytes; what they are is for the message if the stream ends before. */
static int read_fully(struct stream_reader *reader, void *data, size_t size, const char *what)
{
	size_t done = 0;

	if (size > reader->left)
		return fail(reader, -EBADMSG, "%s %u goes beyond the end of its checkpoint: it is damaged", what,
			    reader->sequence);
	reader->left -= size;
	while (done < size) {
		ssize_t got = read(reader->fd, (char *)data + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(reader, -errno, "cannot be read: %s", strerror(errno));
		if (!got)
			return fail(reader, -EBADMSG, "ends early, in %s %u: it is truncated", what,
				    reader->sequence);
		done += (size_t)got;
	}
	return 0;
}

int stream_reader_open(struct stream_reader *reader, int fd, const char *name,
		       struct build_error *error)
{
	struct stream_header header;
	int code;

	*reader = (struct stream_reader){ .fd = fd, .name = name, .left = UINT64_MAX, .error = error };
	reader->unpacker = ZSTD_createDCtx();
	reader->payload = malloc(STREAM_PAYLOAD_MAX);
	reader->stored = malloc(STREAM_PAYLOAD_MAX);
	if (!reader->unpacker || !reader->payload || !reader->stored)
		return fail(reader, -ENOMEM, "no memory to read it");
	code = read_fully(reader, &header, sizeof(header), "the header before section");
	if (code < 0)
		return code;
	if (memcmp(header.magic, STREAM_MAGIC, sizeof(header.magic)))
		return fail(reader, -EBADMSG, "is not the saved state of a guest: it does not begin with "
			    STREAM_MAGIC);
	if (header.checksum != crc32(0, (const void *)&header, offsetof(struct stream_header, checksum)))
		return fail(reader, -EBADMSG, "header: wrong checksum: it is damaged");
	if ((header.version != STREAM_VERSION && header.version != STREAM_SERIES) || header.flags ||
	    header.reserved)
		return fail(reader, -EPROTONOSUPPORT,
			    "is of version %u with flags 0x%x; expected version %d or %d without", header.version,
			    header.flags, STREAM_VERSION, STREAM_SERIES);
	return header.version == STREAM_SERIES ? stream_series_begin(reader) : 0;
}

static int check_section(const struct stream_reader *reader, const struct stream_section *section)
{
	bool packed = section->flags & STREAM_PACKED;

	if (section->sequence != reader->sequence)
		return fail(reader, -EBADMSG, "section %u: is numbered %u: it is damaged",
			    reader->sequence, section->sequence);
	if (section->flags & ~STREAM_PACKED || section->size > STREAM_PAYLOAD_MAX ||
	    (packed ? section->stored >= section->size : section->stored != section->size))
		return fail(reader, -EBADMSG,
			    "section %u: flags 0x%x, %u bytes stored, %u unpacked: it is damaged",
			    reader->sequence, section->flags, section->stored, section->size);
	return 0;
}

static int unpack(const struct stream_reader *reader, const struct stream_section *section)
{
	size_t size = ZSTD_decompressDCtx(reader->unpacker, reader->payload, section->size,
					  reader->stored, section->stored);

	if (!ZSTD_isError(size) && size == section->size)
		return 0;
	return fail(reader, -EBADMSG, "section %u: cannot be unpacked: %s", reader->sequence,
		    ZSTD_isError(size) ? ZSTD_getErrorName(size) : "its size is another than announced");
}

int stream_read(struct stream_reader *reader)
{
	struct stream_section section;
	bool packed;
	uLong sum;
	int code;

	do {
		code = read_fully(reader, &section, sizeof(section), "section");
		if (code == 0)
			code = check_section(reader, &section);
		if (code < 0)
			return code;
		packed = section.flags & STREAM_PACKED;
		code = read_fully(reader, packed ? reader->stored : reader->payload, section.stored,
				  "section");
		if (code < 0)
			return code;
		sum = crc32(0, (const void *)&section, offsetof(struct stream_section, checksum));
		sum = crc32(sum, packed ? reader->stored : reader->payload, section.stored);
		if (sum != section.checksum)
			return fail(reader, -EBADMSG, "section %u: wrong checksum: it is damaged",
				    reader->sequence);
		code = packed ? unpack(reader, &section) : 0;
		if (code < 0)
			return code;
		reader->sequence++;
		reader->type = section.type;
		reader->size = section.size;
	} while (section.type & STREAM_OPTIONAL);
	if (!section.type || section.type > STREAM_DISK)
		return stream_bad(reader, "is not known here: written by a newer version?");
	return 0;
}

int stream_read_end(struct stream_reader *reader)
{
	char byte;
	ssize_t got;

	if (reader->checkpoint.number)
		return 0;	/* what follows is a checkpoint that was not completed */
	do
		got = read(reader->fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return fail(reader, -errno, "cannot be read: %s", strerror(errno));
	return got ? fail(reader, -EBADMSG, "goes on after its end: it is damaged") : 0;
}

void stream_reader_close(struct stream_reader *reader)
{
	ZSTD_freeDCtx(reader->unpacker);
	free(reader->payload);
	free(reader->stored);
	reader->unpacker = NULL;
	reader->payload = reader->stored = NULL;
}
