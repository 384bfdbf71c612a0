/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes the name by which the hypervisor's log calls a domain. */
#include "internal.h"

int hc_domain_rename(struct hc_handle *handle, uint16_t domid, const char *name)
{
	struct hc_control control = { .cmd = HC_CONTROL_RENAME, .domid = domid };
	size_t length = strlen(name);

	if (length >= sizeof(control.u.rename.name))
		return -ENAMETOOLONG;
	memcpy(control.u.rename.name, name, length);
	return hc_control_call(handle, &control);
}
