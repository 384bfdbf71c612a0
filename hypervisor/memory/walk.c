// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks of guests' page tables. */
#include "memory/walk.h"

#include "domain/domain.h"

/*
 * An entry of a table.  Stale entries may lead to frames that are anything now,
 * also where there is no RAM: then 0, as the load itself finds out.
 */
#ifdef TENON_HOST
static inline uint64_t read_entry(mfn_t table, unsigned int index)
{
	return mfn_valid(table) ? pte_read((uint64_t *)mfn_to_virt(table) + index) : 0;
}
#else
static inline uint64_t read_entry(mfn_t table, unsigned int index)
{
	uint64_t entry;

	__asm__ goto("1:	mov	%1, %0\n"
		     "	.pushsection .exception_table, \"a\"\n"
		     "	.quad	1b, %l[fault]\n"
		     "	.popsection"
		     : "=r"(entry) : "m"(((uint64_t *)mfn_to_virt(table))[index]) : : fault);
	return entry;
fault:
	return 0;
}
#endif

bool table_walk(uint64_t cr3, uint64_t va, unsigned int level, struct walk *w)
{
	mfn_t table = cr3 >> PAGE_SHIFT;
	uint64_t entry = 0, writable = PTE_WRITE, nx = 0;

	w->entry = 0;
	if (unlikely(!table))
		return false;
#pragma GCC unroll 4
	for (unsigned int at = 4; at; at--) {
		if (unlikely(table >= memory_max_mfn))
			return false;
		entry = read_entry(table, pte_index(va, at));
		if (at == level || !(entry & PTE_PRESENT))
			break;
		writable &= entry;
		nx |= entry;
		table = pte_mfn(entry);
	}
	w->table = table;
	w->entry = entry;
	w->upper = writable | (nx & PTE_NX);
	return entry & PTE_PRESENT;
}

/* What is not a level-1 table that nobody has locked. */
static struct frame *lock_slow(struct domain *d, struct frame *f)
{
	unsigned int level = frame_lock_table(f, d->id);

	if (level == 1)
		return f;
	if (level)
		frame_unlock_table(f);
	return NULL;
}

static inline struct frame *lock_at(struct domain *d, uint64_t maddr, uint64_t **slot)
{
	struct frame *f = frame_of(maddr >> PAGE_SHIFT);

	if (unlikely(maddr >> PAGE_SHIFT >= memory_max_mfn))
		return NULL;
	*slot = maddr_to_virt(maddr & ~7ULL);
	return likely(frame_try_lock_l1(f, d->id)) ? f : lock_slow(d, f);
}

struct frame *table_lock_at(struct domain *d, uint64_t maddr, uint64_t **slot)
{
	return lock_at(d, maddr, slot);
}

struct frame *table_lock_for(struct vcpu *v, uint64_t va, uint64_t **slot)
{
	struct walk w;

	if (!guest_address_ok(va) || !table_walk(v->memory.base_kernel, va, 2, &w))
		return NULL;
	return lock_at(v->domain, (w.entry & PTE_ADDRESS) + pte_index(va, 1) * 8, slot);
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
