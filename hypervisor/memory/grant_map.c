// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entries for granted frames.  Such an entry holds the same references as any
 * other; that the frame is another domain's is what the grant permits.
 */
#include <hypercall/grant.h>
#include <hypercall/memory.h>

#include "domain/domain.h"
#include "memory/entry.h"
#include "memory/walk.h"

#define AVAIL_SHIFT 9		/* entry bits 9..11 are the guest's */
#define AVAIL_BITS 7

static __always_inline struct frame *lock_target(struct vcpu *v, uint64_t where, unsigned int flags, uint64_t **slot)
{
	uint64_t maddr = where;

	if (flags & HC_GNTMAP_CONTAINS_PTE ? where & 7 : !walk_to_entry(v, where, &maddr))
		return NULL;
	return table_lock_at(v->domain, maddr, slot);
}

/*
 * The common case: nothing is there, and the caller's references to the frame make more of them simple.
 * False: nothing is done.
 */
static inline bool install(struct domain *d, struct frame *f, uint64_t *slot, uint64_t entry)
{
	if (unlikely(pte_read(slot) & PTE_PRESENT || d->memory.log.active ||
		     (entry & PTE_WRITE && !frame_try_writable(f))))
		return false;
	__atomic_add_fetch(&f->owner, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(slot, entry | PTE_USER, __ATOMIC_RELEASE);
	return true;
}

/* The caller holds a reference to the frame. */
int grant_map_pte(struct vcpu *v, uint64_t where, mfn_t mfn, unsigned int flags)
{
	uint64_t entry = pte_make(mfn, PTE_PRESENT | PTE_ACCESSED), *slot;
	struct frame *table, *f = frame_of(mfn);
	unsigned int owner = frame_owner_id(frame_owner_word(f));
	struct domain *d = v->domain;
	int rc = 0;

	if (!(flags & HC_GNTMAP_READONLY))
		entry |= PTE_WRITE | PTE_DIRTY;
	entry |= (uint64_t)(flags >> HC_GNTMAP_GUEST_AVAIL0 & AVAIL_BITS) << AVAIL_SHIFT;
	table = lock_target(v, where, flags, &slot);
	if (!table)
		return -EINVAL;
	if (owner != d->id)
		frame_mark_foreign(f);
	if (unlikely(!install(d, f, slot, entry)))
		rc = l1_entry_set(d, owner, slot, entry);
	frame_unlock_table(table);
	return rc;
}

static bool maps(uint64_t entry, mfn_t mfn)
{
	return entry & PTE_PRESENT && pte_mfn(entry) == mfn;
}

/* Move the entry of new_va to the slot, with its references. */
static __noinline int replace(struct vcpu *v, struct frame *table, uint64_t *slot, mfn_t mfn, uint64_t new_va)
{
	uint64_t maddr, *from;
	struct frame *other, *first, *second;
	struct walk w;
	int rc = -EINVAL;

	frame_unlock_table(table);
	if (!guest_address_ok(new_va) || !table_walk(v->memory.base_kernel, new_va, 2, &w))
		return -EINVAL;
	maddr = (w.entry & PTE_ADDRESS) + pte_index(new_va, 1) * 8;
	if (!mfn_valid(maddr >> PAGE_SHIFT))
		return -EINVAL;
	other = frame_of(maddr >> PAGE_SHIFT);
	from = maddr_to_virt(maddr);
	/* Two locks of the same kind: the lower frame's first. */
	first = MIN(table, other);
	second = MAX(table, other);
	/* Only the slot becomes present, of which "table" shall know: the other may know more than is. */
	if (frame_lock_table(first, v->domain->id, (uintptr_t)slot) == 0)
		return -EINVAL;
	if (first == second || frame_lock_table(second, v->domain->id, (uintptr_t)slot)) {
		uint64_t old = pte_read(slot);

		if (frame_type_of(frame_type_word(first)) == FRAME_L1 && slot != from &&
		    frame_type_of(frame_type_word(second)) == FRAME_L1 && maps(old, mfn)) {
			uint64_t moved = __atomic_exchange_n(from, 0, __ATOMIC_SEQ_CST);

			old = __atomic_exchange_n(slot, moved, __ATOMIC_SEQ_CST);
			if (unlikely(v->domain->memory.log.active)) {
				shadow_entry_changed(v->domain, from);
				shadow_entry_changed(v->domain, slot);
			}
			l1_entry_put(v->domain->id, old);
			rc = 0;
		}
		if (first != second)
			frame_unlock_table(second);
	}
	frame_unlock_table(first);
	return rc;
}

int grant_unmap_pte(struct vcpu *v, uint64_t where, mfn_t mfn, uint64_t new_va, unsigned int flags)
{
	uint64_t *slot;
	struct frame *table = lock_target(v, where, flags, &slot);
	bool mapped;

	if (!table)
		return -EINVAL;
	if (new_va)
		return replace(v, table, slot, mfn, new_va);
	mapped = maps(pte_read(slot), mfn);
	if (likely(mapped)) {
		/* As the table is locked, it maps the same still. */
		uint64_t old = __atomic_exchange_n(slot, 0, __ATOMIC_SEQ_CST);

		if (unlikely(v->domain->memory.log.active))
			shadow_entry_changed(v->domain, slot);
		l1_frame_put(v->domain->id, frame_of(mfn), old);
	}
	frame_unlock_table(table);
	return mapped ? 0 : -EINVAL;
}
