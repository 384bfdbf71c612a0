/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts to log which frames of a domain are written. */
#include "internal.h"

int hc_dirty_log_enable(struct hc_handle *handle, uint16_t domid, uint64_t count)
{
	struct hc_control_dirty_log log = { .op = HC_DIRTY_LOG_ENABLE, .count = count };

	return hc_dirty_log_call(handle, domid, &log);
}
