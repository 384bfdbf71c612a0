// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loop devices by LOOP_CONFIGURE (Linux 5.8), which attaches and sets all
 * properties in one step.
 */
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTEMPTS 64	/* others take free devices between our two steps */

/* Open the free device that the driver proposes; its node may have to be made first. */
static int open_free(int control, char *path, size_t size)
{
	int number, fd;

	number = ioctl(control, LOOP_CTL_GET_FREE);
	if (number < 0)
		return -errno;
	snprintf(path, size, "/dev/loop%d", number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Where the page cache cannot be bypassed the driver uses it, and says nothing. */
static int configure(int fd, const struct loop_config *config)
{
	struct loop_info64 info;

	if (ioctl(fd, LOOP_CONFIGURE, config) || ioctl(fd, LOOP_GET_STATUS64, &info))
		return -errno;
	return config->info.lo_flags & ~info.lo_flags & LO_FLAGS_DIRECT_IO ? -EOPNOTSUPP : 0;
}

int loop_attach(const char *file, bool readonly, bool direct, char *path, size_t size)
{
	struct loop_config config = { .info.lo_flags = LO_FLAGS_AUTOCLEAR };
	int backing, control, rc, fd = -EBUSY;

	backing = open(file, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (backing < 0)
		return -errno;
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0) {
		close(backing);
		return -ENODEV;
	}
	config.fd = (unsigned int)backing;
	config.info.lo_flags |= readonly ? LO_FLAGS_READ_ONLY : 0;
	config.info.lo_flags |= direct ? LO_FLAGS_DIRECT_IO : 0;
	snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "%s", file);
	for (int attempt = 0; attempt < ATTEMPTS && fd == -EBUSY; attempt++) {
		fd = open_free(control, path, size);
		rc = fd < 0 ? 0 : configure(fd, &config);
		if (rc) {
			close(fd);
			fd = rc;
		}
	}
	close(control);
	close(backing);
	return fd;
}
