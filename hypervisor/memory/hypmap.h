/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building the hypervisor's own tables, for memory/boot.c. */
#ifndef MEMORY_HYPMAP_H
#define MEMORY_HYPMAP_H

#include "lib/base.h"

/* Where a cleared frame for a table comes from: memory/boot.c's until the allocator runs. */
extern void *(*hyp_table_page)(void);
/*
 * The entry for va in the table of that level, below l4, or below hyp_l4; tables above
 * are made.  NULL: no frame for one.
 */
uint64_t *hyp_entry_in(uint64_t *l4, uint64_t va, unsigned int level);
uint64_t *hyp_entry(uint64_t va, unsigned int level);
/* Take over the tables that are loaded, and give each slot of the hole its table. */
void hypmap_init(void);

#endif
