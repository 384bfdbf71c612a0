/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages that guests share with the daemons: see guest_page.h. */
#include <sys/mman.h>

#include <hypercall/grant.h>
#include <hypercall/hypercall.h>

#include "guest_page.h"

int guest_page_map(struct hc_handle *handle, int grants, uint16_t domid,
		   enum guest_page_kind kind, uint64_t mfn, struct guest_page *page)
{
	uint32_t ref = kind == GUEST_PAGE_STORE ? HC_GNTTAB_RESERVED_XENSTORE
						: HC_GNTTAB_RESERVED_CONSOLE;
	int rc = hc_grant_map(grants, domid, &ref, 1, PROT_READ | PROT_WRITE, &page->address);

	page->granted = rc == 0;
	if (rc && mfn)
		rc = hc_foreign_map(handle, domid, &mfn, 1, PROT_READ | PROT_WRITE, NULL,
				    &page->address);
	return rc;
}

void guest_page_unmap(int grants, struct guest_page *page)
{
	if (page->granted)
		hc_grant_unmap(grants, page->address, 1);
	else
		hc_foreign_unmap(page->address, 1);
	page->address = 0;
}
