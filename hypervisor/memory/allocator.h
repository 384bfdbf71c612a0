/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame allocator as the rest of memory/ sees it. */
#ifndef MEMORY_ALLOCATOR_H
#define MEMORY_ALLOCATOR_H

#include "memory/memory.h"

#define ALLOCATOR_MAX_ORDER 18	/* 1 GiB */
#define ALLOCATOR_ANY_BITS 64
#define ALLOCATOR_UNCLEARED 0x100	/* with the bits: it may hold what others left in it */

/*
 * A block whose addresses fit in "bits" bits, from as high an address as there
 * is, cleared; no processor holds translations of it.  MFN_INVALID: none.
 */
mfn_t allocator_get(unsigned int order, unsigned int bits);
/* Give back, with anything in it; stamp as in tlb.h, of the last use by a guest. */
void allocator_put(mfn_t mfn, unsigned int order, uint32_t stamp);
/* The same for frames first..end-1, whose entries must read FRAME_HYP. */
void allocator_put_range(mfn_t first, mfn_t end, uint32_t stamp);
/* The same for what was in memory before the start. */
void allocator_add(mfn_t first, mfn_t end);

#endif
