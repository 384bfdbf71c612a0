// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks of guests' page tables. */
#include "memory/walk.h"

#include "domain/domain.h"

bool table_walk(uint64_t cr3, uint64_t va, unsigned int level, struct walk *w)
{
	mfn_t table = cr3 >> PAGE_SHIFT;

	w->upper = PTE_WRITE;
	for (unsigned int at = 4; ; at--) {
		/* Stale entries may lead to frames that are anything now, but RAM it must be. */
		if (!table || !mfn_valid(table)) {
			w->entry = 0;
			return false;
		}
		w->table = table;
		w->entry = pte_read((uint64_t *)mfn_to_virt(table) + pte_index(va, at));
		if (!(w->entry & PTE_PRESENT))
			return false;
		if (at == level)
			return true;
		w->upper = (w->upper & w->entry & PTE_WRITE) | ((w->upper | w->entry) & PTE_NX);
		table = pte_mfn(w->entry);
	}
}

struct frame *table_lock_at(struct domain *d, uint64_t maddr, uint64_t **slot)
{
	mfn_t mfn = maddr >> PAGE_SHIFT;
	unsigned int level;

	if (mfn >= memory_max_mfn)
		return NULL;
	level = frame_lock_table(frame_of(mfn), d->id);
	if (level == 1) {
		*slot = maddr_to_virt(maddr & ~7ULL);
		return frame_of(mfn);
	}
	if (level)
		frame_unlock_table(frame_of(mfn));
	return NULL;
}

struct frame *table_lock_for(struct vcpu *v, uint64_t va, uint64_t **slot)
{
	struct walk w;

	if (!guest_address_ok(va) || !table_walk(v->memory.base_kernel, va, 2, &w))
		return NULL;
	return table_lock_at(v->domain, (w.entry & PTE_ADDRESS) + pte_index(va, 1) * 8, slot);
}

bool pagetable_walk(struct vcpu *v, uint64_t va, uint64_t *l1e)
{
	struct walk w;

	if (!guest_address_ok(va) ||
	    !table_walk(v->kernel_mode ? v->memory.base_kernel : v->memory.base_user, va, 1, &w))
		return false;
	*l1e = w.entry;
	return true;
}
