/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes the hypervisor print some of its state to its log. */
#include "internal.h"

int hc_system_debug_key(struct hc_handle *handle, char key)
{
	struct hc_system system = { .cmd = HC_SYSTEM_DEBUG_KEY };

	system.u.debug_key.key = (unsigned char)key;
	return hc_system_call(handle, &system);
}
