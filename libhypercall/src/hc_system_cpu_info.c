/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of one processor. */
#include "internal.h"

int hc_system_cpu_info(struct hc_handle *handle, struct hc_system_cpu_info *info)
{
	struct hc_system system = { .cmd = HC_SYSTEM_CPU_INFO };
	int ret;

	system.u.cpu_info.cpu = info->cpu;
	ret = hc_system_call(handle, &system);
	if (ret >= 0)
		*info = system.u.cpu_info;
	return ret;
}
