/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frame numbers in page tables and elsewhere, from the machine's to the
 * guest's and back: the same replacement with another list.
 */
#ifndef MIGRATE_TABLE_H
#define MIGRATE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#define TABLE_ENTRIES	512
#define FRAME_NONE	(~0ull)		/* in a list: no such frame */

/* What each frame number becomes: to[n] for n below count, FRAME_NONE where there is none. */
struct frame_list {
	uint64_t *to;
	uint64_t count;
};

static inline uint64_t frame_translate(const struct frame_list *list, uint64_t frame)
{
	return frame < list->count ? list->to[frame] : FRAME_NONE;
}

/*
 * Replaces the frame in each present entry of a page table of a level, 1 to 4.
 * The slots of a level-4 table that belong to the hypervisor are cleared. Entries
 * that name a frame that is not in the list are cleared too; returns
 * how many, and the frame of the last in *stranger.
 */
unsigned int table_translate(uint64_t table[TABLE_ENTRIES], unsigned int level,
			     const struct frame_list *list, uint64_t *stranger);

/*
 * Brings a page of the guest's p2m up to date: entries of populated frames get
 * their new machine frame, others that name one become absent. first: the frame
 * number of its first entry.
 */
void table_fill_p2m(uint64_t page[TABLE_ENTRIES], uint64_t first, const struct frame_list *machine);

/* Whether a p2m entry names a machine frame of the guest's own, and which. */
bool table_p2m_frame(uint64_t entry, uint64_t *machine);

#endif
