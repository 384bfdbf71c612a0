// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks of guests' page tables. */
#include "memory/walk.h"

#include "domain/domain.h"

/*
 * An entry at that address.  Stale entries may lead to frames that are anything now,
 * also where there is no RAM: then 0, as the load itself finds out.
 */
#ifdef TENON_HOST
static inline uint64_t read_entry(const char *ram, uint64_t maddr)
{
	return mfn_valid(maddr >> PAGE_SHIFT) ? pte_read((const uint64_t *)(ram + maddr)) : 0;
}
#else
static inline uint64_t read_entry(const char *ram, uint64_t maddr)
{
	uint64_t entry;

	__asm__ goto("1:	mov	%1, %0\n"
		     "	.pushsection .exception_table, \"a\"\n"
		     "	.quad	1b, %l[fault]\n"
		     "	.popsection"
		     : "=r"(entry) : "m"(*(const uint64_t *)(ram + maddr)) : : fault);
	return entry;
fault:
	return 0;
}
#endif

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
		entry = read_entry(ram, table + pte_index(va, at) * 8);
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

/*
 * The short way down to level 1, for what is called most: the address of the entry there, and what the
 * three above have in common.  One that is not present may lead to any RAM, which is read and told by that.
 * The base, a vcpu's own, is good.
 */
static inline uint64_t walk_down(uint64_t base, uint64_t va, uint64_t *maddr)
{
	uint64_t table = base, all = ~0ULL, end = memory_max_mfn << PAGE_SHIFT, address = PTE_ADDRESS;
	const char *ram = maddr_to_virt(0);

	/* Loaded once; the compiler would do it at each use. */
	__asm__("" : "+r"(address), "+r"(ram));
#pragma GCC unroll 3
	for (unsigned int at = 4; at > 1; at--) {
		uint64_t entry;

		if (at < 4 && unlikely(table >= end))
			return 0;
		entry = read_entry(ram, table + pte_index(va, at) * 8);
		table = entry & address;
		all &= entry;
	}
	*maddr = table + pte_index(va, 1) * 8;
	return all;
}

/* What is not a level-1 table that nobody has locked. */
static __noinline struct frame *lock_slow(struct domain *d, struct frame *f, uint64_t maddr)
{
	unsigned int level = frame_lock_table(f, d->id, maddr);

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
	*slot = maddr_to_virt(maddr);
	return likely(frame_try_lock_l1(f, d->id, maddr)) ? f : lock_slow(d, f, maddr);
}

struct frame *table_lock_at(struct domain *d, uint64_t maddr, uint64_t **slot)
{
	return lock_at(d, maddr & ~7ULL, slot);
}

struct frame *table_lock_for(struct vcpu *v, uint64_t va, uint64_t **slot)
{
	uint64_t maddr, all = walk_down(v->memory.base_kernel, va, &maddr);

	return likely(all & PTE_PRESENT && guest_address_ok(va)) ? lock_at(v->domain, maddr, slot) : NULL;
}

bool table_walk_store(struct vcpu *v, uint64_t va, uint64_t *entry)
{
	uint64_t maddr, all = walk_down(v->memory.base_kernel, va, &maddr);

	if (unlikely((all & (PTE_PRESENT | PTE_WRITE)) != (PTE_PRESENT | PTE_WRITE) ||
		     maddr >> PAGE_SHIFT >= memory_max_mfn))
		return false;
	*entry = read_entry(maddr_to_virt(0), maddr);
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
