/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts a domain into the shut-down state. */
#include "internal.h"

int hc_domain_shutdown(struct hc_handle *handle, uint16_t domid, uint32_t reason)
{
	struct hc_control control = { .cmd = HC_CONTROL_SHUTDOWN, .domid = domid };

	control.u.shutdown.reason = reason;
	return hc_control_call(handle, &control);
}
