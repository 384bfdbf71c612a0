/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page-table entries of the processor, and what the levels have in common. */
#ifndef MEMORY_PAGETABLE_H
#define MEMORY_PAGETABLE_H

#include "lib/base.h"

#define PTE_PRESENT (1ULL << 0)
#define PTE_WRITE (1ULL << 1)
#define PTE_USER (1ULL << 2)
#define PTE_PWT (1ULL << 3)
#define PTE_PCD (1ULL << 4)
#define PTE_ACCESSED (1ULL << 5)
#define PTE_DIRTY (1ULL << 6)
#define PTE_PAT (1ULL << 7)		/* in an L1 entry */
#define PTE_LARGE (1ULL << 7)		/* in an L2 or L3 entry */
#define PTE_GLOBAL (1ULL << 8)
#define PTE_NX (1ULL << 63)
#define PTE_ADDRESS 0x000ffffffffff000ULL
#define PTE_CACHE (PTE_PWT | PTE_PCD | PTE_PAT)
#define PTE_AD (PTE_ACCESSED | PTE_DIRTY)
#define PTE_ENTRIES 512

/* A reserved bit of the processor's is an address beyond this. */
extern uint64_t memory_address_limit;

static inline mfn_t pte_mfn(uint64_t e)
{
	return (e & PTE_ADDRESS) >> PAGE_SHIFT;
}

static inline uint64_t pte_make(mfn_t mfn, uint64_t flags)
{
	return mfn << PAGE_SHIFT | flags;
}

/* Level 1 tables map pages, level 4 is the root. */
static inline unsigned int pte_index(uint64_t va, unsigned int level)
{
	return va >> (PAGE_SHIFT + 9 * (level - 1)) & (PTE_ENTRIES - 1);
}

static inline uint64_t pte_read(const uint64_t *slot)
{
	return __atomic_load_n(slot, __ATOMIC_RELAXED);
}

#endif
