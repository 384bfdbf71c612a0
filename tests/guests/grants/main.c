/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grants from the domain to itself: mapping by address and by entry, copying,
 * and taking back.  Proof: what is written through the mapping arrives in the
 * page, the shared flags show use while it lasts, and what was not granted, or
 * not as asked, is refused with its status.
 */
#include <hypercall/grant.h>

#include "guest.h"
#include "page.h"
#include "trap.h"

#define REF 20

static struct hc_grant_entry_v1 *table;
static uint16_t self;
static uint64_t *page, *window;

/* The same frame by the other way to ask for it. */
static void acquire(uint64_t wanted, uint32_t most)
{
	uint64_t frame = 0;
	struct hc_mem_acquire_resource r = {
		.domid = HC_DOMID_SELF, .type = HC_MEM_RESOURCE_GRANT_TABLE,
		.id = HC_MEM_RESOURCE_GRANT_TABLE_ID_SHARED,
	};

	expect_success(hc_memory_op(HC_MEM_ACQUIRE_RESOURCE, &r));
	expect_equal("frames there can be", r.nr_frames, most);
	r.nr_frames = 1;
	r.frame_list = PTR(&frame);
	expect_success(hc_memory_op(HC_MEM_ACQUIRE_RESOURCE, &r));
	expect_equal("frame acquired", frame, wanted);
	r.frame = most;
	expect_error(hc_memory_op(HC_MEM_ACQUIRE_RESOURCE, &r), EINVAL);
	r.type = HC_MEM_RESOURCE_IOREQ_SERVER;
	expect_error(hc_memory_op(HC_MEM_ACQUIRE_RESOURCE, &r), EOPNOTSUPP);
}

static void setup(void)
{
	uint64_t frame = 0;
	struct hc_gnttab_setup_table op = {
		.dom = HC_DOMID_SELF, .nr_frames = 1, .frame_list = PTR(&frame),
	};
	struct hc_gnttab_query_size size = { .dom = HC_DOMID_SELF };

	need(hc_grant_table_op(HC_GNTTABOP_QUERY_SIZE, &size, 1));
	expect_equal("query_size", size.status, HC_GNTST_OKAY);
	need(hc_grant_table_op(HC_GNTTABOP_SETUP_TABLE, &op, 1));
	expect_equal("setup_table", op.status, HC_GNTST_OKAY);
	table = map_mfn(frame);
	if (!table) {
		failure("the table's frame cannot be mapped\n");
		finish();
	}
	acquire(frame, size.max_nr_frames);
	op.nr_frames = size.max_nr_frames + 1;
	need(hc_grant_table_op(HC_GNTTABOP_SETUP_TABLE, &op, 1));
	expect(op.status < 0, "a table above its maximum\n");
}

static void give(uint16_t flags)
{
	table[REF].domid = self;
	table[REF].frame = ptr_to_mfn(page);
	__atomic_store_n(&table[REF].flags, HC_GTF_PERMIT_ACCESS | flags, __ATOMIC_SEQ_CST);
}

static struct hc_gnttab_map_grant_ref map(uint64_t where, uint32_t flags)
{
	struct hc_gnttab_map_grant_ref op = {
		.host_addr = where, .flags = flags, .ref = REF, .dom = self,
	};

	need(hc_grant_table_op(HC_GNTTABOP_MAP_GRANT_REF, &op, 1));
	return op;
}

static int unmap(uint64_t where, uint32_t handle)
{
	struct hc_gnttab_unmap_grant_ref op = { .host_addr = where, .handle = handle };

	need(hc_grant_table_op(HC_GNTTABOP_UNMAP_GRANT_REF, &op, 1));
	return op.status;
}

static unsigned int use(void)
{
	return READ_ONCE(table[REF].flags) & (HC_GTF_READING | HC_GTF_WRITING);
}

static void map_at(uint64_t where, uint32_t flags)
{
	struct hc_gnttab_map_grant_ref m;

	give(0);
	m = map(where, flags | HC_GNTMAP_HOST_MAP);
	expect_equal("map", m.status, HC_GNTST_OKAY);
	expect_equal("bus address", m.dev_bus_addr, ptr_to_maddr(page));
	window[3]++;
	expect_equal("word through the mapping", page[3], window[3]);
	expect_equal("flags", use(), HC_GTF_READING | HC_GTF_WRITING);
	expect_equal("wrong unmap", unmap(where + PAGE_SIZE, m.handle) < 0, 1);
	expect_equal("unmap", unmap(where, m.handle), HC_GNTST_OKAY);
	expect_equal("flags afterwards", use(), 0);
	expect_equal("unmap again", unmap(where, m.handle), HC_GNTST_BAD_HANDLE);
	expect_fault("address afterwards", attempt_write(PTR(window), 0), TRAP_PF, ~0u);
}

