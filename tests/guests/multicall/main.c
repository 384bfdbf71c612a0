/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * multicall: a list of calls in one.  Proof: each entry has its own result, in
 * order, a failing one does not stop the rest, a nested one is refused, and long
 * lists get to their end.
 */
#include <hypercall/event.h>
#include <hypercall/sched.h>
#include <hypercall/version.h>

#include "event.h"
#include "guest.h"
#include "page.h"

#define MANY 4000

static struct hc_multicall_entry list[MANY];

static struct hc_multicall_entry call(uint64_t op, uint64_t a1, uint64_t a2, uint64_t a3)
{
	return (struct hc_multicall_entry){ .op = op, .result = 0xdead, .args = { a1, a2, a3 } };
}

static void results(void)
{
	uint64_t *page = page_alloc();

	list[0] = call(HC_NR_XEN_VERSION, HC_VERSION_PAGESIZE, 0, 0);
	list[1] = call(HC_NR_XEN_VERSION, 99, 0, 0);
	list[2] = call(HC_NR_UPDATE_VA_MAPPING, PTR(page), make_pte(ptr_to_mfn(page), PTE_RO),
		       HC_UVMF_INVLPG);
	list[3] = call(63, 0, 0, 0);
	list[4] = call(~0ULL, 0, 0, 0);
	list[5] = call(HC_NR_MULTICALL, PTR(list), 1, 0);
	list[6] = call(HC_NR_SCHED_OP, HC_SCHEDOP_YIELD, 0, 0);
	list[7] = call(HC_NR_XEN_VERSION, HC_VERSION_PAGESIZE, 0, 0);
	expect_success(hc_multicall(list, 8));
	expect_equal("first", list[0].result, PAGE_SIZE);
	expect_equal("bad command", list[1].result, -ENOSYS);
	expect_equal("update_va_mapping", list[2].result, 0);
	expect_equal("its entry", *pte_of(page, 1) & PTE_WRITE, 0);
	expect_equal("number 63", list[3].result, -ENOSYS);
	expect_equal("number ~0", list[4].result, -ENOSYS);
	expect((long)list[5].result < 0, "a nested multicall gives %ld\n", (long)list[5].result);
	expect_equal("yield", list[6].result, 0);
	expect_equal("last", list[7].result, PAGE_SIZE);
}

void test_main(void)
{
	section("results\n");
	results();
	section("a long list\n");
	for (unsigned int i = 0; i < MANY; i++)
		list[i] = call(HC_NR_XEN_VERSION, i % 2 ? HC_VERSION_PAGESIZE : 99, 0, 0);
	expect_success(hc_multicall(list, MANY));
	for (unsigned int i = 0; i < MANY; i++)
		expect_equal("entry", list[i].result, i % 2 ? (long)PAGE_SIZE : -ENOSYS);
	section("empty and bad lists\n");
	expect_success(hc_multicall(list, 0));
	expect_error(hc_multicall((void *)8, 1), EFAULT);
	expect_error(hc_multicall((void *)HC_HYPERVISOR_VIRT_START, 1), EFAULT);
}
