/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fills a page of a domain with the entries to the hypervisor. */
#include "internal.h"

int hc_domain_hypercall_page(struct hc_handle *handle, uint16_t domid, uint64_t mfn)
{
	struct hc_control control = { .cmd = HC_CONTROL_HYPERCALL_PAGE, .domid = domid };

	control.u.hypercall_page.mfn = mfn;
	return hc_control_call(handle, &control);
}
