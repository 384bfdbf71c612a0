/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gives memory to a domain. */
#include <limits.h>

#include "internal.h"

#include <hypercall/memory.h>

/*
 * Extents of one hypercall, and pages: the guest ABI has it continued without
 * a return to the kernel here, so a piece must not take long, though its pages
 * may have to be cleared.
 */
#define PIECE 1024
#define PIECE_PAGES 4096

struct piece {
	struct hc_memory_reservation reservation;
	uint64_t frames[];
};

static size_t piece_extents(size_t left, unsigned int order)
{
	size_t most = order < 12 ? PIECE_PAGES >> order : 1;

	if (most > PIECE)
		most = PIECE;
	return left < most ? left : most;
}

/* Returns how many extents were got, or the error when it was none. */
static int populate_piece(struct hc_handle *handle, struct piece *piece, uint64_t *frames,
			  size_t count)
{
	uint64_t arguments[5] = { HC_MEM_POPULATE_PHYSMAP, (uintptr_t)&piece->reservation };
	int got;

	memcpy(piece->frames, frames, count * sizeof(*frames));
	piece->reservation.extent_start = (uintptr_t)piece->frames;
	piece->reservation.nr_extents = count;
	got = hc_call(handle, HC_NR_MEMORY_OP, arguments);
	if (got > 0)
		memcpy(frames, piece->frames, (size_t)got * sizeof(*frames));
	return got;
}

int hc_domain_populate(struct hc_handle *handle, uint16_t domid, uint64_t *frames, size_t count,
		       unsigned int order)
{
	size_t done = 0, n = piece_extents(count, order);
	size_t size = sizeof(struct piece) + n * sizeof(*frames);
	void *buffer;
	int ret;

	if (count > INT_MAX)
		return -EINVAL;
	ret = hc_buffer_alloc(handle, size, &buffer);
	if (ret < 0)
		return ret;
	while (done < count) {
		struct piece *piece = buffer;

		piece->reservation = (struct hc_memory_reservation){
			.extent_order = order, .domid = domid,
		};
		n = piece_extents(count - done, order);
		ret = populate_piece(handle, piece, frames + done, n);
		if (ret <= 0)
			break;
		done += (size_t)ret;
		if ((size_t)ret < n)
			break;
	}
	hc_buffer_free(handle, buffer, size);
	return done || ret >= 0 ? (int)done : ret;
}
