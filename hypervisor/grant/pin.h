/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pinning entries of grant tables for use: what every mapping and copy does.  Private to grant/. */
#ifndef GRANT_PIN_H
#define GRANT_PIN_H

#include "grant/table.h"

/* Times to try again when the guest changes an entry while it is being claimed. */
#define CLAIM_TRIES 8

_Static_assert(offsetof(struct hc_grant_entry_v1, flags) == 0 && offsetof(struct hc_grant_entry_v1, domid) == 2 &&
	       offsetof(struct hc_grant_entry_v1, frame) == 4, "an entry as one word: flags, domain, frame");

/*
 * Set READING (and WRITING) in the shared entry, if it allows user to; *word is what was there.
 * It is looked at and changed as one word, so that flags, domain and frame are one decision.
 */
static __always_inline bool grant_claim(struct hc_grant_entry_v1 *entry, uint16_t user, bool write, uint64_t *word)
{
	uint64_t wanted = HC_GTF_PERMIT_ACCESS | (uint32_t)user << 16;
	uint64_t matters = 0xffff0000u | HC_GTF_TYPE_MASK | (write ? HC_GTF_READONLY : 0);
	uint64_t taken = HC_GTF_READING | (write ? HC_GTF_WRITING : 0);

	*word = __atomic_load_n((uint64_t *)entry, __ATOMIC_RELAXED);
	for (int try = 0; try < CLAIM_TRIES && likely(!((*word ^ wanted) & matters)); try++)
		if (likely(frame_cas((uint64_t *)entry, word, *word | taken)))
			return true;
	return false;
}

static inline void grant_unclaim(struct hc_grant_entry_v1 *entry, uint16_t flags)
{
	__atomic_fetch_and(&entry->flags, (uint16_t)~flags, __ATOMIC_SEQ_CST);
}

/*
 * Claim the entry, and take what that holds.  Its frame number counts from now on, whatever the
 * guest writes there.
 */
static __always_inline int16_t grant_pin_first(const struct domain *d, struct grant grant, uint16_t user, bool write)
{
	struct grant_active *active = grant.active;
	struct frame *f;
	uint64_t word;

	if (unlikely(!grant_claim(grant.entry, user, write, &word)))
		return HC_GNTST_GENERAL_ERROR;
	f = frame_of(word >> 32);
	if (unlikely(word >> 32 >= memory_max_mfn || !frame_get_id(f, d->id)))
		goto unclaim;
	if (write && unlikely(frame_get_writable(f)))
		goto put;
	active->frame = word >> 32;
	active->user = user;
	active->pins = write ? PIN_WRITE : PIN_READ;
	return HC_GNTST_OKAY;

put:
	frame_put(f);
unclaim:
	grant_unclaim(grant.entry, HC_GTF_READING | HC_GTF_WRITING);
	return HC_GNTST_BAD_PAGE;
}

/* Once more, or in another way; gives the lock back. */
int16_t grant_pin_more(struct grant grant, uint16_t user, bool write);

/* For user to read, or read and write, the frame behind ref of d: pins grant.  HC_GNTST_*. */
static __always_inline int16_t grant_pin(struct domain *d, uint32_t ref, uint16_t user, bool write,
					 struct grant *pinned)
{
	struct grant grant;
	int16_t status;

	if (unlikely(!grant_find(d, ref, &grant)))
		return HC_GNTST_BAD_GNTREF;
	*pinned = grant;
	spin_lock(&grant.active->lock);
	if (unlikely(grant.active->pins))
		return grant_pin_more(grant, user, write);
	status = write ? grant_pin_first(d, grant, user, true) : grant_pin_first(d, grant, user, false);
	spin_unlock(&grant.active->lock);
	return status;
}

/* The references go before the flags: a granter that sees them clear may retype the frame at once. */
static __always_inline void grant_unpin(struct grant grant, bool write)
{
	struct grant_active *active = grant.active;
	uint16_t stale = 0;
	struct frame *f;

	spin_lock(&active->lock);
	f = frame_of(active->frame);
	active->pins -= write ? PIN_WRITE : PIN_READ;
	if (write) {
		dirty_mark(active->frame);
		if (likely(active->pins < PIN_WRITE)) {
			frame_put_writable(f);
			stale = HC_GTF_WRITING;
		}
	}
	if (likely(!active->pins)) {
		frame_put(f);
		stale |= HC_GTF_READING;
	}
	grant_unclaim(grant.entry, stale);
	spin_unlock(&active->lock);
}

#endif
