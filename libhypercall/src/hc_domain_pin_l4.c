/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Validates and pins a domain's page tables. */
#include "internal.h"

#include <hypercall/memory.h>

int hc_domain_pin_l4(struct hc_handle *handle, uint16_t domid, uint64_t mfn)
{
	struct hc_mmuext_op op = { .cmd = HC_MMUEXT_PIN_L4_TABLE, .arg1.mfn = mfn };
	uint64_t arguments[5] = { 0, 1, 0, domid };

	return hc_call_data(handle, HC_NR_MMUEXT_OP, arguments, 0, &op, sizeof(op));
}
