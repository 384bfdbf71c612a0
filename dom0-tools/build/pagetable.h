/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page tables a domain starts on.
 *
 *   L4 (one)  512 GiB a slot -> L3  1 GiB a slot -> L2  2 MiB a slot -> L1  4 KiB a slot
 *
 * Every page of the boot range is mapped writable, save the frames of the page
 * tables themselves, which a guest may only read; so are the pages of the p2m
 * list at its own address. Tables of one range follow each other: all of L4,
 * then L3, L2, L1. All entries name machine frames.
 */
#ifndef BUILD_PAGETABLE_H
#define BUILD_PAGETABLE_H

#include <stdint.h>

#include "frames.h"
#include "layout.h"

#define PAGETABLE_ENTRIES 512

/* Tables that map [start, end), the top-level one counted. */
uint64_t pagetable_count(uint64_t start, uint64_t end);

/*
 * Fills the tables. frames: of layout->pages guest frames. boot: layout->tables
 * tables, p2m_tables: layout->p2m_tables; both zeroed by the caller.
 */
void pagetable_build(const struct layout *layout, const struct frames *frames,
		     uint64_t (*boot)[PAGETABLE_ENTRIES],
		     uint64_t (*p2m_tables)[PAGETABLE_ENTRIES]);

#endif
