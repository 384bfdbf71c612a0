/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Closes a port. */
#include "internal.h"

int hc_event_unbind(int fd, uint32_t port)
{
	uint32_t argument = port;

	return device_call(fd, IOCTL_EVTCHN_UNBIND, &argument);
}
