/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a guest's page tables as the processor does. */
#ifndef MEMORY_WALK_H
#define MEMORY_WALK_H

#include "memory/memory.h"
#include "memory/pagetable.h"

struct walk {
	mfn_t table;		/* of the last level reached */
	uint64_t entry;		/* its entry */
	uint64_t upper;		/* PTE_WRITE if all upper levels allow it, PTE_NX if any forbids */
};

/*
 * Down to that level (1: the page).  False: an entry on the way is not present,
 * that one is in w.  Other vcpus may be changing the tables: what is found is a
 * hint, to be confirmed by taking references.
 */
bool table_walk(uint64_t cr3, uint64_t va, unsigned int level, struct walk *w);

/*
 * A store of v's kernel to va was refused: true if the entry of level 1 alone forbids it, which is
 * in *entry then.  A hint, too.
 */
bool table_walk_store(struct vcpu *v, uint64_t va, uint64_t *entry);

/* The level-1 table for va of the kernel's space, locked, and the slot in it.  NULL: none. */
struct frame *table_lock_for(struct vcpu *v, uint64_t va, uint64_t **slot);
/* The same for the machine address of an entry of d's. */
struct frame *table_lock_at(struct domain *d, uint64_t maddr, uint64_t **slot);

#endif
