/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of page tables: a tree of four tables of its own, whose lowest maps 512 pages, is pinned and unpinned
 * as a whole; in the tables this kernel was started with, one lowest table of it has its entries changed.
 */
#include "guest.h"
#include "page.h"
#include "rows.h"

#define ENTRIES 512
#define BATCH 128
#define WINDOW 0x5000000000UL	/* a virtual address nothing else uses: L4 slot 0 */
#define TABLE (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)

static uint64_t *l4, *l3, *l2, *l1, *live;
static uint64_t value[2];	/* the two pages that an entry maps in turn */

static long mmuext(unsigned int cmd, uint64_t mfn)
{
	struct hc_mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return hc_mmuext_op(&op, 1, HC_DOMID_SELF);
}

static uint64_t link(const void *page)
{
	return make_pte(ptr_to_mfn(page), TABLE);
}

static void update(uint64_t *entry, uint64_t to)
{
	struct hc_mmu_update u = { .ptr = ptr_to_maddr(entry), .val = to };

	need(hc_mmu_update(&u, 1, HC_DOMID_SELF));
}

static uint64_t *table(void)
{
	return page_alloc();
}

/* A table of pages at WINDOW, in use. */
static void map_live(void)
{
	uint64_t *upper = table(), *middle = table();

	live = table();
	upper[WINDOW >> 30 & 511] = link(middle);
	middle[WINDOW >> 21 & 511] = link(live);
	for (unsigned int i = 0; i < ENTRIES; i++)
		live[i] = value[0];
	make_readonly(live);
	make_readonly(middle);
	make_readonly(upper);
	update(pte_of((void *)WINDOW, 4), link(upper));
}

void prepare_memory(void)
{
	value[0] = make_pte(ptr_to_mfn(page_alloc()), PTE_DATA);
	value[1] = make_pte(ptr_to_mfn(page_alloc()), PTE_DATA);
	map_live();
	l4 = table();
	l3 = table();
	l2 = table();
	l1 = table();
	l4[0] = link(l3);
	l3[0] = link(l2);
	l2[0] = link(l1);
	for (unsigned int i = 0; i < ENTRIES; i++)
		l1[i] = value[0];
	make_readonly(l1);
	make_readonly(l2);
	make_readonly(l3);
	make_readonly(l4);
}

uint64_t run_mmu_update(unsigned int times)
{
	struct hc_mmu_update u = { .ptr = ptr_to_maddr(live) };
	uint64_t begin = ticks_begin();

	while (times--) {
		u.val = value[times & 1];
		hc_mmu_update(&u, 1, HC_DOMID_SELF);
	}
	begin = ticks_end() - begin;
	expect_equal("the entry", *live & PTE_ADDRESS, value[0] & PTE_ADDRESS);
	return begin;
}

uint64_t run_mmu_update_batch(unsigned int times)
{
	static struct hc_mmu_update list[2][BATCH];
	uint64_t begin;

	for (unsigned int turn = 0; turn < 2; turn++)
		for (unsigned int i = 0; i < BATCH; i++) {
			list[turn][i].ptr = ptr_to_maddr(&live[i]);
			list[turn][i].val = value[turn];
		}
	begin = ticks_begin();
	for (times /= BATCH; times--;)
		hc_mmu_update(list[times & 1], BATCH, HC_DOMID_SELF);
	begin = ticks_end() - begin;
	expect_equal("the last entry", live[BATCH - 1] & PTE_ADDRESS, value[0] & PTE_ADDRESS);
	return begin;
}

uint64_t run_update_va_mapping(unsigned int times)
{
	uint64_t begin = ticks_begin();

	while (times--)
		hc_update_va_mapping((void *)WINDOW, value[times & 1], HC_UVMF_INVLPG);
	begin = ticks_end() - begin;
	expect_equal("the entry", *live & PTE_ADDRESS, value[0] & PTE_ADDRESS);
	return begin;
}

uint64_t run_write(unsigned int times)
{
	uint64_t begin = ticks_begin();

	while (times--)
		WRITE_ONCE(*live, value[times & 1]);
	begin = ticks_end() - begin;
	expect_equal("the entry", *live & PTE_ADDRESS, value[0] & PTE_ADDRESS);
	return begin;
}

uint64_t run_pin(unsigned int times)
{
	uint64_t mfn = ptr_to_mfn(l4), begin = ticks_begin();

	while (times--) {
		need(mmuext(HC_MMUEXT_PIN_L4_TABLE, mfn));
		need(mmuext(HC_MMUEXT_UNPIN_TABLE, mfn));
	}
	return ticks_end() - begin;
}

uint64_t run_base(unsigned int times)
{
	uint64_t mfn = ptr_to_mfn((void *)start_info->pt_base), begin = ticks_begin();

	while (times--)
		mmuext(HC_MMUEXT_NEW_BASEPTR, mfn);
	return ticks_end() - begin;
}
