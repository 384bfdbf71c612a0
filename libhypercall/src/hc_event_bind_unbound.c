/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a port that another domain may bind to. */
#include "internal.h"

int hc_event_bind_unbound(int fd, uint16_t domid)
{
	uint32_t argument = domid;

	return device_call(fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &argument);
}
