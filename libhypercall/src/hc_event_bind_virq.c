/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Binds a virtual interrupt. */
#include "internal.h"

int hc_event_bind_virq(int fd, uint32_t virq)
{
	uint32_t argument = virq;

	return device_call(fd, IOCTL_EVTCHN_BIND_VIRQ, &argument);
}
