/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens a set of event channels. */
#include <fcntl.h>

#include "internal.h"

int hc_event_open(void)
{
	int fd = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}
