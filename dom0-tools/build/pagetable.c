/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds the page tables a domain starts on. */
#include "pagetable.h"

#include <hypercall/base.h>

#define PRESENT		(1ULL << 0)
#define WRITABLE	(1ULL << 1)
#define USER		(1ULL << 2)	/* A PV kernel runs in ring 3. */
#define ACCESSED	(1ULL << 5)
#define DIRTY		(1ULL << 6)

#define TABLE_BITS	(PRESENT | WRITABLE | USER | ACCESSED)
#define PAGE_BITS	(PRESENT | USER | ACCESSED | DIRTY)

#define LEVELS		4

/* The tables of one range; tables[0] of level 4 is shared by all ranges. */
struct range {
	uint64_t start, end;			/* Virtual addresses. */
	uint64_t (*tables)[PAGETABLE_ENTRIES];	/* Below level 4, L3 first. */
	uint64_t pfn;				/* Of the first of them. */
};

/* Address bits below an entry of a table at level 1 to 4. */
static unsigned int shift(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

/* Tables at a level that a range needs: one for each entry used above it. */
static uint64_t count_level(uint64_t start, uint64_t end, unsigned int level)
{
	unsigned int above = shift(level) + 9;

	if (level == LEVELS)
		return 1;
	return ((end - 1) >> above) - (start >> above) + 1;
}

uint64_t pagetable_count(uint64_t start, uint64_t end)
{
	uint64_t count = 0;
	unsigned int level;

	for (level = 1; level <= LEVELS; level++)
		count += count_level(start, end, level);
	return count;
}

/* Index among the range's tables of the one at level that covers address. */
static uint64_t table_index(const struct range *range, uint64_t address, unsigned int level)
{
	unsigned int above = shift(level) + 9, upper;
	uint64_t index = 0;

	for (upper = LEVELS - 1; upper > level; upper--)
		index += count_level(range->start, range->end, upper);
	return index + (address >> above) - (range->start >> above);
}

/* Makes the entries of all upper levels on the way to address; the table of level 1 that they lead to. */
static uint64_t *link_tables(const struct range *range, uint64_t (*top)[PAGETABLE_ENTRIES],
			const struct frames *frames, uint64_t address)
{
	uint64_t *table = *top;
	unsigned int level;

	for (level = LEVELS; level > 1; level--) {
		uint64_t index = table_index(range, address, level - 1);

		table[address >> shift(level) & (PAGETABLE_ENTRIES - 1)] =
			frames_get(frames, range->pfn + index) << HC_PAGE_SHIFT | TABLE_BITS;
		table = range->tables[index];
	}
	return table;
}

/* A frame that is a table must not be writable by the guest. */
static uint64_t writable(const struct layout *layout, uint64_t pfn)
{
	return pfn - layout->tables_pfn < layout->tables ? 0 : WRITABLE;
}

/* Maps guest frames from pfn on over the whole range. */
static void map_range(const struct layout *layout, const struct frames *frames, const struct range *range,
		      uint64_t (*top)[PAGETABLE_ENTRIES], uint64_t pfn)
{
	uint64_t address = range->start, left = (range->end - range->start) >> HC_PAGE_SHIFT;
	uint64_t *table = NULL;

	for (; left; left--, address += HC_PAGE_SIZE, pfn++) {
		uint64_t index = address >> shift(1) & (PAGETABLE_ENTRIES - 1);

		if (!table || !index)
			table = link_tables(range, top, frames, address);
		table[index] = frames_get(frames, pfn) << HC_PAGE_SHIFT | PAGE_BITS | writable(layout, pfn);
	}
}

void pagetable_build(const struct layout *layout, const struct frames *frames,
		     uint64_t (*boot)[PAGETABLE_ENTRIES],
		     uint64_t (*p2m_tables)[PAGETABLE_ENTRIES])
{
	struct range range = {
		.start = layout->virt_base,
		.end = layout->boot_end,
		.tables = boot + 1,
		.pfn = layout->tables_pfn + 1,
	};

	map_range(layout, frames, &range, boot, 0);
	if (!layout->p2m_tables)
		return;
	range = (struct range){
		.start = layout->p2m_virt,
		.end = layout->p2m_virt + (layout->p2m_pages << HC_PAGE_SHIFT),
		.tables = p2m_tables,
		.pfn = layout->p2m_pfn + layout->p2m_pages,
	};
	map_range(layout, frames, &range, boot, layout->p2m_pfn);
}
