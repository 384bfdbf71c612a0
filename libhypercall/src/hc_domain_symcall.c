/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of functions of a guest's kernel. */
#include "internal.h"

int hc_domain_symcall(struct hc_handle *handle, uint16_t domid, struct hc_control_symcall *call)
{
	struct hc_control control = { .cmd = HC_CONTROL_SYMCALL, .domid = domid };
	int ret;

	control.u.symcall = *call;
	ret = hc_control_call(handle, &control);
	if (ret >= 0)
		*call = control.u.symcall;
	return ret;
}
