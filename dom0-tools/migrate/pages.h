/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of a guest on their way into a stream, whether it is suspended or runs.
 */
#ifndef MIGRATE_PAGES_H
#define MIGRATE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "guest.h"
#include "stream.h"

struct disks;

struct pages {
	struct guest *guest;
	struct stream_writer *writer;
	struct build_error *error;
	bool running;		/* what cannot be read or translated now is marked in again */
	bool zero;		/* zero pages are told of: something else may have been sent before */
	uint64_t *again;	/* bitmap of guest frames, of entries bits; only where it runs */
	uint64_t stored;	/* pages written so far */
	void (*progress)(uint64_t done, uint64_t pages, void *data);	/* may be NULL */
	void *data;
	struct disks *disks;	/* that go with it; NULL: none */
	uint64_t *section;	/* count, words, then contents */
	uint64_t *contents;	/* as read */
};

/* Makes the buffers: 0 or -ENOMEM with *error. pages_close() in either case. */
int pages_open(struct pages *pages);

/*
 * Writes those of the guest's frames that are set in a bitmap, or all (NULL),
 * of entries frames. 0, or a negative errno with *error: -EPROTO a page table
 * cannot be taken along, else what the hypervisor or writing said.
 */
int pages_write(struct pages *pages, const uint64_t *wanted, uint64_t entries);
void pages_close(struct pages *pages);

static inline bool pages_bit(const uint64_t *bitmap, uint64_t frame)
{
	return bitmap[frame / 64] >> frame % 64 & 1;
}

static inline void pages_mark(uint64_t *bitmap, uint64_t frame)
{
	bitmap[frame / 64] |= 1ull << frame % 64;
}

#endif
