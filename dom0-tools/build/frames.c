/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives a domain its memory, and lists it. */
#include "frames.h"

#include <errno.h>
#include <string.h>

#include <hypercall/hypercall.h>

/* Extents of 2^order pages for guest frames from pfn on; as hc_domain_populate(). */
static int populate(struct hc_handle *handle, uint16_t domid, uint64_t *list, uint64_t pfn,
		    uint64_t count, unsigned int order)
{
	for (uint64_t i = 0; i < count; i++)
		list[i] = pfn + (i << order);
	return count ? hc_domain_populate(handle, domid, list, count, order) : 0;
}

int64_t frames_populate(struct frames *frames, struct hc_handle *handle, uint16_t domid,
			uint64_t pages)
{
	int got = populate(handle, domid, frames->list, 0, pages / FRAMES_EXTENT, FRAMES_ORDER);
	uint64_t done;

	/* That none was to be had says nothing of single pages. */
	frames->large = got > 0 ? (uint64_t)got : 0;
	done = frames->large * FRAMES_EXTENT;
	got = populate(handle, domid, frames->list + frames->large, done, pages - done, 0);
	if (got < 0 && got != -ENOMEM)
		return got;
	return (int64_t)done + (got > 0 ? got : 0);
}

/* Two at a time, by the processor's vectors: this is all that most pages of a domain cost its builder. */
static void count_up(uint64_t *list, uint64_t first, size_t count)
{
	typedef uint64_t pair __attribute__((vector_size(16)));
	pair next = { first, first + 1 };
	size_t i;

#pragma GCC unroll 8
	for (i = 0; i < count / 2; i++, next += 2)
		memcpy(list + 2 * i, &next, sizeof(next));
	if (count % 2)
		list[count - 1] = first + count - 1;
}

void frames_list(const struct frames *frames, uint64_t pfn, size_t count, uint64_t *list)
{
	uint64_t singles = frames->large * FRAMES_EXTENT;
	size_t n;

	for (; count && pfn < singles; count -= n, pfn += n, list += n) {
		n = FRAMES_EXTENT - pfn % FRAMES_EXTENT;
		if (n > count)
			n = count;
		count_up(list, frames_get(frames, pfn), n);
	}
	if (count)
		memcpy(list, frames->list + frames->large + (pfn - singles), count * sizeof(*list));
}
