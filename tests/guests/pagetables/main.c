/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmu_update and mmuext_op: a page table is what was validated, and nothing
 * writable is one.  Proof: a tree built by hand is pinned, linked and used; every
 * way to get a writable mapping of a table, or a table out of unfit pages, is
 * refused; unpinning makes the pages ordinary again.
 */
#include "guest.h"
#include "page.h"
#include "trap.h"

#define WINDOW 0x5000000000UL	/* a virtual address nothing else uses: L4 slot 0 */
#define TABLE (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)

static uint64_t *l3, *l2, *l1, *data;

static long update(uint64_t *entry, uint64_t value)
{
	struct hc_mmu_update u = { .ptr = ptr_to_maddr(entry), .val = value };

	return hc_mmu_update(&u, 1, HC_DOMID_SELF);
}

static long mmuext(unsigned int cmd, uint64_t arg)
{
	struct hc_mmuext_op op = { .cmd = cmd, .arg1.mfn = arg };

	return hc_mmuext_op(&op, 1, HC_DOMID_SELF);
}

static uint64_t link(const void *page)
{
	return make_pte(ptr_to_mfn(page), TABLE);
}

static void build(void)
{
	l3 = page_alloc();
	l2 = page_alloc();
	l1 = page_alloc();
	data = page_alloc();
	l3[WINDOW >> 30 & 511] = link(l2);
	l2[WINDOW >> 21 & 511] = link(l1);
	l1[WINDOW >> 12 & 511] = make_pte(ptr_to_mfn(data), PTE_DATA);
}

static void pin_and_use(void)
{
	uint64_t *slot = pte_of((void *)WINDOW, 4);

	section("tables with writable mappings cannot be pinned\n");
	expect_refused(mmuext(HC_MMUEXT_PIN_L3_TABLE, ptr_to_mfn(l3)));
	make_readonly(l3);
	expect_refused(mmuext(HC_MMUEXT_PIN_L3_TABLE, ptr_to_mfn(l3)));
	make_readonly(l2);
	expect_refused(mmuext(HC_MMUEXT_PIN_L3_TABLE, ptr_to_mfn(l3)));
	make_readonly(l1);
	expect_success(mmuext(HC_MMUEXT_PIN_L3_TABLE, ptr_to_mfn(l3)));
	expect_refused(mmuext(HC_MMUEXT_PIN_L3_TABLE, ptr_to_mfn(l3)));
	section("link it and use it\n");
	expect_success(update(slot, link(l3)));
	*(volatile uint64_t *)WINDOW = 42;
	expect_equal("data through the window", data[0], 42);
}

static void writable_tables(void)
{
	uint64_t value;

	section("no writable mapping of a table, no use of a table at two levels\n");
	expect_refused(remap(l1, ptr_to_mfn(l1), PTE_DATA));
	expect_refused(update(&l1[1], make_pte(ptr_to_mfn(l1), PTE_DATA)));
	expect_refused(update(&l1[1], make_pte(ptr_to_mfn(l2), PTE_DATA)));
	expect_refused(update(&l2[0], link(l3)));
	expect_refused(update(&l3[0], link(l1)));
	expect_refused(update(&l2[0], make_pte(ptr_to_mfn(data), TABLE)));
	section("read-only ones are fine\n");
	expect_success(update(&l1[1], make_pte(ptr_to_mfn(l1), PTE_RO)));
	expect_no_fault("table read through itself", attempt_read(WINDOW + PAGE_SIZE, &value));
	expect_equal("first entry", value, l1[0]);
	expect_fault("table written through itself", attempt_write(WINDOW + PAGE_SIZE, ~0UL),
		     TRAP_PF, ~0u);
	section("bad bits, foreign and missing frames\n");
	expect_refused(update(&l1[2], make_pte(ptr_to_mfn(data), PTE_DATA) | 1UL << 51));
	expect_refused(update(&l1[2], make_pte(1UL << 35, PTE_DATA)));
	expect_refused(update(&l2[1], make_pte(ptr_to_mfn(data) & ~511UL, TABLE | PTE_LARGE)));
	expect_error(hc_mmu_update((void *)8, 1, HC_DOMID_SELF), EFAULT);
}

