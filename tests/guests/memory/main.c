/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_op: giving pages back and getting others, and the questions about
 * memory.  Proof: the reservation counts follow, a page given back cannot be
 * mapped any more, the page got instead is mapped and remembers what is written,
 * frames of nobody are refused, and a frame in use stays what it is.
 */
#include "guest.h"
#include "page.h"
#include "trap.h"

static long reservation(unsigned int cmd, uint64_t *list, uint64_t count, unsigned int order)
{
	struct hc_memory_reservation op = {
		.extent_start = PTR(list), .nr_extents = count, .extent_order = order,
		.domid = HC_DOMID_SELF,
	};

	return hc_memory_op(cmd, &op);
}

static long pages_now(void)
{
	struct hc_memory_domain op = { .domid = HC_DOMID_SELF };

	return hc_memory_op(HC_MEM_CURRENT_RESERVATION, &op);
}

static void check_exchange_of_one(void)
{
	uint64_t *page = page_alloc(), mfn = ptr_to_mfn(page), old = mfn, pfn = M2P[mfn];
	long before = pages_now();
	uint64_t got = pfn;

	/* Mapped, so the frame survives as long as the mapping; not as ours, though. */
	expect_success(remap(page, 0, 0));
	expect_equal("pages given back", reservation(HC_MEM_DECREASE_RESERVATION, &mfn, 1, 0), 1);
	expect_equal("pages left", pages_now(), before - 1);
	expect_refused(remap(page, old, PTE_DATA));
	expect_equal("pages got", reservation(HC_MEM_POPULATE_PHYSMAP, &got, 1, 0), 1);
	expect_equal("pages again", pages_now(), before);
	if (got == pfn) {
		failure("populate_physmap returned no frame\n");
		return;
	}
	expect_equal("pfn of the frame got", M2P[got], pfn);
	expect_success(remap(page, got, PTE_DATA));
	page[0] = 0x1234;
	expect_equal("what was written", READ_ONCE(page[0]), 0x1234);
	((uint64_t *)start_info->mfn_list)[pfn] = got;
}

static void check_refusals(void)
{
	struct hc_memory_domain other = { .domid = 0x7000 };
	uint64_t bad[2] = { ~0ULL, 1ULL << 36 };
	long before = pages_now();

	section("frames that do not exist, and another's\n");
	expect_equal("absurd frames", reservation(HC_MEM_DECREASE_RESERVATION, bad, 2, 0), 0);
	expect_error(hc_memory_op(HC_MEM_CURRENT_RESERVATION, &other), ESRCH);
	expect_equal("no pages lost", pages_now(), before);
	expect(reservation(HC_MEM_POPULATE_PHYSMAP, bad, 1, 60) <= 0, "an extent of 2^60 pages\n");
	expect(reservation(HC_MEM_DECREASE_RESERVATION, (void *)HC_HYPERVISOR_VIRT_START, 1, 0) <= 0,
	       "a list in the hypervisor's memory\n");
	expect_refused(hc_memory_op(HC_MEM_CURRENT_RESERVATION, (void *)8));
	expect_error(hc_memory_op(63, NULL), ENOSYS);
}

/*
 * Frames in use may be given back, but not away: whether or not the hypervisor
 * takes them now, they stay what they are until nothing refers to them.
 */
static void check_frames_in_use(void)
{
	uint64_t shared = start_info->shared_info >> PAGE_SHIFT, *page = page_alloc();
	uint64_t mfn = ptr_to_mfn(page), table = ptr_to_mfn((void *)start_info->pt_base);

	page[0] = 0x1234;
	reservation(HC_MEM_DECREASE_RESERVATION, &mfn, 1, 0);
	expect_equal("word of a mapped page", READ_ONCE(page[0]), 0x1234);
	reservation(HC_MEM_DECREASE_RESERVATION, &table, 1, 0);
	expect_success(remap(hypercall_page + PAGE_SIZE, ptr_to_mfn(hypercall_page + PAGE_SIZE),
			     PTE_DATA));
	reservation(HC_MEM_DECREASE_RESERVATION, &shared, 1, 0);
	expect(shared_info->wc_sec, "shared_info is gone\n");
}

void test_main(void)
{
	struct hc_machphys_mapping m2p = { 0 };

	section("questions\n");
	expect(pages_now() > 0, "no pages: %ld\n", pages_now());
	expect(hc_memory_op(HC_MEM_MAXIMUM_RAM_PAGE, NULL) > (long)ptr_to_mfn(hypercall_page),
	       "the last frame is below our own\n");
	expect_success(hc_memory_op(HC_MEM_MACHPHYS_MAPPING, &m2p));
	expect_equal("start of the machine-to-physical table", m2p.v_start, HC_MACH2PHYS_VIRT_START);
	expect(m2p.max_mfn >= ptr_to_mfn(hypercall_page), "it ends at frame 0x%lx\n", m2p.max_mfn);
	section("give one page back and get another\n");
	check_exchange_of_one();
	section("refusals\n");
	check_refusals();
	section("frames in use\n");
	check_frames_in_use();
}
