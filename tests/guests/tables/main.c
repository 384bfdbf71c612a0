/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tenon's operation on many page tables at once.  Proof: a tree built by hand is
 * pinned, used through a link and released by one call each, also through a
 * multicall and in a list longer than what is done without a break; and a list
 * that would leave a table writable, names others' frames, or addresses the
 * hypervisor stops where that is.
 */
#include <hypercall/extension.h>

#include "guest.h"
#include "page.h"
#include "trap.h"

#define WINDOW 0x5000000000UL	/* a virtual address nothing else uses: L4 slot 0 */
#define TABLE (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)
#define STEP(page, what) HC_EXTENSION_TABLE_STEP(ptr_to_mfn(page), HC_EXTENSION_TABLE_##what)
#define PIN_L3 (HC_EXTENSION_TABLE_PIN_L1 + 2)
#define MANY 3000

static uint64_t *l3, *l2, *l1, *data;
static struct hc_extension_tables tables;

static long call(const uint64_t *list, uint32_t count)
{
	tables.list = PTR(list);
	tables.count = count;
	tables.linear = VIRT_BASE;
	return hypercall(HC_NR_EXTENSION, HC_EXTENSION_TABLES, PTR(&tables), 0, 0, 0);
}

static bool writable(const void *page)
{
	return *pte_of(page, 1) & PTE_WRITE;
}

static void build(void)
{
	l3 = page_alloc();
	l2 = page_alloc();
	l1 = page_alloc();
	data = page_alloc();
	l3[WINDOW >> 30 & 511] = make_pte(ptr_to_mfn(l2), TABLE);
	l2[WINDOW >> 21 & 511] = make_pte(ptr_to_mfn(l1), TABLE);
	l1[WINDOW >> 12 & 511] = make_pte(ptr_to_mfn(data), PTE_DATA);
}

static void link_window(uint64_t entry)
{
	struct hc_mmu_update u = { .ptr = ptr_to_maddr(pte_of((void *)WINDOW, 4)), .val = entry };

	expect_success(hc_mmu_update(&u, 1, HC_DOMID_SELF));
}

static void pin(uint64_t list[3])
{
	list[0] = STEP(l2, READONLY);
	list[1] = STEP(l1, PIN_L1);
	list[2] = HC_EXTENSION_TABLE_STEP(ptr_to_mfn(l3), PIN_L3);
}

static void release(uint64_t list[3])
{
	list[0] = STEP(l3, RELEASE);
	list[1] = STEP(l2, RELEASE);
	list[2] = STEP(l1, RELEASE);
}

static void pin_use_release(void)
{
	uint64_t list[3];

	section("pin, use, release\n");
	pin(list);
	expect_success(call(list, 3));
	expect(!writable(l1) && !writable(l2) && !writable(l3), "a table is still writable\n");
	expect_fault("a store to a table", attempt_write(PTR(&l3[0]), make_pte(ptr_to_mfn(l3), TABLE)),
		     TRAP_PF, ~0u);
	link_window(make_pte(ptr_to_mfn(l3), TABLE));
	*(volatile uint64_t *)WINDOW = 42;
	expect_equal("data through the window", data[0], 42);
	section("in use: unpinned, but not released\n");
	release(list);
	expect_error(call(list, 3), EINVAL);
	expect_equal("steps left", tables.count, 3);
	expect(!writable(l3), "a table in use is writable\n");
	*(volatile uint64_t *)WINDOW = 43;
	expect_equal("data through the window", data[0], 43);
	link_window(0);
	expect_success(call(list, 3));
	expect(writable(l1) && writable(l2) && writable(l3), "a table is not writable again\n");
	l3[0] = 0;
}

static void in_multicall(void)
{
	uint64_t in[3], out[3];
	static struct hc_extension_tables t[2];
	static struct hc_multicall_entry entry[2];

	section("both in one multicall\n");
	pin(in);
	release(out);
	t[0] = (struct hc_extension_tables){ PTR(in), 3, 0, VIRT_BASE };
	t[1] = (struct hc_extension_tables){ PTR(out), 3, 0, VIRT_BASE };
	for (unsigned int i = 0; i < 2; i++)
		entry[i] = (struct hc_multicall_entry){
			.op = HC_NR_EXTENSION, .args = { HC_EXTENSION_TABLES, PTR(&t[i]) },
		};
	expect_success(hc_multicall(entry, 2));
	expect_equal("pinned", entry[0].result, 0);
	expect_equal("released", entry[1].result, 0);
	expect(writable(l1), "the table is not writable again\n");
}

