/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * References that entries of guests' page tables hold, and changing entries.
 *
 * d is the domain whose table it is; frames_of the number of the domain whose
 * frames it may map: d's own, or for the management domain another's.
 */
#ifndef MEMORY_ENTRY_H
#define MEMORY_ENTRY_H

#include "domain/domain.h"
#include "memory/memory.h"
#include "memory/pagetable.h"

/* How to store a new entry. */
struct entry_store {
	bool keep_ad;		/* accessed and dirty stay as they are */
	uint64_t *expected;	/* NULL, or store only if the entry reads this; gets what was found */
};

/* The uncommon targets: device memory, other domains' frames.  May change *entry. */
int l1_entry_get_special(struct domain *d, unsigned int frames_of, uint64_t *entry);

static inline bool l1_entry_adjust(const struct domain *d, uint64_t *entry)
{
	/*
	 * Guest kernels run in ring 3, so everything is user memory.  Global
	 * entries would survive changes of address space.
	 */
	*entry = (*entry | PTE_USER) & ~PTE_GLOBAL;
	return !(*entry & PTE_CACHE) || d->privileged;
}

/* Take the references of a present, adjusted entry: 0, -EINVAL. */
static inline int l1_entry_get(struct domain *d, unsigned int frames_of, uint64_t *entry)
{
	uint64_t e = *entry;
	mfn_t mfn = pte_mfn(e);
	struct frame *f;
	int rc;

	if (unlikely(mfn >= memory_max_mfn || frames_of != d->id ||
		     !frame_get_id(frame_of(mfn), frames_of)))
		return l1_entry_get_special(d, frames_of, entry);
	if (!(e & PTE_WRITE))
		return 0;
	f = frame_of(mfn);
	rc = frame_get_writable(f);
	if (unlikely(rc))
		frame_put(f);
	return rc;
}

/* Give those of a present entry of that domain's tables back, which maps f. */
static __always_inline void l1_frame_put(unsigned int domid, struct frame *f, uint64_t e)
{
	if (e & PTE_WRITE) {
		/* Another domain's: its log has not seen what was written through this entry. */
		if (unlikely(READ_ONCE(dirty_logs)) && frame_owner_id(frame_owner_word(f)) != domid)
			dirty_mark(frame_mfn(f));
		frame_put_writable(f);
	}
	frame_put(f);
}

/* The same, whatever it maps. */
static __always_inline void l1_present_put(unsigned int domid, uint64_t e)
{
	if (likely(mfn_valid(pte_mfn(e))))
		l1_frame_put(domid, frame_of(pte_mfn(e)), e);
}

/* Those of any entry. */
static __always_inline void l1_entry_put(unsigned int domid, uint64_t e)
{
	if (e & PTE_PRESENT)
		l1_present_put(domid, e);
}

/* Replace an entry of a locked table by a value that is not present; what was there. */
static inline uint64_t l1_entry_clear(struct domain *d, uint64_t *slot, uint64_t value)
{
	uint64_t old = __atomic_exchange_n(slot, value, __ATOMIC_SEQ_CST);

	if (unlikely(d->memory.log.active))
		shadow_entry_changed(d, slot);
	l1_entry_put(d->id, old);
	return old;
}

/*
 * What happens to entries most: one of a locked table, where nothing was, gets a frame of d's,
 * whose number is domid.
 * False: not as simple as that, nothing is done.
 */
static __always_inline bool l1_entry_try_install(struct domain *d, unsigned int domid, uint64_t *slot, uint64_t new)
{
	mfn_t mfn = pte_mfn(new);
	struct frame *f = frame_of(mfn);

	if (unlikely(pte_read(slot) & PTE_PRESENT ||
		     (new & (PTE_PRESENT | PTE_CACHE)) != PTE_PRESENT || mfn >= memory_max_mfn ||
		     d->memory.log.active || !frame_get_id(f, domid)))
		return false;
	if (new & PTE_WRITE && unlikely(!frame_try_writable(f))) {
		frame_put(f);
		return false;
	}
	l1_entry_adjust(d, &new);
	__atomic_store_n(slot, new, __ATOMIC_RELEASE);
	return true;
}

/* For l1_entry_update() only: l1_entry_try_install() where a call is better, any change, and one of flags alone. */
bool l1_entry_install(struct domain *d, unsigned int domid, uint64_t *slot, uint64_t new);
int l1_entry_update_any(struct domain *d, unsigned int frames_of, uint64_t *slot, uint64_t new,
			struct entry_store how);
int l1_entry_update_flags(struct domain *d, unsigned int frames_of, uint64_t *slot, uint64_t new,
			  struct entry_store how);

/* Change an entry of a level-1 table that the caller has locked: 0, -EINVAL, -EAGAIN (expected). */
static inline int l1_entry_update(struct domain *d, unsigned int frames_of, uint64_t *slot,
				  uint64_t new, struct entry_store how)
{
	uint64_t old = pte_read(slot);

	/* Where the caching stays it was allowed before. */
	if (old & new & PTE_PRESENT && !((old ^ new) & (PTE_ADDRESS | PTE_CACHE)))
		return l1_entry_update_flags(d, frames_of, slot, new, how);
	if (!(old & PTE_PRESENT) && !how.keep_ad && !how.expected && frames_of == d->id &&
	    l1_entry_install(d, frames_of, slot, new))
		return 0;
	return l1_entry_update_any(d, frames_of, slot, new, how);
}
/* The same, whatever the entry is. */
int l1_entry_set(struct domain *d, unsigned int frames_of, uint64_t *slot, uint64_t new);

/*
 * Change an entry of a level 2..4 table of d's (mfn), which the caller has not
 * locked.  0, -EINVAL, -EAGAIN, -ERESTART: not changed, come again.  When the
 * table that was there could not be undone at once it is left to
 * vcpu_deferred_finish().
 */
int table_entry_update(struct domain *d, struct frame *table, unsigned int level,
		       unsigned int index, uint64_t new, struct entry_store how,
		       bool preemptible);
/* Flags that a present entry of level 2..4 may have: no large pages, no cache attributes. */
static inline bool table_entry_ok(uint64_t entry)
{
	return !(entry & (PTE_LARGE | PTE_GLOBAL | PTE_PWT | PTE_PCD));
}

int vcpu_deferred_resume(struct vcpu *v, bool preemptible);
/* Finish what the current vcpu left undone: 0 or -ERESTART. */
static inline int vcpu_deferred_finish(struct vcpu *v, bool preemptible)
{
	return unlikely(v->memory.deferred) ? vcpu_deferred_resume(v, preemptible) : 0;
}
/* f, a partial table of that domain, is left to be undone.  Nothing else may be. */
void vcpu_defer(struct vcpu *v, struct frame *f, unsigned int domid);

#endif
