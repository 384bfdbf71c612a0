/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens the driver that maps grants. */
#include <fcntl.h>

#include "internal.h"

int hc_grant_open(void)
{
	int fd = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}
