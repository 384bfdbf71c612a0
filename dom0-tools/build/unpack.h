/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decompression of kernels: gzip, xz, lz4 (the legacy frames of bzImages) and
 * zstd. Output goes to a descriptor piece by piece, so that memory is bounded
 * by the format's window and not by the kernel.
 */
#ifndef BUILD_UNPACK_H
#define BUILD_UNPACK_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* The largest kernel we unpack: three times the largest distribution kernel known. */
#define UNPACK_LIMIT	(512ULL << 20)

/* Memory a decompressor may take for its window. */
#define UNPACK_WINDOW	(160ULL << 20)

struct unpack_input {
	const char *path;	/* For messages. */
	uint64_t offset;	/* Of data in that file, for messages; bytes. */
	const uint8_t *data;
	size_t size;
};

struct unpack_output {
	int fd;
	uint64_t size;		/* Bytes written so far. */
};

/* Whether data begins like something unpack() knows. */
int unpack_known(const uint8_t *data, size_t size);

/* Unpacks into output. -ENOEXEC: unknown or damaged; -EFBIG: too large; errors of write(2). */
int unpack(const struct unpack_input *input, struct unpack_output *output,
	   struct build_error *error);

/* Appends; for the decompressors. */
int unpack_write(const struct unpack_input *input, struct unpack_output *output,
		 const void *data, size_t size, struct build_error *error);

/* The decompressors, one a file. */
int unpack_gzip(const struct unpack_input *input, struct unpack_output *output,
		struct build_error *error);
int unpack_xz(const struct unpack_input *input, struct unpack_output *output,
	      struct build_error *error);
int unpack_lz4(const struct unpack_input *input, struct unpack_output *output,
	       struct build_error *error);
int unpack_zstd(const struct unpack_input *input, struct unpack_output *output,
		struct build_error *error);

#endif
