/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends a domain and gives its memory back. */
#include "internal.h"

int hc_domain_destroy(struct hc_handle *handle, uint16_t domid)
{
	return hc_control_simple(handle, HC_CONTROL_DESTROY, domid);
}
