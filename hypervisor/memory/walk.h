/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a guest's page tables as the processor does. */
#ifndef MEMORY_WALK_H
#define MEMORY_WALK_H

#include "domain/domain.h"
#include "memory/frame.h"
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
 * A store of v's kernel to va, which is the guest's, was refused: true if the entry of level 1 alone
 * forbids it, which is in *entry then.  A hint, too.
 */
bool table_walk_store(struct vcpu *v, uint64_t va, uint64_t *entry);

/*
 * An entry at that address.  Stale entries may lead to frames that are anything now,
 * also where there is no RAM: then 0, as the load itself finds out.
 */
#ifdef TENON_HOST
static inline uint64_t walk_entry(const char *ram, uint64_t maddr)
{
	return mfn_valid(maddr >> PAGE_SHIFT) ? pte_read((const uint64_t *)(ram + maddr)) : 0;
}
#else
static inline uint64_t walk_entry(const char *ram, uint64_t maddr)
{
	uint64_t entry;

	__asm__ goto("1:	mov	%1, %0\n"
		     "	.pushsection .exception_table, \"a\"\n"
		     "	.quad	1b, %l[fault]\n"
		     "	.popsection"
		     : "=r"(entry) : "m"(*(const uint64_t *)(ram + maddr)) : : fault);
	return entry;
fault:
	return 0;
}
#endif

/*
 * The short way down to level 1, for what is called most: the address of the entry there, and what the
 * three above have in common; false: one of them is not present.
 *
 * The base, a vcpu's own, is good, and va not in our part of it.  Then an entry that is present leads to a
 * table: one that another vcpu takes out of the way meanwhile becomes nothing else before this processor has
 * flushed.  One that is not is whatever the guest has stored there, maybe the address of a device's registers.
 */
static inline bool walk_down(uint64_t base, uint64_t va, uint64_t *maddr, uint64_t *all)
{
	uint64_t table = base, address = PTE_ADDRESS;
	const char *ram = maddr_to_virt(0);

	/* Loaded once; the compiler would do it at each use. */
	__asm__("" : "+r"(address), "+r"(ram));
	*all = ~0ULL;
#pragma GCC unroll 3
	for (unsigned int at = 4; at > 1; at--) {
		uint64_t entry = walk_entry(ram, table + pte_index(va, at) * 8);

		if (unlikely(!(entry & PTE_PRESENT)))
			return false;
		table = entry & address;
		*all &= entry;
	}
	*maddr = table + pte_index(va, 1) * 8;
	return true;
}

/* What follows where f is not a level-1 table that nobody has locked. */
struct frame *table_lock_slow(struct domain *d, struct frame *f, uint64_t maddr);

/* The level-1 table with the entry at that machine address, d's, locked, and the slot in it.  NULL: it is none. */
static __always_inline struct frame *table_lock_at(struct domain *d, uint64_t maddr, uint64_t **slot)
{
	struct frame *f = frame_of(maddr >> PAGE_SHIFT);

	maddr &= ~7ULL;
	if (unlikely(maddr >> PAGE_SHIFT >= memory_max_mfn))
		return NULL;
	*slot = maddr_to_virt(maddr);
	return likely(frame_try_lock_l1(f, d->id, maddr)) ? f : table_lock_slow(d, f, maddr);
}

/* The machine address of the level-1 entry for va of the kernel's space; false: there is none. */
static __always_inline bool walk_to_entry(struct vcpu *v, uint64_t va, uint64_t *maddr)
{
	uint64_t all;

	return likely(guest_address_ok(va) && walk_down(v->memory.base_kernel, va, maddr, &all));
}

/* The same as table_lock_at() for that one.  Inline: who maps and unmaps does little else. */
static __always_inline struct frame *table_lock_for(struct vcpu *v, uint64_t va, uint64_t **slot)
{
	uint64_t maddr;

	return walk_to_entry(v, va, &maddr) ? table_lock_at(v->domain, maddr, slot) : NULL;
}

#endif
