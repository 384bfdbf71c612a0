/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which frames a domain has: giving, taking, exchanging. */
#ifndef MEMORY_RESERVATION_H
#define MEMORY_RESERVATION_H

#include "domain/domain.h"
#include "memory/memory.h"

/*
 * Frames for a domain, with addresses of at most "bits" bits (allocator.h) and numbers from pfn on
 * (M2P_INVALID: none).  -ENOMEM; -E2BIG over its maximum.
 */
int reservation_grow(struct domain *d, unsigned int order, unsigned int bits, uint64_t pfn, mfn_t *mfn);
/* d gives a frame back; it is free when its last mapping goes.  -EINVAL: not its frame. */
int reservation_drop(struct domain *d, mfn_t mfn);
/*
 * For exchanges, which keep the charge: take an unused frame away, so that nobody gets a reference
 * to it until it is given back as what it was, or free; or make a block d's that has its numbers,
 * which cannot fail where it was prepared (false: d is being destroyed, and has lost it again).
 * A frame that is given back to such a domain is free, too.
 */
int reservation_steal(struct domain *d, mfn_t mfn);	/* -EINVAL; -EBUSY: not d's, or in use */
void reservation_give_back(struct domain *d, mfn_t mfn);
void reservation_free_stolen(mfn_t mfn);
int reservation_prepare(struct domain *d, mfn_t mfn, unsigned int order);	/* -ENOMEM */
bool reservation_give(struct domain *d, mfn_t mfn, unsigned int order);

/*
 * Chunks of 2 MiB in which d has, or had, frames: the first frame at or after
 * *at that lies in one (false: none), and where that chunk ends.
 */
bool reservation_next_chunk(const struct domain *d, mfn_t *at);
mfn_t reservation_chunk_end(mfn_t mfn);

/* Whether a frame's owner word says that it is of d's reservation; pages shared with d are not. */
static inline bool reservation_owns(const struct domain *d, uint64_t owner_word)
{
	return frame_owner_id(owner_word) == d->id && owner_word & FRAME_REFS &&
	       !(owner_word & FRAME_SHARED);
}

/* First frame of the n-th 2 MiB of the machine-to-phys table (boot.c); MFN_INVALID: a hole. */
mfn_t m2p_extent(unsigned int n);

/* Parts of memory_op. */
long exchange_op(uint64_t arg);
long memory_map_op(unsigned int cmd, uint64_t arg);

#endif
