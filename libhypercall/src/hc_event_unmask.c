/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lets a port become pending again. */
#include <unistd.h>

#include "internal.h"

int hc_event_unmask(int fd, uint32_t port)
{
	ssize_t put = write(fd, &port, sizeof(port));

	if (put < 0)
		return -errno;
	return put == sizeof(port) ? 0 : -EIO;
}
