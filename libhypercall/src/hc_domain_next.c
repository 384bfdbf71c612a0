/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of the first domain at or above a number. */
#include "internal.h"

int hc_domain_next(struct hc_handle *handle, uint16_t from, struct hc_control_info *info)
{
	struct hc_control control = { .cmd = HC_CONTROL_INFO, .domid = from };
	int ret;

	control.u.info.flags = HC_INFO_NEXT;
	ret = hc_control_call(handle, &control);
	if (ret < 0)
		return ret;
	*info = control.u.info;
	return control.domid;
}
