/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which entries of a page table are present (present.c). */
#ifndef MEMORY_PRESENT_H
#define MEMORY_PRESENT_H

#include "memory/frame.h"

/* Blocks of FRAME_USED_BLOCK entries in which any is present, a bit each. */
uint32_t table_blocks(const uint64_t *table);
/* The present ones of a block's FRAME_USED_BLOCK entries, a bit each. */
uint32_t block_entries(const uint64_t *block);

#endif
