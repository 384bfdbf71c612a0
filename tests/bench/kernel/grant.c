/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of grants, from the domain to itself. */
#include <hypercall/grant.h>

#include "guest.h"
#include "page.h"
#include "rows.h"

#define REF 20

static void *page, *window, *other;

void prepare_grants(void)
{
	struct hc_gnttab_setup_table op = { .dom = HC_DOMID_SELF, .nr_frames = 1 };
	struct hc_grant_entry_v1 *table;
	uint64_t frame = 0;

	op.frame_list = PTR(&frame);
	need(hc_grant_table_op(HC_GNTTABOP_SETUP_TABLE, &op, 1));
	expect_equal("setup_table", op.status, HC_GNTST_OKAY);
	table = map_mfn(frame);
	page = page_alloc();
	window = page_alloc();
	other = page_alloc();
	/* A mapping takes the place of whatever was at its address. */
	need(remap(window, 0, 0));
	table[REF].domid = 0;
	table[REF].frame = ptr_to_mfn(page);
	__atomic_store_n(&table[REF].flags, HC_GTF_PERMIT_ACCESS, __ATOMIC_SEQ_CST);
}

uint64_t run_grant(unsigned int times)
{
	struct hc_gnttab_map_grant_ref map = {
		.host_addr = PTR(window), .flags = HC_GNTMAP_HOST_MAP, .ref = REF,
	};
	struct hc_gnttab_unmap_grant_ref unmap = { .host_addr = PTR(window) };
	uint64_t begin = ticks_begin();

	while (times--) {
		hc_grant_table_op(HC_GNTTABOP_MAP_GRANT_REF, &map, 1);
		unmap.handle = map.handle;
		hc_grant_table_op(HC_GNTTABOP_UNMAP_GRANT_REF, &unmap, 1);
	}
	begin = ticks_end() - begin;
	expect_equal("map", map.status, HC_GNTST_OKAY);
	expect_equal("unmap", unmap.status, HC_GNTST_OKAY);
	return begin;
}

uint64_t run_grant_copy(unsigned int times)
{
	struct hc_gnttab_copy copy = {
		.dest = { .domid = HC_DOMID_SELF, .u.gmfn = ptr_to_mfn(other) },
		.source = { .u.ref = REF }, .len = PAGE_SIZE, .flags = HC_GNTCOPY_SOURCE_GREF,
	};
	uint64_t begin = ticks_begin();

	while (times--)
		hc_grant_table_op(HC_GNTTABOP_COPY, &copy, 1);
	begin = ticks_end() - begin;
	expect_equal("copy", copy.status, HC_GNTST_OKAY);
	return begin;
}

/* What a kernel does in place of a grant copy where the other one's memory is its own. */
uint64_t run_page_copy(unsigned int times)
{
	uint64_t begin = ticks_begin();

	while (times--) {
		void *to = other, *from = page;
		unsigned long words = PAGE_SIZE / sizeof(uint64_t);

		__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
	}
	return ticks_end() - begin;
}