static void change_and_flush(void)
{
	uint64_t *other = page_alloc(), *entry = &l1[WINDOW >> 12 & 511];

	section("change an entry, flush, see the other page\n");
	other[0] = 7;
	expect_success(update(entry, make_pte(ptr_to_mfn(other), PTE_DATA)));
	expect_success(mmuext(HC_MMUEXT_INVLPG_LOCAL, WINDOW));
	expect_equal("the other page", *(volatile uint64_t *)WINDOW, 7);
	expect_success(update(entry, 0));
	expect_success(mmuext(HC_MMUEXT_TLB_FLUSH_LOCAL, 0));
	expect_fault("unmapped page", attempt_write(WINDOW, 1), TRAP_PF, PF_WRITE);
	expect_success(mmuext(HC_MMUEXT_TLB_FLUSH_ALL, 0));
	expect_success(mmuext(HC_MMUEXT_FLUSH_CACHE, 0));
	expect_success(mmuext(HC_MMUEXT_FLUSH_CACHE_GLOBAL, 0));
}

static void preserve_bits(void)
{
	uint64_t *entry = &l1[WINDOW >> 12 & 511], value = make_pte(ptr_to_mfn(data), PTE_DATA);
	struct hc_mmu_update u = {
		.ptr = ptr_to_maddr(entry) | HC_MMU_PT_UPDATE_PRESERVE_AD,
		.val = value & ~(PTE_ACCESSED | PTE_DIRTY),
	};

	section("accessed and dirty survive where asked\n");
	expect_success(update(entry, value));
	expect_success(hc_mmu_update(&u, 1, HC_DOMID_SELF));
	expect_equal("the entry", *entry & (PTE_ACCESSED | PTE_DIRTY), PTE_ACCESSED | PTE_DIRTY);
}

static void machphys(void)
{
	uint64_t mfn = ptr_to_mfn(data), pfn = M2P[mfn];
	struct hc_mmu_update u = { .ptr = mfn << PAGE_SHIFT | HC_MMU_MACHPHYS_UPDATE, .val = 999 };

	section("machine-to-physical entries of own frames\n");
	expect_success(hc_mmu_update(&u, 1, HC_DOMID_SELF));
	expect_equal("entry written", M2P[mfn], 999);
	u.val = pfn;
	expect_success(hc_mmu_update(&u, 1, HC_DOMID_SELF));
	u.ptr = 1UL << 47 | HC_MMU_MACHPHYS_UPDATE;
	expect_refused(hc_mmu_update(&u, 1, HC_DOMID_SELF));
}

static void pages_by_frame(void)
{
	struct hc_mmuext_op copy = {
		.cmd = HC_MMUEXT_COPY_PAGE, .arg1.mfn = ptr_to_mfn(data),
		.arg2.src_mfn = ptr_to_mfn(start_info),
	};

	section("copy and clear a page by frame number\n");
	expect_success(hc_mmuext_op(&copy, 1, HC_DOMID_SELF));
	expect(!memcmp(data, start_info, PAGE_SIZE), "the copy differs\n");
	expect_success(mmuext(HC_MMUEXT_CLEAR_PAGE, ptr_to_mfn(data)));
	expect_equal("first word", data[0], 0);
	expect_refused(mmuext(HC_MMUEXT_CLEAR_PAGE, ptr_to_mfn(l1)));
	expect_refused(mmuext(HC_MMUEXT_CLEAR_PAGE, 1UL << 35));
}

static void take_apart(void)
{
	uint64_t *slot = pte_of((void *)WINDOW, 4);

	section("take it apart\n");
	expect_refused(mmuext(HC_MMUEXT_UNPIN_TABLE, ptr_to_mfn(l2)));
	expect_success(update(slot, 0));
	expect_success(mmuext(HC_MMUEXT_UNPIN_TABLE, ptr_to_mfn(l3)));
	expect_refused(mmuext(HC_MMUEXT_UNPIN_TABLE, ptr_to_mfn(l3)));
	expect_success(remap(l1, ptr_to_mfn(l1), PTE_DATA));
	expect_success(remap(l2, ptr_to_mfn(l2), PTE_DATA));
	expect_success(remap(l3, ptr_to_mfn(l3), PTE_DATA));
	l1[0] = 0;
	expect_refused(mmuext(99, 0));
}

void test_main(void)
{
	build();
	pin_and_use();
	writable_tables();
	preserve_bits();
	change_and_flush();
	machphys();
	pages_by_frame();
	take_apart();
}
