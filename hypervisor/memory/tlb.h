/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stamps that say whether a processor may still hold translations of a frame.
 *
 * A clock counts full flushes.  When a frame's last use of a kind ends, the
 * clock's low 24 bits are kept in its frame table entry; each processor keeps
 * the clock's value of its own last full flush.  Only processors that have not
 * flushed since are flushed when the frame changes its type or owner.
 */
#ifndef MEMORY_TLB_H
#define MEMORY_TLB_H

#include "lib/base.h"

#define TLB_STAMP_MASK 0xffffffu

extern uint64_t tlb_clock;
/*
 * Processors that may hold translations of a guest: a bit is set before a guest's table is loaded,
 * and cleared when none is any more.  A frame that nobody can have mapped since needs no flush there.
 */
extern cpumask_t tlb_guest_cpus;

/*
 * The entry that mapped the frame was removed before, by a locked instruction,
 * or a later flush elsewhere could seem to cover a removal it did not see.
 */
static inline uint32_t tlb_stamp_now(void)
{
	return __atomic_load_n(&tlb_clock, __ATOMIC_SEQ_CST) & TLB_STAMP_MASK;
}

/* A stamp that needs no flush in any case that matters. */
static inline uint32_t tlb_stamp_ancient(void)
{
	return (tlb_stamp_now() - 0x800000) & TLB_STAMP_MASK;
}

uint32_t tlb_stamp_later(uint32_t a, uint32_t b);
/* Those of mask that may hold translations from before the stamp was taken. */
cpumask_t tlb_unflushed(cpumask_t mask, uint32_t stamp);
/* Flush them. */
void tlb_flush_stamped(cpumask_t mask, uint32_t stamp);
/* Load a new top-level table; a full flush of what guests map. */
void tlb_load_cr3(uint64_t cr3);
void tlb_flush_page_local(uint64_t va);

#endif
