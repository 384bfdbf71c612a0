/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Step 3, memory. Page tables are the processor's own and hold machine frames; the kernel reads them
 * where they are, and changes them by hypercall.
 */
#include <hypercall/memory.h>

#include "kernel.h"

#define PRESENT		(1ULL << 0)
#define WRITABLE	(1ULL << 1)
#define USER		(1ULL << 2)	/* This kernel runs in ring 3. */
#define ADDRESS_MASK	0x000ffffffffff000ULL

/* The last 2 MiB of the GiB in which the builder maps us: an entry of level 2 that is empty. */
#define WINDOW		(VIRT_BASE + (1ULL << 30) - (2ULL << 20))
#define WINDOW_PAGES	512

#define POOL_PAGES	16

static char pool[POOL_PAGES][HC_PAGE_SIZE] __attribute__((aligned(HC_PAGE_SIZE)));
static unsigned int pool_used, window_used;

void *page_alloc(void)
{
	if (pool_used == POOL_PAGES)
		panic("no page is left; raise POOL_PAGES in memory.c");
	return pool[pool_used++];
}

/*
 * Guest frames ("physical" pages) count from 0 without a gap; the machine's are anywhere. mfn_list is
 * the way from the first to the second. The way back is the hypervisor's, one table for the machine.
 */
uint64_t frame_of(const void *page)
{
	return ((const uint64_t *)start_info->mfn_list)[(ADDRESS(page) - VIRT_BASE) >> HC_PAGE_SHIFT];
}

void *page_of(uint64_t frame)
{
	return (void *)(VIRT_BASE + (((const uint64_t *)HC_MACH2PHYS_VIRT_START)[frame] << HC_PAGE_SHIFT));
}

/* The entry of an address in the table of a level, 4 to 1; those above must be present. */
static uint64_t *entry_of(uint64_t address, unsigned int level)
{
	uint64_t *table = (uint64_t *)start_info->pt_base;
	unsigned int at = 4;

	for (;; at--) {
		uint64_t *entry = &table[address >> (HC_PAGE_SHIFT + 9 * (at - 1)) & 511];

		if (at == level)
			return entry;
		table = page_of((*entry & ADDRESS_MASK) >> HC_PAGE_SHIFT);
	}
}

static long set_mapping(uint64_t address, uint64_t frame, uint64_t bits, uint64_t flush)
{
	return hypercall(HC_NR_UPDATE_VA_MAPPING, address, frame << HC_PAGE_SHIFT | PRESENT | USER | bits,
			 flush, 0);
}

/*
 * A table of ours for the window. A frame is either a table or writable, never both: the page is made
 * read-only first, and with it goes what the processor may remember of the old entry (INVLPG). Then
 * the hypervisor looks at all 512 entries, and takes it as a table.
 */
void memory_init(void)
{
	uint64_t *table = page_alloc(), *link = entry_of(WINDOW, 2);
	struct hc_mmu_update update = {
		.ptr = (frame_of(link) << HC_PAGE_SHIFT | (ADDRESS(link) & (HC_PAGE_SIZE - 1))) |
		       HC_MMU_NORMAL_PT_UPDATE,
		.val = frame_of(table) << HC_PAGE_SHIFT | PRESENT | WRITABLE | USER,
	};

	must("making a table read-only", set_mapping(ADDRESS(table), frame_of(table), 0, HC_UVMF_INVLPG));
	must("using it as a table", hypercall(HC_NR_MMU_UPDATE, ADDRESS(&update), 1, 0, HC_DOMID_SELF));
}

/* From nothing to something needs no flush: absent entries are not remembered. */
void *map_frame(uint64_t frame)
{
	uint64_t address = WINDOW + window_used * HC_PAGE_SIZE;

	if (window_used++ == WINDOW_PAGES)
		panic("the window is full");
	must("mapping a frame", set_mapping(address, frame, WRITABLE, HC_UVMF_NONE));
	return (void *)address;
}
