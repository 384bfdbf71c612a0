/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host is and has. */
#include "internal.h"

int hc_system_info(struct hc_handle *handle, struct hc_system_info *info)
{
	struct hc_system system = { .cmd = HC_SYSTEM_INFO };
	int ret = hc_system_call(handle, &system);

	if (ret >= 0)
		*info = system.u.info;
	return ret;
}
