/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page-table helpers: reading through the bootstrap mapping, changing by hypercall. */
#include "page.h"

#include <hypercall/memory.h>

#include "guest.h"

#define POOL_PAGES 512

static char pool[POOL_PAGES][PAGE_SIZE] __attribute__((aligned(4096)));
static unsigned int pool_used;

void *page_alloc(void)
{
	if (pool_used == POOL_PAGES) {
		error("the pool of pages is empty\n");
		finish();
	}
	memset(pool[pool_used], 0, PAGE_SIZE);
	return pool[pool_used++];
}

uint64_t ptr_to_mfn(const void *p)
{
	const uint64_t *p2m = (const uint64_t *)start_info->mfn_list;

	return p2m[((uint64_t)p - VIRT_BASE) >> PAGE_SHIFT];
}

uint64_t ptr_to_maddr(const void *p)
{
	return ptr_to_mfn(p) << PAGE_SHIFT | ((uint64_t)p & (PAGE_SIZE - 1));
}

void *mfn_to_ptr(uint64_t mfn)
{
	return (void *)(VIRT_BASE + (M2P[mfn] << PAGE_SHIFT));
}

uint64_t make_pte(uint64_t mfn, uint64_t flags)
{
	return mfn << PAGE_SHIFT | flags;
}

uint64_t *entry_of(uint64_t *top, uint64_t va, unsigned int level)
{
	uint64_t *table = top;

	for (unsigned int l = 4;; l--) {
		uint64_t *entry = &table[va >> (PAGE_SHIFT + 9 * (l - 1)) & 511];

		if (l == level)
			return entry;
		if (!(*entry & PTE_PRESENT) || *entry & PTE_LARGE)
			return NULL;
		table = mfn_to_ptr((*entry & PTE_ADDRESS) >> PAGE_SHIFT);
	}
}

uint64_t *pte_of(const void *va, unsigned int level)
{
	return entry_of((uint64_t *)start_info->pt_base, (uint64_t)va, level);
}

long remap(const void *page, uint64_t mfn, uint64_t flags)
{
	return hc_update_va_mapping(page, make_pte(mfn, flags), HC_UVMF_INVLPG | HC_UVMF_ALL);
}

void *map_mfn(uint64_t mfn)
{
	void *page = page_alloc();

	return remap(page, mfn, PTE_DATA) ? NULL : page;
}

void make_readonly(const void *page)
{
	need(remap(page, ptr_to_mfn(page), PTE_RO));
}

void make_writable(const void *page)
{
	need(remap(page, ptr_to_mfn(page), PTE_DATA));
}
