/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gzip, by zlib. */
#include "unpack.h"

#include <errno.h>
#include <limits.h>
#include <zlib.h>

static int inflate_all(z_stream *stream, const struct unpack_input *input,
		       struct unpack_output *output, struct build_error *error)
{
	uint8_t piece[65536];
	int ret, code;

	do {
		stream->next_out = piece;
		stream->avail_out = sizeof(piece);
		ret = inflate(stream, Z_NO_FLUSH);
		if (ret != Z_OK && ret != Z_STREAM_END)
			return build_fail(error, -ENOEXEC, "%s: offset %llu: damaged gzip payload: %s",
					  input->path,
					  (unsigned long long)(input->offset + stream->total_in),
					  stream->msg ? stream->msg : "it ends early");
		code = unpack_write(input, output, piece, sizeof(piece) - stream->avail_out, error);
		if (code < 0)
			return code;
	} while (ret != Z_STREAM_END);
	return 0;
}

int unpack_gzip(const struct unpack_input *input, struct unpack_output *output,
		struct build_error *error)
{
	z_stream stream = { 0 };
	int code;

	if (input->size > UINT_MAX)
		return build_fail(error, -EFBIG, "%s: the gzip payload is too large", input->path);
	/* 16: expect a gzip header, not a zlib one. */
	if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
		return build_fail(error, -ENOMEM, "%s: no memory to unpack gzip", input->path);
	stream.next_in = (uint8_t *)(uintptr_t)input->data;
	stream.avail_in = (uInt)input->size;
	code = inflate_all(&stream, input, output, error);
	inflateEnd(&stream);
	return code;
}
