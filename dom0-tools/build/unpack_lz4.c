/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lz4 in its legacy frames, which is what kernels use: the magic, then blocks
 * of at most 8 MiB, each behind its compressed size (32 bits, little endian).
 * There is no end mark; bzImages append the unpacked size instead.
 */
#include "unpack.h"

#include <errno.h>
#include <lz4.h>
#include <stdlib.h>

#define MAGIC	0x184c2102u
#define BLOCK	(8u << 20)

static uint32_t read32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static int decode_all(char *block, const struct unpack_input *input,
		      struct unpack_output *output, struct build_error *error)
{
	size_t at = 4, left;
	uint32_t size;
	int n, code;

	while ((left = input->size - at) >= 4) {
		size = read32(input->data + at);
		if (left == 4 && size == (uint32_t)output->size)
			return 0;
		at += 4;
		if (size == MAGIC)
			continue;
		if (!size || size > left - 4)
			return build_fail(error, -ENOEXEC,
					  "%s: offset %llu: damaged lz4 payload: a block of %u bytes, %zu are left",
					  input->path, (unsigned long long)(input->offset + at - 4),
					  size, left - 4);
		n = LZ4_decompress_safe((const char *)input->data + at, block, (int)size, BLOCK);
		if (n < 0)
			return build_fail(error, -ENOEXEC,
					  "%s: offset %llu: damaged lz4 payload: the block does not unpack",
					  input->path, (unsigned long long)(input->offset + at));
		code = unpack_write(input, output, block, (size_t)n, error);
		if (code < 0)
			return code;
		at += size;
	}
	if (left)
		return build_fail(error, -ENOEXEC, "%s: offset %llu: the lz4 payload ends early",
				  input->path, (unsigned long long)(input->offset + at));
	return 0;
}

int unpack_lz4(const struct unpack_input *input, struct unpack_output *output,
	       struct build_error *error)
{
	char *block = malloc(BLOCK);
	int code;

	if (!block)
		return build_fail(error, -ENOMEM, "%s: no memory to unpack lz4", input->path);
	code = decode_all(block, input, output, error);
	free(block);
	return code;
}
