/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory_op: giving pages back and getting others, and the questions about
 * memory.  Proof: the reservation counts follow, a page given back cannot be
 * mapped any more, the page got instead is mapped, holds nothing of what was
 * there before, and remembers what is written, whether it was got by itself or
 * in an exchange; an exchange that is refused changes nothing; frames of nobody are refused, and
 * a frame in use stays what it is; the machine-to-physical table lies in the
 * frames that are listed; a memory map is what was set; what was there at the start is aligned as its places are.
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

/* What is given back is nobody's business any more; frames come last in, first out. */
static void check_freed_pages_are_clean(void)
{
	enum { COUNT = 16 };
	uint64_t list[COUNT], pfn[COUNT], *pages[COUNT];

	for (unsigned int i = 0; i < COUNT; i++) {
		pages[i] = page_alloc();
		memset(pages[i], 0xa5, PAGE_SIZE);
		list[i] = ptr_to_mfn(pages[i]);
		pfn[i] = M2P[list[i]];
		expect_success(remap(pages[i], 0, 0));
	}
	expect_equal("pages given back", reservation(HC_MEM_DECREASE_RESERVATION, list, COUNT, 0), COUNT);
	memcpy(list, pfn, sizeof(list));
	expect_equal("pages got", reservation(HC_MEM_POPULATE_PHYSMAP, list, COUNT, 0), COUNT);
	for (unsigned int i = 0; i < COUNT; i++) {
		uint64_t all = 0;

		expect_success(remap(pages[i], list[i], PTE_DATA));
		for (unsigned int j = 0; j < PAGE_SIZE / 8; j++)
			all |= pages[i][j];
		expect_equal("what the page holds", all, 0);
		((uint64_t *)start_info->mfn_list)[pfn[i]] = list[i];
	}
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

#define ORDER 2
#define FAR_PFN 0x700000

static long exchange_order(unsigned int order, uint64_t *in, unsigned int in_order, uint64_t *out, unsigned int out_order)
{
	struct hc_memory_exchange x = {
		.in = { PTR(in), 1u << (order - in_order), in_order, 0, HC_DOMID_SELF, { 0 } },
		.out = { PTR(out), 1u << (order - out_order), out_order, 0, HC_DOMID_SELF, { 0 } },
	};
	long rc = hc_memory_op(HC_MEM_EXCHANGE, &x);

	expect_equal("extents exchanged", x.nr_exchanged, rc ? 0 : x.in.nr_extents);
	return rc;
}

static long exchange(uint64_t *in, unsigned int in_order, uint64_t *out, unsigned int out_order)
{
	return exchange_order(ORDER, in, in_order, out, out_order);
}

/* As large a block as the management domain may have for a device; the last of its pages are mapped nowhere. */
static void check_exchange_for_devices(void)
{
	enum { LARGE = 12 };
	static uint64_t list[1 << LARGE];
	uint64_t *p2m = (uint64_t *)start_info->mfn_list, first = start_info->nr_pages - ARRAY_SIZE(list), block = first;
	long before = pages_now();

	memcpy(list, &p2m[first], sizeof(list));
	expect_error(exchange_order(LARGE + 1, list, LARGE + 1, &block, LARGE + 1), EINVAL);
	expect_success(exchange_order(LARGE, list, 0, &block, LARGE));
	expect_equal("alignment of the block", block % ARRAY_SIZE(list), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(list); i++) {
		expect_equal("pfn in the block", M2P[block + i], first + i);
		p2m[first + i] = block + i;
	}
	expect_equal("pages in the end", pages_now(), before);
}

/* Pages for a block of them, and back. */
static void check_exchange_of_many(void)
{
	enum { COUNT = 1 << ORDER };
	uint64_t list[COUNT], pfn[COUNT], *pages[COUNT], block = FAR_PFN;
	long before = pages_now();

	for (unsigned int i = 0; i < COUNT; i++) {
		pages[i] = page_alloc();
		list[i] = ptr_to_mfn(pages[i]);
		pfn[i] = M2P[list[i]];
		expect_error(exchange(&list[i], ORDER, &block, ORDER), EBUSY);
		expect_success(remap(pages[i], 0, 0));
	}
	expect_error(exchange(list, 0, (uint64_t *)HC_HYPERVISOR_VIRT_START, ORDER), EFAULT);
	for (unsigned int i = 0; i < COUNT; i++)
		expect_equal("pfn of a frame that stays", M2P[list[i]], pfn[i]);
	expect_success(exchange(list, 0, &block, ORDER));
	expect_equal("alignment of the block", block % COUNT, 0);
	for (unsigned int i = 0; i < COUNT; i++) {
		expect_equal("pfn in the block", M2P[block + i], FAR_PFN + i);
		expect_refused(remap(pages[i], list[i], PTE_DATA));
	}
	memcpy(list, pfn, sizeof(list));
	expect_success(exchange(&block, ORDER, list, 0));
	for (unsigned int i = 0; i < COUNT; i++) {
		expect_equal("pfn of a frame got", M2P[list[i]], pfn[i]);
		expect_success(remap(pages[i], list[i], PTE_DATA));
		expect_equal("what it holds", pages[i][0], 0);
		((uint64_t *)start_info->mfn_list)[pfn[i]] = list[i];
	}
	expect_equal("pages in the end", pages_now(), before);
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

static long map_of_hypervisor(void *page, uint64_t mfn, uint64_t flags)
{
	return hypercall(HC_NR_UPDATE_VA_MAPPING_OTHERDOMAIN, PTR(page), make_pte(mfn, flags),
			 HC_UVMF_INVLPG | HC_UVMF_ALL, HC_DOMID_XEN, 0);
}

/* The first piece of the machine-to-physical table, mapped by its frame number. */
static void check_m2p_frames(void)
{
	uint64_t extents[2] = { 0 }, own = ptr_to_mfn(hypercall_page), *window = page_alloc();
	struct hc_machphys_mfn_list list = { .max_extents = 2, .extent_start = PTR(extents) };

	expect_success(hc_memory_op(HC_MEM_MACHPHYS_MFN_LIST, &list));
	expect(list.nr_extents >= 1 && list.nr_extents <= 2, "%u pieces\n", list.nr_extents);
	/* The entry of a frame of ours: 512 of them are in a page. */
	expect_success(map_of_hypervisor(window, extents[0] + own / 512, PTE_RO));
	expect_equal("entry of our own frame", window[own % 512], M2P[own]);
	expect_refused(map_of_hypervisor(window, extents[0] + own / 512, PTE_DATA));
	list.max_extents = 0;
	expect_success(hc_memory_op(HC_MEM_MACHPHYS_MFN_LIST, &list));
	expect_equal("pieces where there is room for none", list.nr_extents, 0);
	expect_success(remap(window, ptr_to_mfn(window), PTE_DATA));
}

static void check_memory_map(void)
{
	static const struct hc_e820_entry wanted[] = {
		{ 0, 0x9f000, HC_E820_RAM }, { 0x100000, 0x4000000, HC_E820_RAM },
	};
	static struct hc_e820_entry found[33];
	struct hc_foreign_memory_map set = {
		.domid = HC_DOMID_SELF, .map = { ARRAY_SIZE(wanted), 0, PTR(wanted) },
	};
	struct hc_memory_map get = { .nr_entries = ARRAY_SIZE(found), .buffer = PTR(found) };

	expect_error(hc_memory_op(HC_MEM_MEMORY_MAP, &get), ENOSYS);
	expect_success(hc_memory_op(HC_MEM_SET_MEMORY_MAP, &set));
	expect_success(hc_memory_op(HC_MEM_MEMORY_MAP, &get));
	expect_equal("entries", get.nr_entries, ARRAY_SIZE(wanted));
	expect(!memcmp(found, wanted, sizeof(wanted)), "the map is another than was set\n");
	set.map.nr_entries = 0;
	expect_error(hc_memory_op(HC_MEM_SET_MEMORY_MAP, &set), EINVAL);
	set.map = (struct hc_memory_map){ ARRAY_SIZE(found), 0, PTR(found) };
	expect_error(hc_memory_op(HC_MEM_SET_MEMORY_MAP, &set), EINVAL);
	set.map = (struct hc_memory_map){ 1, 0, HC_HYPERVISOR_VIRT_START };
	expect_error(hc_memory_op(HC_MEM_SET_MEMORY_MAP, &set), EFAULT);
}

/* For other kinds of guests, and for what there is not. */
static void check_what_there_is_not(void)
{
	static const unsigned int translated[] = {
		HC_MEM_ADD_TO_PHYSMAP, HC_MEM_ADD_TO_PHYSMAP_BATCH, HC_MEM_REMOVE_FROM_PHYSMAP,
	};
	static const unsigned int absent[] = {
		HC_MEM_GET_VNUMAINFO, HC_MEM_SET_POD_TARGET, HC_MEM_GET_POD_TARGET,
	};
	static uint64_t arg[16];

	for (unsigned int i = 0; i < ARRAY_SIZE(translated); i++)
		expect_error(hc_memory_op(translated[i], arg), EACCES);
	for (unsigned int i = 0; i < ARRAY_SIZE(absent); i++)
		expect_error(hc_memory_op(absent[i], arg), EOPNOTSUPP);
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

/* A buffer for a device must be aligned in the machine; where it is so by itself nothing is exchanged for it. */
static void check_alignment(void)
{
	const uint64_t *p2m = (const uint64_t *)start_info->mfn_list;
	uint64_t aligned = 0;

	for (uint64_t pfn = 0; pfn < start_info->nr_pages; pfn++)
		aligned += !((p2m[pfn] ^ pfn) & 511);
	expect(aligned >= start_info->nr_pages / 4 * 3, "of %lu pages only %lu are aligned as their frames are\n",
	       start_info->nr_pages, aligned);
}

void test_main(void)
{
	struct hc_memory_domain self = { .domid = HC_DOMID_SELF };
	struct hc_machphys_mapping m2p = { 0 };

	section("questions\n");
	expect(pages_now() > 0, "no pages: %ld\n", pages_now());
	expect_equal("pages there may be", hc_memory_op(HC_MEM_MAXIMUM_RESERVATION, &self), start_info->nr_pages);
	expect(hc_memory_op(HC_MEM_MAXIMUM_RAM_PAGE, NULL) > (long)ptr_to_mfn(hypercall_page),
	       "the last frame is below our own\n");
	expect_success(hc_memory_op(HC_MEM_MACHPHYS_MAPPING, &m2p));
	expect_equal("start of the machine-to-physical table", m2p.v_start, HC_MACH2PHYS_VIRT_START);
	expect(m2p.max_mfn >= ptr_to_mfn(hypercall_page), "it ends at frame 0x%lx\n", m2p.max_mfn);
	shared_info->arch.max_pfn = 4711;
	expect_equal("highest pfn", hc_memory_op(HC_MEM_MAXIMUM_GPFN, &self), 4710);
	section("where the first memory is\n");
	check_alignment();
	section("give one page back and get another\n");
	check_exchange_of_one();
	section("exchange pages for a block of them, and back\n");
	check_exchange_of_many();
	section("exchange pages for a large block\n");
	check_exchange_for_devices();
	section("what freed pages hold\n");
	check_freed_pages_are_clean();
	section("frames of the machine-to-physical table\n");
	check_m2p_frames();
	section("memory maps\n");
	check_memory_map();
	section("refusals\n");
	check_refusals();
	check_what_there_is_not();
	section("frames in use\n");
	check_frames_in_use();
}
