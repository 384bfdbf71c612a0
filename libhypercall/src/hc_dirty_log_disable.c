/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends the log of written frames. */
#include "internal.h"

int hc_dirty_log_disable(struct hc_handle *handle, uint16_t domid)
{
	struct hc_control_dirty_log log = { .op = HC_DIRTY_LOG_DISABLE };

	return hc_dirty_log_call(handle, domid, &log);
}
