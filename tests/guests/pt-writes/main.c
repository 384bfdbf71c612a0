/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plain instructions that write to a live page table: the hypervisor carries
 * them out if the new entry is allowed.  Proof: after each kind of store the
 * mapping is the new one; a store of a forbidden entry is the guest's own fault
 * and leaves the table as it was.
 */
#include "guest.h"
#include "page.h"
#include "trap.h"

static volatile uint64_t *entry;
static uint64_t *window, *a, *b;

static void flush(void)
{
	struct hc_mmuext_op op = { .cmd = HC_MMUEXT_INVLPG_LOCAL, .arg1.linear_addr = PTR(window) };

	need(hc_mmuext_op(&op, 1, HC_DOMID_SELF));
}

static void check(const char *how, uint64_t *page)
{
	flush();
	expect_equal(how, READ_ONCE(window[0]), page[0]);
}

static uint64_t pte(uint64_t *page)
{
	return make_pte(ptr_to_mfn(page), PTE_DATA);
}

static void allowed(void)
{
	uint64_t old;

	*entry = pte(a);
	check("mov", a);
	old = pte(b);
	__asm__ volatile("xchg %0, %1" : "+r"(old), "+m"(*entry));
	check("xchg", b);
	expect_equal("what xchg read", old & PTE_ADDRESS, pte(a) & PTE_ADDRESS);
	old = *entry;
	expect(__atomic_compare_exchange_n(entry, &old, pte(a), false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST), "cmpxchg found another value\n");
	check("cmpxchg", a);
	old = 12345;
	expect(!__atomic_compare_exchange_n(entry, &old, pte(b), false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST), "cmpxchg wrote though not equal\n");
	check("failed cmpxchg", a);
	expect_equal("what it found", old & PTE_ADDRESS, pte(a) & PTE_ADDRESS);
}

static void protection(void)
{
	*entry = pte(b);
	__asm__ volatile("lock andq $-3, %0" : "+m"(*entry));
	check("and", b);
	expect_fault("after taking the write bit", attempt_write(PTR(window), 1), TRAP_PF,
		     PF_PRESENT | PF_WRITE);
	__asm__ volatile("lock orq $2, %0" : "+m"(*entry));
	check("or", b);
	expect_no_fault("after giving it back", attempt_write(PTR(window), 2));
	*entry = 0;
	flush();
	expect_fault("after zero", attempt_write(PTR(window), 1), TRAP_PF, PF_WRITE);
	*(volatile uint32_t *)entry = (uint32_t)pte(a);
	((volatile uint32_t *)entry)[1] = pte(a) >> 32;
	check("two halves", a);
}

static void forbidden(void)
{
	uint64_t before = *entry;

	expect_fault("own table writable", attempt_write(PTR(entry),
		     make_pte(ptr_to_mfn((void *)start_info->pt_base), PTE_DATA)), TRAP_PF, ~0u);
	expect_fault("no such frame", attempt_write(PTR(entry), make_pte(1UL << 35, PTE_DATA)),
		     TRAP_PF, ~0u);
	expect_fault("reserved bit", attempt_write(PTR(entry), pte(b) | 1UL << 51), TRAP_PF, ~0u);
	expect_equal("the entry afterwards", *entry & PTE_ADDRESS, before & PTE_ADDRESS);
	check("the mapping afterwards", a);
}

void test_main(void)
{
	window = page_alloc();
	a = page_alloc();
	b = page_alloc();
	a[0] = 1;
	b[0] = 2;
	entry = pte_of(window, 1);
	section("stores that are carried out\n");
	allowed();
	section("parts of entries\n");
	protection();
	section("stores that are refused\n");
	forbidden();
}
