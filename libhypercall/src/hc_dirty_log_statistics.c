/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the log of written frames did. */
#include "internal.h"

int hc_dirty_log_statistics(struct hc_handle *handle, uint16_t domid,
			    struct hc_control_dirty_log *log)
{
	*log = (struct hc_control_dirty_log){ .op = HC_DIRTY_LOG_STATISTICS };
	return hc_dirty_log_call(handle, domid, log);
}
