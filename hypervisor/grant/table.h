/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's own grant table: the frames it shares with the guest, and what of
 * each entry is in use.  Private to grant/.
 *
 * While anything of an entry is pinned the hypervisor holds a reference to the
 * frame, and while anything is pinned for writing its FRAME_WRITABLE type, so
 * that neither frees nor retypes it; the guest sees READING and WRITING.
 *
 * Locks, outermost first: grant.lock or grant.map_lock (never both) ->
 * grant_active.lock (one at a time, but for swap) -> memory.
 */
#ifndef GRANT_TABLE_H
#define GRANT_TABLE_H

#include <hypercall/grant.h>

#include "domain/domain.h"

#define GRANT_DEFAULT_FRAMES 32
#define GRANT_MAX_FRAMES 64
#define GRANTS_PER_FRAME (PAGE_SIZE / sizeof(struct hc_grant_entry_v1))

struct grant_active {
	spinlock_t lock;
	uint32_t frame;		/* as it was when first pinned */
	uint32_t pins;		/* so many times PIN_READ, and PIN_WRITE */
	uint16_t user;		/* domain that has it pinned */
};
#define PIN_READ 1u
#define PIN_WRITE 0x10000u
#define GRANTS_PER_PART (PAGE_SIZE / sizeof(struct grant_active))
#define PARTS_PER_FRAME (GRANTS_PER_FRAME / GRANTS_PER_PART)

/*
 * A part of a frame of the table: what is shared with the guest, and a page of what is in use of
 * it.  That is made when something of the part is first used: most guests never use all.
 */
struct grant_part {
	struct hc_grant_entry_v1 *shared;
	struct grant_active *active;	/* NULL: nothing has been used; set once */
};

/* The same of one entry. */
struct grant {
	struct hc_grant_entry_v1 *entry;
	struct grant_active *active;
};

/* Under grant.lock: make the table at least frames long.  -EINVAL: over its maximum; -ENOMEM. */
int grant_grow(struct domain *d, uint32_t frames);

/* The table is known to be that long. */
static inline struct grant_part *grant_part_of(const struct domain *d, uint32_t ref)
{
	return &d->grant.parts[ref / GRANTS_PER_PART];
}

/* Of the part's uses, for the first of them; NULL: no memory. */
struct grant_active *grant_add_active(struct domain *d, struct grant_part *part);

/* An entry for use.  False: there is no such, or no memory to note its use. */
static inline bool grant_find(struct domain *d, uint32_t ref, struct grant *grant)
{
	uint64_t end = (uint64_t)__atomic_load_n(&d->grant.frames, __ATOMIC_ACQUIRE) * GRANTS_PER_FRAME;
	struct grant_active *active;
	struct grant_part *part;

	if (unlikely(ref >= end))
		return false;
	ref = index_below(ref, end);
	part = grant_part_of(d, ref);
	active = __atomic_load_n(&part->active, __ATOMIC_ACQUIRE);
	if (unlikely(!active)) {
		active = grant_add_active(d, part);
		if (!active)
			return false;
	}
	*grant = (struct grant){ part->shared + ref % GRANTS_PER_PART, active + ref % GRANTS_PER_PART };
	return true;
}

/* What is in use of an entry; NULL: nothing of its part has ever been. */
static inline struct grant_active *grant_active_of(const struct domain *d, uint32_t ref)
{
	struct grant_active *active = __atomic_load_n(&grant_part_of(d, ref)->active, __ATOMIC_ACQUIRE);

	return active ? active + ref % GRANTS_PER_PART : NULL;
}

/* Exchange two entries of which nothing is pinned.  HC_GNTST_*. */
int16_t grant_swap(struct domain *d, uint32_t a, uint32_t b);

#endif
