/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call on the log of a domain's written frames. */
#include "internal.h"

int hc_dirty_log_call(struct hc_handle *handle, uint16_t domid, struct hc_control_dirty_log *log)
{
	struct hc_control control = { .cmd = HC_CONTROL_DIRTY_LOG, .domid = domid };
	int ret;

	control.u.dirty_log = *log;
	ret = hc_control_call(handle, &control);
	*log = control.u.dirty_log;
	return ret;
}
