/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes one pause from a domain. */
#include "internal.h"

int hc_domain_unpause(struct hc_handle *handle, uint16_t domid)
{
	return hc_control_simple(handle, HC_CONTROL_UNPAUSE, domid);
}
