/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens the kernel's hypercall interface. */
#include <fcntl.h>
#include <unistd.h>

#include "internal.h"

int hc_open(struct hc_handle **handle)
{
	int privcmd, buffers, ret;

	privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
	if (privcmd < 0)
		return -errno;

	/* Kernels before 4.18 lack it; buffers are then locked memory. */
	buffers = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);

	ret = hc_open_from(privcmd, buffers, handle);
	if (ret < 0) {
		if (buffers >= 0)
			close(buffers);
		close(privcmd);
	}
	return ret;
}
