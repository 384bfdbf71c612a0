/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Binds to a port that another domain offers. */
#include "internal.h"

int hc_event_bind_interdomain(int fd, uint16_t domid, uint32_t remote_port)
{
	uint32_t argument[2] = { domid, remote_port };

	return device_call(fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, argument);
}
