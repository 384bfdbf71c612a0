/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Grants a page of a domain that has not started yet. */
#include "internal.h"

int hc_domain_grant_seed(struct hc_handle *handle, uint16_t domid, uint32_t ref, uint16_t peer,
			 uint64_t mfn)
{
	struct hc_control control = { .cmd = HC_CONTROL_GRANT_SEED, .domid = domid };

	control.u.grant_seed.ref = ref;
	control.u.grant_seed.peer = peer;
	control.u.grant_seed.mfn = mfn;
	return hc_control_call(handle, &control);
}
