// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page faults that are the hypervisor's business: the guest kernel stores into
 * one of its live page tables, which it can map read-only only, or the fault
 * comes from a translation that the tables do not show any more.
 *
 * Faults of user mode are never ours.  A stale translation is gone by the fault
 * itself, and the guest kernel finds nothing to repair.
 */
#include "domain/domain.h"
#include "emulate/emulate.h"
#include "memory/entry.h"
#include "memory/owner.h"
#include "memory/tlb.h"
#include "memory/walk.h"

bool pagetable_is_live(const struct domain *d, mfn_t mfn)
{
	struct frame *f;
	enum frame_type type;

	if (mfn >= memory_max_mfn)
		return false;
	f = frame_of(mfn);
	type = frame_type_of(frame_type_word(f));
	return frame_owner_id(frame_owner_word(f)) == d->id && type >= FRAME_L1 &&
	       type <= FRAME_L4 && frame_type_word(f) & FRAME_VALIDATED;
}

bool memory_fault(struct vcpu *v, struct regs *regs, uint64_t va, uint32_t error_code)
{
	struct walk w;
	uint64_t entry;

	if (unlikely(!v->kernel_mode || !(error_code & PF_PRESENT) || error_code & PF_RESERVED ||
		     !guest_address_ok(va)))
		return false;
	if (error_code & PF_WRITE && likely(table_walk_store(v, va, &entry))) {
		if (emulate_pagetable_write(v, regs, va, pte_mfn(entry)) == EMULATE_UNHANDLED)
			return false;
		count_event(v, HC_COUNTER_PT_WRITES);
		return true;
	}
	if (!table_walk(v->memory.base_kernel, va, 1, &w))
		return false;
	/* Where it became read-only just now it is tried again. */
	if (error_code & PF_WRITE && !(w.entry & w.upper & PTE_WRITE))
		return w.upper & PTE_WRITE;
	if (error_code & PF_FETCH && (w.entry | w.upper) & PTE_NX)
		return false;
	tlb_flush_page_local(va);
	return true;
}

/* The slot of va in a level-1 table that could be locked at once. */
static inline uint64_t *lock_slot(struct vcpu *v, mfn_t table, uint64_t va)
{
	if (unlikely(vcpu_deferred_finish(v, true) || table >= memory_max_mfn ||
		     !frame_try_lock_l1(frame_of(table), v->domain->id, va)))
		return NULL;
	return (uint64_t *)mfn_to_virt(table) + pte_index(va << 9, 1);
}

int pagetable_exchange(struct vcpu *v, mfn_t table, uint64_t va, uint64_t value, uint64_t *old)
{
	uint64_t *slot = lock_slot(v, table, va);
	struct entry_store how = { .expected = old };
	int rc = 0;

	if (unlikely(!slot))
		return -ENOENT;
	if (value & PTE_PRESENT) {
		*old = pte_read(slot);
		rc = l1_entry_update(v->domain, v->domain->id, slot, value, how);
	} else {
		*old = l1_entry_clear(v->domain, slot, value);
	}
	frame_unlock_table(frame_of(table));
	owner_reap();
	return rc == -EAGAIN ? -ERESTART : rc;
}

int pagetable_and(struct vcpu *v, mfn_t table, uint64_t va, uint8_t mask, uint8_t *result)
{
	uint64_t *slot = lock_slot(v, table, va), old, value;
	struct entry_store how = { .expected = &old };
	unsigned int shift = (va & 7) * 8;
	int rc;

	if (unlikely(!slot))
		return -ENOENT;
	old = pte_read(slot);
	value = old & ~((uint64_t)(uint8_t)~mask << shift);
	*result = value >> shift;
	rc = l1_entry_update(v->domain, v->domain->id, slot, value, how);
	frame_unlock_table(frame_of(table));
	owner_reap();
	return rc == -EAGAIN ? -ERESTART : rc;
}

/* The entry's new value when some of its bytes are stored. */
static uint64_t merge(uint64_t entry, unsigned int shift, unsigned int bytes, uint64_t value)
{
	uint64_t mask = bytes == 8 ? ~0ULL : ((1ULL << bytes * 8) - 1) << shift;

	return (entry & ~mask) | (value << shift & mask);
}

struct emulated_store {
	unsigned int shift, bytes;
	uint64_t value;
	uint64_t *old;		/* as pagetable_emulated_write has it */
};

/*
 * What to store into an entry that reads "found"; -EAGAIN and *old set when the
 * comparison of a cmpxchg fails.
 */
static int prepare(const struct emulated_store *s, uint64_t found, uint64_t *new)
{
	uint64_t part = found >> s->shift;

	if (s->bytes < 8)
		part &= (1ULL << s->bytes * 8) - 1;
	if (s->old && part != *s->old) {
		*s->old = part;
		return -EAGAIN;
	}
	*new = merge(found, s->shift, s->bytes, s->value);
	return 0;
}

/* Store, with f locked if it is a level-1 table. */
static int store_once(struct domain *d, struct frame *f, unsigned int level, uint64_t *slot,
		      const struct emulated_store *s)
{
	uint64_t found = pte_read(slot), new;
	struct entry_store how = { .expected = s->old || s->bytes < 8 ? &found : NULL };
	int rc = prepare(s, found, &new);

	if (rc)
		return rc;
	if (level == 1)
		rc = l1_entry_update(d, d->id, slot, new, how);
	else
		rc = table_entry_update(d, f, level, ((uint64_t)slot & (PAGE_SIZE - 1)) / 8, new,
					how, true);
	/* Changed meanwhile: a failing comparison only if the bytes compared are among it. */
	if (rc == -EAGAIN && (!s->old || !prepare(s, found, &new)))
		rc = -ERESTART;
	return rc;
}

int pagetable_emulated_write(struct vcpu *v, uint64_t va, unsigned int bytes, uint64_t value,
			     uint64_t *old)
{
	struct domain *d = v->domain;
	struct emulated_store s = { (va & 7) * 8, bytes, value, old };
	struct frame *f;
	struct walk w;
	unsigned int level;
	uint64_t *slot;
	int rc;

	if (!bytes || bytes > 8 || bytes & (bytes - 1) || va & (bytes - 1) ||
	    !guest_address_ok(va) || !table_walk(v->memory.base_kernel, va, 1, &w) ||
	    pte_mfn(w.entry) >= memory_max_mfn)
		return -EINVAL;
	if (vcpu_deferred_finish(v, true))
		return -ERESTART;
	f = frame_of(pte_mfn(w.entry));
	slot = maddr_to_virt((w.entry & PTE_ADDRESS) + (va & (PAGE_SIZE - 1) & ~7ULL));
	level = frame_lock_table(f, d->id, va);
	if (!level)
		return -ERESTART;	/* no live table any more: the guest's own fault, if any */
	if (level == 1) {
		rc = store_once(d, f, level, slot, &s);
		frame_unlock_table(f);
	} else {
		frame_get_id(f, d->id);
		frame_unlock_table(f);
		rc = store_once(d, f, level, slot, &s);
		frame_put(f);
	}
	owner_reap();
	return rc;
}
