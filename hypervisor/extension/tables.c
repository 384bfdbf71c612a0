// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many tables of an address space at once.  Nothing here is allowed that
 * update_va_mapping and mmuext_op do not allow; it is the way to there that is
 * shorter: the guest names a frame, and we find its mapping.
 */
#include <hypercall/extension.h>
#include "domain/domain.h"
#include "extension/extension.h"
#include "hypercall/hypercall.h"
#include "memory/entry.h"
#include "memory/owner.h"
#include "memory/walk.h"

#define CHUNK 16	/* steps copied in at a time */

_Static_assert(HC_EXTENSION_TABLE_PIN_L1 == FRAME_L1 && HC_EXTENSION_TABLE_PIN_L4 == FRAME_L4,
	       "a step to pin is the level of the table");

/* The kernel's own mapping of the frame: write is PTE_WRITE or 0. */
static int set_access(struct vcpu *v, uint64_t linear, mfn_t mfn, uint64_t write)
{
	struct entry_store how = { .keep_ad = true };
	struct domain *d = v->domain;
	struct frame *table;
	uint64_t *slot, entry;
	int rc = -EINVAL;

	if (mfn >= memory_max_mfn)
		return -EINVAL;
	/* What the guest has written there as its number may be anything: so may an address. */
	table = table_lock_for(v, linear + (m2p_get(mfn) << PAGE_SHIFT), &slot);
	if (!table)
		return -EINVAL;
	entry = pte_read(slot);
	if (entry & PTE_PRESENT && pte_mfn(entry) == mfn)
		rc = l1_entry_update(d, d->id, slot, (entry & ~PTE_WRITE) | write, how);
	frame_unlock_table(table);
	return rc;
}

/* -ERESTART: to be done again; what it did already does no harm then. */
static int step(struct vcpu *v, uint64_t linear, uint64_t word)
{
	unsigned int what = word & (PAGE_SIZE - 1);
	mfn_t mfn = word >> PAGE_SHIFT;
	int rc;

	if (what == HC_EXTENSION_TABLE_RELEASE) {
		frame_unpin(mfn, v->domain);
		return v->memory.deferred ? -ERESTART : set_access(v, linear, mfn, PTE_WRITE);
	}
	if (what > HC_EXTENSION_TABLE_PIN_L4)
		return -EINVAL;
	rc = set_access(v, linear, mfn, 0);
	return rc || what == HC_EXTENSION_TABLE_READONLY ? rc : frame_pin(mfn, v->domain, what);
}

static int run_steps(struct vcpu *v, struct hc_extension_tables *t)
{
	uint64_t chunk[CHUNK];
	int rc = 0;

	while (!rc && t->count) {
		uint32_t n = MIN(t->count, CHUNK);

		if (guest_read_words(chunk, t->list, n))
			return -EFAULT;
		for (uint32_t i = 0; i < n && !rc; i++) {
			rc = step(v, t->linear, chunk[i]);
			if (rc)
				break;
			t->list += sizeof(chunk[0]);
			t->count--;
		}
		if (!rc && t->count && hypercall_preempt_check())
			rc = -ERESTART;
	}
	return rc;
}

long extension_tables(uint64_t arg)
{
	struct vcpu *v = current;
	struct hc_extension_tables t;
	uint32_t count;
	int rc = -ERESTART;

	if (!vcpu_deferred_finish(v, true)) {
		if (copy_from_guest(&t, arg, sizeof(t)))
			return -EFAULT;
		if (t.pad)
			return -EINVAL;
		count = t.count;
		rc = run_steps(v, &t);
		v->counters[HC_COUNTER_MMU_UPDATES] += count - t.count;
		owner_reap();
		if (rc && copy_to_guest(arg, &t, sizeof(t)))
			return -EFAULT;
	}
	return rc == -ERESTART ? hypercall_continue(HC_NR_EXTENSION, 2, (uint64_t)HC_EXTENSION_TABLES, arg) :
				 rc;
}
