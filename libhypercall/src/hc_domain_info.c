/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of one domain. */
#include "internal.h"

int hc_domain_info(struct hc_handle *handle, uint16_t domid, struct hc_control_info *info)
{
	struct hc_control control = { .cmd = HC_CONTROL_INFO, .domid = domid };
	int ret = hc_control_call(handle, &control);

	if (ret >= 0)
		*info = control.u.info;
	return ret;
}
