/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xz, by liblzma. */
#include "unpack.h"

#include <errno.h>
#include <lzma.h>

static const char *reason(lzma_ret ret)
{
	switch (ret) {
	case LZMA_MEM_ERROR:
		return "no memory";
	case LZMA_MEMLIMIT_ERROR:
		return "its dictionary is too large";
	case LZMA_OPTIONS_ERROR:
		return "it uses unknown options";
	case LZMA_BUF_ERROR:
		return "it ends early";
	default:
		return "its data are damaged";
	}
}

static int decode_all(lzma_stream *stream, const struct unpack_input *input,
		      struct unpack_output *output, struct build_error *error)
{
	uint8_t piece[65536];
	lzma_ret ret;
	int code;

	do {
		stream->next_out = piece;
		stream->avail_out = sizeof(piece);
		ret = lzma_code(stream, LZMA_RUN);
		if (ret != LZMA_OK && ret != LZMA_STREAM_END)
			return build_fail(error, ret == LZMA_MEM_ERROR ? -ENOMEM : -ENOEXEC,
					  "%s: offset %llu: cannot unpack the xz payload: %s",
					  input->path,
					  (unsigned long long)(input->offset + stream->total_in),
					  reason(ret));
		code = unpack_write(input, output, piece, sizeof(piece) - stream->avail_out, error);
		if (code < 0)
			return code;
	} while (ret != LZMA_STREAM_END);
	return 0;
}

int unpack_xz(const struct unpack_input *input, struct unpack_output *output,
	      struct build_error *error)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	int code;

	if (lzma_stream_decoder(&stream, UNPACK_WINDOW, 0) != LZMA_OK)
		return build_fail(error, -ENOMEM, "%s: no memory to unpack xz", input->path);
	stream.next_in = input->data;
	stream.avail_in = input->size;
	code = decode_all(&stream, input, output, error);
	lzma_end(&stream);
	return code;
}
