/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is not the guest's.  Tried: touching the hypervisor's address
 * range, mapping into it, mapping every RAM frame that is not ours, and using
 * odd pages as tables.  Proof: each touch is a page fault, each map is refused,
 * and the hypervisor answers at the end as at the start.
 */
#include "guest.h"
#include "page.h"
#include "trap.h"

#define STEP 3	/* of the frames tried: every one takes an emulated machine too long */

static uint64_t *window;

static void touch(void)
{
	uint64_t value;

	for (uint64_t va = HC_HYPERVISOR_VIRT_START + 0x8000000000; va < HC_HYPERVISOR_VIRT_END;
	     va += 0x1000000000) {
		expect_fault("read", attempt_read(va, &value), TRAP_PF, ~0u);
		expect_fault("write", attempt_write(va, 0), TRAP_PF, ~0u);
	}
	expect_fault("write to the machine-to-physical table",
		     attempt_write(HC_MACH2PHYS_VIRT_START, 0), TRAP_PF, ~0u);
	expect_fault("last page", attempt_read(HC_HYPERVISOR_VIRT_END - 8, &value), TRAP_PF, ~0u);
}

static void top_slots(void)
{
	uint64_t *top = (uint64_t *)start_info->pt_base;

	for (unsigned int slot = 256; slot < 272; slot++) {
		struct hc_mmu_update u = { .ptr = ptr_to_maddr(&top[slot]), .val = 0 };

		expect_refused(hc_mmu_update(&u, 1, HC_DOMID_SELF));
		u.val = top[511];
		expect_refused(hc_mmu_update(&u, 1, HC_DOMID_SELF));
		expect_fault("plain store", attempt_write(PTR(&top[slot]), 0), TRAP_PF, ~0u);
	}
}

static bool is_ours(uint64_t mfn)
{
	uint64_t pfn = M2P[mfn];

	return pfn < start_info->nr_pages &&
	       ((const uint64_t *)start_info->mfn_list)[pfn] == mfn;
}

static bool is_ram(const struct hc_e820_entry *map, unsigned int entries, uint64_t mfn)
{
	for (unsigned int i = 0; i < entries; i++)
		if (map[i].type == HC_E820_RAM && mfn << PAGE_SHIFT >= map[i].addr &&
		    (mfn + 1) << PAGE_SHIFT <= map[i].addr + map[i].size)
			return mfn >= 256;
	return false;
}

static void frames(void)
{
	static struct hc_e820_entry entries[HC_E820_MAX];
	struct hc_memory_map map = { .nr_entries = HC_E820_MAX, .buffer = PTR(entries) };
	unsigned long tried = 0, shared = 0;
	long last = hc_memory_op(HC_MEM_MAXIMUM_RAM_PAGE, NULL);

	if (hc_memory_op(HC_MEM_MACHINE_MEMORY_MAP, &map)) {
		skip("the machine's memory map is not ours to see\n");
		return;
	}
	for (uint64_t mfn = 0; mfn <= (uint64_t)last; mfn += STEP) {
		if (!is_ram(entries, map.nr_entries, mfn) || is_ours(mfn))
			continue;
		tried++;
		if (mfn == start_info->shared_info >> PAGE_SHIFT)
			continue;
		if (remap(window, mfn, PTE_DATA) == 0) {
			shared++;
			print("frame 0x%lx can be mapped\n", mfn);
		}
	}
	print("%lu frames tried\n", tried);
	expect(tried > 1000, "only %lu frames to try\n", tried);
	expect(!shared, "%lu frames of others can be mapped for writing\n", shared);
}

static void odd_tables(void)
{
	struct hc_mmuext_op op = { .cmd = HC_MMUEXT_NEW_BASEPTR };
	static const unsigned int pins[] = {
		HC_MMUEXT_PIN_L1_TABLE, HC_MMUEXT_PIN_L2_TABLE, HC_MMUEXT_PIN_L3_TABLE,
		HC_MMUEXT_PIN_L4_TABLE, HC_MMUEXT_NEW_BASEPTR, HC_MMUEXT_NEW_USER_BASEPTR,
	};
	uint64_t frames[] = { 1UL << 35, ptr_to_mfn(window), ~0UL, 1UL << 52 };

	for (unsigned int i = 0; i < ARRAY_SIZE(pins); i++)
		for (unsigned int n = 0; n < ARRAY_SIZE(frames); n++) {
			op.cmd = pins[i];
			op.arg1.mfn = frames[n];
			expect_refused(hc_mmuext_op(&op, 1, HC_DOMID_SELF));
		}
	op.cmd = HC_MMUEXT_PIN_L4_TABLE;
	op.arg1.mfn = ptr_to_mfn(window);
	expect_refused(hc_mmuext_op(&op, 1, 0x7000));
}

void test_main(void)
{
	window = page_alloc();
	section("touch the hypervisor's range\n");
	touch();
	section("its slots in our top table\n");
	top_slots();
	section("odd pages as tables\n");
	odd_tables();
	section("other frames\n");
	frames();
	expect(hc_xen_version(0, NULL) > 0, "the hypervisor does not answer\n");
}
