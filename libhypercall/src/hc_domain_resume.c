/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lets a suspended domain go on. */
#include "internal.h"

int hc_domain_resume(struct hc_handle *handle, uint16_t domid)
{
	return hc_control_simple(handle, HC_CONTROL_RESUME, domid);
}