static void long_list(void)
{
	static uint64_t list[MANY];

	section("a long list\n");
	for (unsigned int i = 0; i < MANY; i++)
		list[i] = i % 2 ? STEP(data, RELEASE) : STEP(data, READONLY);
	expect_success(call(list, MANY));
	expect(writable(data), "the last step was not done\n");
	list[MANY - 2] = HC_EXTENSION_TABLE_STEP(ptr_to_mfn(data), 6);
	expect_error(call(list, MANY), EINVAL);
	expect_equal("steps left", tables.count, 2);
	expect_equal("where", tables.list, PTR(&list[MANY - 2]));
}

static void hostile(void)
{
	uint64_t mfn = ptr_to_mfn(data), list[3], number = M2P[mfn];
	struct hc_mmu_update u = { .ptr = mfn << PAGE_SHIFT | HC_MMU_MACHPHYS_UPDATE };

	section("tables that are still writable\n");
	list[0] = STEP(l1, PIN_L1);
	list[1] = HC_EXTENSION_TABLE_STEP(ptr_to_mfn(l3), PIN_L3);
	expect_error(call(list, 2), EINVAL);
	expect_equal("steps left", tables.count, 1);
	expect_error(call(list, 1), EINVAL);	/* pinned already */
	list[0] = STEP(l3, RELEASE);
	list[1] = STEP(l1, RELEASE);
	expect_success(call(list, 2));
	section("the tables in use\n");
	list[0] = HC_EXTENSION_TABLE_STEP(ptr_to_mfn(pte_of(data, 1)), HC_EXTENSION_TABLE_RELEASE);
	expect_error(call(list, 1), EINVAL);
	section("no frame of ours, no such step\n");
	list[0] = HC_EXTENSION_TABLE_STEP(1UL << 35, HC_EXTENSION_TABLE_PIN_L1);
	expect_error(call(list, 1), EINVAL);
	list[0] = ~0UL;
	expect_error(call(list, 1), EINVAL);
	for (unsigned int what = HC_EXTENSION_TABLE_RELEASE + 1; what < PAGE_SIZE; what++) {
		list[0] = HC_EXTENSION_TABLE_STEP(mfn, what);
		expect_error(call(list, 1), EINVAL);
	}
	section("numbers that lead astray\n");
	list[0] = STEP(data, READONLY);
	for (unsigned int bit = 1; bit < 64 - PAGE_SHIFT; bit++) {	/* higher ones make no other address */
		u.val = number ^ 1UL << bit;
		expect_success(hc_mmu_update(&u, 1, HC_DOMID_SELF));
		expect_error(call(list, 1), EINVAL);
	}
	u.val = (HC_HYPERVISOR_VIRT_START - VIRT_BASE) >> PAGE_SHIFT;
	expect_success(hc_mmu_update(&u, 1, HC_DOMID_SELF));
	expect_error(call(list, 1), EINVAL);
	u.val = number;
	expect_success(hc_mmu_update(&u, 1, HC_DOMID_SELF));
	expect(writable(data), "a refused step has changed a mapping\n");
	section("bad addresses\n");
	expect_error(call((void *)8, 1), EFAULT);
	expect_error(call((void *)HC_HYPERVISOR_VIRT_START, 1), EFAULT);
	expect_error(hypercall(HC_NR_EXTENSION, HC_EXTENSION_TABLES, 8, 0, 0, 0), EFAULT);
	tables.pad = 1;
	expect_error(call(list, 1), EINVAL);
	tables.pad = 0;
}

void test_main(void)
{
	if (hypercall(HC_NR_EXTENSION, HC_EXTENSION_GET_VERSION, 0, 0, 0, 0) != HC_EXTENSION_VERSION) {
		skip("this hypervisor has no extensions\n");
		return;
	}
	expect(hypercall(HC_NR_EXTENSION, HC_EXTENSION_GET_FEATURES, 0, 0, 0, 0) & HC_EXTENSION_FEATURE_TABLES,
	       "the feature is not announced\n");
	build();
	pin_use_release();
	in_multicall();
	long_list();
	hostile();
}
