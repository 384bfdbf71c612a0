/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zstd, by libzstd. */
#include "unpack.h"

#include <errno.h>
#include <zstd.h>

/* 2^27 bytes: what kernels packed with --ultra need, and the format's recommended maximum. */
#define WINDOW_LOG 27

static int decode_all(ZSTD_DStream *stream, const struct unpack_input *input,
		      struct unpack_output *output, struct build_error *error)
{
	ZSTD_inBuffer in = { .src = input->data, .size = input->size };
	uint8_t piece[65536];
	ZSTD_outBuffer out = { .dst = piece, .size = sizeof(piece) };
	size_t ret, before;
	int code;

	do {
		out.pos = 0;
		before = in.pos;
		ret = ZSTD_decompressStream(stream, &out, &in);
		if (ZSTD_isError(ret))
			return build_fail(error, -ENOEXEC,
					  "%s: offset %llu: cannot unpack the zstd payload: %s",
					  input->path, (unsigned long long)(input->offset + in.pos),
					  ZSTD_getErrorName(ret));
		if (ret && in.pos == before && !out.pos)
			return build_fail(error, -ENOEXEC,
					  "%s: offset %llu: the zstd payload ends early",
					  input->path, (unsigned long long)(input->offset + in.pos));
		code = unpack_write(input, output, piece, out.pos, error);
		if (code < 0)
			return code;
	} while (ret);
	return 0;
}

int unpack_zstd(const struct unpack_input *input, struct unpack_output *output,
		struct build_error *error)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	int code;

	if (!stream || ZSTD_isError(ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax,
							   WINDOW_LOG))) {
		ZSTD_freeDStream(stream);
		return build_fail(error, -ENOMEM, "%s: no memory to unpack zstd", input->path);
	}
	code = decode_all(stream, input, output, error);
	ZSTD_freeDStream(stream);
	return code;
}
