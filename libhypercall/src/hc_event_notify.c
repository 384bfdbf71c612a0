/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notifies the other end of a port. */
#include "internal.h"

int hc_event_notify(int fd, uint32_t port)
{
	uint32_t argument = port;

	return device_call(fd, IOCTL_EVTCHN_NOTIFY, &argument);
}
