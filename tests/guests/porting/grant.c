/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Step 7, grants: a table, shared with the hypervisor, of pages that other domains may use. The number
 * of an entry is what they are told.
 */
#include <hypercall/grant.h>

#include "kernel.h"

#define ENTRIES (HC_PAGE_SIZE / sizeof(struct hc_grant_entry_v1))

static struct hc_grant_entry_v1 *table;

void grant_init(void)
{
	uint64_t frame = 0;
	struct hc_gnttab_setup_table setup = {
		.dom = HC_DOMID_SELF, .nr_frames = 1, .frame_list = ADDRESS(&frame),
	};

	must("setup_table", hypercall(HC_NR_GRANT_TABLE_OP, HC_GNTTABOP_SETUP_TABLE, ADDRESS(&setup), 1, 0));
	/* That the call went well does not say that each of its list did. */
	if (setup.status != HC_GNTST_OKAY)
		panic("setup_table: status %d", setup.status);
	table = map_frame(frame);
}

/* flags are written last: with them the entry holds. */
uint32_t grant_page(uint16_t domain, const void *page)
{
	uint32_t reference = HC_GNTTAB_NR_RESERVED_ENTRIES;

	while (READ_ONCE(table[reference].flags) != HC_GTF_INVALID)
		if (++reference == ENTRIES)
			panic("the grant table is full");
	table[reference].domid = domain;
	table[reference].frame = frame_of(page);
	__atomic_store_n(&table[reference].flags, HC_GTF_PERMIT_ACCESS, __ATOMIC_RELEASE);
	return reference;
}

/* The hypervisor sets bits here while the page is mapped: only an entry without them may go. */
void grant_end(uint32_t reference)
{
	uint16_t unused = HC_GTF_PERMIT_ACCESS;

	if (!__atomic_compare_exchange_n(&table[reference].flags, &unused, HC_GTF_INVALID, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		panic("grant %u is still in use: flags 0x%x", reference, unused);
}
