/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replacing frame numbers. */
#include "table.h"

#include <hypercall/base.h>

#define ENTRY_PRESENT	1ull
#define ENTRY_FRAME	0x000ffffffffff000ull

/* Slots of a level-4 table that are the hypervisor's. */
#define SLOTS_FIRST	256
#define SLOTS_LAST	271

/* Linux' marks in its p2m: absent; another domain's frame; a frame number that is the machine's. */
#define P2M_ABSENT	(~0ull)
#define P2M_FOREIGN	(1ull << 63)
#define P2M_IDENTITY	(1ull << 62)

unsigned int table_translate(uint64_t table[TABLE_ENTRIES], unsigned int level,
			     const struct frame_list *list, uint64_t *stranger)
{
	unsigned int strangers = 0;

	for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
		uint64_t frame = (table[i] & ENTRY_FRAME) >> HC_PAGE_SHIFT, to;

		if (level == 4 && i >= SLOTS_FIRST && i <= SLOTS_LAST) {
			table[i] = 0;
			continue;
		}
		if (!(table[i] & ENTRY_PRESENT))
			continue;
		to = frame_translate(list, frame);
		if (to == FRAME_NONE) {
			table[i] = 0;
			*stranger = frame;
			strangers++;
		} else {
			table[i] = (table[i] & ~ENTRY_FRAME) | to << HC_PAGE_SHIFT;
		}
	}
	return strangers;
}

bool table_p2m_frame(uint64_t entry, uint64_t *machine)
{
	*machine = entry;
	return entry != P2M_ABSENT && !(entry & (P2M_FOREIGN | P2M_IDENTITY));
}

void table_fill_p2m(uint64_t page[TABLE_ENTRIES], uint64_t first, const struct frame_list *machine)
{
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
		uint64_t own = frame_translate(machine, first + i);

		/* Of a foreign entry the mark for identity is part of the number. */
		if (own != FRAME_NONE)
			page[i] = own;
		else if (page[i] & P2M_FOREIGN || !(page[i] & P2M_IDENTITY))
			page[i] = P2M_ABSENT;
	}
}
