// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks of guests' page tables. */
#include "memory/walk.h"

bool table_walk(uint64_t cr3, uint64_t va, unsigned int level, struct walk *w)
{
	uint64_t entry = cr3, table = 0, writable = PTE_WRITE, nx = 0;
	uint64_t end = memory_max_mfn << PAGE_SHIFT;
	const char *ram = maddr_to_virt(0);

	w->entry = 0;
	if (unlikely(!cr3))
		return false;
#pragma GCC unroll 4
	for (unsigned int at = 4; at; at--) {
		table = entry & PTE_ADDRESS;
		if (unlikely(table >= end))
			return false;
		entry = walk_entry(ram, table + pte_index(va, at) * 8);
		if (at == level || unlikely(!(entry & PTE_PRESENT)))
			break;
		writable &= entry;
		nx |= entry;
	}
	w->table = table >> PAGE_SHIFT;
	w->entry = entry;
	w->upper = writable | (nx & PTE_NX);
	return entry & PTE_PRESENT;
}

struct frame *table_lock_slow(struct domain *d, struct frame *f, uint64_t maddr)
{
	unsigned int level = frame_lock_table(f, d->id, maddr);

	if (level == 1)
		return f;
	if (level)
		frame_unlock_table(f);
	return NULL;
}

bool table_walk_store(struct vcpu *v, uint64_t va, uint64_t *entry)
{
	uint64_t maddr, all;

	if (unlikely(!walk_down(v->memory.base_kernel, va, &maddr, &all) || !(all & PTE_WRITE)))
		return false;
	*entry = walk_entry(maddr_to_virt(0), maddr);
	return (*entry & (PTE_PRESENT | PTE_WRITE)) == PTE_PRESENT;
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
