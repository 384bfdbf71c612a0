// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hypercalls update_va_mapping and update_va_mapping_otherdomain: the level-1
 * entry of one virtual address, and the flush after it.
 */
#include <hypercall/memory.h>

#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/bitmap.h"
#include "memory/entry.h"
#include "memory/flush.h"
#include "memory/owner.h"
#include "memory/tlb.h"
#include "memory/walk.h"

int flush_mask_of(struct domain *d, uint64_t bitmap, cpumask_t *mask)
{
	uint64_t vcpus = 0;
	unsigned int id;

	/* The guest's bitmap may be no longer than its number of vcpus asks for. */
	if (copy_from_guest(&vcpus, bitmap, DIV_ROUND_UP(d->max_vcpus, 8)))
		return -EFAULT;
	*mask = 0;
	for_each_cpu(id, vcpus) {
		struct vcpu *v = vcpu_of(d, id);

		if (v)
			*mask |= __atomic_load_n(&v->dirty_cpus, __ATOMIC_SEQ_CST);
	}
	return 0;
}

void guest_flush(struct vcpu *v, cpumask_t mask, uint64_t va)
{
	count_event(v, HC_COUNTER_TLB_FLUSHES);
	if (va == FLUSH_ALL_VA)
		tlb_flush_mask(mask);
	else if (guest_address_ok(va))
		tlb_flush_page_mask(mask, va);
}

static int flush_after(struct vcpu *v, uint64_t va, uint64_t flags)
{
	uint64_t kind = flags & HC_UVMF_FLUSHTYPE_MASK, where = flags & ~HC_UVMF_FLUSHTYPE_MASK;
	cpumask_t mask = 1ULL << this_cpu()->id;
	int rc = 0;

	if (kind != HC_UVMF_TLB_FLUSH && kind != HC_UVMF_INVLPG)
		return 0;
	/* An address that led to a table is the guest's own. */
	if (likely(kind == HC_UVMF_INVLPG && !where)) {
		count_event(v, HC_COUNTER_TLB_FLUSHES);
		tlb_flush_page_local(va);
		return 0;
	}
	if (where == HC_UVMF_ALL)
		mask = __atomic_load_n(&v->domain->dirty_cpus, __ATOMIC_SEQ_CST);
	else if (where)
		rc = flush_mask_of(v->domain, where, &mask);
	if (!rc)
		guest_flush(v, mask, kind == HC_UVMF_TLB_FLUSH ? FLUSH_ALL_VA : va);
	return rc;
}

static long update_va(uint64_t va, uint64_t pte, uint64_t flags, unsigned int frames_of)
{
	struct vcpu *v = current;
	uint64_t *slot;
	struct frame *table = table_lock_for(v, va, &slot);
	int rc, flushed;

	if (unlikely(!table))
		return -EINVAL;
	rc = l1_entry_set(v->domain, frames_of, slot, pte);
	frame_unlock_table(table);
	v->counters[HC_COUNTER_MMU_UPDATES]++;
	flushed = flush_after(v, va, flags);
	owner_reap();
	return unlikely(rc) ? rc : flushed;
}

/* An emulated store has left something to undo. */
static __noinline long update_va_later(uint64_t va, uint64_t pte, uint64_t flags)
{
	if (vcpu_deferred_finish(current, true))
		return hypercall_continue(HC_NR_UPDATE_VA_MAPPING, 3, va, pte, flags);
	return update_va(va, pte, flags, current->domain->id);
}

long hypercall_update_va_mapping(uint64_t va, uint64_t pte, uint64_t flags)
{
	return likely(!current->memory.deferred) ? update_va(va, pte, flags, current->domain->id) :
						   update_va_later(va, pte, flags);
}

long hypercall_update_va_mapping_otherdomain(uint64_t va, uint64_t pte, uint64_t flags,
					     uint64_t domid)
{
	struct domain *other;
	long rc;

	if (vcpu_deferred_finish(current, true))
		return hypercall_continue(HC_NR_UPDATE_VA_MAPPING_OTHERDOMAIN, 4, va, pte, flags,
					  domid);
	if (domid == HC_DOMID_IO || domid == HC_DOMID_XEN)
		return current->domain->privileged ? update_va(va, pte, flags, domid) : -EPERM;
	rc = domain_get_target(domid, &other);
	if (rc)
		return rc;
	rc = update_va(va, pte, flags, other->id);
	domain_put(other);
	return rc;
}