static void readonly(void)
{
	struct hc_gnttab_map_grant_ref m;

	give(HC_GTF_READONLY);
	expect_equal("writable map", map(PTR(window), HC_GNTMAP_HOST_MAP).status,
		     HC_GNTST_GENERAL_ERROR);
	m = map(PTR(window), HC_GNTMAP_HOST_MAP | HC_GNTMAP_READONLY);
	expect_equal("read-only map", m.status, HC_GNTST_OKAY);
	expect_equal("word", window[3], page[3]);
	expect_equal("flags", use(), HC_GTF_READING);
	expect_fault("write", attempt_write(PTR(window), 0), TRAP_PF,
		     PF_PRESENT | PF_WRITE);
	expect_equal("unmap", unmap(PTR(window), m.handle), HC_GNTST_OKAY);
}

static int copy(uint16_t flags, uint64_t from, uint64_t to, uint16_t len)
{
	struct hc_gnttab_copy op = {
		.source = { .domid = flags & HC_GNTCOPY_SOURCE_GREF ? self : HC_DOMID_SELF },
		.dest = { .domid = flags & HC_GNTCOPY_DEST_GREF ? self : HC_DOMID_SELF,
			  .offset = 8 },
		.len = len, .flags = flags,
	};

	op.source.u.gmfn = from;
	op.dest.u.gmfn = to;
	need(hc_grant_table_op(HC_GNTTABOP_COPY, &op, 1));
	return op.status;
}

static void copies(void)
{
	uint64_t *other = page_alloc();

	give(0);
	page[0] = 0x1122334455667788;
	expect_equal("copy from a grant",
		     copy(HC_GNTCOPY_SOURCE_GREF, REF, ptr_to_mfn(other), 8), HC_GNTST_OKAY);
	expect_equal("word", other[1], page[0]);
	other[0] = 77;
	expect_equal("copy to a grant",
		     copy(HC_GNTCOPY_DEST_GREF, ptr_to_mfn(other), REF, 8), HC_GNTST_OKAY);
	expect_equal("word", page[1], 77);
	expect_equal("flags", use(), 0);
	expect_equal("too long", copy(HC_GNTCOPY_DEST_GREF, ptr_to_mfn(other), REF, 4090),
		     HC_GNTST_BAD_COPY_ARG);
	expect(copy(HC_GNTCOPY_SOURCE_GREF, REF, ptr_to_mfn((void *)start_info->pt_base), 8) < 0,
	       "copied over a page table\n");
	give(HC_GTF_READONLY);
	expect(copy(HC_GNTCOPY_DEST_GREF, ptr_to_mfn(other), REF, 8) < 0,
	       "copied to a read-only grant\n");
}

static void refusals(void)
{
	struct hc_gnttab_map_grant_ref m = { .dom = 0x7000, .ref = REF, .flags = HC_GNTMAP_HOST_MAP };
	struct hc_gnttab_set_version v = { .version = 3 };

	give(0);
	table[REF].domid = 0x123;
	expect_equal("another's grant", map(PTR(window), HC_GNTMAP_HOST_MAP).status,
		     HC_GNTST_GENERAL_ERROR);
	table[REF].flags = 0;
	expect_equal("no grant", map(PTR(window), HC_GNTMAP_HOST_MAP).status,
		     HC_GNTST_GENERAL_ERROR);
	give(0);
	table[REF].frame = ptr_to_mfn((void *)start_info->pt_base);
	expect(map(PTR(window), HC_GNTMAP_HOST_MAP).status < 0, "mapped a page table writable\n");
	table[REF].frame = ~0u;
	expect(map(PTR(window), HC_GNTMAP_HOST_MAP).status < 0, "mapped a frame that is not there\n");
	give(0);
	expect(map(HC_HYPERVISOR_VIRT_START, HC_GNTMAP_HOST_MAP).status < 0,
	       "mapped into the hypervisor's range\n");
	expect(map(ptr_to_maddr(page), HC_GNTMAP_HOST_MAP | HC_GNTMAP_CONTAINS_PTE).status < 0,
	       "a data page taken for a table\n");
	expect_equal("flags", use(), 0);
	need(hc_grant_table_op(HC_GNTTABOP_MAP_GRANT_REF, &m, 1));
	expect_equal("no such domain", m.status, HC_GNTST_BAD_DOMAIN);
	expect_equal("handle", unmap(PTR(window), ~0u), HC_GNTST_BAD_HANDLE);
	expect_refused(hc_grant_table_op(HC_GNTTABOP_SET_VERSION, &v, 1));
	expect_error(hc_grant_table_op(HC_GNTTABOP_COPY, (void *)8, 1), EFAULT);
	expect_error(hc_grant_table_op(99, NULL, 1), ENOSYS);
}

void test_main(void)
{
	struct hc_gnttab_set_version version = { .version = 1 };

	self = 0;
	if (!(start_info->flags & HC_SIF_INITDOMAIN)) {
		skip("only the management domain knows its own number\n");
		return;
	}
	page = page_alloc();
	window = page_alloc();
	section("set up\n");
	expect_success(hc_grant_table_op(HC_GNTTABOP_SET_VERSION, &version, 1));
	setup();
	expect_success(remap(window, 0, 0));
	section("map by address\n");
	map_at(PTR(window), 0);
	section("map by entry\n");
	map_at(ptr_to_maddr(pte_of(window, 1)), HC_GNTMAP_CONTAINS_PTE);
	section("read-only\n");
	readonly();
	section("copies\n");
	copies();
	section("refusals\n");
	refusals();
}
