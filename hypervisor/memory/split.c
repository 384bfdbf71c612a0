// SPDX-License-Identifier: GPL-2.0-or-later
/* Outer tables: what guests run on where nothing of ours may be mapped.  See split.h. */
#include "memory/split.h"

#include "domain/domain.h"
#include "lib/log.h"
#include "memory/hypmap.h"
#include "memory/memory.h"
#include "memory/pagetable.h"

#define LINK_BITS PTE_ADDRESS

bool split_tables;
static uint64_t *common;	/* a level-4 table with what all outer ones share */

static uint64_t *outer_of(const uint64_t *inner)
{
	return maddr_to_virt(~inner[L4_LINK] & LINK_BITS);
}

int split_expose(const void *start, size_t size)
{
	uint64_t va = ALIGN_DOWN((uint64_t)start, PAGE_SIZE), end = (uint64_t)start + size;

	for (; split_tables && va < end; va += PAGE_SIZE) {
		uint64_t *slot = hyp_entry_in(common, va, 1);

		if (!slot)
			return -ENOMEM;
		*slot = *hyp_entry_in(hyp_l4, va, 1);
	}
	return 0;
}

int split_expose_window(struct domain *d, uint64_t window)
{
	uint64_t *l3 = d->memory.outer_windows, *slot;

	if (!split_tables)
		return 0;
	if (!l3) {
		l3 = page_alloc_for(d);
		if (!l3)
			return -ENOMEM;
		d->memory.outer_windows = l3;
	}
	slot = &l3[pte_index(window, 3)];
	if (!*slot) {
		uint64_t *l2 = page_alloc_for(d);

		if (!l2)
			return -ENOMEM;
		*slot = virt_to_maddr(l2) | PTE_PRESENT | PTE_WRITE;
	}
	/* The level-1 table is the domain's alone, because its windows begin and end with one. */
	slot = (uint64_t *)maddr_to_virt(*slot & PTE_ADDRESS) + pte_index(window, 2);
	*slot = *hyp_entry_in(hyp_l4, window, 2);
	return 0;
}

void split_domain_free(struct domain *d)
{
	uint64_t *l3 = d->memory.outer_windows;

	if (!l3)
		return;
	for (unsigned int i = 0; i < PTE_ENTRIES; i++)
		if (l3[i])
			page_free_for(d, maddr_to_virt(l3[i] & PTE_ADDRESS));
	page_free_for(d, l3);
	d->memory.outer_windows = NULL;
}

void split_link(struct domain *d, uint64_t *inner, uint64_t *outer)
{
	for (unsigned int i = 0; i < PTE_ENTRIES; i++)
		outer[i] = i >= L4_HOLE_FIRST && i <= L4_HOLE_LAST ? common[i] : inner[i];
	outer[L4_WINDOWS] = virt_to_maddr(d->memory.outer_windows) | PTE_PRESENT | PTE_WRITE;
	inner[L4_LINK] = ~virt_to_maddr(outer) & LINK_BITS;
}

int split_table_made(struct domain *d, uint64_t *inner)
{
	uint64_t *outer = page_alloc_for(d);

	if (!outer)
		return -ENOMEM;
	split_link(d, inner, outer);
	return 0;
}

void split_table_gone(struct domain *d, uint64_t *inner)
{
	page_free_for(d, outer_of(inner));
	inner[L4_LINK] = 0;
}

void split_entry_changed(uint64_t *inner, unsigned int index)
{
	__atomic_store_n(&outer_of(inner)[index], pte_read(&inner[index]), __ATOMIC_SEQ_CST);
}

uint64_t split_outer_of(uint64_t cr3)
{
	return virt_to_maddr(outer_of(maddr_to_virt(cr3)));
}

void split_follow(struct vcpu *v)
{
	WRITE_ONCE(v->outer_kernel, split_outer(v->cr3_kernel));
	WRITE_ONCE(v->outer_user, split_outer(v->cr3_user));
}

void split_init(void)
{
	if (!split_tables)
		return;
	common = page_alloc();
	if (!common)
		panic("no memory for the tables that guests run on");
	common[L4_HOLE_FIRST] = hyp_l4[L4_HOLE_FIRST];
}
