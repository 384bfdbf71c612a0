/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens the driver that grants pages. */
#include <fcntl.h>

#include "internal.h"

int hc_share_open(void)
{
	int fd = open("/dev/xen/gntalloc", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}
