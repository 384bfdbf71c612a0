/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chooses the decompressor by its magic, and writes what it gives. */
#include "unpack.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct format {
	const char *name;
	uint8_t magic[6];
	uint8_t length;		/* Bytes of magic. */
	int (*unpack)(const struct unpack_input *input, struct unpack_output *output,
		      struct build_error *error);
} formats[] = {
	{ "gzip", { 0x1f, 0x8b, 0x08 }, 3, unpack_gzip },
	{ "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, unpack_xz },
	{ "lz4", { 0x02, 0x21, 0x4c, 0x18 }, 4, unpack_lz4 },
	{ "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, unpack_zstd },
};

static const struct format *find(const uint8_t *data, size_t size)
{
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (size >= formats[i].length &&
		    !memcmp(data, formats[i].magic, formats[i].length))
			return &formats[i];
	return NULL;
}

int unpack_known(const uint8_t *data, size_t size)
{
	return find(data, size) != NULL;
}

int unpack_write(const struct unpack_input *input, struct unpack_output *output,
		 const void *data, size_t size, struct build_error *error)
{
	const char *at = data;
	ssize_t n;

	if (size > UNPACK_LIMIT - output->size)
		return build_fail(error, -EFBIG,
				  "%s: the payload at offset %llu unpacks to more than %llu MiB",
				  input->path, (unsigned long long)input->offset,
				  UNPACK_LIMIT >> 20);
	output->size += size;
	while (size) {
		n = write(output->fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int code = n < 0 ? -errno : -EIO;

			return build_fail(error, code, "%s: cannot store the unpacked kernel: %s",
					  input->path, strerror(-code));
		}
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

int unpack(const struct unpack_input *input, struct unpack_output *output,
	   struct build_error *error)
{
	const struct format *format = find(input->data, input->size);

	if (!format)
		return build_fail(error, -ENOEXEC,
				  "%s: offset %llu: expected a gzip, xz, lz4 or zstd payload",
				  input->path, (unsigned long long)input->offset);
	return format->unpack(input, output, error);
}
