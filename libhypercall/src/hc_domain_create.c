/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes an empty, paused domain. */
#include "internal.h"

int hc_domain_create(struct hc_handle *handle, const struct hc_control_create *create,
		     uint16_t wanted)
{
	struct hc_control control = { .cmd = HC_CONTROL_CREATE, .domid = wanted };
	int ret;

	control.u.create = *create;
	ret = hc_control_call(handle, &control);
	return ret < 0 ? ret : control.domid;
}
