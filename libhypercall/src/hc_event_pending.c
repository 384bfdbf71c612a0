/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes pending ports from a set. */
#include <limits.h>
#include <unistd.h>

#include "internal.h"

int hc_event_pending(int fd, uint32_t *ports, size_t count)
{
	ssize_t got;

	if (!count || count > INT_MAX / sizeof(*ports))
		return -EINVAL;
	got = read(fd, ports, count * sizeof(*ports));
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return (int)((size_t)got / sizeof(*ports));
}
