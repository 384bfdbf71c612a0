/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stops a domain's vcpus; pauses nest. */
#include "internal.h"

int hc_domain_pause(struct hc_handle *handle, uint16_t domid)
{
	return hc_control_simple(handle, HC_CONTROL_PAUSE, domid);
}
