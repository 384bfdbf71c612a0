/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a new domain: which machine frame each guest frame has. Most
 * of it comes in extents of consecutive frames, so that it is a short list:
 *
 *   list:  extents, "large" of them   |   single frames, from pfn large * 512 on
 */
#ifndef BUILD_FRAMES_H
#define BUILD_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#define FRAMES_ORDER	9
#define FRAMES_EXTENT	(1ULL << FRAMES_ORDER)

struct hc_handle;

struct frames {
	uint64_t *list;
	uint64_t large;
};

/*
 * Gives the domain its pages and fills the list in, which has room for all of
 * them one by one. Returns how many were got, or an error other than that
 * memory was short.
 */
int64_t frames_populate(struct frames *frames, struct hc_handle *handle, uint16_t domid,
			uint64_t pages);

/* The machine frames of count guest frames from pfn on. */
void frames_list(const struct frames *frames, uint64_t pfn, size_t count, uint64_t *list);

static inline uint64_t frames_get(const struct frames *frames, uint64_t pfn)
{
	uint64_t extent = pfn / FRAMES_EXTENT;

	if (extent < frames->large)
		return frames->list[extent] + pfn % FRAMES_EXTENT;
	return frames->list[pfn - frames->large * (FRAMES_EXTENT - 1)];
}

#endif
