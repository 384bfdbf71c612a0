/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * update_va_mapping: changing the entry behind an address.  Proof: what is read
 * there changes with the entry at once when a flush was asked for, protection
 * counts, and addresses that are not the guest's are refused.
 */
#include "guest.h"
#include "page.h"
#include "trap.h"

static uint64_t *window, *a, *b;

static long set(uint64_t entry, uint64_t flags)
{
	return hc_update_va_mapping(window, entry, flags);
}

static void follows_the_entry(void)
{
	static const uint64_t flags[] = {
		HC_UVMF_INVLPG, HC_UVMF_TLB_FLUSH, HC_UVMF_INVLPG | HC_UVMF_ALL,
		HC_UVMF_TLB_FLUSH | HC_UVMF_ALL,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		expect_success(set(make_pte(ptr_to_mfn(a), PTE_DATA), flags[i]));
		expect_equal("first page", READ_ONCE(*window), 1);
		expect_success(set(make_pte(ptr_to_mfn(b), PTE_DATA), flags[i]));
		expect_equal("second page", READ_ONCE(*window), 2);
	}
}

static void mask_of_vcpus(void)
{
	uint64_t vcpus = 1;

	expect_success(set(make_pte(ptr_to_mfn(a), PTE_DATA), PTR(&vcpus) | HC_UVMF_INVLPG));
	expect_equal("with a mask", READ_ONCE(*window), 1);
	vcpus = ~0UL;
	expect_success(set(make_pte(ptr_to_mfn(b), PTE_DATA), PTR(&vcpus) | HC_UVMF_TLB_FLUSH));
	expect_equal("with vcpus that are not there", READ_ONCE(*window), 2);
}

void test_main(void)
{
	window = page_alloc();
	a = page_alloc();
	b = page_alloc();
	a[0] = 1;
	b[0] = 2;
	section("the mapping follows, with every kind of flush\n");
	follows_the_entry();
	mask_of_vcpus();
	section("protection\n");
	expect_success(set(make_pte(ptr_to_mfn(a), PTE_RO), HC_UVMF_INVLPG));
	expect_fault("write", attempt_write(PTR(window), 5), TRAP_PF,
		     PF_PRESENT | PF_WRITE);
	expect_success(set(0, HC_UVMF_INVLPG));
	expect_fault("nothing there", attempt_write(PTR(window), 5), TRAP_PF, PF_WRITE);
	section("refusals\n");
	expect_refused(hc_update_va_mapping((void *)HC_HYPERVISOR_VIRT_START,
					    make_pte(ptr_to_mfn(a), PTE_DATA), 0));
	expect_refused(hc_update_va_mapping((void *)0x123456789000,
					    make_pte(ptr_to_mfn(a), PTE_DATA), 0));
	expect_refused(hc_update_va_mapping((void *)0x8000000000000000,
					    make_pte(ptr_to_mfn(a), PTE_DATA), 0));
	expect_refused(set(make_pte(1UL << 35, PTE_DATA), 0));
	expect_refused(set(make_pte(ptr_to_mfn((void *)start_info->pt_base), PTE_DATA), 0));
	expect_success(set(make_pte(ptr_to_mfn(window), PTE_DATA), HC_UVMF_INVLPG));
}
