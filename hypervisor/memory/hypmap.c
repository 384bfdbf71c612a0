// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hypervisor's own mappings: the shared slots of every level-4 table.
 *
 * Their level-3 tables exist from the start and never go away, so whatever is
 * mapped below them appears in all address spaces at once.
 */
#include "memory/hypmap.h"

#include "cpu/percpu.h"
#include "cpu/x86.h"
#include "lib/log.h"
#include "memory/memory.h"
#include "memory/pagetable.h"

/* Above this many pages flushing everything is cheaper than page by page. */
#define UNMAP_FLUSH_PAGES 16

uint64_t *hyp_l4;
void *(*hyp_table_page)(void);
static spinlock_t lock;			/* protects the tables below the shared slots */
static uint64_t ioremap_next = IOREMAP_VIRT;	/* under lock */

uint64_t hyp_cr3(void)
{
	return virt_to_maddr(hyp_l4);
}

uint64_t *hyp_entry_in(uint64_t *l4, uint64_t va, unsigned int level)
{
	uint64_t *table = l4;

	for (unsigned int at = 4; at > level; at--) {
		uint64_t *slot = &table[pte_index(va, at)];

		if (!(*slot & PTE_PRESENT)) {
			void *page = hyp_table_page();

			if (!page)
				return NULL;
			/*
			 * The user bit of an upper level only permits; the M2P table's
			 * slot is the only one to have it.
			 */
			__atomic_store_n(slot, virt_to_maddr(page) | PTE_PRESENT | PTE_WRITE |
					 (va < M2P_VIRT ? PTE_USER : 0), __ATOMIC_RELEASE);
		}
		ASSERT(!(*slot & PTE_LARGE));
		table = maddr_to_virt(*slot & PTE_ADDRESS);
	}
	return &table[pte_index(va, level)];
}

uint64_t *hyp_entry(uint64_t va, unsigned int level)
{
	return hyp_entry_in(hyp_l4, va, level);
}

void hypmap_init(void)
{
	hyp_l4 = maddr_to_virt(read_cr3() & PTE_ADDRESS);
	for (uint64_t i = L4_HOLE_FIRST; i <= L4_HOLE_LAST; i++)
		if (i != L4_LINK && !hyp_entry(~0ULL << 48 | i << 39, 3))
			panic("no memory for the hypervisor's page tables");
}

int hyp_map(uint64_t va, mfn_t mfn, unsigned int count, unsigned int flags)
{
	uint64_t bits = PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY;
	int rc = 0;

	if (flags & MAP_WRITE)
		bits |= PTE_WRITE;
	if (!(flags & MAP_EXEC))
		bits |= PTE_NX;
	if (flags & MAP_UNCACHED)
		bits |= PTE_PCD | PTE_PWT;
	if (flags & MAP_USER)
		bits |= PTE_USER;
	spin_lock(&lock);
	for (unsigned int i = 0; i < count; i++) {
		uint64_t *slot = hyp_entry(va + i * PAGE_SIZE, 1);

		if (!slot) {
			rc = -ENOMEM;
			break;
		}
		__atomic_store_n(slot, pte_make(mfn + i, bits), __ATOMIC_RELEASE);
	}
	spin_unlock(&lock);
	return rc;
}

void hyp_unmap_for(uint64_t va, unsigned int count, cpumask_t cpus)
{
	spin_lock(&lock);
	for (unsigned int i = 0; i < count; i++) {
		uint64_t *slot = hyp_entry(va + i * PAGE_SIZE, 1);

		if (slot)
			__atomic_store_n(slot, 0, __ATOMIC_SEQ_CST);
	}
	spin_unlock(&lock);
	if (count > UNMAP_FLUSH_PAGES)
		tlb_flush_mask(cpus);
	else
		for (unsigned int i = 0; i < count; i++)
			tlb_flush_page_mask(cpus, va + i * PAGE_SIZE);
}

void hyp_unmap(uint64_t va, unsigned int count)
{
	hyp_unmap_for(va, count, cpu_online_mask);
}

void hyp_free_tables(uint64_t va, uint64_t size)
{
	for (uint64_t end = va + size; va < end; va += PTE_ENTRIES * PAGE_SIZE) {
		uint64_t *slot, table = 0;

		spin_lock(&lock);
		slot = hyp_entry(va, 2);
		if (slot)
			table = __atomic_exchange_n(slot, 0, __ATOMIC_SEQ_CST);
		spin_unlock(&lock);
		if (!table)
			continue;
		tlb_flush_mask(cpu_online_mask);
		page_free(maddr_to_virt(table & PTE_ADDRESS));
	}
}

void *ioremap(uint64_t maddr, uint64_t size)
{
	uint64_t first = maddr & PAGE_MASK, pages, va;

	if (!size || maddr + size < maddr || size > IOREMAP_SIZE)
		return NULL;
	pages = (ALIGN_UP(maddr + size, PAGE_SIZE) - first) >> PAGE_SHIFT;
	spin_lock(&lock);
	va = ioremap_next;
	if (va + pages * PAGE_SIZE > IOREMAP_VIRT + IOREMAP_SIZE)
		va = 0;
	else
		ioremap_next = va + pages * PAGE_SIZE;
	spin_unlock(&lock);
	if (!va || hyp_map(va, first >> PAGE_SHIFT, pages, MAP_WRITE | MAP_UNCACHED))
		return NULL;
	return (void *)(va + (maddr - first));
}
