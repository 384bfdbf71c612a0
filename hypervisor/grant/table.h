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

#include "lib/base.h"
#include "lib/spinlock.h"

struct domain;

#define GRANT_DEFAULT_FRAMES 32
#define GRANT_MAX_FRAMES 64
#define GRANTS_PER_FRAME (PAGE_SIZE / sizeof(struct hc_grant_entry_v1))

struct grant_active {
	spinlock_t lock;
	uint32_t frame;		/* as it was when first pinned */
	uint16_t user;		/* domain that has it pinned */
	uint16_t readers;	/* pins for reading only */
	uint16_t writers;	/* pins for writing */
};

/* Under grant.lock: make the table at least frames long.  -EINVAL: over its maximum; -ENOMEM. */
int grant_grow(struct domain *d, uint32_t frames);
/* NULL: no such entry. */
struct hc_grant_entry_v1 *grant_entry(struct domain *d, uint32_t ref);
struct grant_active *grant_active(struct domain *d, uint32_t ref);	/* if grant_entry() is not NULL */

/* For user to read, or read and write, the frame behind ref of d.  HC_GNTST_*. */
int16_t grant_pin(struct domain *d, uint32_t ref, uint16_t user, bool write, mfn_t *mfn);
void grant_unpin(struct domain *d, uint32_t ref, bool write);
/* Exchange two entries of which nothing is pinned.  HC_GNTST_*. */
int16_t grant_swap(struct domain *d, uint32_t a, uint32_t b);

#endif
